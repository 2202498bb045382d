use proptest::prelude::*;

use super::*;
use crate::classify::Endpoint;

/// A connection in a few words.
struct Sample {
    client: &'static str,
    server: &'static str,
    class: &'static str,
    closer: Option<&'static str>,
    cause: Option<&'static str>,
    requests: u32,
    idle: Option<f64>,
    interface: Option<&'static str>,
}

const SAMPLE: Sample = Sample {
    client: "10.0.0.1:40001",
    server: "10.0.0.11:8080",
    class: "per_request",
    closer: Some("server"),
    cause: Some("P1"),
    requests: 6,
    idle: Some(0.6),
    interface: Some("Bond0 Port"),
};

fn end(text: &str) -> Fact<'static> {
    let end: std::net::SocketAddr = text.parse().unwrap();
    Fact::End(Endpoint {
        address: end.ip(),
        port: end.port(),
    })
}

impl Row for Sample {
    fn any(&self, field: Field, mut test: impl FnMut(Fact<'_>) -> bool) -> Option<bool> {
        let ends = [self.client, self.server];
        Some(match field {
            Field::Client => test(end(self.client)),
            Field::Server => test(end(self.server)),
            Field::Address => ends.iter().any(|text| test(end(text))),
            Field::Port => ends.iter().any(|text| match end(text) {
                Fact::End(end) => test(Fact::Number(end.port.into())),
                _ => false,
            }),
            Field::Class => test(Fact::Word(self.class)),
            Field::Closer => self.closer.is_some_and(|closer| test(Fact::Word(closer))),
            Field::Cause => self.cause.is_some_and(|cause| test(Fact::Word(cause))),
            Field::Requests => test(Fact::Number(self.requests.into())),
            Field::Idle => self.idle.is_some_and(|idle| test(Fact::Number(idle * 1e9))),
            Field::Interface => self.interface.is_some_and(|name| test(Fact::Text(name))),
            Field::History => test(Fact::Text("ShADadFf")),
            Field::Announced => test(Fact::Flag(true)),
            _ => return None,
        })
    }
}

fn holds(text: &str) -> bool {
    Query::parse(text)
        .unwrap_or_else(|error| panic!("{text}: {error}"))
        .matches(&SAMPLE)
}

#[test]
fn terms_are_met_or_not() {
    for (text, expected) in [
        ("", true),
        ("class:per_request", true),
        ("class:per-request", true),
        ("CLASS:Per_Request", true),
        ("class:persistent,per_request", true),
        ("class:persistent", false),
        ("!class:persistent", true),
        ("!!class:persistent", false),
        ("class!=persistent", true),
        ("!class!=persistent", false),
        (
            "class:per_request server:10.0.0.11 reqs>5 cause:P1 !port:8081",
            true,
        ),
        ("class:per_request server:10.0.0.12", false),
        ("server:10.0.0.0/24", true),
        ("server:10.0.0.11:8080 client:10.0.0.1", true),
        ("server:10.0.0.11:80", false),
        ("server::8080", true),
        ("addr:10.0.0.1", true),
        ("port:40001 port:8080", true),
        ("port:1,8080", true),
        ("requests=6", true),
        ("reqs>=6 reqs<=6 reqs>5 reqs<7", true),
        ("reqs>6", false),
        ("reqs<6", false),
        ("idle>0.5s", true),
        ("idle>0.5", true),
        ("idle>700ms", false),
        ("idle_before_close_s<1m", true),
        ("cause:p1", true),
        ("cause:no-pool,P2", true),
        ("cause:P2", false),
        ("closer:-", false),
        ("!closer:-", true),
        ("closer:-,server", true),
        ("interface:bond0", true),
        ("interface:\"bond0 port\"", true),
        ("interface:eth0", false),
        ("history:ShAD", true),
        ("history:shad", false),
        ("announced:yes", true),
        ("announced:no", false),
        ("10.0.0.11", true),
        ("10.0.0.0/28", true),
        ("10.0.0.11:8080", true),
        ("10.0.0.1:8080", false),
        ("192.168.0.0/16", false),
        ("0.0.11:80", true),
        ("8080", true),
        ("per_req", true),
        ("P1", true),
        ("BOND", true),
        ("\"0 p\"", true),
        ("nothing", false),
        ("!nothing", true),
        // Of fields that a row does not have nothing is asked.
        ("verdict:fail", true),
        ("!verdict:fail", true),
    ] {
        assert_eq!(holds(text), expected, "{text}");
    }
}

#[test]
fn none_is_asked_for_with_a_hyphen() {
    let open = Sample {
        closer: None,
        ..SAMPLE
    };
    let matches = |text: &str| Query::parse(text).unwrap().matches(&open);
    assert!(matches("closer:-") && matches("closer:-,client") && !matches("closer:client"));
    assert!(matches("!closer:client") && !matches("!closer:-"));
}

#[test]
fn errors_say_where_and_what_was_meant() {
    for (text, at, words) in [
        ("servr:1", 1, "perhaps \"server\""),
        ("class:tls  servr:1", 12, "fields: client, server"),
        ("clas:tls", 1, "perhaps \"class\""),
        ("!servr:1", 2, "perhaps \"server\""),
        ("zebra:1", 1, "no field is called \"zebra\"; fields:"),
        (
            "class:persistant",
            7,
            "perhaps \"persistent\"; it is one of persistent, per_request",
        ),
        ("class:tls,", 11, "class lacks a value"),
        ("class:", 7, "class lacks a value"),
        ("class:,tls", 7, "class lacks a value"),
        ("class>tls", 6, "class is no number"),
        ("reqs>five", 6, "\"five\" is no number"),
        ("reqs>1,2", 8, "takes one number"),
        ("idle>5parsecs", 6, "no span of time"),
        ("server:10.0.0.300", 8, "no address"),
        ("announced:maybe", 11, "yes or no"),
        ("cause:P99", 7, "cause is never \"P99\""),
        ("a \"b c", 3, "no end"),
        ("reqs>1 !", 8, "! stands before a term"),
        ("\"\"", 1, "empty quotes"),
        ("é clas:tls", 3, "perhaps"),
    ] {
        let error = Query::parse(text).unwrap_err();
        assert_eq!(error.at, at, "{text}: {error}");
        assert!(error.to_string().contains(words), "{text}: {error}");
    }
}

#[test]
fn what_is_asked_for_is_known() {
    let query = Query::parse("class:tls reqs>5").unwrap();
    assert!(query.asks_for(Field::Class) && query.asks_for(Field::Requests));
    assert!(!query.asks_for(Field::Cause));
    assert!(Query::parse("persist").unwrap().asks_for(Field::Class));
    // No class is called anything like it.
    assert!(!Query::parse("eth0").unwrap().asks_for(Field::Class));
    assert!(!Query::parse("10.0.0.1").unwrap().asks_for(Field::Class));
}

#[test]
fn every_column_of_a_connection_can_be_asked_for() {
    for column in crate::report::columns::COLUMNS {
        assert!(named(column.key).is_some(), "{}", column.key);
    }
}

proptest! {
    #[test]
    fn no_string_makes_it_panic(text in "\\PC*") {
        if let Ok(query) = Query::parse(&text) {
            query.matches(&SAMPLE);
        }
    }

    #[test]
    fn nothing_near_an_expression_does(parts in prop::collection::vec(prop::sample::select(vec![
        "class", "reqs", "idle", "server", "cause", ":", "=", "!=", "!", ">", ">=", "<", ",", "-", "\"", " ", "10.0.0.1",
        "/24", ":80", "[::1]", "1e999", "NaN", "-1", "5s", "P1", "é", "\u{202e}",
    ]), 0..12)) {
        let text = parts.concat();
        match Query::parse(&text) {
            Ok(query) => {
                // Turned round as a whole term by term it is the opposite.
                query.matches(&SAMPLE);
            }
            Err(error) => {
                prop_assert!(error.at >= 1 && error.at <= text.chars().count() + 1, "{text:?}: {error}");
            }
        }
    }

    #[test]
    fn a_turned_term_is_the_opposite(requests in 0_u32..12, than in 0_u32..12) {
        let row = Sample { requests, ..SAMPLE };
        let is = |text: String| Query::parse(&text).unwrap().matches(&row);
        prop_assert_eq!(is(format!("reqs>{than}")), requests > than);
        prop_assert_eq!(is(format!("!reqs>{than}")), requests <= than);
        prop_assert_eq!(is(format!("reqs!={than}")), requests != than);
    }
}

//! Expressions of `--where`: any text is a query or an error that points into it.

use flowcheck::query::{FIELDS, Fact, Field, Query, Row};

/// A row that has a value of every kind in every field.
struct Anything;

impl Row for Anything {
    fn any(&self, field: Field, mut test: impl FnMut(Fact<'_>) -> bool) -> Option<bool> {
        let address = std::net::IpAddr::from([10, 0, 0, 1]);
        Some(match field as usize % 5 {
            0 => test(Fact::Text("GET /app/x")),
            1 => test(Fact::Address(address)),
            2 => test(Fact::Number(7.5)),
            3 => test(Fact::Flag(true)) || test(Fact::Word("persistent")),
            _ => return None,
        })
    }
}

pub(super) fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match Query::parse(&text) {
        Ok(query) => {
            let again = Query::parse(query.text()).expect("what was understood once is understood again");
            assert_eq!(query.matches(&Anything), again.matches(&Anything));
            assert_eq!(query.is_empty(), again.is_empty());
            for field in FIELDS {
                assert_eq!(query.asks_for(field.field), again.asks_for(field.field));
            }
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
        }
    }
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = [
        "class:per_request server:10.0.0.11 reqs>5",
        "!closer:server \"GET /app\" idle>=0.5s 10.0.0.0/8",
        "server:[::1]:8080,10.0.0.1:* !!class:tls,- x!=7",
        "started>2026-01-02T03:04:05 duration<=1.5m",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec();
    for field in FIELDS {
        seeds.push(
            format!(
                "{}:1 {}>=2ms !{}:x,- {}=yes",
                field.name, field.name, field.name, field.name
            )
            .into_bytes(),
        );
    }
    seeds
}

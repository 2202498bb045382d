//! What was seen of a cause, in words and numbers.

use super::cause::CloseLimit;
use super::limits::{Window, configured};
use super::rules::Rules;
use super::tally::Tally;
use crate::classify::Signs;
use crate::diagnose::catalogue::CauseId;
use crate::lang::tr;
use crate::time::{MILLISECOND, Nanos, SECOND};
use crate::tr;

/// Which causes look the same in this capture, and what would tell them apart.
pub(super) fn alike(id: CauseId, tally: &Tally<'_>, rules: &Rules) -> (Vec<CauseId>, Option<String>) {
    use CauseId as C;
    let single = tally.closes.iter().all(|close| close.requests == 1);
    let (or, by): (&[C], &str) = match id {
        C::N1
            if tally
                .closes
                .iter()
                .any(|close| close.signs.has(Signs::REQUEST_CUT)) =>
        {
            (
                &[C::N3, C::N8],
                "a snapshot length that holds the header fields (tcpdump -s 0)",
            )
        }
        C::N2 => (
            &[C::N4],
            "a WebSocket request (101) to the same upstream in a longer capture",
        ),
        C::N6 => (
            &[C::N2],
            "the leg in front of the client: N6 if both carry the same Connection field",
        ),
        C::T1 if single => (&[C::T2], "maxKeepAliveRequests in server.xml: T2 if it is 1"),
        C::T3 if sweeps(tally) < 2 => (&[C::T9], "a longer capture: T3 comes again at the same idle time"),
        C::P4 if sweeps(tally) < 2 => (
            &[C::P10],
            "a longer capture: P4 comes again at the same idle time",
        ),
        C::P3 if ages_are_alike(tally) => (
            &[C::P5],
            "a capture under another load: either count or age stays",
        ),
        C::P5 if rules.client.count.is_some() => (
            &[C::P3],
            "a capture under another load: either count or age stays",
        ),
        C::P1 => (
            &[C::P13],
            "whether it began at a moment, such as a push of configuration",
        ),
        C::P6 => (
            &[C::P7],
            "whether the same request went to another server within milliseconds",
        ),
        C::P7 => (
            &[C::P6],
            "whether the same request went to another server within milliseconds",
        ),
        C::P12 | C::P14 => (
            &[C::P2],
            "the upstream's servers and locations in the configuration: P2 if they are few",
        ),
        C::R2 => (&[C::R1], "the server's own capture: R1 if it sent the RST"),
        _ => (&[], ""),
    };
    (or.to_vec(), (!by.is_empty()).then(|| tr(by).to_owned()))
}

/// How many different moments its closes came at.
fn sweeps(tally: &Tally<'_>) -> usize {
    let mut ends: Vec<_> = tally.closes.iter().map(|close| close.end).collect();
    ends.sort_unstable();
    let apart = ends.windows(2).filter(|pair| pair[1].since(pair[0]) > SECOND / 2);
    usize::from(!ends.is_empty()) + apart.count()
}

fn ages_are_alike(tally: &Tally<'_>) -> bool {
    let ages = || tally.closes.iter().map(|close| close.age());
    let (least, most) = (ages().min().unwrap_or(0), ages().max().unwrap_or(0));
    most - least <= least / 50
}

/// `20.0 to 20.9 s`.
fn range(mut values: Vec<Nanos>) -> String {
    values.sort_unstable();
    let (Some(least), Some(most)) = (values.first(), values.last()) else {
        return tr("an unknown time").to_owned();
    };
    let (least, most) = (*least as f64, *most as f64);
    if most < SECOND as f64 {
        tr!(
            "{least} to {most} ms",
            least = format!("{:.1}", least / MILLISECOND as f64),
            most = format!("{:.1}", most / MILLISECOND as f64)
        )
    } else {
        tr!(
            "{least} to {most} s",
            least = format!("{:.2}", least / SECOND as f64),
            most = format!("{:.2}", most / SECOND as f64)
        )
    }
}

fn idle_range(tally: &Tally<'_>) -> String {
    range(tally.closes.iter().filter_map(|close| close.idle).collect())
}

fn idle_before_request(tally: &Tally<'_>) -> String {
    range(
        tally
            .closes
            .iter()
            .filter_map(|close| close.idle_before_request)
            .collect(),
    )
}

/// `58 by the client, 242 by the server`.
fn closers(tally: &Tally<'_>) -> String {
    let all = tally.closes.len().max(1) as f64;
    let client = tally.closes.iter().filter(|close| close.by_client).count() as f64;
    let by_client = (client / all * tally.connections).round() as u64;
    let by_server = tally.count().saturating_sub(by_client);
    tr!(
        "first FIN {by_client} times by the client, {by_server} by the server",
        by_client,
        by_server
    )
}

fn statuses(tally: &Tally<'_>) -> String {
    let mut statuses: Vec<u16> = tally.closes.iter().map(|close| close.status).collect();
    statuses.sort_unstable();
    statuses.dedup();
    let statuses: Vec<String> = statuses.iter().take(8).map(ToString::to_string).collect();
    statuses.join(", ")
}

/// Of causes that a request or an old version makes.
fn asked(id: CauseId, n: u64, tally: &Tally<'_>, rules: &Rules) -> Option<String> {
    use CauseId as C;
    Some(match id {
        C::N1 => tr!(
            "{n} connections ended with an HTTP/1.0 request that asked for it; {closers}",
            n,
            closers = closers(tally)
        ),
        C::N2 | C::N4 => tr!(
            "{n} connections ended with an HTTP/1.1 request with Connection: close; {closers}",
            n,
            closers = closers(tally)
        ),
        C::N3 => tr!(
            "{n} connections ended with an HTTP/1.0 request without a Connection field",
            n
        ),
        C::N5 => tr!(
            "{n} connections ended with requests that asked for it under {prefixes} of the prefixes alone",
            n,
            prefixes = rules.careless.len()
        ),
        C::N6 => tr!(
            "{n} connections ended with Connection: close; other requests of the same prefix say keep-alive",
            n
        ),
        C::N8 => tr!(
            "{n} connections with HTTP/1.0 keep-alive ended with a response without length",
            n
        ),
        C::N9 => tr!(
            "{n} connections ended after an HTTP/1.0 response to an HTTP/1.1 request",
            n
        ),
        _ => return None,
    })
}

/// One sentence.
pub(super) fn evidence(id: CauseId, tally: &Tally<'_>, rules: &Rules) -> String {
    use CauseId as C;
    let n = tally.count();
    if let Some(text) = asked(id, n, tally, rules) {
        return text;
    }
    match id {
        C::P1 => tr!(
            "{n} connections were closed by the client {range} after their only response, some before any other response ended",
            n,
            range = idle_range(tally)
        ),
        C::P2 | C::P12 | C::P14 => pool_words(n, rules.client.size),
        C::P3 => tr!(
            "{n} connections were closed by the client after exactly {requests} requests: keepalive_requests",
            n,
            requests = rules.client.count.unwrap_or(0)
        ),
        C::P4 => timeout(id, tally, rules),
        C::T3 => timeout(id, tally, rules),
        C::P5 => {
            let age = rules.client.age.map_or(0, |window| window.from);
            tr!(
                "{n} connections were closed by the client at the age of {range}: keepalive_time {limit}",
                n,
                range = range(tally.closes.iter().map(|close| close.age()).collect()),
                limit = configured(age)
            )
        }
        C::P6 | C::P7 => tr!(
            "{n} connections were closed by the client after responses with status {statuses}; other statuses are reused",
            n,
            statuses = statuses(tally)
        ),
        C::P9 => gave_up(n, tally),
        C::P10 => tr!(
            "{n} idle connections were closed by the client within milliseconds, having idled {range}",
            n,
            range = idle_range(tally)
        ),
        C::T9 => tr!(
            "{n} idle connections were closed by the server within milliseconds, having idled {range}",
            n,
            range = idle_range(tally)
        ),
        C::T1 => tr!(
            "{n} connections ended with a response with Connection: close that the request did not ask for",
            n
        ),
        C::T5 => tr!(
            "{n} connections ended with a response with Connection: close, all while many requests were under way",
            n
        ),
        C::T2 => tr!(
            "{n} connections ended with a response with Connection: close after exactly {requests} requests: maxKeepAliveRequests",
            n,
            requests = rules.server_count.unwrap_or(1)
        ),
        C::T4 => tr!(
            "{n} connections ended with a response with status {statuses} and Connection: close",
            n,
            statuses = statuses(tally)
        ),
        C::R1 => tr!(
            "{n} connections: a request {range} after the last response met the server's close and was never answered",
            n,
            range = idle_before_request(tally)
        ),
        C::R2 => tr!(
            "{n} connections: a request after {range} of idling was answered by RST, and no FIN came before",
            n,
            range = idle_before_request(tally)
        ),
        C::R3 => tr!(
            "{n} connections: the server ended the connection on its first request",
            n
        ),
        C::P16 => tr!("{n} connections were upgraded (101 or CONNECT)", n),
        _ => tr!(
            "{n} connections: {evidence}",
            n,
            evidence = id.entry().map_or("", |entry| entry.evidence.as_str())
        ),
    }
}

fn pool_words(n: u64, size: Option<u32>) -> String {
    let size = match size {
        None => String::new(),
        Some(1) => tr!(
            "; at least {size} response of others ended in between: keepalive {size} per worker, or less if there are several workers",
            size = 1
        ),
        Some(size) => tr!(
            "; at least {size} responses of others ended in between: keepalive {size} per worker, or less if there are several workers",
            size
        ),
    };
    tr!(
        "{n} connections were closed by the client when others were put into its pool{size}",
        n,
        size
    )
}

fn timeout(id: CauseId, tally: &Tally<'_>, rules: &Rules) -> String {
    let limit = limit(id, tally, rules).unwrap_or(CloseLimit::Idle(0));
    let (range, n) = (idle_range(tally), tally.count());
    let limit = format!("{} {}", limit.directive(id), limit.configured());
    if id == CauseId::T3 {
        tr!(
            "closed by the server after {range} idle, {n} times: {limit}",
            range,
            n,
            limit
        )
    } else {
        tr!(
            "closed by the client after {range} idle, {n} times: {limit}",
            range,
            n,
            limit
        )
    }
}

/// The limit that a cause is, if it is one.
pub(super) fn limit(id: CauseId, tally: &Tally<'_>, rules: &Rules) -> Option<CloseLimit> {
    // Windows begin some milliseconds below the first value seen.
    let idle = |window: Option<Window>| {
        let least = tally.closes.iter().filter_map(|close| close.idle).min();
        least.or(window.map(|window| window.from)).map(CloseLimit::Idle)
    };
    match id {
        CauseId::P3 => rules.client.count.map(CloseLimit::Requests),
        CauseId::P4 => idle(rules.client.idle),
        CauseId::P5 => rules.client.age.map(|window| CloseLimit::Age(window.from)),
        CauseId::T2 => rules.server_count.map(CloseLimit::Requests),
        CauseId::T3 => idle(rules.server_idle),
        _ => None,
    }
}

/// A constant wait is a timeout's.
fn gave_up(n: u64, tally: &Tally<'_>) -> String {
    let mut waits: Vec<Nanos> = tally.closes.iter().filter_map(|close| close.waited).collect();
    waits.sort_unstable();
    let (least, most) = (
        waits.first().copied().unwrap_or(0),
        waits.last().copied().unwrap_or(0),
    );
    let constant = waits.len() >= 2 && most - least <= 10 * MILLISECOND + most / 500 && most >= SECOND / 10;
    let what = if constant {
        format!("proxy_read_timeout {}", configured(least))
    } else {
        tr("its own client went away, or it gave up").to_owned()
    };
    if waits.is_empty() {
        return tr!(
            "{n} connections were answered so late that the client was gone: its RST met the response",
            n
        );
    }
    tr!(
        "{n} connections were closed by the client {range} after a request without a complete response: {what}",
        n,
        range = range(waits),
        what
    )
}

pub(super) fn dilution(requests: f64, span: f64, window: Window) -> String {
    tr!(
        "{rate} requests a second on this leg, one or few for each idle timeout of {timeout}",
        rate = format!("{:.2}", requests * SECOND as f64 / span),
        timeout = configured(window.from)
    )
}

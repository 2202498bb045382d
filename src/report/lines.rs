//! Exchanges, one line of JSON each.

use std::io::{self, Write};

use serde::Serialize;

use super::json::Number;
use crate::diagnose::ExchangeRecord;
use crate::target::public;
use crate::time::Nanos;

/// One exchange, as a line of `--requests` says it.
#[derive(Serialize)]
struct Exchange<'a> {
    connection: u64,
    index: u32,
    client: String,
    server: String,
    start: Number,
    method: Option<&'a str>,
    target: Option<&'a str>,
    host: Option<&'a str>,
    version: Option<&'a str>,
    status: Option<u16>,
    first_byte_us: Option<Number>,
    response_us: Option<Number>,
    reused: Option<bool>,
    announced_close: bool,
    source: u16,
    frame: u64,
}

/// Writes one exchange as a JSON object on a line; of targets what [may be shown](public) unless `whole_targets`.
///
/// # Errors
/// What `out` could not take.
pub fn exchange(out: &mut dyn Write, exchange: &ExchangeRecord, whole_targets: bool) -> io::Result<()> {
    let shown = public(&exchange.target);
    let target = if whole_targets {
        exchange.target.as_str()
    } else {
        &*shown
    };
    let microseconds = |span: Nanos| Number(span as f64 / 1e3);
    let line = Exchange {
        connection: exchange.connection,
        index: exchange.index,
        client: exchange.client.to_string(),
        server: exchange.server.to_string(),
        start: Number::rounded(exchange.start.seconds(), 6),
        method: (!exchange.method.is_empty()).then_some(&exchange.method),
        target: (!target.is_empty()).then_some(target),
        host: exchange.host.as_deref(),
        version: (!exchange.version.is_empty()).then_some(exchange.version),
        status: exchange.status,
        first_byte_us: exchange.first_byte.map(microseconds),
        response_us: exchange.response.map(microseconds),
        reused: exchange.reused,
        announced_close: exchange.announced_close,
        source: exchange.frame.0,
        frame: exchange.frame.1,
    };
    serde_json::to_writer(&mut *out, &line)?;
    out.write_all(b"\n")
}

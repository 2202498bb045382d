//! Outputs of one line a row: connections as NDJSON or CSV, exchanges as NDJSON.

use std::io::{self, Write};

use serde::Serialize;

use super::columns::{COLUMNS, Connection, Value};
use super::json::Number;
use super::safe::display_safe;
use crate::diagnose::{ConnectionRecord, ExchangeRecord, Snapshot};
use crate::target::public;
use crate::time::Nanos;

/// Writes the connections, one JSON object a line with the keys of the report's `connections`.
///
/// # Errors
/// What `out` could not take.
pub fn connections_ndjson(out: &mut dyn Write, snapshot: &Snapshot) -> io::Result<()> {
    connections_of(out, snapshot, snapshot.connections.as_deref().unwrap_or_default())
}

/// The same of these connections of the snapshot.
///
/// # Errors
/// What `out` could not take.
pub fn connections_of(
    out: &mut dyn Write,
    snapshot: &Snapshot,
    records: &[ConnectionRecord],
) -> io::Result<()> {
    for record in records {
        serde_json::to_writer(&mut *out, &Connection::new(snapshot, record))?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// Writes the connections as CSV (RFC 4180) with a head line.
///
/// # Errors
/// What `out` could not take.
pub fn connections_csv(out: &mut dyn Write, snapshot: &Snapshot) -> io::Result<()> {
    let head: Vec<&str> = COLUMNS.iter().map(|column| column.key).collect();
    write!(out, "{}\r\n", head.join(","))?;
    for record in snapshot.connections.iter().flatten() {
        let row = Connection::new(snapshot, record);
        let cells: Vec<String> = COLUMNS
            .iter()
            .map(|column| csv_cell(&(column.value)(&row)))
            .collect();
        write!(out, "{}\r\n", cells.join(","))?;
    }
    Ok(())
}

fn csv_cell(value: &Value) -> String {
    match value {
        Value::Absent => String::new(),
        Value::Text(text) => csv_text(text),
        Value::Untrusted(text) => csv_text(&display_safe(text)),
        Value::Whole(n) => n.to_string(),
        Value::Seconds(n) => n.to_string(),
        Value::Flag(yes) => yes.to_string(),
    }
}

/// Quoted where RFC 4180 asks for it. A cell that a spreadsheet would take for a formula starts with an apostrophe.
fn csv_text(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if formula {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if text.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_cells_are_quoted_and_never_formulas() {
        assert_eq!(csv_text("eth0"), "eth0");
        assert_eq!(csv_text("a,\"b\""), "\"a,\"\"b\"\"\"");
        for sign in ["=1+1", "+1", "-1", "@SUM(A1)"] {
            assert_eq!(csv_text(sign), format!("'{sign}"));
        }
        assert_eq!(
            csv_cell(&Value::Untrusted("=\x1b[31m,".into())),
            "\"'=\u{fffd}[31m,\""
        );
    }
}

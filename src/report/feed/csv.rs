//! Rows as CSV (RFC 4180).

use std::io::{self, Write};

use crate::report::columns::{COLUMNS, Connection, Value, seconds, time, whole};
use crate::report::display_safe;

pub(super) fn head(out: &mut Vec<u8>) {
    let keys: Vec<&str> = COLUMNS.iter().map(|column| column.key).collect();
    out.extend_from_slice(keys.join(",").as_bytes());
    out.extend_from_slice(b"\r\n");
}

pub(super) fn row(out: &mut Vec<u8>, row: &Connection<'_>) -> io::Result<()> {
    for (place, column) in COLUMNS.iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        cell(out, &(column.value)(row))?;
    }
    out.extend_from_slice(b"\r\n");
    Ok(())
}

fn cell(out: &mut Vec<u8>, value: &Value<'_>) -> io::Result<()> {
    match value {
        Value::Absent => {}
        Value::Whole(n) => out.extend_from_slice(whole(*n).as_str().as_bytes()),
        Value::Flag(yes) => out.extend_from_slice(if *yes { b"true" } else { b"false" }),
        Value::Time(at) => match time(*at) {
            Some(text) => out.extend_from_slice(text.as_str().as_bytes()),
            None => write!(out, "{}", seconds(*at))?,
        },
        Value::Seconds(n) => write!(out, "{n}")?,
        Value::Untrusted(text) => out.extend_from_slice(quoted(&display_safe(text)).as_bytes()),
        // Our own words hold nothing that has to be quoted, and no formulas.
        Value::Slug(_) | Value::End(_) | Value::Tunnel(_) | Value::Stacked(..) | Value::History(_) => {
            value.own_text(|text| out.extend_from_slice(text.as_bytes()));
        }
    }
    Ok(())
}

/// Quoted where RFC 4180 asks for it. A cell that a spreadsheet would take for a formula starts with an apostrophe.
fn quoted(text: &str) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_never_formulas() {
        assert_eq!(quoted("eth0"), "eth0");
        assert_eq!(quoted("a,\"b\""), "\"a,\"\"b\"\"\"");
        for sign in ["=1+1", "+1", "-1", "@SUM(A1)"] {
            assert_eq!(quoted(sign), format!("'{sign}"));
        }
        let mut out = Vec::new();
        cell(&mut out, &Value::Untrusted("=\x1b[31m,")).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "\"'=\u{fffd}[31m,\"");
    }
}

//! Rows as lines of JSON, to the letter as serde writes them: by hand, since there may be a million a second.

use std::io;

use crate::report::columns::{COLUMNS, Connection, Value, seconds, time, whole};
use crate::report::json::Number;

pub(super) fn row(out: &mut Vec<u8>, row: &Connection<'_>) -> io::Result<()> {
    let mut before: &[u8] = b"{\"";
    for column in COLUMNS {
        out.extend_from_slice(before);
        out.extend_from_slice(column.key.as_bytes());
        out.extend_from_slice(b"\":");
        value(out, &(column.value)(row))?;
        before = b",\"";
    }
    out.extend_from_slice(b"}\n");
    Ok(())
}

fn value(out: &mut Vec<u8>, value: &Value<'_>) -> io::Result<()> {
    match value {
        Value::Absent => out.extend_from_slice(b"null"),
        Value::Whole(n) => out.extend_from_slice(whole(*n).as_str().as_bytes()),
        Value::Flag(yes) => out.extend_from_slice(if *yes { b"true" } else { b"false" }),
        Value::Time(at) => match time(*at) {
            Some(text) => out.extend_from_slice(text.as_str().as_bytes()),
            None => serde_json::to_writer(out, &Number(seconds(*at)))?,
        },
        Value::Seconds(n) => serde_json::to_writer(out, &Number(*n))?,
        Value::Untrusted(text) => serde_json::to_writer(out, text)?,
        // Our own words hold nothing that JSON escapes.
        Value::Slug(_) | Value::End(_) | Value::Tunnel(_) | Value::Stacked(..) | Value::History(_) => {
            out.push(b'"');
            value.own_text(|text| out.extend_from_slice(text.as_bytes()));
            out.push(b'"');
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn lines_are_what_serde_makes_of_rows() {
        let snapshot = fixture::mixed();
        let records = snapshot.connections.as_deref().unwrap();
        assert!(!records.is_empty());
        for record in records {
            let mut connection = Connection::new(&snapshot, record);
            for interface in [None, Some("a\"b\\\u{1}\u{2028}é")] {
                connection.interface = interface;
                let mut line = Vec::new();
                row(&mut line, &connection).unwrap();
                let expected = serde_json::to_string(&connection).unwrap();
                assert_eq!(String::from_utf8(line).unwrap(), expected + "\n");
            }
        }
    }
}

//! What a file that is no capture looks like, and what its owner can do about it.

use std::io;

use super::book::Book;
use super::error::SourceError;

const WANTED: &str = "name a pcap or pcapng file (plain, gzip or zstd), such as `tcpdump -w` writes";

/// What known files begin with, what they are, and what to do; longer beginnings before their own beginnings.
const KNOWN: &[(&[u8], &str, &str)] = &[
    (b"\x7fELF", "an ELF program or library begins", WANTED),
    (b"MZ", "a Windows program begins", WANTED),
    (b"%PDF-", "a PDF document begins", WANTED),
    (b"\x89PNG", "a PNG image begins", WANTED),
    (
        b"snoop\0\0\0",
        "a snoop capture (Solaris) begins",
        "convert it: editcap -F pcap FILE FILE.pcap",
    ),
    (
        b"\xfd7zXZ\0",
        "xz data begins",
        "decompress it: xz -dc FILE | flowcheck read -",
    ),
    (
        b"BZh",
        "bzip2 data begins",
        "decompress it: bzip2 -dc FILE | flowcheck read -",
    ),
    (
        b"\x04\x22\x4d\x18",
        "lz4 data begins",
        "decompress it: lz4 -dc FILE | flowcheck read -",
    ),
    (
        b"7z\xbc\xaf\x27\x1c",
        "a 7z archive begins",
        "unpack it and name the captures in it",
    ),
    (
        b"PK\x03\x04",
        "a zip archive begins",
        "unpack it: unzip -p FILE | flowcheck read -",
    ),
    (
        b"XCP\0",
        "a NetXRay or Sniffer capture begins",
        "convert it: editcap -F pcap FILE FILE.pcap",
    ),
    (
        b"RTSS",
        "a Network Monitor capture begins",
        "convert it: editcap -F pcap FILE FILE.pcap",
    ),
    (
        b"GMBU",
        "a Network Monitor capture begins",
        "convert it: editcap -F pcap FILE FILE.pcap",
    ),
    (b"\x1f\x8b", "gzip data begins", "decompress it first"),
    (b"\x28\xb5\x2f\xfd", "zstd data begins", "decompress it first"),
    (b"SQLite format 3\0", "an SQLite database begins", WANTED),
];

/// The error for an input that begins with these bytes.
pub(super) fn not_a_capture(
    book: &Book,
    bytes: &[u8],
    reason: Option<String>,
    error: Option<&io::Error>,
) -> SourceError {
    let (found, next_step) = match (reason, error) {
        (Some(reason), _) => (
            format!("is {reason}"),
            "check how the file was written, or copied".to_owned(),
        ),
        (None, Some(error)) => (
            format!("decompression fails ({error})"),
            "the file is damaged or cut; copy it again".to_owned(),
        ),
        (None, None) => describe(bytes),
    };
    let found = match book.summary.compression {
        Some(kind) => format!("of its uncompressed content ({kind}) {found}"),
        None => found,
    };
    SourceError::NotACapture {
        name: book.display_name.clone(),
        offset: 0,
        found,
        next_step,
    }
}

fn describe(bytes: &[u8]) -> (String, String) {
    if bytes.is_empty() {
        let next_step = "it is empty (0 bytes); tcpdump writes at least a header of 24 bytes: check that it ran, and \
                         that the disk was not full";
        return ("it ends".to_owned(), next_step.to_owned());
    }
    if let Some((_, what, next_step)) = KNOWN.iter().find(|(magic, ..)| bytes.starts_with(magic)) {
        return ((*what).to_owned(), (*next_step).to_owned());
    }
    if is_beginning_of_header(bytes) {
        let found = format!(
            "a capture header begins, but the file ends after {} bytes",
            bytes.len()
        );
        return (found, "it was cut; copy it again".to_owned());
    }
    if bytes.starts_with(b"tar") || bytes.get(257..262) == Some(b"ustar") {
        return (
            "a tar archive begins".to_owned(),
            "unpack it and name the captures in it".to_owned(),
        );
    }
    if is_erf(bytes) {
        let next_step = "convert it: editcap -F pcap FILE FILE.pcap".to_owned();
        return ("what may be an ERF record (Endace) begins".to_owned(), next_step);
    }
    match text(bytes) {
        Some(text) => describe_text(text),
        None => (
            format!("neither pcap nor pcapng begins ({})", hex(bytes)),
            WANTED.to_owned(),
        ),
    }
}

fn describe_text(text: &str) -> (String, String) {
    let start = text.trim_start_matches('\u{feff}').trim_start();
    let lower = start
        .get(..start.len().min(512))
        .unwrap_or(start)
        .to_ascii_lowercase();
    let wanted = || WANTED.to_owned();
    if is_json(start) {
        return if start.contains("\"log\"") && start.contains("\"entries\"") || start.contains("\"creator\"")
        {
            (
                "a HAR log (JSON) begins".to_owned(),
                "a HAR shows the browser's side only; capture packets with tcpdump -w".to_owned(),
            )
        } else {
            ("JSON text begins".to_owned(), wanted())
        };
    }
    if lower.starts_with("<!doctype html") || lower.starts_with("<html") {
        return (
            "an HTML page begins".to_owned(),
            "a download may have given a login or error page; fetch the capture again".to_owned(),
        );
    }
    if lower.starts_with("<?xml") {
        return ("XML text begins".to_owned(), wanted());
    }
    if lower.contains(" ip ") && lower.contains("flags [") || lower.starts_with("tcpdump:") {
        return (
            "the text that tcpdump prints begins".to_owned(),
            "capture with tcpdump -w FILE instead of redirecting its output".to_owned(),
        );
    }
    let first_line: String = start.chars().take_while(|c| !c.is_control()).take(40).collect();
    (format!("text begins ({first_line:?})"), wanted())
}

/// An INI or TOML section begins with a bracket too, but with a word in it.
fn is_json(text: &str) -> bool {
    let after = |bracket| {
        text.strip_prefix(bracket)
            .map(str::trim_start)
            .and_then(|rest| rest.chars().next())
    };
    after('{').is_some_and(|next| matches!(next, '"' | '}'))
        || after('[').is_some_and(|next| matches!(next, '{' | '[' | '"' | ']' | '0'..='9' | '-'))
}

/// The sniffed bytes as text, if they are; a character cut at the end does not matter.
fn text(bytes: &[u8]) -> Option<&str> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(bytes.get(..error.valid_up_to())?).ok()?
        }
        Err(_) => return None,
    };
    let printable = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t' | '\x1b');
    (!text.is_empty() && text.chars().all(printable)).then_some(text)
}

fn is_beginning_of_header(bytes: &[u8]) -> bool {
    use super::format::{Format, Start};
    matches!(Format::recognise(bytes), Start::Need(_)) && bytes.len() >= 4
}

/// An ERF record has no magic: a type of a known range, flags, and a length that holds its 16-byte header.
fn is_erf(bytes: &[u8]) -> bool {
    let Some(&[.., kind, _, r0, r1, _, _, w0, w1]) = bytes.first_chunk::<16>() else {
        return false;
    };
    let (record, wire) = (u16::from_be_bytes([r0, r1]), u16::from_be_bytes([w0, w1]));
    matches!(kind & 0x7f, 1..=48)
        && record % 8 == 0
        && (16..=wire.saturating_add(64)).contains(&record)
        && wire > 0
}

fn hex(bytes: &[u8]) -> String {
    let shown: Vec<String> = bytes.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    shown.join(" ")
}

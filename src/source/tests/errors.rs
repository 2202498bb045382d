use super::build::{Pcap, gzip};
use super::{Directory, open_bytes};
use crate::source::{OpenOptions, open};

fn message(bytes: &[u8]) -> String {
    open_bytes(bytes, usize::MAX, false)
        .err()
        .expect("no capture")
        .to_string()
}

#[test]
fn what_is_no_capture_is_told_by_its_looks() {
    let tar = [vec![b'a'; 257], b"ustar\0".to_vec(), vec![0; 200]].concat();
    let erf = [&[1, 2, 3, 4, 5, 6, 7, 8, 2, 4, 0, 80, 0, 0, 0, 60][..], &[0; 64]].concat();
    let version = [&[0xd4, 0xc3, 0xb2, 0xa1, 9, 0, 4, 0][..], &[0; 16]].concat();
    let cases: &[(&[u8], &str)] = &[
        (b"", "0 bytes"),
        (
            b"server { keepalive 32; }\n",
            "text begins (\"server { keepalive 32; }\")",
        ),
        (b"\x7fELF\x02\x01\x01", "ELF"),
        (b"{\"a\": 1}", "JSON"),
        (
            b"{ \"log\": { \"version\": \"1.2\", \"creator\": {}, \"entries\": [] } }",
            "HAR",
        ),
        (b"[section]\nkey=1", "text begins"),
        (b"%PDF-1.4", "PDF"),
        (b"<!DOCTYPE html><html>", "HTML"),
        (b"snoop\0\0\0\0\0\0\x02", "editcap"),
        (b"\xfd7zXZ\0\0", "xz -dc"),
        (
            b"12:00:00.1 IP 10.0.0.1.1 > 10.0.0.2.80: Flags [S], seq 1",
            "tcpdump -w FILE",
        ),
        (b"\xd4\xc3\xb2\xa1\x02\0", "ends after 6 bytes"),
        (b"\x0a\x0d\x0d\x0a\x1c\0\0\0abcd", "byte-order magic"),
        (b"\xff\xfe\xfd\xfc\xfb", "ff fe fd fc fb"),
        (&tar, "tar archive"),
        (&erf, "ERF"),
        (&version, "version 9.4"),
    ];
    for (bytes, expected) in cases {
        let message = message(bytes);
        assert!(message.contains(expected), "{expected}: {message}");
        assert!(
            message.contains("test.pcap") && message.contains("byte 0") && message.contains(';'),
            "{message}"
        );
    }
}

#[test]
fn compressed_content_that_is_no_capture() {
    let text = message(&gzip(b"GET / HTTP/1.1\r\n"));
    assert!(
        text.contains("uncompressed content (gzip) text begins (\"GET / HTTP/1.1\")"),
        "{text}"
    );
    assert!(message(&gzip(b"")).contains("0 bytes"));
    assert!(message(&[0x1f, 0x8b, 8, 0xff, 1, 2, 3]).contains("decompression fails"));
}

#[test]
fn paths_that_can_not_be_read() {
    let directory = Directory::new();
    let good = directory.file("good.pcap", &Pcap::ethernet().packet(1, 0).bytes);
    let text = directory.file("text.pcap", b"no capture");
    let missing = directory.path().join("missing.pcap");
    let error = |paths: &[&std::path::Path]| {
        let paths: Vec<_> = paths.iter().map(|path| path.to_path_buf()).collect();
        open(&paths, OpenOptions::default())
            .err()
            .expect("an error")
            .to_string()
    };
    assert!(error(&[&missing]).contains("missing.pcap: no such file"));
    assert!(error(&[directory.path()]).contains("is a directory"));
    assert!(error(&[]).contains("no capture named"));
    assert!(error(&["-".as_ref(), "-".as_ref()]).contains("twice"));
    assert!(error(&[&good, &text]).contains("text.pcap is no capture"));
    assert!(error(&[&good, &missing]).contains("missing.pcap: no such file"));
}

#[test]
fn progress_counts_stored_bytes() {
    let directory = Directory::new();
    let bytes = gzip(
        &(0..1_000)
            .fold(Pcap::ethernet(), |pcap, second| pcap.packet(second, 0))
            .bytes,
    );
    let paths = [directory.file("a.gz", &bytes), directory.file("b.gz", &bytes)];
    let mut capture = open(&paths, OpenOptions::default()).unwrap();
    let progress = capture.progress();
    assert_eq!(
        (progress.bytes_read(), progress.bytes_total()),
        (0, Some(2 * bytes.len() as u64))
    );
    super::drain(std::mem::replace(
        &mut capture,
        open(&paths, OpenOptions::default()).unwrap(),
    ));
    assert_eq!(progress.bytes_read(), 2 * bytes.len() as u64);
}

//! The little of HTTP/1.1 (RFC 9112) that a scraper sends: a request line, and a head that is read to its end and ignored.

use std::io::{ErrorKind, Read};
use std::time::Instant;

use crate::limits::SCRAPE_HEAD_BYTES;

/// What is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Wish {
    /// `GET /metrics`, or its head only.
    Metrics { head_only: bool },
    /// Another path.
    Elsewhere,
    /// Another method.
    Otherwise,
    /// No request, or one whose head does not end in time or within the cap.
    Nothing,
}

/// Reads a head until `deadline`; single reads end by the stream's own timeout.
pub(super) fn read(stream: &mut impl Read, deadline: Instant) -> Wish {
    let mut head = Vec::new();
    let mut piece = [0; 1024];
    while Instant::now() < deadline && head.len() <= SCRAPE_HEAD_BYTES {
        match stream.read(&mut piece) {
            Ok(0) => break,
            Ok(read) => head.extend_from_slice(piece.get(..read).unwrap_or_default()),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => break,
        }
        if ends(&head) {
            return understand(&head);
        }
    }
    Wish::Nothing
}

fn ends(head: &[u8]) -> bool {
    head.windows(4).any(|four| four == b"\r\n\r\n") || head.windows(2).any(|two| two == b"\n\n")
}

fn understand(head: &[u8]) -> Wish {
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let mut words = line.trim_ascii_end().split(|byte| *byte == b' ');
    let (Some(method), Some(target), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Wish::Nothing;
    };
    if !version.starts_with(b"HTTP/1.") {
        return Wish::Nothing;
    }
    let path = target.split(|byte| *byte == b'?').next().unwrap_or_default();
    match method {
        b"GET" | b"HEAD" if path == b"/metrics" => Wish::Metrics {
            head_only: method == b"HEAD",
        },
        b"GET" | b"HEAD" => Wish::Elsewhere,
        _ => Wish::Otherwise,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn wish(bytes: &[u8]) -> Wish {
        read(&mut &*bytes, Instant::now() + Duration::from_secs(5))
    }

    #[test]
    fn what_a_scraper_sends_is_understood() {
        let get = b"GET /metrics HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n";
        assert_eq!(wish(get), Wish::Metrics { head_only: false });
        assert_eq!(
            wish(b"HEAD /metrics?x=1 HTTP/1.0\n\n"),
            Wish::Metrics { head_only: true }
        );
        assert_eq!(wish(b"GET / HTTP/1.1\r\n\r\n"), Wish::Elsewhere);
        assert_eq!(wish(b"POST /metrics HTTP/1.1\r\n\r\n"), Wish::Otherwise);
    }

    #[test]
    fn what_is_no_request_is_none() {
        for bytes in [
            &b""[..],
            b"\r\n\r\n",
            b"GET /metrics HTTP/1.1\r\nHost: a\r\n",
            b"GET /metrics\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
            b"PRI * HTTP/2.0\r\n\r\n",
        ] {
            assert_eq!(wish(bytes), Wish::Nothing, "{bytes:?}");
        }
        assert_eq!(wish(&vec![b'a'; 1 << 20]), Wish::Nothing);
        assert_eq!(
            read(&mut &b"GET /metrics HTTP/1.1\r\n\r\n"[..], Instant::now()),
            Wish::Nothing
        );
    }
}

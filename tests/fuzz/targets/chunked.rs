//! The chunked coding against a reader that has the whole body at hand.

use flowcheck::http::{Method, RequestContext, Side};
use flowcheck::limits::CHUNK_LINE_BYTES;

use super::{Bytes, stream};

const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

pub(super) fn run(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    let pattern = bytes.u16();
    let body = bytes.0;
    let message = [HEAD, body].concat();
    let context = RequestContext::Known(Method::Other);
    let told = stream::read(Side::Response, context, [&message[..]]);
    stream::hold(Side::Response, context, &message, pattern);
    let word = told.get(1).map(String::as_str);
    match length(body) {
        Coding::Ends(_) => assert_eq!(word, Some("end")),
        Coding::GoesOn => assert_eq!(word, None),
        Coding::Broken => assert_eq!(word, Some(stream::LOST)),
    }
    if let Coding::Ends(length) = length(body) {
        // What follows is a message of its own.
        let next = b"HTTP/1.1 204 No\r\n\r\n";
        let both = [HEAD, &body[..length], next].concat();
        let told = stream::read(Side::Response, context, [&both[..]]);
        assert_eq!(told.len(), 4, "{told:?}");
    }
}

enum Coding {
    Ends(usize),
    GoesOn,
    Broken,
}

/// RFC 9112 section 7.1, as leniently as servers read it: any line end, anything behind the digits' `;`, blank or CR.
fn length(body: &[u8]) -> Coding {
    let mut at = 0;
    loop {
        let line = body[at..].split(|byte| *byte == b'\n').next().unwrap_or_default();
        let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        let mut size = 0_u64;
        for digit in &line[..digits] {
            let Some(larger) = size.checked_mul(16) else {
                return Coding::Broken;
            };
            size = larger + u64::from((*digit as char).to_digit(16).unwrap_or(0));
        }
        let is_whole = at + line.len() < body.len();
        match line.get(digits) {
            Some(b';' | b' ' | b'\t' | b'\r') if digits > 0 => {}
            None if digits > 0 || !is_whole => {}
            _ => return Coding::Broken,
        }
        if line.len() > digits && line.len() as u64 > CHUNK_LINE_BYTES {
            return Coding::Broken;
        }
        if !is_whole {
            return Coding::GoesOn;
        }
        at += line.len() + 1;
        if size == 0 {
            return trailer(body, at);
        }
        let Some(rest) = usize::try_from(size)
            .ok()
            .and_then(|size| body.get(at..)?.get(size..))
        else {
            return Coding::GoesOn;
        };
        at = body.len() - rest.len();
        match rest {
            [b'\n', ..] => at += 1,
            [b'\r', b'\n', ..] => at += 2,
            [] | [b'\r'] => return Coding::GoesOn,
            _ => return Coding::Broken,
        }
    }
}

/// Lines up to an empty one.
fn trailer(body: &[u8], mut at: usize) -> Coding {
    while let Some(end) = body[at..].iter().position(|byte| *byte == b'\n') {
        let is_empty = body[at..at + end].iter().all(|byte| *byte == b'\r');
        at += end + 1;
        if is_empty {
            return Coding::Ends(at);
        }
    }
    Coding::GoesOn
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let bodies = [
        "5\r\nhello\r\n0\r\n\r\n",
        "4;name=v\r\nwiki\r\n0A\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n",
        "1\nx\n00\n\n",
        "ffffffffffffffff\r\nx",
        "fffffffffffffffff\r\nx",
        "3 \t;a=\"b\"\r\nabc\r\n0000\r\nA: b\r\nC: d\r\n\r\nHTTP/1.1 200 OK\r\n",
    ];
    bodies
        .iter()
        .map(|body| [&[0, 0x15][..], body.as_bytes()].concat())
        .collect()
}

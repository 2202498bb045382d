use proptest::prelude::*;

use super::head::{Parsed, parse_any_request, parse_any_response, parse_request, parse_response};
use super::*;

/// What a stream says, without times: the same for every way of cutting it.
fn read(side: Side, pieces: &[&[u8]]) -> Vec<String> {
    let mut stream = MessageStream::default();
    let mut out = Vec::new();
    for piece in pieces {
        let mut rest = *piece;
        while !rest.is_empty() {
            let step = stream.advance(side, RequestContext::Known(Method::Other), rest);
            let used = step.used;
            match step.event {
                Some(Event::Request(head)) => {
                    out.push(format!("request {}", String::from_utf8_lossy(head.target)));
                    if head.framing == Framing::None {
                        out.push("end".into());
                    }
                }
                Some(Event::Response(head)) => {
                    out.push(format!("response {}", head.status));
                    if head.framing == Framing::None {
                        out.push("end".into());
                    }
                }
                Some(Event::End) => out.push("end".into()),
                Some(Event::Desync(why)) => out.push(format!("desync {why:?}")),
                Some(Event::Proxied(source)) => out.push(format!("proxied {source:?}")),
                Some(Event::Http2Preface) => out.push("preface".into()),
                Some(Event::Http2(_)) => {}
                Some(Event::NotHttp(protocol)) => out.push(format!("not http {protocol:?}")),
                None => assert!(used > 0, "every step moves"),
            }
            rest = &rest[used..];
        }
    }
    out
}

const RESPONSES: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello\
HTTP/1.1 100 Continue\r\n\r\n\
HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;name=v\r\nwiki\r\n0A\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n\
HTTP/1.1 204 No Content\r\n\r\n\r\n\
HTTP/1.1 200 OK\nContent-Length: 1\n\nx";
const RESPONSE_EVENTS: [&str; 10] = [
    "response 200",
    "end",
    "response 100",
    "end",
    "response 200",
    "end",
    "response 204",
    "end",
    "response 200",
    "end",
];
const REQUESTS: &[u8] = b"GET /a HTTP/1.1\r\nHost: h\r\n\r\nPOST /b HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc\
PURGE /c HTTP/1.0\r\n\r\nPUT /d HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n";

#[test]
fn several_messages_in_one_piece() {
    assert_eq!(read(Side::Response, &[RESPONSES]), RESPONSE_EVENTS);
    let want = [
        "request /a",
        "end",
        "request /b",
        "end",
        "request /c",
        "end",
        "request /d",
        "end",
    ];
    assert_eq!(read(Side::Request, &[REQUESTS]), want);
}

#[test]
fn every_single_cut_gives_the_same_messages() {
    for (side, stream) in [(Side::Response, RESPONSES), (Side::Request, REQUESTS)] {
        let whole = read(side, &[stream]);
        for at in 0..stream.len() {
            let (a, b) = stream.split_at(at);
            assert_eq!(read(side, &[a, b]), whole, "cut at {at}");
        }
        let bytes: Vec<&[u8]> = stream.chunks(1).collect();
        assert_eq!(read(side, &bytes), whole);
    }
}

#[test]
fn every_single_cut_of_a_prelude_gives_the_same_messages() {
    let head: &[u8] = b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n";
    let line: &[u8] = b"PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n";
    let binary: &[u8] =
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x10\xc0\0\x02\x01\xc6\x33\x64\x01\xdc\x04\x01\xbb\x04\0\x01\0";
    let proxied = "proxied Some(192.0.2.1:56324)";
    let rows: [(Side, Vec<u8>, &[&str]); 6] = [
        (
            Side::Request,
            [line, head].concat(),
            &[proxied, "request /a", "end"],
        ),
        (
            Side::Request,
            [binary, head].concat(),
            &[proxied, "request /a", "end"],
        ),
        (
            Side::Request,
            [line, b"GET /\r\n\r\n"].concat(),
            &[proxied, "request /", "end"],
        ),
        (Side::Request, b"GET /\r\n".to_vec(), &["request /", "end"]),
        (
            Side::Request,
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0".to_vec(),
            &["preface"],
        ),
        (Side::Request, head.to_vec(), &["request /a", "end"]),
    ];
    for (side, stream, want) in rows {
        assert_eq!(read(side, &[&stream]), want);
        for at in 0..stream.len() {
            let (a, b) = stream.split_at(at);
            assert_eq!(read(side, &[a, b]), want, "cut at {at}");
        }
        let bytes: Vec<&[u8]> = stream.chunks(1).collect();
        assert_eq!(read(side, &bytes), want);
    }
}

#[test]
fn other_protocols_are_named() {
    assert_eq!(
        read(Side::Request, &[b"\x16\x03\x01\x02\x00\x01"]),
        ["not http Tls"]
    );
    assert_eq!(
        read(Side::Request, &[b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]),
        ["preface"]
    );
    assert_eq!(
        read(Side::Response, &[b"SSH-2.0-OpenSSH_9.2"]),
        ["not http Other"]
    );
    assert_eq!(
        read(Side::Request, &[b"not a request at all\r\n\r\n"]),
        ["not http Other"]
    );
}

#[test]
fn damage_after_a_message_is_a_desync_and_the_next_head_is_found() {
    let mut pieces: Vec<&[u8]> = vec![
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
        b"garbage",
        b"more garbage",
    ];
    pieces.push(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    let want = ["response 200", "end", "desync StartLine", "response 404", "end"];
    assert_eq!(read(Side::Response, &pieces), want);
    let chunks: Vec<&[u8]> = vec![b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"];
    assert_eq!(read(Side::Response, &chunks), ["response 200", "desync Chunk"]);
}

#[test]
fn gaps() {
    let context = RequestContext::Known(Method::Other);
    let mut stream = MessageStream::default();
    stream.advance(
        Side::Response,
        context,
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n",
    );
    stream.advance(Side::Response, context, &[b'x'; 10]);
    assert_eq!(
        stream.gap(50),
        GapEffect {
            ended: false,
            lost: false
        }
    );
    assert_eq!(
        stream.gap(40),
        GapEffect {
            ended: true,
            lost: false
        }
    );
    assert_eq!(
        stream.gap(1),
        GapEffect {
            ended: false,
            lost: true
        }
    );
    stream.advance(Side::Response, context, b"rest of something");
    assert!(stream.is_lost());
    let step = stream.advance(
        Side::Response,
        context,
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
    );
    assert!(matches!(step.event, Some(Event::Response(_))));
    assert_eq!(
        stream.gap(10),
        GapEffect {
            ended: true,
            lost: true
        }
    );
}

#[test]
fn a_body_of_an_unseen_head_request_is_no_body() {
    let mut stream = MessageStream::default();
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n";
    stream.advance(Side::Response, RequestContext::Unknown, head);
    let step = stream.advance(Side::Response, RequestContext::Unknown, head);
    assert!(matches!((step.used, step.event), (0, Some(Event::End))));
}

#[test]
fn a_head_beyond_the_cap_is_given_up() {
    let line = [b"x-long: ".as_slice(), &[b'a'; 10_000], b"\r\n"].concat();
    let mut pieces: Vec<&[u8]> = vec![b"GET / HTTP/1.1\r\n"];
    pieces.extend(std::iter::repeat_n(line.as_slice(), 7));
    assert_eq!(read(Side::Request, &pieces), ["desync HeadTooLong"]);
}

proptest! {
    #[test]
    fn any_cuts_give_the_same_messages(mut cuts in proptest::collection::vec(0..RESPONSES.len(), 0..12)) {
        cuts.sort_unstable();
        let mut pieces = Vec::new();
        let mut from = 0;
        for cut in cuts {
            pieces.push(&RESPONSES[from..cut]);
            from = cut;
        }
        pieces.push(&RESPONSES[from..]);
        prop_assert_eq!(read(Side::Response, &pieces), RESPONSE_EVENTS);
    }

    #[test]
    fn random_bytes_never_panic(pieces in proptest::collection::vec(proptest::collection::vec(0_u8.., 0..60), 0..8)) {
        let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
        read(Side::Request, &pieces);
        read(Side::Response, &pieces);
    }

    /// httparse is the oracle of the quick reader: what that accepts, httparse reads the same or refuses.
    #[test]
    fn the_quick_reader_agrees_with_httparse(
        method in "[A-Z]{1,7}",
        target in "/[!-~]{0,20}",
        minor in 0_u8..3,
        lines in proptest::collection::vec(FIELD_LINES, 0..6),
        status in "[0-9]{3}",
        reason in " ?[ -~]{0,12}",
        damage in proptest::option::of((0_usize..150, 0_u8..)),
    ) {
        let fields = lines.concat();
        let mut request = format!("{method} {target} HTTP/1.{minor}\r\n{fields}\r\nbody").into_bytes();
        let mut response = format!("HTTP/1.{minor} {status}{reason}\r\n{fields}\r\nbody").into_bytes();
        if let Some((at, byte)) = damage {
            for head in [&mut request, &mut response] {
                let at = at % head.len();
                head[at] = byte;
            }
        }
        if let (Parsed::Complete(quick, n), Parsed::Complete(whole, m)) = (parse_request(&request), parse_any_request(&request)) {
            prop_assert_eq!((format!("{quick:?}"), n), (format!("{whole:?}"), m));
        }
        let method = Some(Method::Other);
        if let (Parsed::Complete(quick, n), Parsed::Complete(whole, m)) =
            (parse_response(&response, method), parse_any_response(&response, method))
        {
            prop_assert_eq!((format!("{quick:?}"), n), (format!("{whole:?}"), m));
        }
        if matches!(parse_any_request(&request), Parsed::Complete(..)) {
            prop_assert!(matches!(parse_request(&request), Parsed::Complete(..)));
        }
    }
}

const FIELD_LINES: &str = "(Host: [a-z.]{1,8}|host:h|Connection: (close|keep-alive|Upgrade, close)|CONTENT-LENGTH:  ?[0-9]{1,4} |\
Transfer-Encoding: (gzip, )?chunked|Upgrade: websocket|X-[A-Za-z]{1,6}: [ -~]{0,20}|Cookie: a=b; c|Te: |cache-control:no-cache)\r\n";

#[test]
fn what_follows_a_simple_request_is_read_wherever_it_is_cut() {
    let stream = b"GET /probe\nGET /next HTTP/1.1\r\nHost: h\r\n\r\n";
    let whole = read(Side::Request, &[stream]);
    assert_eq!(whole, ["request /probe", "end", "request /next", "end"]);
    for at in 1..stream.len() {
        assert_eq!(
            read(Side::Request, &[&stream[..at], &stream[at..]]),
            whole,
            "cut at {at}"
        );
    }
}

#[test]
fn a_proxy_header_that_could_be_a_request_is_none() {
    let stream = b"PROXY UNKNOWN HTTP/1.1\r\nGET /a HTTP/1.1\r\nHost: h\r\n\r\n";
    assert_eq!(
        read(Side::Request, &[stream]),
        ["proxied None", "request /a", "end"]
    );
    assert_eq!(
        read(Side::Request, &[&stream[..9], &stream[9..]]),
        ["proxied None", "request /a", "end"]
    );
    let mut engines_way = MessageStream::default();
    assert!(
        engines_way
            .plain_request(stream, &mut Familiar::default())
            .is_none()
    );
}

#[test]
fn a_response_is_whole_with_its_last_byte_and_not_before() {
    let message = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1";
    let (head, whole) = (message.len() - 13, message.len() - 8);
    for len in head..=message.len() {
        let mut stream = MessageStream::default();
        let known = RequestContext::Known(Method::Other);
        let found = stream
            .plain_response(known, &message[..len], &mut Familiar::default())
            .expect("a plain response");
        assert_eq!((found.head.framing, found.length), (Framing::Sized(5), head));
        let (body, over) = if found.whole {
            (found.body, true)
        } else {
            stream.skip_plain(&message[head..len]).expect("a plain response")
        };
        assert_eq!((body, over), (len.min(whole) - head, len >= whole), "{len}");
        assert_eq!(stream.is_between(), over);
    }
    let mut stream = MessageStream::default();
    // Without its request it is not known whether there is a body.
    let found = stream
        .plain_response(RequestContext::Unknown, message, &mut Familiar::default())
        .expect("a plain response");
    assert!(!found.whole && stream.in_body());
}

#[test]
fn paths_of_targets() {
    for (target, want) in [
        ("/a/b?c#d", "/a/b"),
        ("/a;b?c", "/a"),
        ("/a", "/a"),
        ("?", ""),
        ("", ""),
    ] {
        assert_eq!(path_of(target.as_bytes()), want.as_bytes());
    }
}

//! Heads of requests and responses against httparse, which knows nothing of our fast paths.

use flowcheck::http::{Event, MessageStream, Method, RequestContext, Side};
use flowcheck::limits::HEADER_FIELDS;

use super::{Bytes, material};

pub(super) fn run(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    let choice = bytes.u8();
    let head = bytes.0;
    let mut stream = MessageStream::default();
    let mut slots = [httparse::EMPTY_HEADER; HEADER_FIELDS];
    if choice & 1 == 0 {
        let step = stream.advance(Side::Request, RequestContext::Unknown, head);
        let mut request = httparse::Request::new(&mut slots);
        let Ok(httparse::Status::Complete(length)) = request.parse(head) else {
            return;
        };
        if head.starts_with(b"PRI * HTTP/2.0\r\n") || head.starts_with(b"PROXY ") {
            return;
        }
        let Some(Event::Request(ours)) = step.event else {
            panic!("httparse reads {request:?}, {:?}", step.event);
        };
        assert_eq!(step.used, length);
        assert_eq!(ours.method_name, request.method.unwrap_or_default().as_bytes());
        assert_eq!(ours.target, request.path.unwrap_or_default().as_bytes());
        let host = request
            .headers
            .iter()
            .find(|field| field.name.eq_ignore_ascii_case("host"));
        assert_eq!(ours.host.is_some(), host.is_some());
    } else {
        let context = RequestContext::Known(Method::Other);
        let step = stream.advance(Side::Response, context, head);
        let mut response = httparse::Response::new(&mut slots);
        let Ok(httparse::Status::Complete(length)) = response.parse(head) else {
            return;
        };
        let Some(Event::Response(ours)) = step.event else {
            panic!("httparse reads {response:?}, {:?}", step.event);
        };
        assert_eq!(step.used, length);
        assert_eq!(Some(ours.status), response.code);
    }
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for stream in material::streams(3, 700) {
        let side = u8::from(stream.starts_with(b"HTTP/"));
        let end = stream
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .map_or(stream.len(), |at| at + 4);
        seeds.push([&[side][..], &stream[..end]].concat());
    }
    let head = b"\0POST /a?b HTTP/1.0\nHost: x\nConnection: keep-alive, upgrade\nTransfer-Encoding: gzip, chunked\nUpgrade: h2c\n\n";
    seeds.push(head.to_vec());
    seeds
}

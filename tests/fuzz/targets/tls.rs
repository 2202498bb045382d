//! TLS records of both directions, with what the snaplen cut off and gaps.

use flowcheck::http::Side;
use flowcheck::http::tls::{TlsSession, begins_client_hello, begins_record};

use super::Bytes;

pub(super) fn run(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    let mut session = if bytes.u8() & 1 == 0 {
        TlsSession::default()
    } else {
        TlsSession::midstream()
    };
    while !bytes.is_empty() {
        let kind = bytes.u8();
        let side = if kind & 1 == 0 {
            Side::Request
        } else {
            Side::Response
        };
        if kind & 0x0e == 0x0e {
            session.gap(side, bytes.u32());
            continue;
        }
        let len = bytes.u16() % 2_048;
        let missing = if kind & 0x0e == 0x0c {
            u32::from(bytes.u16())
        } else {
            0
        };
        let piece = bytes.take(usize::from(len));
        let _ = (begins_record(piece), begins_client_hello(piece));
        let found = session.segment(side, piece, missing);
        assert!(
            found.any || !found.begins,
            "what begins a request is application data"
        );
    }
    let _ = (session.is_lost(), session.resumed(), session.is_tls());
    if let Some(name) = session.server_name() {
        assert!(name.len() <= 255, "a server name of {} bytes", name.len());
    }
}

/// A record of this content type.
fn record(content: u8, body: &[u8]) -> Vec<u8> {
    [&[content, 3, 3][..], &(body.len() as u16).to_be_bytes(), body].concat()
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind, 0][..], &(body.len() as u16).to_be_bytes(), body].concat()
}

fn vector16(body: &[u8]) -> Vec<u8> {
    [&(body.len() as u16).to_be_bytes()[..], body].concat()
}

fn extension(kind: u16, body: &[u8]) -> Vec<u8> {
    [&kind.to_be_bytes()[..], &vector16(body)].concat()
}

fn client_hello() -> Vec<u8> {
    let name = vector16(&[&[0][..], &vector16(b"shop.example.com")].concat());
    let extensions = [
        extension(0, &name),
        extension(43, &[2, 3, 4]),
        extension(41, &[0; 40]),
    ]
    .concat();
    let body = [
        &[3, 3][..],
        &[7; 32],
        &[32],
        &[9; 32],
        &[0, 2, 0x13, 1],
        &[1, 0],
        &vector16(&extensions),
    ]
    .concat();
    record(22, &message(1, &body))
}

fn server_hello(version: u16) -> Vec<u8> {
    let extensions = [extension(43, &version.to_be_bytes()), extension(41, &[0, 0])].concat();
    let body = [
        &[3, 3][..],
        &[8; 32],
        &[32],
        &[9; 32],
        &[0x13, 1, 0],
        &vector16(&extensions),
    ]
    .concat();
    record(22, &message(2, &body))
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let segment = |kind: u8, bytes: &[u8]| [&[kind][..], &vector16(bytes)].concat();
    let changed = record(20, &[1]);
    let data = record(23, &[5; 80]);
    let finished = record(23, &[5; 53]);
    let tls13 = [
        vec![0],
        segment(0, &client_hello()),
        segment(1, &[server_hello(0x0304), changed.clone(), data.clone()].concat()),
        segment(0, &[changed.clone(), finished].concat()),
        segment(0, &data),
        segment(1, &data),
    ];
    let tls12 = [
        vec![0],
        segment(0, &client_hello()[..40]),
        segment(0, &client_hello()[40..]),
        segment(1, &[server_hello(0x0303), changed.clone()].concat()),
        segment(0, &[changed, data.clone()].concat()),
        vec![0x0e, 0, 0, 0, 90],
        segment(1, &data),
    ];
    let midstream = [vec![1], segment(0, &data), segment(1, &data[..30])];
    vec![tls13.concat(), tls12.concat(), midstream.concat()]
}

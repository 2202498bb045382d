//! What may come before the first message: PROXY protocol headers of both versions, the HTTP/2 preface.

use flowcheck::http::{RequestContext, Side, begins_connection, begins_frames, begins_message};

use super::{Bytes, stream};

const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

pub(super) fn run(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    let (choice, pattern) = (bytes.u8(), bytes.u16());
    let start: &[u8] = match choice % 4 {
        0 => b"PROXY ",
        1 => SIGNATURE,
        2 => b"PROXY TCP4 ",
        _ => b"",
    };
    let all = [start, bytes.0].concat();
    for side in [Side::Request, Side::Response] {
        let _ = (
            begins_connection(&all),
            begins_frames(side, &all),
            begins_message(side, &all),
        );
        stream::hold(side, RequestContext::Unknown, &all, pattern);
    }
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let request = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n";
    let seed = |choice: u8, start: &[u8]| [&[choice, 0, 0x15][..], start, request].concat();
    vec![
        seed(0, b"TCP4 192.0.2.1 198.51.100.1 56324 443\r\n"),
        seed(0, b"TCP6 2001:db8::1 2001:db8::2 56324 443\r\n"),
        seed(0, b"UNKNOWN\r\n"),
        seed(
            1,
            &[0x21, 0x11, 0, 12, 192, 0, 2, 1, 198, 51, 100, 1, 0xdc, 4, 1, 0xbb],
        ),
        seed(1, &[&[0x21, 0x21, 0, 40][..], &[1; 40]].concat()),
        seed(1, &[0x20, 0, 0, 0]),
        seed(3, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0"),
        seed(3, b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x80"),
    ]
}

use proptest::prelude::*;

use super::*;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

fn read(pieces: &[&[u8]]) -> Vec<Frame> {
    let mut reader = FrameReader::default();
    let mut out = Vec::new();
    for piece in pieces {
        let mut rest = *piece;
        while !rest.is_empty() {
            let (used, frame) = reader.advance(rest);
            assert!(used > 0, "every step moves");
            out.extend(frame);
            rest = &rest[used..];
        }
    }
    out
}

/// SETTINGS; a request in three frames with padding and priority; DATA; a status kept in the dynamic table, used twice.
fn stream() -> Vec<u8> {
    // RFC 7541 C.4.1: GET http://www.example.com/
    let request = b"\x82\x86\x84\x41\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff";
    let first = [&[2, 0, 0, 0, 0, 15][..], &request[..4], &[0, 0]].concat();
    [
        frame(4, 0, 0, &[0; 12]),
        frame(HEADERS, PADDED | PRIORITY | END_STREAM, 1, &first),
        frame(CONTINUATION, 0, 1, &request[4..9]),
        frame(CONTINUATION, END_HEADERS, 1, &request[9..]),
        frame(PUSH_PROMISE, END_HEADERS, 1, &[0, 0, 0, 2, 0x82]),
        // RFC 7541 C.6.1: ":status: 302", indexed.
        frame(HEADERS, END_HEADERS, 3, &[0x48, 0x82, 0x64, 0x02]),
        frame(DATA, END_STREAM, 3, &[7; 300]),
        frame(HEADERS, END_HEADERS | END_STREAM, 5, &[0xbe]),
        frame(RST_STREAM, 0, 7, &[0; 4]),
        frame(GOAWAY, 0, 0, &[0; 8]),
    ]
    .concat()
}

#[test]
fn frames_of_every_kind() {
    let status = |status| Fields {
        status,
        ..Fields::default()
    };
    let headers = |stream, end, fields| Frame::Headers { stream, end, fields };
    let request = Fields {
        status: None,
        method: Some(b"GET".as_slice().into()),
        path: Some(b"/".as_slice().into()),
        authority: Some(b"www.example.com".as_slice().into()),
    };
    let want = [
        headers(1, true, request),
        headers(3, false, status(Some(302))),
        Frame::End(3),
        headers(5, true, status(Some(302))),
        Frame::Reset(7),
        Frame::GoAway,
    ];
    let bytes = stream();
    assert_eq!(read(&[&bytes]), want);
    for at in 0..bytes.len() {
        let (a, b) = bytes.split_at(at);
        assert_eq!(read(&[a, b]), want, "cut at {at}");
    }
}

#[test]
fn a_gap_inside_data_keeps_the_framing_and_any_other_loses_it() {
    let data = frame(DATA, END_STREAM, 1, &[0; 100]);
    let mut reader = FrameReader::default();
    assert_eq!(reader.advance(&data[..30]), (30, None));
    assert_eq!(reader.gap(50), None);
    assert_eq!(reader.gap(29), Some(Frame::End(1)));
    assert_eq!(reader.advance(&frame(GOAWAY, 0, 0, &[0; 8])).1, Some(Frame::GoAway));
    assert_eq!(reader.gap(1), None);
    assert!(reader.is_lost());
}

#[test]
fn a_block_that_cannot_be_decoded_leaves_the_framing() {
    let bad = frame(HEADERS, END_HEADERS, 1, &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    let good = frame(HEADERS, END_HEADERS, 3, &[0x88]);
    let frames = read(&[&bad, &good]);
    assert_eq!(frames.len(), 2);
    for frame in frames {
        assert!(matches!(frame, Frame::Headers { fields, .. } if fields == Fields::default()));
    }
}

#[test]
fn a_header_block_without_end_is_given_up() {
    let mut reader = FrameReader::default();
    reader.advance(&frame(HEADERS, 0, 1, &[0; 16_000]));
    for _ in 0..5 {
        let bytes = frame(CONTINUATION, 0, 1, &[0; 16_000]);
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            rest = &rest[reader.advance(rest).0..];
        }
    }
    assert!(reader.is_lost());
    assert!(reader.block.len() + reader.payload.len() <= HEAD_BYTES);
}

proptest! {
    #[test]
    fn any_bytes_and_any_gaps(pieces in proptest::collection::vec((any::<Vec<u8>>(), 0_u64..200), 0..20)) {
        let mut reader = FrameReader::default();
        for (piece, gap) in &pieces {
            let mut rest = &piece[..];
            while !rest.is_empty() {
                rest = &rest[reader.advance(rest).0..];
            }
            if gap % 3 == 0 {
                reader.gap(*gap);
            }
        }
    }

    #[test]
    fn any_header_block(block in any::<Vec<u8>>()) {
        read(&[&frame(HEADERS, END_HEADERS, 1, &block)]);
    }
}

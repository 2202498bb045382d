use proptest::prelude::*;

use super::frame::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PADDED, PUSH_PROMISE, RST_STREAM,
    WITH_PRIORITY,
};
use super::*;
use crate::http::Side;
use crate::limits::{HEAD_BYTES, HPACK_TABLE_BYTES};

const SETTINGS: u8 = 4;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

fn feed(reader: &mut FrameReader, side: Side, piece: &[u8]) -> Vec<Frame> {
    let mut out = Vec::new();
    let mut rest = piece;
    while !rest.is_empty() {
        let (used, frame) = reader.advance(side, rest);
        assert!(used > 0, "every step moves");
        out.extend(frame);
        rest = &rest[used..];
    }
    out
}

fn read(pieces: &[&[u8]]) -> Vec<Frame> {
    let mut reader = FrameReader::default();
    let all = pieces
        .iter()
        .flat_map(|piece| feed(&mut reader, Side::Response, piece));
    all.collect()
}

/// SETTINGS; a request in three frames with padding and priority (RFC 7541 C.4.1); a promise; a status that enters the
/// dynamic table (C.6.1), DATA with padding; the status again as trailers would stand; a frame of an unknown kind.
fn stream() -> Vec<u8> {
    let request = b"\x82\x86\x84\x41\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff";
    let first = [&[2, 0, 0, 0, 0, 15][..], &request[..4], &[0, 0]].concat();
    [
        frame(SETTINGS, 0, 0, &[0; 12]),
        frame(HEADERS, PADDED | WITH_PRIORITY | END_STREAM, 1, &first),
        frame(CONTINUATION, 0, 1, &request[4..9]),
        frame(CONTINUATION, END_HEADERS, 1, &request[9..]),
        frame(PUSH_PROMISE, END_HEADERS, 1, &[0, 0, 0, 2, 0x82]),
        frame(HEADERS, END_HEADERS, 3, &[0x48, 0x82, 0x64, 0x02]),
        frame(DATA, 0, 3, &[]),
        frame(0x42, 0xff, 77, &[9; 40]),
        frame(DATA, END_STREAM | PADDED, 3, &[7; 300]),
        frame(HEADERS, END_HEADERS | END_STREAM, 5, &[0xbe]),
        frame(RST_STREAM, 0, 7, &[0; 4]),
        frame(GOAWAY, 0, 0, &[0; 8]),
    ]
    .concat()
}

fn status(status: u16) -> Fields {
    Fields {
        status: Some(status),
        first: FirstField::Pseudo,
        whole: true,
        ..Fields::default()
    }
}

fn headers(stream: u32, end: bool, fields: Fields) -> Frame {
    Frame::Headers { stream, end, fields }
}

fn told() -> Vec<Frame> {
    let request = Fields {
        method: Some(b"GET".as_slice().into()),
        path: Some(b"/".as_slice().into()),
        authority: Some(b"www.example.com".as_slice().into()),
        first: FirstField::Pseudo,
        whole: true,
        ..Fields::default()
    };
    vec![
        headers(1, true, request),
        headers(3, false, status(302)),
        Frame::Data {
            stream: 3,
            end: false,
        },
        Frame::Data { stream: 3, end: true },
        headers(5, true, status(302)),
        Frame::Reset { stream: 7 },
        Frame::GoAway,
    ]
}

#[test]
fn frames_of_every_kind_cut_at_every_byte() {
    let bytes = stream();
    assert_eq!(read(&[&bytes]), told());
    for at in 0..bytes.len() {
        let (a, b) = bytes.split_at(at);
        assert_eq!(read(&[a, b]), told(), "cut at {at}");
    }
}

#[test]
fn a_gap_within_a_frame_keeps_the_framing() {
    let data = frame(DATA, END_STREAM, 1, &[0; 100]);
    let mut reader = FrameReader::default();
    assert_eq!(reader.advance(Side::Response, &data[..30]), (30, None));
    assert_eq!(reader.gap(50), None);
    assert_eq!(reader.gap(29), Some(Frame::Data { stream: 1, end: true }));
    // Of a field block only the frame's header is left, and entries of the table go with it.
    let head = frame(HEADERS, END_HEADERS | END_STREAM, 1, &[0x48, 0x82, 0x64, 0x02]);
    assert_eq!(
        feed(&mut reader, Side::Response, &head),
        [headers(1, true, status(302))]
    );
    assert_eq!(feed(&mut reader, Side::Response, &head[..10]), []);
    assert_eq!(reader.gap(3), Some(headers(1, true, Fields::default())));
    let again = frame(HEADERS, END_HEADERS, 3, &[0xbe]);
    assert_eq!(
        feed(&mut reader, Side::Response, &again),
        [headers(3, false, Fields::default())]
    );
    assert!(!reader.is_lost());
}

#[test]
fn beyond_its_frame_a_gap_loses_the_framing_until_frames_are_found() {
    let mut reader = FrameReader::default();
    let head = frame(HEADERS, 0, 1, &[0x88; 20]);
    assert_eq!(feed(&mut reader, Side::Response, &head), []);
    // The head is known although its CONTINUATION is not.
    assert_eq!(reader.gap(1), Some(headers(1, false, Fields::default())));
    assert!(reader.is_lost());
    // Bytes of a body, zeros, and one that ends in frames.
    assert_eq!(feed(&mut reader, Side::Response, &[b'x'; 1_000]), []);
    assert_eq!(feed(&mut reader, Side::Response, &[0; 1_000]), []);
    assert!(reader.is_lost());
    let tail = [
        &[b'x'; 700][..],
        &frame(DATA, END_STREAM, 5, b"end"),
        &frame(HEADERS, END_HEADERS, 7, &[0x88]),
    ]
    .concat();
    let found = feed(&mut reader, Side::Response, &tail);
    assert_eq!(
        found,
        [
            Frame::Data { stream: 5, end: true },
            headers(7, false, status(200))
        ]
    );
    // A gap of a whole frame at a boundary cannot be told from one of half a frame.
    assert_eq!(reader.gap(13), None);
    assert!(reader.is_lost());
    let next = frame(HEADERS, END_HEADERS, 9, &[0x88]);
    assert_eq!(
        feed(&mut reader, Side::Response, &next),
        [headers(9, false, status(200))]
    );
}

#[test]
fn a_gap_that_reaches_beyond_a_body_hides_no_end_that_was_announced() {
    let mut reader = FrameReader::default();
    let data = frame(DATA, END_STREAM, 1, &[0; 100]);
    reader.advance(Side::Response, &data[..30]);
    assert_eq!(reader.gap(500), Some(Frame::Data { stream: 1, end: true }));
    assert!(reader.is_lost());
}

#[test]
fn another_frame_inside_a_field_block_loses_the_framing() {
    // RFC 9113 section 6.10: an error of the connection.
    let mut reader = FrameReader::default();
    for other in [
        frame(HEADERS, END_HEADERS, 3, &[0x88]),
        frame(DATA, 0, 3, &[]),
        frame(CONTINUATION, 0, 3, &[]),
    ] {
        let bytes = [frame(HEADERS, 0, 1, &[0x88]), other].concat();
        let told = feed(&mut reader, Side::Response, &bytes);
        assert_eq!(told, [headers(1, false, Fields::default())]);
        assert!(reader.is_lost());
        let next = frame(HEADERS, END_HEADERS, 5, &[0x88]);
        assert_eq!(
            feed(&mut reader, Side::Response, &next),
            [headers(5, false, status(200))]
        );
    }
}

#[test]
fn padding_longer_than_its_frame() {
    let bytes = [
        frame(HEADERS, PADDED | END_HEADERS, 1, &[9, 0x88, 0]),
        frame(HEADERS, WITH_PRIORITY | END_HEADERS, 3, &[0x88]),
        frame(HEADERS, PADDED | END_HEADERS, 5, &[]),
        frame(HEADERS, PADDED | END_HEADERS, 7, &[2, 0x88, 0, 0]),
    ]
    .concat();
    let frames = read(&[&bytes]);
    assert_eq!(frames[3], headers(7, false, status(200)));
    for (frame, stream) in frames.iter().zip([1, 3, 5]) {
        assert_eq!(*frame, headers(stream, false, Fields::default()));
    }
}

#[test]
fn a_field_block_without_end_is_not_kept() {
    let mut reader = FrameReader::default();
    feed(
        &mut reader,
        Side::Response,
        &frame(HEADERS, 0, 1, &[0x88; 16_000]),
    );
    for _ in 0..20 {
        feed(
            &mut reader,
            Side::Response,
            &frame(CONTINUATION, 0, 1, &[0x88; 16_000]),
        );
        assert!(reader.kept().0 <= HEAD_BYTES);
    }
    let end = feed(
        &mut reader,
        Side::Response,
        &frame(CONTINUATION, END_HEADERS, 1, &[]),
    );
    let too_long = Fields {
        too_long: true,
        ..Fields::default()
    };
    assert_eq!(end, [headers(1, false, too_long)]);
}

#[test]
fn a_midstream_head_tells_who_sends_it() {
    let request = frame(HEADERS, END_HEADERS | END_STREAM, 9, &[0x82, 0xbe]);
    let response = frame(HEADERS, END_HEADERS, 9, &[0x88, 0xbe]);
    let ping = frame(6, 0, 0, &[1; 8]);
    for (bytes, client, server) in [
        (request.clone(), true, false),
        (response.clone(), false, true),
        ([ping.clone(), request].concat(), true, false),
        ([ping.clone(), response].concat(), false, true),
        (ping, false, false),
        (frame(HEADERS, END_HEADERS, 9, &[0xbe]), false, false),
        (vec![0; 400], false, false),
        (b"GET / HTTP/1.1\r\nHost: h\r\n\r\n".to_vec(), false, false),
        (vec![0x16, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3, 0x82], false, false),
    ] {
        assert_eq!(begins_frames(Side::Request, &bytes), client, "{bytes:x?}");
        assert_eq!(begins_frames(Side::Response, &bytes), server, "{bytes:x?}");
    }
}

proptest! {
    #[test]
    fn any_cuts(mut cuts in proptest::collection::vec(0_usize..400, 0..12)) {
        let bytes = stream();
        cuts.retain(|cut| *cut < bytes.len());
        cuts.sort_unstable();
        let mut pieces = Vec::new();
        let mut before = 0;
        for cut in cuts.into_iter().chain([bytes.len()]) {
            pieces.push(&bytes[before..cut]);
            before = cut;
        }
        prop_assert_eq!(read(&pieces), told());
    }

    #[test]
    fn any_bytes_and_any_gaps(pieces in proptest::collection::vec((any::<Vec<u8>>(), 0_u64..200), 0..20)) {
        for side in [Side::Request, Side::Response] {
            let mut reader = FrameReader::default();
            for (piece, gap) in &pieces {
                feed(&mut reader, side, piece);
                if gap % 3 == 0 {
                    reader.gap(*gap);
                }
            }
            prop_assert!(reader.kept().0 <= HEAD_BYTES && reader.kept().1 <= HPACK_TABLE_BYTES);
        }
    }

    #[test]
    fn any_frames(frames in proptest::collection::vec((0_u8..11, any::<u8>(), 0_u32..9, any::<Vec<u8>>()), 0..40)) {
        let mut reader = FrameReader::default();
        for (kind, flags, stream, payload) in &frames {
            feed(&mut reader, Side::Response, &frame(*kind, *flags, *stream, payload));
            prop_assert!(reader.kept().0 <= HEAD_BYTES && reader.kept().1 <= HPACK_TABLE_BYTES);
        }
    }
}

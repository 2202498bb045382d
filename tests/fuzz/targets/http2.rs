//! HTTP/2 frames of one direction, with gaps; without them, every way of cutting says the same.

use flowcheck::http::{Frame, FrameReader, Side};
use flowcheck::limits::TARGET_BYTES;

use super::{Bytes, material, stream};

pub(super) fn run(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    let (choice, pattern) = (bytes.u8(), bytes.u16());
    let side = if choice & 1 == 0 {
        Side::Request
    } else {
        Side::Response
    };
    if choice & 2 == 0 {
        assert_eq!(read(side, &[bytes.0]), read(side, &stream::cut(bytes.0, pattern)));
        return;
    }
    let mut reader = FrameReader::default();
    while !bytes.is_empty() {
        let len = bytes.u8();
        advance(&mut reader, side, bytes.take(usize::from(len)), &mut Vec::new());
        let gap = bytes.u8();
        if gap & 0xf0 == 0 {
            reader.gap(u64::from(gap) * u64::from(gap) * 97 + 1);
        }
        let _ = reader.is_between();
    }
}

fn advance(reader: &mut FrameReader, side: Side, bytes: &[u8], out: &mut Vec<String>) {
    let mut rest = bytes;
    while !rest.is_empty() {
        let (used, frame) = reader.advance(side, rest);
        assert!(used > 0 && used <= rest.len(), "every step moves");
        rest = &rest[used..];
        if let Some(Frame::Headers { fields, .. }) = &frame {
            for text in [&fields.method, &fields.path, &fields.authority]
                .into_iter()
                .flatten()
            {
                assert!(text.len() <= TARGET_BYTES);
            }
            assert!(fields.status.is_none_or(|status| (100..=999).contains(&status)));
        }
        out.extend(frame.map(|frame| format!("{frame:?}")));
    }
}

/// Up to where framing is lost: what comes then depends on where segments begin.
fn read(side: Side, pieces: &[&[u8]]) -> Vec<String> {
    let mut reader = FrameReader::default();
    let mut out = Vec::new();
    for piece in pieces {
        let mut rest = *piece;
        while !rest.is_empty() && !reader.is_lost() {
            let (used, frame) = reader.advance(side, rest);
            assert!(used > 0 && used <= rest.len(), "every step moves");
            out.extend(frame.map(|frame| format!("{frame:?}")));
            rest = &rest[used..];
        }
    }
    out
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for stream in material::streams(4, 900) {
        let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
        if let Some(frames) = stream.strip_prefix(preface) {
            seeds.push([&[0, 0, 0x15][..], frames].concat());
            let mut damaged = vec![2, 0, 0];
            for piece in frames.chunks(60) {
                damaged.push(piece.len() as u8);
                damaged.extend_from_slice(piece);
                damaged.push(piece.len() as u8);
            }
            seeds.push(damaged);
        } else if stream.starts_with(&[0, 0]) {
            seeds.push([&[1, 0, 0x15][..], &stream].concat());
        }
    }
    assert!(!seeds.is_empty(), "a recording has HTTP/2");
    seeds
}

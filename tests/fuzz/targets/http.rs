//! HTTP/1.x messages of one direction, with gaps and cuts; without them, every way of cutting says the same.

use flowcheck::http::{MessageStream, RequestContext, Side};

use super::{Bytes, material, stream};

pub(super) fn run(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    let (choice, pattern) = (bytes.u8(), bytes.u16());
    let (side, context) = stream::side(choice);
    // Whether a body begins with a status line, and is none, is judged where a segment begins.
    let is_judged_by_segments = side == Side::Response && context == RequestContext::Unknown;
    if choice & 0x80 == 0 && is_judged_by_segments {
        stream::read(side, context, stream::cut(bytes.0, pattern));
    } else if choice & 0x80 == 0 {
        stream::hold(side, context, bytes.0, pattern);
    } else {
        damaged(side, context, bytes);
    }
}

/// Segments, gaps between them, and segments that the snaplen cut.
fn damaged(side: Side, context: RequestContext, mut bytes: Bytes<'_>) {
    let mut stream = if bytes.u8() & 1 == 0 {
        MessageStream::default()
    } else {
        MessageStream::midstream()
    };
    while !bytes.is_empty() {
        let (kind, len) = (bytes.u8(), bytes.u8());
        let piece = bytes.take(usize::from(len));
        let mut rest = piece;
        while !rest.is_empty() {
            let step = stream.advance(side, context, rest);
            assert!(step.used > 0 || step.event.is_some());
            rest = rest.get(step.used..).unwrap_or_default();
        }
        match kind % 8 {
            0 => {
                stream.gap(u64::from(kind) << 4 | 1);
            }
            1 => {
                stream.cut(side, context, piece, u64::from(kind));
            }
            2 => {
                stream.gap(u64::MAX - u64::from(kind));
            }
            3 if kind > 0xf0 => stream.tunnel(),
            _ => {}
        }
        let _ = (
            stream.in_head(),
            stream.in_body(),
            stream.is_lost(),
            stream.is_unframed(),
            stream.is_until_close(),
        );
    }
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for stream in material::streams(2, 1_200) {
        let side = u8::from(stream.starts_with(b"HTTP/"));
        seeds.push([&[side, 0, 0x15][..], &stream].concat());
        let mut damaged = vec![0x80 | side, 0, 0, 0];
        for (number, piece) in stream.chunks(150).enumerate() {
            damaged.extend([number as u8, piece.len() as u8]);
            damaged.extend_from_slice(piece);
        }
        seeds.push(damaged);
    }
    seeds
}

//! Compressed captures: any bytes behind a decompressor's magic, and sound streams that were changed.

use std::io::Write as _;

use super::{Bytes, capture, material};

/// Bytes of plain text at most: a bomb is stopped by the reader, but a run should end.
const MOST: usize = 1 << 20;

pub(super) fn run(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    match bytes.u8() % 4 {
        0 => capture::read(&[&[0x1f, 0x8b, 8][..], bytes.0].concat()),
        1 => capture::read(&[&[0x28, 0xb5, 0x2f, 0xfd][..], bytes.0].concat()),
        how => {
            // A sound stream of the rest, repeated, with one byte changed and the end cut.
            let (at, change, repeat, cut) = (bytes.u16(), bytes.u8(), bytes.u8(), bytes.u8());
            let text = bytes.0.repeat(1 + usize::from(repeat >> 4));
            let mut packed = if how == 2 { gzip(&text) } else { zstd(&text) };
            let at = usize::from(at) % packed.len();
            packed[at] ^= change;
            packed.truncate(packed.len() - packed.len() * usize::from(cut) / 1_024);
            if repeat & 1 == 1 {
                packed.extend_from_within(..);
            }
            capture::read(&packed);
        }
    }
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder
        .write_all(&text[..text.len().min(MOST)])
        .and_then(|()| encoder.finish())
        .expect("memory")
}

fn zstd(text: &[u8]) -> Vec<u8> {
    zstd::encode_all(&text[..text.len().min(MOST)], 1).expect("memory")
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let texts = material::recordings()
        .into_iter()
        .map(|recording| recording[..1_500.min(recording.len())].to_vec());
    let each = |text: Vec<u8>| {
        [
            [&[0][..], &gzip(&text)[3..]].concat(),
            [&[1][..], &zstd(&text)[4..]].concat(),
            [&[2, 0, 0, 0, 0, 0][..], &text].concat(),
            [&[3, 0, 0, 0, 0, 0][..], &text].concat(),
        ]
    };
    texts.flat_map(each).collect()
}

//! Field blocks: each piece of the input in a HEADERS frame of its own, so that the framing is no hurdle.

use flowcheck::http::{Frame, FrameReader, Side};
use flowcheck::limits::TARGET_BYTES;

use super::Bytes;

pub(super) fn run(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    let mut reader = FrameReader::default();
    let mut stream = 1_u32;
    while !bytes.is_empty() {
        let len = bytes.u8();
        let block = bytes.take(usize::from(len));
        let header = [&[0, 0, block.len() as u8, 1, 4][..], &stream.to_be_bytes()].concat();
        assert_eq!(reader.advance(Side::Request, &header).0, header.len());
        if !block.is_empty() {
            let (used, frame) = reader.advance(Side::Request, block);
            assert_eq!(used, block.len());
            let Some(Frame::Headers {
                stream: told, fields, ..
            }) = frame
            else {
                panic!("a whole block is told: {frame:?}");
            };
            assert_eq!(told, stream);
            for text in [&fields.method, &fields.path, &fields.authority]
                .into_iter()
                .flatten()
            {
                assert!(text.len() <= TARGET_BYTES);
            }
        }
        stream += 2;
    }
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    // RFC 7541 appendix C: literals, indices, Huffman codes, a table that changes its size.
    let blocks: [&[u8]; 8] = [
        b"\x40\x0acustom-key\x0dcustom-header",
        b"\x04\x0c/sample/path",
        b"\x10\x08password\x06secret",
        &[0x82],
        b"\x82\x86\x84\x41\x0fwww.example.com",
        &[
            0x82, 0x86, 0x84, 0xbe, 0x58, 8, b'n', b'o', b'-', b'c', b'a', b'c', b'h', b'e',
        ],
        &[
            0x82, 0x86, 0x84, 0x41, 0x8c, 0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4,
            0xff,
        ],
        &[0x3f, 0xe1, 0x1f, 0x88, 0xbe, 0x20],
    ];
    let framed = |block: &&[u8]| [&[block.len() as u8][..], block].concat();
    let mut seeds: Vec<Vec<u8>> = blocks.iter().map(framed).collect();
    seeds.push(seeds.concat());
    seeds
}

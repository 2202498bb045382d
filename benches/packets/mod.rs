//! Generated traffic framed in memory, as the source hands it on.

use flowcheck::frame::{Block, FramePlace, LinkType, Record};
use flowcheck::time::Timestamp;

#[path = "../traffic/mod.rs"]
pub(crate) mod traffic;

use traffic::{Plan, Shape};

const FILE_HEADER: usize = 24;
const PACKET_HEADER: usize = 16;

/// `megabytes` of a shape as one block.
pub(crate) fn block(shape: Shape, megabytes: u64) -> Block {
    let mut arena = Vec::new();
    let written = traffic::write(&Plan::new(shape, megabytes * 1_000_000), &mut arena);
    assert!(written.is_ok_and(|written| written.bytes == arena.len() as u64));
    let mut block = Block {
        arena,
        ..Block::default()
    };
    let word = |arena: &[u8], at: usize| {
        let bytes = arena.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
        u32::from_le_bytes(bytes.unwrap_or_default())
    };
    let mut at = FILE_HEADER;
    while at < block.arena.len() {
        let length = word(&block.arena, at + 8);
        let (seconds, micros) = (word(&block.arena, at), word(&block.arena, at + 4));
        at += PACKET_HEADER;
        block.records.push(Record {
            timestamp: Timestamp::from_parts(i64::from(seconds), i64::from(micros) * 1000),
            place: FramePlace::new(
                block.records.len() as u64 + 1,
                flowcheck::frame::InterfaceId::default(),
            ),
            offset: at as u32,
            captured_len: length,
            wire_len: length,
            link_type: LinkType::ETHERNET,
        });
        at += length as usize;
    }
    block
}

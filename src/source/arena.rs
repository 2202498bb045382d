//! Arenas that blocks are read into: made large enough, and used again.

use crate::limits::BLOCK_BYTES;

/// Makes an arena `bytes` long, reusing its memory unless it is far too large.
pub(super) fn make_room(arena: &mut Vec<u8>, bytes: usize) {
    if arena.capacity() < bytes || arena.capacity() / 2 > bytes.max(BLOCK_BYTES) {
        *arena = vec![0; bytes];
    } else if arena.len() < bytes {
        arena.resize(bytes, 0);
    }
}

/// Makes an arena at least `bytes` long and keeps what is in it.
pub(super) fn grow(arena: &mut Vec<u8>, bytes: usize) {
    if arena.len() < bytes {
        arena.resize(bytes.next_power_of_two(), 0);
    }
}

//! Options of pcapng blocks: code, length, value padded to four bytes (section 3.5 of the draft).

use super::ByteOrder;

const END_OF_OPTIONS: u16 = 0;

/// The options in what follows a block's fixed part; ends quietly at the first that does not fit.
pub(super) fn options(order: ByteOrder, bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (code, length) = (order.u16_at(rest, 0)?, usize::from(order.u16_at(rest, 2)?));
        if code == END_OF_OPTIONS {
            return None;
        }
        let value = rest.get(4..4 + length)?;
        rest = rest.get(4 + length.next_multiple_of(4)..).unwrap_or_default();
        Some((code, value))
    })
}

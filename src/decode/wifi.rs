//! IEEE 802.11 data frames and the radio headers that captures put before them.

use super::cursor::Cursor;
use super::layers::{self, Layer};
use super::segment::SkipReason;

const TYPE_DATA: u8 = 2;
const TO_DS: u8 = 0x01;
const FROM_DS: u8 = 0x02;
const MORE_FRAGMENTS: u8 = 0x04;
const PROTECTED: u8 = 0x40;
const ORDER: u8 = 0x80;
const SUBTYPE_NO_DATA: u8 = 0x4;
const SUBTYPE_QOS: u8 = 0x8;

/// A MAC header (IEEE 802.11 section 9.2), then LLC. `padded`: the radio aligned what follows the header to 4 bytes.
pub(super) fn decode(at: &mut Cursor<'_>, padded: bool) -> Result<Layer, SkipReason> {
    let header: &[u8; 24] = at.take()?;
    let (control, flags) = (header[0], header[1]);
    let subtype = control >> 4;
    if control & 3 != 0 || (control >> 2) & 3 != TYPE_DATA || subtype & SUBTYPE_NO_DATA != 0 {
        return Err(SkipReason::NotIp);
    }
    if flags & PROTECTED != 0 {
        return Err(SkipReason::Encrypted);
    }
    if flags & MORE_FRAGMENTS != 0 || header[22] & 0x0f != 0 {
        return Err(SkipReason::Fragment);
    }
    let mut length = header.len();
    if flags & (TO_DS | FROM_DS) == TO_DS | FROM_DS {
        at.skip(6)?;
        length += 6;
    }
    let mut aggregated = false;
    if subtype & SUBTYPE_QOS != 0 {
        aggregated = at.take::<2>()?[0] & 0x80 != 0;
        length += 2;
        if flags & ORDER != 0 {
            at.skip(4)?;
            length += 4;
        }
    }
    if padded {
        at.skip(length.next_multiple_of(4) - length)?;
    }
    if aggregated {
        single(at)?;
    }
    layers::llc(at)
}

/// Several packets aggregated in one frame (A-MSDU) are left out; one alone is read.
fn single(at: &mut Cursor<'_>) -> Result<(), SkipReason> {
    /// Two frames of the least length with the check sequence of the frame around them are longer.
    const SLACK: usize = 8;
    at.skip(12)?;
    let length = usize::from(at.take_u16()?);
    if at.wire_len > length + SLACK {
        return Err(SkipReason::UnsupportedLink);
    }
    Ok(())
}

/// Radiotap (radiotap.org): length, presence words, fields in little-endian. Whether the radio padded the MAC header.
pub(super) fn radiotap(at: &mut Cursor<'_>) -> Result<bool, SkipReason> {
    const TIMER: u32 = 1;
    const FLAGS: u32 = 1 << 1;
    const MORE: u32 = 1 << 31;
    const FLAG_PADDED: u8 = 0x20;
    let header: &[u8; 8] = at.peek(0).ok_or(SkipReason::Truncated)?;
    let [version, _, l0, l1, p0, p1, p2, p3] = *header;
    let length = usize::from(u16::from_le_bytes([l0, l1]));
    if version != 0 || length < header.len() {
        return Err(SkipReason::Malformed);
    }
    let present = u32::from_le_bytes([p0, p1, p2, p3]);
    let mut place = header.len();
    let mut word = present;
    while word & MORE != 0 && place < length {
        word = u32::from_le_bytes(*at.peek(place).ok_or(SkipReason::Truncated)?);
        place += 4;
    }
    if present & TIMER != 0 {
        place = place.next_multiple_of(8) + 8;
    }
    let padded = present & FLAGS != 0
        && place < length
        && at
            .peek::<1>(place)
            .is_some_and(|[flags]| flags & FLAG_PADDED != 0);
    at.skip(length)?;
    Ok(padded)
}

/// The header of linux-wlan's drivers: AVS if it says so, else Prism. Both tell their length.
pub(super) fn prism_or_avs(at: &mut Cursor<'_>) -> Result<(), SkipReason> {
    const AVS_MAGIC: u32 = 0x8021_1000;
    const LEAST: usize = 8;
    const MOST: usize = 1024;
    let words: &[u8; 8] = at.peek(0).ok_or(SkipReason::Truncated)?;
    let [m0, m1, m2, m3, length @ ..] = *words;
    let length = if u32::from_be_bytes([m0, m1, m2, m3]) & 0xffff_f000 == AVS_MAGIC {
        u32::from_be_bytes(length)
    } else {
        // Prism's fields stand in the byte order of the capturing host.
        u32::from_be_bytes(length).min(u32::from_le_bytes(length))
    };
    match length as usize {
        length @ LEAST..=MOST => at.skip(length),
        _ => Err(SkipReason::Malformed),
    }
}

//! From captured bytes to a TCP segment.
//!
//! In: a [`Frame`]. Out: a [`Segment`] borrowing its payload, or a [`SkipReason`].
//! May touch: etherparse's per-layer slices (the whole-packet ones refuse short snaplens and offloaded lengths, and cost
//! several times as much). Never: state. A [`Segment`] is valid by construction: later rooms meet no impossible packet.

mod link;
mod network;
mod segment;
mod transport;

pub use segment::{Address, Flags, IpId, Segment, SkipReason};

use crate::frame::Frame;

/// Decodes one frame.
///
/// # Errors
///
/// Says why a frame holds no TCP segment that can be analysed.
#[inline]
pub fn decode<'a>(frame: &Frame<'a>) -> Result<Segment<'a>, SkipReason> {
    let link = link::decode(frame.link_type, frame.bytes)?;
    // What the link layer took is known exactly; the wire length tells how long an offloaded packet really was.
    let wire_rest = (frame.wire_len as usize).saturating_sub(frame.bytes.len() - link.payload.len());
    let network = network::decode(&link, wire_rest)?;
    transport::decode(frame, &link, &network)
}

#[cfg(test)]
mod tests;

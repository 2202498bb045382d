//! From captured bytes to a TCP segment.
//!
//! In: a [`Frame`]. Out: the innermost [`Segment`], its payload borrowed, and its ends, or a [`Fragment`], or a
//! [`SkipReason`].
//! May touch: etherparse's per-layer slices (the whole-packet ones refuse short snaplens and offloaded lengths, and cost
//! several times as much). Never: state. A [`Segment`] is valid by construction: later rooms meet no impossible packet.

mod cursor;
mod fragment;
mod inside;
mod layers;
mod link;
mod links;
mod network;
mod plain;
mod print;
mod segment;
mod transport;
mod tunnel;
mod wifi;

pub use fragment::{Datagram, DatagramId, Fragment};
pub use plain::{Plain, Sight, plain, plain_ends};
pub(crate) use print::Features;
pub use print::Print;
pub use segment::{Address, End, Flags, IpId, Likeness, Packet, Segment, SegmentHead, SkipReason};

use crate::frame::Frame;
use inside::Found;
use link::Link;

/// What a frame or a datagram put together from fragments holds.
#[derive(Clone, Copy, Debug)]
pub enum Decoded<'a> {
    /// A TCP segment, and whose it is.
    Packet(Packet<'a>),
    /// A fragment of a datagram.
    Fragment(Fragment<'a>),
}

/// Decodes one frame of the kinds that most captures are made of: TCP in IP on a plain link.
///
/// # Errors
///
/// Says why a frame holds no TCP segment that can be analysed; [`decode_unusual`] may still find one.
#[inline]
pub fn decode<'a>(frame: &Frame<'a>) -> Result<Packet<'a>, SkipReason> {
    let link = link::decode(frame.link_type, frame.bytes)?;
    let network = network::decode(&link, wire_rest(frame, &link))?;
    transport::decode(frame, &link, &network)
}

/// Decodes a frame that [`decode`] gave up for `reason`: other links, tunnels, fragments. Apart from it, so that the
/// usual packets need not pay.
///
/// # Errors
///
/// Says why a frame holds no TCP segment that can be analysed.
#[cold]
#[inline(never)]
pub fn decode_unusual<'a>(frame: &Frame<'a>, reason: SkipReason) -> Result<Decoded<'a>, SkipReason> {
    match reason {
        SkipReason::Truncated | SkipReason::Malformed | SkipReason::Encrypted => return Err(reason),
        SkipReason::NotIp | SkipReason::NotTcp | SkipReason::Fragment | SkipReason::UnsupportedLink => {}
    }
    let link = links::decode(frame.link_type, frame.bytes)?;
    decoded(frame, inside::look(&link, wire_rest(frame, &link))?)
}

/// Decodes a datagram put together from fragments, of which `frame` completed it.
///
/// # Errors
///
/// Says why it holds no TCP segment that can be analysed.
#[cold]
#[inline(never)]
pub fn decode_datagram<'a>(frame: &Frame<'_>, datagram: &Datagram<'a>) -> Result<Decoded<'a>, SkipReason> {
    decoded(frame, inside::look_into(datagram)?)
}

fn decoded<'a>(frame: &Frame<'_>, found: Found<'a>) -> Result<Decoded<'a>, SkipReason> {
    match found {
        Found::Tcp(link, network) => transport::decode(frame, &link, &network).map(Decoded::Packet),
        Found::Fragment(fragment) => Ok(Decoded::Fragment(fragment)),
    }
}

/// What the link layer took is known exactly; the wire length tells how long an offloaded packet really was.
#[inline]
fn wire_rest(frame: &Frame<'_>, link: &Link<'_>) -> usize {
    (frame.wire_len as usize).saturating_sub(frame.bytes.len() - link.payload.len())
}

#[cfg(test)]
mod layer_tests;
#[cfg(test)]
mod tests;

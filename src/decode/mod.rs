//! From captured bytes to a TCP segment.
//!
//! In: a [`Frame`](crate::frame::Frame). Out: the innermost [`Segment`], its payload borrowed, or a [`Fragment`], or a
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
mod segment;
mod transport;
mod tunnel;
mod wifi;

pub use fragment::{Datagram, DatagramId, Fragment};
pub use segment::{Address, Flags, IpId, Segment, SkipReason};

use crate::frame::Frame;
use inside::Found;
use link::Link;

/// What a datagram put together from fragments holds.
#[derive(Clone, Copy, Debug)]
pub enum Decoded<'a> {
    /// A TCP segment.
    Segment(Segment<'a>),
    /// A fragment of another datagram: its tunnel was fragmented, and so is the packet inside.
    Fragment(Fragment<'a>),
}

/// Decodes one frame.
///
/// # Errors
///
/// Says why a frame holds no TCP segment that can be analysed. For [`SkipReason::Fragment`] there is [`fragment`].
#[inline]
pub fn decode<'a>(frame: &Frame<'a>) -> Result<Segment<'a>, SkipReason> {
    let (link, wire_rest) = link(frame)?;
    match network::decode(&link, wire_rest) {
        Ok(network) => transport::decode(frame, &link, &network),
        Err(SkipReason::NotTcp) => inside(frame, &link, wire_rest),
        Err(reason) => Err(reason),
    }
}

/// The fragment in a frame of which [`decode`] says that it holds one.
///
/// # Errors
///
/// [`SkipReason::Fragment`] for fragments of the link layer, which are not put together.
#[cold]
pub fn fragment<'a>(frame: &Frame<'a>) -> Result<Fragment<'a>, SkipReason> {
    let (link, wire_rest) = link(frame)?;
    match inside::look(&link, wire_rest)? {
        Found::Fragment(fragment) => Ok(fragment),
        Found::Tcp(..) => Err(SkipReason::Fragment),
    }
}

/// Decodes a datagram put together from fragments, of which `frame` completed it.
///
/// # Errors
///
/// Says why it holds no TCP segment that can be analysed.
#[cold]
pub fn datagram<'a>(frame: &Frame<'_>, datagram: &Datagram<'a>) -> Result<Decoded<'a>, SkipReason> {
    match inside::look_into(datagram)? {
        Found::Fragment(fragment) => Ok(Decoded::Fragment(fragment)),
        Found::Tcp(link, network) => transport::decode(frame, &link, &network).map(Decoded::Segment),
    }
}

#[inline]
fn link<'a>(frame: &Frame<'a>) -> Result<(Link<'a>, usize), SkipReason> {
    let link = link::decode(frame.link_type, frame.bytes)?;
    // What the link layer took is known exactly; the wire length tells how long an offloaded packet really was.
    let wire_rest = (frame.wire_len as usize).saturating_sub(frame.bytes.len() - link.payload.len());
    Ok((link, wire_rest))
}

/// The segment in a tunnel.
#[cold]
fn inside<'a>(frame: &Frame<'_>, link: &Link<'a>, wire_rest: usize) -> Result<Segment<'a>, SkipReason> {
    match inside::look(link, wire_rest)? {
        Found::Tcp(link, network) => transport::decode(frame, &link, &network),
        Found::Fragment(_) => Err(SkipReason::Fragment),
    }
}

#[cfg(test)]
mod tests;

//! Fragments of IP datagrams, and what becomes of them once they are put together.

use super::segment::{Address, IpId};
use crate::classify::Path;

/// Which datagram a fragment belongs to (RFC 791 section 3.2, RFC 8200 section 4.5).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct DatagramId {
    /// Sender's address.
    pub source: Address,
    /// Receiver's address.
    pub destination: Address,
    /// VLANs and tunnel.
    pub path: Path,
    /// The identification: 16 bits of IPv4, 32 of IPv6.
    pub id: u32,
    /// IPv4's protocol; 0 for IPv6, where it is no part of the identity.
    pub protocol: u8,
}

/// A fragment of an IP datagram.
#[derive(Clone, Copy, Debug)]
pub struct Fragment<'a> {
    /// Its datagram.
    pub id: DatagramId,
    /// Where it begins in the datagram's payload, in bytes.
    pub offset: usize,
    /// Whether others follow it.
    pub more: bool,
    /// What the datagram holds; the first fragment's counts.
    pub protocol: u8,
    /// IPv4 identification.
    pub ip_id: IpId,
    /// TTL or hop limit.
    pub ttl: u8,
    /// Interface index inside a cooked (SLL2) capture, else 0.
    pub if_index: u32,
    /// What was captured of it.
    pub bytes: &'a [u8],
    /// Its bytes on the wire; `bytes` may hold fewer (snaplen).
    pub wire_len: usize,
}

/// The payload of a datagram whose fragments are all there.
#[derive(Clone, Copy, Debug)]
pub struct Datagram<'a> {
    /// Which it is.
    pub id: DatagramId,
    /// What it holds.
    pub protocol: u8,
    /// IPv4 identification.
    pub ip_id: IpId,
    /// TTL or hop limit.
    pub ttl: u8,
    /// Interface index inside a cooked (SLL2) capture, else 0.
    pub if_index: u32,
    /// What was captured of it without a hole.
    pub bytes: &'a [u8],
    /// Its bytes on the wire.
    pub wire_len: usize,
}

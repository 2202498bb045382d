//! IPv4 and IPv6: addresses, where the transport header begins, how long the payload was on the wire.

use etherparse::{IpNumber, Ipv4HeaderSlice, Ipv6ExtensionsSlice, Ipv6HeaderSlice};

use super::link::{Ip, Link};
use super::segment::{Address, IpId, SkipReason};

pub(super) struct Network<'a> {
    pub(super) source: Address,
    pub(super) destination: Address,
    pub(super) ip_id: IpId,
    pub(super) ttl: u8,
    /// Bytes after the IP headers that existed on the wire.
    pub(super) payload_len: usize,
    /// What was captured of them (may include link-layer padding).
    pub(super) payload: &'a [u8],
}

#[inline]
pub(super) fn decode<'a>(link: &Link<'a>, wire_rest: usize) -> Result<Network<'a>, SkipReason> {
    let version = link.payload.first().ok_or(SkipReason::Truncated)? >> 4;
    match (link.ip, version) {
        (Ip::V4 | Ip::ByVersion, 4) => v4(link.payload, wire_rest),
        (Ip::V6 | Ip::ByVersion, 6) => v6(link.payload, wire_rest),
        (Ip::ByVersion, _) => Err(SkipReason::NotIp),
        _ => Err(SkipReason::Malformed),
    }
}

#[inline]
fn v4(bytes: &[u8], wire_rest: usize) -> Result<Network<'_>, SkipReason> {
    let header = Ipv4HeaderSlice::from_slice(bytes).map_err(|_| v4_error(bytes))?;
    if header.protocol() != IpNumber::TCP {
        return Err(SkipReason::NotTcp);
    }
    if header.is_fragmenting_payload() {
        return Err(SkipReason::Fragment);
    }
    let header_len = header.slice().len();
    let payload_len = match usize::from(header.total_len()) {
        // Segmentation offload: the sending host's kernel leaves the length to the card.
        0 => wire_rest.checked_sub(header_len).ok_or(SkipReason::Malformed)?,
        total => total.checked_sub(header_len).ok_or(SkipReason::Malformed)?,
    };
    Ok(Network {
        source: Address::v4(header.source()),
        destination: Address::v4(header.destination()),
        ip_id: Some(header.identification()),
        ttl: header.ttl(),
        payload_len,
        payload: &bytes[header_len..],
    })
}

/// A header length under 5 words is a contradiction, everything else is a cut packet.
pub(super) fn v4_error(bytes: &[u8]) -> SkipReason {
    match bytes.first() {
        Some(first) if first & 15 < 5 => SkipReason::Malformed,
        _ => SkipReason::Truncated,
    }
}

#[inline]
fn v6(bytes: &[u8], wire_rest: usize) -> Result<Network<'_>, SkipReason> {
    let header = Ipv6HeaderSlice::from_slice(bytes).map_err(|_| SkipReason::Truncated)?;
    let header_len = header.slice().len();
    let after = &bytes[header_len..];
    let declared = match usize::from(header.payload_length()) {
        0 => wire_rest.saturating_sub(header_len),
        declared => declared,
    };
    let (payload, payload_len) = if header.next_header() == IpNumber::TCP {
        (after, declared)
    } else {
        let (extensions, next, rest, error) =
            Ipv6ExtensionsSlice::from_slice_lax(header.next_header(), after);
        if extensions.is_fragmenting_payload() {
            return Err(SkipReason::Fragment);
        }
        if next != IpNumber::TCP {
            return Err(if error.is_some() {
                SkipReason::Truncated
            } else {
                SkipReason::NotTcp
            });
        }
        let taken = after.len() - rest.len();
        (rest, declared.checked_sub(taken).ok_or(SkipReason::Malformed)?)
    };
    Ok(Network {
        source: Address::v6(header.source()),
        destination: Address::v6(header.destination()),
        ip_id: None,
        ttl: header.hop_limit(),
        payload_len,
        payload,
    })
}

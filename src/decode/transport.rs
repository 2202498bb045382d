//! TCP (RFC 9293 section 3.1), whole or with its options cut by a short snaplen.

use etherparse::{TcpHeaderSlice, TcpOptionElement};

use super::link::Link;
use super::network::Network;
use super::print::{Features, Print};
use super::segment::{Flags, Likeness, Packet, SegmentHead, SkipReason};
use crate::frame::Frame;

const FIXED_LEN: usize = 20;
const FLAGS_AT: usize = 13;
const DATA_OFFSET_AT: usize = 12;
/// NOP, NOP, Timestamps (kind 8, length 10): how every common stack lays the option out (RFC 7323 appendix A).
const ALIGNED_TIMESTAMPS: [u8; 4] = [1, 1, 8, 10];

#[inline]
pub(super) fn decode<'a>(
    frame: &Frame<'_>,
    link: &Link<'_>,
    network: &Network<'a>,
) -> Result<Packet<'a>, SkipReason> {
    let bytes = network.payload;
    let captured_flags = *bytes.get(FLAGS_AT).ok_or(SkipReason::Truncated)?;
    if network.payload_len < FIXED_LEN {
        return Err(SkipReason::Malformed);
    }
    let header_len = usize::from(bytes[DATA_OFFSET_AT] >> 4) * 4;
    if header_len < FIXED_LEN || header_len > network.payload_len {
        return Err(SkipReason::Malformed);
    }
    let mut whole = [0; FIXED_LEN];
    let (header, ts_value) = if let Ok(header) = TcpHeaderSlice::from_slice(bytes) {
        let ts_value = timestamp_value(&header);
        (header, ts_value)
    } else {
        // The snaplen cut the options: the fixed part alone is a valid header once its offset says so.
        whole.copy_from_slice(bytes.get(..FIXED_LEN).ok_or(SkipReason::Truncated)?);
        whole[DATA_OFFSET_AT] = 5 << 4;
        (
            TcpHeaderSlice::from_slice(&whole).map_err(|_| SkipReason::Malformed)?,
            None,
        )
    };
    let payload_len = network.payload_len - header_len;
    let captured = bytes.get(header_len..).unwrap_or_default();
    let features = Features {
        ip_id: network.ip_id,
        ts_value: ts_value.unwrap_or(0),
        ttl: network.ttl,
        interface: frame.place.interface(),
        if_index: link.if_index,
    };
    let head = SegmentHead {
        timestamp: frame.timestamp,
        place: frame.place,
        likeness: Likeness {
            sequence: header.sequence_number(),
            acknowledgment: header.acknowledgment_number(),
            flags: Flags(captured_flags & 0x3f),
            window: header.window_size(),
            payload_len: payload_len as u32,
            print: Print::of(&features),
        },
    };
    Ok(Packet {
        head,
        // What lies beyond the IP length is link-layer padding.
        payload: &captured[..captured.len().min(payload_len)],
        path: link.path,
        source: (network.source, header.source_port()),
        destination: (network.destination, header.destination_port()),
    })
}

#[inline]
fn timestamp_value(header: &TcpHeaderSlice<'_>) -> Option<u32> {
    let options = header.options();
    if let Some((first, rest)) = options.split_first_chunk::<4>()
        && *first == ALIGNED_TIMESTAMPS
        && let Some((value, _)) = rest.split_first_chunk::<4>()
    {
        return Some(u32::from_be_bytes(*value));
    }
    header.options_iterator().find_map(|option| match option {
        Ok(TcpOptionElement::Timestamp(value, _)) => Some(value),
        _ => None,
    })
}

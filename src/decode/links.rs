//! Every link type, with all that may stand between it and IP. The fast path knows the frequent ones in their plain form.

use super::cursor::Cursor;
use super::layers::{self, Layer};
use super::link::{self, Link};
use super::segment::SkipReason;
use super::wifi;
use crate::frame::LinkType;

pub(super) fn decode(link_type: LinkType, bytes: &[u8]) -> Result<Link<'_>, SkipReason> {
    let mut at = Cursor::new(bytes, bytes.len());
    let layer = match link_type {
        LinkType::ETHERNET => Layer::Ethernet,
        LinkType::LINUX_SLL => {
            at.skip(14)?;
            Layer::Type(at.take_u16()?)
        }
        LinkType::LINUX_SLL2 => {
            let [t0, t1, _, _, i0, i1, i2, i3] = *at.take::<8>()?;
            at.if_index = u32::from_be_bytes([i0, i1, i2, i3]);
            at.skip(12)?;
            Layer::Type(u16::from_be_bytes([t0, t1]))
        }
        LinkType::PPP => Layer::Ppp,
        LinkType::PPP_WITH_DIR => {
            at.skip(1)?;
            Layer::Ppp
        }
        LinkType::PPP_SERIAL => serial(&mut at)?,
        LinkType::C_HDLC => cisco(&mut at)?,
        LinkType::PPP_ETHER => layers::pppoe(&mut at)?,
        LinkType::IEEE802_11 => wifi::decode(&mut at, false)?,
        LinkType::IEEE802_11_RADIO => {
            let padded = wifi::radiotap(&mut at)?;
            wifi::decode(&mut at, padded)?
        }
        LinkType::PRISM_HEADER | LinkType::IEEE802_11_RADIO_AVS => {
            wifi::prism_or_avs(&mut at)?;
            wifi::decode(&mut at, false)?
        }
        _ => return link::decode(link_type, bytes),
    };
    layers::link(layer, at)
}

/// PPP in HDLC-like framing, or Cisco's: the first byte tells (0xff, or 0x0f and 0x8f).
fn serial(at: &mut Cursor<'_>) -> Result<Layer, SkipReason> {
    match at.peek(0) {
        Some([0x0f | 0x8f]) => cisco(at),
        _ => Ok(Layer::Ppp),
    }
}

/// Cisco HDLC: unicast or multicast address, a zero byte, and an Ethertype.
fn cisco(at: &mut Cursor<'_>) -> Result<Layer, SkipReason> {
    match at.take::<2>()? {
        [0x0f | 0x8f, _] => Ok(Layer::Type(at.take_u16()?)),
        _ => Err(SkipReason::NotIp),
    }
}

//! The rest of a packet while its layers come off: what was captured of it, and how long it was on the wire.

use super::segment::SkipReason;
use crate::classify::{Path, Tunnel};

/// What is left of a packet behind the headers taken so far, and what they said.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    /// What was captured.
    pub(super) bytes: &'a [u8],
    /// How long it was on the wire; at least what was captured, once an IP header has said so.
    pub(super) wire_len: usize,
    pub(super) path: Path,
    pub(super) if_index: u32,
    /// VLAN tags of the present link-layer frame.
    pub(super) tags: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8], wire_len: usize) -> Self {
        Self {
            bytes,
            wire_len,
            path: Path::default(),
            if_index: 0,
            tags: 0,
        }
    }

    /// Takes a header of fixed length.
    pub(super) fn take<const N: usize>(&mut self) -> Result<&'a [u8; N], SkipReason> {
        let (header, rest) = self.bytes.split_first_chunk::<N>().ok_or(SkipReason::Truncated)?;
        self.advance(rest);
        Ok(header)
    }

    /// Takes a header field of 16 bits in network byte order.
    pub(super) fn take_u16(&mut self) -> Result<u16, SkipReason> {
        self.take().map(|bytes| u16::from_be_bytes(*bytes))
    }

    /// Takes a header field of 32 bits in network byte order.
    pub(super) fn take_u32(&mut self) -> Result<u32, SkipReason> {
        self.take().map(|bytes| u32::from_be_bytes(*bytes))
    }

    /// Leaves out `count` bytes.
    pub(super) fn skip(&mut self, count: usize) -> Result<(), SkipReason> {
        let rest = self.bytes.get(count..).ok_or(SkipReason::Truncated)?;
        self.advance(rest);
        Ok(())
    }

    /// The next bytes, left where they are.
    pub(super) fn peek<const N: usize>(&self, at: usize) -> Option<&'a [u8; N]> {
        self.bytes.get(at..)?.first_chunk()
    }

    /// The length that a header declares for what follows it: beyond is padding.
    pub(super) fn declare(&mut self, len: usize) {
        self.wire_len = len;
        self.bytes = &self.bytes[..self.bytes.len().min(len)];
    }

    /// A VLAN tag: those of an inner frame replace those around its tunnel. Id 0 carries a priority only (802.1Q
    /// section 9.6) and names no VLAN.
    pub(super) fn tag(&mut self, id: u16) {
        if self.tags == 0 {
            self.path.vlans = [0; 2];
        }
        if id != 0
            && let Some(slot) = self.path.vlans.iter_mut().find(|slot| **slot == 0)
        {
            *slot = id;
        }
        self.tags += 1;
    }

    /// A tunnel whose network both directions of a connection name alike.
    pub(super) fn tunnel(&mut self, kind: &'static str, id: u32) {
        self.path.tunnel = Some(Tunnel { kind, id });
    }

    fn advance(&mut self, rest: &'a [u8]) {
        self.wire_len = self.wire_len.saturating_sub(self.bytes.len() - rest.len());
        self.bytes = rest;
    }
}

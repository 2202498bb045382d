//! Blocks that hold a packet.

use super::ByteOrder;

/// A packet as some block describes it.
pub(super) struct Packet {
    pub(super) interface: usize,
    /// Ticks since the epoch; `None` where the block has no time.
    pub(super) ticks: Option<u64>,
    /// As claimed; the block may hold less.
    pub(super) captured_len: u32,
    pub(super) wire_len: u32,
    /// Where the packet's bytes begin in the block's body.
    pub(super) at: usize,
}

/// Section 4.3: interface, time (high, low), captured and original length, packet, options.
#[inline]
pub(super) fn enhanced(order: ByteOrder, body: &[u8]) -> Option<Packet> {
    let &[
        i0,
        i1,
        i2,
        i3,
        h0,
        h1,
        h2,
        h3,
        l0,
        l1,
        l2,
        l3,
        c0,
        c1,
        c2,
        c3,
        w0,
        w1,
        w2,
        w3,
    ] = body.first_chunk::<20>()?;
    Some(Packet {
        interface: order.u32([i0, i1, i2, i3]) as usize,
        ticks: Some(ticks(order, [h0, h1, h2, h3], [l0, l1, l2, l3])),
        captured_len: order.u32([c0, c1, c2, c3]),
        wire_len: order.u32([w0, w1, w2, w3]),
        at: 20,
    })
}

/// Appendix of the same draft: as the enhanced one, with a 16-bit interface and a drop counter.
pub(super) fn obsolete(order: ByteOrder, body: &[u8]) -> Option<Packet> {
    let &[
        i0,
        i1,
        _,
        _,
        h0,
        h1,
        h2,
        h3,
        l0,
        l1,
        l2,
        l3,
        c0,
        c1,
        c2,
        c3,
        w0,
        w1,
        w2,
        w3,
    ] = body.first_chunk::<20>()?;
    Some(Packet {
        interface: usize::from(order.u16([i0, i1])),
        ticks: Some(ticks(order, [h0, h1, h2, h3], [l0, l1, l2, l3])),
        captured_len: order.u32([c0, c1, c2, c3]),
        wire_len: order.u32([w0, w1, w2, w3]),
        at: 20,
    })
}

#[inline]
fn ticks(order: ByteOrder, high: [u8; 4], low: [u8; 4]) -> u64 {
    u64::from(order.u32(high)) << 32 | u64::from(order.u32(low))
}

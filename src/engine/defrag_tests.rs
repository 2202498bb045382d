use super::Engine;
use super::context::Config;
use crate::frame::{Frame, FramePlace, InterfaceId, LinkType};
use crate::time::{MICROSECOND, Nanos, SECOND, Timestamp};

/// TCP from port 40000 to 8080 with 44 bytes of a request: 64 bytes, eight of a fragment's units.
fn tcp() -> Vec<u8> {
    let mut out = vec![
        0x9c, 0x40, 0x1f, 0x90, 0, 0, 0, 1, 0, 0, 0, 2, 0x50, 0x18, 0x01, 0xf5, 0, 0, 0, 0,
    ];
    out.extend_from_slice(b"GET /0123456789 HTTP/1.1\r\nHost: abcdefgh\r\n\r\n");
    out
}

fn v4(id: u16, from: usize, to: usize, payload: &[u8]) -> Vec<u8> {
    let more = if to < payload.len() { 0x2000 } else { 0 };
    let [o0, o1] = (more | (from / 8) as u16).to_be_bytes();
    let [i0, i1] = id.to_be_bytes();
    let mut packet = vec![0x45, 0, 0, (20 + to - from) as u8, i0, i1, o0, o1, 64, 6, 0, 0];
    packet.extend_from_slice(&[10, 0, 0, 1, 10, 0, 0, 2]);
    packet.extend_from_slice(&payload[from..to]);
    packet
}

fn v6(id: u32, from: usize, to: usize, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x60, 0, 0, 0, 0, (8 + to - from) as u8, 44, 64];
    packet.extend_from_slice(&[0xfd; 16]);
    packet.extend_from_slice(&[0xfe; 16]);
    packet.extend_from_slice(&[6, 0]);
    packet.extend_from_slice(&(from as u16 | u16::from(to < payload.len())).to_be_bytes());
    packet.extend_from_slice(&id.to_be_bytes());
    packet.extend_from_slice(&payload[from..to]);
    packet
}

struct Wire {
    engine: Engine,
    number: u64,
    at: Nanos,
}

impl Wire {
    fn new() -> Self {
        Self {
            engine: Engine::new(Config::default()),
            number: 0,
            at: SECOND,
        }
    }

    fn cut(&mut self, packet: &[u8], captured: usize) {
        self.number += 1;
        self.at += 100 * MICROSECOND;
        self.engine.frame(
            self.number,
            &Frame {
                timestamp: Timestamp::from_nanos(self.at),
                place: FramePlace::new(self.number, InterfaceId::default()),
                wire_len: packet.len() as u32,
                link_type: LinkType::RAW,
                bytes: &packet[..captured],
            },
        );
    }

    fn take(&mut self, packet: &[u8]) {
        self.cut(packet, packet.len());
    }

    /// Segments, fragments left out, copies, bytes in conflict.
    fn counts(&self) -> (u64, u64, u64, u64) {
        let quality = self.engine.quality();
        let skipped = quality.skipped();
        assert_eq!(
            skipped.not_ip + skipped.not_tcp + skipped.truncated + skipped.malformed,
            0,
            "{skipped:?}"
        );
        (
            quality.flags.total(),
            skipped.fragment,
            quality.duplicates,
            quality.overlap_conflicts,
        )
    }
}

#[test]
fn fragments_in_any_order_are_one_segment() {
    let tcp = tcp();
    let parts = [(0, 24), (24, 48), (48, tcp.len())];
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let (mut old, mut new) = (Wire::new(), Wire::new());
        for place in order {
            let (from, to) = parts[place];
            assert_eq!(old.counts().0, 0);
            old.take(&v4(7, from, to, &tcp));
            new.take(&v6(7, from, to, &tcp));
        }
        assert_eq!(old.counts(), (1, 0, 0, 0), "{order:?}");
        assert_eq!(new.counts(), (1, 0, 0, 0), "{order:?}");
        assert_eq!(old.engine.defrag.held_bytes(), 0);
    }
}

#[test]
fn where_fragments_overlap_the_first_wins() {
    let tcp = tcp();
    let mut forged = tcp.clone();
    forged[24..40].fill(b'!');
    let mut wire = Wire::new();
    wire.take(&v4(7, 0, 32, &tcp));
    wire.take(&v4(7, 24, 40, &forged));
    wire.take(&v4(7, 32, tcp.len(), &tcp));
    // 24..32 came first from the first fragment, 32..40 from the forged one.
    assert_eq!(wire.counts(), (1, 0, 0, 16));
    // One that brings nothing new is a copy.
    let mut wire = Wire::new();
    wire.take(&v4(7, 0, 32, &tcp));
    wire.take(&v4(7, 0, 32, &tcp));
    wire.take(&v4(7, 32, tcp.len(), &tcp));
    wire.take(&v4(7, 32, tcp.len(), &tcp));
    assert_eq!(wire.counts(), (1, 0, 2, 0));
}

#[test]
fn what_is_never_complete_stays_left_out() {
    let tcp = tcp();
    let mut wire = Wire::new();
    wire.take(&v4(7, 0, 32, &tcp));
    wire.take(&v4(8, 32, tcp.len(), &tcp));
    assert_eq!(wire.counts(), (0, 2, 0, 0));
    wire.at += 31 * SECOND;
    // Too late: its first half is gone.
    wire.take(&v4(7, 32, tcp.len(), &tcp));
    assert_eq!(wire.counts(), (0, 3, 0, 0));
}

#[test]
fn an_identification_comes_round_again() {
    let tcp = tcp();
    let mut wire = Wire::new();
    for _ in 0..2 {
        wire.take(&v4(7, 0, 32, &tcp));
        wire.take(&v4(7, 32, tcp.len(), &tcp));
        wire.at += SECOND / 10;
    }
    assert_eq!(wire.counts(), (2, 0, 0, 0));
}

#[test]
fn a_short_snaplen_keeps_the_length() {
    let tcp = tcp();
    let mut wire = Wire::new();
    wire.cut(&v4(7, 0, 32, &tcp), 20 + 24);
    wire.cut(&v4(7, 32, tcp.len(), &tcp), 20 + 8);
    assert_eq!(wire.counts(), (1, 0, 0, 0));
}

#[test]
fn the_store_is_bounded() {
    let tcp = tcp();
    let mut wire = Wire::new();
    for id in 0..60_000 {
        wire.take(&v4(id, 0, 32, &tcp));
        wire.take(&v6(u32::from(id), 0, 32, &tcp));
    }
    assert_eq!(wire.counts(), (0, 120_000, 0, 0));
    assert!(wire.engine.defrag.len() <= crate::limits::DATAGRAMS);
    assert!(wire.engine.defrag.held_bytes() <= crate::limits::FRAGMENT_BYTES);
    // The latest are still there.
    wire.take(&v4(59_999, 32, tcp.len(), &tcp));
    assert_eq!(wire.counts(), (1, 119_999, 0, 0));
}

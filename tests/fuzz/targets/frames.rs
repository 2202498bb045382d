//! Packets of any link type, raw, into one engine: decoding, tunnels, fragments, the table.

use flowcheck::aggregate::Told;
use flowcheck::engine::{Config, Engine};
use flowcheck::frame::{Frame, FramePlace, InterfaceId};
use flowcheck::time::Timestamp;

use super::packet::LINKS;
use super::{Bytes, material};

pub(super) fn run(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    let mut engine = Engine::new(Config {
        keep_exchanges: true,
        keep_connections: Some(100),
        ..Config::default()
    });
    let (mut order, mut time) = (0, 1_700_000_000_000_000_000_i64);
    let (mut told, mut exchanges) = (Told::default(), Vec::new());
    while !bytes.is_empty() {
        let (link, step, len) = (bytes.u8(), bytes.u8(), bytes.u16() % 1_024);
        let packet = bytes.take(usize::from(len));
        time = time.saturating_add(match step {
            0xff => i64::MAX / 3,
            0xfe => i64::MIN / 3,
            0xe0..0xfe => i64::from(step) * 100_000_000,
            _ => i64::from(step) * 10_000,
        });
        order += 1;
        let frame = Frame {
            timestamp: Timestamp::from_nanos(time),
            place: FramePlace::new(order, InterfaceId(u16::from(link >> 6))),
            wire_len: u32::from(len).max(packet.len() as u32),
            link_type: LINKS[usize::from(link & 0x3f) % LINKS.len()],
            bytes: packet,
        };
        engine.pass(order, frame.timestamp);
        engine.frame(order, &frame);
        if step & 7 == 7 {
            engine.take(&mut told, &mut exchanges);
        }
    }
    let quality = engine.quality();
    assert_eq!(quality.packets, order);
    let skipped: u64 = quality.skipped.iter().sum();
    assert!(
        quality.flags.total() + skipped <= order,
        "a packet is a segment or left out"
    );
    engine.finish();
    for unsure in [false, true] {
        let left = engine.left(unsure);
        engine.learn_left(&left);
        left.parts()
            .iter()
            .for_each(|part| engine.tell_part(*part, unsure));
    }
    engine.take(&mut told, &mut exchanges);
    let quality = engine.quality();
    let skipped: u64 = quality.skipped.iter().sum();
    assert!(quality.flags.total() + skipped <= order, "each once");
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let packets = material::packets(24);
    let seed = |some: &[(flowcheck::frame::LinkType, Vec<u8>)]| {
        let mut seed = Vec::new();
        for (link, bytes) in some {
            let index = LINKS.iter().position(|known| known == link).unwrap_or(0) as u8;
            let kept = &bytes[..bytes.len().min(400)];
            seed.extend([index, 5]);
            seed.extend_from_slice(&(kept.len() as u16).to_be_bytes());
            seed.extend_from_slice(kept);
        }
        seed
    };
    packets.chunks(12).map(seed).collect()
}

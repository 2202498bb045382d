//! Random damage to a real capture: what it leaves alone is reported.

use std::collections::HashSet;
use std::ops::Range;

use super::build::{Endian, PcapNg};
use super::{Seen, drain, open_bytes, read};

/// Packets of the real capture that are used.
const PACKETS: usize = 120;
const MUTATIONS: u64 = 10_000;

/// A small generator (Marsaglia's xorshift), so that a seed names a mutation.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        let mut random = Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        random.below(7);
        random.below(7);
        random
    }

    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % bound.max(1)
    }

    pub(super) fn bytes(&mut self, length: usize) -> Vec<u8> {
        match self.below(4) {
            0 => vec![0; length],
            1 => vec![0xff; length],
            _ => (0..length).map(|_| self.below(256) as u8).collect(),
        }
    }
}

/// A sound file, where each of its packets' records lies, and what they hold.
pub(super) struct Original {
    pub(super) bytes: Vec<u8>,
    pub(super) records: Vec<Range<usize>>,
    pub(super) seen: Vec<Seen>,
    /// Bytes of a record in front of the packet.
    header: usize,
}

pub(super) fn pcap() -> Original {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/captures/keepalive.pcap");
    let all = std::fs::read(path).unwrap();
    let (mut at, mut records) = (24, Vec::new());
    while records.len() < PACKETS {
        let captured = u32::from_le_bytes(all[at + 8..at + 12].try_into().unwrap()) as usize;
        records.push(at..at + 16 + captured);
        at += 16 + captured;
    }
    let bytes = all[..at].to_vec();
    let seen = read(&bytes).seen;
    assert_eq!(seen.len(), PACKETS);
    let header = 16;
    Original {
        bytes,
        records,
        seen,
        header,
    }
}

pub(super) fn pcapng() -> Original {
    let seen = pcap().seen;
    let mut file = PcapNg::new(Endian::Little).interface(seen[0].link_type, 0, &[(2, b"eth0")]);
    let mut records = Vec::new();
    for packet in &seen {
        let start = file.bytes.len();
        file = file.enhanced(0, (packet.nanos / 1_000) as u64, packet.wire_len, &packet.bytes);
        records.push(start..file.bytes.len());
    }
    let bytes = file.bytes;
    let seen = read(&bytes).seen;
    assert_eq!(seen.len(), PACKETS);
    let header = 28;
    Original {
        bytes,
        records,
        seen,
        header,
    }
}

/// What was done to a file: the bytes of the original that are not in it as they were.
struct Mutation {
    bytes: Vec<u8>,
    touched: Range<usize>,
}

fn mutate(original: &Original, random: &mut Random) -> Mutation {
    let mut bytes = original.bytes.clone();
    let start = original.records[0].start;
    let any = |random: &mut Random| start + random.below(original.bytes.len() - start);
    let record = original.records[random.below(original.records.len())].clone();
    let kind = random.below(9);
    // Headers are where it hurts.
    let at = if random.below(2) == 0 {
        record.start + random.below(original.header)
    } else {
        any(random)
    };
    let most = [1, 4, 40, 3_000][random.below(4)];
    let length = 1 + random.below(most);
    let end = (at + length).min(bytes.len());
    let touched = match kind {
        0 | 1 => {
            bytes[at] ^= 1 << random.below(8);
            at..at + 1
        }
        2 | 3 => {
            let new = random.bytes(end - at);
            bytes[at..end].copy_from_slice(&new);
            at..end
        }
        4 => {
            // Two fields change places.
            let field = record.start + 4 * random.below(original.header / 4 - 1);
            bytes[field..field + 8].rotate_left(4);
            field..field + 8
        }
        5 => {
            // A length that is wrong by little.
            let field = record.start + if original.header == 16 { 8 } else { 4 };
            bytes[field] = bytes[field].wrapping_add(random.bytes(1)[0] % 32);
            field..field + 1
        }
        6 => {
            bytes.drain(at..end);
            at..end
        }
        7 => {
            let new = random.bytes(length);
            bytes.splice(at..at, new);
            at..at
        }
        _ => {
            let from = any(random);
            let copy = original.bytes[from..(from + length).min(original.bytes.len())].to_vec();
            bytes.splice(at..at, copy);
            at..at
        }
    };
    Mutation { bytes, touched }
}

/// What became of the packets behind the damage.
#[derive(PartialEq, Eq, Clone, Copy)]
enum Behind {
    /// All are there.
    All,
    /// The first is missing.
    ButOne,
    /// Both lengths of a record became alike and reach beyond the file's end: it was taken for one cut short.
    Cut,
}

/// Reads a mutation and holds what must hold after it: all packets before the damage are there, all behind the one that
/// follows it are, and few are made up.
fn hold(original: &Original, seed: u64) -> Behind {
    let Mutation { bytes, touched } = mutate(original, &mut Random::new(seed));
    let piece = [usize::MAX, 1_000, 17][seed as usize % 3];
    let drained = drain(open_bytes(&bytes, piece, seed.is_multiple_of(2)).unwrap());
    let Range { start, end } = touched;
    let same = |a: &Seen, b: &Seen| (a.nanos, a.wire_len, &a.bytes) == (b.nanos, b.wire_len, &b.bytes);
    let before = original
        .records
        .iter()
        .take_while(|record| record.end <= start)
        .count();
    let ahead = drained.seen.iter().zip(&original.seen[..before]);
    let intact = ahead.take_while(|(a, b)| same(a, b)).count();
    assert_eq!(
        intact, before,
        "seed {seed}: packets before the damage at {start}..{end}"
    );
    let after = original
        .records
        .iter()
        .filter(|record| record.start < end.max(start + 1))
        .count();
    let has_tail = |first: usize| {
        let after = original.seen.get(first..).unwrap_or_default();
        let from = drained.seen.len().checked_sub(after.len());
        let tail = from.map(|from| &drained.seen[from..]);
        tail.is_some_and(|tail| tail.iter().zip(after).all(|(a, b)| same(a, b)))
    };
    let is_cut = drained.summary().truncated_at_byte.is_some() && drained.summary().damaged_places == 0;
    assert!(
        has_tail(after + 1) || is_cut,
        "seed {seed}: packets from {} on, after the damage at {start}..{end}: {:?}",
        after + 1,
        drained.summary().warnings
    );
    let known: HashSet<&[u8]> = original
        .seen
        .iter()
        .map(|packet| packet.bytes.as_slice())
        .collect();
    let strange = drained
        .seen
        .iter()
        .filter(|packet| !known.contains(packet.bytes.as_slice()));
    let strange = strange.count();
    assert!(
        strange <= 2 + after - before,
        "seed {seed}: {strange} packets are made up"
    );
    let untouched = PACKETS.saturating_sub(after - before);
    assert!(
        drained.seen.len() >= untouched || !drained.summary().warnings.is_empty(),
        "seed {seed}: packets are missing without a word"
    );
    match (has_tail(after), has_tail(after + 1)) {
        (true, _) => Behind::All,
        (false, true) => Behind::ButOne,
        (false, false) => Behind::Cut,
    }
}

fn hold_all(original: &Original) {
    let behind: Vec<Behind> = (0..MUTATIONS).map(|seed| hold(original, seed)).collect();
    let count = |what: Behind| behind.iter().filter(|behind| **behind == what).count();
    let (one, cut) = (count(Behind::ButOne), count(Behind::Cut));
    // A length that is wrong by little takes the next packet along now and then.
    assert!(
        one <= 200 && cut <= 10,
        "{one} lost a sound packet, {cut} were taken for cut"
    );
}

#[test]
fn what_damage_leaves_alone_is_reported_from_pcap() {
    hold_all(&pcap());
}

#[test]
fn what_damage_leaves_alone_is_reported_from_pcapng() {
    hold_all(&pcapng());
}

#[test]
fn bytes_lost_or_added_anywhere_around_records_cost_one_more_packet_at_most() {
    for original in [pcap(), pcapng()] {
        let (first, last) = (original.records[40].start, original.records[43].end);
        for at in first..last {
            for count in [1, 3, 4, 17] {
                let mut less = original.bytes.clone();
                less.drain(at..at + count);
                let mut more = original.bytes.clone();
                more.splice(at..at, vec![0x55; count]);
                for bytes in [less, more] {
                    let drained = read(&bytes);
                    let touched = original
                        .records
                        .iter()
                        .filter(|r| r.start < at + count && r.end > at)
                        .count();
                    let seen: HashSet<_> = drained
                        .seen
                        .iter()
                        .map(|packet| (packet.nanos, &packet.bytes))
                        .collect();
                    let kept = original
                        .seen
                        .iter()
                        .filter(|packet| seen.contains(&(packet.nanos, &packet.bytes)));
                    assert!(
                        kept.count() + touched + 1 >= PACKETS,
                        "{at} {count}: {:?}",
                        drained.summary().warnings
                    );
                    assert!(drained.summary().damaged_places >= 1, "{at} {count}");
                }
            }
        }
    }
}

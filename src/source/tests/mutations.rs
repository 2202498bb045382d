//! Random damage to a real capture: what it leaves alone is reported.

use std::collections::HashMap;
use std::ops::Range;
use std::time::{Duration, Instant};

use super::build::{Endian, PcapNg};
use super::{Seen, drain, open_bytes, read};

/// Packets of the real capture that are used.
const PACKETS: usize = 120;

/// A small generator (Marsaglia's xorshift), so that a seed names a mutation.
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        let mut random = Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        random.below(7);
        random.below(7);
        random
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % bound.max(1)
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        match self.below(4) {
            0 => vec![0; length],
            1 => vec![0xff; length],
            _ => (0..length).map(|_| self.below(256) as u8).collect(),
        }
    }
}

/// A sound file, where each of its packets' records lies, and what they hold.
struct Original {
    bytes: Vec<u8>,
    records: Vec<Range<usize>>,
    seen: Vec<Seen>,
}

fn real() -> Vec<u8> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/captures/keepalive.pcap");
    std::fs::read(path).unwrap()
}

fn pcap() -> Original {
    let all = real();
    let (mut at, mut records) = (24, Vec::new());
    while records.len() < PACKETS {
        let captured = u32::from_le_bytes(all[at + 8..at + 12].try_into().unwrap()) as usize;
        records.push(at..at + 16 + captured);
        at += 16 + captured;
    }
    let bytes = all[..at].to_vec();
    let seen = read(&bytes).seen;
    assert_eq!(seen.len(), PACKETS);
    Original { bytes, records, seen }
}

fn pcapng() -> Original {
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
    Original { bytes, records, seen }
}

/// What was done to a file: the bytes touched, and the record that they all lie in, if they do and none moved.
struct Mutation {
    bytes: Vec<u8>,
    touched: Range<usize>,
    record: Option<usize>,
}

fn mutate(original: &Original, random: &mut Random) -> Mutation {
    let mut bytes = original.bytes.clone();
    let start = original.records[0].start;
    let any = |random: &mut Random| start + random.below(original.bytes.len() - start);
    let kind = random.below(8);
    if kind < 5 {
        let index = random.below(original.records.len());
        let record = original.records[index].clone();
        // Headers are where it hurts.
        let at = if random.below(2) == 0 {
            record.start + random.below(28)
        } else {
            record.start + random.below(record.len())
        };
        let length = 1 + random.below([1, 4, 40, 2_000][random.below(4)]);
        let touched = at..(at + length).min(record.end);
        if kind < 2 {
            bytes[at] ^= 1 << random.below(8);
            return Mutation {
                bytes,
                touched: at..at + 1,
                record: Some(index),
            };
        }
        let new = random.bytes(touched.len());
        bytes[touched.clone()].copy_from_slice(&new);
        return Mutation {
            bytes,
            touched,
            record: Some(index),
        };
    }
    let (at, length) = (any(random), 1 + random.below([8, 100, 3_000][random.below(3)]));
    let end = (at + length).min(bytes.len());
    match kind {
        5 => {
            bytes.drain(at..end);
            Mutation {
                bytes,
                touched: at..end,
                record: None,
            }
        }
        6 => {
            let new = random.bytes(length);
            bytes.splice(at..at, new);
            Mutation {
                bytes,
                touched: at..at,
                record: None,
            }
        }
        _ => {
            let (from, chunk) = (any(random), length);
            let copy = original.bytes[from..(from + chunk).min(original.bytes.len())].to_vec();
            bytes.splice(at..at, copy);
            Mutation {
                bytes,
                touched: at..at,
                record: None,
            }
        }
    }
}

#[derive(Debug, Default)]
struct Tally {
    files: usize,
    /// Overwrites within one record after which a packet from the second-next record on is missing.
    missed: Vec<u64>,
    /// Files with a packet whose bytes are those of no original one, beyond what was touched.
    invented: Vec<u64>,
    slowest: Duration,
}

/// Holds what must hold after one mutation, and counts what should.
fn hold(original: &Original, seed: u64, tally: &mut Tally) {
    let mutation = mutate(original, &mut Random::new(seed));
    let started = Instant::now();
    let piece = [usize::MAX, 1_000, 17][seed as usize % 3];
    let drained = drain(open_bytes(&mutation.bytes, piece, seed % 2 == 0).unwrap());
    tally.slowest = tally.slowest.max(started.elapsed());
    tally.files += 1;
    let Range { start, end } = mutation.touched;
    let before = original
        .records
        .iter()
        .take_while(|record| record.end <= start)
        .count();
    let same = |a: &Seen, b: &Seen| a.bytes == b.bytes && a.nanos == b.nanos;
    for index in 0..before {
        // The record that ends where the damage begins is judged by what follows it, but was sound.
        let found = drained
            .seen
            .get(index)
            .is_some_and(|packet| same(packet, &original.seen[index]));
        assert!(
            found,
            "seed {seed}: packet {index} before the damage at {start}..{end} is missing"
        );
    }
    if let Some(record) = mutation.record {
        let after = &original.seen[(record + 2).min(PACKETS)..];
        let tail = drained
            .seen
            .len()
            .checked_sub(after.len())
            .map(|from| &drained.seen[from..]);
        let are_there = tail.is_some_and(|tail| tail.iter().zip(after).all(|(a, b)| a.bytes == b.bytes));
        if !are_there {
            tally.missed.push(seed);
        }
    }
    let mut left: HashMap<&[u8], ()> = HashMap::new();
    for packet in &original.seen {
        left.insert(&packet.bytes, ());
    }
    let strange = drained
        .seen
        .iter()
        .filter(|packet| !left.contains_key(packet.bytes.as_slice()))
        .count();
    // The packet touched may come out changed; two of them may where bytes were moved.
    let allowed = if mutation.record.is_some() { 1 } else { 2 };
    if strange > allowed {
        tally.invented.push(seed);
    }
    let lost = drained.seen.len() < PACKETS.saturating_sub(1) && mutation.record.is_some();
    assert!(
        !lost || !drained.summary().warnings.is_empty(),
        "seed {seed}: packets are missing without a word"
    );
}

fn run(original: &Original, count: u64) -> Tally {
    let mut tally = Tally::default();
    for seed in 0..count {
        hold(original, seed, &mut tally);
    }
    tally
}

/// How many mutations: `FLOWCHECK_MUTATIONS` for a long run.
fn count() -> u64 {
    std::env::var("FLOWCHECK_MUTATIONS")
        .ok()
        .and_then(|count| count.parse().ok())
        .unwrap_or(300)
}

#[test]
fn what_damage_leaves_alone_is_reported() {
    for (name, original) in [("pcap", pcap()), ("pcapng", pcapng())] {
        let tally = run(&original, count());
        println!(
            "{name}: {} files, missed {}, invented {}, slowest {:?}\n  missed {:?}\n  invented {:?}",
            tally.files,
            tally.missed.len(),
            tally.invented.len(),
            tally.slowest,
            tally.missed.iter().take(20).collect::<Vec<_>>(),
            tally.invented.iter().take(20).collect::<Vec<_>>(),
        );
        assert!(tally.missed.len() * 100 <= tally.files, "{name}: {tally:?}");
        assert!(tally.invented.len() * 100 <= tally.files, "{name}: {tally:?}");
        assert!(tally.slowest < Duration::from_secs(2), "{name}: {tally:?}");
    }
}

#[test]
fn garbage_to_the_end_takes_no_time_and_is_told() {
    for original in [pcap(), pcapng()] {
        for filler in [0_u8, 0xff, b'a', 1] {
            let mut bytes = original.bytes.clone();
            let offset = bytes.len() as u64;
            let mut random = Random::new(u64::from(filler));
            bytes.extend((0..4 << 20).map(|_| {
                if filler == 1 {
                    random.below(256) as u8
                } else {
                    filler
                }
            }));
            let started = Instant::now();
            let drained = drain(open_bytes(&bytes, usize::MAX, false).unwrap());
            assert!(started.elapsed() < Duration::from_secs(5));
            assert_eq!(drained.seen.len(), PACKETS, "{filler}");
            assert_eq!(drained.summary().truncated_at_byte, Some(offset));
        }
    }
}

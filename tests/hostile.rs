//! The fuzz targets without a fuzzer: what was found once is replayed, and seeds with a few bytes changed are tried, the same
//! on every run. `make fuzz` goes on from there.

#[path = "fuzz/targets/mod.rs"]
mod targets;

use std::fs;
use std::path::Path;

use targets::{TARGETS, Target};

/// Changed seeds tried for each target.
const TRIES: u64 = 400;

/// Numbers that look random (xorshift64*).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % below.max(1)
    }
}

fn change(bytes: &mut Vec<u8>, other: &[u8], numbers: &mut Numbers) {
    let at = numbers.next(bytes.len());
    match numbers.next(6) {
        0 => bytes.truncate(at),
        1 => bytes.insert(at, numbers.next(256) as u8),
        2 => {
            let end = (at + numbers.next(30)).min(bytes.len());
            bytes.drain(at..end);
        }
        3 => {
            let from = numbers.next(other.len());
            let end = (from + numbers.next(60)).min(other.len());
            bytes.splice(at..at, other[from..end].iter().copied());
        }
        4 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = numbers.next(256) as u8;
            }
        }
        _ => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << numbers.next(8);
            }
        }
    }
}

fn hold(target: &Target) {
    let found = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fuzz/found")
        .join(target.name);
    let mut replayed = 0;
    for entry in fs::read_dir(found).into_iter().flatten() {
        let path = entry.expect("can be listed").path();
        eprintln!("{}", path.display());
        (target.run)(&fs::read(&path).expect("can be read"));
        replayed += 1;
    }
    let seeds = (target.seeds)();
    assert!(!seeds.is_empty(), "{} has seeds", target.name);
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    for nth in 0..TRIES {
        let mut bytes = seeds[numbers.next(seeds.len())].clone();
        let other = &seeds[numbers.next(seeds.len())];
        for _ in 0..nth % 8 {
            change(&mut bytes, other, &mut numbers);
        }
        (target.run)(&bytes);
    }
    eprintln!(
        "{}: {replayed} found, {} seeds, {TRIES} tries",
        target.name,
        seeds.len()
    );
}

macro_rules! tests {
    ($($(#[$only:meta])? $name:ident)*) => {
        $($(#[$only])? #[test]
        fn $name() {
            let target = TARGETS.iter().find(|target| target.name == stringify!($name));
            hold(target.expect("it is in the list"));
        })*

        /// A target that is not replayed here would not be noticed.
        #[test]
        fn every_target_is_replayed() {
            let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
            assert_eq!(names, [$($(#[$only])? stringify!($name)),*]);
        }
    };
}

tests! {
    capture compressed packet frames reassembly heads http chunked proxy tls http2 hpack
    #[cfg(feature = "live")] filter
    query report pipeline
}

//! The readers of pcap and pcapng, damage and all: any bytes as a file.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use flowcheck::frame::Block;
use flowcheck::limits::{INTERFACES, RECORD_BYTES};
use flowcheck::source::{Next, OpenOptions, Source as _, open};

use super::material;

thread_local! {
    /// One block for all runs: its megabyte need not be cleared again and again.
    static BLOCK: RefCell<Block> = RefCell::default();
}

pub(super) fn run(bytes: &[u8]) {
    read(bytes);
}

/// Reads bytes as a file and holds its blocks to what other rooms rely on.
pub(super) fn read(bytes: &[u8]) {
    let path = file();
    std::fs::write(&path, bytes).expect("memory can be written");
    let opened = open(std::slice::from_ref(&path), OpenOptions::default());
    // It is open, if it is a capture.
    let _ = std::fs::remove_file(path);
    let Ok(mut capture) = opened else { return };
    let (mut records, mut latest, mut interfaces) = (0, 0, 0);
    BLOCK.with_borrow_mut(|block| {
        while let Next::Block(next) = capture.next(std::mem::take(block)) {
            for (id, _) in &next.interfaces {
                assert_eq!(
                    usize::from(id.0),
                    interfaces,
                    "interfaces are announced once, counting up"
                );
                interfaces += 1;
            }
            for record in &next.records {
                records += 1;
                assert!(record.place.number() > latest, "packets are numbered");
                latest = record.place.number();
                assert!(
                    usize::from(record.place.interface().0) < interfaces,
                    "its interface is known"
                );
                let len = record.captured_len as usize;
                assert!(len <= RECORD_BYTES, "a packet of {len} bytes");
                assert_eq!(record.frame(&next.arena).bytes.len(), len, "it lies in the arena");
            }
            *block = next;
        }
    });
    let [summary] = &capture.summaries()[..] else {
        panic!("one file, one summary");
    };
    assert!(latest <= summary.packets && records <= summary.packets);
    assert!(
        records == summary.packets || !summary.warnings.is_empty(),
        "what is left out is told"
    );
    assert!(interfaces <= INTERFACES);
}

/// A file in memory, of this process and thread.
pub(super) fn file() -> PathBuf {
    let shm = Path::new("/dev/shm");
    let folder = if shm.is_dir() {
        shm.to_owned()
    } else {
        std::env::temp_dir()
    };
    let thread = format!("{:?}", std::thread::current().id());
    let digits: String = thread.chars().filter(char::is_ascii_digit).collect();
    folder.join(format!("flowcheck-fuzz-{}-{digits}", std::process::id()))
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let beginnings = material::recordings()
        .into_iter()
        .flat_map(|recording| [600, 3_000].map(|len| recording[..len.min(recording.len())].to_vec()));
    beginnings.collect()
}

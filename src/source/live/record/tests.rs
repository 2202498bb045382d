//! Recordings read back by our own reader, and disks that are full.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::*;
use crate::frame::{FramePlace, InterfaceId, LinkType, Record};
use crate::source::{OpenOptions as Everything, open};

/// Blocks that were prepared, then the end.
struct Prepared(Vec<Block>, SourceSummary);

impl Source for Prepared {
    fn next(&mut self, _recycled: Block) -> Next {
        self.0.pop().map_or(Next::End, Next::Block)
    }

    fn summaries(&self) -> Vec<SourceSummary> {
        let dropped = SourceSummary {
            kernel_dropped: Some(if self.0.is_empty() { 7 } else { 0 }),
            ..self.1.clone()
        };
        vec![dropped]
    }
}

/// One packet a second, of `len` bytes.
fn prepared(packets: u8, len: usize) -> Prepared {
    let mut block = Block::default();
    for second in 0..packets {
        block.records.push(Record {
            timestamp: Timestamp::from_parts(1_700_000_000 + i64::from(second), 123_456_789),
            place: FramePlace::new(u64::from(second) + 1, InterfaceId(0)),
            offset: block.arena.len() as u32,
            captured_len: len as u32,
            wire_len: len as u32 + 3,
            link_type: LinkType::ETHERNET,
        });
        block.arena.resize(block.arena.len() + len, second);
    }
    Prepared(vec![block], SourceSummary::default())
}

fn watch() -> Arc<Watch> {
    let watch = Arc::new(Watch::default());
    watch.begin(vec![Interface {
        source: 0,
        name: Some("bond0".to_owned()),
        link_type: LinkType::ETHERNET,
    }]);
    watch
}

fn options(path: PathBuf) -> RecordOptions {
    RecordOptions {
        path,
        seconds: None,
        bytes: None,
        files: None,
        dated: Box::new(|name, time| Some(name.replace("%s", &(time.nanos() / SECOND).to_string()))),
        user: "nobody".to_owned(),
        snaplen: 262_144,
    }
}

/// Records everything; returns how many packets were handed on and what was noted.
fn run(source: Prepared, options: RecordOptions) -> (usize, Vec<String>) {
    let watch = watch();
    let start = Timestamp::from_parts(1_700_000_000, 0);
    let mut recording = Recording::begin(source, Arc::clone(&watch), options, start).unwrap();
    let mut packets = 0;
    while let Next::Block(block) = recording.next(Block::default()) {
        packets += block.records.len();
    }
    (packets, watch.notes())
}

/// Times, bytes and lengths on the wire of a file, and its summary.
fn read_back(path: &Path) -> (Vec<(i64, Vec<u8>, u32)>, SourceSummary) {
    let mut capture = open(&[path.to_owned()], Everything::default()).unwrap();
    let mut packets = Vec::new();
    while let Next::Block(block) = capture.next(Block::default()) {
        packets.extend(
            block
                .frames()
                .map(|frame| (frame.timestamp.nanos(), frame.bytes.to_vec(), frame.wire_len)),
        );
    }
    (packets, capture.summaries().remove(0))
}

struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("flowcheck-record-{test}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(&self.0)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn both_formats_hold_what_was_handed_on_and_are_private() {
    let folder = Folder::new("formats");
    for (name, format, dropped) in [
        ("a.pcap", "pcap", None),
        ("a.pcapng", "pcapng", Some(7)),
        ("a", "pcapng", Some(7)),
    ] {
        let path = folder.0.join(name);
        let (handed_on, notes) = run(prepared(5, 61), options(path.clone()));
        assert_eq!((handed_on, notes.len()), (5, 0));
        let (packets, summary) = read_back(&path);
        assert_eq!(packets.len(), 5, "{name}");
        assert_eq!(packets[3].0, 1_700_000_003_123_456_789);
        assert_eq!((packets[3].1.as_slice(), packets[3].2), ([3; 61].as_slice(), 64));
        assert_eq!(
            (summary.format, summary.kernel_dropped),
            (format, dropped),
            "{name}"
        );
        assert_eq!(summary.warnings, Vec::<String>::new());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn files_by_size_are_numbered_and_a_ring_wraps() {
    let folder = Folder::new("size");
    let by_size = |name: &str, files| RecordOptions {
        bytes: Some(300),
        files,
        ..options(folder.0.join(name))
    };
    let (handed_on, _) = run(prepared(9, 100), by_size("a.pcap", None));
    assert_eq!(handed_on, 9);
    assert_eq!(folder.names(), ["a.pcap", "a.pcap1", "a.pcap2"]);
    let packets = |name: &str| read_back(&folder.0.join(name)).0.len();
    assert_eq!(
        [packets("a.pcap"), packets("a.pcap1"), packets("a.pcap2")],
        [3, 3, 3]
    );
    run(prepared(9, 100), by_size("b.pcap", Some(2)));
    assert_eq!(folder.names()[3..], ["b.pcap0", "b.pcap1"]);
    assert_eq!(read_back(&folder.0.join("b.pcap0")).0[0].1[0], 6, "written anew");
}

#[test]
fn files_by_time_have_it_in_their_name_and_end_the_capture_after_the_last() {
    let folder = Folder::new("time");
    let by_time = |files| RecordOptions {
        seconds: Some(2),
        files,
        ..options(folder.0.join("%s.pcap"))
    };
    let (handed_on, _) = run(prepared(5, 10), by_time(None));
    assert_eq!(handed_on, 5);
    let names = ["1700000000.pcap", "1700000002.pcap", "1700000004.pcap"];
    assert_eq!(folder.names(), names);
    for name in names {
        fs::remove_file(folder.0.join(name)).unwrap();
    }
    let (handed_on, _) = run(prepared(5, 10), by_time(Some(2)));
    assert_eq!(handed_on, 4, "what is not recorded is not analysed");
    assert_eq!(folder.names(), names[..2]);
}

#[test]
fn a_full_disk_is_named_and_the_packets_go_on() {
    let folder = Folder::new("full");
    let path = folder.0.join("a.pcap");
    let watch = watch();
    let start = Timestamp::from_parts(1_700_000_000, 0);
    let mut recording =
        Recording::begin(prepared(5, 61), Arc::clone(&watch), options(path.clone()), start).unwrap();
    // From now on the file is on a disk without room.
    if let Some(open) = &mut recording.open {
        open.file = OpenOptions::new().write(true).open("/dev/full").unwrap();
    }
    let Next::Block(block) = recording.next(Block::default()) else {
        panic!("no block")
    };
    assert_eq!(block.records.len(), 5);
    assert!(matches!(recording.next(Block::default()), Next::End));
    let notes = watch.notes();
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert!(
        notes[0].contains("a.pcap: cannot write: No space left on device"),
        "{notes:?}"
    );
    assert_eq!(read_back(&path).0.len(), 0, "the header alone is a capture");
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let folder = Folder::new("nowhere");
    let path = folder.0.join("no/such/a.pcap");
    let start = Timestamp::from_parts(1, 0);
    let refused = Recording::begin(prepared(1, 10), watch(), options(path.clone()), start).err();
    let text = refused.map(|error| error.to_string()).unwrap_or_default();
    assert!(
        text.contains(path.to_str().unwrap()) && text.contains("as user nobody"),
        "{text}"
    );
}

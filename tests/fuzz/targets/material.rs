//! What seeds are made of: the recordings of `captures/`, their packets and their streams.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use flowcheck::decode::{End, decode};
use flowcheck::frame::{Block, LinkType};
use flowcheck::source::{Next, OpenOptions, Source as _, open};

fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    let above = own.join("../..");
    if above.join("captures").is_dir() {
        above
    } else {
        own.to_owned()
    }
}

fn files(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join(folder)).expect("the folder lies in the repository");
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("can be listed").path())
        .collect();
    paths.retain(|path| path.display().to_string().contains(".pcap"));
    paths.sort();
    paths
}

/// Every recording, uncompressed.
pub(super) fn recordings() -> Vec<Vec<u8>> {
    let all = ["captures", "tests/links", "tests/engines"]
        .into_iter()
        .flat_map(files);
    all.map(|path| {
        let bytes = fs::read(&path).expect("can be read");
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("gz") => {
                let mut out = Vec::new();
                let _ = flate2::read::MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut out);
                out
            }
            Some("zst") => zstd::decode_all(bytes.as_slice()).expect("sound"),
            _ => bytes,
        }
    })
    .collect()
}

/// The first packets of each recording.
pub(super) fn packets(each: usize) -> Vec<(LinkType, Vec<u8>)> {
    let mut out = Vec::new();
    for path in ["captures", "tests/links", "tests/engines"]
        .into_iter()
        .flat_map(files)
    {
        let mut left = each;
        every_block(&path, |block| {
            for frame in block.frames().take(left) {
                out.push((frame.link_type, frame.bytes.to_vec()));
            }
            left = left.saturating_sub(block.records.len());
            left > 0
        });
    }
    out
}

/// The beginning of what each end of the first connections said.
pub(super) fn streams(each: usize, len: usize) -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    for path in files("captures") {
        let mut streams: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        let name = |(address, port): End| format!("{address:?} {port}");
        every_block(&path, |block| {
            for packet in block.frames().filter_map(|frame| decode(&frame).ok()) {
                let key = format!("{} {}", name(packet.source), name(packet.destination));
                if packet.payload.is_empty() || (streams.len() >= each && !streams.contains_key(&key)) {
                    continue;
                }
                let stream = streams.entry(key).or_default();
                let room = len.saturating_sub(stream.len()).min(packet.payload.len());
                stream.extend_from_slice(&packet.payload[..room]);
            }
            true
        });
        out.extend(streams.into_values());
    }
    out
}

fn every_block(path: &Path, mut take: impl FnMut(&Block) -> bool) {
    let mut capture = open(&[path.to_owned()], OpenOptions::default()).expect("a recording of ours");
    let mut block = Block::default();
    while let Next::Block(next) = capture.next(block) {
        if !take(&next) {
            return;
        }
        block = next;
    }
}

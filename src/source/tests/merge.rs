use std::path::PathBuf;

use super::build::{Endian, Pcap, PcapNg, gzip};
use super::{Directory, Drained, drain};
use crate::source::{OpenOptions, open};

fn read_all(paths: &[PathBuf]) -> Drained {
    drain(open(paths, OpenOptions::default()).unwrap())
}

fn seconds(drained: &Drained) -> Vec<i64> {
    drained
        .nanos()
        .iter()
        .map(|nanos| nanos / 1_000_000_000)
        .collect()
}

fn pcap(times: &[u32]) -> Vec<u8> {
    times
        .iter()
        .fold(Pcap::ethernet(), |pcap, time| pcap.packet(*time, 0))
        .bytes
}

#[test]
fn the_earliest_packet_goes_first_and_ties_follow_the_arguments() {
    let directory = Directory::new();
    let paths = [
        directory.file("c", &pcap(&[30, 40, 50])),
        directory.file("a", &pcap(&[10, 40, 45, 50])),
        directory.file("b", &gzip(&pcap(&[20, 40, 60]))),
    ];
    let drained = read_all(&paths);
    assert_eq!(seconds(&drained), [10, 20, 30, 40, 40, 40, 45, 50, 50, 60]);
    let sources: Vec<_> = drained
        .seen
        .iter()
        .map(|seen| drained.interfaces[usize::from(seen.interface)].source)
        .collect();
    assert_eq!(sources, [1, 2, 0, 0, 1, 2, 1, 0, 1, 2]);
    assert_eq!(drained.numbers(), [1, 1, 1, 2, 2, 2, 3, 3, 4, 3]);
    assert_eq!(
        drained
            .summaries
            .iter()
            .map(|summary| summary.packets)
            .collect::<Vec<_>>(),
        [3, 4, 3]
    );
}

#[test]
fn within_a_file_packets_keep_their_order() {
    let directory = Directory::new();
    let paths = [
        directory.file("a", &pcap(&[10, 5, 30, 20, 31])),
        directory.file("b", &pcap(&[7, 25, 30])),
    ];
    // 5 follows 10 at once, because the file's clock already stood at 10; 20 follows 30 likewise.
    assert_eq!(seconds(&read_all(&paths)), [7, 10, 5, 25, 30, 20, 30, 31]);
}

#[test]
fn a_thousand_rotated_files_in_any_order_need_few_descriptors() {
    let directory = Directory::new();
    let mut paths = Vec::new();
    for file in 0..1_000_u32 {
        // Neighbours overlap by one packet, as rotated captures of two queues do.
        let bytes = pcap(&[file * 10, file * 10 + 3, file * 10 + 11]);
        paths.push(directory.file(&format!("{:03}", file * 7 % 1_000), &bytes));
    }
    paths.sort();
    let capture = open(&paths, OpenOptions::default()).unwrap();
    let held = std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
    assert!(held < 500, "{held} descriptors after opening");
    let drained = drain(capture);
    assert_eq!(drained.seen.len(), 3_000);
    assert!(drained.nanos().is_sorted());
    assert_eq!(drained.interfaces.len(), 1_000);
    assert!(
        drained
            .summaries
            .iter()
            .all(|summary| summary.packets == 3 && summary.warnings.is_empty())
    );
}

#[test]
fn long_runs_are_handed_on_and_short_ones_copied() {
    let directory = Directory::new();
    let run = |from: u32, to: u32| (from..to).collect::<Vec<_>>();
    let a = [run(0, 30_000), run(60_000, 90_000)].concat();
    let b = [run(30_000, 60_000), run(80_000, 95_000)].concat();
    let mut expected = [a.clone(), b.clone()].concat();
    expected.sort_unstable();
    let paths = [directory.file("a", &pcap(&a)), directory.file("b", &pcap(&b))];
    let drained = read_all(&paths);
    assert_eq!(
        seconds(&drained),
        expected.into_iter().map(i64::from).collect::<Vec<_>>()
    );
    for seen in &drained.seen {
        let second = u32::try_from(seen.nanos / 1_000_000_000).unwrap();
        assert_eq!(seen.bytes, vec![second as u8; 20 + (second % 7) as usize]);
    }
}

#[test]
fn empty_and_cut_files_among_others() {
    let directory = Directory::new();
    let whole = pcap(&[1, 2, 3]);
    let cut = &whole[..whole.len() - 1];
    let paths = [
        directory.file("none", &pcap(&[])),
        directory.file("cut", cut),
        directory.file("sound", &pcap(&[2, 9])),
        directory.file("at-once", &whole[..30]),
    ];
    let drained = read_all(&paths);
    assert_eq!(seconds(&drained), [1, 2, 2, 9]);
    let warned: Vec<_> = drained
        .summaries
        .iter()
        .map(|summary| summary.warnings.len())
        .collect();
    assert_eq!(warned, [0, 1, 0, 1]);
    assert_eq!(drained.summaries[3].truncated_at_byte, Some(24));
}

#[test]
fn interfaces_are_numbered_across_files() {
    let directory = Directory::new();
    let two = PcapNg::new(Endian::Big)
        .interface(1, 0, &[(2, b"eth0")])
        .interface(276, 0, &[(2, b"any")])
        .enhanced(1, 1_000_000, 1, b"a")
        .enhanced(0, 3_000_000, 1, b"b")
        .bytes;
    let paths = [directory.file("a", &pcap(&[2, 4])), directory.file("b", &two)];
    let drained = read_all(&paths);
    let of = |at: usize| {
        let interface = &drained.interfaces[usize::from(drained.seen[at].interface)];
        (interface.source, interface.name.as_deref())
    };
    assert_eq!(
        [of(0), of(1), of(2), of(3)],
        [(1, Some("any")), (0, None), (1, Some("eth0")), (0, None)]
    );
}

#[cfg(unix)]
#[test]
fn a_pipe_may_be_among_the_files() {
    let directory = Directory::new();
    let pipe = directory.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    if !made.is_ok_and(|status| status.success()) {
        return;
    }
    let paths = [directory.file("a", &pcap(&[1, 3, 5])), pipe.clone()];
    let writer = std::thread::spawn(move || std::fs::write(pipe, pcap(&[2, 3, 4])));
    let capture = open(&paths, OpenOptions::default()).unwrap();
    assert_eq!(capture.progress().bytes_total(), None);
    assert_eq!(seconds(&drain(capture)), [1, 2, 3, 3, 4, 5]);
    writer.join().unwrap().unwrap();
}

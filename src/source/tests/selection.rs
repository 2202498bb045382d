use super::build::Pcap;
use super::{Directory, Drained, drain};
use crate::source::{Moment, OpenOptions, open};
use crate::time::{SECOND, Timestamp};

fn select(options: OpenOptions) -> Drained {
    let directory = Directory::new();
    let bytes = [100, 101, 102, 101, 103, 104]
        .iter()
        .fold(Pcap::ethernet(), |pcap, time| pcap.packet(*time, 0))
        .bytes;
    drain(open(&[directory.file("a", &bytes)], options).unwrap())
}

#[test]
fn a_range_by_time_or_offset_takes_both_ends_in() {
    let at = |seconds| Some(Moment::At(Timestamp::from_parts(seconds, 0)));
    let after = |seconds| Some(Moment::After(seconds * SECOND));
    let numbers = |from, to| {
        select(OpenOptions {
            from,
            to,
            ..OpenOptions::default()
        })
        .numbers()
    };
    assert_eq!(numbers(None, None), [1, 2, 3, 4, 5, 6]);
    assert_eq!(numbers(at(102), None), [3, 5, 6]);
    assert_eq!(numbers(None, at(101)), [1, 2, 4]);
    assert_eq!(numbers(after(1), after(3)), [2, 3, 4, 5]);
    assert_eq!(numbers(after(1), at(101)), [2, 4]);
    assert_eq!(numbers(at(200), None), [0; 0]);
}

#[test]
fn a_count_ends_the_capture() {
    let count = |count, from| {
        select(OpenOptions {
            count: Some(count),
            from,
            ..OpenOptions::default()
        })
        .numbers()
    };
    assert_eq!(count(0, None), [0; 0]);
    assert_eq!(count(4, None), [1, 2, 3, 4]);
    assert_eq!(count(100, None).len(), 6);
    assert_eq!(count(2, Some(Moment::After(2 * SECOND))), [3, 5]);
}

#[cfg(feature = "live")]
mod filtered {
    use super::*;
    use crate::source::filter::Filter;

    #[test]
    fn the_count_is_of_packets_that_match() {
        // Packet k of second s is 20 + s % 7 bytes long: 22, 23, 24, 23, 25, 26.
        let filter = Filter::compile("greater 23").unwrap();
        let drained = select(OpenOptions {
            filter: Some(filter),
            count: Some(3),
            ..OpenOptions::default()
        });
        assert_eq!(drained.numbers(), [2, 3, 4]);
    }

    #[test]
    fn what_the_filter_can_not_do_is_told_with_the_first_source() {
        let directory = Directory::new();
        let bytes = Pcap::new(super::super::build::Endian::Little, 0xa1b2_c3d4, 195)
            .packet(1, 0)
            .packet(2, 0)
            .bytes;
        let filter = Some(Filter::compile("vlan and ether host 1:2:3:4:5:6").unwrap());
        let options = OpenOptions {
            filter,
            ..OpenOptions::default()
        };
        let drained = drain(open(&[directory.file("a", &bytes)], options).unwrap());
        assert!(drained.seen.is_empty());
        assert_eq!(
            drained.summary().warnings.len(),
            1,
            "once: {:?}",
            drained.summary().warnings
        );
        assert!(drained.summary().warnings[0].contains("LINKTYPE_195"));
    }
}

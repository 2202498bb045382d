use pcap::{Capture, Linktype};
use proptest::prelude::*;

use super::Filter;
use crate::frame::{Frame, FramePlace, InterfaceId, LinkType};
use crate::time::Timestamp;

fn frame(bytes: &[u8], wire_len: u32, link_type: LinkType) -> Frame<'_> {
    Frame {
        timestamp: Timestamp::default(),
        place: FramePlace::new(1, InterfaceId(0)),
        wire_len,
        link_type,
        bytes,
    }
}

/// An IPv4 SYN from 10.0.0.1:40000 to 10.0.0.2:8080, on Ethernet, with or without a VLAN tag.
fn syn(vlan: bool) -> Vec<u8> {
    let mut bytes = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];
    if vlan {
        bytes.extend([0x81, 0, 0, 100]);
    }
    bytes.extend([
        8, 0, 0x45, 0, 0, 40, 0, 1, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2,
    ]);
    bytes.extend([
        0x9c, 0x40, 0x1f, 0x90, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 1, 0, 0, 0, 0, 0,
    ]);
    bytes
}

fn matches(expression: &str, frame: &Frame<'_>) -> bool {
    Filter::compile(expression).expect(expression).matches(frame)
}

#[test]
fn a_bad_filter_is_told_in_libpcaps_words() {
    let error = Filter::compile("prot 8080").unwrap_err().to_string();
    assert!(
        error.contains("\"prot 8080\"") && error.contains("syntax error"),
        "{error}"
    );
    assert!(Filter::compile("port nosuchname").is_err());
}

#[test]
fn tcpdumps_everyday_filters() {
    let bytes = syn(false);
    let syn_frame = frame(&bytes, 54, LinkType::ETHERNET);
    for expression in [
        "",
        "tcp",
        "tcp port 8080",
        "dst port 8080",
        "host 10.0.0.1 and not port 22",
        "net 10.0.0.0/8",
    ] {
        assert!(matches(expression, &syn_frame), "{expression}");
    }
    assert!(matches("tcp[tcpflags] & (tcp-syn|tcp-ack) = tcp-syn", &syn_frame));
    for expression in [
        "udp",
        "src port 8080",
        "portrange 1-1000",
        "ip6",
        "vlan",
        "tcp[13] = 16",
    ] {
        assert!(!matches(expression, &syn_frame), "{expression}");
    }
}

#[test]
fn a_port_behind_a_vlan_tag_needs_the_word_vlan() {
    let bytes = syn(true);
    let tagged = frame(&bytes, 58, LinkType::ETHERNET);
    assert!(!matches("port 8080", &tagged));
    assert!(matches("vlan and port 8080", &tagged));
    assert!(matches("vlan 100 and tcp", &tagged));
}

#[test]
fn the_length_is_that_on_the_wire() {
    let bytes = syn(false);
    let snapped = frame(&bytes, 1514, LinkType::ETHERNET);
    assert!(matches("greater 1000", &snapped));
    assert!(!matches("less 1000", &snapped));
    assert!(matches("len > 1000 and tcp port 8080", &snapped));
    // A byte that was not captured rejects; it is not taken for zero.
    assert!(!matches("greater 1000 and ether[100] = 0", &snapped));
}

#[test]
fn each_link_type_has_its_own_program() {
    let bytes = syn(false);
    let ip = &bytes[14..];
    let mut filter = Filter::compile("port 8080").unwrap();
    assert!(filter.matches(&frame(ip, 40, LinkType::RAW)));
    assert!(filter.matches(&frame(ip, 40, LinkType::IPV4)));
    let sll2 = [
        &[8, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0][..],
        ip,
    ]
    .concat();
    assert!(filter.matches(&frame(&sll2, 60, LinkType::LINUX_SLL2)));
    let null = [&[2, 0, 0, 0][..], ip].concat();
    assert!(filter.matches(&frame(&null, 44, LinkType::NULL)));
    assert!(filter.matches(&frame(&bytes, 54, LinkType::ETHERNET)));
    assert_eq!(filter.warnings(), [""; 0]);
}

const EXPRESSIONS: &[&str] = &[
    "",
    "tcp port 8080",
    "ip[0] & 0xf != 5 or ip6[6] = 6",
    "greater 40",
    "len - 14 > ip[2:2]",
    "ether[0] * 3 + ether[1] / 5 % 7 < ether[2] << 2",
    "ether[ether[0] & 31] ^ ether[3] > 100",
    "ether[0:4] / (ether[4] - ether[5]) = 1",
    "ip host 10.0.0.1 or arp or vlan 100 and tcp[tcpflags] & tcp-syn != 0",
    "tcp[((tcp[12:1] & 0xf0) >> 2):4] = 0x47455420",
    "ip6 protochain 6 or not ip proto 6",
];

proptest! {
    /// libpcap's own interpreter is the oracle where captured and real length are the same.
    #[test]
    fn runs_programs_as_libpcap_does(
        noise in prop::collection::vec(any::<u8>(), 0..90),
        at in 0..60_usize,
        vlan: bool,
        cut in 0..90_usize,
        only_noise: bool,
    ) {
        let mut bytes = if only_noise { Vec::new() } else { syn(vlan) };
        for (offset, byte) in noise.iter().enumerate() {
            match bytes.get_mut(at + offset) {
                Some(place) => *place = *byte,
                None => bytes.push(*byte),
            }
        }
        bytes.truncate(cut);
        for link_type in [LinkType::ETHERNET, LinkType::LINUX_SLL, LinkType::NULL] {
            let handle = Capture::dead(Linktype(i32::from(link_type.0))).unwrap();
            for expression in EXPRESSIONS {
                let Ok(program) = handle.compile(expression, true) else { continue };
                let ours = matches(expression, &frame(&bytes, bytes.len() as u32, link_type));
                prop_assert_eq!(ours, program.filter(&bytes), "{} {:?}", expression, bytes);
            }
        }
    }
}

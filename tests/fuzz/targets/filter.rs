//! BPF: our interpreter against libpcap's, on packets that are there as a whole; and any expression at all.

use flowcheck::frame::{Frame, FramePlace, InterfaceId, LinkType};
use flowcheck::source::filter::{Filter, ports};
use flowcheck::time::Timestamp;

use super::{Bytes, material};

const EXPRESSIONS: [&str; 12] = [
    "tcp port 8080",
    "host 10.77.1.2 and not port 22",
    "vlan and tcp",
    "ip6 and ip6[53] & 2 != 0",
    "tcp[tcpflags] & (tcp-syn|tcp-fin) != 0",
    "greater 100",
    "len < 90 and ip[8] > 3",
    "ip[2:2] - ((ip[0] & 0xf) << 2) > tcp[12] >> 2",
    "tcp[((tcp[12] & 0xf0) >> 2):4] = 0x47455420",
    "ip6 proto 6 or ip proto 6 and net 10.0.0.0/8",
    "ether[0] & 1 = 0 and ip[6:2] & 0x1fff = 0",
    "ip[0] * tcp[0] > 300 or ip[1] >> 1 = 3 or tcp[200:4] ^ 3 = 7",
];

pub(super) fn run(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    let choice = bytes.u8();
    if choice == 0xff {
        let text = String::from_utf8_lossy(&bytes.0[..bytes.0.len().min(64)]).into_owned();
        let _ = ports(&text);
        return;
    }
    let expression = EXPRESSIONS[usize::from(choice) % EXPRESSIONS.len()];
    let packet = bytes.0;
    let frame = Frame {
        timestamp: Timestamp::default(),
        place: FramePlace::new(1, InterfaceId::default()),
        wire_len: packet.len() as u32,
        link_type: LinkType::ETHERNET,
        bytes: packet,
    };
    PROGRAMS.with(|programs| {
        let (ours, theirs) = &programs[usize::from(choice) % EXPRESSIONS.len()];
        assert_eq!(
            ours.borrow_mut().matches(&frame),
            theirs.filter(packet),
            "{expression}"
        );
    });
}

type Programs = Vec<(std::cell::RefCell<Filter>, pcap::BpfProgram)>;

thread_local! {
    static PROGRAMS: Programs = EXPRESSIONS.iter().map(|expression| {
        let ours = Filter::compile(expression).expect("libpcap compiles it");
        let handle = pcap::Capture::dead(pcap::Linktype::ETHERNET).expect("a handle for nothing");
        (ours.into(), handle.compile(expression, true).expect("libpcap compiles it"))
    }).collect();
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let packets = material::packets(4)
        .into_iter()
        .filter(|(link, _)| *link == LinkType::ETHERNET);
    let with = |(number, (_, bytes)): (usize, (LinkType, Vec<u8>))| {
        let number = (number % EXPRESSIONS.len()) as u8;
        [&[number][..], &bytes[..bytes.len().min(250)]].concat()
    };
    packets.enumerate().map(with).collect()
}

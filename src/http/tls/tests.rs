use proptest::prelude::*;

use super::*;
use crate::http::Side;

const CLIENT: Side = Side::Request;
const SERVER: Side = Side::Response;

fn record(content: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).unwrap().to_be_bytes();
    [&[content, 3, 3], &length[..], body].concat()
}

fn vector(length_bytes: usize, body: &[u8]) -> Vec<u8> {
    let length = (body.len() as u32).to_be_bytes();
    [&length[4 - length_bytes..], body].concat()
}

fn extension(kind: u16, body: &[u8]) -> Vec<u8> {
    [&kind.to_be_bytes()[..], &vector(2, body)].concat()
}

fn hello(kind: u8, random: u8, session_id: &[u8], middle: &[u8], extensions: &[u8]) -> Vec<u8> {
    let body = [
        &[3, 3][..],
        &[random; 32],
        &vector(1, session_id),
        middle,
        &vector(2, extensions),
    ]
    .concat();
    record(22, &[&[kind][..], &vector(3, &body)].concat())
}

fn client_hello(session_id: &[u8]) -> Vec<u8> {
    let name = vector(2, &[&[0][..], &vector(2, b"app.example")].concat());
    hello(1, 7, session_id, &[0, 2, 0x13, 1, 1, 0], &extension(0, &name))
}

fn server_hello(session_id: &[u8], extensions: &[u8]) -> Vec<u8> {
    hello(2, 9, session_id, &[0x13, 1, 0], extensions)
}

fn tls13(psk: bool) -> Vec<u8> {
    let mut extensions = extension(43, &[3, 4]);
    if psk {
        extensions.extend(extension(41, &[0, 0]));
    }
    extensions
}

fn data(length: usize) -> Vec<u8> {
    record(23, &vec![0; length])
}

/// Flights in order; a turn is a client's application data after the server's.
type Flights = Vec<(Side, Vec<u8>)>;

/// RFC 8446: 1-RTT handshake, a ticket, `turns` exchanges, close_notify from both.
fn flights13(psk: bool, turns: usize) -> Flights {
    let ccs = record(20, &[1]);
    let mut all = vec![
        (CLIENT, client_hello(&[1; 32])),
        (
            SERVER,
            [server_hello(&[1; 32], &tls13(psk)), ccs.clone(), data(900)].concat(),
        ),
        (CLIENT, [ccs, data(53)].concat()),
        (SERVER, data(250)),
    ];
    for _ in 0..turns {
        all.push((CLIENT, data(107)));
        all.push((SERVER, [data(300), data(22)].concat()));
    }
    all.push((SERVER, data(19)));
    all.push((CLIENT, data(19)));
    all
}

/// RFC 5246: a full handshake, `turns` exchanges.
fn flights12(turns: usize) -> Flights {
    let mut all = vec![
        (CLIENT, client_hello(&[])),
        (
            SERVER,
            [
                server_hello(&[5; 32], &[]),
                record(22, &[11; 800]),
                record(22, &[14, 0, 0, 0]),
            ]
            .concat(),
        ),
        (
            CLIENT,
            [record(22, &[16; 37]), record(20, &[1]), record(22, &[0; 40])].concat(),
        ),
        (SERVER, [record(20, &[1]), record(22, &[0; 40])].concat()),
    ];
    for _ in 0..turns {
        all.push((CLIENT, data(133)));
        all.push((SERVER, data(344)));
    }
    all.push((CLIENT, record(21, &[0; 26])));
    all
}

#[derive(Default)]
struct Count {
    session: TlsSession,
    waiting: bool,
    requests: usize,
    responses: usize,
}

impl Count {
    fn add(&mut self, side: Side, found: Application) {
        match side {
            Side::Request if found.begins && !self.waiting => {
                self.waiting = true;
                self.requests += 1;
            }
            Side::Response if found.any && self.waiting => {
                self.waiting = false;
                self.responses += 1;
            }
            _ => {}
        }
    }

    /// Each flight in segments of at most `size` bytes, of which `captured` were captured.
    fn read(flights: &Flights, size: usize, captured: usize) -> Self {
        let mut count = Self::default();
        for (side, bytes) in flights {
            for segment in bytes.chunks(size) {
                let kept = &segment[..segment.len().min(captured)];
                let found = count
                    .session
                    .segment(*side, kept, (segment.len() - kept.len()) as u32);
                count.add(*side, found);
            }
        }
        count
    }
}

#[test]
fn turns_and_handshakes_of_either_version() {
    for (flights, resumed) in [
        (flights13(false, 3), false),
        (flights13(true, 3), true),
        (flights12(3), false),
    ] {
        let count = Count::read(&flights, usize::MAX, usize::MAX);
        assert_eq!((count.requests, count.responses), (3, 3));
        assert_eq!(count.session.resumed(), Some(resumed));
        assert_eq!(count.session.server_name(), Some("app.example"));
    }
}

#[test]
fn an_abbreviated_handshake_of_tls_12() {
    for session_id in [&[5; 32][..], &[]] {
        let flights = vec![
            (CLIENT, client_hello(session_id)),
            (
                SERVER,
                [
                    server_hello(session_id, &[]),
                    record(20, &[1]),
                    record(22, &[0; 40]),
                ]
                .concat(),
            ),
            (
                CLIENT,
                [record(20, &[1]), record(22, &[0; 40]), data(133)].concat(),
            ),
            (SERVER, data(344)),
        ];
        let count = Count::read(&flights, usize::MAX, usize::MAX);
        assert_eq!((count.requests, count.responses), (1, 1));
        assert_eq!(count.session.resumed(), Some(true));
    }
}

#[test]
fn handshakes_without_a_request_are_no_turns() {
    for flights in [flights13(false, 0), flights12(0)] {
        let count = Count::read(&flights, usize::MAX, usize::MAX);
        assert_eq!((count.requests, count.responses), (0, 0));
    }
}

#[test]
fn a_few_bytes_of_each_segment_are_enough_for_turns() {
    for flights in [flights13(false, 4), flights12(4)] {
        for captured in [30, 14, 5, 4, 2] {
            let count = Count::read(&flights, 1_448, captured);
            assert_eq!((count.requests, count.responses), (4, 4), "{captured}");
            assert!(count.session.is_tls());
        }
    }
}

#[test]
fn a_session_that_was_under_way() {
    let mut count = Count {
        session: TlsSession::midstream(),
        ..Count::default()
    };
    for (side, bytes) in [
        (SERVER, vec![9; 100]),
        (CLIENT, data(107)),
        (SERVER, data(400)),
        (CLIENT, data(107)),
    ] {
        let found = count.session.segment(side, &bytes, 0);
        count.add(side, found);
    }
    assert_eq!((count.requests, count.responses), (2, 1));
}

#[test]
fn bytes_that_only_begin_like_a_record_are_no_tls() {
    let mut session = TlsSession::default();
    session.segment(CLIENT, &[22], 0);
    assert!(!session.is_tls() && !session.is_lost());
    session.segment(CLIENT, b"zzzzzz", 0);
    assert!(!session.is_tls() && session.is_lost());
}

proptest! {
    #[test]
    fn any_cut_gives_the_same_turns(size in 1_usize..2_000, turns in 0_usize..5, psk: bool) {
        for flights in [flights13(psk, turns), flights12(turns)] {
            let count = Count::read(&flights, size, usize::MAX);
            prop_assert_eq!((count.requests, count.responses), (turns, turns));
            prop_assert_eq!(count.session.server_name(), Some("app.example"));
            prop_assert!(count.session.resumed().is_some());
        }
    }

    /// Any bytes, cut anywhere, with any gaps, end in some answer.
    #[test]
    fn any_bytes_are_survived(
        segments in proptest::collection::vec(
            (any::<bool>(), proptest::collection::vec(any::<u8>(), 0..80), 0_u32..100_000, any::<bool>()),
            0..40,
        ),
        records: bool,
    ) {
        let mut session = TlsSession::default();
        for (client, mut bytes, missing, gap) in segments {
            let side = if client { CLIENT } else { SERVER };
            if records && bytes.len() > 2 {
                bytes[0] = 20 + bytes[0] % 5;
                bytes[1] = 3;
                bytes[2] = 3;
            }
            session.segment(side, &bytes, missing);
            if gap {
                session.gap(side, missing);
            }
        }
    }
}

#[test]
fn hellos_are_kept_up_to_the_cap() {
    let mut session = TlsSession::default();
    // A hello of 64 KiB, in records of 16 KiB less one.
    let hello = [vec![1, 1, 0, 0], vec![7; 0x1_0000]].concat();
    for piece in hello.chunks(0x3fff) {
        let record = [&[22, 3, 1][..], &(piece.len() as u16).to_be_bytes(), piece].concat();
        session.segment(Side::Request, &record, 0);
        assert!(
            session.held() <= 2 * crate::limits::HELLO_BYTES,
            "{}",
            session.held()
        );
    }
    // A session id and a server name at most: what is beyond the cap is not read.
    assert!(session.held() <= 32 + 255);
}

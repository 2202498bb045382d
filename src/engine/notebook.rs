//! Notes of packets: all of one connection, or the latest of many. Filled only while somebody wants them.

use std::collections::{HashMap, VecDeque};

use foldhash::fast::RandomState;

use super::noted::Lines;
use super::records::Head;
use crate::classify::{ControlBits, Endpoint};
use crate::decode::Segment;
use crate::diagnose::{Direction, Message, PacketNote, PacketNotes, Sending};
use crate::flow::{FlowKey, Sender};
use crate::frame::InterfaceId;
use crate::limits::{LADDER_LINE_BYTES, LADDER_PACKETS, NOTE_LINE_BYTES, NOTES_EACH};
use crate::sequence::SeqNumber;
use crate::time::Timestamp;

/// What is noted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Noting {
    /// The packets of the connection with this id.
    Only(u64),
    /// The latest packets of so many connections.
    Latest(usize),
}

/// A packet as it is noted: with the numbers it had. Small, for there may be half a million.
#[derive(Clone, Copy, Debug)]
struct Raw {
    at: Timestamp,
    frame: u64,
    len: u32,
    sequence: u32,
    acknowledgment: u32,
    window: u16,
    flags: ControlBits,
    interface: InterfaceId,
    sender: Sender,
    sending: Sending,
    closes: bool,
}

/// The notes of one connection.
#[derive(Debug)]
struct Page {
    key: FlowKey,
    /// The first numbers seen of each end.
    bases: [Option<SeqNumber>; 2],
    /// The note in which a message of each end began whose head is not complete yet.
    begun: [Option<u64>; 2],
    first: Vec<Raw>,
    first_lines: Lines,
    latest: VecDeque<Raw>,
    latest_lines: Lines,
    /// Packets noted so far.
    count: u64,
    /// When it was written to last, by [`Notebook::taken`].
    stamp: u64,
}

/// The notes of an engine.
#[derive(Debug)]
pub(super) struct Notebook {
    noting: Noting,
    pages: HashMap<u64, Page, RandomState>,
    /// Notes taken.
    pub(super) taken: u64,
}

impl Notebook {
    pub(super) fn new(noting: Noting) -> Self {
        Self {
            noting,
            pages: HashMap::default(),
            taken: 0,
        }
    }

    pub(super) fn noting(&self) -> Noting {
        self.noting
    }

    /// How many notes of a connection are kept of its beginning and of its end, and how long a line may be.
    const fn sizes(&self) -> (usize, usize, usize) {
        match self.noting {
            Noting::Only(_) => (LADDER_PACKETS / 2, LADDER_PACKETS / 2, LADDER_LINE_BYTES),
            Noting::Latest(_) => (0, NOTES_EACH, NOTE_LINE_BYTES),
        }
    }

    /// Notes a packet of the connection `id`.
    pub(super) fn packet(
        &mut self,
        id: u64,
        key: FlowKey,
        (segment, sender): (&Segment<'_>, Sender),
        (sending, closes): (Sending, bool),
    ) {
        if let Noting::Only(wanted) = self.noting
            && wanted != id
        {
            return;
        }
        self.taken += 1;
        let (first, latest, _) = self.sizes();
        let raw = Raw::new(segment, sender, sending, closes);
        if let Some(page) = self.pages.get_mut(&id) {
            page.stamp = self.taken;
            page.add(raw, first, latest);
            return;
        }
        self.make_room();
        let page = self.pages.entry(id).or_insert_with(|| Page::new(key));
        page.stamp = self.taken;
        page.add(raw, first, latest);
    }

    /// Forgets the connections that have been silent longest, several at a time, if another one needs room.
    fn make_room(&mut self) {
        let Noting::Latest(most) = self.noting else {
            return;
        };
        if self.pages.len() < most {
            return;
        }
        let mut stamps: Vec<u64> = self.pages.values().map(|page| page.stamp).collect();
        let oldest = stamps.len() / 8;
        let (_, oldest, _) = stamps.select_nth_unstable(oldest);
        let oldest = *oldest;
        self.pages.retain(|_, page| page.stamp > oldest);
    }

    /// Whether a head of each end has begun and is not complete, as of the latest packet.
    pub(super) fn note_begun(&mut self, id: u64, in_head: [bool; 2]) {
        if let Some(page) = self.pages.get_mut(&id) {
            let last = page.count.checked_sub(1);
            for (begun, is) in page.begun.iter_mut().zip(in_head) {
                *begun = if is { begun.or(last) } else { None };
            }
        }
    }

    /// A head is complete: the message belongs to the packet in which it began.
    pub(super) fn head(&mut self, head: &Head, line: &[u8]) {
        let (_, _, longest) = self.sizes();
        let Some(page) = self.pages.get_mut(&head.connection) else {
            return;
        };
        let begun = page.begun[head.sender.index()].take();
        let serial = begun.or_else(|| page.serial_at(head));
        let Some(serial) = serial else { return };
        if let Some(lines) = page.lines_of(serial) {
            lines.add(serial, head.kind, &line[..line.len().min(longest)]);
        }
    }

    /// The notes of a connection, by who its client is.
    pub(super) fn read(&self, id: u64, client: Endpoint) -> Option<PacketNotes> {
        self.pages.get(&id).map(|page| page.read(client))
    }
}

impl Page {
    fn new(key: FlowKey) -> Self {
        Self {
            key,
            bases: [None; 2],
            begun: [None; 2],
            first: Vec::new(),
            first_lines: Lines::default(),
            latest: VecDeque::new(),
            latest_lines: Lines::default(),
            count: 0,
            stamp: 0,
        }
    }

    fn add(&mut self, raw: Raw, first: usize, latest: usize) {
        let sequence = SeqNumber(raw.sequence);
        self.bases[raw.sender.index()].get_or_insert(sequence);
        if let Some(acknowledged) = raw.acknowledged() {
            // Of an end that is silent so far: what it is acknowledged for.
            self.bases[raw.sender.peer().index()].get_or_insert(SeqNumber(acknowledged));
        }
        self.count += 1;
        if self.first.len() < first {
            self.first.push(raw);
            return;
        }
        if self.latest.len() >= latest {
            self.latest.pop_front();
            // The numbers of packets are from 0, and this one is not there yet.
            self.latest_lines
                .forget(self.count - 2 - self.latest.len() as u64);
        }
        self.latest.push_back(raw);
    }

    /// The number of the packet in which a head was complete: the latest of its time that carried payload.
    fn serial_at(&self, head: &Head) -> Option<u64> {
        let is = |raw: &Raw| raw.sender == head.sender && raw.at == head.at && raw.len > 0;
        let before = self.count - self.latest.len() as u64;
        let place = self
            .latest
            .iter()
            .rposition(is)
            .map(|place| before + place as u64);
        place.or_else(|| self.first.iter().rposition(is).map(|place| place as u64))
    }

    /// Where the messages of a packet are noted, if it is.
    fn lines_of(&mut self, serial: u64) -> Option<&mut Lines> {
        let before = self.count - self.latest.len() as u64;
        if serial >= before {
            (serial < self.count).then_some(&mut self.latest_lines)
        } else {
            (serial < self.first.len() as u64).then_some(&mut self.first_lines)
        }
    }

    fn read(&self, client: Endpoint) -> PacketNotes {
        let (address, port) = self.key.end(Sender::Low);
        let client = if (client.address, client.port) == (address.into(), port) {
            Sender::Low
        } else {
            Sender::High
        };
        let kept = self.first.len() + self.latest.len();
        let before = self.count - self.latest.len() as u64;
        let first = (0..).zip(&self.first);
        let numbered = first.chain((before..).zip(&self.latest));
        let mut lines = self.first_lines.read().chain(self.latest_lines.read()).peekable();
        let mut note = |(serial, raw): (u64, &Raw)| {
            let mut messages = Vec::new();
            while let Some((_, message)) = lines.next_if(|(packet, _)| *packet <= serial) {
                messages.push(message);
            }
            self.relative(raw, client, messages)
        };
        PacketNotes {
            packets: numbered.map(&mut note).collect(),
            left_out: self.count - kept as u64,
            left_out_at: self.first.len(),
        }
    }

    fn relative(&self, raw: &Raw, client: Sender, messages: Vec<Message>) -> PacketNote {
        let since = |number: u32, end: Sender| {
            let base = self.bases[end.index()].unwrap_or_default();
            number.wrapping_sub(base.0)
        };
        PacketNote {
            at: raw.at,
            frame: raw.frame,
            interface: raw.interface,
            direction: if raw.sender == client {
                Direction::ToServer
            } else {
                Direction::ToClient
            },
            flags: raw.flags,
            len: raw.len,
            sequence: since(raw.sequence, raw.sender),
            acknowledgment: raw.acknowledged().map(|number| since(number, raw.sender.peer())),
            window: raw.window,
            sending: raw.sending,
            closes: raw.closes,
            messages,
        }
    }
}

impl Raw {
    fn new(segment: &Segment<'_>, sender: Sender, sending: Sending, closes: bool) -> Self {
        Self {
            at: segment.timestamp,
            frame: segment.place.number(),
            len: segment.payload_len,
            sequence: segment.sequence,
            acknowledgment: segment.acknowledgment,
            window: segment.window,
            flags: ControlBits(segment.flags.0),
            interface: segment.place.interface(),
            sender,
            sending,
            closes,
        }
    }

    fn acknowledged(&self) -> Option<u32> {
        self.flags.acknowledges().then_some(self.acknowledgment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::Path;
    use crate::decode::{Address, Flags, Likeness, Packet, Print, SegmentHead};
    use crate::diagnose::MessageKind;
    use crate::flow::PathId;
    use crate::frame::FramePlace;

    fn packet(number: u64, port: u16, payload_len: u32) -> Packet<'static> {
        let head = SegmentHead {
            timestamp: Timestamp::from_nanos(number as i64),
            place: FramePlace::new(number, InterfaceId(0)),
            likeness: Likeness {
                sequence: 1_000,
                acknowledgment: 5_000,
                flags: Flags::ACK,
                window: 1,
                payload_len,
                print: Print::default(),
            },
        };
        Packet {
            head,
            payload: &[],
            path: Path::default(),
            source: (Address::v4([10, 0, 0, 1]), port),
            destination: (Address::v4([10, 0, 0, 2]), 80),
        }
    }

    fn client(port: u16) -> Endpoint {
        Endpoint {
            address: [10, 0, 0, 1].into(),
            port,
        }
    }

    fn note(notebook: &mut Notebook, id: u64, number: u64, port: u16) {
        let packet = packet(number, port, 1);
        let (key, sender) = FlowKey::of(&packet, PathId(0));
        notebook.packet(id, key, (&packet.segment(), sender), (Sending::New, false));
    }

    #[test]
    fn one_connection_keeps_its_first_and_its_latest() {
        let mut notebook = Notebook::new(Noting::Only(1));
        let packets = LADDER_PACKETS as u64 + 10;
        for number in 1..=packets {
            note(&mut notebook, 1, number, 4_000);
            note(&mut notebook, 2, number, 4_001);
        }
        assert_eq!(notebook.read(2, client(4_001)), None);
        let notes = notebook.read(1, client(4_000)).unwrap();
        assert_eq!((notes.packets.len(), notes.left_out), (LADDER_PACKETS, 10));
        let at = notes.left_out_at;
        assert_eq!(notes.packets[at - 1].frame + 11, notes.packets[at].frame);
        assert_eq!(notes.packets.last().unwrap().frame, packets);
        let first = &notes.packets[0];
        assert_eq!(
            (first.sequence, first.acknowledgment, first.direction),
            (0, Some(0), Direction::ToServer)
        );
    }

    #[test]
    fn of_many_the_longest_silent_are_forgotten() {
        let mut notebook = Notebook::new(Noting::Latest(100));
        for number in 0..60 {
            note(&mut notebook, 0, number, 4_000);
        }
        for id in 1..1_000 {
            note(&mut notebook, id, id, 4_000);
            note(&mut notebook, 0, id, 4_000);
            assert!(notebook.pages.len() <= 100);
        }
        assert!(notebook.pages.len() > 80, "{}", notebook.pages.len());
        assert_eq!(notebook.read(1, client(4_000)), None);
        assert!(notebook.read(999, client(4_000)).is_some());
        let notes = notebook.read(0, client(4_000)).unwrap();
        assert_eq!(notes.packets.len(), NOTES_EACH);
        assert_eq!(notes.left_out, 60 + 999 - NOTES_EACH as u64);
    }

    #[test]
    fn a_message_belongs_to_the_packet_in_which_it_began() {
        let mut notebook = Notebook::new(Noting::Latest(10));
        let head = |at| Head {
            connection: 1,
            sender: Sender::Low,
            at: Timestamp::from_nanos(at),
            kind: MessageKind::Request,
            line: 0..0,
        };
        let line = vec![b'x'; 2 * NOTE_LINE_BYTES];
        note(&mut notebook, 1, 1, 4_000);
        notebook.note_begun(1, [true, false]);
        note(&mut notebook, 1, 2, 4_000);
        notebook.note_begun(1, [true, false]);
        notebook.head(&head(2), &line);
        notebook.note_begun(1, [false, false]);
        note(&mut notebook, 1, 3, 4_000);
        notebook.head(&head(3), &line);
        // Of a connection that is not noted, and of a packet that is not there.
        let other = Head {
            connection: 9,
            ..head(3)
        };
        notebook.head(&other, &line);
        notebook.head(&head(77), &line);
        let notes = notebook.read(1, client(4_000)).unwrap();
        let messages: Vec<usize> = notes.packets.iter().map(|packet| packet.messages.len()).collect();
        assert_eq!(messages, [1, 0, 1]);
        assert_eq!(notes.packets[0].messages[0].line.len(), NOTE_LINE_BYTES);
    }
}

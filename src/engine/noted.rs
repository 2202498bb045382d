//! Start lines of the packets that are noted, one behind the other in one piece of memory: a busy connection has another one
//! with nearly every packet, and the oldest go.

use std::collections::VecDeque;

use crate::diagnose::{Message, MessageKind};

/// A message, and the number of the packet in which it began.
#[derive(Clone, Copy, Debug)]
struct Noted {
    packet: u64,
    kind: MessageKind,
    len: usize,
}

/// Messages in the order of their packets.
#[derive(Debug, Default)]
pub(super) struct Lines {
    messages: VecDeque<Noted>,
    bytes: VecDeque<u8>,
}

impl Lines {
    /// Adds a message that begins in packet number `packet`.
    pub(super) fn add(&mut self, packet: u64, kind: MessageKind, line: &[u8]) {
        let noted = Noted {
            packet,
            kind,
            len: line.len(),
        };
        // One that was long under way may have been overtaken by the other end's.
        let later = self.messages.iter().rev();
        let later = later.take_while(|other| other.packet > packet).count();
        let place = self.messages.len() - later;
        if later == 0 {
            self.bytes.extend(line);
        } else {
            let before = self.messages.iter().take(place).map(|noted| noted.len).sum();
            let after = self.bytes.split_off(before);
            self.bytes.extend(line);
            self.bytes.extend(after);
        }
        self.messages.insert(place, noted);
    }

    /// Forgets those of packets up to this one.
    pub(super) fn forget(&mut self, packet: u64) {
        while let Some(noted) = self.messages.front().filter(|noted| noted.packet <= packet) {
            self.bytes.drain(..noted.len);
            self.messages.pop_front();
        }
    }

    /// Every message with the number of its packet.
    pub(super) fn read(&self) -> impl Iterator<Item = (u64, Message)> {
        let mut bytes = self.bytes.iter().copied();
        self.messages.iter().map(move |noted| {
            let line: Vec<u8> = bytes.by_ref().take(noted.len).collect();
            let message = Message {
                kind: noted.kind,
                line: String::from_utf8_lossy(&line).into(),
            };
            (noted.packet, message)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_stand_in_the_order_of_their_packets_and_the_oldest_go() {
        let mut lines = Lines::default();
        for (packet, line) in [
            (1, "one"),
            (4, "four"),
            (2, "two"),
            (2, "and a half"),
            (9, "nine"),
            (3, ""),
        ] {
            lines.add(packet, MessageKind::Request, line.as_bytes());
        }
        let read = |lines: &Lines| -> Vec<(u64, String)> {
            lines
                .read()
                .map(|(packet, message)| (packet, message.line.to_string()))
                .collect()
        };
        let expected = [
            (1, "one"),
            (2, "two"),
            (2, "and a half"),
            (3, ""),
            (4, "four"),
            (9, "nine"),
        ];
        let expected = expected.map(|(packet, line)| (packet, line.to_owned()));
        assert_eq!(read(&lines), expected);
        lines.forget(2);
        assert_eq!(read(&lines), expected[3..]);
        lines.forget(100);
        assert_eq!(read(&lines), []);
        assert!(lines.bytes.is_empty());
    }
}

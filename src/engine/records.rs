//! What is recorded beside leg events, where somebody asks for it: exchanges, and the heads of messages for the notes.

use std::io::Write;
use std::ops::Range;

use super::delivery::Origin;
use crate::classify::Version;
use crate::diagnose::{ExchangeRecord, MessageKind};
use crate::flow::Sender;
use crate::http::{RequestHead, UNREAD_STATUS};
use crate::target::public;
use crate::time::Timestamp;

/// Exchanges and heads that were recorded and not yet taken.
#[derive(Debug, Default)]
pub(super) struct Records {
    pub(super) exchanges: Vec<ExchangeRecord>,
    /// `None` as long as nobody takes notes.
    pub(super) heads: Option<Heads>,
}

/// A message whose head was read.
#[derive(Debug)]
pub(super) struct Head {
    /// The connection's id.
    pub(super) connection: u64,
    pub(super) sender: Sender,
    /// When its head was complete.
    pub(super) at: Timestamp,
    pub(super) kind: MessageKind,
    /// Where its start line is.
    pub(super) line: Range<usize>,
}

/// Heads and their start lines, which go with them.
#[derive(Debug, Default)]
pub(super) struct Heads {
    list: Vec<Head>,
    lines: Vec<u8>,
}

impl Heads {
    /// A head whose line was written from `from` on.
    fn add(&mut self, from: usize, mut head: Head) {
        let line = self.lines.get(from..).unwrap_or_default();
        let begin = line.len() - line.trim_ascii_start().len();
        let len = line.trim_ascii().len();
        head.line = from + begin..from + begin + len;
        self.list.push(head);
    }

    /// Shows all of them with their lines, and forgets them.
    pub(super) fn drain(&mut self, mut show: impl FnMut(&Head, &[u8])) {
        for head in &self.list {
            show(head, self.lines.get(head.line.clone()).unwrap_or_default());
        }
        self.list.clear();
        self.lines.clear();
    }
}

impl Records {
    #[expect(clippy::inline_always, reason = "one comparison")]
    #[inline(always)]
    pub(super) fn request<'a>(
        &mut self,
        connection: u64,
        sender: Sender,
        head: impl FnOnce() -> RequestHead<'a>,
        from: Origin,
    ) {
        if self.heads.is_some() {
            self.note_request(connection, sender, head(), from);
        }
    }

    #[inline]
    pub(super) fn response(
        &mut self,
        connection: u64,
        sender: Sender,
        (version, status): (Version, u16),
        at: Timestamp,
    ) {
        if self.heads.is_some() {
            self.note_response(connection, sender, (version, status), at);
        }
    }

    /// Out of line: hardly ever is somebody taking notes.
    #[cold]
    fn note_request(&mut self, connection: u64, sender: Sender, head: RequestHead<'_>, from: Origin) {
        let heads = self.heads.get_or_insert_default();
        let from_byte = heads.lines.len();
        heads.lines.extend(head.method_name);
        heads.lines.push(b' ');
        heads
            .lines
            .extend(public(&String::from_utf8_lossy(head.target)).as_bytes());
        if head.version != Version::Http09 {
            written(head.version, &mut heads.lines);
        }
        let head = Head {
            connection,
            sender,
            at: from.at,
            kind: MessageKind::Request,
            line: 0..0,
        };
        heads.add(from_byte, head);
    }

    #[cold]
    fn note_response(
        &mut self,
        connection: u64,
        sender: Sender,
        (version, status): (Version, u16),
        at: Timestamp,
    ) {
        let heads = self.heads.get_or_insert_default();
        let from = heads.lines.len();
        if status != UNREAD_STATUS {
            written(version, &mut heads.lines);
            // Writing to memory does not fail.
            let _ = write!(heads.lines, " {status}");
        }
        let head = Head {
            connection,
            sender,
            at,
            kind: MessageKind::Response,
            line: 0..0,
        };
        heads.add(from, head);
    }
}

/// ` HTTP/1.1`, or nothing where it is not visible.
fn written(version: Version, line: &mut Vec<u8>) {
    match version.as_str() {
        "" => {}
        number => {
            line.extend(b" HTTP/");
            line.extend(number.bytes());
        }
    }
}

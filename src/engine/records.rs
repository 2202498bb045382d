//! What is recorded beside leg events, where somebody asks for it: exchanges, and the heads of messages for the notes.

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
    pub(super) heads: Option<Vec<Head>>,
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
    pub(super) line: Vec<u8>,
}

impl Records {
    #[inline]
    pub(super) fn request(&mut self, connection: u64, sender: Sender, head: &RequestHead<'_>, from: Origin) {
        if self.heads.is_some() {
            self.note_request(connection, sender, head, from);
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
    fn note_request(&mut self, connection: u64, sender: Sender, head: &RequestHead<'_>, from: Origin) {
        let target = String::from_utf8_lossy(head.target);
        let mut line = [head.method_name, public(&target).as_bytes()].join(&b' ');
        if head.version != Version::Http09 {
            line.extend(written(head.version).bytes());
        }
        self.heads.get_or_insert_default().push(Head {
            connection,
            sender,
            at: from.at,
            kind: MessageKind::Request,
            line: line.trim_ascii().to_vec(),
        });
    }

    #[cold]
    fn note_response(
        &mut self,
        connection: u64,
        sender: Sender,
        (version, status): (Version, u16),
        at: Timestamp,
    ) {
        let line = match status {
            UNREAD_STATUS => String::new(),
            status => format!("{} {status}", written(version)),
        };
        self.heads.get_or_insert_default().push(Head {
            connection,
            sender,
            at,
            kind: MessageKind::Response,
            line: line.into_bytes().trim_ascii().to_vec(),
        });
    }
}

/// ` HTTP/1.1`, or nothing where it is not visible.
fn written(version: Version) -> String {
    match version.as_str() {
        "" => String::new(),
        number => format!(" HTTP/{number}"),
    }
}

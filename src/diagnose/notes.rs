//! What is noted of the packets of one connection, for its ladder.

use super::snapshot::ConnectionRecord;
use crate::classify::ControlBits;
use crate::frame::InterfaceId;
use crate::time::Timestamp;

/// Which way a packet went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    /// From the client.
    ToServer,
    /// From the server.
    ToClient,
}

impl Direction {
    /// The slug used in every output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ToServer => "to_server",
            Self::ToClient => "to_client",
        }
    }
}

/// What the analysis took a packet for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sending {
    /// New payload, or none.
    New,
    /// Sent before.
    Retransmission,
    /// Overtaken on the way.
    OutOfOrder,
    /// A keepalive probe (RFC 1122 section 4.2.3.6).
    KeepaliveProbe,
    /// The same packet captured again.
    Duplicate,
    /// It came after the connection was over.
    Late,
    /// It changes nothing: a SYN that another one answers for, an RST out of the window.
    Ignored,
}

impl Sending {
    /// The slug used in every output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Retransmission => "retransmission",
            Self::OutOfOrder => "out_of_order",
            Self::KeepaliveProbe => "keepalive_probe",
            Self::Duplicate => "duplicate",
            Self::Late => "late",
            Self::Ignored => "ignored",
        }
    }
}

/// What a message is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MessageKind {
    /// A request.
    Request,
    /// A response, interim ones included.
    Response,
}

impl MessageKind {
    /// The slug used in every output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Response => "response",
        }
    }
}

/// A message that begins in a packet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// What it is.
    pub kind: MessageKind,
    /// Its start line as far as it is kept (a response's without its reason); empty where it could not be read.
    pub line: Box<str>,
}

/// One packet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PacketNote {
    /// When it was captured.
    pub at: Timestamp,
    /// Wireshark's `frame.number` in its source.
    pub frame: u64,
    /// The interface it was captured on.
    pub interface: InterfaceId,
    /// Which way.
    pub direction: Direction,
    /// Its control bits.
    pub flags: ControlBits,
    /// Payload bytes on the wire.
    pub len: u32,
    /// Relative to its sender's SYN, or to the first number seen of it.
    pub sequence: u32,
    /// Relative to the peer's; `None` without ACK.
    pub acknowledgment: Option<u32>,
    /// The window as sent, not scaled.
    pub window: u16,
    /// What it was taken for.
    pub sending: Sending,
    /// It is the first FIN or RST.
    pub closes: bool,
    /// Messages that begin in it.
    pub messages: Vec<Message>,
}

/// The packets of a connection in order of capture.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PacketNotes {
    /// Those that are kept.
    pub packets: Vec<PacketNote>,
    /// How many more there were ...
    pub left_out: u64,
    /// ... before which of those kept.
    pub left_out_at: usize,
}

/// A connection and its packets.
#[derive(Clone, PartialEq, Debug)]
pub struct Ladder {
    /// The connection.
    pub connection: ConnectionRecord,
    /// Its packets.
    pub notes: PacketNotes,
}

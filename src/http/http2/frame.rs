//! The header of a frame (RFC 9113 section 4.1).

use crate::http::Side;

pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
const PRIORITY: u8 = 2;
pub(super) const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
pub(super) const PUSH_PROMISE: u8 = 5;
const PING: u8 = 6;
pub(super) const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
pub(super) const CONTINUATION: u8 = 9;

const ACK: u8 = 0x1;
pub(super) const END_STREAM: u8 = 0x1;
pub(super) const END_HEADERS: u8 = 0x4;
pub(super) const PADDED: u8 = 0x8;
pub(super) const WITH_PRIORITY: u8 = 0x20;

/// Bytes of a frame's header.
pub(super) const HEADER: usize = 9;
/// The largest payload unless SETTINGS_MAX_FRAME_SIZE allows more (RFC 9113 section 6.5.2).
const USUAL_LENGTH: u32 = 1 << 14;

/// The header of a frame.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Header {
    pub(super) length: u32,
    pub(super) kind: u8,
    pub(super) flags: u8,
    pub(super) stream: u32,
    reserved: bool,
}

impl Header {
    pub(super) const fn read(bytes: [u8; HEADER]) -> Self {
        let [high, middle, low, kind, flags, stream @ ..] = bytes;
        let stream = u32::from_be_bytes(stream);
        Self {
            length: u32::from_be_bytes([0, high, middle, low]),
            kind,
            flags,
            stream: stream & 0x7fff_ffff,
            reserved: stream >> 31 != 0,
        }
    }

    /// Whether it belongs to a field block.
    pub(super) const fn is_block(self) -> bool {
        matches!(self.kind, HEADERS | PUSH_PROMISE | CONTINUATION)
    }

    pub(super) const fn has(self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// Whether it ends its sender's side of the stream.
    pub(super) const fn ends_stream(self) -> bool {
        matches!(self.kind, DATA | HEADERS) && self.has(END_STREAM)
    }

    /// What a receiver need not treat as an error of the connection, by length and stream (RFC 9113 section 6). Frames of
    /// unknown kinds are ignored (section 5.5) unless they are longer than any that is in use.
    pub(super) const fn is_valid(self) -> bool {
        let of_connection = self.stream == 0;
        match self.kind {
            DATA | HEADERS | PUSH_PROMISE | CONTINUATION => !of_connection,
            PRIORITY => !of_connection && self.length == 5,
            RST_STREAM => !of_connection && self.length == 4,
            SETTINGS => {
                of_connection && self.length.is_multiple_of(6) && (!self.has(ACK) || self.length == 0)
            }
            PING => of_connection && self.length == 8,
            GOAWAY => of_connection && self.length >= 8,
            WINDOW_UPDATE => self.length == 4,
            _ => self.length <= USUAL_LENGTH,
        }
    }

    /// Whether bytes that may be anything look like the header of a frame that `side` sends.
    pub(super) const fn is_likely(self, side: Side) -> bool {
        let (flags, by_client) = match self.kind {
            DATA => (END_STREAM | PADDED, true),
            HEADERS => (END_STREAM | END_HEADERS | PADDED | WITH_PRIORITY, true),
            SETTINGS | PING => (ACK, true),
            PUSH_PROMISE => (END_HEADERS | PADDED, false),
            CONTINUATION => (END_HEADERS, true),
            PRIORITY | RST_STREAM | GOAWAY | WINDOW_UPDATE => (0, true),
            _ => return false,
        };
        let by_right_side = match side {
            // A client's streams are odd, and it promises nothing.
            Side::Request => by_client && (!matches!(self.kind, DATA | HEADERS) || self.stream % 2 == 1),
            Side::Response => true,
        };
        by_right_side
            && self.is_valid()
            && self.length <= USUAL_LENGTH
            && self.flags & !flags == 0
            && !self.reserved
    }
}

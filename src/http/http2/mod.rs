//! HTTP/2 in clear: the frames of one direction (RFC 9113 section 4), their header blocks (RFC 7541).
//!
//! DATA is counted down and skipped. A gap inside a payload that is skipped keeps the framing; any other gap loses it
//! for good, since nothing marks the beginning of a frame.

mod hpack;
mod huffman;
mod static_table;

pub use hpack::Fields;

use crate::limits::HEAD_BYTES;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const PUSH_PROMISE: u8 = 5;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 0x1;
const END_HEADERS: u8 = 0x4;
const PADDED: u8 = 0x8;
const PRIORITY: u8 = 0x20;

/// What a frame says about messages.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Frame {
    /// A whole header block: a head, an interim head, or trailers.
    Headers {
        /// Its stream.
        stream: u32,
        /// It ends its sender's side of the stream.
        end: bool,
        /// What it says.
        fields: Fields,
    },
    /// The sender's side of the stream ended.
    End(u32),
    /// The stream was reset.
    Reset(u32),
    /// The sender will accept no more streams.
    GoAway,
}

/// The header of a frame.
#[derive(Clone, Copy, Default, Debug)]
struct Header {
    kind: u8,
    flags: u8,
    stream: u32,
}

impl Header {
    /// Whether the payload is needed.
    const fn is_block(self) -> bool {
        matches!(self.kind, HEADERS | PUSH_PROMISE | CONTINUATION)
    }
}

/// The frames of one direction.
#[derive(Debug, Default)]
pub struct FrameReader {
    partial: [u8; 9],
    have: usize,
    frame: Header,
    left: usize,
    payload: Vec<u8>,
    block: Vec<u8>,
    /// The frame that began the block.
    opened: Header,
    lost: bool,
    hpack: hpack::Decoder,
}

impl FrameReader {
    /// Whether framing is lost, which is for good.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.lost
    }

    /// Reads on: how many bytes were used, and what came out. Call again as long as bytes remain.
    pub fn advance(&mut self, data: &[u8]) -> (usize, Option<Frame>) {
        if self.lost {
            return (data.len(), None);
        }
        let mut used = 0;
        if self.have < self.partial.len() {
            let taken = (self.partial.len() - self.have).min(data.len());
            self.partial[self.have..self.have + taken].copy_from_slice(&data[..taken]);
            self.have += taken;
            used = taken;
            if self.have < self.partial.len() {
                return (used, None);
            }
            self.begin();
        }
        let rest = &data[used..];
        let taken = self.left.min(rest.len());
        if self.frame.is_block() {
            if self.payload.len() + self.block.len() + taken > HEAD_BYTES {
                self.lost = true;
                return (data.len(), None);
            }
            self.payload.extend_from_slice(&rest[..taken]);
        }
        self.left -= taken;
        let frame = if self.left == 0 { self.end() } else { None };
        (used + taken, frame)
    }

    /// Bytes that were not captured: whether a stream ended exactly there.
    pub fn gap(&mut self, len: u64) -> Option<Frame> {
        let inside = self.have == self.partial.len() && len <= self.left as u64;
        if self.lost || !inside || self.frame.is_block() {
            self.lost = true;
            return None;
        }
        self.left -= len as usize;
        if self.left == 0 { self.end() } else { None }
    }

    fn begin(&mut self) {
        let [a, b, c, kind, flags, s @ ..] = self.partial;
        self.left = u32::from_be_bytes([0, a, b, c]) as usize;
        self.frame = Header {
            kind,
            flags,
            stream: u32::from_be_bytes(s) & 0x7fff_ffff,
        };
        self.payload.clear();
    }

    /// The frame is complete.
    fn end(&mut self) -> Option<Frame> {
        self.have = 0;
        let Header { kind, flags, stream } = self.frame;
        match kind {
            DATA if flags & END_STREAM != 0 => Some(Frame::End(stream)),
            RST_STREAM => Some(Frame::Reset(stream)),
            GOAWAY => Some(Frame::GoAway),
            HEADERS | PUSH_PROMISE => {
                self.opened = self.frame;
                self.block.clear();
                let Some(fragment) = fragment(self.frame, &self.payload) else {
                    self.lost = true;
                    return None;
                };
                self.block.extend_from_slice(fragment);
                self.end_block()
            }
            CONTINUATION => {
                self.block.append(&mut self.payload);
                self.end_block()
            }
            _ => None,
        }
    }

    fn end_block(&mut self) -> Option<Frame> {
        if self.frame.flags & END_HEADERS == 0 {
            return None;
        }
        let fields = self.hpack.block(&self.block);
        // Most connections are idle most of the time: nothing is kept between blocks.
        (self.block, self.payload) = (Vec::new(), Vec::new());
        (self.opened.kind == HEADERS).then_some(Frame::Headers {
            stream: self.opened.stream,
            end: self.opened.flags & END_STREAM != 0,
            fields,
        })
    }
}

/// The header block of a frame, without padding, priority and promised stream (RFC 9113 sections 6.2 and 6.6).
fn fragment(frame: Header, payload: &[u8]) -> Option<&[u8]> {
    let (padding, rest) = if frame.flags & PADDED == 0 {
        (0, payload)
    } else {
        let (first, rest) = payload.split_first()?;
        (usize::from(*first), rest)
    };
    let skipped = match frame.kind {
        PUSH_PROMISE => 4,
        _ if frame.flags & PRIORITY != 0 => 5,
        _ => 0,
    };
    let rest = rest.get(skipped..)?;
    rest.get(..rest.len().checked_sub(padding)?)
}

#[cfg(test)]
mod tests;

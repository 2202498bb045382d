//! The frames of one direction.

use super::block::Block;
use super::frame::{DATA, END_HEADERS, GOAWAY, HEADER, HEADERS, Header, PUSH_PROMISE, RST_STREAM};
use super::hpack::{Decoder, Fields};
use super::resync;
use crate::http::Side;

/// What a frame says about messages.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Frame {
    /// A field block: a head, an interim head, or trailers.
    Headers {
        /// Its stream.
        stream: u32,
        /// It ends its sender's side of the stream.
        end: bool,
        /// What it says.
        fields: Fields,
    },
    /// The end of a frame of the body.
    Data {
        /// Its stream.
        stream: u32,
        /// It ends its sender's side of the stream.
        end: bool,
    },
    /// The stream was reset.
    Reset {
        /// Its number.
        stream: u32,
    },
    /// The sender will accept no more streams.
    GoAway,
}

/// The frames of one direction.
#[derive(Debug, Default)]
pub struct FrameReader {
    header: [u8; HEADER],
    /// Bytes of the header that are there.
    have: usize,
    frame: Header,
    /// Bytes of the payload that remain.
    left: u32,
    block: Option<Box<Block>>,
    lost: bool,
    hpack: Decoder,
}

impl FrameReader {
    /// Whether framing is lost at the moment.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.lost
    }

    /// Whether the next byte begins a message: it is the first one of a frame that continues no field block.
    #[must_use]
    pub fn is_between(&self) -> bool {
        self.have == 0 && self.block.is_none()
    }

    /// Reads on: how many bytes were used, and what came out. Call again as long as bytes remain.
    pub fn advance(&mut self, side: Side, data: &[u8]) -> (usize, Option<Frame>) {
        let mut used = 0;
        if self.lost {
            let Some(found) = resync::find(side, data) else {
                return (data.len(), None);
            };
            self.lost = false;
            used = found;
        }
        if self.have < HEADER {
            let rest = &data[used..];
            let taken = (HEADER - self.have).min(rest.len());
            self.header[self.have..self.have + taken].copy_from_slice(&rest[..taken]);
            self.have += taken;
            used += taken;
            if self.have < HEADER {
                return (used, None);
            }
            self.frame = Header::read(self.header);
            self.left = self.frame.length;
            if !self.frame.is_valid() || !self.begin() {
                // What a receiver answers by closing the connection.
                return (data.len(), self.lose());
            }
        }
        let rest = &data[used..];
        let taken = rest.len().min(self.left as usize);
        if self.frame.is_block()
            && let Some(block) = self.block.as_mut()
        {
            block.append(&rest[..taken]);
        }
        self.left -= taken as u32;
        let frame = if self.left == 0 { self.end() } else { None };
        (used + taken, frame)
    }

    /// Bytes that were not captured; what is known to have been in them.
    pub fn gap(&mut self, len: u64) -> Option<Frame> {
        if self.lost {
            return None;
        }
        if self.have < HEADER || len > u64::from(self.left) {
            return self.lose();
        }
        if self.frame.is_block()
            && let Some(block) = self.block.as_mut()
        {
            block.damage();
        }
        self.left -= len as u32;
        if self.left == 0 { self.end() } else { None }
    }

    /// Framing is lost from here on; what the frame under way was is known from its header.
    pub fn lose(&mut self) -> Option<Frame> {
        let under_way = self.have == HEADER && self.frame.is_valid();
        let frame = self.frame;
        self.lost = true;
        self.have = 0;
        self.left = 0;
        let abandoned = self.abandon();
        self.hpack.forget();
        if abandoned.is_none() && under_way && frame.kind == DATA {
            return Some(Frame::Data {
                stream: frame.stream,
                end: frame.ends_stream(),
            });
        }
        abandoned
    }

    /// A frame begins. Returns whether it may: a field block must go on in one piece (RFC 9113 section 6.10).
    fn begin(&mut self) -> bool {
        match self.block.as_ref() {
            Some(block) => return block.goes_on_in(self.frame),
            None if matches!(self.frame.kind, HEADERS | PUSH_PROMISE) => {
                self.block = Some(Box::new(Block::new(self.frame)));
            }
            // The rest of a block whose beginning was not captured.
            None if self.frame.is_block() => {
                self.hpack.forget();
            }
            None => {}
        }
        true
    }

    /// Gives up the block under way; that there was one is known.
    fn abandon(&mut self) -> Option<Frame> {
        let mut block = self.block.take()?;
        block.damage();
        self.end_block(&block)
    }

    /// The frame is complete.
    fn end(&mut self) -> Option<Frame> {
        self.have = 0;
        let Header { kind, stream, .. } = self.frame;
        match kind {
            DATA => Some(Frame::Data {
                stream,
                end: self.frame.ends_stream(),
            }),
            RST_STREAM => Some(Frame::Reset { stream }),
            GOAWAY => Some(Frame::GoAway),
            _ if self.frame.is_block() => {
                let block = self.block.as_mut()?;
                block.end_frame(self.frame);
                if !self.frame.has(END_HEADERS) {
                    return None;
                }
                // Nothing is kept between blocks: most connections are idle most of the time.
                let block = self.block.take()?;
                self.end_block(&block)
            }
            _ => None,
        }
    }

    fn end_block(&mut self, block: &Block) -> Option<Frame> {
        let mut fields = match block.bytes() {
            Some(bytes) => self.hpack.block(bytes),
            None => self.hpack.forget(),
        };
        fields.too_long = block.is_too_long();
        (block.opened.kind == HEADERS).then_some(Frame::Headers {
            stream: block.opened.stream,
            end: block.opened.ends_stream(),
            fields,
        })
    }

    /// Bytes that it keeps.
    #[must_use]
    pub fn held(&self) -> usize {
        self.block.as_ref().map_or(0, |block| block.held()) + self.hpack.held()
    }

    #[cfg(test)]
    pub(super) fn kept(&self) -> (usize, usize) {
        (
            self.block.as_ref().map_or(0, |block| block.kept()),
            self.hpack.kept(),
        )
    }
}

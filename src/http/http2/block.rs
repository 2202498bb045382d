//! A field block: one HEADERS or PUSH_PROMISE frame and its CONTINUATIONs (RFC 9113 section 4.3).

use super::frame::{CONTINUATION, Header, PADDED, PUSH_PROMISE, WITH_PRIORITY};
use crate::limits::HEAD_BYTES;

/// A field block that is not complete.
#[derive(Debug)]
pub(super) struct Block {
    /// The frame that began it.
    pub(super) opened: Header,
    bytes: Vec<u8>,
    /// Where the present frame's payload begins in it.
    frame: usize,
    whole: bool,
    too_long: bool,
}

impl Block {
    pub(super) fn new(opened: Header) -> Self {
        Self {
            opened,
            bytes: Vec::new(),
            frame: 0,
            whole: true,
            too_long: false,
        }
    }

    /// Whether `header` is that of its next frame.
    pub(super) const fn goes_on_in(&self, header: Header) -> bool {
        header.kind == CONTINUATION && header.stream == self.opened.stream
    }

    /// Payload bytes of the present frame.
    pub(super) fn append(&mut self, bytes: &[u8]) {
        if self.bytes.len() + bytes.len() > HEAD_BYTES {
            self.too_long = true;
            self.damage();
        }
        if self.whole {
            self.bytes.extend_from_slice(bytes);
        }
    }

    /// Some of it cannot be had.
    pub(super) fn damage(&mut self) {
        self.whole = false;
        self.bytes = Vec::new();
    }

    /// The present frame is complete: padding, priority and promised stream are taken out (RFC 9113 sections 6.2, 6.6).
    pub(super) fn end_frame(&mut self, header: Header) {
        if self.whole && self.strip(header).is_none() {
            self.damage();
        }
        self.frame = self.bytes.len();
    }

    fn strip(&mut self, header: Header) -> Option<()> {
        if header.kind == CONTINUATION {
            return Some(());
        }
        let (padded, mut skipped) = if header.has(PADDED) {
            (usize::from(*self.bytes.get(self.frame)?), 1)
        } else {
            (0, 0)
        };
        if header.kind == PUSH_PROMISE {
            skipped += 4;
        } else if header.has(WITH_PRIORITY) {
            skipped += 5;
        }
        let kept = self.bytes.len().checked_sub(padded)?;
        let begin = self.frame + skipped;
        if begin > kept {
            return None;
        }
        self.bytes.truncate(kept);
        self.bytes.drain(self.frame..begin);
        Some(())
    }

    /// Its bytes, if all of them are there.
    pub(super) fn bytes(&self) -> Option<&[u8]> {
        self.whole.then_some(self.bytes.as_slice())
    }

    /// It was longer than the cap.
    pub(super) const fn is_too_long(&self) -> bool {
        self.too_long
    }

    /// Bytes that it keeps.
    pub(super) fn held(&self) -> usize {
        size_of::<Self>() + self.bytes.capacity()
    }

    #[cfg(test)]
    pub(super) fn kept(&self) -> usize {
        self.bytes.len()
    }
}

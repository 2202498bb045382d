//! An input's bytes as they are stored, of which the latest can be read again.

use std::io::{self, BufRead, Read};
use std::sync::Arc;

use super::progress::{Counted, Progress};
use crate::limits::{COMPRESSED_BYTES, REREAD_BYTES};

/// Bytes as stored, with their offsets. What goes through [`BufRead`] is kept for a while; what is read in large pieces
/// goes past the buffer.
pub(super) struct Raw {
    inner: Counted<Box<dyn Read + Send>>,
    buffer: Vec<u8>,
    /// The next byte in the buffer.
    at: usize,
    /// Offset in the input of the buffer's first byte.
    base: u64,
    has_ended: bool,
    has_failed: bool,
}

impl Raw {
    pub(super) fn new(inner: Box<dyn Read + Send>, progress: Arc<Progress>) -> Self {
        Self {
            inner: Counted::new(inner, progress),
            buffer: Vec::new(),
            at: 0,
            base: 0,
            has_ended: false,
            has_failed: false,
        }
    }

    /// Offset in the input of the next byte.
    pub(super) fn offset(&self) -> u64 {
        self.base + self.at as u64
    }

    /// Whether the input itself could not be read on.
    pub(super) const fn has_failed(&self) -> bool {
        self.has_failed
    }

    /// Whether no byte will come behind those that [`peek`](Self::peek) shows.
    pub(super) const fn has_ended(&self) -> bool {
        self.has_ended || self.has_failed
    }

    /// The next bytes without taking them: `count`, or more, or all that are left.
    pub(super) fn peek(&mut self, count: usize) -> io::Result<&[u8]> {
        while self.left() < count && !self.has_ended() {
            self.refill()?;
        }
        Ok(self.buffer.get(self.at..).unwrap_or_default())
    }

    /// Goes back to this offset, or to the first one that is still there.
    pub(super) fn go_back(&mut self, offset: u64) {
        let at = usize::try_from(offset.saturating_sub(self.base)).unwrap_or(self.at);
        self.at = self.at.min(at);
    }

    /// Gives back bytes that were read last.
    pub(super) fn give_back(&mut self, bytes: &[u8]) {
        let offset = self.offset().saturating_sub(bytes.len() as u64);
        self.buffer.splice(..self.at, bytes.iter().copied());
        (self.at, self.base) = (0, offset);
    }

    fn left(&self) -> usize {
        self.buffer.len() - self.at
    }

    /// Reads a little more into the buffer; of what was taken, the latest stays.
    fn refill(&mut self) -> io::Result<()> {
        if self.at >= REREAD_BYTES + 2 * COMPRESSED_BYTES {
            let old = self.at - REREAD_BYTES;
            self.buffer.drain(..old);
            self.base += old as u64;
            self.at -= old;
        }
        let filled = self.buffer.len();
        self.buffer.resize(filled + COMPRESSED_BYTES, 0);
        let result = read_some(&mut self.inner, self.buffer.get_mut(filled..).unwrap_or_default());
        let read = *result.as_ref().unwrap_or(&0);
        self.buffer.truncate(filled + read);
        match result {
            Ok(read) => self.has_ended = read == 0,
            Err(error) => {
                self.has_failed = true;
                return Err(error);
            }
        }
        Ok(())
    }
}

impl BufRead for Raw {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left() == 0 && !self.has_ended {
            self.refill()?;
        }
        Ok(self.buffer.get(self.at..).unwrap_or_default())
    }

    fn consume(&mut self, amount: usize) {
        self.at = self.at.saturating_add(amount).min(self.buffer.len());
    }
}

impl Read for Raw {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.left() > 0 {
            let read = self.buffer.get(self.at..).unwrap_or_default().read(into)?;
            self.consume(read);
            return Ok(read);
        }
        // Past the buffer, which would only be another copy.
        self.base += self.at as u64;
        self.buffer.clear();
        self.at = 0;
        let result = read_some(&mut self.inner, into);
        match &result {
            Ok(read) => self.base += *read as u64,
            Err(_) => self.has_failed = true,
        }
        result
    }
}

/// One `read`, repeated only if a signal interrupted it.
pub(super) fn read_some(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match reader.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(bytes: Vec<u8>) -> Raw {
        Raw::new(Box::new(io::Cursor::new(bytes)), Arc::default())
    }

    #[test]
    fn the_latest_bytes_can_be_read_again() {
        let bytes: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
        let mut raw = raw(bytes.clone());
        for _ in 0..80 {
            let read = raw.fill_buf().unwrap().len();
            raw.consume(read);
        }
        let end = raw.offset();
        assert_eq!(end, 80 * COMPRESSED_BYTES as u64);
        raw.go_back(end - 1_000);
        assert_eq!(raw.offset(), end - 1_000);
        let from = end as usize - 1_000;
        assert_eq!(raw.peek(5_000).unwrap()[..5_000], bytes[from..from + 5_000]);
        raw.go_back(0);
        let oldest = raw.offset() as usize;
        assert!(oldest <= from - REREAD_BYTES + 1_000 && oldest > 0, "{oldest}");
        assert_eq!(raw.peek(10).unwrap()[..10], bytes[oldest..oldest + 10]);
    }

    #[test]
    fn bytes_are_given_back_where_they_came_from() {
        let mut raw = raw((0..100).collect());
        let mut some = [0; 60];
        raw.read_exact(&mut some).unwrap();
        raw.give_back(&some[50..]);
        assert_eq!(raw.offset(), 50);
        let mut rest = Vec::new();
        raw.read_to_end(&mut rest).unwrap();
        assert_eq!(rest, (50..100).collect::<Vec<u8>>());
        assert_eq!(raw.offset(), 100);
    }
}

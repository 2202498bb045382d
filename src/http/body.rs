//! Bodies: counted down and skipped.

use crate::limits::CHUNK_LINE_BYTES;

/// Where a message is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Phase {
    /// Before a head; empty lines in front of it are skipped (RFC 9112 section 2.2).
    #[default]
    Start,
    /// Inside a head, of which a part is kept.
    Head,
    /// `left` bytes of a sized body remain.
    Sized,
    /// Inside a chunk-size line; `left` is the size so far, `line` its length so far.
    ChunkSize,
    /// As `ChunkSize`, after the digits.
    ChunkExtension,
    /// `left` bytes of a chunk remain.
    ChunkData,
    /// Before the line end after a chunk.
    ChunkEnd,
    /// In the trailer section; `line` is the length of the line so far.
    Trailer,
    /// A body until the connection closes.
    UntilClose,
    /// No HTTP after an upgrade.
    Tunnel,
    /// Inside a message whose end cannot be told because the snaplen cut it: the next head is looked for at the
    /// beginning of each segment.
    Unframed,
    /// Inside a PROXY protocol header or the HTTP/2 preface, of which a part is kept.
    Prelude,
    /// `left` bytes of a PROXY protocol header remain.
    PreludeRest,
    /// HTTP/2 frames.
    Http2,
    /// Framing was lost: waiting for the next head at the beginning of a segment.
    Resync,
    /// This never was HTTP/1.x.
    NotHttp,
}

impl Phase {
    /// Whether this is part of the chunked coding.
    #[inline]
    pub(super) const fn is_chunked(self) -> bool {
        matches!(
            self,
            Self::ChunkSize | Self::ChunkExtension | Self::ChunkData | Self::ChunkEnd | Self::Trailer
        )
    }
}

/// Progress through a body.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Progress {
    /// All bytes used, the message goes on.
    More,
    /// The message ended after this many bytes.
    Ended(usize),
    /// Chunk framing that is none.
    Broken,
}

/// The counters of a body.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Body {
    pub(super) phase: Phase,
    /// A head was read before: what follows is damage, not another protocol.
    pub(super) spoken: bool,
    /// The last response's request is unknown: a body that begins with a status line is none.
    pub(super) doubtful: bool,
    pub(super) line: u32,
    pub(super) left: u64,
}

impl Body {
    pub(super) fn start(&mut self, phase: Phase, left: u64) {
        (self.phase, self.line, self.left) = (phase, 0, left);
    }

    /// Skips body bytes.
    pub(super) fn skip(&mut self, data: &[u8]) -> Progress {
        let mut at = 0;
        while at < data.len() {
            match self.phase {
                Phase::Sized => {
                    let taken = self.take(data.len() - at);
                    at += taken;
                    if self.left == 0 {
                        return Progress::Ended(at);
                    }
                }
                Phase::ChunkData => {
                    at += self.take(data.len() - at);
                    if self.left == 0 {
                        self.phase = Phase::ChunkEnd;
                    }
                }
                Phase::UntilClose | Phase::Tunnel => return Progress::More,
                _ => {
                    if let Some(used) = self.plain_line(&data[at..]) {
                        at += used;
                        if self.phase == Phase::Start {
                            return Progress::Ended(at);
                        }
                        continue;
                    }
                    let byte = data[at];
                    at += 1;
                    match self.line_byte(byte) {
                        Progress::More => {}
                        Progress::Ended(_) => return Progress::Ended(at),
                        Progress::Broken => return Progress::Broken,
                    }
                }
            }
        }
        Progress::More
    }

    /// Counts down up to `available` bytes; returns how many.
    #[inline]
    pub(super) fn take(&mut self, available: usize) -> usize {
        let taken = self.left.min(available as u64);
        self.left -= taken;
        taken as usize
    }

    /// A whole line of the usual shape between and after chunks: how long it is. The last one leads to `Start`.
    #[inline]
    fn plain_line(&mut self, data: &[u8]) -> Option<usize> {
        /// So many digits are no overflow.
        const ALWAYS_FIT: usize = 8;
        if self.line > 0 {
            return None;
        }
        match self.phase {
            Phase::ChunkSize => {
                let mut size = 0;
                for (digits, byte) in data.iter().enumerate().take(ALWAYS_FIT + 1) {
                    if let Some(digit) = (*byte as char).to_digit(16) {
                        size = size << 4 | u64::from(digit);
                    } else if digits > 0 && data[digits..].starts_with(b"\r\n") {
                        let phase = if size == 0 {
                            Phase::Trailer
                        } else {
                            Phase::ChunkData
                        };
                        self.start(phase, size);
                        return Some(digits + 2);
                    } else {
                        return None;
                    }
                }
                None
            }
            Phase::ChunkEnd if data.starts_with(b"\r\n") => {
                self.start(Phase::ChunkSize, 0);
                Some(2)
            }
            Phase::Trailer if data.starts_with(b"\r\n") => {
                self.start(Phase::Start, 0);
                Some(2)
            }
            _ => None,
        }
    }

    /// One byte of the lines between and after chunks (RFC 9112 section 7.1).
    fn line_byte(&mut self, byte: u8) -> Progress {
        self.line = self.line.saturating_add(1);
        match (self.phase, byte) {
            (Phase::ChunkSize | Phase::ChunkExtension, b'\n') => {
                let digits = self.phase == Phase::ChunkExtension || self.line > 1;
                if !digits {
                    return Progress::Broken;
                }
                self.line = 0;
                self.phase = if self.left == 0 {
                    Phase::Trailer
                } else {
                    Phase::ChunkData
                };
            }
            (Phase::ChunkSize, digit) if digit.is_ascii_hexdigit() => {
                let Some(size) = self.left.checked_mul(16) else {
                    return Progress::Broken;
                };
                self.left = size | u64::from((digit as char).to_digit(16).unwrap_or(0));
            }
            // White space or an extension after at least one digit.
            (Phase::ChunkSize, b'\r' | b';' | b' ' | b'\t') if self.line > 1 => {
                self.phase = Phase::ChunkExtension;
            }
            (Phase::ChunkExtension, _) if u64::from(self.line) <= CHUNK_LINE_BYTES => {}
            (Phase::ChunkEnd, b'\r') if self.line == 1 => {}
            (Phase::ChunkEnd, b'\n') => self.start(Phase::ChunkSize, 0),
            (Phase::Trailer, b'\n') => {
                if self.line == 1 {
                    return Progress::Ended(0);
                }
                self.line = 0;
            }
            // A line's carriage return does not count, so that the empty line is the one of length 1.
            (Phase::Trailer, b'\r') => self.line -= 1,
            (Phase::Trailer, _) => {}
            _ => return Progress::Broken,
        }
        Progress::More
    }

    /// Skips a gap of `len` bytes. `Some(true)`: framing holds and the message ended exactly there; `Some(false)`:
    /// framing holds; `None`: it is lost.
    pub(super) fn skip_gap(&mut self, len: u64) -> Option<bool> {
        match self.phase {
            Phase::Sized if len <= self.left => {
                self.left -= len;
                Some(self.left == 0)
            }
            Phase::ChunkData if len <= self.left => {
                self.left -= len;
                if self.left == 0 {
                    self.phase = Phase::ChunkEnd;
                    self.line = 0;
                }
                Some(false)
            }
            Phase::PreludeRest if len <= self.left => {
                self.left -= len;
                if self.left == 0 {
                    self.start(Phase::Start, 0);
                }
                Some(false)
            }
            Phase::UntilClose | Phase::Tunnel | Phase::NotHttp | Phase::Http2 => Some(false),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Where a chunked body that comes in `pieces` of so many bytes ends or breaks.
    fn skipped(data: &[u8], pieces: usize) -> (usize, Option<Progress>, Phase, u64) {
        let mut body = Body {
            phase: Phase::ChunkSize,
            ..Body::default()
        };
        let mut at = 0;
        for piece in data.chunks(pieces) {
            match body.skip(piece) {
                Progress::More => at += piece.len(),
                Progress::Ended(used) => return (at + used, Some(Progress::Ended(0)), Phase::Start, 0),
                Progress::Broken => return (0, Some(Progress::Broken), Phase::Start, 0),
            }
        }
        (at, None, body.phase, body.left)
    }

    fn part() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            Just(b"3\r\nabc\r\n".to_vec()),
            Just(b"0A\r\n0123456789\r\n".to_vec()),
            Just(b"1;x=y\r\na\r\n".to_vec()),
            Just(b"0\r\n".to_vec()),
            Just(b"\r\n".to_vec()),
            Just(b"2\nab\n".to_vec()),
            Just(b"100000000\r\n".to_vec()),
            Just(b"X: y\r\n".to_vec()),
            proptest::collection::vec(any::<u8>(), 0..4),
        ]
    }

    proptest! {
        #[test]
        fn chunks_end_where_they_end_byte_by_byte(parts in proptest::collection::vec(part(), 0..6), pieces in 1_usize..40) {
            let data = parts.concat();
            prop_assert_eq!(skipped(&data, pieces), skipped(&data, 1));
        }
    }
}

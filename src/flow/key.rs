//! The identity of a connection on the wire.

use std::hash::{BuildHasher, Hash, Hasher};

use foldhash::quality::RandomState;

use crate::decode::{Address, End, Packet};

/// A number for a combination of VLANs and tunnel; 0 is the bare wire.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct PathId(pub u32);

/// Which end of a [`FlowKey`] sent a segment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sender {
    /// The end that sorts first.
    Low,
    /// The end that sorts last.
    High,
}

impl Sender {
    /// 0 or 1, for arrays with a place for each end.
    #[inline]
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    #[inline]
    const fn first_if(is_first: bool) -> Self {
        if is_first { Self::Low } else { Self::High }
    }

    /// The other end.
    #[inline]
    #[must_use]
    pub const fn peer(self) -> Self {
        match self {
            Self::Low => Self::High,
            Self::High => Self::Low,
        }
    }
}

/// Both ends, sorted, so that the two directions of a connection have one key; 40 bytes without padding.
#[derive(Clone, Copy, Eq, Debug)]
pub struct FlowKey {
    /// Address of the end that sorts first.
    pub low: Address,
    /// Address of the end that sorts last.
    pub high: Address,
    /// Port of the end that sorts first.
    pub low_port: u16,
    /// Port of the end that sorts last.
    pub high_port: u16,
    /// VLANs and tunnel.
    pub path: PathId,
}

impl FlowKey {
    /// No connection's key.
    pub const NONE: Self = Self {
        low: Address { high: 0, low: 0 },
        high: Address { high: 0, low: 0 },
        low_port: 0,
        high_port: 0,
        path: PathId(0),
    };

    /// The key of a packet's connection, and which end sent it.
    #[inline]
    #[must_use]
    pub fn of(packet: &Packet<'_>, path: PathId) -> (Self, Sender) {
        Self::between(packet.source, packet.destination, path)
    }

    /// The key of a connection between two ends, and which of them the first one is.
    #[inline]
    #[must_use]
    pub fn between(from: End, to: End, path: PathId) -> (Self, Sender) {
        let wide = from.0.high | to.0.high | (from.0.low | to.0.low) >> 48;
        if wide == 0 {
            // IPv4: address and port in one word.
            let word = |end: End| end.0.low << 16 | u64::from(end.1);
            let end = |word: u64| {
                let (high, low) = (0, word >> 16);
                (Address { high, low }, word as u16)
            };
            let (first, second) = (word(from), word(to));
            let sender = Sender::first_if(first <= second);
            return (
                Self::sorted(end(first.min(second)), end(first.max(second)), path),
                sender,
            );
        }
        let sender = Sender::first_if(from <= to);
        (Self::sorted(from.min(to), from.max(to), path), sender)
    }

    #[inline]
    const fn sorted(low: End, high: End, path: PathId) -> Self {
        Self {
            low: low.0,
            high: high.0,
            low_port: low.1,
            high_port: high.1,
            path,
        }
    }

    /// Address and port of one end.
    #[must_use]
    pub fn end(&self, which: Sender) -> End {
        match which {
            Sender::Low => (self.low, self.low_port),
            Sender::High => (self.high, self.high_port),
        }
    }
}

impl PartialEq for FlowKey {
    /// All words at once: nearly always they are the same.
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        let words = |key: &Self| {
            // As they lie in memory, so that one load does.
            let ports =
                u64::from(key.path.0) | u64::from(key.low_port) << 32 | u64::from(key.high_port) << 48;
            [key.low.high, key.low.low, key.high.high, key.high.low, ports]
        };
        let (mine, theirs) = (words(self), words(other));
        mine.iter().zip(theirs).fold(0, |differ, (a, b)| differ | a ^ b) == 0
    }
}

impl Hash for FlowKey {
    #[expect(clippy::inline_always, reason = "hashed once for nearly every packet")]
    #[inline(always)]
    fn hash<H: Hasher>(&self, state: &mut H) {
        let ports = u64::from(self.path.0) << 32 | u64::from(self.low_port) << 16 | u64::from(self.high_port);
        let first = if self.low.high | self.high.high == 0 {
            // IPv4: both addresses fit one word.
            self.low.low << 32 | self.high.low & 0xffff_ffff
        } else {
            state.write_u128(u128::from(self.low.high) << 64 | u128::from(self.low.low));
            state.write_u64(self.high.high);
            self.high.low
        };
        state.write_u128(u128::from(first) << 64 | u128::from(ports));
    }
}

/// The hash of a key: who does not know the hasher's seed can't choose it.
#[derive(Clone, Copy, Debug)]
pub struct KeyHash(pub(super) u64);

impl KeyHash {
    /// No key's.
    pub const NONE: Self = Self(0);
}

/// Hashes keys, otherwise in each run; copies of one hash alike.
#[derive(Clone, Debug, Default)]
pub struct KeyHasher(RandomState);

impl KeyHasher {
    /// The hash of a key.
    #[inline]
    #[must_use]
    pub fn hash(&self, key: &FlowKey) -> KeyHash {
        KeyHash(self.0.hash_one(key))
    }
}

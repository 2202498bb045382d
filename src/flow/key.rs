//! The identity of a connection on the wire.

use std::hash::{BuildHasher, Hash, Hasher};
use std::net::Ipv4Addr;

use foldhash::fast::RandomState;

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

/// Both ends, sorted, so that the two directions of a connection have one key; 40 bytes without padding. Of IPv4 two words
/// say all, which is what nearly every look compares.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FlowKey {
    /// IPv4: both addresses, that of the end that sorts first above. Otherwise the upper half of that end's address.
    first: u64,
    /// VLANs and tunnel, whether the addresses are wider than IPv4's, and both ports, that of the end that sorts first above.
    rest: u64,
    /// The other halves of wide addresses: of the end that sorts first the lower one, and both of the other end's; else 0.
    wide: [u64; 3],
}

/// The bit of a key's second word that says that its addresses are wide.
const WIDE: u64 = 1 << 63;

/// The key of a connection over IPv4 on the bare wire, as far as such keys differ from each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(Rust, packed(4))]
pub struct ShortKey {
    addresses: u64,
    ports: u32,
}

impl ShortKey {
    /// No connection's key.
    pub const NONE: Self = Self {
        addresses: 0,
        ports: 0,
    };

    /// The key of a packet's connection, and which end sent it: of source and destination the addresses and the ports, each as
    /// they follow each other on the wire.
    #[expect(clippy::inline_always, reason = "done for nearly every packet")]
    #[inline(always)]
    #[must_use]
    pub fn of([addresses, ports]: [u64; 2]) -> (Self, Sender) {
        let ports = ports as u32;
        let sorted = Self { addresses, ports };
        let turned = Self {
            addresses: addresses.rotate_left(32),
            ports: ports.rotate_left(16),
        };
        // As one number each: the addresses first.
        let [one, other] =
            [sorted, turned].map(|key| u128::from(key.addresses) << 64 | u128::from(key.ports));
        if one <= other {
            (sorted, Sender::Low)
        } else {
            (turned, Sender::High)
        }
    }
}

impl From<ShortKey> for FlowKey {
    #[inline]
    fn from(ShortKey { addresses, ports }: ShortKey) -> Self {
        Self {
            first: addresses,
            rest: ports.into(),
            wide: [0; 3],
        }
    }
}

impl FlowKey {
    /// No connection's key.
    pub const NONE: Self = Self {
        first: 0,
        rest: 0,
        wide: [0; 3],
    };

    /// The key of a packet's connection, and which end sent it.
    #[inline]
    #[must_use]
    pub fn of(packet: &Packet<'_>, path: PathId) -> (Self, Sender) {
        Self::between(packet.source, packet.destination, path)
    }

    /// The key of a connection between two ends, and which of them the first one is.
    #[must_use]
    pub fn between(from: End, to: End, path: PathId) -> (Self, Sender) {
        let sender = Sender::first_if(from <= to);
        let (low, high) = (from.min(to), from.max(to));
        let rest = u64::from(path.0) << 32 | u64::from(low.1) << 16 | u64::from(high.1);
        let key = match (low.0.as_v4(), high.0.as_v4()) {
            (Some(low), Some(high)) => Self {
                first: u64::from(low) << 32 | u64::from(high),
                rest,
                wide: [0; 3],
            },
            _ => Self {
                first: low.0.high,
                rest: rest | WIDE,
                wide: [low.0.low, high.0.high, high.0.low],
            },
        };
        (key, sender)
    }

    /// Whether this is the connection with such a key.
    #[inline]
    #[must_use]
    pub fn is(&self, short: ShortKey) -> bool {
        (self.first ^ short.addresses) | (self.rest ^ u64::from(short.ports)) == 0
    }

    /// VLANs and tunnel.
    #[inline]
    #[must_use]
    pub const fn path(&self) -> PathId {
        PathId(((self.rest & !WIDE) >> 32) as u32)
    }

    /// The ports of the end that sorts first, and of the other.
    #[inline]
    #[must_use]
    pub const fn ports(&self) -> [u16; 2] {
        [(self.rest >> 16) as u16, self.rest as u16]
    }

    /// The address of one end, if both have IPv4's.
    #[inline]
    #[must_use]
    pub const fn v4(&self, which: Sender) -> Option<Ipv4Addr> {
        if self.rest & WIDE != 0 {
            return None;
        }
        let both = [self.first >> 32, self.first];
        Some(Ipv4Addr::from_bits(both[which.index()] as u32))
    }

    /// Address and port of one end.
    #[must_use]
    pub fn end(&self, which: Sender) -> End {
        let port = self.ports()[which.index()];
        let address = if self.rest & WIDE == 0 {
            let both = [self.first >> 32, self.first];
            Address::v4((both[which.index()] as u32).to_be_bytes())
        } else {
            let [low, rest @ ..] = self.wide;
            let halves = [[self.first, low], rest];
            let [high, low] = halves[which.index()];
            Address { high, low }
        };
        (address, port)
    }
}

impl Hash for FlowKey {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        if self.rest & WIDE != 0 {
            let [low, high, last] = self.wide;
            state.write_u128(u128::from(low) << 64 | u128::from(high));
            state.write_u64(last);
        }
        state.write_u128(u128::from(self.first) << 64 | u128::from(self.rest));
    }
}

impl Hash for ShortKey {
    /// As the whole key.
    #[expect(clippy::inline_always, reason = "hashed once for nearly every packet")]
    #[inline(always)]
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u128(u128::from(self.addresses) << 64 | u128::from(self.ports));
    }
}

/// The hash of a key: who does not know the hasher's seed can't choose it.
#[derive(Clone, Copy, Debug)]
pub struct KeyHash(pub(super) u64);

impl KeyHash {
    /// Its tag.
    #[inline]
    pub(super) const fn tag(self) -> KeyTag {
        KeyTag((self.0 >> 32) as u32)
    }
}

/// The upper half of a key's hash: by it the living are found.
#[derive(Clone, Copy, Debug)]
pub struct KeyTag(u32);

impl KeyTag {
    /// No key's.
    pub const NONE: Self = Self(0);

    /// All of it.
    #[inline]
    pub(super) const fn bits(self) -> usize {
        self.0 as usize
    }

    /// A hash that begins so.
    #[inline]
    pub(super) const fn hash(self) -> u64 {
        (self.0 as u64) << 32
    }
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

    /// The tag of the same key's hash.
    #[inline]
    #[must_use]
    pub fn tag(&self, key: ShortKey) -> KeyTag {
        KeyHash(self.0.hash_one(key)).tag()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn v4() -> impl Strategy<Value = End> {
        (prop_oneof![Just([10, 0, 0, 1]), any::<[u8; 4]>()], 0_u16..4)
            .prop_map(|(octets, port)| (Address::v4(octets), port))
    }

    fn any_end() -> impl Strategy<Value = End> {
        let v6 = (0_u64..3, 0_u64..3, 0_u16..3).prop_map(|(high, low, port)| (Address { high, low }, port));
        prop_oneof![v4(), v6]
    }

    proptest! {
        /// Each end is found again where it sorts, and a key is the same from both sides.
        #[test]
        fn a_key_says_its_ends(from in any_end(), to in any_end(), path in 0_u32..3) {
            let (key, sender) = FlowKey::between(from, to, PathId(path));
            prop_assert_eq!((key.end(Sender::Low), key.end(Sender::High)), (from.min(to), from.max(to)));
            prop_assert_eq!(key.end(sender), from);
            prop_assert_eq!(key.path(), PathId(path));
            prop_assert_eq!(FlowKey::between(to, from, PathId(path)).0, key);
        }

        /// Other ends have another key.
        #[test]
        fn keys_differ_as_ends_do(a in any_end(), b in any_end(), c in any_end(), d in any_end(), paths in (0_u32..2, 0_u32..2)) {
            let (one, _) = FlowKey::between(a, b, PathId(paths.0));
            let (other, _) = FlowKey::between(c, d, PathId(paths.1));
            let same = paths.0 == paths.1 && (a.min(b), a.max(b)) == (c.min(d), c.max(d));
            prop_assert_eq!(one == other, same);
        }

        /// From the bytes of a header comes what comes from its ends.
        #[test]
        fn a_short_key_is_the_whole_one(from in v4(), to in v4()) {
            let (key, sender) = FlowKey::between(from, to, PathId(0));
            let octets = |end: End| end.0.as_v4().map(u64::from).expect("IPv4");
            let addresses = octets(from) << 32 | octets(to);
            let ports = u64::from(from.1) << 16 | u64::from(to.1);
            let (short, short_sender) = ShortKey::of([addresses, ports]);
            prop_assert_eq!((FlowKey::from(short), short_sender), (key, sender));
            prop_assert!(key.is(short));
            let hasher = KeyHasher::default();
            prop_assert_eq!(hasher.tag(short).hash() >> 32, hasher.hash(&key).0 >> 32);
            let (tunnelled, _) = FlowKey::between(from, to, PathId(1));
            prop_assert!(!tunnelled.is(short));
        }
    }
}

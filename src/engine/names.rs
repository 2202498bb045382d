//! Small numbers for what is named again and again: legs, Host and prefix pairs, paths. All bounded.

use std::net::IpAddr;

use foldhash::fast::RandomState;
use indexmap::{IndexMap, IndexSet};

use super::context::Now;
use super::repeated::Repeated;
use crate::aggregate::{EventKind, LegNamed, LegRef, PrefixNamed, PrefixRef, Told};
use crate::classify::{Endpoint, Path};
use crate::decode::Address;
use crate::flow::PathId;
use crate::http::Familiar;
use crate::limits::{CLIENT_SERVER_PAIRS, PATHS, PREFIX_BYTES, PREFIXES};

pub(super) type End = (Address, u16);

/// Prefixes and legs whose numbers are at hand.
const LATEST: usize = 32;
const LATEST_LEGS: usize = 32;

/// The numbers given so far.
#[derive(Debug, Default)]
pub(super) struct Names {
    legs: IndexSet<(Option<Address>, Option<End>), RandomState>,
    servers: IndexSet<End, RandomState>,
    prefixes: IndexSet<Box<[u8]>, RandomState>,
    paths: IndexSet<Path, RandomState>,
    /// Prefixes met lately, by a few bits of their names.
    latest_prefixes: [PrefixRef; LATEST],
    /// Legs asked for lately: client, server and number, by a few bits of both.
    latest_legs: [Option<(Address, End, LegRef)>; LATEST_LEGS],
    clients: IndexMap<Address, Address, RandomState>,
    /// Fields of requests met lately.
    pub(super) familiar: Familiar,
    /// Whole requests met lately.
    pub(super) repeated: Repeated,
    key: Vec<u8>,
}

impl Names {
    /// No names, and the client groups: every address of a group stands for its first.
    pub(super) fn new(groups: &[Vec<IpAddr>]) -> Self {
        let mut names = Self::default();
        for group in groups {
            for address in group {
                names.clients.insert((*address).into(), group[0].into());
            }
        }
        names
    }

    /// The number of a leg; the first mention is an event.
    #[expect(clippy::inline_always, reason = "nearly every connection's leg is at hand")]
    #[inline(always)]
    pub(super) fn leg(&mut self, client: End, server: End, now: Now, told: &mut Told) -> LegRef {
        let place = few_bits_of_leg(client.0, server);
        if let Some((known, to, leg)) = &self.latest_legs[place]
            && (*known, *to) == (client.0, server)
        {
            return *leg;
        }
        let leg = self.find_leg(client, server, now, told);
        self.latest_legs[place] = Some((client.0, server, leg));
        leg
    }

    #[inline(never)]
    fn find_leg(&mut self, client: End, server: End, now: Now, told: &mut Told) -> LegRef {
        let client = *self.clients.get(&client.0).unwrap_or(&client.0);
        self.learn_server(server);
        let full = self.legs.len() >= CLIENT_SERVER_PAIRS;
        let key = (Some(client), Some(server));
        let (key, number) = match self.legs.get_index_of(&key) {
            Some(number) => return LegRef(number as u32),
            None if !full => (key, self.legs.len()),
            None => match self.legs.get_index_of(&(None, None)) {
                Some(number) => return LegRef(number as u32),
                None => ((None, None), self.legs.len()),
            },
        };
        self.legs.insert(key);
        let server = key.1.map(|(address, port)| Endpoint {
            address: address.into(),
            port,
        });
        let kind = EventKind::Leg(told.legs.len() as u32);
        told.legs.push(LegNamed {
            client: key.0.map(IpAddr::from),
            server,
        });
        let leg = LegRef(number as u32);
        told.events.push(now.event(now.clock, leg, kind));
        leg
    }

    /// The servers known so far.
    pub(super) fn servers(&self) -> Vec<End> {
        self.servers.iter().copied().collect()
    }

    /// Remembers a server, as far as there is room.
    pub(super) fn learn_server(&mut self, server: End) {
        if self.servers.len() < CLIENT_SERVER_PAIRS {
            self.servers.insert(server);
        }
    }

    /// Servers known from elsewhere.
    pub(super) fn learn_servers(&mut self, servers: impl IntoIterator<Item = End>) {
        for server in servers {
            self.learn_server(server);
        }
    }

    /// Whether this end is known as a server.
    pub(super) fn is_server(&self, end: End) -> bool {
        self.servers.contains(&end)
    }

    /// The number of a path.
    #[inline]
    pub(super) fn path(&mut self, path: Path) -> Option<PathId> {
        if path == Path::default() {
            return Some(PathId(0));
        }
        if let Some(number) = self.paths.get_index_of(&path) {
            return Some(PathId(number as u32 + 1));
        }
        (self.paths.len() < PATHS).then(|| PathId(self.paths.insert_full(path).0 as u32 + 1))
    }

    /// The path behind a number.
    pub(super) fn path_of(&self, id: PathId) -> Path {
        let place = (id.0 as usize).checked_sub(1);
        place
            .and_then(|place| self.paths.get_index(place))
            .copied()
            .unwrap_or_default()
    }

    /// The number of the Host and the first path segment of a target; the first mention is an event.
    #[expect(clippy::inline_always, reason = "nearly every request's prefix is at hand")]
    #[inline(always)]
    pub(super) fn prefix(
        &mut self,
        host: Option<&[u8]>,
        target: &[u8],
        now: Now,
        told: &mut Told,
    ) -> PrefixRef {
        let host = host.map(|host| &host[..host.len().min(PREFIX_BYTES)]);
        let place = few_bits(host, target);
        let latest = self.latest_prefixes[place];
        if let Some(key) = self.prefixes.get_index(latest.0 as usize)
            && is_key_of(key, host, target)
        {
            return latest;
        }
        self.find_prefix(host, first_segment(target), place, now, told)
    }

    /// The number of a Host and a first path segment that were not met lately.
    #[inline(never)]
    fn find_prefix(
        &mut self,
        host: Option<&[u8]>,
        path: &[u8],
        place: usize,
        now: Now,
        told: &mut Told,
    ) -> PrefixRef {
        self.key.clear();
        self.key.push(u8::from(host.is_some()));
        self.key.extend_from_slice(host.unwrap_or_default());
        self.key.push(b'\n');
        self.key.extend_from_slice(path);
        if let Some(number) = self.prefixes.get_index_of(self.key.as_slice()) {
            let prefix = PrefixRef(number as u32);
            self.latest_prefixes[place] = prefix;
            return prefix;
        }
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned().into_boxed_str();
        let (key, host, path) = if self.prefixes.len() < PREFIXES {
            (self.key.as_slice(), host.map(text), text(path))
        } else {
            (&b"*"[..], None, text(b"*"))
        };
        let (number, new) = self.prefixes.insert_full(key.into());
        let prefix = PrefixRef(number as u32);
        if new {
            let kind = EventKind::Prefix(told.prefixes.len() as u32);
            told.prefixes.push(PrefixNamed { prefix, host, path });
            told.events.push(now.event(now.clock, LegRef::default(), kind));
        }
        prefix
    }
}

/// A place among the latest prefixes, different for most of them.
#[inline]
fn few_bits(host: Option<&[u8]>, target: &[u8]) -> usize {
    let begin = target
        .first_chunk::<4>()
        .map_or(0, |begin| u32::from_le_bytes(*begin));
    let bits = begin >> 8 ^ begin >> 13 ^ begin >> 18;
    (host.map_or(0, <[u8]>::len) ^ bits as usize) % LATEST
}

/// A place among the latest legs, different for most of them: the upper bits of a product depend on all bits of its factors.
#[inline]
fn few_bits_of_leg(client: Address, (server, port): End) -> usize {
    const BITS: u32 = LATEST_LEGS.ilog2();
    let ends = client.low.rotate_left(32) ^ server.low ^ u64::from(port) << 16;
    (ends.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - BITS)) as usize
}

/// Whether `key` is what [`Names::prefix`] makes of these, which need not be found out where it is not.
#[expect(clippy::inline_always, reason = "nothing is to be saved for a call")]
#[inline(always)]
fn is_key_of(key: &[u8], host: Option<&[u8]>, target: &[u8]) -> bool {
    let [has_host, rest @ ..] = key else { return false };
    let name = host.unwrap_or_default();
    let Some((of_host, [b'\n', path @ ..])) = rest.split_at_checked(name.len()) else {
        return false;
    };
    let Some((of_target, after)) = target.split_at_checked(path.len()) else {
        return false;
    };
    // Nothing within a prefix but its first slash ends it.
    let ends = after.first().is_none_or(|byte| ENDS_SEGMENT[usize::from(*byte)]);
    let is_path = path.first() == Some(&b'/') && ends && path.len() < PREFIX_BYTES;
    is_path && *has_host == u8::from(host.is_some()) && is_same(of_host, name) && is_same(path, of_target)
}

/// Whether short names are the same: by words, of which the last two may overlap.
#[expect(clippy::inline_always, reason = "two or three comparisons")]
#[inline(always)]
fn is_same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    if let (Some(last), Some(of_b)) = (a.last_chunk::<8>(), b.last_chunk::<8>()) {
        let (words, words_of_b) = (a.as_chunks::<8>().0, b.as_chunks::<8>().0);
        return last == of_b && words.iter().zip(words_of_b).all(|(word, of_b)| word == of_b);
    }
    if let (Some(first), Some(of_b)) = (a.first_chunk::<4>(), b.first_chunk::<4>()) {
        return first == of_b && a.last_chunk::<4>() == b.last_chunk::<4>();
    }
    a.iter().zip(b).all(|(byte, of_b)| byte == of_b)
}

#[cold]
#[inline(never)]
fn position_of_authority(target: &[u8]) -> Option<usize> {
    target.windows(3).position(|w| w == b"://")
}

/// `/a` of `/a/b?c` and of `http://host/a/b`; a target without path is its own prefix.
#[inline]
fn first_segment(target: &[u8]) -> &[u8] {
    let scheme = if target.starts_with(b"/") {
        None
    } else {
        position_of_authority(target)
    };
    let path = scheme.map_or(target, |scheme| {
        let rest = &target[scheme + 3..];
        rest.iter()
            .position(|b| *b == b'/')
            .map_or(&b"/"[..], |slash| &rest[slash..])
    });
    // The slash it begins with ends nothing.
    let begin = usize::from(path.first() == Some(&b'/'));
    let end = begin
        + path[begin..]
            .iter()
            .take_while(|b| !ENDS_SEGMENT[usize::from(**b)])
            .count();
    &path[..end.min(PREFIX_BYTES)]
}

/// The bytes that end a path segment.
const ENDS_SEGMENT: [bool; 256] = {
    let mut ends = [false; 256];
    ends[b'/' as usize] = true;
    ends[b'?' as usize] = true;
    ends[b'#' as usize] = true;
    ends[b';' as usize] = true;
    ends
};

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn prefixes_of_targets() {
        for (target, want) in [
            ("/a/b?c", "/a"),
            ("/a", "/a"),
            ("/", "/"),
            ("/?x=1", "/"),
            ("/a?x=/y", "/a"),
            ("http://h:80/a/b", "/a"),
            ("http://h", "/"),
            ("/;jsessionid=1", "/"),
            ("/a;v=1/b", "/a"),
            ("?x", ""),
            ("*", "*"),
            ("", ""),
        ] {
            assert_eq!(first_segment(target.as_bytes()), want.as_bytes(), "{target}");
        }
    }

    proptest! {
        #[test]
        fn a_prefix_at_hand_is_the_one_that_is_found(
            of in "[/a?#;:.]{0,5}",
            target in "[/a?#;:.]{0,6}",
            host in proptest::option::of("[ab]{0,2}"),
            other in proptest::option::of("[ab]{0,2}"),
        ) {
            let host = host.as_deref().map(str::as_bytes);
            let path = first_segment(of.as_bytes());
            let key = [&[u8::from(host.is_some())], host.unwrap_or_default(), b"\n", path].concat();
            let same = first_segment(target.as_bytes()) == path;
            if is_key_of(&key, host, target.as_bytes()) {
                prop_assert!(same);
            } else if same {
                prop_assert!(!target.starts_with('/'), "left to who finds it");
            }
            let other = other.as_deref().map(str::as_bytes);
            prop_assert!(other == host || !is_key_of(&key, other, target.as_bytes()));
        }
    }

    #[test]
    fn the_first_mention_is_an_event_and_groups_are_one_client() {
        let address = |last| Address::v4([10, 0, 0, last]);
        let now = Now {
            order: 0,
            tie: 0,
            clock: crate::time::Timestamp::default(),
        };
        let mut names = Names::new(&[vec!["10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap()]]);
        let mut told = Told::default();
        let server = (address(9), 8080);
        let a = names.leg((address(1), 1), server, now, &mut told);
        let b = names.leg((address(2), 1), server, now, &mut told);
        let c = names.leg((address(3), 1), server, now, &mut told);
        assert_eq!((a, b, told.events.len()), (LegRef(0), LegRef(0), 2));
        assert_eq!(c, LegRef(1));
        assert!(names.is_server(server) && !names.is_server((address(1), 1)));
    }
}

//! A part of an address and port as they are shown, looked for by numbers.
//!
//! A hundred thousand ends are looked at while somebody types, so IPv4 ends are not printed for it: `0.3:80` is a set of
//! octets for each of its parts, and a set of ports.

use std::net::{IpAddr, Ipv4Addr};

use super::shown::{Shown, contains};
use crate::classify::Endpoint;

/// A word, in lower case, that may be in an end as it is shown.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Part {
    word: String,
    v4: V4,
}

impl Part {
    pub(super) fn new(word: &str) -> Self {
        Self {
            word: word.to_owned(),
            v4: V4::parse(word),
        }
    }

    /// Whether the end, as it is shown, holds the word.
    #[inline]
    pub(super) fn is_in(&self, end: Endpoint) -> bool {
        match end.address {
            IpAddr::V4(address) => self.v4.is_in(address, end.port),
            IpAddr::V6(_) => contains(Shown::of(format_args!("{end}")).as_str(), &self.word),
        }
    }
}

/// Where in `a.b.c.d:port` a word can be.
#[derive(Clone, PartialEq, Debug)]
enum V4 {
    /// Digits alone: in an octet or in the port.
    Digits(Octets, Ports),
    /// With dots: in so many octets that follow each other.
    Dotted(Vec<Octets>),
    /// With a colon: the last octets and the beginning of the port.
    WithPort(Vec<Octets>, Ports),
    /// What no such end holds.
    Nowhere,
}

impl V4 {
    fn parse(word: &str) -> Self {
        let (address, port) = match word.split_once(':') {
            Some((address, port)) => (address, Some(port)),
            None => (word, None),
        };
        let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let parts: Vec<&str> = address.split('.').collect();
        if parts.len() > 4 || !parts.iter().chain(&port).all(|part| is_digits(part)) {
            return Self::Nowhere;
        }
        if let ([digits], None) = (&parts[..], port) {
            return Self::Digits(Octets::where_(|text| text.contains(digits)), Ports::with(digits));
        }
        let last = parts.len() - 1;
        let octets = |(place, part): (usize, &&str)| {
            // What is next to a dot or the colon ends there.
            let (begins, ends) = (place > 0, place < last || port.is_some());
            Octets::where_(|text| match (begins, ends) {
                (true, true) => text == *part,
                (true, false) => text.starts_with(part),
                (false, _) => text.ends_with(part),
            })
        };
        let octets = parts.iter().enumerate().map(octets).collect();
        match port {
            Some(port) => Self::WithPort(octets, Ports::from(port)),
            None => Self::Dotted(octets),
        }
    }

    #[inline]
    fn is_in(&self, address: Ipv4Addr, port: u16) -> bool {
        let octets = address.octets();
        let all = |sets: &[Octets], from: usize| {
            let mut pairs = sets.iter().zip(&octets[from..]);
            pairs.all(|(set, octet)| set.holds(*octet))
        };
        match self {
            Self::Digits(set, ports) => octets.iter().any(|octet| set.holds(*octet)) || ports.holds(port),
            Self::Dotted(sets) => (0..=4 - sets.len()).any(|from| all(sets, from)),
            Self::WithPort(sets, ports) => ports.holds(port) && all(sets, 4 - sets.len()),
            Self::Nowhere => false,
        }
    }
}

/// A set of octets.
#[derive(Clone, PartialEq, Debug)]
struct Octets([u64; 4]);

impl Octets {
    fn where_(is: impl Fn(&str) -> bool) -> Self {
        let mut set = Self([0; 4]);
        for octet in 0..=u8::MAX {
            if is(Shown::of(format_args!("{octet}")).as_str()) {
                set.0[usize::from(octet >> 6)] |= 1 << (octet & 63);
            }
        }
        set
    }

    #[inline]
    fn holds(&self, octet: u8) -> bool {
        self.0[usize::from(octet >> 6)] >> (octet & 63) & 1 == 1
    }
}

/// A set of ports, a bit each.
#[derive(Clone, PartialEq, Debug)]
struct Ports(Vec<u64>);

impl Ports {
    const DIGITS: u32 = 5;

    /// Those that begin with `digits`.
    fn from(digits: &str) -> Self {
        let mut set = Self::none();
        set.add(digits, |above| above == 0);
        set
    }

    /// Those that hold `digits` anywhere.
    fn with(digits: &str) -> Self {
        let mut set = Self::none();
        set.add(digits, |_| true);
        set
    }

    fn none() -> Self {
        Self(vec![0; usize::from(u16::MAX) / 64 + 1])
    }

    /// Adds ports that are written as a number, `digits` and any digits after them, if `may` says so of that number; 0 is
    /// for nothing before them.
    fn add(&mut self, digits: &str, may: impl Fn(u64) -> bool) {
        let len = digits.len() as u32;
        let value: u64 = match digits {
            "" => 0,
            _ if len > Self::DIGITS => return,
            digits => match digits.parse() {
                Ok(value) => value,
                Err(_) => return,
            },
        };
        for after in 0..=Self::DIGITS - len {
            let span = 10_u64.pow(after);
            let step = span * 10_u64.pow(len);
            for above in (0..=u64::from(u16::MAX) / step).filter(|above| may(*above)) {
                // No port but 0 is written with a leading 0.
                let leads = above == 0 && digits.starts_with('0') && (len > 1 || after > 0);
                if !leads {
                    let first = above * step + value * span;
                    (first..(first + span).min(1 << 16)).for_each(|port| self.insert(port as u16));
                }
            }
        }
    }

    fn insert(&mut self, port: u16) {
        if let Some(word) = self.0.get_mut(usize::from(port >> 6)) {
            *word |= 1 << (port & 63);
        }
    }

    #[inline]
    fn holds(&self, port: u16) -> bool {
        let word = self.0.get(usize::from(port >> 6)).copied().unwrap_or(0);
        word >> (port & 63) & 1 == 1
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn both(word: &str, end: &str) -> (bool, bool) {
        let end: std::net::SocketAddr = end.parse().unwrap();
        let end = Endpoint {
            address: end.ip(),
            port: end.port(),
        };
        (Part::new(word).is_in(end), end.to_string().contains(word))
    }

    #[test]
    fn parts_of_ends() {
        for (word, end, expected) in [
            ("0.3:8080", "10.1.0.3:8080", true),
            ("0.3:8080", "10.1.0.3:80", false),
            ("0.3:80", "10.1.20.3:8080", true),
            ("1.", "10.1.0.3:1", true),
            (".1", "10.1.0.3:1", true),
            ("..", "10.1.0.3:1", false),
            ("3:", "10.1.0.3:1", true),
            (":1:", "10.1.0.3:1", false),
            ("08", "10.1.0.3:8080", true),
            ("08", "10.1.0.3:80", false),
            ("0", "1.1.1.1:0", true),
            ("00", "1.1.1.1:0", false),
            ("0", "1.1.1.1:8", false),
            ("65536", "1.1.1.1:65535", false),
            ("1.1.1.1.", "1.1.1.1:1", false),
            ("db8::1", "[2001:db8::1]:443", true),
            ("]:44", "[2001:db8::1]:443", true),
            ("]", "1.1.1.1:1", false),
        ] {
            assert_eq!(both(word, end), (expected, expected), "{word} {end}");
        }
    }

    proptest! {
        #[test]
        fn what_is_looked_for_by_numbers_is_what_is_shown(
            octets in any::<[u8; 4]>(), port in any::<u16>(), from in 0_usize..22, len in 1_usize..9,
            typed in "[0-9.:]{1,6}",
        ) {
            let end = format!("{}:{port}", Ipv4Addr::from(octets));
            let shown: String = end.chars().skip(from % end.len()).take(len).collect();
            for word in [shown, typed] {
                let (by_numbers, by_text) = both(&word, &end);
                prop_assert_eq!(by_numbers, by_text, "{} {}", word, end);
            }
        }
    }
}

//! What a column holds in one row. A feed writes millions of them: nothing here is put together before it is written.

use std::fmt::Write as _;

use crate::classify::{Endpoint, History, Tunnel};
use crate::time::Timestamp;

/// What a column holds in one row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// Not known, or not there.
    Absent,
    /// A word of a fixed list.
    Slug(&'static str),
    /// An address and a port.
    End(Endpoint),
    /// A tunnel's kind and id.
    Tunnel(Tunnel),
    /// Stacked VLAN ids, the outer one first.
    Stacked(u16, u16),
    /// Zeek's letters.
    History(History),
    /// Text from the capture.
    Untrusted(&'a str),
    /// A count, an id, a number of bytes.
    Whole(u64),
    /// A span in seconds.
    Seconds(f64),
    /// A time.
    Time(Timestamp),
    /// Yes or no.
    Flag(bool),
}

/// Text of our own making, short.
pub(crate) struct Short {
    bytes: [u8; Self::MOST],
    len: usize,
}

impl Short {
    /// An IPv6 address with a scope and a port takes less, and so does a tunnel.
    const MOST: usize = 64;

    const EMPTY: Self = Self {
        bytes: [0; Self::MOST],
        len: 0,
    };

    pub(crate) fn as_str(&self) -> &str {
        let text = self.bytes.get(..self.len).unwrap_or_default();
        std::str::from_utf8(text).unwrap_or_default()
    }

    fn push(&mut self, text: &[u8]) {
        let end = self.len + text.len();
        if let Some(place) = self.bytes.get_mut(self.len..end) {
            place.copy_from_slice(text);
            self.len = end;
        }
    }

    /// `n` in decimal digits.
    fn number(&mut self, n: u64) {
        self.padded(n, 1);
    }

    /// The same with leading zeros, `width` digits at least.
    fn padded(&mut self, mut n: u64, width: usize) {
        let mut digits = [b'0'; 20];
        let mut at = digits.len();
        while n > 0 {
            at -= 1;
            digits[at] = b'0' + (n % 10) as u8;
            n /= 10;
        }
        self.push(&digits[at.min(digits.len() - width)..]);
    }
}

impl std::fmt::Write for Short {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.push(text.as_bytes());
        Ok(())
    }
}

impl Value<'_> {
    /// What `of` makes of it, if it is known.
    pub(super) fn known<T>(what: Option<T>, of: impl FnOnce(T) -> Self) -> Self {
        what.map_or(Self::Absent, of)
    }

    /// Hands `to` the text of a value that is text of our own making; `None` for all others.
    pub(crate) fn own_text<R>(&self, to: impl FnOnce(&str) -> R) -> Option<R> {
        let mut short = Short::EMPTY;
        match self {
            Self::Slug(slug) => return Some(to(slug)),
            Self::History(history) => return Some(to(history.text(&mut [0; History::MAX as usize]))),
            Self::End(end) => end_to(&mut short, *end),
            Self::Tunnel(tunnel) => {
                let _ = write!(short, "{}:{}", tunnel.kind, tunnel.id);
            }
            Self::Stacked(outer, inner) => {
                short.number((*outer).into());
                short.push(b".");
                short.number((*inner).into());
            }
            Self::Absent
            | Self::Untrusted(_)
            | Self::Whole(_)
            | Self::Seconds(_)
            | Self::Time(_)
            | Self::Flag(_) => return None,
        }
        Some(to(short.as_str()))
    }
}

/// `10.0.0.1:80`, `[::1]:80`.
fn end_to(short: &mut Short, end: Endpoint) {
    let std::net::IpAddr::V4(address) = end.address else {
        let _ = write!(short, "{end}");
        return;
    };
    for (octet, sign) in address.octets().into_iter().zip(*b"...:") {
        short.number(octet.into());
        short.push(&[sign]);
    }
    short.number(end.port.into());
}

/// The nearest microsecond since the epoch: what every output says of a time.
pub(crate) fn micros(time: Timestamp) -> i64 {
    time.nanos().saturating_add(500).div_euclid(1_000)
}

/// The same in seconds.
pub(crate) fn seconds(time: Timestamp) -> f64 {
    micros(time) as f64 / 1e6
}

/// `n` in decimal digits.
pub(crate) fn whole(n: u64) -> Short {
    let mut short = Short::EMPTY;
    short.number(n);
    short
}

/// The shortest text of [`seconds`], from one second after the epoch on up to the year 2200; `None` for what floats have to tell.
pub(crate) fn time(time: Timestamp) -> Option<Short> {
    const SECOND: i64 = 1_000_000;
    let micros = micros(time);
    if !(SECOND..7_258_118_400 * SECOND).contains(&micros) {
        return None;
    }
    let micros = micros.unsigned_abs();
    let mut short = Short::EMPTY;
    short.number(micros / 1_000_000);
    let rest = micros % 1_000_000;
    if rest > 0 {
        short.push(b".");
        short.padded(rest, 6);
        while short.bytes.get(short.len - 1) == Some(&b'0') {
            short.len -= 1;
        }
    }
    Some(short)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_written_as_the_standard_library_does() {
        for n in [0, 1, 9, 10, 65_535, u64::MAX] {
            assert_eq!(whole(n).as_str(), n.to_string());
        }
    }

    proptest! {
        #[test]
        fn ends_are_written_as_the_standard_library_does(address: std::net::IpAddr, port: u16) {
            let end = Endpoint { address, port };
            prop_assert_eq!(Value::End(end).own_text(str::to_owned), Some(end.to_string()));
        }

        #[test]
        fn times_are_written_as_floats_are(nanos in -5_000_000_000..7_300_000_000_000_000_000_i64, whole: bool) {
            let at = Timestamp::from_nanos(if whole { nanos / 1_000 * 1_000 } else { nanos });
            if let Some(text) = time(at) {
                prop_assert_eq!(text.as_str(), seconds(at).to_string());
            }
        }
    }
}

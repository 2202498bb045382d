//! The order of rows in a view, and the first of many.

use super::fields::Field;
use super::term::{Fact, Row};

/// By which field rows are sorted. Rows that hold nothing in it come last either way; equals are in order of their ids.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sort {
    /// The field.
    pub field: Field,
    /// The greatest first.
    pub descending: bool,
}

impl Default for Sort {
    fn default() -> Self {
        Self {
            field: Field::Id,
            descending: true,
        }
    }
}

/// Where a row stands, small enough for a hundred thousand at a time: what is sorted by, then the id. Of texts the first 16
/// bytes count, of IPv6 ends the address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Rank {
    by: u128,
    id: u64,
}

impl Rank {
    /// The row's, whose id is `id`.
    #[inline]
    pub fn of(row: &impl Row, id: u64, sort: Sort) -> Self {
        let mut found = None;
        row.any(sort.field, |fact| {
            found = Some(ordinal(fact));
            true
        });
        let by = match found {
            // The greatest value is for none.
            Some(by) if sort.descending => (u128::MAX - 1) - by.min(u128::MAX - 1),
            Some(by) => by.min(u128::MAX - 1),
            None => u128::MAX,
        };
        let id = if sort.descending { u64::MAX - id } else { id };
        Self { by, id }
    }
}

/// A number in the order of the values.
fn ordinal(fact: Fact<'_>) -> u128 {
    match fact {
        Fact::Number(n) => {
            // The bits of floats are ordered as the floats are, but for the sign.
            let bits = n.to_bits();
            let ordered = if n.is_sign_negative() {
                !bits
            } else {
                bits | 1 << 63
            };
            ordered.into()
        }
        Fact::Flag(yes) => yes.into(),
        Fact::Word(text) => text_ordinal(text),
        Fact::Text(text) => text_ordinal(text),
        Fact::Address(address) => address_ordinal(address, 0),
        Fact::End(end) => address_ordinal(end.address, end.port),
    }
}

fn text_ordinal(text: &str) -> u128 {
    let mut bytes = [0; 16];
    for (place, byte) in bytes.iter_mut().zip(text.bytes()) {
        *place = byte;
    }
    u128::from_be_bytes(bytes)
}

/// IPv4 before IPv6.
fn address_ordinal(address: std::net::IpAddr, port: u16) -> u128 {
    match address {
        std::net::IpAddr::V4(v4) => u128::from(u32::from(v4)) << 16 | u128::from(port),
        std::net::IpAddr::V6(v6) => 1 << 127 | u128::from(v6) >> 1,
    }
}

/// The first `most` of any number of ranked things.
#[derive(Debug)]
pub struct First<T> {
    most: usize,
    kept: Vec<(Rank, T)>,
}

impl<T> First<T> {
    /// None yet.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self {
            most,
            kept: Vec::new(),
        }
    }

    /// One more. Twice as many as wanted are kept before they are looked through, so that this costs little on average.
    #[inline]
    pub fn add(&mut self, rank: Rank, thing: T) {
        self.kept.push((rank, thing));
        if self.kept.len() >= 2 * self.most + 64 {
            self.thin_out();
        }
    }

    fn thin_out(&mut self) {
        if self.most == 0 {
            self.kept.clear();
        } else if self.kept.len() > self.most {
            self.kept
                .select_nth_unstable_by_key(self.most - 1, |(rank, _)| *rank);
            self.kept.truncate(self.most);
        }
    }

    /// The first ones, in no order.
    #[must_use]
    pub fn take(mut self) -> Vec<(Rank, T)> {
        self.thin_out();
        self.kept
    }
}

/// Of ranked things those from `offset` on, `height` at most, in order.
#[must_use]
pub fn window<T>(mut things: Vec<(Rank, T)>, offset: usize, height: usize) -> Vec<(Rank, T)> {
    if offset >= things.len() || height == 0 {
        return Vec::new();
    }
    if offset > 0 {
        things.select_nth_unstable_by_key(offset, |(rank, _)| *rank);
        things.drain(..offset);
    }
    if things.len() > height {
        things.select_nth_unstable_by_key(height, |(rank, _)| *rank);
        things.truncate(height);
    }
    things.sort_unstable_by_key(|(rank, _)| *rank);
    things
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    struct Number(Option<f64>);

    impl Row for Number {
        fn any(&self, _: Field, mut test: impl FnMut(Fact<'_>) -> bool) -> Option<bool> {
            Some(self.0.is_some_and(|n| test(Fact::Number(n))))
        }
    }

    const fn by(descending: bool) -> Sort {
        Sort {
            field: Field::Requests,
            descending,
        }
    }

    #[test]
    fn values_are_ordered_and_none_comes_last() {
        let sorted = |descending| {
            let values = [
                Some(3.0),
                None,
                Some(-1.5),
                Some(0.0),
                Some(1e12),
                Some(0.25),
                Some(-7.0),
            ];
            let ranked = (0..)
                .zip(values)
                .map(|(id, n)| (Rank::of(&Number(n), id, by(descending)), n));
            window(ranked.collect(), 0, 10)
                .into_iter()
                .map(|(_, n)| n)
                .collect::<Vec<_>>()
        };
        let up = [
            Some(-7.0),
            Some(-1.5),
            Some(0.0),
            Some(0.25),
            Some(3.0),
            Some(1e12),
            None,
        ];
        let down = [
            Some(1e12),
            Some(3.0),
            Some(0.25),
            Some(0.0),
            Some(-1.5),
            Some(-7.0),
            None,
        ];
        assert_eq!(sorted(false), up);
        assert_eq!(sorted(true), down);
        let ends = [
            "9.0.0.1:1",
            "10.0.0.1:80",
            "10.0.0.1:8080",
            "10.0.0.2:1",
            "[::1]:1",
            "[2001:db8::]:1",
        ];
        let ordinals = ends.map(|text| {
            let end: std::net::SocketAddr = text.parse().unwrap();
            ordinal(Fact::End(crate::classify::Endpoint {
                address: end.ip(),
                port: end.port(),
            }))
        });
        assert!(ordinals.is_sorted(), "{ordinals:?}");
    }

    proptest! {
        #[test]
        fn windows_are_those_of_a_sorted_list(
            values in prop::collection::vec(0_u32..40, 0..300), offset in 0_usize..320, height in 0_usize..40, parts in 1_usize..4,
        ) {
            let ranked = |id: usize| Rank::of(&Number(Some(values[id].into())), id as u64, by(false));
            let mut expected: Vec<(u32, usize)> = values.iter().copied().zip(0..).collect();
            expected.sort_unstable();
            let expected: Vec<usize> = expected.iter().map(|(_, id)| *id).skip(offset).take(height).collect();
            // As several engines find them.
            let mut found = Vec::new();
            for part in 0..parts {
                let mut first = First::new(offset + height);
                for id in (part..values.len()).step_by(parts) {
                    first.add(ranked(id), id);
                }
                found.extend(first.take());
            }
            let window: Vec<usize> = window(found, offset, height).into_iter().map(|(_, id)| id).collect();
            prop_assert_eq!(window, expected);
        }
    }
}

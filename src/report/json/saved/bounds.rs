//! Numbers that a report can hold: whatever is added up of them stays in range.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// Whole numbers that every reader of JSON keeps apart (RFC 8259 section 6).
const MOST: u64 = 1 << 53;
/// Sums of microseconds are written as floats beyond that.
const MOST_SUM: f64 = 1e18;

/// A value of any form all of whose numbers are small enough.
pub(super) struct Bounded;

impl<'de> Deserialize<'de> for Bounded {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Looks)
    }
}

struct Looks;

impl<'de> Visitor<'de> for Looks {
    type Value = Bounded;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Bounded, E> {
        if value > MOST {
            return Err(E::custom(format_args!("{value} is larger than anything counted")));
        }
        Ok(Bounded)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Bounded, E> {
        self.visit_u64(value.unsigned_abs())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Bounded, E> {
        if value.abs() > MOST_SUM {
            return Err(E::custom(format_args!("{value} is larger than anything counted")));
        }
        Ok(Bounded)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Bounded, E> {
        Ok(Bounded)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Bounded, E> {
        Ok(Bounded)
    }

    fn visit_unit<E: Error>(self) -> Result<Bounded, E> {
        Ok(Bounded)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Bounded, A::Error> {
        while values.next_element::<Bounded>()?.is_some() {}
        Ok(Bounded)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Bounded, A::Error> {
        while fields.next_entry::<Bounded, Bounded>()?.is_some() {}
        Ok(Bounded)
    }
}

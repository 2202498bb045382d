//! Numbers as they appear in reports.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize, Serializer};

/// A number that is written without a fraction where it has none.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub(crate) struct Number(pub(crate) f64);

/// Whole numbers beyond this are not exact in a float.
const EXACT: f64 = 9_007_199_254_740_992.0;

impl Number {
    /// `value` with at most `digits` digits after the point.
    pub(crate) fn rounded(value: f64, digits: i32) -> Self {
        let scale = 10_f64.powi(digits);
        let rounded = (value * scale).round() / scale;
        Self(if rounded.is_finite() { rounded } else { value })
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.fract() == 0.0 && self.0.abs() < EXACT {
            serializer.serialize_i64(self.0 as i64)
        } else {
            serializer.serialize_f64(self.0)
        }
    }
}

impl JsonSchema for Number {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "number".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_have_no_fraction() {
        let text = |n: Number| serde_json::to_string(&n).unwrap();
        assert_eq!(text(Number(5.0)), "5");
        assert_eq!(text(Number(0.25)), "0.25");
        assert_eq!(text(Number::rounded(1.0 / 3.0, 6)), "0.333333");
        assert_eq!(text(Number(1e300)), "1e+300");
    }
}

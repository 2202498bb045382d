//! Columns as JSON, and their JSON Schema.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value as Json, json};

use super::{COLUMNS, Connection, Value};
use crate::report::json::Number;

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Absent => serializer.serialize_none(),
            Self::Text(text) | Self::Untrusted(text) => serializer.serialize_str(text),
            Self::Whole(n) => serializer.serialize_u64(*n),
            Self::Seconds(n) => Number(*n).serialize(serializer),
            Self::Flag(yes) => serializer.serialize_bool(*yes),
        }
    }
}

impl Serialize for Connection<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(COLUMNS.len()))?;
        for column in COLUMNS {
            map.serialize_entry(column.key, &(column.value)(self))?;
        }
        map.end()
    }
}

impl JsonSchema for Connection<'_> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Connection".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut properties = Map::new();
        for column in COLUMNS {
            let mut property = json!({ "description": column.about, "type": column.types });
            if let [single] = column.types {
                property["type"] = json!(single);
            }
            if !column.slugs.is_empty() {
                let mut values: Vec<Json> = column.slugs.iter().map(|slug| json!(slug)).collect();
                values.extend(column.types.contains(&"null").then_some(Json::Null));
                property["enum"] = values.into();
            }
            properties.insert(column.key.to_owned(), property);
        }
        let required: Vec<&str> = COLUMNS.iter().map(|column| column.key).collect();
        json_schema!({
            "description": "One TCP connection.",
            "type": "object",
            "properties": properties,
            "required": required,
        })
    }
}

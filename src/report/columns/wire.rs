//! Columns as JSON, and their JSON Schema.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value as Json, json};

use super::value::seconds;
use super::{COLUMNS, Column, Connection, Kind, SCHEMA, Value};
use crate::report::json::Number;

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Absent => serializer.serialize_none(),
            Self::Untrusted(text) => serializer.serialize_str(text),
            Self::Whole(n) => serializer.serialize_u64(*n),
            Self::Seconds(n) => Number(*n).serialize(serializer),
            Self::Time(time) => Number(seconds(*time)).serialize(serializer),
            Self::Flag(yes) => serializer.serialize_bool(*yes),
            Self::Slug(_) | Self::End(_) | Self::Tunnel(_) | Self::Stacked(..) | Self::History(_) => {
                let text = self.own_text(str::to_owned).unwrap_or_default();
                serializer.serialize_str(&text)
            }
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

impl Column {
    fn types(&self) -> &'static [&'static str] {
        match self.kind {
            Kind::Text => &["string"],
            Kind::Whole => &["integer"],
            Kind::Seconds | Kind::Time => &["number"],
            Kind::Flag => &["boolean"],
            Kind::Vlan => &["integer", "string"],
        }
    }

    fn schema(&self, can_be_null: bool) -> Json {
        let types: Vec<&str> = self
            .types()
            .iter()
            .copied()
            .chain(can_be_null.then_some("null"))
            .collect();
        let mut property = json!({ "description": self.about, "type": types });
        if let [single] = types[..] {
            property["type"] = json!(single);
        }
        if !self.slugs.is_empty() {
            let mut values: Vec<Json> = self.slugs.iter().map(|slug| json!(slug)).collect();
            values.extend(can_be_null.then_some(Json::Null));
            property["enum"] = values.into();
        }
        property
    }
}

fn object(description: &str, can_be_null: impl Fn(&Column) -> bool) -> Schema {
    let properties: Map<String, Json> = COLUMNS
        .iter()
        .map(|column| (column.key.to_owned(), column.schema(can_be_null(column))))
        .collect();
    let required: Vec<&str> = COLUMNS.iter().map(|column| column.key).collect();
    json_schema!({
        "description": description,
        "type": "object",
        "properties": properties,
        "required": required,
    })
}

impl JsonSchema for Connection<'_> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Connection".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        object("One TCP connection.", |column| column.optional)
    }
}

/// A line of a feed, for its schema.
pub(crate) struct Feed;

impl JsonSchema for Feed {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        SCHEMA.into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let about = "A line of --format ndjson: one TCP connection. What is known only when the whole capture was read is null \
                     in lines that are written before.";
        let mut schema = object(about, |column| column.optional || column.known_late);
        schema.insert("title".to_owned(), json!(SCHEMA));
        schema
    }
}

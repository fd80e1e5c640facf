//! How a [`ClientMessage`] is read and written: an object whose field `type` names the variant.
//!
//! Serde's own `tag = "type"` would do, but it forgets which field was wrong. So the derived code reads the form
//! `{"join": {…}}`, where the path to a bad field is known, and this file moves the type in and out.

use crate::ClientMessage;
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

/// Reads a message of a known type from its other fields. The error names the field.
pub(crate) fn read(type_name: &str, fields: Map<String, Value>) -> Result<ClientMessage, String> {
    let tagged = Value::Object(Map::from_iter([(type_name.to_owned(), Value::Object(fields))]));
    let mut track = serde_path_to_error::Track::new();
    let deserializer = serde_path_to_error::Deserializer::new(tagged, &mut track);
    ClientMessage::deserialize(deserializer).map_err(|error| {
        let path = track.path().to_string();
        // Behind the type: `view.tiles[0].height`.
        match path
            .strip_prefix(type_name)
            .and_then(|path| path.strip_prefix('.'))
        {
            Some(field) => format!("field `{field}`: {error}"),
            None => error.to_string(),
        }
    })
}

impl<'de> Deserialize<'de> for ClientMessage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut fields = Map::<String, Value>::deserialize(deserializer)?;
        match fields.remove("type") {
            Some(Value::String(name)) => read(&name, fields).map_err(D::Error::custom),
            Some(_) => Err(D::Error::custom("field `type`: not a string")),
            None => Err(D::Error::missing_field("type")),
        }
    }
}

impl Serialize for ClientMessage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let tagged =
            ClientMessage::serialize(self, serde_json::value::Serializer).map_err(S::Error::custom)?;
        let mut flat = Map::from_iter([("type".to_owned(), Value::from(self.type_name()))]);
        if let Value::Object(tagged) = tagged {
            for fields in tagged.into_iter().filter_map(|(_, fields)| match fields {
                Value::Object(fields) => Some(fields),
                _ => None,
            }) {
                flat.extend(fields);
            }
        }
        flat.serialize(serializer)
    }
}

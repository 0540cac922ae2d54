//! The document of what an answer cost: one entry or several.

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;

/// What an answer cost at one model.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct UsageDocument {
    /// The model, as its provider calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Tokens read, those from a cache included.
    pub tokens_in: u64,
    /// Tokens written.
    pub tokens_out: u64,
    /// Those of the tokens read that came from a cache.
    pub tokens_cached: u64,
    /// What that cost, in the unit that the owner of the bot configured, such as dollars; it is kept to a millionth. Left
    /// out where no price is known.
    #[cfg_attr(feature = "schema", schemars(range(min = 0.0)))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<f64>,
}

/// One entry, or a list of them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UsageList(pub Vec<UsageDocument>);

impl UsageList {
    /// Whether nothing was spent.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for UsageList {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [one] => one.serialize(serializer),
            several => several.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for UsageList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrSeveral)
    }
}

/// Reads both forms without trying one after the other, so that an error keeps its path.
struct OneOrSeveral;

impl<'de> Visitor<'de> for OneOrSeveral {
    type Value = UsageList;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with tokens_in and tokens_out, or a list of them")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<UsageList, A::Error> {
        UsageDocument::deserialize(MapAccessDeserializer::new(map)).map(|one| UsageList(vec![one]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<UsageList, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(seq)).map(UsageList)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for UsageList {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "UsageList".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let one = generator.subschema_for::<UsageDocument>();
        schemars::json_schema!({ "anyOf": [one, { "type": "array", "items": one }] })
    }
}

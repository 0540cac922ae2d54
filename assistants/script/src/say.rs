//! What a script says.

use crate::template::Words;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::fmt;
use toml::Spanned;

/// Things to say, in order: `"text"`, `{ markdown = "text" }`, or a list of them.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Say(pub(crate) Vec<Saying>);

/// One thing to say.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Saying {
    /// As it stands.
    Text(Words),
    /// In Markdown.
    Markdown(Words),
    /// A picture from a file beside the script.
    Image { file: Spanned<String>, caption: Option<Words> },
    /// A document from a file beside the script, under its own name or another one.
    Document { file: Spanned<String>, name: Option<String>, caption: Option<Words> },
    /// One of several.
    OneOf { sayings: Vec<Saying>, order: Order, number: u32 },
}

/// How one of several is chosen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Order {
    /// By chance.
    #[default]
    Random,
    /// One after the other, for each person.
    Turn,
}

/// The keys of a saying that is a table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    text: Option<Words>,
    markdown: Option<Words>,
    image: Option<Spanned<String>>,
    document: Option<Spanned<String>>,
    one_of: Option<Vec<Saying>>,
    caption: Option<Words>,
    name: Option<String>,
    order: Option<Order>,
}

const ONE_KEY: &str = "say one thing: text, markdown, image, document or one_of; for several write a list";

impl TryFrom<Keys> for Saying {
    type Error = &'static str;

    fn try_from(keys: Keys) -> Result<Self, &'static str> {
        let Keys { text, markdown, image, document, one_of, caption, name, order } = keys;
        let count = [text.is_some(), markdown.is_some(), image.is_some(), document.is_some(), one_of.is_some()];
        if count.into_iter().filter(|is_there| *is_there).count() != 1 {
            return Err(ONE_KEY);
        }
        if caption.is_some() && image.is_none() && document.is_none() {
            return Err("a caption belongs to an image or a document");
        }
        if name.is_some() && document.is_none() {
            return Err("a name belongs to a document");
        }
        if order.is_some() && one_of.is_none() {
            return Err("an order belongs to one_of");
        }
        match (text, markdown, image, document, one_of) {
            (Some(words), ..) => Ok(Self::Text(words)),
            (_, Some(words), ..) => Ok(Self::Markdown(words)),
            (_, _, Some(file), ..) => Ok(Self::Image { file, caption }),
            (_, _, _, Some(file), _) => Ok(Self::Document { file, name, caption }),
            (.., Some(sayings)) if sayings.is_empty() => Err("one_of needs something to choose from"),
            (.., Some(sayings)) if sayings.iter().any(|one| matches!(one, Self::OneOf { .. })) => {
                Err("one_of cannot hold another one_of")
            }
            (.., Some(sayings)) => Ok(Self::OneOf { sayings, order: order.unwrap_or_default(), number: 0 }),
            (None, None, None, None, None) => Err(ONE_KEY),
        }
    }
}

impl<'de> Deserialize<'de> for Saying {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextOrTable;
        impl<'de> Visitor<'de> for TextOrTable {
            type Value = Saying;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, or a table such as { markdown = \"**Hello**\" } or { image = \"menu.png\" }")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Saying, E> {
                Words::deserialize(serde::de::value::StrDeserializer::new(text)).map(Saying::Text)
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Saying, A::Error> {
                let keys = Keys::deserialize(MapAccessDeserializer::new(map))?;
                keys.try_into().map_err(A::Error::custom)
            }
        }
        deserializer.deserialize_any(TextOrTable)
    }
}

impl<'de> Deserialize<'de> for Say {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMore;
        impl<'de> Visitor<'de> for OneOrMore {
            type Value = Say;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, a table such as { image = \"menu.png\" }, or a list of them")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Say, E> {
                Saying::deserialize(serde::de::value::StrDeserializer::new(text)).map(|one| Say(vec![one]))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Say, A::Error> {
                Saying::deserialize(MapAccessDeserializer::new(map)).map(|one| Say(vec![one]))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Say, A::Error> {
                let mut sayings = Vec::new();
                while let Some(saying) = items.next_element()? {
                    sayings.push(saying);
                }
                Ok(Say(sayings))
            }
        }
        deserializer.deserialize_any(OneOrMore)
    }
}

impl Say {
    /// Gives each choice among several a number of its own, counting on.
    pub(crate) fn number(&mut self, next: &mut u32) {
        for saying in &mut self.0 {
            if let Saying::OneOf { number, .. } = saying {
                *number = *next;
                *next += 1;
            }
        }
    }

    /// Everything that may be said, choices taken apart.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Saying> {
        self.0.iter().flat_map(|saying| match saying {
            Saying::OneOf { sayings, .. } => sayings.as_slice(),
            one => std::slice::from_ref(one),
        })
    }
}

impl Saying {
    /// Its words, if it has any.
    pub(crate) fn words(&self) -> Option<&Words> {
        match self {
            Self::Text(words) | Self::Markdown(words) => Some(words),
            Self::Image { caption, .. } | Self::Document { caption, .. } => caption.as_ref(),
            Self::OneOf { .. } => None,
        }
    }

    /// The file that it needs.
    pub(crate) fn file(&self) -> Option<&Spanned<String>> {
        match self {
            Self::Image { file, .. } | Self::Document { file, .. } => Some(file),
            Self::Text(_) | Self::Markdown(_) | Self::OneOf { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct File {
        say: Say,
    }

    fn read(written: &str) -> Result<Say, String> {
        let read: Result<File, _> = toml::from_str(&format!("say = {written}"));
        read.map(|file| file.say).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn one_or_more_things_are_said() {
        let say =
            read(r#"["a", { markdown = "b" }, { image = "c.png", caption = "c" }, { one_of = ["d", "e"] }]"#).unwrap();
        assert_eq!((say.0.len(), say.all().count()), (4, 5));
        assert_eq!(read(r#"{ document = "a.pdf", name = "b" }"#).unwrap().0.len(), 1);
        assert_eq!(read("\"a\"").unwrap(), read("[\"a\"]").unwrap());
        assert_eq!(read(r#"{ text = { en = "a", de = "b" } }"#).unwrap().0.len(), 1);
    }

    #[test]
    fn what_cannot_be_said_is_refused() {
        for (written, expected) in [
            ("{}", ONE_KEY),
            (r#"{ text = "a", image = "b" }"#, ONE_KEY),
            (r#"{ text = "a", caption = "b" }"#, "a caption belongs to an image or a document"),
            (r#"{ image = "a", name = "b" }"#, "a name belongs to a document"),
            (r#"{ text = "a", order = "turn" }"#, "an order belongs to one_of"),
            ("{ one_of = [] }", "one_of needs something to choose from"),
            (r#"{ one_of = [{ one_of = ["a"] }] }"#, "one_of cannot hold another one_of"),
        ] {
            assert_eq!(read(written).unwrap_err(), expected);
        }
        assert!(read("7").unwrap_err().contains("a list of them"));
        assert!(read("{ txet = \"a\" }").unwrap_err().contains("unknown field `txet`"));
    }
}

//! Texts with places to fill in.

use crate::limits;
use greenroom_contract::assistant::Markup;
use greenroom_contract::text;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use std::collections::BTreeMap;
use std::fmt;

/// A text with places such as `{name}` and `{slot.size}`. What stands behind a bar counts where there is nothing to fill in:
/// `{name|there}`. `{{` is a bracket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Words(String),
    Place { of: Source, instead: String },
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Source {
    Name,
    Said,
    Slot(String),
}

/// What places are filled with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Values<'a> {
    /// The name of the person.
    pub(crate) name: Option<&'a str>,
    /// What was said last.
    pub(crate) said: &'a str,
    /// What was answered.
    pub(crate) slots: &'a BTreeMap<String, String>,
}

impl Template {
    fn parse(written: &str) -> Result<Self, String> {
        let (mut pieces, mut words) = (Vec::new(), String::new());
        let mut rest = written;
        while let Some(at) = rest.find(['{', '}']) {
            words.push_str(&rest[..at]);
            let bracket = &rest[at..];
            if let Some(after) = bracket.strip_prefix("{{").or_else(|| bracket.strip_prefix("}}")) {
                words.push_str(&bracket[..1]);
                rest = after;
                continue;
            }
            let inner = bracket.strip_prefix('{').and_then(|inner| inner.split_once('}'));
            let (inner, after) =
                inner.ok_or("a bracket is open or closed alone; write {{ or }} for a bracket itself")?;
            if !words.is_empty() {
                pieces.push(Piece::Words(std::mem::take(&mut words)));
            }
            pieces.push(place(inner)?);
            rest = after;
        }
        words.push_str(rest);
        if !words.is_empty() {
            pieces.push(Piece::Words(words));
        }
        Ok(Self(pieces))
    }

    /// The text with its places filled in. In Markdown, what people said is words and no marks.
    pub(crate) fn fill(&self, values: Values<'_>, markup: Markup) -> String {
        let mut filled = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Words(words) => filled.push_str(words),
                Piece::Place { of, instead } => {
                    let value = match of {
                        Source::Name => values.name,
                        Source::Said => Some(values.said),
                        Source::Slot(slot) => values.slots.get(slot).map(String::as_str),
                    };
                    match value.filter(|value| !text::is_blank(value)) {
                        Some(value) if markup == Markup::Markdown => push_escaped(&mut filled, value),
                        Some(value) => filled.push_str(value),
                        None => filled.push_str(instead),
                    }
                }
            }
            if filled.len() > limits::REPLY_BYTES_MAX {
                return text::bounded(&filled, limits::REPLY_BYTES_MAX);
            }
        }
        filled
    }

    /// The slots that are filled in.
    pub(crate) fn slots(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Place { of: Source::Slot(slot), .. } => Some(slot.as_str()),
            _ => None,
        })
    }
}

fn place(inner: &str) -> Result<Piece, String> {
    let (of, instead) = inner.split_once('|').unwrap_or((inner, ""));
    let of = match of.trim() {
        "name" => Source::Name,
        "said" => Source::Said,
        slot => match slot.strip_prefix("slot.") {
            Some(slot) if !slot.is_empty() => Source::Slot(slot.to_owned()),
            _ => return Err(format!("{{{inner}}} is unknown; known: {{name}}, {{said}}, {{slot.NAME}}")),
        },
    };
    Ok(Piece::Place { of, instead: instead.to_owned() })
}

/// In Markdown each mark is a word when a backslash stands before it; a line of its own could begin a list.
fn push_escaped(filled: &mut String, value: &str) {
    for c in value.chars() {
        if c.is_ascii_punctuation() {
            filled.push('\\');
        }
        filled.push(if c == '\n' || c == '\r' { ' ' } else { c });
    }
}

/// A text, or the same text in several languages.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Words {
    /// One for all.
    One(Template),
    /// By language, as a BCP 47 tag in lower case; never empty.
    Many(BTreeMap<String, Template>),
}

impl Words {
    /// The text in the language of a person, else in that of the script.
    pub(crate) fn spoken(&self, wanted: Option<&str>, usual: Option<&str>) -> Option<&Template> {
        let many = match self {
            Self::One(template) => return Some(template),
            Self::Many(many) => many,
        };
        let find = |tag: &str| {
            let tag = tag.to_lowercase();
            let found = many.get(&tag).or_else(|| many.get(tag.split(['-', '_']).next().unwrap_or_default()));
            found.or_else(|| {
                many.iter().find(|(known, _)| known.split('-').next() == Some(tag.as_str())).map(|(_, one)| one)
            })
        };
        wanted.and_then(find).or_else(|| usual.and_then(find)).or_else(|| many.values().next())
    }

    /// Every variant.
    pub(crate) fn all(&self) -> Box<dyn Iterator<Item = &Template> + '_> {
        match self {
            Self::One(template) => Box::new(std::iter::once(template)),
            Self::Many(many) => Box::new(many.values()),
        }
    }

    /// Whether it is there in one of these languages, or in all.
    pub(crate) fn is_in(&self, language: &str) -> bool {
        match self {
            Self::One(_) => true,
            Self::Many(many) => many.contains_key(&language.to_lowercase()),
        }
    }
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = String::deserialize(deserializer)?;
        if text::is_blank(&written) {
            return Err(D::Error::custom("a text that shows nothing; write what is to be said"));
        }
        Self::parse(&written).map_err(D::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;
        impl<'de> Visitor<'de> for OneOrMany {
            type Value = Words;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, or a table of texts by language such as { en = \"Hello\", de = \"Hallo\" }")
            }
            fn visit_str<E: Error>(self, written: &str) -> Result<Words, E> {
                Template::deserialize(serde::de::value::StrDeserializer::new(written)).map(Words::One)
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Words, A::Error> {
                let mut many = BTreeMap::new();
                while let Some((language, template)) = map.next_entry::<String, Template>()? {
                    many.insert(language.to_lowercase(), template);
                }
                if many.is_empty() {
                    return Err(A::Error::custom("a table of texts needs at least one language"));
                }
                Ok(Words::Many(many))
            }
        }
        deserializer.deserialize_any(OneOrMany)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn filled(written: &str, markup: Markup) -> String {
        let slots = [("size".to_owned(), "*large*\n# x".to_owned())].into_iter().collect();
        let values = Values { name: Some("Ana"), said: "", slots: &slots };
        Template::parse(written).map_or_else(|error| error, |template| template.fill(values, markup))
    }

    #[test]
    fn places_are_filled_in() {
        for (written, expected) in [
            ("Hello {name}!", "Hello Ana!"),
            ("{ name |you}", "Ana"),
            ("{said|nothing}", "nothing"),
            ("{slot.none}{slot.none|no size}", "no size"),
            ("{{name}} }}", "{name} }"),
            ("no places", "no places"),
        ] {
            assert_eq!(filled(written, Markup::Plain), expected, "{written}");
        }
    }

    #[test]
    fn what_people_said_is_no_markdown() {
        assert_eq!(filled("**{slot.size}**", Markup::Markdown), "**\\*large\\* \\# x**");
        assert_eq!(filled("{slot.size}", Markup::Plain), "*large*\n# x");
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (written, expected) in [
            ("{nmae}", "{nmae} is unknown; known: {name}, {said}, {slot.NAME}"),
            ("{slot.}", "{slot.} is unknown; known: {name}, {said}, {slot.NAME}"),
            ("{name", "a bracket is open or closed alone; write {{ or }} for a bracket itself"),
            ("name}", "a bracket is open or closed alone; write {{ or }} for a bracket itself"),
        ] {
            assert_eq!(filled(written, Markup::Plain), expected, "{written}");
        }
    }

    #[test]
    fn the_nearest_language_is_spoken() {
        let template = |words: &str| Template::parse(words).unwrap();
        let many = [("de", "Hallo"), ("en", "Hello"), ("pt-br", "Oi")];
        let words = Words::Many(many.into_iter().map(|(tag, text)| (tag.to_owned(), template(text))).collect());
        let check = |wanted: Option<&str>, usual, expected: &str| {
            assert_eq!(words.spoken(wanted, usual), Some(&template(expected)), "{wanted:?}");
        };
        check(Some("de-AT"), Some("en"), "Hallo");
        check(Some("DE"), Some("en"), "Hallo");
        check(Some("pt"), Some("en"), "Oi");
        check(Some("fr"), Some("en"), "Hello");
        check(None, Some("en"), "Hello");
        check(None, None, "Hallo");
        assert!(words.is_in("EN") && !words.is_in("fr") && Words::One(template("a")).is_in("fr"));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(written in any::<String>(), said in any::<String>()) {
            if let Ok(template) = Template::parse(&written) {
                let slots = BTreeMap::new();
                let values = Values { name: None, said: &said, slots: &slots };
                prop_assert!(template.fill(values, Markup::Markdown).len() <= limits::REPLY_BYTES_MAX);
            }
        }
    }
}

//! Whether the declared keys of a component are the ones that it reads.

use greenroom_contract::schema::{Key, KeyKind, value};
use greenroom_contract::secret::Secret;
use serde::de::{self, DeserializeOwned, Deserializer, Visitor};
use std::cell::RefCell;
use std::fmt::Debug;
use toml::{Table, Value};

/// Panics unless `keys` are exactly the keys of `C`, each is accepted with the values that it declares, every
/// other key is refused, and the declared defaults are those that count.
///
/// `C` must say what it was read from when it is printed with `Debug`, but for secrets.
pub fn assert_keys_agree<C: DeserializeOwned + Debug>(keys: &[Key]) {
    let mut read = fields_of::<C>();
    let mut declared: Vec<&str> = keys.iter().map(|key| key.name).collect();
    read.sort_unstable();
    declared.sort_unstable();
    assert_eq!(declared, read, "the declared keys, and those that are read");

    let least = least(keys);
    let usual = accepted::<C>(&least, "what must be written");
    for key in keys {
        assert!(!key.about.is_empty(), "{} says what it is for", key.name);
        for sample in samples(key) {
            let mut table = least.clone();
            table.insert(key.name.to_owned(), sample);
            accepted::<C>(&table, key.name);
        }
        if let Some(default) = key.default {
            let mut table = least.clone();
            table.insert(key.name.to_owned(), value(default).expect("a default is written as TOML"));
            assert_eq!(accepted::<C>(&table, key.name), usual, "the declared default of {}", key.name);
        }
    }
    let mut table = least;
    table.insert("undeclared".to_owned(), Value::Boolean(true));
    assert!(C::deserialize(Value::Table(table)).is_err(), "a key that is not declared is refused");
}

/// The keys that a struct reads, as its `Deserialize` lists them.
pub fn fields_of<C: DeserializeOwned>() -> Vec<&'static str> {
    listed::<C>()
}

/// The words that an enum knows, as its `Deserialize` lists them.
pub fn words_of<C: DeserializeOwned>() -> Vec<&'static str> {
    listed::<C>()
}

/// The smallest table that is accepted. A key that another one can replace is written, too.
fn least(keys: &[Key]) -> Table {
    let wanted = keys.iter().filter(|key| key.required || key.instead.is_some());
    wanted.filter_map(|key| Some((key.name.to_owned(), samples(key).into_iter().next()?))).collect()
}

/// Values of a key that it declares to be good.
fn samples(key: &Key) -> Vec<Value> {
    let text = |text: &str| Value::String(text.to_owned());
    match key.kind {
        KeyKind::Secret => vec![Secret::new("s3cret").handed_over()],
        KeyKind::Secrets => {
            let named = [("name".to_owned(), Secret::new("s3cret").handed_over())];
            vec![Value::Table(named.into_iter().collect())]
        }
        KeyKind::Integer { min, max } | KeyKind::Seconds { min, max } => vec![Value::Integer(min), Value::Integer(max)],
        KeyKind::Number { min, max } => vec![Value::Float(min), Value::Float(max)],
        KeyKind::Boolean => vec![Value::Boolean(true), Value::Boolean(false)],
        KeyKind::Choice(words) => words.iter().map(|word| text(word)).collect(),
        KeyKind::Text | KeyKind::Url | KeyKind::List | KeyKind::Table(_) | KeyKind::Tables(_) | KeyKind::Rows(_) => {
            key.shown_value().into_iter().collect()
        }
    }
}

fn accepted<C: DeserializeOwned + Debug>(table: &Table, what: &str) -> String {
    match C::deserialize(Value::Table(table.clone())) {
        Ok(config) => format!("{config:?}"),
        Err(error) => panic!("{what} is declared and refused: {}", error.message()),
    }
}

fn listed<C: DeserializeOwned>() -> Vec<&'static str> {
    let listener = Listener(RefCell::default());
    let _ = C::deserialize(&listener);
    listener.0.into_inner()
}

/// Reads nothing, and keeps the names that it was asked for.
struct Listener(RefCell<Vec<&'static str>>);

impl Listener {
    fn kept<T>(&self, names: &'static [&'static str]) -> Result<T, de::value::Error> {
        *self.0.borrow_mut() = names.to_vec();
        Err(de::Error::custom("only the names were wanted"))
    }
}

impl<'de> Deserializer<'de> for &Listener {
    type Error = de::value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
        self.kept(&[])
    }
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Self::Error> {
        self.kept(fields)
    }
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        words: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Self::Error> {
        self.kept(words)
    }
    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Default, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    struct Strict {
        on: bool,
        count: Option<u8>,
    }

    const ON: Key = Key::new("on", KeyKind::Boolean, "On.").default("false");
    const COUNT: Key = Key::new("count", KeyKind::Integer { min: 0, max: 255 }, "Count.");

    fn agrees<C: DeserializeOwned + Debug>(keys: &[Key]) -> bool {
        std::panic::catch_unwind(|| assert_keys_agree::<C>(keys)).is_ok()
    }

    #[test]
    fn only_the_true_declaration_agrees() {
        assert!(agrees::<Strict>(&[ON, COUNT]));
        for wrong in [
            vec![ON],
            vec![ON, COUNT, Key::new("more", KeyKind::Boolean, "More.")],
            vec![ON.default("true"), COUNT],
            vec![ON, Key { kind: KeyKind::Integer { min: 0, max: 256 }, ..COUNT }],
            vec![Key { kind: KeyKind::Choice(&["yes"]), default: None, ..ON }, COUNT],
        ] {
            assert!(!agrees::<Strict>(&wrong), "{wrong:?}");
        }
    }

    #[test]
    fn a_component_that_swallows_unknown_keys_does_not_agree() {
        #[derive(Debug, Default, Deserialize)]
        #[serde(default)]
        struct Loose {
            on: bool,
        }
        assert!(!agrees::<Loose>(&[ON]));
    }
}

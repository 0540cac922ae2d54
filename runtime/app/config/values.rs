//! Whether a value is what its key takes, and what to say if it is not.

use super::problem::suggestion;
use greenroom_contract::schema::{Key, KeyKind};
use toml::Value;

/// Says what is wrong with a value, if anything is. Tables are read key by key instead.
pub(super) fn wrong(kind: KeyKind, value: &Value) -> Option<String> {
    let other = |wanted: &str| Some(format!("this is {}, but must be {wanted}", described(value)));
    match (kind, value) {
        // What was written instead may be the secret itself.
        (KeyKind::Secret, value) => reference(value)
            .is_none()
            .then(|| "a secret is written as { env = \"NAME\" }, and NAME is an environment variable".to_owned()),
        (KeyKind::Secrets, Value::Table(secrets)) => secrets.values().find_map(|value| wrong(KeyKind::Secret, value)),
        (KeyKind::Text | KeyKind::Url | KeyKind::Choice(_), Value::String(text)) => wrong_text(kind, text),
        (KeyKind::Text | KeyKind::Url, _) => other("a text between quotation marks"),
        (KeyKind::Choice(words), _) => {
            Some(format!("this must be one of its words, between quotation marks: {}", words.join(", ")))
        }
        (KeyKind::Integer { min, max } | KeyKind::Seconds { min, max }, Value::Integer(number)) => {
            (!(min..=max).contains(number)).then(|| format!("{number} is out of range; write {min} to {max}"))
        }
        (KeyKind::Integer { .. }, _) => other("a whole number"),
        (KeyKind::Seconds { .. }, _) => other("a whole number of seconds"),
        (KeyKind::Number { min, max }, value) => match number(value) {
            Some(number) if (min..=max).contains(&number) => None,
            Some(number) => Some(format!("{number} is out of range; write {min} to {max}")),
            None => other("a number"),
        },
        (KeyKind::Boolean, Value::Boolean(_)) | (KeyKind::Table(_) | KeyKind::Tables(_), Value::Table(_)) => None,
        (KeyKind::Boolean, _) => other("true or false"),
        (KeyKind::List, Value::Array(items)) if items.iter().all(Value::is_str) => None,
        (KeyKind::List, _) => Some("this must be a list between brackets, such as [\"one\", \"two\"]".to_owned()),
        (KeyKind::Table(_) | KeyKind::Tables(_) | KeyKind::Secrets, _) => other("a table"),
        (KeyKind::Rows(_), Value::Array(rows)) if rows.iter().all(Value::is_table) => None,
        (KeyKind::Rows(_), _) => other("tables between [[ and ]], or a list of { ... }"),
    }
}

fn wrong_text(kind: KeyKind, text: &str) -> Option<String> {
    match kind {
        KeyKind::Url if !text.starts_with("https://") && !text.starts_with("http://") => {
            Some(format!("{text:?} is not a URL; write https://HOST"))
        }
        KeyKind::Choice(words) if !words.contains(&text) => {
            let meant = suggestion(text, words.iter().copied());
            Some(format!("{text:?} is not one of {}{meant}", words.join(", ")))
        }
        _ => None,
    }
}

fn number(value: &Value) -> Option<f64> {
    value.as_float().or_else(|| value.as_integer().map(|whole| whole as f64))
}

fn described(value: &Value) -> String {
    match value {
        Value::String(text) => format!("the text {text:?}"),
        Value::Integer(number) => format!("the number {number}"),
        Value::Float(number) => format!("the number {number}"),
        Value::Boolean(truth) => format!("{truth}"),
        Value::Datetime(time) => format!("the time {time}"),
        Value::Array(_) => "a list".to_owned(),
        Value::Table(_) => "a table".to_owned(),
    }
}

/// How a secret is written that a variable holds.
pub(super) fn referring_to(variable: &str) -> Value {
    Value::Table([("env".to_owned(), Value::String(variable.to_owned()))].into_iter().collect())
}

/// The variable that a secret is written as.
pub(super) fn reference(value: &Value) -> Option<&str> {
    let table = value.as_table().filter(|table| table.len() == 1)?;
    table.get("env")?.as_str().filter(|name| !name.is_empty())
}

/// Says that a key is not known, with the one that was meant or else with all of them.
pub(super) fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a Key>) -> String {
    let known: Vec<&str> = known.map(|key| key.name).collect();
    let meant = suggestion(name, known.iter().copied());
    let all = if meant.is_empty() { format!("; known: {}", known.join(", ")) } else { String::new() };
    format!("unknown key{meant}{all}")
}

/// Says that a key is missing, and what to write.
pub(super) fn missing(key: &Key) -> String {
    let written = match key.kind {
        KeyKind::Secret => Some("{ env = \"NAME\" }"),
        _ => key.shown(),
    };
    let written = written.map(|value| format!("{} = {value}", key.name));
    let what = match (key.env, written) {
        (Some(variable), Some(written)) => format!("; set the environment variable {variable}, or write {written}"),
        (Some(variable), None) => format!("; set the environment variable {variable}"),
        (None, Some(written)) => format!("; write {written}"),
        (None, None) => String::new(),
    };
    format!("this key is missing{what} ({})", key.about.trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use greenroom_contract::schema::value;

    fn said(kind: KeyKind, written: &str) -> String {
        wrong(kind, &value(written).unwrap()).unwrap_or_default()
    }

    #[test]
    fn what_is_wrong_is_said_in_sentences() {
        let modes = KeyKind::Choice(&["mention", "always", "never"]);
        let few = KeyKind::Integer { min: 1, max: 9 };
        for (kind, written, expected) in [
            (modes, "\"mentoin\"", "\"mentoin\" is not one of mention, always, never; did you mean \"mention\"?"),
            (modes, "7", "this must be one of its words, between quotation marks: mention, always, never"),
            (KeyKind::Choice(&["on", "off"]), "\"a\"", "\"a\" is not one of on, off"),
            (KeyKind::Text, "7", "this is the number 7, but must be a text between quotation marks"),
            (KeyKind::Boolean, "\"yes\"", "this is the text \"yes\", but must be true or false"),
            (few, "10", "10 is out of range; write 1 to 9"),
            (few, "1.5", "this is the number 1.5, but must be a whole number"),
            (KeyKind::Number { min: 0.0, max: 1.0 }, "2", "2 is out of range; write 0 to 1"),
            (KeyKind::List, "\"*\"", "this must be a list between brackets, such as [\"one\", \"two\"]"),
            (KeyKind::List, "[1]", "this must be a list between brackets, such as [\"one\", \"two\"]"),
            (KeyKind::Url, "\"ftp://x\"", "\"ftp://x\" is not a URL; write https://HOST"),
            (KeyKind::Table(&[]), "[]", "this is a list, but must be a table"),
            (KeyKind::Rows(&[]), "[1]", "this is a list, but must be tables between [[ and ]], or a list of { ... }"),
        ] {
            assert_eq!(said(kind, written), expected);
        }
        for (kind, written) in [
            (modes, "\"never\""),
            (few, "9"),
            (KeyKind::Number { min: 0.0, max: 1.0 }, "1"),
            (KeyKind::List, "[]"),
            (KeyKind::Rows(&[]), "[{ a = 1 }]"),
            (KeyKind::Secret, "{ env = \"TOKEN\" }"),
        ] {
            assert_eq!(said(kind, written), "", "{written}");
        }
    }

    #[test]
    fn a_secret_in_plain_is_refused_and_not_repeated() {
        for plain in
            ["\"hunter2\"", "{ env = \"\" }", "{ env = \"A\", more = \"hunter2\" }", "{ \"looked up\" = \"hunter2\" }"]
        {
            let said = said(KeyKind::Secret, plain);
            assert!(said.contains("{ env = \"NAME\" }") && !said.contains("hunter2"), "{plain}: {said}");
        }
    }

    #[test]
    fn what_is_missing_is_said_with_what_to_write() {
        let token = Key::new("token", KeyKind::Secret, "Proves it.");
        let words =
            "this key is missing; set the environment variable TOKEN, or write token = { env = \"NAME\" } (Proves it)";
        assert_eq!(missing(&token.env("TOKEN")), words);
        let most = Key::new("most", KeyKind::Integer { min: 0, max: 9 }, "Most.");
        assert_eq!(missing(&most.example("3")), "this key is missing; write most = 3 (Most)");
        assert_eq!(missing(&most), "this key is missing (Most)");
    }
}

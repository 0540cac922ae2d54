//! One line of a script, word by word.

use serde_json::Value;
use std::time::Duration;

/// What is left of a line.
pub(super) struct Words<'a> {
    rest: &'a str,
}

impl<'a> Words<'a> {
    pub(super) fn new(line: &'a str) -> Self {
        Self { rest: line.trim() }
    }

    /// The next word, if there is one.
    pub(super) fn next(&mut self) -> Option<&'a str> {
        let end = self.rest.find(char::is_whitespace).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest.trim_start();
        (!word.is_empty()).then_some(word)
    }

    /// A word that must be there; `what` says what for.
    pub(super) fn word(&mut self, what: &str) -> Result<&'a str, String> {
        self.next().ok_or_else(|| format!("{what} is missing"))
    }

    /// Takes these words if they are next.
    pub(super) fn take(&mut self, words: &str) -> bool {
        let mut rest = self.rest;
        for word in words.split(' ') {
            match rest.strip_prefix(word) {
                Some(left) if left.is_empty() || left.starts_with(char::is_whitespace) => rest = left.trim_start(),
                _ => return false,
            }
        }
        self.rest = rest;
        true
    }

    /// These words must be next.
    pub(super) fn expect(&mut self, words: &str) -> Result<(), String> {
        if self.take(words) { Ok(()) } else { Err(format!("expected {words:?}, found {:?}", self.rest)) }
    }

    /// A JSON value.
    pub(super) fn json(&mut self) -> Result<Value, String> {
        let mut values = serde_json::Deserializer::from_str(self.rest).into_iter::<Value>();
        match values.next() {
            Some(Ok(value)) => {
                self.rest = self.rest[values.byte_offset()..].trim_start();
                Ok(value)
            }
            Some(Err(error)) => Err(format!("{:?} does not begin with JSON: {error}", self.rest)),
            None => Err("JSON is missing".into()),
        }
    }

    /// A JSON string.
    pub(super) fn quoted(&mut self) -> Result<String, String> {
        match self.json() {
            Ok(Value::String(text)) => Ok(text),
            Ok(_) | Err(_) => Err(format!("expected a text in quotation marks, found {:?}", self.rest)),
        }
    }

    /// The rest of the line: a JSON string, or words as they are.
    pub(super) fn text(&mut self) -> Result<String, String> {
        if self.rest.starts_with('"') {
            let text = self.quoted()?;
            self.end()?;
            return Ok(text);
        }
        Ok(std::mem::take(&mut self.rest).to_owned())
    }

    pub(super) fn number(&mut self, what: &str) -> Result<usize, String> {
        let word = self.word(what)?;
        word.parse().map_err(|_| format!("{what}: {word:?} is not a number"))
    }

    /// A time such as `500ms`, `2s` or `1m`.
    pub(super) fn time(&mut self, most: Duration) -> Result<Duration, String> {
        let word = self.word("a time")?;
        let digits = word.find(|c: char| !c.is_ascii_digit()).unwrap_or(word.len());
        let (number, unit) = word.split_at(digits);
        let wrong = || format!("{word:?} is not a time; write it like 500ms, 2s or 1m");
        let number: u64 = number.parse().map_err(|_| wrong())?;
        let time = match unit {
            "ms" => Duration::from_millis(number),
            "s" => Duration::from_secs(number),
            "m" => Duration::from_secs(number.saturating_mul(60)),
            _ => return Err(wrong()),
        };
        if time > most { Err(format!("{word} is longer than {} seconds", most.as_secs())) } else { Ok(time) }
    }

    /// Nothing may be left.
    pub(super) fn end(&self) -> Result<(), String> {
        if self.rest.is_empty() { Ok(()) } else { Err(format!("did not expect {:?}", self.rest)) }
    }

    pub(super) fn rest(&self) -> &'a str {
        self.rest
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }
}

//! Reads a body strictly: what is missing, of the wrong type or unknown is refused in the provider's words.

use crate::refusal::Refusal;
use serde_json::{Map, Value};

/// Whose words and whose way of writing a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    OpenAi,
    Anthropic,
    Gemini,
}

/// A place in the body.
#[derive(Debug, Clone)]
pub(crate) struct At<'a> {
    pub(crate) value: &'a Value,
    pub(crate) path: String,
    style: Style,
}

impl<'a> At<'a> {
    pub(crate) fn root(value: &'a Value, style: Style) -> Self {
        Self { value, path: String::new(), style }
    }

    fn child(&self, value: &'a Value, name: &str) -> Self {
        let path = if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) };
        Self { value, path, style: self.style }
    }

    /// Refuses this place.
    pub(crate) fn refuse(&self, message: impl Into<String>) -> Refusal {
        Refusal::invalid(message).at(self.path.clone())
    }

    /// Refuses this place; Anthropic's messages begin with the path.
    pub(crate) fn wrong(&self, message: &str) -> Refusal {
        match self.style {
            Style::OpenAi => self.refuse(format!("Invalid '{}': {message}", self.path)),
            Style::Anthropic => self.refuse(format!("{}: {message}", self.path)),
            Style::Gemini => self.refuse(format!("* GenerateContentRequest.{}: {message}", self.path)),
        }
    }

    /// A field that may be missing or null. Gemini's fields may be written in snake case.
    pub(crate) fn get(&self, name: &str) -> Option<At<'a>> {
        let found = self.value.get(name);
        let found = match (found, self.style) {
            (None, Style::Gemini) => self.value.get(snake(name)),
            (found, _) => found,
        };
        found.filter(|value| !value.is_null()).map(|value| self.child(value, name))
    }

    /// A field that must be there.
    pub(crate) fn need(&self, name: &str) -> Result<At<'a>, Refusal> {
        self.get(name).ok_or_else(|| {
            let missing = self.child(self.value, name);
            match self.style {
                Style::OpenAi => missing
                    .refuse(format!("Missing required parameter: '{}'.", missing.path))
                    .code("missing_required_parameter"),
                Style::Anthropic => missing.wrong("Field required"),
                Style::Gemini => missing.wrong(&format!("{name} is not specified")),
            }
        })
    }

    fn of_type(&self, anthropic: &str, openai: &str, gemini: &str) -> Refusal {
        let path = &self.path;
        match self.style {
            Style::OpenAi => self
                .refuse(format!("Invalid type for '{path}': expected {openai}, but got {} instead.", kind(self.value)))
                .code("invalid_type"),
            Style::Anthropic => self.wrong(&format!("Input should be a valid {anthropic}")),
            Style::Gemini => self.refuse(format!("Invalid value at '{path}' ({gemini})")),
        }
    }

    pub(crate) fn text(&self) -> Result<&'a str, Refusal> {
        self.value.as_str().ok_or_else(|| self.of_type("string", "a string", "TYPE_STRING"))
    }

    pub(crate) fn flag(&self) -> Result<bool, Refusal> {
        self.value.as_bool().ok_or_else(|| self.of_type("boolean", "a boolean", "TYPE_BOOL"))
    }

    pub(crate) fn whole(&self) -> Result<u64, Refusal> {
        self.value.as_u64().ok_or_else(|| self.of_type("integer", "an integer", "TYPE_INT32"))
    }

    /// A number between two bounds.
    pub(crate) fn number(&self, least: f64, most: f64) -> Result<f64, Refusal> {
        let number = self.value.as_f64().ok_or_else(|| self.of_type("number", "a decimal", "TYPE_FLOAT"))?;
        if (least..=most).contains(&number) {
            Ok(number)
        } else {
            Err(self.wrong(&format!("{number} is not between {least} and {most}")))
        }
    }

    pub(crate) fn map(&self) -> Result<&'a Map<String, Value>, Refusal> {
        self.value.as_object().ok_or_else(|| self.of_type("dictionary", "an object", "TYPE_MESSAGE"))
    }

    pub(crate) fn list(&self) -> Result<Vec<At<'a>>, Refusal> {
        let items = self.value.as_array().ok_or_else(|| self.of_type("list", "an array", "TYPE_LIST"))?;
        let path = |index: usize| match self.style {
            Style::Anthropic => format!("{}.{index}", self.path),
            Style::OpenAi | Style::Gemini => format!("{}[{index}]", self.path),
        };
        Ok(items.iter().enumerate().map(|(i, value)| At { value, path: path(i), style: self.style }).collect())
    }

    /// A list that must not be empty.
    pub(crate) fn full_list(&self) -> Result<Vec<At<'a>>, Refusal> {
        let list = self.list()?;
        if !list.is_empty() {
            return Ok(list);
        }
        Err(match self.style {
            Style::OpenAi => self
                .wrong("empty array. Expected an array with minimum length 1, but got an empty array instead.")
                .code("empty_array"),
            Style::Anthropic => self.wrong("at least one message is required"),
            Style::Gemini => self.wrong(&format!("{} is not specified", self.path)),
        })
    }

    /// Refuses fields that are not among these.
    pub(crate) fn only(&self, known: &[&str]) -> Result<(), Refusal> {
        let unknown = self.map()?.keys().find(|name| {
            let named =
                |known: &&&str| **known == name.as_str() || (self.style == Style::Gemini && snake(known) == **name);
            !known.iter().any(|one| named(&one))
        });
        let Some(name) = unknown else { return Ok(()) };
        let field = self.child(self.value, name);
        Err(match self.style {
            Style::OpenAi => field.refuse(format!("Unknown parameter: '{}'.", field.path)).code("unknown_parameter"),
            Style::Anthropic => field.wrong("Extra inputs are not permitted"),
            Style::Gemini => {
                let place = if self.path.is_empty() { String::new() } else { format!(" at '{}'", self.path) };
                field.refuse(format!(
                    "Invalid JSON payload received. Unknown name \"{name}\"{place}: Cannot find field."
                ))
            }
        })
    }

    /// One of these words.
    pub(crate) fn one_of(&self, known: &[&str]) -> Result<&'a str, Refusal> {
        let word = self.text()?;
        if known.contains(&word) {
            return Ok(word);
        }
        let quoted = known.iter().map(|one| format!("'{one}'")).collect::<Vec<_>>();
        Err(match self.style {
            Style::OpenAi => self
                .refuse(format!("Invalid value: '{word}'. Supported values are: {}.", quoted.join(", ")))
                .code("invalid_value"),
            Style::Anthropic => self.wrong(&format!("Input should be {}", quoted.join(" or "))),
            Style::Gemini => self.refuse(format!("Invalid value at '{}' (TYPE_ENUM), \"{word}\"", self.path)),
        })
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(number) if number.is_f64() => "a decimal",
        Value::Number(_) => "an integer",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// `maxOutputTokens` as `max_output_tokens`.
fn snake(camel: &str) -> String {
    let mut snake = String::new();
    for c in camel.chars() {
        if c.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn paths_are_written_as_the_provider_writes_them() {
        let body = json!({"messages": [{"role": "user"}, {"role": 5}]});
        for (style, path) in [(Style::OpenAi, "messages[1].role"), (Style::Anthropic, "messages.1.role")] {
            let list = At::root(&body, style).need("messages").unwrap().list().unwrap();
            let refusal = list[1].need("role").unwrap().text().unwrap_err();
            assert!(refusal.message.contains(path), "{}", refusal.message);
        }
    }

    #[test]
    fn gemini_takes_both_ways_of_writing_a_name() {
        let body = json!({"max_output_tokens": 5, "topP": 1});
        let root = At::root(&body, Style::Gemini);
        assert_eq!(root.get("maxOutputTokens").unwrap().whole().unwrap(), 5);
        root.only(&["maxOutputTokens", "topP"]).unwrap();
        assert!(root.only(&["topP"]).is_err());
    }
}

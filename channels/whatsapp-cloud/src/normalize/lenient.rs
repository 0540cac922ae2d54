//! JSON as it is meant. A body that is JSON is read, whatever a stranger put into one of its parts: one name with half
//! an emoji must not hold back the messages beside it.

use crate::limits::JSON_DEPTH_MAX;
use serde_json::Value;

/// Reads a body. Halves of surrogate pairs and bytes that are not UTF-8 become U+FFFD; numbers that are too large and
/// values that lie too deep become null.
pub(super) fn read(body: &[u8]) -> Result<Value, serde_json::Error> {
    serde_json::from_slice(body).or_else(|error| serde_json::from_str(&readable(body)).map_err(|_| error))
}

/// The same document in a form that the parser takes. What is not JSON stays so.
fn readable(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let text = text.trim_start_matches('\u{feff}');
    let (mut out, mut rest, mut depth) = (String::with_capacity(text.len()), text, 0_usize);
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' => {
                let length = string_length(rest);
                push_string(&mut out, &rest[..length]);
                length
            }
            '-' | '0'..='9' => {
                let length = rest.find(|c: char| !"+-.eE0123456789".contains(c)).unwrap_or(rest.len());
                let number = &rest[..length];
                let is_too_large = number.parse().is_ok_and(|number: f64| !number.is_finite());
                out.push_str(if is_too_large { "null" } else { number });
                length
            }
            '{' | '[' if depth >= JSON_DEPTH_MAX => {
                out.push_str("null");
                container_length(rest)
            }
            _ => {
                match first {
                    '{' | '[' => depth += 1,
                    '}' | ']' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                out.push(first);
                first.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    out
}

/// How long the string is that a text begins with, with its quotation marks.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// How long the object or list is that a text begins with.
fn container_length(text: &str) -> usize {
    let (mut at, mut depth) = (0, 0_usize);
    let bytes = text.as_bytes();
    while at < bytes.len() {
        match bytes[at] {
            b'"' => at += string_length(&text[at..]),
            b'{' | b'[' => (at, depth) = (at + 1, depth + 1),
            b'}' | b']' if depth == 1 => return at + 1,
            b'}' | b']' => (at, depth) = (at + 1, depth - 1),
            _ => at += 1,
        }
    }
    text.len()
}

/// Copies a string; an escaped half of a surrogate pair becomes U+FFFD.
fn push_string(out: &mut String, string: &str) {
    let mut rest = string;
    while let Some(at) = rest.find('\\') {
        let (plain, escape) = rest.split_at(at);
        out.push_str(plain);
        let (written, length) = match (unit(escape), escape.get(6..).and_then(unit)) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => (&escape[..12], 12),
            (Some(0xD800..=0xDFFF), _) => ("\\ufffd", 6),
            _ => {
                let length = 1 + escape[1..].chars().next().map_or(0, char::len_utf8);
                (&escape[..length], length)
            }
        };
        out.push_str(written);
        rest = &escape[length..];
    }
    out.push_str(rest);
}

/// The UTF-16 unit of a text that begins with `\uXXXX`.
fn unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    u16::from_str_radix(digits, 16).ok().filter(|_| digits.bytes().all(|b| b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn what_a_parser_refuses_is_read_as_far_as_it_can_be() {
        let value = |text: &str| read(text.as_bytes()).unwrap();
        assert_eq!(value(r#"{"a":"x\ud83dy","b":"\ude00","c":"\ud83d\ude00","\ud800":1}"#)["a"], "x\u{fffd}y");
        assert_eq!(value(r#"{"a":"\ud83d\ude00 \ud83d"}"#)["a"], "😀 \u{fffd}");
        assert_eq!(value(r#"{"a":"\\ud83d \"\ud83d"}"#)["a"], "\\ud83d \"\u{fffd}");
        assert_eq!(value(r#"{"a":1e999,"b":-1E+999,"c":1.5}"#), json!({"a": null, "b": null, "c": 1.5}));
        assert_eq!(value("\u{feff}{\"a\":1}"), json!({"a": 1}));
        let deep = format!("{{\"a\":{}\"]\"{},\"b\":1}}", "[".repeat(10_000), "]".repeat(10_000));
        assert_eq!(value(&deep)["b"], 1);
        assert_eq!(read(b"{\"a\":\"\xff\",\"b\":1}").unwrap(), json!({"a": "\u{fffd}", "b": 1}));
    }

    #[test]
    fn what_is_not_json_stays_so() {
        for text in
            ["", "{", "{\"a\":\"", "[1,]", "nul", "{\"a\":\"\\", "{\"a\":\"\\u", "{\"a\":\"\\ud8\"}", "1 2", "[1.2.3]"]
        {
            assert!(read(text.as_bytes()).is_err(), "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn what_can_be_read_is_not_changed(text in ".{0,40}", number in any::<f64>(), bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let value = json!({"text": text, "list": [number, text, {"deep": [[[text]]]}], text.clone(): null});
            let written = value.to_string();
            let expected: Value = serde_json::from_str(&written).unwrap();
            prop_assert_eq!(serde_json::from_str::<Value>(&readable(written.as_bytes())).unwrap(), expected);
            // Whatever comes, it ends, and it is not longer than what came.
            prop_assert!(readable(&bytes).len() <= bytes.len() * 3 + 4);
        }
    }
}

//! A text of rules, line by line.

use super::ScriptError;
use super::actions::action;
use super::rule::{Condition, Rule, Text};
use super::words::Words;
use crate::limits;
use crate::reply::Reply;
use regex_lite::Regex;

pub(super) fn rules(text: &str) -> Result<Vec<Rule>, ScriptError> {
    if text.len() > limits::SCRIPT_BYTES_MAX {
        let message = format!("it has {} bytes; {} are allowed", text.len(), limits::SCRIPT_BYTES_MAX);
        return Err(ScriptError { line: 1, message });
    }
    let mut rules: Vec<Rule> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        let at = |message: String| ScriptError { line: index + 1, message };
        if line.starts_with(char::is_whitespace) {
            let rule = rules.last_mut().ok_or_else(|| at("an indented line belongs below `when`".into()))?;
            action(&mut Words::new(line), rule).map_err(at)?;
        } else {
            check(rules.last())?;
            rules.push(Rule::new(index + 1, conditions(&mut Words::new(line)).map_err(at)?));
        }
    }
    check(rules.last())?;
    Ok(rules)
}

/// A rule must say what to do.
fn check(rule: Option<&Rule>) -> Result<(), ScriptError> {
    match rule {
        Some(rule) if rule.reply == Reply::default() && !rule.loops => Err(ScriptError {
            line: rule.line,
            message: "nothing stands below this line; write what to do, indented, such as `say Hello`".into(),
        }),
        _ => Ok(()),
    }
}

fn conditions(words: &mut Words<'_>) -> Result<Vec<Condition>, String> {
    match words.word("`when` or `otherwise`")? {
        "otherwise" => {
            words.end()?;
            return Ok(vec![Condition::Any]);
        }
        "when" => {}
        other => return Err(format!("expected `when` or `otherwise`, found {other:?}; what to do is indented")),
    }
    let mut conditions = vec![condition(words)?];
    while words.take("and") {
        conditions.push(condition(words)?);
    }
    words.end()?;
    Ok(conditions)
}

fn condition(words: &mut Words<'_>) -> Result<Condition, String> {
    Ok(match words.word("a condition")? {
        "says" => Condition::Says(text(words)?),
        "said" => Condition::Said(text(words)?),
        "system" => Condition::System(text(words)?),
        "result" => {
            let tool = if words.take("of") { Some(words.word("the name of a tool")?.to_owned()) } else { None };
            let text = if words.is_empty() || is_and(words) { None } else { Some(text(words)?) };
            Condition::Result { tool, text }
        }
        "picture" => Condition::Picture,
        "file" => Condition::File,
        "model" => Condition::Model(words.quoted()?),
        "offers" => Condition::Offers(words.word("the name of a tool")?.to_owned()),
        "streamed" => Condition::Streamed(true),
        "whole" => Condition::Streamed(false),
        "request" => {
            let first = words.number("the number of a request")?;
            let last = if words.take("to") { words.number("the number of a request")? } else { first };
            Condition::Request(first as u64..=last as u64)
        }
        "any" => Condition::Any,
        other => {
            return Err(format!(
                "{other:?} is not a condition; there are says, said, result, picture, file, system, model, offers, \
                 streamed, whole, request and any"
            ));
        }
    })
}

/// Whether `and` is next, which stays.
fn is_and(words: &Words<'_>) -> bool {
    words.rest().split_whitespace().next() == Some("and")
}

fn text(words: &mut Words<'_>) -> Result<Text, String> {
    let operator = words.word("`contains`, `equals`, `begins` or `matches`")?;
    let wanted = match operator {
        "contains" | "equals" | "begins" | "matches" => words.quoted()?,
        other => return Err(format!("expected `contains`, `equals`, `begins` or `matches`, found {other:?}")),
    };
    Ok(match operator {
        "contains" => Text::Contains(wanted),
        "equals" => Text::Equals(wanted),
        "begins" => Text::Begins(wanted),
        _ => Text::Matches(Regex::new(&wanted).map_err(|error| format!("{wanted:?} is not a pattern: {error}"))?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_line_is_named() {
        let cases = [
            ("say hello", 1, "indented"),
            ("  say hello", 1, "belongs below"),
            ("when says contains \"a\"\n\n# nothing\n", 1, "nothing stands below"),
            ("when says contains \"a\"\n  sing la", 2, "not something to do"),
            ("when says has \"a\"\n  say b", 1, "`contains`"),
            ("when says contains a\n  say b", 1, "quotation marks"),
            ("when says matches \"(\"\n  say b", 1, "not a pattern"),
            ("when weather\n  say b", 1, "not a condition"),
            ("when any extra\n  say b", 1, "did not expect"),
            ("otherwise\n  call tool {\"a\": }", 2, "JSON"),
            ("otherwise\n  call tool [1]", 2, "object"),
            ("otherwise\n  call my.tool {}", 2, "64"),
            ("otherwise\n  say a\n  fault explode", 3, "not a fault"),
            ("otherwise\n  fault slow 5", 2, "500ms"),
            ("otherwise\n  fault slow 5000m", 2, "longer than"),
            ("otherwise\n  fault cut at N", 2, "at byte"),
            ("otherwise\n  fault status 99", 2, "400"),
            ("otherwise\n  say a\n  times often", 3, "not a number"),
        ];
        for (text, line, message) in cases {
            let error = rules(text).map(|_| ()).expect_err(text);
            assert_eq!(error.line, line, "{text}: {error}");
            assert!(error.message.contains(message), "{text}: {error}");
        }
    }

    #[test]
    fn every_condition_and_every_action_is_read() {
        let text = "when says equals \"a\" and said begins \"a\" and result and result of t contains \"x\" \
                    and picture and file and system matches \"^a\" and model \"m\" and offers t and streamed \
                    and whole and request 1 to 3 and any\n  say \"two\\nlines\"\n  say more\n  think hm\n  \
                    call t {\"a\": 1}\n  loop\n  refuse no\n  filter\n  cut\n  times 2\n  usage 10 5\n  \
                    fault slow 1ms\n  fault pause 1s\n  fault held\n  fault silent\n  fault stuck at byte 1\n  \
                    fault cut at byte 0\n  fault end at event 2\n  fault error at event 1\n  \
                    fault status 429 retry-after 7\n  fault status 503 retry-date 7 echo\n  fault bad-json\n  \
                    fault html\n  fault endless-line\n  fault oversized 100\n  fault no-usage\n";
        let rules = rules(text).unwrap();
        assert_eq!((rules.len(), rules[0].when.len()), (1, 13));
        assert_eq!(rules[0].reply.faults.len(), 15);
        assert_eq!(rules[0].reply.text, "two\nlines\nmore\nno");
    }
}

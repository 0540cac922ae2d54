//! What follows from a rule, line by line.

use super::rule::Rule;
use super::words::Words;
use crate::fault::{Fault, RetryAfter};
use crate::limits;
use crate::reply::{Call, Stop, Usage};
use serde_json::{Map, Value};

pub(super) fn action(words: &mut Words<'_>, rule: &mut Rule) -> Result<(), String> {
    let reply = &mut rule.reply;
    match words.word("something to do")? {
        "say" => say(&mut reply.text, &words.text()?),
        "think" => reply.thinking = Some(words.text()?),
        "call" => reply.calls.push(call(words)?),
        "loop" => rule.loops = true,
        "refuse" => {
            reply.stop = Stop::Refused;
            say(&mut reply.text, &words.text()?);
        }
        "filter" => reply.stop = Stop::Filtered,
        "cut" => reply.stop = Stop::MaxTokens,
        "times" => rule.times = Some(words.number("how many times")?),
        "usage" => {
            let (input, output) = (words.number("tokens of the prompt")?, words.number("tokens of the answer")?);
            reply.usage = Some(Usage { input: input as u64, output: output as u64, ..Usage::default() });
        }
        "fault" => reply.faults.push(fault(words)?),
        other => {
            return Err(format!(
                "{other:?} is not something to do; there are say, think, call, loop, refuse, filter, cut, times, \
                 usage and fault"
            ));
        }
    }
    words.end()
}

fn say(text: &mut String, more: &str) {
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(more);
}

fn call(words: &mut Words<'_>) -> Result<Call, String> {
    let name = words.word("the name of a tool")?.to_owned();
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if name.len() > limits::TOOL_NAME_CHARS_MAX || !name.chars().all(allowed) {
        return Err(format!("{name:?} is not the name of a tool: letters, digits, _ and -, at most 64"));
    }
    let arguments = if words.is_empty() { Value::Object(Map::new()) } else { words.json()? };
    if arguments.is_object() { Ok(Call { name, arguments }) } else { Err("arguments are a JSON object".into()) }
}

fn fault(words: &mut Words<'_>) -> Result<Fault, String> {
    let most = limits::SCRIPTED_WAIT_MAX;
    Ok(match words.word("a fault")? {
        "slow" => Fault::Slow(words.time(most)?),
        "pause" => Fault::Pause(words.time(most)?),
        "held" => Fault::Held,
        "silent" => Fault::Silent,
        "stuck" => Fault::Stuck(at(words, "at byte")?),
        "cut" => Fault::Cut(at(words, "at byte")?),
        "end" => Fault::EndEarly(at(words, "at event")?),
        "error" => Fault::ErrorEvent(at(words, "at event")?),
        "status" => status(words)?,
        "bad-json" => Fault::BadJson,
        "html" => Fault::Html,
        "endless-line" => Fault::EndlessLine,
        "no-usage" => Fault::NoUsage,
        "oversized" => Fault::Oversized(words.number("bytes")?),
        other => {
            return Err(format!(
                "{other:?} is not a fault; there are slow, pause, held, silent, stuck, cut, end, error, status, \
                 bad-json, html, endless-line, no-usage and oversized"
            ));
        }
    })
}

fn at(words: &mut Words<'_>, what: &str) -> Result<usize, String> {
    words.expect(what)?;
    words.number(what)
}

fn status(words: &mut Words<'_>) -> Result<Fault, String> {
    let status = words.number("a status")?;
    let status = u16::try_from(status).ok().filter(|status| (400..600).contains(status));
    let status = status.ok_or("an error's status is from 400 to 599")?;
    let retry_after = if words.take("retry-after") {
        Some(RetryAfter::Seconds(words.number("seconds")? as u64))
    } else if words.take("retry-date") {
        Some(RetryAfter::Date(words.number("seconds")? as u64))
    } else {
        None
    };
    Ok(Fault::Status { status, retry_after, echo: words.take("echo") })
}

//! What is answered to what.
//!
//! | module | what |
//! |---|---|
//! | `rule` | conditions, and what follows from them |
//! | `parse` | a text of rules, line by line |
//! | `actions` | what follows from a rule, line by line |
//! | `words` | one line, word by word |

mod actions;
mod parse;
mod rule;
mod words;

use crate::asked::Asked;
use crate::reply::Reply;
use rule::Rule;
use std::sync::Arc;

/// What the model answers to what: rules of a text, or a function.
///
/// # The text
///
/// ```text
/// # A line that begins with a number sign is a comment.
/// when says contains "milk"
///   call add_item {"list": "shopping", "item": "milk"}
///
/// when result contains "added" and said contains "milk"
///   say Milk is on your list.
///
/// when picture
///   say I see a picture.
///
/// when says equals "busy"
///   times 2
///   fault status 429 retry-after 3
///
/// otherwise
///   say I do not know what you mean by "{said}".
/// ```
///
/// The first rule whose conditions all hold answers. If there is none, the request is answered with 500 and is a
/// violation, so that a test notices. Conditions are joined by `and`:
///
/// | condition | holds when |
/// |---|---|
/// | `says OP "TEXT"` | the last message is the person's and its words are so |
/// | `said OP "TEXT"` | the person's last words are so, also when results of tools came after them |
/// | `result` | results of tools wait to be read |
/// | `result OP "TEXT"` | one of them is so |
/// | `result of TOOL OP "TEXT"` | that of this tool is so |
/// | `picture`, `file` | the last message is the person's and has one |
/// | `system OP "TEXT"` | the system text is so |
/// | `model "NAME"` | this model is asked |
/// | `offers TOOL` | this tool is offered |
/// | `streamed`, `whole` | a stream, or a whole body, is asked for |
/// | `request N`, `request N to M` | it is the Nth request to this server, from 1 |
/// | `any` | always |
///
/// OP is `contains`, `equals`, `begins` or `matches` (a regular expression). Texts are JSON strings. `otherwise` is
/// short for `when any`. What follows stands below, indented:
///
/// | line | what |
/// |---|---|
/// | `say TEXT` | words, to the end of the line; several lines are joined; a JSON string may hold line breaks |
/// | `think TEXT` | thinking, sent if it was asked for |
/// | `call TOOL {…}` | calls a tool; several lines are calls at the same time |
/// | `loop` | calls the first tool that is offered, with made-up arguments; with `when any`, forever |
/// | `refuse TEXT` | the model refuses in these words |
/// | `filter` | the provider's filter stops the answer |
/// | `cut` | the limit of tokens is reached after the words |
/// | `times N` | the rule answers N requests, then it is passed over |
/// | `usage IN OUT` | the tokens that are reported |
/// | `fault …` | something goes wrong, see below; several lines are combined |
///
/// In words and arguments, `{said}`, `{result}` (the last one), `{model}` and `{number}` stand for what was asked.
///
/// | fault | [`crate::Fault`] |
/// |---|---|
/// | `slow 500ms` | `Slow`: a pause before the headers (`ms`, `s`, `m`) |
/// | `pause 50ms` | `Pause`: before each piece |
/// | `held`, `silent` | `Held`, `Silent` |
/// | `stuck at byte N`, `cut at byte N` | `Stuck`, `Cut` |
/// | `end at event N`, `error at event N` | `EndEarly`, `ErrorEvent` |
/// | `status N`, then `retry-after SECONDS` or `retry-date SECONDS`, `echo` | `Status` |
/// | `bad-json`, `html`, `endless-line`, `no-usage` | of that name |
/// | `oversized BYTES` | `Oversized` |
#[derive(Clone)]
pub struct Script {
    source: Arc<Source>,
}

enum Source {
    Rules(Vec<Rule>),
    Function(Box<dyn Fn(&Asked) -> Reply + Send + Sync>),
}

/// A script that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the script: {message}")]
pub struct ScriptError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub message: String,
}

impl Script {
    /// Reads a text of rules.
    pub fn parse(text: &str) -> Result<Self, ScriptError> {
        Ok(Self { source: Arc::new(Source::Rules(parse::rules(text)?)) })
    }

    /// A function that answers every request. It may ask the server, which is not locked.
    pub fn from_fn(function: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        Self { source: Arc::new(Source::Function(Box::new(function))) }
    }

    /// The same answer to every request.
    pub fn always(reply: Reply) -> Self {
        Self::from_fn(move |_| reply.clone())
    }

    /// Says back what the person said: `you said: …`.
    pub fn echo() -> Self {
        Self::from_fn(|asked| Reply::say(format!("you said: {}", asked.said())))
    }

    /// The answer, if there is one. `used` says whether it counts for rules that answer so many times.
    pub(crate) fn reply(&self, asked: &Asked, used: bool) -> Option<Reply> {
        match &*self.source {
            Source::Function(function) => Some(function(asked)),
            Source::Rules(rules) => rules.iter().find_map(|rule| rule.reply(asked, used)),
        }
    }
}

impl std::str::FromStr for Script {
    type Err = ScriptError;

    fn from_str(text: &str) -> Result<Self, ScriptError> {
        Self::parse(text)
    }
}

impl std::fmt::Debug for Script {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &*self.source {
            Source::Rules(rules) => write!(f, "Script of {} rules", rules.len()),
            Source::Function(_) => f.write_str("Script of a function"),
        }
    }
}

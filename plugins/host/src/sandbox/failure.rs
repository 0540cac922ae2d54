//! Why a turn came to nothing.

use crate::bounds::LogLine;
use crate::calls::{Away, Refusal};
use crate::limits::{BUSY_PAUSE, WORDS_BYTES_MAX};
use greenroom_contract::assistant::AssistantError;
use greenroom_contract::text;
use wasmtime::{PoolConcurrencyLimitError, Trap};

/// Why a turn came to nothing. The guest's own words are cut and safe to show.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    /// The guest said so itself.
    #[error("the plugin says: {words}")]
    Said { words: String },
    /// It went beyond a limit of the host.
    #[error("the plugin was ended: {0}")]
    Ended(Refusal),
    /// It used up its memory.
    #[error("the plugin ran out of memory, of which it has {mb} MB (memory_mb){words}")]
    Memory { mb: usize, words: String },
    /// Its functions called each other too deeply.
    #[error("the plugin was ended: its functions call each other too deeply{words}")]
    Stack { words: String },
    /// It handed over more than is taken.
    #[error("the plugin was ended: it hands over more data than is taken in one call")]
    Transfer,
    /// Its answer is longer than it may be.
    #[error("the plugin answers with {kb} KB, and its limit is {max} KB (reply_kb)")]
    Reply { kb: usize, max: usize },
    /// It broke off for another reason.
    #[error("the plugin broke off: {what}{words}")]
    Broke { what: String, words: String },
    /// It did not answer in time.
    #[error("the plugin did not answer in time; it computed for {ms} ms and waited for the rest")]
    TooSlow { ms: u128 },
    /// There is no place for another instance.
    #[error("all places for plugins are taken by other turns")]
    Busy,
}

/// A turn that came to nothing, with what is known of it.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) failure: Failure,
    /// What was away, if anything that the guest asked for was.
    pub(crate) away: Option<Away>,
    pub(crate) log: Vec<LogLine>,
}

impl From<Failed> for AssistantError {
    fn from(failed: Failed) -> Self {
        let Failed { failure, away, .. } = failed;
        match (failure, away) {
            (failure @ Failure::Busy, _) => Self::Unavailable { reason: failure.into(), after: Some(BUSY_PAUSE) },
            // A guest that gives up because its model or its host is away did not fail.
            (Failure::Said { .. } | Failure::Broke { .. } | Failure::TooSlow { .. }, Some(away)) => {
                Self::Unavailable { reason: away.reason.into(), after: away.after }
            }
            (failure, _) => Self::Retry { reason: failure.into(), after: None },
        }
    }
}

/// A guest's words, cut and safe to show.
pub(super) fn words(text: &str) -> String {
    text::bounded(&text::one_line(&text::bounded(text.trim(), WORDS_BYTES_MAX)), WORDS_BYTES_MAX)
}

/// The end of what was written to standard error, as the end of a sentence. A runtime says there why it broke off.
fn last_words(output: &str) -> String {
    // How a trace is switched on says nothing of the reason, and it cannot be.
    let is_said = |line: &&str| !line.is_empty() && !line.starts_with("note: run with `RUST_BACKTRACE");
    let lines: Vec<&str> = output.lines().map(str::trim).filter(is_said).collect();
    let last = lines[lines.len().saturating_sub(3)..].join(" | ");
    if last.is_empty() { last } else { format!("; it wrote: {}", words(&last)) }
}

/// Why a call ended with an error, told from it and from what the guest wrote.
pub(super) fn of_error(error: &wasmtime::Error, was_refused_memory: bool, memory_mb: usize, output: &str) -> Failure {
    let words = last_words(output);
    if let Some(refusal) = error.downcast_ref::<Refusal>() {
        return Failure::Ended(refusal.clone());
    }
    if error.is::<PoolConcurrencyLimitError>() {
        return Failure::Busy;
    }
    if was_refused_memory {
        return Failure::Memory { mb: memory_mb, words };
    }
    let what = error.root_cause().to_string();
    match error.downcast_ref::<Trap>() {
        Some(Trap::StackOverflow) => Failure::Stack { words },
        Some(Trap::UnreachableCodeReached) if !words.is_empty() => {
            Failure::Broke { what: "it aborted".to_owned(), words }
        }
        None if what.contains("too much data is being copied") => Failure::Transfer,
        _ => Failure::Broke { what: self::words(&what), words },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn an_outage_counts_no_attempt_and_a_broken_plugin_does() {
        let said = Failure::Said { words: "no model".to_owned() };
        let failed =
            |failure: Failure, away: Option<Away>| AssistantError::from(Failed { failure, away, log: Vec::new() });
        assert!(matches!(failed(said.clone(), None), AssistantError::Retry { .. }));
        let away = Away { reason: "the model main is busy".to_owned(), after: Some(Duration::from_secs(7)) };
        let unavailable = failed(said, Some(away.clone()));
        assert_eq!(unavailable.to_string(), "away: the model main is busy");
        let loops = Failure::Ended(Refusal::OwnTime { ms: 500 });
        assert!(matches!(failed(loops, Some(away)), AssistantError::Retry { .. }));
        assert!(matches!(failed(Failure::Busy, None), AssistantError::Unavailable { .. }));
    }

    #[test]
    fn the_words_of_a_guest_are_cut_and_cannot_command_a_terminal() {
        let said = last_words(&format!("start\n{}\nthe \u{1b}[2J end\n", "x".repeat(10_000)));
        assert!(said.len() < WORDS_BYTES_MAX + 20 && !said.contains('\u{1b}') && !said.contains('\n'), "{said}");
        assert_eq!(last_words("a\n\npanicked at src/lib.rs\nwhy"), "; it wrote: a | panicked at src/lib.rs | why");
        let python = "Traceback:\nBroken: the oven broke\nthread '<unnamed>' panicked:\nPython threw\n\
                      note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\n";
        assert!(last_words(python).contains("the oven broke"), "{}", last_words(python));
        assert_eq!(last_words(" \n"), "");
    }
}

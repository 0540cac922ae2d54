//! The lines that a guest logs, within limits.

use crate::limits::{LOG_LINE_BYTES_MAX, LOG_LINES_MAX};
use greenroom_contract::text;

/// A line of a plugin's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// How much it matters.
    pub level: LogLevel,
    /// What it says: one line, cut, and safe to show.
    pub line: String,
}

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    /// For the plugin's author.
    Debug,
    /// Usual.
    Info,
    /// Something is wrong.
    Warn,
}

/// The log of one turn.
#[derive(Debug, Default)]
pub(crate) struct Log {
    plugin: String,
    lines: Vec<LogLine>,
    more: u32,
}

impl Log {
    pub(crate) fn of(plugin: &str) -> Self {
        Self { plugin: plugin.to_owned(), ..Self::default() }
    }

    /// Takes a line, and passes it on.
    pub(crate) fn take(&mut self, level: &str, line: &str) {
        if self.lines.len() as u32 >= LOG_LINES_MAX {
            self.more = self.more.saturating_add(1);
            return;
        }
        let level = match level {
            "debug" => LogLevel::Debug,
            "warn" => LogLevel::Warn,
            _ => LogLevel::Info,
        };
        // Cut before it is made safe, so that a huge line costs nothing.
        let line = text::bounded(&text::one_line(&text::bounded(line, LOG_LINE_BYTES_MAX)), LOG_LINE_BYTES_MAX);
        match level {
            LogLevel::Debug => tracing::debug!(plugin = %self.plugin, "{line}"),
            LogLevel::Info => tracing::info!(plugin = %self.plugin, "{line}"),
            LogLevel::Warn => tracing::warn!(plugin = %self.plugin, "{line}"),
        }
        self.lines.push(LogLine { level, line });
    }

    /// The lines that were taken. How many more there were is logged once.
    pub(crate) fn end(self) -> Vec<LogLine> {
        if self.more > 0 {
            tracing::warn!(plugin = %self.plugin, lines = self.more, "the plugin logged more lines than are kept of a turn");
        }
        self.lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chatty_plugin_is_cut_and_cannot_forge_lines() {
        let mut log = Log::of("pizza");
        log.take("warn", "one\ntwo\u{1b}[2J");
        for _ in 0..500 {
            log.take("loud", &"x".repeat(5_000));
        }
        assert_eq!(log.more, 401);
        let lines = log.end();
        assert_eq!(lines[0], LogLine { level: LogLevel::Warn, line: "one\\u{a}two\\u{1b}[2J".to_owned() });
        assert!(lines.len() == 100 && lines[1].line.len() <= 1024 && lines[1].level == LogLevel::Info);
    }
}

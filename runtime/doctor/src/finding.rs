//! One finding.

use serde::{Deserialize, Serialize};

/// How bad something is, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// As it should be.
    Ok,
    /// Worth knowing; nothing has to be done.
    Note,
    /// It works, but not for long or not for everything.
    Warning,
    /// It does not work.
    Error,
}

impl Severity {
    /// The same in a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Its name in words with hyphens, which does not change, such as `disk-full`.
    pub code: String,
    /// What was looked at, such as `store` or `channel front`.
    pub area: String,
    /// How bad it is.
    pub severity: Severity,
    /// What was found, in a sentence without its full stop.
    pub what: String,
    /// The command, or the step, that corrects it. Missing where nothing has to be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
}

impl Finding {
    /// Something that is as it should be.
    pub fn ok(code: &str, area: impl Into<String>, what: impl Into<String>) -> Self {
        Self { code: code.to_owned(), area: area.into(), severity: Severity::Ok, what: what.into(), command: None }
    }

    /// Something worth knowing.
    pub fn note(code: &str, area: impl Into<String>, what: impl Into<String>) -> Self {
        Self { severity: Severity::Note, ..Self::ok(code, area, what) }
    }

    /// Something that will go wrong.
    pub fn warning(code: &str, area: impl Into<String>, what: impl Into<String>, command: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, command: Some(command.into()), ..Self::ok(code, area, what) }
    }

    /// Something that does not work.
    pub fn error(code: &str, area: impl Into<String>, what: impl Into<String>, command: impl Into<String>) -> Self {
        Self { severity: Severity::Error, ..Self::warning(code, area, what, command) }
    }
}

/// What the command ends with: 0 if nothing has to be done, 3 if there are warnings, 1 if something does not work. 2 is wrong
/// usage, as everywhere.
pub fn exit_code(findings: &[Finding]) -> u8 {
    match findings.iter().map(|finding| finding.severity).max() {
        None | Some(Severity::Ok | Severity::Note) => 0,
        Some(Severity::Warning) => 3,
        Some(Severity::Error) => 1,
    }
}

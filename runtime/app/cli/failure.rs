//! How a failure is said, with everything below it, and the exit codes: 0 fine, 1 failed, 2 wrong usage or configuration, 3 warnings of `doctor`.

use super::disk;
use super::next::as_command;
use greenroom::config::ConfigError;
use greenroom::contract::cause::chain;
use greenroom::contract::store::StoreError;
use greenroom::contract::text::printable;
use greenroom::storage::StorageError;
use greenroom::{LinkRefused, RunError};
use greenroom_client::{ClientError, NextView};
use greenroom_gateway::view;
use std::process::ExitCode;

/// What went wrong, and what to do.
#[derive(Debug)]
pub(crate) struct Failure {
    what: String,
    hint: Option<String>,
    code: u8,
}

impl Failure {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), hint: None, code: 1 }
    }

    /// Something that was written is wrong, not something that happened.
    pub(crate) fn usage(what: impl Into<String>) -> Self {
        Self { code: 2, ..Self::new(what) }
    }

    /// The user did not want to wait; the code is the one of a program that Ctrl-C ended.
    pub(crate) fn interrupted(what: impl Into<String>) -> Self {
        Self { code: 130, ..Self::new(what) }
    }

    /// All is said already, on standard output; only the code is left.
    pub(crate) fn said_already(code: u8) -> Self {
        Self { code, ..Self::new("") }
    }

    /// What went wrong.
    pub(crate) fn words(&self) -> &str {
        &self.what
    }

    #[must_use]
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// Adds what to do, unless that was said already.
    #[must_use]
    pub(crate) fn or_hint(self, hint: impl Into<String>) -> Self {
        Self { hint: self.hint.or_else(|| Some(hint.into())), ..self }
    }

    /// Adds what to do now, where that is known.
    #[must_use]
    fn next(self, next: Option<&NextView>) -> Self {
        match next {
            Some(next) => self.hint(format!("Next: {}", as_command(next))),
            None => self,
        }
    }

    /// Says it on standard error.
    pub(crate) fn report(&self) -> ExitCode {
        if self.what.is_empty() {
            return ExitCode::from(self.code);
        }
        eprintln!("error: {}", printable(&self.what));
        if disk::is_full(&self.what) {
            eprintln!("{}", disk::MAKE_ROOM);
        } else if let Some(hint) = &self.hint {
            eprintln!("{}", printable(hint));
        }
        ExitCode::from(self.code)
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        let hint = match &error {
            ConfigError::Unreadable { .. } => {
                "Check the path, or write one with: greenroom config example > greenroom.toml"
            }
            _ => "Fix it and try again; `greenroom config example` shows every key.",
        };
        Self::usage(chain(&error)).hint(hint)
    }
}

impl From<StorageError> for Failure {
    fn from(error: StorageError) -> Self {
        let hint = match &error {
            StorageError::Missing { .. } => Some("Start the bot once, or set store.path to the folder it uses."),
            StorageError::InUse { .. } => Some(
                "A greenroom runs there already; `greenroom health` asks how it is. Stop that one first, or choose another \
                 store.path.",
            ),
            // The others say themselves what to do.
            _ => None,
        };
        let failure = Self::new(chain(&error));
        match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

#[cfg(feature = "capsules")]
impl From<greenroom::backup::BackupError> for Failure {
    fn from(error: greenroom::backup::BackupError) -> Self {
        use greenroom::backup::BackupError::{Capsule, Store, Transfer};
        match error {
            Store(error) => error.into(),
            Transfer(error) => error.into(),
            Capsule(error) => Self::new(chain(&error)).or_hint("Nothing was changed."),
            other => Self::new(chain(&other)),
        }
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        let what = chain(&error);
        match error {
            RunError::Config(error) => error.into(),
            RunError::Storage(error) => error.into(),
            RunError::Component { .. } => Self::usage(what),
            #[cfg(feature = "gateway")]
            RunError::Gateway(_) => Self::new(what).hint(
                "Set gateway.listen to another address, such as GREENROOM_GATEWAY__LISTEN=127.0.0.1:0 for any free port.",
            ),
            RunError::ServiceLost { .. } => Self::new(what).hint(
                "Networks could not reach the bot any more, so it ended; nothing that was accepted is lost. Raise the limit \
                 of open files if that was the reason (LimitNOFILE, ulimit -n), and start it again.",
            ),
            RunError::Crashed { .. } => Self::new(what).hint("Start it again: nothing that was accepted is lost."),
            _ => Self::new(what),
        }
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        let failure = Self::new(chain(&error));
        match &error {
            ClientError::NotRunning { .. } => failure.hint("Start it with: greenroom run"),
            ClientError::Forbidden => {
                failure.hint("The server was restarted in the meantime, or another one uses its port; try again.")
            }
            ClientError::Away { .. } => failure.hint(
                "Is WHATSAPP_GATEWAY_URL its address, does it run, and does a proxy or a firewall between let this machine \
                 through?",
            ),
            ClientError::Unauthorized { .. } => failure.hint(
                "AUTH_SECRET of the two sides, their clocks, or the audience (gateway.audience) may differ.",
            ),
            ClientError::NotFound { next, .. } | ClientError::Refused { next, .. } => failure.next(next.as_deref()),
            _ => failure,
        }
    }
}

impl From<LinkRefused> for Failure {
    fn from(refused: LinkRefused) -> Self {
        let what = chain(&refused);
        let next = refused.next().map(|next| view::next(&next));
        let failure = match refused {
            LinkRefused::UnknownChannel { .. }
            | LinkRefused::UnknownAccount { .. }
            | LinkRefused::CannotLink { .. }
            | LinkRefused::Configured { .. }
            | LinkRefused::Answers(_)
            | LinkRefused::BadPhone { .. } => Self::usage(what),
            _ => Self::new(what),
        };
        failure.next(next.as_ref())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::new(chain(&error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("builder error")]
    struct Builder(#[source] std::fmt::Error);

    #[test]
    fn a_failure_says_what_lies_below_it() {
        let failure = Failure::from(ClientError::Unreachable { reason: Box::new(Builder(std::fmt::Error)) });
        assert_eq!(failure.what, format!("the server cannot be reached: builder error: {}", std::fmt::Error));
    }

    #[test]
    fn a_refusal_comes_with_the_command_that_helps_wherever_it_was_made() {
        let expected = "Next: set channels.front.allow_from, or run: greenroom allow +15551234567 --channel front";
        let refused = LinkRefused::NobodyAdmitted { channel: "front".parse().unwrap() };
        let next = refused.next().map(|next| Box::new(view::next(&next)));
        let here = Failure::from(refused);
        assert_eq!((here.what.contains("empty allow-list"), here.hint.as_deref()), (true, Some(expected)));
        let there = Failure::from(ClientError::Refused { reason: "no".to_owned(), next });
        assert_eq!(there.hint.as_deref(), Some(expected));
    }
}

//! Why an account cannot be linked, or changed.

use crate::decide::next_action::NextAction;
use greenroom_contract::ids::{AccountId, ChannelName};
use greenroom_contract::linking::AnswersRefused;
use greenroom_contract::store::StoreError;
use std::fmt;

/// Why a request about an account was refused, named by what the caller can do. Where that is a step that a program
/// can offer, [`LinkRefused::next`] has it as a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LinkRefused {
    /// Name one of the configured channels.
    #[error("there is no channel {channel}; configured: {known}")]
    UnknownChannel {
        /// The name that was asked for.
        channel: ChannelName,
        /// Those there are, with commas.
        known: String,
    },
    /// Write the identity into the configuration instead; this adapter does not link accounts at run time.
    #[error("accounts of channel {channel} are set in the configuration; its adapter {adapter} links none at run time")]
    CannotLink {
        /// The channel.
        channel: ChannelName,
        /// Its adapter.
        adapter: String,
    },
    /// Show the warning, and ask again with the acceptance.
    #[error("the warning of channel {channel} must be read and accepted before the first link")]
    WarningNotAccepted {
        /// The channel.
        channel: ChannelName,
        /// What must be read.
        warning: String,
    },
    /// Add someone to the allow-list first.
    #[error("channel {channel} has an empty allow-list, so a linked account would not answer anyone")]
    NobodyAdmitted {
        /// The channel.
        channel: ChannelName,
    },
    /// Disconnect one, or ask for a higher limit.
    #[error(
        "maximum sessions reached: {count} of {limit} {scope}; disconnect one, or ask the operator of this server to \
         raise {key}",
        key = scope.limit_key()
    )]
    MaximumSessions {
        /// Whose sessions were counted.
        scope: SessionScope,
        /// How many there are.
        count: u32,
        /// How many there may be.
        limit: u32,
    },
    /// Look at the list of accounts.
    #[error("there is no account {account}")]
    UnknownAccount {
        /// The account that was asked for.
        account: AccountId,
    },
    /// Ask its owner.
    #[error("account {account} belongs to another owner")]
    WrongOwner {
        /// The account.
        account: AccountId,
    },
    /// Follow its steps, refresh them, or cancel them.
    #[error("account {account} is being linked just now")]
    AlreadyLinking {
        /// The account.
        account: AccountId,
    },
    /// Disconnect it first.
    #[error("account {account} is linked already{}", label.as_deref().map(|label| format!(" to {label}")).unwrap_or_default())]
    AlreadyLinked {
        /// The account.
        account: AccountId,
        /// The number it is linked to.
        label: Option<String>,
    },
    /// Link it first.
    #[error("account {account} is not linked")]
    NotLinked {
        /// The account.
        account: AccountId,
        /// Its channel.
        channel: ChannelName,
    },
    /// Begin a linking run first.
    #[error("account {account} is not being linked just now")]
    NotLinking {
        /// The account.
        account: AccountId,
    },
    /// Answer when a question is shown; its answer may have been given already.
    #[error("nothing is asked of account {account} just now")]
    NothingAsked {
        /// The account.
        account: AccountId,
    },
    /// Answer what was asked.
    #[error(transparent)]
    Answers(#[from] AnswersRefused),
    /// Set the channel's adapter back, or link a new account.
    #[error("account {account} is kept for another adapter than its channel uses now")]
    Elsewhere {
        /// The account.
        account: AccountId,
    },
    /// Change the configuration instead.
    #[error("account {account} is managed in the configuration; change it there")]
    Configured {
        /// The account.
        account: AccountId,
    },
    /// Write the number with its country code.
    #[error("{reason}")]
    BadPhone {
        /// What is wrong with it.
        reason: String,
    },
    /// The network could not be told; the keys are kept. Try again.
    #[error("the network could not be told, so everything is kept as it was: {reason}")]
    Unreachable {
        /// The cause.
        reason: String,
    },
    /// An earlier change of this account is not finished. Try again.
    #[error("an earlier change of account {account} is not finished")]
    Busy {
        /// The account.
        account: AccountId,
    },
    /// The store cannot be used now. Try again.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The engine is stopping.
    #[error("the engine is stopping")]
    Stopping,
}

impl LinkRefused {
    /// One word for programs. It does not change between versions.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownChannel { .. } => "unknown_channel",
            Self::UnknownAccount { .. } => "unknown_account",
            Self::CannotLink { .. } => "cannot_link",
            Self::BadPhone { .. } => "bad_phone",
            Self::WarningNotAccepted { .. } => "warning_not_accepted",
            Self::NobodyAdmitted { .. } => "nobody_admitted",
            Self::MaximumSessions { .. } => "maximum_sessions",
            Self::WrongOwner { .. } => "wrong_owner",
            Self::AlreadyLinking { .. } => "already_linking",
            Self::AlreadyLinked { .. } => "already_linked",
            Self::NotLinked { .. } => "not_linked",
            Self::NotLinking { .. } => "not_linking",
            Self::NothingAsked { .. } => "nothing_asked",
            Self::Answers(_) => "bad_answers",
            Self::Elsewhere { .. } => "of_another_adapter",
            Self::Configured { .. } => "configured",
            Self::Busy { .. } => "busy",
            Self::Unreachable { .. } => "unreachable",
            Self::Store(_) => "store",
            Self::Stopping => "stopping",
        }
    }

    /// What to do before the request is made again. `None` where the request itself must be another one, or where
    /// nothing helps.
    pub fn next(&self) -> Option<NextAction> {
        Some(match self {
            Self::CannotLink { channel, .. } => {
                NextAction::FixConfig { key: format!("channels.{channel}"), value: None }
            }
            Self::WarningNotAccepted { channel, .. } => NextAction::AcceptWarning { channel: channel.clone() },
            Self::NobodyAdmitted { channel } => NextAction::AllowSomeone { channel: channel.clone() },
            Self::MaximumSessions { scope, .. } => NextAction::FreeSession { limit_key: scope.limit_key().to_owned() },
            Self::AlreadyLinked { account, .. } => NextAction::Disconnect { account: account.clone() },
            Self::NotLinked { account, channel } => {
                NextAction::Link { channel: channel.clone(), account: Some(account.clone()) }
            }
            Self::Unreachable { .. } | Self::Busy { .. } | Self::Store(_) => NextAction::TryAgain,
            Self::UnknownChannel { .. }
            | Self::UnknownAccount { .. }
            | Self::WrongOwner { .. }
            | Self::AlreadyLinking { .. }
            | Self::NotLinking { .. }
            | Self::NothingAsked { .. }
            | Self::Answers(_)
            | Self::Elsewhere { .. }
            | Self::Configured { .. }
            | Self::BadPhone { .. }
            | Self::Stopping => return None,
        })
    }
}

/// Whose sessions a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionScope {
    /// One owner's.
    Owner,
    /// Those of all owners.
    Total,
}

impl SessionScope {
    /// The key of the configuration that holds the limit.
    fn limit_key(self) -> &'static str {
        match self {
            Self::Owner => "gateway.sessions_per_owner_max",
            Self::Total => "gateway.sessions_max",
        }
    }
}

impl fmt::Display for SessionScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Owner => "of this owner",
            Self::Total => "on this server",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_name_numbers_and_whom_to_ask() {
        let refused = LinkRefused::MaximumSessions { scope: SessionScope::Owner, count: 5, limit: 5 };
        assert_eq!(
            refused.to_string(),
            "maximum sessions reached: 5 of 5 of this owner; disconnect one, or ask the operator of this server to \
             raise gateway.sessions_per_owner_max"
        );
        let account: AccountId = "acc-1".parse().unwrap();
        let linked = LinkRefused::AlreadyLinked { account, label: Some("+15551234567".to_owned()) };
        assert_eq!(linked.to_string(), "account acc-1 is linked already to +15551234567");
    }

    #[test]
    fn what_to_do_is_a_value() {
        let channel: ChannelName = "front".parse().unwrap();
        let account: AccountId = "acc-1".parse().unwrap();
        let check = |refused: LinkRefused, code: &str, next: Option<NextAction>| {
            assert_eq!((refused.code(), refused.next()), (code, next), "{refused}");
        };
        let nobody = LinkRefused::NobodyAdmitted { channel: channel.clone() };
        check(nobody, "nobody_admitted", Some(NextAction::AllowSomeone { channel: channel.clone() }));
        let linked = LinkRefused::AlreadyLinked { account: account.clone(), label: None };
        check(linked, "already_linked", Some(NextAction::Disconnect { account: account.clone() }));
        let full = LinkRefused::MaximumSessions { scope: SessionScope::Total, count: 20, limit: 20 };
        let limit_key = "gateway.sessions_max".to_owned();
        check(full, "maximum_sessions", Some(NextAction::FreeSession { limit_key }));
        let not_linked = LinkRefused::NotLinked { account: account.clone(), channel: channel.clone() };
        check(not_linked, "not_linked", Some(NextAction::Link { channel, account: Some(account.clone()) }));
        check(LinkRefused::Busy { account }, "busy", Some(NextAction::TryAgain));
        check(LinkRefused::Stopping, "stopping", None);
    }
}

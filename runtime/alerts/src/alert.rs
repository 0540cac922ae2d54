//! What is sent.

use greenroom_contract::time::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;

/// What kind of trouble it is. In JSON one word, which does not change between versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Kind {
    /// An account was unlinked.
    LoggedOut,
    /// The network refuses an account for a while.
    Banned,
    /// A token or a permission of an account is wrong, or the network restricts it: a person must act.
    Stopped,
    /// Another client uses the keys of an account.
    Replaced,
    /// The network no longer speaks with this version.
    Outdated,
    /// The session of an account crashed too often.
    Failed,
    /// A conversation was handed to a human, and the bot is silent there.
    HumanWanted,
    /// Messages failed too often and wait for the owner.
    Quarantine,
    /// The store cannot be written, such as when the disk is full.
    Store,
    /// Posts to a channel were refused, because their signature was wrong.
    RefusedPosts,
}

/// What the owner should do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Next {
    /// One word for programs, the same as in the HTTP API.
    pub action: String,
    /// The same for people, without a full stop.
    pub sentence: String,
}

/// One trouble of one account or of the whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub(crate) key: Key,
    pub(crate) channel: Option<String>,
    pub(crate) account: Option<String>,
    pub(crate) what: String,
    pub(crate) next: Option<Next>,
}

/// Which trouble it is: the same for as long as it lasts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Key {
    pub(crate) kind: Kind,
    /// The account or the channel; empty for the whole.
    pub(crate) about: String,
}

/// What is sent to the owner, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Alert {
    /// Of this form; a field may be added without another number.
    pub version: u32,
    /// The same in every attempt at this alert, and in no other one.
    pub id: String,
    /// What kind of trouble it is.
    pub kind: Kind,
    /// When it was seen first, in milliseconds since 1970.
    pub at_ms: u64,
    /// The channel, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// The account, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// What is wrong, in a sentence.
    pub what: String,
    /// What to do now, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Next>,
}

impl Alert {
    pub(crate) fn new(trouble: Trouble, at: Timestamp) -> Self {
        let Trouble { key, channel, account, what, next } = trouble;
        Self { version: 1, id: id(&key, at), kind: key.kind, at_ms: at.0, channel, account, what, next }
    }
}

impl fmt::Display for Alert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        match &self.next {
            Some(next) => write!(f, "; {}", next.sentence),
            None => Ok(()),
        }
    }
}

/// Names an episode.
fn id(key: &Key, at: Timestamp) -> String {
    let mut hash = Sha256::new();
    hash.update(format!("{:?} {} {}", key.kind, at.0, key.about));
    hex::encode(&hash.finalize()[..16])
}

//! Who calls: the owner for whom a request acts, and what it may do.
//!
//! A handler is registered only if its first argument is [`Allowed`], so no route answers before it is known who asks.
//!
//! | module | holds |
//! |---|---|
//! | `scopes` | what a caller may do, in words |
//! | `allowed` | the extractors, and the proof that a handler has one |
//! | `gate` | from the head of a request to the caller |
//! | `tokens` | what signed tokens are worth |
//! | `cookie` | the cookie of the portal, and what guards it |
//! | `links` | links that let one browser into the portal, once |

mod allowed;
mod cookie;
mod gate;
mod links;
mod scopes;
mod tokens;

pub(crate) use allowed::{Allowed, Demands};
pub(crate) use gate::{Gate, Keys, comes_from_here};
pub(crate) use links::{Grant, random};
pub(crate) use scopes::{Admin, Anything, Control, Delete, Read, Scope, Scopes, Send, Settings, Text, Word};

use greenroom_contract::ids::OwnerId;
use greenroom_contract::time::Timestamp;
use std::fmt;

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Principal {
    /// For whom.
    pub(crate) owner: OwnerId,
    /// What it may do.
    pub(crate) scopes: Scopes,
    /// How it proved that.
    pub(crate) origin: Origin,
    /// Until when that is proven; `None` for as long as the process runs.
    pub(crate) until: Option<Timestamp>,
    /// What its cookie says, if it came with one.
    pub(crate) ticket: Option<Ticket>,
}

/// What a cookie says beside who holds it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Ticket {
    /// Its own name, by which it is taken back.
    id: String,
    /// What a page repeats with each change.
    pub(crate) csrf: String,
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ticket(…)")
    }
}

/// How a caller proved who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// By the token in `gateway.json`, from this machine.
    Local,
    /// By a signed token.
    Token,
    /// By the cookie of the portal.
    Portal,
}

impl Principal {
    /// Whether what belongs to this owner is there for this caller. Whoever runs the whole process sees all.
    pub(crate) fn sees(&self, owner: &OwnerId) -> bool {
        self.owner == *owner || self.sees_everything()
    }

    /// Whether the owner makes no difference for this caller.
    pub(crate) fn sees_everything(&self) -> bool {
        self.scopes.has(Word::Admin)
    }
}

//! What was seen. Everything may be missing: what was not seen gives no finding.

use greenroom_client::{ChannelView, HealthDetails, RefusedCountView, SessionView, TraceView};
use std::path::PathBuf;

/// What was seen, at one moment.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The present moment on this machine, in milliseconds since 1970.
    pub now_ms: u64,
    /// What is wrong with the configuration, if it cannot be read.
    pub configuration: Option<String>,
    /// What the configuration allows and perhaps does not mean.
    pub warnings: Vec<String>,
    /// What was seen of this machine.
    pub machine: Machine,
    /// How the store is.
    pub store: StoreFact,
    /// Whether a server runs.
    pub server: ServerFact,
    /// How it is, by its own words.
    pub health: Option<HealthDetails>,
    /// Its channels.
    pub channels: Vec<ChannelView>,
    /// Its sessions, or those that are stored where nothing runs.
    pub sessions: Vec<SessionView>,
    /// What was refused today.
    pub refused: Vec<RefusedCountView>,
    /// The newest messages, newest first.
    pub traces: Vec<TraceView>,
    /// What was tried out: models, tool servers, assistants, plugins, what hears voice notes, networks.
    pub parts: Vec<Part>,
}

/// What was seen of a machine.
#[derive(Debug, Clone, Default)]
pub struct Machine {
    /// Room on the disk of the data folder.
    pub space: Option<Space>,
    /// Why nothing can be written to the data folder.
    pub unwritable: Option<String>,
    /// Files of the data folder that others on this machine may read or change.
    pub exposed: Vec<PathBuf>,
    /// Files that one process may have open.
    pub open_files: Option<u64>,
    /// When the newest file of the store was written, in milliseconds since 1970.
    pub newest_ms: Option<u64>,
}

/// Room on a disk, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// What is free for this user.
    pub free: u64,
    /// All of it.
    pub total: u64,
}

/// How the store is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum StoreFact {
    /// It was not looked at.
    #[default]
    Unknown,
    /// Nothing was ever stored there.
    Missing {
        /// Its folder.
        folder: String,
    },
    /// It can be opened and nothing uses it.
    Fine,
    /// A running greenroom uses it.
    InUse,
    /// It cannot be used.
    Unusable {
        /// What is wrong and what to do.
        reason: String,
    },
    /// It can be opened, and some records cannot be read.
    Damaged {
        /// How many.
        records: u64,
    },
}

/// Whether a server runs and can be asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ServerFact {
    /// It was not asked.
    #[default]
    Unknown,
    /// None runs.
    Rests,
    /// One runs, and has no gateway that could be asked.
    Mute,
    /// One on another machine is meant, and nothing says where it is or what opens it.
    NotConfigured {
        /// What is missing.
        reason: String,
    },
    /// It cannot be reached.
    Away {
        /// Why.
        reason: String,
    },
    /// It does not know who asks.
    Refused {
        /// Its words.
        reason: String,
    },
    /// It answers.
    Runs,
}

/// Something that was tried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What it is, such as `model`, `tools`, `assistant`, `plugin`, `voice`, `mail` or `channel`.
    pub kind: &'static str,
    /// Its name in the configuration.
    pub name: String,
    /// What came of it.
    pub tried: Tried,
}

/// What came of a trial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tried {
    /// It works.
    Works {
        /// What it said or did, in a few words.
        how: String,
    },
    /// It was not tried, and why.
    Not {
        /// Why not.
        why: String,
    },
    /// It works, but not for long or not for everything.
    Doubtful {
        /// What was found.
        what: String,
        /// What to do.
        command: String,
    },
    /// It does not work.
    Fails {
        /// What was found.
        what: String,
        /// What to do.
        command: String,
    },
}

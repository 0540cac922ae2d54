//! How a store is opened, and why it may not be.

use crate::engines::EngineError;
use crate::format::seal::SealKey;
use greenroom_contract::cause::Cause;
use greenroom_contract::limits;
use serde::{Deserialize, Serialize};
use std::error::Error;
use std::path::{Path, PathBuf};

/// The version of what a store holds: the layout of keys, and every kind of record and every number in one that a program
/// must know. Whoever adds one of these raises it and adds a step to `open/migrate.rs`.
pub(crate) const SCHEMA: u32 = 2;

/// Which engine keeps the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EngineKind {
    /// sled, the default.
    #[default]
    Sled,
    /// fjall.
    Fjall,
}

impl EngineKind {
    /// As it is written in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sled => "sled",
            Self::Fjall => "fjall",
        }
    }

    /// Whether this program was built with it.
    pub const fn is_built_in(self) -> bool {
        match self {
            Self::Sled => true,
            Self::Fjall => cfg!(feature = "fjall"),
        }
    }
}

/// Where the key comes from that seals secrets.
#[derive(Debug, Clone, Default)]
pub enum SealSource {
    /// A file beside the store that only its owner can read, made at the first start.
    #[default]
    KeyFile,
    /// A key from elsewhere, and older ones that still open what they sealed.
    Key {
        /// Seals, and opens.
        current: SealKey,
        /// Open only.
        older: Vec<SealKey>,
    },
}

/// How to open a store.
#[derive(Debug, Clone)]
pub struct OpenOptions {
    /// Its directory; made if there is none.
    pub path: PathBuf,
    /// Its engine.
    pub engine: EngineKind,
    /// Where the seal key comes from.
    pub seal: SealSource,
    /// Rows that may wait; [`limits::INBOX_ROWS_MAX`] unless a test lowers it.
    pub inbox_rows_max: u64,
    /// Opens a store that lost something, as it is. Only for somebody who was told what is lost.
    pub accept_damage: bool,
}

impl OpenOptions {
    /// The defaults for a directory.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            engine: EngineKind::default(),
            seal: SealSource::default(),
            inbox_rows_max: limits::INBOX_ROWS_MAX,
            accept_damage: false,
        }
    }
}

/// Why a store was not opened. Whole sentences that say what to do: the program ends with them.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it.
    #[error(
        "Another process uses the store in {}{}. Stop it, or choose another store.path.", .path.display(),
        .process.map(|id| format!(" (process {id})")).unwrap_or_default()
    )]
    Locked {
        /// The directory.
        path: PathBuf,
        /// The other process, if it could be learned.
        process: Option<u32>,
    },
    /// The engine is not part of this program.
    #[error("This program was built without {}; build it with --features {}.", .engine.name(), .engine.name())]
    NotBuiltIn {
        /// The directory.
        path: PathBuf,
        /// What was asked for.
        engine: EngineKind,
    },
    /// The directory cannot be used.
    #[error("The store directory {} cannot be used: {source}. {advice}", .path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the system, or the engine, said.
        source: Box<dyn Error + Send + Sync>,
        /// What to do.
        advice: &'static str,
    },
    /// The directory holds a store of another engine.
    #[error(
        "The store in {} was made with the engine \"{found}\", but \"{wanted}\" is configured. Set store.engine = \
         \"{found}\", or move the data: `greenroom store export` with the old engine, then `greenroom store import` \
         into an empty directory with the new one.", .path.display(), found = .found.name(), wanted = .wanted.name()
    )]
    OtherEngine {
        /// The directory.
        path: PathBuf,
        /// What lies there.
        found: EngineKind,
        /// What was asked for.
        wanted: EngineKind,
    },
    /// The store was written by a newer version.
    #[error(
        "The store in {} has layout {found}, this program knows up to {SCHEMA}. Use the newer program.",
        .path.display()
    )]
    Newer {
        /// The directory.
        path: PathBuf,
        /// Its layout.
        found: u32,
    },
    /// Some records were written by a newer version, which did not say so in the layout.
    #[error(
        "The store in {} holds {records} record(s) that this program does not understand ({first}). A newer version wrote them. \
         Nothing was changed. Use the newer program, or, if you accept that what needs them waits, start once with \
         store.accept_damage = true.", .path.display()
    )]
    NotUnderstood {
        /// The directory.
        path: PathBuf,
        /// How many, of those that are needed at the start.
        records: usize,
        /// The first one.
        first: String,
    },
    /// Other users can read the folder, and this program may not change that.
    #[error(
        "Other users can read the data folder {folder}, and that cannot be changed ({reason}). Its owner can run: chmod 700 \
         {folder}; or set store.path to a new folder within it, which is then made for this user only.",
        folder = .path.display()
    )]
    NotPrivate {
        /// The directory.
        path: PathBuf,
        /// Why it cannot be changed.
        #[source]
        reason: Cause,
    },
    /// The seal key is not the one that the store was sealed with.
    #[error("The secrets in the store in {} cannot be opened: {reason}", .path.display())]
    Key {
        /// The directory.
        path: PathBuf,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// An import was cut short.
    #[error(
        "An import into {} did not come to its end. Run `greenroom store import` again, which begins from the start; or, to \
         begin with an empty store, delete {}.", .path.display(), .draft.display()
    )]
    HalfImported {
        /// The directory.
        path: PathBuf,
        /// What the import left.
        draft: PathBuf,
    },
    /// Something is lost or damaged.
    #[error(
        "The store in {} is damaged: {what}. Nothing was changed. Look at it with `greenroom store verify`, restore a \
         copy or an export (`greenroom store import`), or, if you accept the loss, start once with \
         store.accept_damage = true.", .path.display()
    )]
    Damaged {
        /// The directory.
        path: PathBuf,
        /// What is lost.
        what: String,
    },
}

impl OpenError {
    pub(crate) fn directory(path: &Path, error: std::io::Error) -> Self {
        use std::io::ErrorKind;
        let advice = match error.kind() {
            ErrorKind::PermissionDenied => {
                "Give this user the right to read and write there, or choose another store.path."
            }
            ErrorKind::ReadOnlyFilesystem => "Mount it writable, or choose another store.path.",
            ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
                "A file lies where the directory should be; move it away, or choose another store.path."
            }
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "Make room on the disk.",
            _ => "Check the disk and store.path.",
        };
        Self::Directory { path: path.to_owned(), source: Box::new(error), advice }
    }
}

impl OpenError {
    pub(crate) fn engine(path: &Path, error: EngineError) -> Self {
        let path = path.to_owned();
        match error {
            EngineError::Damaged(what) => Self::Damaged { path, what },
            EngineError::NotUnderstood(first) => Self::NotUnderstood { path, records: 1, first },
            EngineError::Broken(_) | EngineError::Full(_) => Self::Directory {
                path,
                source: Box::new(error),
                advice: "Check the disk: whether it is full, whether it is healthy, and whether this user may write there.",
            },
        }
    }
}

//! The program around the gateway: what only it knows, and can do.

use async_trait::async_trait;
use bytes::Bytes;
use greenroom_client::{BackupBody, CheckView, FieldProblemView, PartView, ReloadedView, SettingsBody, SettingsView};
use greenroom_contract::assistant::Needs;
use greenroom_engine::EngineHandle;
use std::fmt;
use tokio::sync::mpsc;

/// A part of a capsule on its way.
pub type Piece = std::io::Result<Bytes>;

/// A capsule on its way.
pub type Pieces = mpsc::Receiver<Piece>;

/// What only the program knows that runs the gateway: from which configuration its parts were made, and how to read it
/// again.
#[async_trait]
pub trait Program: Send + Sync + 'static {
    /// What its configuration says of its parts.
    fn parts(&self) -> ConfiguredParts;

    /// A sentence about the licence of an adapter of this kind, where there is something to say.
    fn licence(&self, adapter: &str) -> Option<String>;

    /// Writes a capsule of everything that is kept, as it is now, and hands it over piece by piece. A piece that is an error is
    /// the last one: then what came is no capsule. The default is a program that makes none.
    ///
    /// # Errors
    /// Why there is none, for people.
    async fn backup(&self, handle: &EngineHandle, wanted: BackupBody) -> Result<Pieces, String> {
        let _ = (handle, wanted);
        Err("this program makes no capsules".to_owned())
    }

    /// Reads the configuration again, and runs what it says now.
    ///
    /// # Errors
    /// Why it was not taken over, for people. What ran before continues.
    async fn reload(&self, handle: &EngineHandle) -> Result<ReloadedView, String>;

    /// How a channel is set up. `None` if there is none of this name that can be set up while it runs.
    fn settings(&self, _channel: &str) -> Option<SettingsView> {
        None
    }

    /// Keeps these values of a channel, beside the configuration, and runs it with them.
    ///
    /// # Errors
    /// Why they were not kept. What ran before continues.
    async fn save_settings(
        &self,
        _handle: &EngineHandle,
        _channel: &str,
        _changes: &SettingsBody,
    ) -> Result<SettingsView, SettingsRefused> {
        Err(SettingsRefused::NotThere)
    }

    /// Asks the network whether these values of a channel work, together with those that are there.
    ///
    /// # Errors
    /// Why they are not asked about.
    async fn check_settings(&self, _channel: &str, _changes: &SettingsBody) -> Result<Vec<CheckView>, SettingsRefused> {
        Err(SettingsRefused::NotThere)
    }
}

/// Why values of a channel are not kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsRefused {
    /// There is no such channel, or it is not set up so.
    #[error("there is no such channel that can be set up here")]
    NotThere,
    /// Some are wrong.
    #[error("{}", .0.iter().map(|field| format!("{}: {}", field.key, field.what)).collect::<Vec<_>>().join("; "))]
    Wrong(Vec<FieldProblemView>),
    /// The configuration is wrong with them.
    #[error("{0}")]
    Refused(String),
    /// The file cannot be written.
    #[error("the values could not be kept: {0}")]
    NotKept(String),
}

/// What a configuration says of the parts that it makes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConfiguredParts {
    /// Assistants; what they see and whether they are there is known besides.
    pub assistants: Vec<PartView>,
    /// Language models.
    pub models: Vec<PartView>,
    /// Tool servers.
    pub tools: Vec<PartView>,
    /// Assistants that are plugins.
    pub plugins: Vec<PartView>,
}

/// A program that has no configuration.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoProgram;

#[async_trait]
impl Program for NoProgram {
    fn parts(&self) -> ConfiguredParts {
        ConfiguredParts::default()
    }

    fn licence(&self, _adapter: &str) -> Option<String> {
        None
    }

    async fn reload(&self, _handle: &EngineHandle) -> Result<ReloadedView, String> {
        Err("the configuration did not come from a file, so it cannot be read again".to_owned())
    }
}

impl fmt::Debug for dyn Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Program")
    }
}

/// What an assistant is given of messages, in words.
pub(crate) fn sees(needs: Needs) -> Vec<String> {
    let words = [
        (true, "text"),
        (needs.images, "pictures"),
        (needs.documents, "documents"),
        (needs.reactions, "reactions"),
        (needs.overheard, "overheard"),
        (needs.addresses, "addresses"),
        (needs.history_turns > 0, "history"),
    ];
    words.into_iter().filter(|(sees, _)| *sees).map(|(_, word)| word.to_owned()).collect()
}

//! Tools: what an assistant can have done by others, such as a list of tasks or a calendar.
//!
//! The port between assistants and the crate that speaks to tool servers. A tool server is configured once, as
//! `[tools.NAME]`, and shared by the assistants that name it.

use crate::ids::{ConversationId, PersonId, ToolServerName, TurnId};
use crate::message::Media;
use crate::model::{ToolCall, ToolSpec};
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Duration;

/// A configured tool server.
#[async_trait]
pub trait ToolServer: Send + Sync + 'static {
    /// Its name in the configuration.
    fn name(&self) -> &ToolServerName;

    /// What it offers at present, of what its owner allows. Waits for one that is starting, at most this long.
    ///
    /// # Errors
    /// It is away.
    async fn offers(&self, within: Duration) -> Result<Arc<[ToolOffer]>, ToolError>;

    /// Calls one of its tools, once: it is never repeated here. Dropped, the call is given up, and may have been carried
    /// out all the same.
    ///
    /// # Errors
    /// See [`ToolError`]. That a tool itself reports a failure is no error: [`ToolReturn::failed`].
    async fn call(&self, call: &ToolCall, calling: Calling) -> Result<ToolReturn, ToolError>;
}

/// The tool servers that are configured.
pub trait ToolServers: Send + Sync + 'static {
    /// The server of this name.
    fn server(&self, name: &ToolServerName) -> Option<Arc<dyn ToolServer>>;

    /// Their names, in order.
    fn names(&self) -> Vec<ToolServerName>;
}

/// A tool that can be called.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolOffer {
    /// What a model is told of it. The name is the server's own; whoever offers tools of several servers tells them apart.
    pub spec: ToolSpec,
    /// Its title for people, where the server gives one. Not to be trusted.
    pub title: Option<String>,
    /// Whether a person is asked before it is called: its server does not call it read-only, and is configured with
    /// `confirm = "changes"`, or with `confirm = "always"`.
    pub confirm: bool,
    /// Whether two calls do no more than one: its server calls it read-only or idempotent. One that is not is not called a
    /// second time where it is not known what became of the first call.
    pub repeatable: bool,
}

/// For what a tool is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Calling {
    /// The turn; told to the server, so that it can tell a repetition.
    pub turn: TurnId,
    /// Whose turn it is. A server is told only where its owner wants that, and by a name that means nothing elsewhere.
    pub person: PersonId,
    /// In which conversation; told as the person is.
    pub conversation: ConversationId,
    /// How long it may take; the server's own limit may be shorter.
    pub within: Duration,
}

/// What a tool returned.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ToolReturn {
    /// Its words, cut to the limit that is configured. Never trusted.
    pub text: String,
    /// Pictures and files that came with them, within limits.
    pub media: Vec<ToolMedium>,
    /// Whether the tool says that it failed.
    pub failed: bool,
}

/// A picture or a file that a tool returned.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolMedium {
    /// Its bytes.
    pub media: Media,
    /// Its name, where the tool gives one. Not a path, and not to be trusted.
    pub name: Option<String>,
}

/// Why a tool was not called, or its return is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ToolError {
    /// Its server does not run or cannot be reached. The tool was not called.
    #[error("the tool server {server} is away: {what}")]
    Away {
        /// The configured name.
        server: String,
        /// What happened, in our words.
        what: String,
        /// How long to wait at least, where that is known.
        after: Option<Duration>,
    },
    /// There is no such tool, or its owner does not allow it. It was not called.
    #[error("the tool server {server} offers no tool of this name")]
    Unknown {
        /// The configured name.
        server: String,
    },
    /// The server refused the call: its arguments, say. It was not carried out.
    #[error("the tool server {server} refused the call: {what}")]
    Refused {
        /// The configured name.
        server: String,
        /// What it says, one line, cut. Not to be trusted.
        what: String,
    },
    /// It may have been carried out, and may still be: it took too long, or the server ended meanwhile.
    #[error("it is not known what became of the call to {server}: {what}")]
    Unclear {
        /// The configured name.
        server: String,
        /// What happened, in our words.
        what: String,
    },
}

/// No tool servers at all.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoToolServers;

impl ToolServers for NoToolServers {
    fn server(&self, _name: &ToolServerName) -> Option<Arc<dyn ToolServer>> {
        None
    }

    fn names(&self) -> Vec<ToolServerName> {
        Vec::new()
    }
}

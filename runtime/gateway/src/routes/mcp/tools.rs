//! What there is to call: each tool with its scope, its arguments and the handler that answers.

use super::super::chats::{self, Part, Wanted};
use super::super::why::{self, Latest};
use super::super::{send, sessions};
use super::server::Call;
use crate::errors::Refusal;
use crate::principal::{self as scopes, Scope, Word};
use axum::Json;
use axum::extract::{Path, Query, State as Extracted};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use greenroom_client::MessageBody;
use rmcp::model::{JsonObject, ToolAnnotations};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

/// A tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tool {
    ListConversations,
    ReadConversation,
    SendMessage,
    Why,
    LinkState,
}

impl Tool {
    pub(super) const ALL: [Self; 5] =
        [Self::ListConversations, Self::ReadConversation, Self::SendMessage, Self::Why, Self::LinkState];

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tool| tool.name() == name)
    }

    fn name(self) -> &'static str {
        match self {
            Self::ListConversations => "list_conversations",
            Self::ReadConversation => "read_conversation",
            Self::SendMessage => "send_message",
            Self::Why => "why",
            Self::LinkState => "link_state",
        }
    }

    /// What it demands, which the handler that it calls checks.
    pub(super) fn scope(self) -> Word {
        match self {
            Self::ListConversations | Self::Why | Self::LinkState => Word::Read,
            Self::ReadConversation => Word::Text,
            Self::SendMessage => Word::Send,
        }
    }

    fn description(self) -> &'static str {
        match self {
            Self::ListConversations => {
                "Conversations, the one with the newest activity first: who, in which session, what waits."
            }
            Self::ReadConversation => "What was said in a conversation, the oldest first, as far as it is remembered.",
            Self::SendMessage => {
                "Writes to a person who is admitted. It is queued when this answers; its id tells by the tool why what became \
                 of it. With the same idempotency_key nothing is sent a second time."
            }
            Self::Why => "What was decided about messages, and why: one by its id, or the newest ones.",
            Self::LinkState => {
                "The sessions and whether they are linked and connected, with what to do where they are not."
            }
        }
    }

    fn arguments(self) -> schemars::Schema {
        match self {
            Self::ListConversations => schemars::schema_for!(Wanted),
            Self::ReadConversation => schemars::schema_for!(Reading),
            Self::SendMessage => schemars::schema_for!(Message),
            Self::Why => schemars::schema_for!(Asked),
            Self::LinkState => schemars::schema_for!(Session),
        }
    }

    /// As the protocol describes it.
    pub(super) fn described(self) -> rmcp::model::Tool {
        let schema: JsonObject = self.arguments().to_value().as_object().cloned().unwrap_or_default();
        let changes = self == Self::SendMessage;
        let hints = ToolAnnotations::new().read_only(!changes).destructive(false).idempotent(true).open_world(changes);
        rmcp::model::Tool::new(self.name(), self.description(), Arc::new(schema)).with_annotations(hints)
    }
}

/// Which part of which conversation.
#[derive(Debug, Deserialize, JsonSchema)]
struct Reading {
    /// The number of the conversation.
    conversation: u64,
    #[serde(flatten)]
    part: Part,
}

/// A message to send.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Message {
    /// The number of the conversation.
    conversation: u64,
    /// What it says.
    text: String,
    /// A text of your own that stays the same when this call is repeated.
    idempotency_key: String,
}

/// Which messages.
#[derive(Debug, Deserialize, JsonSchema)]
struct Asked {
    /// One message, by the id that its network gave it or that `send_message` answered.
    message: Option<String>,
    #[serde(flatten)]
    latest: Latest,
}

/// Which session.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Session {
    /// Only this one.
    session: Option<String>,
}

/// Calls the handler.
pub(super) async fn answer(tool: Tool, mut call: Call) -> Result<Value, Refusal> {
    match tool {
        Tool::ListConversations => {
            let Json(view) = chats::list(allowed(&call)?, state(&call), Query(call.arguments()?)).await?;
            value(view)
        }
        Tool::ReadConversation => {
            let allowed = allowed(&call)?;
            let Reading { conversation, part } = call.arguments()?;
            let Json(view) = chats::turns(allowed, state(&call), Path(conversation), Query(part)).await?;
            value(view)
        }
        Tool::SendMessage => send_message(call).await,
        Tool::Why => {
            let allowed = allowed(&call)?;
            let Asked { message, latest } = call.arguments()?;
            let Json(traces) = match message {
                Some(message) => why::one(allowed, state(&call), Path(message)).await?,
                None => why::latest(allowed, state(&call), Query(latest)).await?,
            };
            Ok(json!({ "traces": value(traces)? }))
        }
        Tool::LinkState => {
            let allowed = allowed(&call)?;
            let sessions = match call.arguments()? {
                Session { session: Some(session) } => {
                    vec![sessions::show(allowed, state(&call), Path(session)).await?.0]
                }
                Session { session: None } => sessions::list(allowed, state(&call)).await?.0,
            };
            Ok(json!({ "sessions": value(sessions)? }))
        }
    }
}

async fn send_message(mut call: Call) -> Result<Value, Refusal> {
    let allowed = allowed(&call)?;
    let Message { conversation, text, idempotency_key } = call.arguments()?;
    // Where the handler expects it, so that a key means the same on both ways.
    let key = HeaderValue::from_str(&idempotency_key).map_err(|_| {
        let reason = "idempotency_key has visible characters of ASCII only";
        Refusal::coded(StatusCode::BAD_REQUEST, "bad-idempotency-key", reason)
    })?;
    let headers = HeaderMap::from_iter([(send::KEY, key)]);
    let body = Json(MessageBody { text });
    let (_, Json(queued)) = send::send(allowed, state(&call), Path(conversation), headers, body).await?;
    value(queued)
}

fn allowed<C: Scope>(call: &Call) -> Result<scopes::Allowed<C>, Refusal> {
    call.allowed()
}

fn state(call: &Call) -> Extracted<super::super::State> {
    Extracted(call.state.clone())
}

fn value(view: impl Serialize) -> Result<Value, Refusal> {
    let failed = |error: serde_json::Error| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string());
    serde_json::to_value(view).map_err(failed)
}

//! A connection to a server that is ready: what it is asked.

use crate::failure::{Failure, said};
use crate::limits::{PAGES_MAX, SERVER_NAME_BYTES_MAX};
use crate::offers::{Listing, Terms};
use crate::whom::Named;
use greenroom_contract::ids::TurnId;
use greenroom_contract::text;
use greenroom_contract::time::Clock;
use rmcp::RoleClient;
use rmcp::handler::client::ClientHandler;
use rmcp::model::{
    CallToolRequest, CallToolRequestParams, CancelledNotificationParam, ClientCapabilities, ClientConfig,
    ClientRequest, Implementation, ListToolsRequest, MetaObject, PaginatedRequestParams, PingRequest, RequestId,
    RequestMetaObject, ServerResult,
};
use rmcp::service::{NotificationContext, Peer, PeerRequestOptions};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

/// The key in `_meta` that names the turn for which a tool is called.
pub(crate) const TURN_KEY: &str = "greenroom/turn";
/// The key in `_meta` that names the person for whom it is called, where its server is told that.
pub(crate) const PERSON_KEY: &str = "greenroom/person";
/// The key in `_meta` that names the conversation, likewise.
pub(crate) const CONVERSATION_KEY: &str = "greenroom/conversation";

/// What a server is told about a call, beside its arguments.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) turn: TurnId,
    pub(crate) named: Option<Named>,
}

impl Told {
    fn meta(self) -> Map<String, Value> {
        let mut meta = Map::new();
        meta.insert(TURN_KEY.to_owned(), json!(format!("t-{}", self.turn.0)));
        if let Some(Named { person, conversation }) = self.named {
            meta.insert(PERSON_KEY.to_owned(), json!(person));
            meta.insert(CONVERSATION_KEY.to_owned(), json!(conversation));
        }
        meta
    }
}

/// What a server tells unasked, and what it may ask: that its tools changed, and nothing.
#[derive(Debug, Default)]
pub(crate) struct Ear {
    pub(crate) changed: Arc<Notify>,
}

impl ClientHandler for Ear {
    async fn on_tool_list_changed(&self, _: NotificationContext<RoleClient>) {
        self.changed.notify_one();
    }

    fn get_info(&self) -> ClientConfig {
        let this = Implementation::new("greenroom", env!("CARGO_PKG_VERSION"));
        ClientConfig::new(ClientCapabilities::default(), this)
    }
}

/// What a server says of itself, cut and safe to show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// Its name, as it calls itself.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The version of the protocol that is spoken.
    pub protocol: String,
}

/// A connection that is ready.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) peer: Peer<RoleClient>,
    pub(crate) terms: Arc<Terms>,
    pub(crate) clock: Clock,
}

/// A request that is waited for. Dropped, the server is told that it is not any more.
struct Waited<'a> {
    peer: &'a Peer<RoleClient>,
    id: Option<RequestId>,
}

impl Drop for Waited<'_> {
    fn drop(&mut self) {
        let (Some(id), Ok(runtime)) = (self.id.take(), tokio::runtime::Handle::try_current()) else { return };
        let peer = self.peer.clone();
        runtime.spawn(async move {
            let gone = CancelledNotificationParam::new(Some(id), Some("it is not waited for any more".to_owned()));
            // A server that is gone needs no telling.
            let _ = peer.notify_cancelled(gone).await;
        });
    }
}

impl Session {
    async fn ask(&self, request: ClientRequest, until: Instant) -> Result<Value, Failure> {
        let sending = self.peer.send_request_with_option(request, PeerRequestOptions::no_options());
        let Ok(Ok(handle)) = timeout_at(until, sending).await else {
            return Err(Failure::Away { what: "it has just ended".to_owned(), after: None });
        };
        let mut waited = Waited { peer: &self.peer, id: Some(handle.id.clone()) };
        let answer = timeout_at(until, handle.await_response()).await.map_err(|_| Failure::TooSlow)?;
        waited.id = None;
        match answer {
            Ok(ServerResult::CustomResult(result)) => Ok(result.0),
            Ok(result) => {
                serde_json::to_value(result).map_err(|_| Failure::Unclear("its answer is not understood".into()))
            }
            Err(error) => Err(Failure::of(error, &self.terms.masks, self.clock.now())),
        }
    }

    /// Whether it is there.
    pub(crate) async fn ping(&self, until: Instant) -> Result<(), Failure> {
        match self.ask(ClientRequest::PingRequest(PingRequest::default()), until).await {
            // It answers; that is all that was asked.
            Ok(_) | Err(Failure::Refused(_) | Failure::Failed(_)) => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    /// All that it offers, page by page.
    pub(crate) async fn list(&self, until: Instant) -> Result<Listing, Failure> {
        let (mut listing, mut cursor) = (Listing::default(), None);
        for _ in 0..PAGES_MAX {
            let params = PaginatedRequestParams::default().with_cursor(cursor);
            let request = ClientRequest::ListToolsRequest(ListToolsRequest::with_param(params));
            let mut page = self.ask(request, until).await?;
            let Some(Value::Array(tools)) = page.get_mut("tools").map(Value::take) else {
                return Err(Failure::Unclear("its list of tools is not understood".to_owned()));
            };
            for tool in tools {
                listing.take(tool, &self.terms);
                // A long list must not hold up everything else on this thread.
                tokio::task::consume_budget().await;
            }
            cursor =
                page.get("nextCursor").and_then(Value::as_str).filter(|cursor| !cursor.is_empty()).map(str::to_owned);
            if cursor.is_none() {
                return Ok(listing);
            }
        }
        tracing::warn!(pages = PAGES_MAX, "the list of tools has more pages than are read");
        Ok(listing)
    }

    /// Calls a tool by the server's own name for it.
    pub(crate) async fn call(
        &self,
        name: String,
        arguments: Map<String, Value>,
        told: Told,
        until: Instant,
    ) -> Result<Value, Failure> {
        let mut params = CallToolRequestParams::new(name).with_arguments(arguments);
        params.meta = Some(RequestMetaObject(MetaObject(told.meta())));
        self.ask(ClientRequest::CallToolRequest(CallToolRequest::new(params)), until).await
    }

    /// What it says of itself.
    pub(crate) fn about(&self) -> About {
        let Some(info) = self.peer.peer_info() else { return About::default() };
        let shown = |text: &str| text::bounded(&said(text, &self.terms.masks), SERVER_NAME_BYTES_MAX);
        let (name, version) = match &info.server_info {
            Some(server) => (shown(server.title.as_deref().unwrap_or(&server.name)), shown(&server.version)),
            None => (String::new(), String::new()),
        };
        About { name, version, protocol: shown(info.protocol_version.as_str()) }
    }
}

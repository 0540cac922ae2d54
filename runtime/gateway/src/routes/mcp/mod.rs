//! The gateway as a server of the Model Context Protocol, at `/mcp`: an agent that uses the accounts.
//!
//! Each tool is a route of the API under another name: it calls the same handler, with the same caller, scope and limits. Who
//! asks is proven by each request, so that no session holds what a token was good for; what a tool says is one JSON answer.
//!
//! | module | holds |
//! |---|---|
//! | `tools` | what there is to call, with its scope and arguments |
//! | `server` | the protocol around it |

mod server;
mod tools;

use super::State;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use server::Tools;
use std::sync::Arc;

/// Where it is.
pub(super) const PATH: &str = "/mcp";

/// The protocol over HTTP, for callers that were let in.
pub(super) fn service(state: &State) -> StreamableHttpService<Tools, NeverSessionManager> {
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        // By which names and from which pages it is called is looked at for all routes.
        .disable_allowed_hosts()
        .disable_allowed_origins()
        .with_max_request_body_bytes(crate::limits::API_BODY_BYTES_MAX)
        .with_cancellation_token(state.stopping.clone());
    let tools = Tools::new(state.clone());
    StreamableHttpService::new(move || Ok(tools.clone()), Arc::new(NeverSessionManager::default()), config)
}

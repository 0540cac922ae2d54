//! Conversations that were handed to a human or to an assistant that stayed.

use super::State;
use crate::errors::Refusal;
use crate::principal::{Allowed, Control};
use axum::extract::{Path, State as Extracted};
use axum::http::StatusCode;
use greenroom_contract::ids::ConversationId;

/// Lets the bot answer as configured from the next message on.
#[utoipa::path(post, path = "/api/v1/conversations/{conversation}/release", tag = "conversations",
    operation_id = "release_conversation", params(("conversation" = u64, Path)), responses((status = 204)))]
pub(super) async fn release(
    Allowed(caller, _): Allowed<Control>,
    Extracted(state): Extracted<State>,
    Path(conversation): Path<u64>,
) -> Result<StatusCode, Refusal> {
    let conversation = ConversationId(conversation);
    state.check_conversation(&caller, conversation).await?;
    state.handle.release_conversation(conversation).await?;
    Ok(StatusCode::NO_CONTENT)
}

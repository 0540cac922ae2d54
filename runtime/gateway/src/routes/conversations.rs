//! Conversations that were handed to a human or to an assistant that stayed.

use super::State;
use crate::errors::Refusal;
use axum::Json;
use axum::extract::{Path, State as Extracted};
use greenroom_contract::ids::ConversationId;

/// Lets the bot answer as configured from the next message on.
pub(super) async fn release(
    Extracted(state): Extracted<State>,
    Path(conversation): Path<u64>,
) -> Result<Json<()>, Refusal> {
    state.handle.release_conversation(ConversationId(conversation)).await?;
    Ok(Json(()))
}

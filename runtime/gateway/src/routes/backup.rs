//! A capsule of everything that is kept.

use super::State;
use crate::errors::Refusal;
use crate::principal::{Admin, Allowed};
use axum::Json;
use axum::body::Body;
use axum::extract::State as Extracted;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use greenroom_client::BackupBody;

/// Writes a capsule of everything that is kept, as it is now.
///
/// One encrypted file in the age format, for `greenroom restore`. Of a transfer that does not end in order nothing can be used.
#[utoipa::path(post, path = "/api/v1/backup", tag = "backup", operation_id = "write_backup", request_body = BackupBody,
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>)))]
pub(super) async fn write(
    Allowed(_, _): Allowed<Admin>,
    Extracted(state): Extracted<State>,
    Json(wanted): Json<BackupBody>,
) -> Result<Response, Refusal> {
    let refused = |reason| Refusal::coded(StatusCode::CONFLICT, "no-backup", reason);
    let pieces = state.program.backup(&state.handle, wanted).await.map_err(refused)?;
    let pieces = futures::stream::unfold(pieces, async |mut pieces| pieces.recv().await.map(|piece| (piece, pieces)));
    Ok(([(CONTENT_TYPE, "application/octet-stream")], Body::from_stream(pieces)).into_response())
}

//! Linking a session, step by step.

use super::{State, lists};
use crate::errors::Refusal;
use crate::principal::{Allowed, Control, Word};
use crate::view;
use axum::Json;
use axum::extract::{Path, Query, State as Extracted};
use axum::http::StatusCode;
use greenroom_client::{AnswersBody, LinkBody, LinkProgress, LinkingView, RefreshBody};
use greenroom_contract::ids::ChannelName;
use greenroom_contract::limits;
use greenroom_contract::linking::{Answers, LinkMethod};
use greenroom_contract::secret::Secret;
use greenroom_engine::{LinkRefused, LinkRequest};
use serde::Deserialize;

/// Begins to link a session: a new one, or one that was linked before.
#[utoipa::path(post, path = "/api/v1/sessions", tag = "linking", operation_id = "create_session",
    request_body = LinkBody, responses((status = 201, body = LinkingView)))]
pub(super) async fn create(
    Allowed(caller, _): Allowed<Control>,
    Extracted(state): Extracted<State>,
    Json(body): Json<LinkBody>,
) -> Result<(StatusCode, Json<LinkingView>), Refusal> {
    let channel: ChannelName =
        body.channel.parse().map_err(|_| Refusal::not_found(&format!("channel {:?}", body.channel)))?;
    let (account, owner) = match &body.session {
        None => (None, caller.owner.clone()),
        Some(session) => {
            let row = state.account(&caller, session).await?;
            // Its list is there already, and is changed like every other one.
            if !body.allow.is_empty() && !caller.scopes.has(Word::Settings) {
                return Err(Refusal::missing_scope(Word::Settings.as_str()));
            }
            (Some(row.id), row.owner)
        }
    };
    if body.allow.len() > limits::ALLOW_ENTRIES_MAX {
        return Err(lists::full());
    }
    let admitted = body.allow.iter().map(|entry| lists::read(&channel, entry).map(|read| read.entry));
    let admitted = admitted.collect::<Result<Vec<_>, _>>()?;
    let request = LinkRequest { channel, owner, account, method: method(body.phone), accepted: body.accept_risk };
    let session = state.handle.begin_link_admitting(request, admitted).await?.to_string();
    Ok((StatusCode::CREATED, Json(LinkingView { session })))
}

/// Where the question for the next step continues.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct After {
    /// The number of the step that is known.
    after: Option<u64>,
}

/// What to do now, as soon as that is not what the asker knows.
#[utoipa::path(get, path = "/api/v1/sessions/{session}/link", tag = "linking", operation_id = "link_progress",
    params(("session" = String, Path), After), responses((status = 200, body = LinkProgress)))]
pub(super) async fn progress(
    Allowed(caller, _): Allowed<Control>,
    Extracted(state): Extracted<State>,
    Path(session): Path<String>,
    Query(After { after }): Query<After>,
) -> Result<Json<LinkProgress>, Refusal> {
    let account = state.account(&caller, &session).await?.id;
    let unknown = || LinkRefused::UnknownAccount { account: account.clone() };
    let mut steps = state.handle.link_steps(&account).ok_or_else(unknown)?;
    let news = steps.wait_for(|view| Some(view.sequence) != after);
    // Nothing new within that time, or an account that is gone: what is known is the answer.
    let _ = tokio::time::timeout(limits::LINK_POLL_MAX, news).await;
    let view = view::link_progress(&steps.borrow());
    Ok(Json(view))
}

/// Fresh codes, or a code of the other sort.
#[utoipa::path(post, path = "/api/v1/sessions/{session}/link", tag = "linking", operation_id = "refresh_link",
    params(("session" = String, Path)), request_body = RefreshBody, responses((status = 204)))]
pub(super) async fn refresh(
    Allowed(caller, _): Allowed<Control>,
    Extracted(state): Extracted<State>,
    Path(session): Path<String>,
    Json(body): Json<RefreshBody>,
) -> Result<StatusCode, Refusal> {
    let row = state.account(&caller, &session).await?;
    state.handle.refresh_link(&row.id, &row.owner, method(body.phone)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What was typed for the question that is shown.
#[utoipa::path(post, path = "/api/v1/sessions/{session}/link/answers", tag = "linking", operation_id = "answer_link",
    params(("session" = String, Path)), request_body = AnswersBody, responses((status = 204)))]
pub(super) async fn answer(
    Allowed(caller, _): Allowed<Control>,
    Extracted(state): Extracted<State>,
    Path(session): Path<String>,
    Json(body): Json<AnswersBody>,
) -> Result<StatusCode, Refusal> {
    let row = state.account(&caller, &session).await?;
    let answers = Answers::new(body.answers.into_iter().map(|(name, typed)| (name, Secret::new(typed))));
    state.handle.answer_link(&row.id, &row.owner, answers)?;
    Ok(StatusCode::NO_CONTENT)
}

/// No more codes.
#[utoipa::path(delete, path = "/api/v1/sessions/{session}/link", tag = "linking", operation_id = "cancel_link",
    params(("session" = String, Path)), responses((status = 204)))]
pub(super) async fn cancel(
    Allowed(caller, _): Allowed<Control>,
    Extracted(state): Extracted<State>,
    Path(session): Path<String>,
) -> Result<StatusCode, Refusal> {
    let row = state.account(&caller, &session).await?;
    state.handle.cancel_link(&row.id, &row.owner).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn method(phone: Option<String>) -> LinkMethod {
    phone.map_or(LinkMethod::Qr, |phone| LinkMethod::Code { phone })
}

impl From<LinkRefused> for Refusal {
    fn from(refused: LinkRefused) -> Self {
        let refused = match refused {
            // It looks like what does not exist.
            LinkRefused::WrongOwner { account } => LinkRefused::UnknownAccount { account },
            refused => refused,
        };
        let status = match &refused {
            LinkRefused::UnknownChannel { .. } | LinkRefused::UnknownAccount { .. } => StatusCode::NOT_FOUND,
            LinkRefused::CannotLink { .. } | LinkRefused::BadPhone { .. } | LinkRefused::Answers(_) => {
                StatusCode::BAD_REQUEST
            }
            LinkRefused::WarningNotAccepted { .. } => StatusCode::PRECONDITION_REQUIRED,
            LinkRefused::Unreachable { .. } => StatusCode::BAD_GATEWAY,
            LinkRefused::Store(_) | LinkRefused::Stopping => StatusCode::SERVICE_UNAVAILABLE,
            // The account, its channel or the server is in a state in which this cannot be done.
            _ => StatusCode::CONFLICT,
        };
        let (code, reason) = (Some(code(&refused)), refused.to_string());
        let next = refused.next().map(|next| Box::new(view::next(&next)));
        let (warning, count) = match refused {
            LinkRefused::WarningNotAccepted { warning, .. } => (Some(warning.into()), None),
            LinkRefused::MaximumSessions { count, limit, .. } => (None, Some((count.into(), limit.into()))),
            _ => (None, None),
        };
        Self { code, warning, next, count, ..Self::new(status, reason) }
    }
}

/// The code by which users know a refusal.
fn code(refused: &LinkRefused) -> &'static str {
    match refused {
        LinkRefused::MaximumSessions { .. } => "maximum-sessions-reached",
        LinkRefused::NobodyAdmitted { .. } => "allow-list-empty",
        LinkRefused::UnknownAccount { .. } | LinkRefused::UnknownChannel { .. } => "not-found",
        other => other.code(),
    }
}

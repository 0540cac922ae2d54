//! Accounts, and linking one.

use super::State;
use crate::errors::Refusal;
use crate::view;
use axum::Json;
use axum::extract::{Path, Query, State as Extracted};
use axum::http::StatusCode;
use greenroom_client::{AccountView, AnswersBody, LinkBody, LinkProgress, LinkingView, RefreshBody};
use greenroom_contract::ids::{AccountId, OwnerId};
use greenroom_contract::limits;
use greenroom_contract::linking::{Answers, LinkMethod};
use greenroom_contract::secret::Secret;
use greenroom_engine::{LinkRefused, LinkRequest};
use serde::Deserialize;

pub(super) async fn list(Extracted(state): Extracted<State>) -> Result<Json<Vec<AccountView>>, Refusal> {
    Ok(Json(state.handle.account_list().await?.iter().map(view::account).collect()))
}

/// Begins to link an account.
pub(super) async fn link(
    Extracted(state): Extracted<State>,
    Path(channel): Path<String>,
    Json(body): Json<LinkBody>,
) -> Result<Json<LinkingView>, Refusal> {
    let channel = channel.parse().map_err(|error| Refusal::new(StatusCode::NOT_FOUND, format!("{error}")))?;
    let account = body.account.as_deref().map(named).transpose()?;
    let (owner, method) = (owner(), method(body.phone));
    let request = LinkRequest { channel, owner, account, method, accepted: body.accepted };
    let account = state.handle.begin_link(request).await?.to_string();
    Ok(Json(LinkingView { account }))
}

/// Where the question for the next step continues.
#[derive(Debug, Deserialize)]
pub(super) struct After {
    after: Option<u64>,
}

/// What to do now, as soon as that is not what the asker knows.
pub(super) async fn progress(
    Extracted(state): Extracted<State>,
    Path(account): Path<String>,
    Query(After { after }): Query<After>,
) -> Result<Json<LinkProgress>, Refusal> {
    let account = named(&account)?;
    let unknown = || LinkRefused::UnknownAccount { account: account.clone() };
    let mut steps = state.handle.link_steps(&account).ok_or_else(unknown)?;
    let news = steps.wait_for(|view| Some(view.sequence) != after);
    // Nothing new within that time, or an account that is gone: what is known is the answer.
    let _ = tokio::time::timeout(limits::LINK_POLL_MAX, news).await;
    let view = view::link_progress(&steps.borrow());
    Ok(Json(view))
}

/// Fresh codes.
pub(super) async fn refresh(
    Extracted(state): Extracted<State>,
    Path(account): Path<String>,
    Json(body): Json<RefreshBody>,
) -> Result<Json<()>, Refusal> {
    Ok(Json(state.handle.refresh_link(&named(&account)?, &owner(), method(body.phone)).await?))
}

/// What was typed for the question that is shown.
pub(super) async fn answer(
    Extracted(state): Extracted<State>,
    Path(account): Path<String>,
    Json(body): Json<AnswersBody>,
) -> Result<Json<()>, Refusal> {
    let answers = Answers::new(body.answers.into_iter().map(|(name, typed)| (name, Secret::new(typed))));
    Ok(Json(state.handle.answer_link(&named(&account)?, &owner(), answers)?))
}

/// No more codes.
pub(super) async fn cancel(
    Extracted(state): Extracted<State>,
    Path(account): Path<String>,
) -> Result<Json<()>, Refusal> {
    Ok(Json(state.handle.cancel_link(&named(&account)?, &owner()).await?))
}

/// A new connection, immediately.
pub(super) async fn reconnect(
    Extracted(state): Extracted<State>,
    Path(account): Path<String>,
) -> Result<Json<()>, Refusal> {
    Ok(Json(state.handle.reconnect(&named(&account)?, &owner()).await?))
}

/// The device removed on the network, the keys deleted.
pub(super) async fn disconnect(
    Extracted(state): Extracted<State>,
    Path(account): Path<String>,
) -> Result<Json<()>, Refusal> {
    Ok(Json(state.handle.disconnect(&named(&account)?, &owner()).await?))
}

/// An account that is not linked goes.
pub(super) async fn forget(
    Extracted(state): Extracted<State>,
    Path(account): Path<String>,
) -> Result<Json<()>, Refusal> {
    Ok(Json(state.handle.forget_account(&named(&account)?, &owner()).await?))
}

/// All that were never linked go.
pub(super) async fn clean(Extracted(state): Extracted<State>) -> Result<Json<Vec<String>>, Refusal> {
    let forgotten = state.handle.forget_pending(&owner()).await?;
    Ok(Json(forgotten.iter().map(ToString::to_string).collect()))
}

/// Whoever has the token of this server acts for whoever runs it.
fn owner() -> OwnerId {
    OwnerId::local()
}

fn method(phone: Option<String>) -> LinkMethod {
    phone.map_or(LinkMethod::Qr, |phone| LinkMethod::Code { phone })
}

fn named(account: &str) -> Result<AccountId, Refusal> {
    account.parse().map_err(|error| Refusal::new(StatusCode::NOT_FOUND, format!("{error}")))
}

impl From<LinkRefused> for Refusal {
    fn from(refused: LinkRefused) -> Self {
        let status = match &refused {
            LinkRefused::UnknownChannel { .. } | LinkRefused::UnknownAccount { .. } => StatusCode::NOT_FOUND,
            LinkRefused::CannotLink { .. } | LinkRefused::BadPhone { .. } | LinkRefused::Answers(_) => {
                StatusCode::BAD_REQUEST
            }
            LinkRefused::WarningNotAccepted { .. } => StatusCode::PRECONDITION_REQUIRED,
            LinkRefused::WrongOwner { .. } => StatusCode::FORBIDDEN,
            LinkRefused::Unreachable { .. } => StatusCode::BAD_GATEWAY,
            LinkRefused::Store(_) | LinkRefused::Stopping => StatusCode::SERVICE_UNAVAILABLE,
            // The account, its channel or the server is in a state in which this cannot be done.
            _ => StatusCode::CONFLICT,
        };
        let (code, reason) = (Some(refused.code()), refused.to_string());
        let next = refused.next().map(|next| Box::new(view::next(&next)));
        let warning = match refused {
            LinkRefused::WarningNotAccepted { warning, .. } => Some(warning),
            _ => None,
        };
        Self { code, warning, next, ..Self::new(status, reason) }
    }
}

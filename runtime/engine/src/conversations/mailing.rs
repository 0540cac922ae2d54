//! Mail of a turn: kept until the turn is on disk, sent once, and told of where that fails.

use super::settle::parcel;
use super::steps::Draft;
use crate::context::{AccountCard, Context, Prepared};
use greenroom_contract::identity::MailError;
use greenroom_contract::outbound::OutboundBody;
use greenroom_contract::store::{ParcelKind, Post, Settlement};
use greenroom_contract::trace::{Decision, Step};
use std::sync::Arc;

/// Keeps the mail of a draft until its settlement is committed.
pub(super) fn prepare(draft: &mut Draft<'_>) {
    let (Some(mail), Some(identities)) = (draft.mail.take(), &draft.context.identities) else { return };
    let first = draft.first();
    let words = OutboundBody::Text(draft.says().linking.mail_failed.to_owned());
    let failed = parcel(first, ParcelKind::Notice, words, draft.context.now());
    identities.prepare(first.sequence, Prepared { mail, scope: first.scope.clone(), failed });
}

/// Sends the mail of a settlement that is on disk. A crash before costs the mail and not the turn: its person asks for
/// another code.
pub(super) fn send(context: &Arc<Context>, card: &AccountCard, settlement: &Settlement) {
    let Some(identities) = context.identities.clone() else { return };
    let Some(prepared) = settlement.rows.first().and_then(|row| identities.prepared(*row)) else { return };
    let (context, account, conversation) = (Arc::clone(context), card.id().clone(), settlement.conversation);
    tokio::spawn(async move {
        let Prepared { mail, scope, failed } = prepared;
        let error = match identities.parts.mailer.send(mail).await {
            Ok(()) => return,
            Err(error) => error,
        };
        if matches!(error, MailError::Setup { .. }) {
            tracing::error!(%error, "a code could not be sent");
        } else {
            tracing::warn!(%error, "a code could not be sent");
        }
        // It may be on its way.
        if matches!(error, MailError::Unknown { .. }) {
            return;
        }
        let Some(card) = context.account(&account) else { return };
        let now = context.now();
        let steps = vec![Step::new(now, Decision::Noticed { cause: "e-mail not sent".to_owned() })];
        let post = Post { conversation: Some(conversation), scope, parcels: vec![failed], steps, name: None, at: now };
        if let Err(error) = context.post(&card, post).await {
            tracing::warn!(%conversation, %error, "that a code was not sent cannot be told now");
        }
    });
}

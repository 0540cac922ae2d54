//! What is begun in a group and is private: it continues in the direct chat of its person.

use super::steps::Draft;
use greenroom_contract::ids::{MessageId, SenderId};
use greenroom_contract::message::{Chat, Sender};
use greenroom_contract::outbound::{OutboundBody, Route};
use greenroom_contract::store::{ParcelDraft, ParcelKind, Person, Post, StoreError};
use greenroom_contract::trace::{Decision, Step};

/// Says something to the author of the draft in their direct chat with this account; `false` if there is none, or the
/// allow-list does not admit them there. The post has the name of its turn, so that it is made once.
pub(super) async fn say(draft: &Draft<'_>, person: &Person, words: &str) -> Result<bool, StoreError> {
    let (context, card, first) = (draft.context, draft.card, draft.first());
    let Some(direct) = context.store.direct_conversation(card.id(), person.id).await? else { return Ok(false) };
    let Ok(id) = SenderId::new(direct.chat.as_str()) else { return Ok(false) };
    let recipient = Sender { id, addresses: first.sender().addresses.clone(), name: person.name.clone() };
    let route = Route { account: card.id().clone(), chat: direct.chat.clone(), kind: Chat::Direct };
    let admission = &draft.wiring.admission;
    if admission.admits(&card.channel.name, &route.account, &route.chat, &route.kind, &recipient).is_err() {
        return Ok(false);
    }
    let now = context.now();
    let parcel = ParcelDraft {
        kind: ParcelKind::Notice,
        route,
        recipient,
        reply_to: None,
        opened_at: now,
        speaks_first: true,
        body: OutboundBody::Text(words.to_owned()),
    };
    let post = Post {
        conversation: Some(direct.id),
        scope: first.scope.clone(),
        parcels: vec![parcel],
        steps: vec![Step::new(now, Decision::Noticed { cause: "continued from a group".to_owned() })],
        name: MessageId::new(format!("directly:{}", first.turn)).ok(),
        at: now,
    };
    context.post(card, post).await.map(|_| true)
}

//! The people who write.

use super::State;
use super::chats::only_of;
use crate::errors::Refusal;
use crate::limits;
use crate::principal::{Allowed, Read};
use axum::Json;
use axum::extract::State as Extracted;
use greenroom_client::{PeopleView, PersonView};
use greenroom_contract::ids::PersonId;
use greenroom_contract::store::{ConversationsAsked, ListedConversation};
use std::collections::BTreeMap;

/// The people of the thousand newest conversations, with everything that they are known by.
#[utoipa::path(get, path = "/api/v1/people", tag = "people", operation_id = "list_people",
    responses((status = 200, body = PeopleView)))]
pub(super) async fn list(
    Allowed(caller, _): Allowed<Read>,
    Extracted(state): Extracted<State>,
) -> Result<Json<PeopleView>, Refusal> {
    let asked = ConversationsAsked { owner: only_of(&caller), ..ConversationsAsked::default() };
    let store = state.handle.store();
    let looked_through = limits::PEOPLE_CONVERSATIONS_MAX;
    // One more than is looked through tells whether there is more.
    let mut found = store.conversations(&asked, looked_through + 1).await?;
    let more = found.len() > looked_through;
    found.truncate(looked_through);
    let mut items = Vec::new();
    for (person, conversations) in by_person(found) {
        let Some(known) = store.person(person).await? else { continue };
        let newest = &conversations[0];
        items.push(PersonView {
            person: known.id.0,
            channel: newest.conversation.scope.channel.to_string(),
            name: known.name,
            addresses: known.addresses.iter().map(ToString::to_string).collect(),
            email: known.email,
            last_activity_ms: newest.last_at.0,
            conversations: conversations.iter().map(|one| one.conversation.id.0).collect(),
        });
    }
    Ok(Json(PeopleView { items, more }))
}

/// Direct conversations by their people, in the order in which those come first. None is empty.
fn by_person(conversations: Vec<ListedConversation>) -> Vec<(PersonId, Vec<ListedConversation>)> {
    let mut places: BTreeMap<PersonId, usize> = BTreeMap::new();
    let mut people: Vec<(PersonId, Vec<ListedConversation>)> = Vec::new();
    for one in conversations {
        let Some(person) = one.conversation.person else { continue };
        let place = *places.entry(person).or_insert(people.len());
        match people.get_mut(place) {
            Some((_, conversations)) => conversations.push(one),
            None => people.push((person, vec![one])),
        }
    }
    people
}

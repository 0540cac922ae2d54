//! Who a person is beyond the network, and the talk by which that is proved.
//!
//! Looks at one row only, and waits for nothing but the store: a code, an address and a wish are answered like a command of
//! the house. What changes is committed with the end of the turn; a mail leaves after that.

use super::{Draft, Ending, Step, StepOutcome};
use crate::context::Identities;
use crate::conversations::directly;
use crate::conversations::open_choice::moment;
use crate::decide::answers::Answers;
use crate::decide::commands::without_calls;
use crate::decide::gate::is_spoken_to;
use crate::decide::identity::notes::{Notes, Open};
use crate::decide::identity::standing::{can_be_linked, standing};
use crate::decide::identity::talk::{Said, Talk};
use crate::decide::identity::words::{Heard, Request, heard};
use crate::decide::notices::Notice;
use async_trait::async_trait;
use greenroom_contract::assistant::Answer;
use greenroom_contract::identity::{Attributes, LinkedPerson};
use greenroom_contract::limits;
use greenroom_contract::message::Body;
use greenroom_contract::store::{ConversationSettings, Counted, EntryKind, IdentityChange, Person};
use greenroom_contract::trace::Decision;
use std::sync::Arc;

/// Who wrote, as far as an earlier proof counts: what a command forgets may be shared by several channels.
pub(super) struct Known;

#[async_trait]
impl Step for Known {
    async fn apply(&self, draft: &mut Draft<'_>) -> StepOutcome {
        // Nothing may be noticed of a message that is only listened to.
        if draft.context.identities.is_none() || draft.listens {
            return StepOutcome::Continue;
        }
        let person = match draft.context.store.person(draft.first().person).await {
            Ok(Some(person)) => person,
            Ok(None) => return StepOutcome::Continue,
            Err(error) => {
                tracing::warn!(%error, "who wrote cannot be looked up now");
                return Ending::Again { after: limits::TURN_RETRY_PAUSE, attempt: Counted::No }.into();
            }
        };
        let addresses = &draft.first().sender().addresses;
        draft.linked = standing(&person.links, addresses).map(|link| LinkedPerson {
            id: link.identity,
            email: Some(link.email.clone()),
            name: person.name.clone(),
            attributes: Attributes::new(),
            since: link.at,
        });
        draft.author = Some(person);
        StepOutcome::Continue
    }
}

/// What is said of linking.
pub(super) struct Identity;

#[async_trait]
impl Step for Identity {
    async fn apply(&self, draft: &mut Draft<'_>) -> StepOutcome {
        let Some((identities, person)) = draft.context.identities.clone().zip(draft.author.take()) else {
            return StepOutcome::Continue;
        };
        let notes = Notes::of(person.linking_notes.as_ref()).at(&moment(draft.context));
        match asked(draft) {
            Heard::Words => {}
            heard if draft.first().route().kind.is_group() => {
                if let Heard::Request(request) = heard
                    && request != Request::Cancel
                {
                    return in_group(draft, &person, notes, request).await;
                }
            }
            heard => {
                if let Some(said) = talk(draft, &identities, &person, notes.clone(), &heard) {
                    return ended(draft, said);
                }
            }
        }
        offer(draft, &identities, &person, notes);
        StepOutcome::Continue
    }
}

/// What the row is; words where it is no text, or not for the bot.
fn asked(draft: &Draft<'_>) -> Heard {
    let EntryKind::Message(inbound) = &draft.first().kind else { return Heard::Words };
    let Body::Text(text) = &inbound.body else { return Heard::Words };
    if !is_spoken_to(draft.policy, inbound) {
        return Heard::Words;
    }
    match heard(text) {
        Heard::Words if inbound.chat.is_group() && text.len() <= limits::EMAIL_BYTES_MAX => {
            heard(&without_calls(draft.policy, text))
        }
        heard => heard,
    }
}

/// Nothing of this is said in a group. Whoever wishes to be linked is asked for the address in the direct chat.
async fn in_group(draft: &mut Draft<'_>, person: &Person, notes: Notes, request: Request) -> StepOutcome {
    let says = &draft.says().linking;
    let asks = request == Request::Link && can_be_linked(&draft.first().sender().addresses);
    let asked = if asks { directly::say(draft, person, says.ask_email).await } else { Ok(false) };
    let words = match asked {
        Ok(true) => {
            let notes = Notes { open: Some(Open::Email(moment(draft.context))), ..notes };
            draft.identity.notes = Some(notes.stored());
            says.moved
        }
        Ok(false) => says.only_direct,
        Err(error) => {
            tracing::warn!(%error, "a direct chat cannot be written to now");
            return Ending::Again { after: limits::TURN_RETRY_PAUSE, attempt: Counted::No }.into();
        }
    };
    draft.note(Decision::Commanded { command: request.code().to_owned() });
    Ending::from(Answers::from(Answer::text(words))).into()
}

fn talk(draft: &Draft<'_>, identities: &Identities, person: &Person, notes: Notes, heard: &Heard) -> Option<Said> {
    let random = || getrandom::u64().ok();
    // Without randomness no code can be made, and the assistant answers.
    let random = [random()?, random()?];
    let talk = Talk {
        person,
        addresses: &draft.first().sender().addresses,
        notes,
        says: &draft.says().linking,
        secret: identities.parts.secret.expose().as_bytes(),
        random,
        now: moment(draft.context),
    };
    let (codes_max, steady) = (identities.parts.codes_max, draft.context.steady());
    talk.answer(heard, |email| identities.codes.lock().take(person.id, email, codes_max, steady))
}

/// The end of a turn that is a part of the talk.
fn ended(draft: &mut Draft<'_>, said: Said) -> StepOutcome {
    draft.note(Decision::Commanded { command: said.traced.to_owned() });
    draft.identity.links = said.links;
    draft.identity.notes = Some(said.notes.stored());
    draft.mail = said.mail;
    if said.forget {
        draft.settings =
            ConversationSettings { paused_until: draft.settings.paused_until, ..ConversationSettings::default() };
    }
    Ending::from(Answers::from(Answer { forget: said.forget, ..Answer::text(said.words) })).into()
}

/// Tells a person once that one can be linked, or has to prove it anew, behind an answer.
fn offer(draft: &mut Draft<'_>, identities: &Arc<Identities>, person: &Person, notes: Notes) {
    let addresses = &draft.first().sender().addresses;
    let is_message = matches!(draft.first().kind, EntryKind::Message(_));
    if draft.linked.is_some() || draft.first().route().kind.is_group() || !is_message || !can_be_linked(addresses) {
        return;
    }
    draft.offer = if !person.links.is_empty() && !notes.told_anew {
        Some((Notice::ProveAnew, Notes { told_anew: true, ..notes }))
    } else if person.links.is_empty() && identities.parts.offer && !notes.offered && notes.open.is_none() {
        Some((Notice::CanBeLinked, Notes { offered: true, ..notes }))
    } else {
        None
    };
}

/// What the draft changes of who its person is; `None` if it is nothing.
pub(crate) fn change(draft: &mut Draft<'_>) -> Option<IdentityChange> {
    let shared = draft.shared();
    let change = IdentityChange { shared, ..std::mem::take(&mut draft.identity) };
    (change != IdentityChange::default()).then_some(change)
}

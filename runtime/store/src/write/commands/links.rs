//! E-mail addresses that people proved to have: who is linked by them, and what becomes of what they share.
//!
//! A person's row names the links; the row of an address names its people, and the identity that they share. Both are
//! written in one commit, always.

use crate::format::envelope::Sealing;
use crate::format::keys;
use crate::format::records::tags::EvidenceTag;
use crate::format::records::{EmailRecord, LinkRecord, PersonRecord};
use crate::write::commands::past::{self, remove_all};
use crate::write::commands::{merge, people};
use crate::write::job::Operation;
use crate::write::txn::{Fail, Loaded, Txn};
use greenroom_contract::address::Address;
use greenroom_contract::identity::EmailAddress;
use greenroom_contract::ids::{IdentityId, PersonId};
use greenroom_contract::limits;
use greenroom_contract::store::{HistoryKey, IdentityChange, LinkChange, SharedMemory};
use greenroom_contract::time::Timestamp;

/// What becomes of what an identity shares when the last of its people leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shared {
    /// It is that person's own from now on.
    Kept,
    /// It is deleted.
    Deleted,
}

/// Removes one link of a person.
pub(crate) struct Unlink {
    pub(crate) person: PersonId,
    pub(crate) number: u32,
}

impl Operation for Unlink {
    type Output = ();

    fn run(&self, txn: &mut Txn<'_>) -> Result<(), Fail> {
        let (person, mut loaded) = people::load(txn, self.person)?;
        let place = loaded.record.links.iter().position(|link| link.number == self.number);
        let place = place.ok_or_else(|| Fail::not_found(format!("link {} of person {person}", self.number)))?;
        let link = loaded.record.links.remove(place);
        put(txn, person, &loaded)?;
        leave(txn, (person, &loaded.record.owner), &link, Shared::Kept)
    }
}

/// What the contract bounds in a change.
pub(crate) fn check_limits(change: &IdentityChange) -> Result<(), Fail> {
    let bytes = change.notes.as_ref().map_or(0, bytes::Bytes::len);
    if bytes > limits::LINKING_NOTES_BYTES_MAX {
        return Err(Fail::invalid(format!("{bytes} bytes of what is remembered for linking are too many")));
    }
    Ok(())
}

/// The identity whose memory a turn is, as long as its author belongs to it.
pub(crate) fn shared<'a>(
    txn: &Txn<'_>,
    author: Option<PersonId>,
    change: Option<&'a IdentityChange>,
) -> Result<Option<&'a SharedMemory>, Fail> {
    let wanted = change.and_then(|change| change.shared.as_ref());
    let Some((author, wanted)) = author.zip(wanted) else { return Ok(None) };
    let author = txn.index.people.follow(author);
    let loaded = txn.load::<PersonRecord>(&keys::person(author))?;
    let belongs =
        loaded.is_some_and(|loaded| loaded.record.links.iter().any(|link| link.identity == wanted.identity.0));
    Ok(belongs.then_some(wanted))
}

/// What a turn changes of who its author is. A person who is gone by now has nothing to change.
pub(crate) fn apply(txn: &mut Txn<'_>, person: PersonId, change: &IdentityChange, at: Timestamp) -> Result<(), Fail> {
    if change.links.is_none() && change.notes.is_none() {
        return Ok(());
    }
    let person = txn.index.people.follow(person);
    let Some(mut loaded) = txn.load::<PersonRecord>(&keys::person(person))? else { return Ok(()) };
    if let Some(notes) = &change.notes {
        loaded.record.linking_notes = Some(notes.clone()).filter(|notes| !notes.is_empty());
    }
    match &change.links {
        Some(LinkChange::Proved { email, by }) => return prove(txn, (person, loaded), email, by, at),
        Some(LinkChange::Removed) => remove_links(txn, person, &mut loaded.record, Shared::Kept)?,
        Some(LinkChange::Forgotten) => remove_links(txn, person, &mut loaded.record, Shared::Deleted)?,
        None => {}
    }
    put(txn, person, &loaded)
}

fn put(txn: &mut Txn<'_>, person: PersonId, loaded: &Loaded<PersonRecord>) -> Result<(), Fail> {
    txn.put_over(keys::person(person), &loaded.record, Sealing::Plain, loaded.parts)
}

fn prove(
    txn: &mut Txn<'_>,
    (person, mut loaded): (PersonId, Loaded<PersonRecord>),
    email: &EmailAddress,
    by: &[Address],
    at: Timestamp,
) -> Result<(), Fail> {
    let record = &mut loaded.record;
    let before =
        record.links.iter().position(|link| link.email == email.as_str()).map(|place| record.links.remove(place));
    let number = if let Some(link) = &before {
        link.number
    } else {
        record.links_made += 1;
        record.links_made
    };
    let mut left = Vec::new();
    while record.links.len() >= limits::LINKS_PER_PERSON_MAX {
        left.push(record.links.remove(0));
    }
    let owner = record.owner.clone();
    let identity = join(txn, &owner, email.as_str(), person)?;
    // What was proved last stands at the end.
    record.links.push(LinkRecord {
        number,
        email: email.as_str().to_owned(),
        identity: identity.0,
        evidence: EvidenceTag::Code.number(),
        at: at.0,
        proved_by: by.iter().map(ToString::to_string).collect(),
    });
    put(txn, person, &loaded)?;
    left.iter().try_for_each(|link| leave(txn, (person, &owner), link, Shared::Kept))
}

/// Puts a person among those of an address; the one who proved it first leaves if they are too many.
fn join(txn: &mut Txn<'_>, owner: &str, email: &str, person: PersonId) -> Result<IdentityId, Fail> {
    let key = keys::email(owner, email);
    let loaded = txn.load::<EmailRecord>(&key)?;
    let (mut record, parts) = match loaded {
        Some(loaded) => (loaded.record, loaded.parts),
        None => (EmailRecord { identity: txn.number(), people: Vec::new() }, 0),
    };
    record.people.retain(|other| *other != person.0);
    while record.people.len() >= limits::PEOPLE_PER_EMAIL_MAX {
        let other = PersonId(record.people.remove(0));
        if let Some(mut of_other) = txn.load::<PersonRecord>(&keys::person(other))? {
            of_other.record.links.retain(|link| link.email != email);
            put(txn, other, &of_other)?;
        }
    }
    record.people.push(person.0);
    txn.put_over(key, &record, Sealing::Plain, parts)?;
    Ok(IdentityId(record.identity))
}

/// Takes a person out of those of an address. The last one ends the identity.
fn leave(txn: &mut Txn<'_>, (person, owner): (PersonId, &str), link: &LinkRecord, shared: Shared) -> Result<(), Fail> {
    let key = keys::email(owner, &link.email);
    let identity = IdentityId(link.identity);
    if shared == Shared::Deleted {
        forget(txn, identity)?;
    }
    let Some(mut loaded) = txn.load::<EmailRecord>(&key)? else { return Ok(()) };
    loaded.record.people.retain(|other| *other != person.0);
    if !loaded.record.people.is_empty() {
        return txn.put_over(key, &loaded.record, Sealing::Plain, loaded.parts);
    }
    txn.remove(key, loaded.parts);
    merge::move_history(txn, identity.history(), HistoryKey::Person(person))?;
    // What assistants remembered was of all chats together, and has no chat to go to.
    remove_all(txn, &keys::state(identity.memory(), ""))
}

/// Deletes what the people of an identity share.
pub(crate) fn forget(txn: &mut Txn<'_>, identity: IdentityId) -> Result<(), Fail> {
    past::forget(txn, identity.history())?;
    remove_all(txn, &keys::state(identity.memory(), ""))
}

fn remove_links(txn: &mut Txn<'_>, person: PersonId, record: &mut PersonRecord, shared: Shared) -> Result<(), Fail> {
    let owner = record.owner.clone();
    std::mem::take(&mut record.links).iter().try_for_each(|link| leave(txn, (person, &owner), link, shared))
}

/// Everything of a person who is forgotten: the links, and what was shared by them.
pub(crate) fn forget_all(txn: &mut Txn<'_>, person: PersonId, record: &PersonRecord) -> Result<(), Fail> {
    remove_links(txn, person, &mut record.clone(), Shared::Deleted)
}

/// Two people turned out to be one, who has the links of both; of two with one address the newer proof stays.
pub(crate) fn merge_into(
    txn: &mut Txn<'_>,
    (kept, record): (PersonId, &mut PersonRecord),
    (gone, lost): (PersonId, &PersonRecord),
) -> Result<(), Fail> {
    record.linking_notes = record.linking_notes.take().or_else(|| lost.linking_notes.clone());
    for link in &lost.links {
        replace(txn, (&lost.owner, &link.email), gone, kept)?;
        match record.links.iter_mut().find(|mine| mine.email == link.email) {
            Some(mine) if mine.at >= link.at => {}
            Some(mine) => *mine = LinkRecord { number: mine.number, ..link.clone() },
            None => {
                record.links_made += 1;
                record.links.push(LinkRecord { number: record.links_made, ..link.clone() });
            }
        }
    }
    if lost.links.is_empty() {
        return Ok(());
    }
    record.links.sort_by_key(|link| link.at);
    let owner = record.owner.clone();
    while record.links.len() > limits::LINKS_PER_PERSON_MAX {
        let oldest = record.links.remove(0);
        leave(txn, (kept, &owner), &oldest, Shared::Kept)?;
    }
    Ok(())
}

fn replace(txn: &mut Txn<'_>, (owner, email): (&str, &str), gone: PersonId, kept: PersonId) -> Result<(), Fail> {
    let key = keys::email(owner, email);
    let Some(mut loaded) = txn.load::<EmailRecord>(&key)? else { return Ok(()) };
    let people = &mut loaded.record.people;
    people.retain(|other| *other != kept.0);
    match people.iter_mut().find(|other| **other == gone.0) {
        Some(place) => *place = kept.0,
        None => people.push(kept.0),
    }
    txn.put_over(key, &loaded.record, Sealing::Plain, loaded.parts)
}

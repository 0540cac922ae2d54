//! Taking arrivals in: recognise what was seen, find out who and where, make a row.

use crate::format::ids::stored;
use crate::format::inbox_codec::inbound_record;
use crate::format::keys;
use crate::format::records::{InboxRecord, SeenRecord};
use crate::format::trace_codec;
use crate::memory::index::{Change, Delta};
use crate::write::commands::seen::{SeenRow, count_refused, place_of_new, seen};
use crate::write::commands::{content, identity, merge, revise};
use crate::write::job::Operation;
use crate::write::txn::{Fail, Txn};
use greenroom_contract::ids::{ChatId, ConversationId, PersonId, SenderId, Sequence};
use greenroom_contract::limits;
use greenroom_contract::message::Body;
use greenroom_contract::store::{Accepted, Admission, Arrival, MessageArrival, StoreError};
use greenroom_contract::trace::{Decision, Ignored, Step};
use sha2::{Digest, Sha256};

/// A batch of arrivals: all of it, or nothing.
pub(crate) struct Accept {
    pub(crate) batch: Vec<Arrival>,
}

impl Operation for Accept {
    type Output = Vec<Accepted>;

    fn bytes(&self) -> usize {
        let bytes = |arrival: &Arrival| match arrival {
            Arrival::Message(message) => match &message.inbound.body {
                Body::Text(text) => text.len(),
                _ => 0,
            },
            _ => 0,
        };
        self.batch.iter().map(bytes).sum()
    }

    fn run(&self, txn: &mut Txn<'_>) -> Result<Vec<Accepted>, Fail> {
        if self.batch.len() > limits::EVENTS_PER_EMIT_MAX {
            return Err(Fail::invalid(format!("{} arrivals in one batch are too many", self.batch.len())));
        }
        self.batch.iter().map(|arrival| accept_one(txn, arrival)).collect()
    }
}

fn accept_one(txn: &mut Txn<'_>, arrival: &Arrival) -> Result<Accepted, Fail> {
    let then = take_in(txn, arrival)?;
    let conversations = std::mem::take(&mut txn.merged);
    Ok(if conversations.is_empty() { then } else { Accepted::Merged { conversations, then: Box::new(then) } })
}

fn take_in(txn: &mut Txn<'_>, arrival: &Arrival) -> Result<Accepted, Fail> {
    match arrival {
        Arrival::Message(message) => accept_message(txn, message),
        Arrival::Revoked { account, sender, message, at, .. } => revise::revoke(txn, account, sender, message, *at),
        Arrival::Edited { account, sender, message, text, at, .. } => {
            revise::edit(txn, account, sender, message, text, *at)
        }
        Arrival::Status(status) => revise::status(txn, status),
        Arrival::SamePerson { scope, addresses, admitted } => {
            merge::same_person(txn, scope, addresses, *admitted)?;
            Ok(Accepted::Updated { parcel: None })
        }
    }
}

fn accept_message(txn: &mut Txn<'_>, arrival: &MessageArrival) -> Result<Accepted, Fail> {
    let inbound = &arrival.inbound;
    let (account, message) = (&inbound.key.account, &inbound.key.message);
    let mark = fingerprint(txn.names.salt(), &inbound.key.chat, &inbound.sender.id);
    let mut same_id = seen(txn, message, account)?;
    let repeats = |row: &SeenRow| content::is_repetition(&row.record, &inbound.body);
    if same_id.iter().any(|row| row.record.fingerprint == mark && repeats(row)) {
        return Ok(Accepted::Duplicate);
    }
    let chat = identity::ChatOf { account, scope: &arrival.scope, chat: &inbound.key.chat, kind: &inbound.chat };
    let admitted = match &arrival.admission {
        Admission::Admitted { by } => {
            let person = identity::person(txn, &arrival.scope, &inbound.sender)?;
            Ok((by, person, identity::conversation(txn, &chat, person)?))
        }
        Admission::Refused { reason } => Err(reason),
    };
    let (person, conversation) = if let Ok((_, person, conversation)) = admitted {
        (Some(person), Some(conversation))
    } else {
        // Of a stranger nothing is kept but this message's key and trace: no person is made or merged.
        let person = identity::known_person(txn, &arrival.scope, &inbound.sender)?;
        (person, identity::known_conversation(txn, &chat, person)?)
    };
    let same = |row: &SeenRow| {
        person.is_some()
            && row.conversation.map(|conversation| txn.index.conversations.follow(conversation)) == conversation
            && row.person.map(|person| txn.index.people.follow(person)) == person
    };
    if same_id.iter().any(|row| same(row) && repeats(row)) {
        return Ok(Accepted::Duplicate);
    }
    let before = same_id.iter().position(|row| row.record.fingerprint == mark || same(row));
    let before = before.map(|place| same_id.swap_remove(place));

    let is_full = |conversation| txn.index.rows_of(conversation) as u64 >= limits::INBOX_ROWS_PER_CONVERSATION_MAX;
    let (decision, sequence) = match admitted {
        Err(reason) => (Decision::Ignored { reason: reason.clone() }, None),
        Ok((_, _, conversation)) if is_full(conversation) => {
            (Decision::Ignored { reason: Ignored::ConversationFull }, None)
        }
        Ok((by, person, conversation)) => {
            (Decision::Admitted { by: by.clone() }, Some(insert(txn, arrival, conversation, person)?))
        }
    };
    let key = place_of_new(txn, arrival.received_at).seen(message, account, conversation, person);
    let takes_the_place = same_id.iter().any(|row| row.key == key);
    let is_listed = before.as_ref().is_some_and(|row| row.key == key);
    let (steps, earlier) = before.map_or(Ok(Default::default()), |row| content::take_over(txn, row))?;
    let mut record = SeenRecord {
        at: arrival.received_at.0,
        chat: Some(inbound.key.chat.as_str().to_owned()),
        sequence: stored(sequence),
        turn: 0,
        fingerprint: mark,
        steps,
        earlier,
        content: content::tag(&inbound.body).number(),
        name_tag: None,
    };
    trace_codec::append(&mut record.steps, &Step::new(arrival.received_at, decision));
    txn.put(key.clone(), &record)?;
    if !is_listed {
        txn.note(Delta::Seen { key });
    }
    if sequence.is_none() && !takes_the_place {
        count_refused(txn)?;
    }
    Ok(match conversation.zip(sequence) {
        Some((conversation, sequence)) => Accepted::New { conversation, sequence },
        None => Accepted::Noted,
    })
}

/// Makes a waiting row.
fn insert(
    txn: &mut Txn<'_>,
    arrival: &MessageArrival,
    conversation: ConversationId,
    person: PersonId,
) -> Result<Sequence, Fail> {
    let rows = txn.index.all_rows.len() as u64;
    if rows >= txn.bounds.inbox_rows_max {
        return Err(StoreError::Full { rows }.into());
    }
    let sequence = Sequence(txn.number());
    let record = InboxRecord {
        person: person.0,
        channel: arrival.scope.channel.as_str().to_owned(),
        owner: arrival.scope.owner.as_str().to_owned(),
        attempts: 0,
        accepted_at: arrival.received_at.0,
        message: Some(inbound_record(&arrival.inbound)),
        wake: None,
        seen_conversation: conversation.0,
        seen_person: person.0,
        turn_tag: txn.names.turn_tag(),
    };
    txn.put(keys::inbox(conversation, sequence), &record)?;
    txn.note(Delta::Row { conversation, sequence, change: Change::Came });
    Ok(sequence)
}

/// Recognises a chat and a sender, also after the person behind them was forgotten.
fn fingerprint(salt: &[u8], chat: &ChatId, sender: &SenderId) -> u64 {
    let digest = Sha256::new()
        .chain_update(salt)
        .chain_update(chat.as_str().as_bytes())
        .chain_update([0])
        .chain_update(sender.as_str().as_bytes())
        .finalize();
    digest.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

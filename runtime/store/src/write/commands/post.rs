//! A message that no turn made: recognised if it was posted before, else put into the outbox.

use crate::format::ids::{known, stored};
use crate::format::keys;
use crate::format::names::{NameForm, Place};
use crate::format::outbox_codec;
use crate::format::records::{CauseRecord, ConversationRecord, SeenRecord};
use crate::format::trace_codec;
use crate::memory::index::{Change, Delta};
use crate::write::commands::identity;
use crate::write::commands::seen::{place_of_new, seen};
use crate::write::job::Operation;
use crate::write::txn::{Fail, Txn};
use greenroom_contract::ids::{ConversationId, MessageId, OutboundId, PersonId, Sequence};
use greenroom_contract::limits;
use greenroom_contract::store::{ParcelDraft, ParcelKey, Post, Posted};
use sha2::{Digest, Sha256};

/// A message that no turn made.
pub(crate) struct Posting(pub(crate) Post);

impl Operation for Posting {
    type Output = Posted;

    fn bytes(&self) -> usize {
        self.0.parcels.iter().map(|parcel| outbox_codec::bytes(&parcel.body)).sum()
    }

    fn run(&self, txn: &mut Txn<'_>) -> Result<Posted, Fail> {
        let post = &self.0;
        let first = check(post)?;
        let mark = mark(txn.names.salt());
        if let Some(name) = &post.name
            && let Some(before) =
                seen(txn, name, &first.route.account)?.into_iter().find(|row| row.record.fingerprint == mark)
        {
            let conversation = before.conversation.unwrap_or(ConversationId(0));
            let conversation = txn.index.conversations.follow(conversation);
            let key = outbox_codec::key(&first.route.account, Sequence(before.record.sequence), 0);
            let place = match before.record.name_tag {
                Some(tag) => place_of(&key, tag, NameForm::Mixed),
                None => place_of(&key, txn.names.plain_tag(&key), NameForm::Plain),
            };
            return Ok(Posted { conversation, id: id(txn, &place)?, parcels: Vec::new() });
        }
        let (conversation, person) = place(txn, post, first)?;
        let sequence = Sequence(txn.number());
        let named = post.name.as_ref().map(|name| Named { name, conversation, person, sequence, mark });
        if let Some(named) = &named {
            named.store(txn, post, first)?;
        }
        let parcels = put_parcels(txn, post, named.as_ref(), conversation, sequence)?;
        let name = place_of(&parcels[0], txn.names.tag(&parcels[0]), NameForm::Mixed);
        Ok(Posted { conversation, id: id(txn, &name)?, parcels })
    }
}

/// The first parcel of a post that keeps the rules.
fn check(post: &Post) -> Result<&ParcelDraft, Fail> {
    let first = post.parcels.first().ok_or_else(|| Fail::invalid("a post has at least one parcel"))?;
    if post.parcels.len() > limits::PARCELS_PER_TURN_MAX {
        return Err(Fail::invalid(format!("{} parcels in one post are too many", post.parcels.len())));
    }
    if post.parcels.iter().any(|parcel| parcel.route != first.route) {
        return Err(Fail::invalid("the parcels of a post have one route"));
    }
    Ok(first)
}

/// What tells a post from a message of the network that has the same id: no sender can compute it.
fn mark(salt: &[u8]) -> u64 {
    let digest = Sha256::new().chain_update(salt).chain_update(b"post").finalize();
    digest.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn place_of(key: &ParcelKey, tag: u32, form: NameForm) -> Place {
    Place { sequence: key.sequence, part: key.part, tag, form }
}

fn id(txn: &Txn<'_>, place: &Place) -> Result<OutboundId, Fail> {
    txn.names.name(place).map_err(|_| Fail::invalid("a parcel without a name"))
}

/// The conversation of a post, and its person unless it is a group.
fn place(txn: &mut Txn<'_>, post: &Post, first: &ParcelDraft) -> Result<(ConversationId, Option<PersonId>), Fail> {
    if let Some(conversation) = post.conversation {
        let conversation = txn.index.conversations.follow(conversation);
        let loaded = txn.load::<ConversationRecord>(&keys::conversation(conversation))?;
        let loaded = loaded.ok_or_else(|| Fail::not_found(format!("conversation {conversation}")))?;
        let person = known::<PersonId>(loaded.record.person);
        return Ok((conversation, person.map(|person| txn.index.people.follow(person))));
    }
    let route = &first.route;
    let person = identity::person(txn, &post.scope, &first.recipient)?;
    let chat = identity::ChatOf { account: &route.account, scope: &post.scope, chat: &route.chat, kind: &route.kind };
    Ok((identity::conversation(txn, &chat, person)?, Some(person)))
}

/// A post that is recognised when it is made again.
struct Named<'a> {
    name: &'a MessageId,
    conversation: ConversationId,
    person: Option<PersonId>,
    sequence: Sequence,
    mark: u64,
}

impl Named<'_> {
    /// Remembers it as a message that was seen, for as long as those are.
    fn store(&self, txn: &mut Txn<'_>, post: &Post, first: &ParcelDraft) -> Result<(), Fail> {
        let place = place_of_new(txn, post.at);
        let key = place.seen(self.name, &first.route.account, Some(self.conversation), self.person);
        let record = SeenRecord {
            at: post.at.0,
            chat: Some(first.route.chat.as_str().to_owned()),
            sequence: self.sequence.0,
            turn: 0,
            fingerprint: self.mark,
            steps: trace_codec::records(&post.steps),
            earlier: Vec::new(),
            content: 0,
            name_tag: Some(txn.names.tag(&outbox_codec::key(&first.route.account, self.sequence, 0))),
        };
        txn.put(key.clone(), &record)?;
        txn.note(Delta::Seen { key });
        Ok(())
    }

    fn cause(&self, first: &ParcelDraft) -> CauseRecord {
        CauseRecord {
            account: first.route.account.as_str().to_owned(),
            message: self.name.as_str().to_owned(),
            conversation: self.conversation.0,
            person: stored(self.person),
        }
    }
}

fn put_parcels(
    txn: &mut Txn<'_>,
    post: &Post,
    named: Option<&Named<'_>>,
    conversation: ConversationId,
    sequence: Sequence,
) -> Result<Vec<ParcelKey>, Fail> {
    let mut put = Vec::with_capacity(post.parcels.len());
    for (part, draft) in post.parcels.iter().enumerate() {
        let key = outbox_codec::key(&draft.route.account, sequence, part as u16);
        let mut record = outbox_codec::new_record(txn.names, &key, conversation, draft, post.at);
        match named {
            // Its first half of the trace lies with its name.
            Some(named) => record.cause = (part == 0).then(|| named.cause(draft)),
            None if part == 0 => record.turn_steps = trace_codec::records(&post.steps),
            None => {}
        }
        txn.put_over(keys::parcel(&key), &record, outbox_codec::sealing(&record), 0)?;
        let unsent = outbox_codec::unsent(&record, conversation);
        txn.note(Delta::Pending { key: key.clone(), parcel: unsent, change: Change::Came });
        put.push(key);
    }
    Ok(put)
}

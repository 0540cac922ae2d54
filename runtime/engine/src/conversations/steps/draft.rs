//! A turn as far as the steps have come with it.

use crate::context::{AccountCard, Context, Wiring};
use crate::decide::gate::configured;
use crate::decide::house_texts::{HouseTexts, in_language};
use crate::decide::identity::notes::Notes;
use crate::decide::notices::Notice;
use crate::mailbox::attempt_counter::AttemptCounter;
use greenroom_contract::assistant::{Needs, TurnMessage};
use greenroom_contract::identity::{LinkedPerson, Mail};
use greenroom_contract::ids::{AssistantName, ConversationId, IdentityId};
use greenroom_contract::policy::ChannelPolicy;
use greenroom_contract::store::{
    Begin as AttemptMark, ConversationSettings, Entry, HistoryKey, IdentityChange, Person, SharedMemory,
};
use greenroom_contract::time::Timestamp;
use greenroom_contract::trace::{self, Decision};
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;

/// A turn that is being made. Steps read and change it.
pub(crate) struct Draft<'a> {
    pub(crate) context: &'a Arc<Context>,
    pub(crate) card: &'a AccountCard,
    /// What held when the turn began; it holds for all of it.
    pub(crate) wiring: &'a Wiring,
    /// The policy of the channel.
    pub(crate) policy: &'a ChannelPolicy,
    /// The rows that were read, and how many of them the turn covers.
    waiting: &'a [Entry],
    covered: usize,
    /// How the conversation is treated. What a step changes here is stored with the end of the turn.
    pub(crate) settings: ConversationSettings,
    /// Who is to answer: the channel's assistant until a step chooses.
    pub(crate) assistant: AssistantName,
    /// Whom the configuration names for the chat.
    pub(crate) configured: AssistantName,
    /// Whether it is answered only if it calls the bot by its name. Nothing may be noticed of it until then.
    pub(crate) listens: bool,
    /// What the rows say; empty until they were taken in.
    pub(crate) messages: Vec<TurnMessage>,
    /// Whether one of the messages chose an option of the open question.
    pub(crate) chosen: bool,
    /// What is said beside the answer, about a row that could not be taken in.
    pub(crate) aside: Option<Notice>,
    /// What the assistant was asked, once it was.
    pub(crate) asked: Option<Asked>,
    pub(crate) counter: Arc<AttemptCounter>,
    /// The place at its assistant, where what was fetched must not wait for one.
    pub(crate) place: Option<OwnedSemaphorePermit>,
    /// The room that fetched pictures take.
    pub(crate) media_room: Vec<OwnedSemaphorePermit>,
    /// Who wrote, beyond the network, as far as an earlier proof counts.
    pub(crate) linked: Option<LinkedPerson>,
    /// The person who wrote, where linking is configured; until what is said of it was decided.
    pub(crate) author: Option<Person>,
    /// What the turn changes of that.
    pub(crate) identity: IdentityChange,
    /// A notice of linking for behind the answer, and what is remembered once it is said.
    pub(crate) offer: Option<(Notice, Notes)>,
    /// A mail that leaves when the turn is on disk.
    pub(crate) mail: Option<Mail>,
    trace: Vec<trace::Step>,
}

/// What an assistant was asked.
pub(crate) struct Asked {
    /// When. What was overheard up to then was given to it.
    pub(crate) at: Timestamp,
    /// The same in steady time.
    pub(crate) steady: Timestamp,
    /// All words of the turn.
    pub(crate) words: String,
    /// Whether what was overheard was given too.
    pub(crate) overheard: bool,
}

impl<'a> Draft<'a> {
    /// A turn over the first of these rows; `None` if there are none, or their channel was removed.
    pub(crate) fn new(
        context: &'a Arc<Context>,
        card: &'a AccountCard,
        wiring: &'a Wiring,
        waiting: &'a [Entry],
    ) -> Option<Self> {
        let first = waiting.first()?;
        let policy = wiring.policy(&card.channel)?;
        let route = first.route();
        Some(Self {
            context,
            card,
            wiring,
            policy,
            waiting,
            covered: 1,
            settings: first.settings.clone(),
            assistant: policy.assistant.clone(),
            configured: configured(policy, &route.chat, &route.kind).clone(),
            listens: false,
            messages: Vec::new(),
            chosen: false,
            aside: None,
            asked: None,
            counter: counter(context, &waiting[..1]),
            place: None,
            media_room: Vec::new(),
            linked: None,
            author: None,
            identity: IdentityChange::default(),
            offer: None,
            mail: None,
            trace: Vec::new(),
        })
    }

    /// What the bot itself says here, in the language of the conversation, else of the channel.
    pub(crate) fn says(&self) -> &'static HouseTexts {
        in_language(self.settings.language.as_deref().or(self.policy.language.as_deref()))
    }

    /// The row that the turn is named after.
    pub(crate) fn first(&self) -> &'a Entry {
        &self.waiting[0]
    }

    /// The rows that the turn covers.
    pub(crate) fn rows(&self) -> &'a [Entry] {
        &self.waiting[..self.covered]
    }

    /// The rows behind the first one, whether the turn covers them or not.
    pub(crate) fn behind(&self) -> &'a [Entry] {
        &self.waiting[1..]
    }

    /// Lets the turn cover so many rows behind the first one.
    pub(crate) fn cover_behind(&mut self, rows: usize) {
        self.covered = self.waiting.len().min(1 + rows);
        self.counter = counter(self.context, self.rows());
    }

    /// What the assistant wants to be given.
    pub(crate) fn needs(&self) -> Needs {
        self.needs_of(&self.assistant)
    }

    /// What an assistant wants to be given.
    pub(crate) fn needs_of(&self, assistant: &AssistantName) -> Needs {
        self.wiring.blueprint.needs().get(assistant).copied().unwrap_or_default()
    }

    /// Whose memory the turn is, where an assistant is configured to have one for all channels of a person.
    pub(crate) fn shared(&self) -> Option<SharedMemory> {
        let linked = self.linked.as_ref().filter(|_| !self.first().route().kind.is_group())?;
        let of = &self.context.identities.as_ref()?.parts.shared_memory;
        let assistants: Vec<AssistantName> = of.iter().cloned().collect();
        (!assistants.is_empty()).then_some(SharedMemory { identity: linked.id, assistants })
    }

    fn shared_by(&self, assistant: &AssistantName) -> Option<IdentityId> {
        self.shared().filter(|shared| shared.assistants.contains(assistant)).map(|shared| shared.identity)
    }

    /// The history that an assistant has here.
    pub(crate) fn history_of(&self, assistant: &AssistantName) -> HistoryKey {
        self.shared_by(assistant).map_or(self.first().history, IdentityId::history)
    }

    /// Under which conversation an assistant remembers what it remembers here.
    pub(crate) fn memory_of(&self, assistant: &AssistantName) -> ConversationId {
        self.shared_by(assistant).map_or(self.first().conversation, IdentityId::memory)
    }

    /// Puts what was decided in an earlier attempt at the beginning of the trace.
    pub(crate) fn note_before(&mut self, at: Timestamp, what: Decision) {
        self.trace.insert(0, trace::Step::new(at, what));
    }

    /// Adds to the trace of the turn.
    pub(crate) fn note(&mut self, what: Decision) {
        self.trace.push(trace::Step::new(self.context.now(), what));
    }

    /// The trace so far; the draft keeps none of it.
    pub(crate) fn take_trace(&mut self) -> Vec<trace::Step> {
        std::mem::take(&mut self.trace)
    }
}

fn counter(context: &Context, rows: &[Entry]) -> Arc<AttemptCounter> {
    let conversation = rows[0].conversation;
    let mark = AttemptMark { conversation, rows: rows.iter().map(|row| row.sequence).collect() };
    // A row of an earlier run may be what ended it, before its mark was on disk.
    let first = rows.iter().all(|row| row.attempts == 0 && context.sequences.of_this_run(row.sequence));
    Arc::new(AttemptCounter::new(Arc::clone(&context.store), mark, first, rows[0].attempts > 0))
}

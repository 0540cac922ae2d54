//! One attempt at one turn: fetch and hear, ask, and make the settlement. It decides nothing that a
//! pure module could.

use super::steps::content::{self, Taken};
use super::order::{Order, group, overtaken};
use super::{settle, typing};
use crate::context::{AccountCard, Context};
use crate::decide::addressing::calls_us;
use crate::decide::notices::Notice;
use crate::decide::render::{Occasion, render};
use crate::decide::restart::doubled;
use crate::decide::status::AccountStatus;
use crate::mailbox::attempt_counter::AttemptCounter;
use crate::mailbox::conversations::TurnEnd;
use greenroom_contract::assistant::{Answer, AssistantError, Content, Needs, PastTurn, Turn, TurnFailure, TurnMessage};
use greenroom_contract::ids::{AssistantName, MessageId, TurnId};
use greenroom_contract::limits;
use greenroom_contract::message::{Body, Inbound};
use greenroom_contract::outbound::OutboundBody;
use greenroom_contract::store::{Entry, EntryKind, Outcome, ParcelKind, Settlement, StoreError, WakeDraft};
use greenroom_contract::time::Timestamp;
use greenroom_contract::trace::{Decision, Ignored, Step};
use greenroom_support::fail_point;
use std::sync::Arc;
use std::time::Duration;

/// One attempt at one turn.
pub(crate) struct Attempt<'a> {
    pub(crate) context: &'a Arc<Context>,
    pub(crate) card: &'a AccountCard,
    pub(crate) rows: &'a [Entry],
    pub(crate) counter: Arc<AttemptCounter>,
    pub(crate) assistant: AssistantName,
    pub(crate) needs: Needs,
    pub(crate) listens: bool,
    pub(crate) steps: Vec<Step>,
    /// When the assistant was asked; what was overheard up to then was given to it.
    pub(crate) asked_at: Option<Timestamp>,
}

impl Attempt<'_> {
    pub(crate) async fn run(mut self, order: &Order) -> TurnEnd {
        let route = self.first().route();
        let message = self.first_message().map(|inbound| inbound.key.message.clone());
        let (context, rows) = (Arc::clone(self.context), self.rows);
        let halted = context.stages.halting.cancelled();
        let overtaken = overtaken(&context, rows, order);
        // Listening for a name must not show typing: nobody may notice it.
        let silent = self.listens;
        let prepared = tokio::select! {
            biased;
            () = halted => None,
            () = overtaken => Some(Err(TurnEnd::Interrupted)),
            prepared = async {
                if silent { self.prepare().await } else { typing::shown(&context, &route, message.as_ref(), self.prepare()).await }
            } => Some(prepared),
        };
        // The commit stands outside: once it is under way nothing may cut it off from its bell.
        match prepared {
            Some(Ok(settlement)) => {
                let heard_until = self.asked_at.filter(|_| route.kind.is_group());
                let end = settle::commit(self.context, self.card, settlement).await;
                if let Some(until) = heard_until {
                    context.books.overheard.lock().forget_given(&route.account, &route.chat, until);
                }
                end
            }
            Some(Err(TurnEnd::Interrupted)) => self.withdraw(TurnEnd::Interrupted).await,
            Some(Err(end)) => end,
            None => self.withdraw(TurnEnd::Nothing).await,
        }
    }

    fn first(&self) -> &Entry {
        &self.rows[0]
    }

    fn first_message(&self) -> Option<&Inbound> {
        match &self.first().kind {
            EntryKind::Message(inbound) => Some(inbound),
            EntryKind::Wake { .. } => None,
        }
    }

    async fn withdraw(&self, end: TurnEnd) -> TurnEnd {
        self.counter.uncount().await;
        end
    }

    fn note(&mut self, what: Decision) {
        let at = self.context.now();
        self.steps.push(Step::new(at, what));
    }

    /// Everything up to the settlement; `Err` if the turn ended otherwise.
    async fn prepare(&mut self) -> Result<Settlement, TurnEnd> {
        let messages = match self.take_in().await? {
            Ok(messages) => messages,
            Err(settlement) => return Ok(settlement),
        };
        let turn = match self.turn(messages).await {
            Ok(turn) => turn,
            Err(error) => {
                tracing::warn!(%error, "the history cannot be read now");
                return Err(TurnEnd::Again { after: limits::TURN_RETRY_PAUSE });
            }
        };
        let asked_text = turn.text();
        let asked_at = turn.now;
        self.asked_at = Some(asked_at);
        let mut answer = match self.ask(turn).await {
            Ok(answer) => answer,
            Err(error) => return self.failed(&error).await,
        };
        if self.card.channel.capabilities.voice.is_there() {
            let mut degraded = Vec::new();
            self.context.voice_note_encoder.voiced(&mut answer.replies, &mut degraded).await;
            for what in degraded {
                self.note(Decision::Degraded { what });
            }
        }
        fail_point!(TurnAnswered);
        let (person, group) = (self.first().person, group(self.first()));
        self.context.books.rates.lock().count(person, group, asked_at);
        Ok(self.settlement(answer, asked_text, asked_at.0))
    }

    /// Fetches and hears. Rows that cannot be taken in are left out, unless none remains; then the
    /// first of them is settled without an answer.
    async fn take_in(&mut self) -> Result<Result<Vec<TurnMessage>, Settlement>, TurnEnd> {
        let mut messages = Vec::with_capacity(self.rows.len());
        let mut last_refusal = None;
        for entry in self.rows {
            let inbound = match &entry.kind {
                EntryKind::Message(inbound) => inbound,
                EntryKind::Wake { token, .. } => {
                    messages.push(wake_message(entry, token));
                    continue;
                }
            };
            let taken = content::take(self.context, self.card, &inbound.body, self.needs, &self.counter).await;
            match taken {
                Taken::Content(content, step) => {
                    if let Some(step) = step {
                        self.note(step);
                    }
                    messages.push(turn_message(inbound, content));
                }
                Taken::Later { reason } => {
                    if let Some(after) = self.later(entry, &reason) {
                        return Err(self.withdraw(TurnEnd::Again { after }).await);
                    }
                    self.note(Decision::NotTaken { reason });
                    last_refusal = Some(Ok(too_late(&inbound.body)));
                }
                Taken::Ignore(reason, step) => {
                    if let Some(step) = step {
                        self.note(step);
                    }
                    last_refusal = Some(Err(reason));
                }
                Taken::Notice(notice, step) => {
                    self.note(step);
                    last_refusal = Some(Ok(notice));
                }
            }
        }
        if self.listens && !messages.iter().any(|message| self.is_called(message)) {
            last_refusal = Some(Err(Ignored::NotAddressed));
            messages.clear();
        }
        match last_refusal {
            Some(refusal) if messages.is_empty() => Ok(Err(self.refuse(refusal))),
            _ => Ok(Ok(messages)),
        }
    }

    fn is_called(&self, message: &TurnMessage) -> bool {
        message.content.words().is_some_and(|words| calls_us(&self.card.channel.policy, words))
    }

    /// The end of the first row, which cannot be answered; the others come in their turn.
    fn refuse(&mut self, refusal: Result<Notice, Ignored>) -> Settlement {
        let steps = std::mem::take(&mut self.steps);
        match refusal {
            Ok(notice) => settle::noticed(self.context, self.first(), &notice, Outcome::Answered, steps),
            Err(reason) => settle::ignored(self.context, self.first(), reason, steps),
        }
    }

    /// How long to wait for better weather; `None` if that was long enough. Time without a connection
    /// does not count: nothing could have been fetched.
    fn later(&self, entry: &Entry, reason: &str) -> Option<Duration> {
        tracing::info!(conversation = %entry.conversation, %reason, "a message cannot be prepared yet");
        let vitals = self.card.vitals.lock().clone();
        if vitals.status != AccountStatus::Connected {
            return Some(limits::TURN_RETRY_PAUSE);
        }
        let age = self.context.now().since(entry.accepted_at.max(vitals.since));
        let pause = (age / 2).clamp(limits::TURN_RETRY_PAUSE, limits::RESTART_PAUSE_MAX);
        (age < limits::INTAKE_AGE_MAX).then_some(pause)
    }

    async fn turn(&self, messages: Vec<TurnMessage>) -> Result<Turn, StoreError> {
        let first = self.first();
        let store = &self.context.store;
        let turns_max = self.needs.history_turns.min(limits::HISTORY_TURNS_MAX);
        let history = if turns_max == 0 { Vec::new() } else { store.recent(first.history, turns_max).await? };
        let state = store.state(first.conversation, &self.assistant).await?;
        let route = first.route();
        let now = self.context.now();
        let overheard = if route.kind.is_group() {
            self.context.books.overheard.lock().lines(&route.account, &route.chat, now)
        } else {
            Vec::new()
        };
        let (id, assistant, sender) = (TurnId::from(first.sequence), self.assistant.clone(), first.sender().clone());
        let mut turn = Turn::new(id, assistant, first.conversation, first.person, route, sender, messages);
        turn.attempt = first.attempts + 1;
        turn.history = history;
        turn.overheard = overheard;
        turn.state = state;
        turn.now = now;
        Ok(turn)
    }

    /// Asks, and asks again whoever the turn is handed over to.
    async fn ask(&mut self, mut turn: Turn) -> Result<Answer, TurnFailure> {
        let mut spoken = Vec::new();
        for _ in 0..=limits::HAND_OVERS_MAX {
            let name = turn.assistant.clone();
            self.note(Decision::Asked { assistant: name.clone(), attempt: turn.attempt });
            let mut answer = self.context.ask(&name, turn.clone(), &self.counter).await?;
            let Some(next) = answer.hand_over.take().filter(|next| *next != name) else {
                self.assistant = name;
                spoken.append(&mut answer.replies);
                answer.replies = spoken;
                return Ok(answer);
            };
            spoken.append(&mut answer.replies);
            self.note(Decision::HandedOver { to: next.clone() });
            let state = self.context.store.state(turn.conversation, &next).await;
            turn.state = state.map_err(|error| AssistantError::Retry { reason: error.into(), after: None })?;
            turn.assistant = next;
        }
        let reason = format!("handed over more than {} times", limits::HAND_OVERS_MAX).into();
        Err(AssistantError::Permanent { reason }.into())
    }

    /// What follows a failure: another attempt after a pause, or quarantine.
    async fn failed(&mut self, error: &TurnFailure) -> Result<Settlement, TurnEnd> {
        // A failure counts, wherever it happened.
        if let Err(error) = self.counter.count().await {
            tracing::warn!(%error, "an attempt cannot be counted now");
            return Err(TurnEnd::Again { after: limits::TURN_RETRY_PAUSE });
        }
        let attempts = self.first().attempts + 1;
        self.note(Decision::Failed { reason: error.to_string() });
        let permanent = matches!(error, TurnFailure::Assistant(AssistantError::Permanent { .. }));
        if permanent || attempts >= limits::ATTEMPTS_MAX {
            let steps = std::mem::take(&mut self.steps);
            return Ok(settle::quarantined(self.context, self.rows, error.to_string(), steps));
        }
        tracing::warn!(conversation = %self.first().conversation, attempt = attempts, %error, "a turn failed and is tried again");
        let least = match error {
            TurnFailure::Assistant(AssistantError::Retry { after: Some(after), .. }) => {
                (*after).min(limits::RECONNECT_PAUSE_MAX)
            }
            _ => Duration::ZERO,
        };
        let pause = doubled(limits::TURN_RETRY_PAUSE, attempts - 1, limits::RESTART_PAUSE_MAX);
        Err(TurnEnd::Again { after: pause.max(least) })
    }

    fn settlement(&mut self, answer: Answer, asked: String, asked_at_ms: u64) -> Settlement {
        let now = self.context.now();
        let first = self.first();
        let route = first.route();
        let message = self.rows.iter().rev().find_map(|row| message_id(row));
        let occasion = Occasion { message, in_group: route.kind.is_group() };
        let answered = answer.replies.iter().filter_map(|reply| words(&reply.body)).collect::<Vec<_>>().join("\n\n");
        let rendered = render(answer.replies, &self.card.channel.capabilities, occasion);
        let mut parcels = Vec::with_capacity(rendered.parts.len());
        for part in rendered.parts {
            let mut draft = settle::draft(first, ParcelKind::Reply, part.body, now);
            draft.reply_to = part.reply_to;
            parcels.push(draft);
        }
        let wakes = answer.wake.into_iter().take(limits::WAKES_PER_TURN_MAX).map(|wake| WakeDraft {
            at: wake.at,
            token: wake.token,
            assistant: self.assistant.clone(),
            route: route.clone(),
            sender: first.sender().clone(),
        });
        let history = PastTurn { at: now, name: first.sender().name.clone(), asked, answered };
        let mut settlement = Settlement {
            rows: self.counter.mark().rows.clone(),
            history: Some((first.history, history)),
            state: answer.state.map(|state| (self.assistant.clone(), state)),
            wakes: wakes.collect(),
            ..settle::blank(first, now)
        };
        for what in rendered.degraded {
            self.note(Decision::Degraded { what });
        }
        self.note(Decision::Answered { took_ms: now.0.saturating_sub(asked_at_ms), parcels: parcels.len() });
        settlement.parcels = parcels;
        settlement.steps = std::mem::take(&mut self.steps);
        settlement
    }
}

/// What is said about something that could not be fetched for long.
fn too_late(body: &Body) -> Notice {
    if matches!(body, Body::Voice { .. }) { Notice::NotHeard } else { Notice::NotSeen }
}

fn message_id(entry: &Entry) -> Option<&MessageId> {
    match &entry.kind {
        EntryKind::Message(inbound) => Some(&inbound.key.message),
        EntryKind::Wake { .. } => None,
    }
}

fn turn_message(inbound: &Inbound, content: Content) -> TurnMessage {
    TurnMessage {
        message: inbound.key.message.clone(),
        sent_at: inbound.sent_at,
        quote: inbound.quote.clone(),
        content,
    }
}

fn wake_message(entry: &Entry, token: &str) -> TurnMessage {
    // A wake-up has no message on the network; its row names it.
    let message = MessageId::new(format!("wake-{}", entry.sequence)).expect("a short text is a valid id");
    TurnMessage { message, sent_at: entry.accepted_at, quote: None, content: Content::Wake { token: token.to_owned() } }
}

fn words(body: &OutboundBody) -> Option<&str> {
    match body {
        OutboundBody::Text(text) => Some(text),
        OutboundBody::Image { caption, .. } => caption.as_deref(),
        OutboundBody::Voice { .. } => Some("(voice note)"),
        OutboundBody::Reaction { emoji, .. } => emoji.as_deref(),
    }
}

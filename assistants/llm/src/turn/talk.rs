//! A turn, in order: what is remembered, what is offered, asking and calling, the answer.

use super::asked::{Asked, Which};
use super::attempts::Attempt;
use super::calls::{Confirmed, Waiting};
use super::outcome::{self, Said};
use super::progress::Progress;
use super::{calls, due, summary};
use crate::assistant::Llm;
use crate::limits::{ASK_TIME_MIN, OFFERS_TIMEOUT, SHORTENED_MAX, SUMMARY_GRACE, TURN_RESERVE_MAX};
use crate::phrases::{self, Phrases};
use crate::picture;
use crate::prompt::words_of;
use crate::round::Round;
use crate::state::{Memory, Pending};
use crate::tokens;
use crate::tools::catalog::Catalog;
use crate::tools::confirm::{self, Reply};
use futures::FutureExt as _;
use futures::future::join_all;
use greenroom_contract::assistant::{Answer, AssistantError, Content, Turn};
use greenroom_contract::choices::Choices;
use greenroom_contract::ids::ToolServerName;
use greenroom_contract::model::{Asking, Completion, Ended, LanguageModel, ModelError, Prompt};
use greenroom_contract::text::is_blank;
use greenroom_contract::tools::{ToolOffer, ToolServer};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// Answers a turn.
///
/// # Errors
/// The model is away, or the time of the turn is over.
pub(crate) async fn answered(llm: &Llm, turn: &Turn) -> Result<Answer, AssistantError> {
    let reserve = (turn.answer_within / 10).min(TURN_RESERVE_MAX);
    let until = llm.clock.instant() + turn.answer_within.saturating_sub(reserve);
    let phrases = phrases::of(turn.language.as_deref());
    let (before, was_dropped) = Memory::read(turn.state.as_ref());
    let mut memory = before.clone();
    let mut attempt = llm.kept.attempts.resume(turn);
    if attempt.is_doubtful {
        attempt.remark("an earlier attempt ended with its process; what it called is not known here");
    }
    if was_dropped {
        attempt.remark("what was remembered in this conversation could not be read and was dropped");
    }
    let Some(model) = llm.models.model(&llm.config.model) else {
        let reason = format!("there is no model {} at present", llm.config.model);
        return Err(AssistantError::Unavailable { reason: reason.into(), after: None });
    };
    let mut notes = Vec::new();
    let confirmed = confirmed(&mut memory, turn, &mut attempt, &mut notes);
    llm.kept.summaries.give(turn, &mut memory);
    let asked = prepared(llm, turn, model.as_ref(), memory, notes, &mut attempt, until).await;
    let making = summary::begun(llm, &model, turn, &asked.memory, asked.fallen());
    let (said, pending) = talk(&asked, model.as_ref(), &mut attempt, confirmed, until, phrases).await?;
    let mut memory = asked.memory;
    if let Some(making) = making {
        let left = until.saturating_duration_since(llm.clock.instant());
        let has_ended = timeout(SUMMARY_GRACE.min(left), making).await.is_ok();
        if has_ended && !llm.kept.summaries.give(turn, &mut memory) {
            attempt.remark("the summary of earlier talk could not be made; it is tried in a later turn");
        }
    }
    if pending.is_some() {
        memory.pending = pending;
    }
    let is_spent = matches!(said, Said::Program(sentence) if sentence == phrases.over_budget);
    let is_told = is_spent && !memory.tells_spent(turn.person, turn.now);
    // Where no one wrote, what is due is said, and nothing about the model.
    let is_unasked = matches!(said, Said::Program(_)) && due::is_all(turn);
    let said = if is_told || is_unasked { Said::Nothing } else { said };
    finished(turn, said, &attempt, &memory, (&before, was_dropped), phrases)
}

#[allow(clippy::unnecessary_wraps, reason = "it is the end of a function that can fail")]
fn finished(
    turn: &Turn,
    said: Said,
    attempt: &Attempt<'_>,
    memory: &Memory,
    (before, was_dropped): (&Memory, bool),
    phrases: &Phrases,
) -> Result<Answer, AssistantError> {
    let mut answer = outcome::answer(turn, said, attempt, phrases);
    answer.state = memory.written(before, was_dropped);
    Ok(answer)
}

/// The calls that waited for a yes and got it. Anything else of the same person ends them.
fn confirmed(memory: &mut Memory, turn: &Turn, progress: &mut Progress, notes: &mut Vec<String>) -> Option<Confirmed> {
    let pending = memory.pending.take()?;
    let reply = turn.messages.iter().find_map(|message| match &message.content {
        Content::Choice { id, .. } => confirm::reply(&pending.id, id),
        _ => None,
    });
    let is_open = pending.is_open(turn.now);
    let is_other = pending.person != turn.person || due::is_all(turn);
    if is_other && is_open {
        if reply.is_some() && pending.person != turn.person {
            notes.push("Only the person who was asked can agree to the call; it was not made.".to_owned());
        }
        memory.pending = Some(pending);
        return None;
    }
    let tools = pending.tools().join(", ");
    match reply {
        Some(Reply::Yes) if is_open && !is_other => {
            let round = pending.rounds.len().checked_sub(1)?;
            // A further attempt has made some of the calls already.
            if progress.rounds.len() < pending.rounds.len() {
                progress.rounds = pending.rounds;
            }
            return Some(Confirmed { round, paths: pending.paths });
        }
        Some(Reply::No) => notes.push(format!("The person said no: {tools} was not called.")),
        _ if !is_open => notes.push(format!("The question about {tools} is too old: it was not called.")),
        _ => notes.push(format!("The person wrote something else instead of a yes: {tools} was not called.")),
    }
    None
}

/// All that the prompts of the turn are made from.
async fn prepared<'a>(
    llm: &'a Llm,
    turn: &'a Turn,
    model: &dyn LanguageModel,
    memory: Memory,
    notes: Vec<String>,
    progress: &mut Attempt<'_>,
    until: Instant,
) -> Asked<'a> {
    let traits = model.traits();
    let left = until.saturating_duration_since(llm.clock.instant());
    let within = OFFERS_TIMEOUT.min(left / 4);
    let names = if traits.tools { llm.config.tools.as_slice() } else { &[] };
    let servers: Vec<_> = names.iter().map(|name| offered(llm, name, within).boxed()).collect();
    let (offers, owner) = futures::join!(join_all(servers), llm.owner.text());
    let (mut catalog, mut away) = (Catalog::default(), Vec::new());
    for (name, offered) in names.iter().zip(offers) {
        match offered {
            Some((server, offers)) => catalog.add(&server, &offers),
            None => away.push(name.to_string()),
        }
    }
    for name in &away {
        progress.remark(format!("the tool server {name} is away; it was answered without its tools"));
    }
    if catalog.left_out > 0 {
        progress.remark(format!("{} tool(s) are not offered: too many, or too large a declaration", catalog.left_out));
    }
    let pictures = if llm.config.images && traits.images {
        picture::prepared(&turn.messages, llm.config.image_side, &llm.decodings).await
    } else {
        std::collections::BTreeMap::new()
    };
    let is_due = turn.messages.iter().any(|message| matches!(message.content, Content::Wake { .. }));
    let is_doubtful = progress.is_doubtful;
    Asked { llm, turn, traits, memory, owner, pictures, notes, catalog, away, is_due, is_doubtful }
}

/// A tool server and what it offers; `None` if it is away.
async fn offered(
    llm: &Llm,
    name: &ToolServerName,
    within: Duration,
) -> Option<(Arc<dyn ToolServer>, Arc<[ToolOffer]>)> {
    let server = llm.tools.server(name)?;
    let offers = timeout(within, server.offers(within)).await.ok()?.ok()?;
    Some((server, offers))
}

/// What is said in the end, and what waits for a yes.
type Ending = (Said, Option<Pending>);

async fn talk(
    asked: &Asked<'_>,
    model: &dyn LanguageModel,
    progress: &mut Progress,
    confirmed: Option<Confirmed>,
    until: Instant,
    phrases: &'static Phrases,
) -> Result<Ending, AssistantError> {
    let mut which = Which::default();
    loop {
        if progress.open_round().is_some() {
            let place = progress.rounds.len().checked_sub(1);
            let confirmed = confirmed.as_ref().filter(|confirmed| Some(confirmed.round) == place);
            let waiting = calls::made(asked, progress, confirmed, until).await?;
            if !waiting.at.is_empty() {
                if let Some(ending) = question(asked, progress, &waiting, phrases) {
                    return Ok(ending);
                }
                calls::left(progress, "the person has to agree to this, and it is too much to ask about");
            }
        }
        if progress.effects.end_the_turn() {
            return Ok((ended(progress, phrases), None));
        }
        let rounds = u32::try_from(progress.rounds.len()).unwrap_or(u32::MAX);
        which.is_last = rounds >= asked.llm.config.rounds_max && rounds > 0;
        let prompt = asked.prompt(progress, which);
        let completion = match ask(asked, model, &prompt, until).await {
            Ok(completion) => completion,
            Err(ModelError::TooLong { .. }) if which.shortened < SHORTENED_MAX => {
                asked.llm.calibration.too_low();
                which.shortened += 1;
                continue;
            }
            Err(error) => return failed(asked.turn, progress, error, phrases).map(|said| (said, None)),
        };
        if let [one] = completion.usage.as_slice() {
            asked.llm.calibration.observe(tokens::of_prompt(&prompt), one.tokens_in);
        }
        let words = words_of(&completion.said);
        match completion.ended {
            Ended::Refused => {
                progress.remark("the model declined to answer");
                return Ok((Said::Program(phrases.refused), None));
            }
            Ended::Cut if !is_blank(&words) => {
                progress.remark("the answer reached the limit of its tokens and was cut");
                return Ok((Said::Cut(words), None));
            }
            Ended::Calls if !which.is_last && !completion.said.calls.is_empty() => {
                progress.rounds.push(Round::new(completion.said));
                which.was_empty = false;
            }
            _ if !is_blank(&words) => return Ok((Said::Words(words), None)),
            _ if progress.effects.are_seen() => return Ok((Said::Nothing, None)),
            _ if which.was_empty => {
                progress.remark("the model said nothing, twice");
                return Ok((Said::Program(phrases.empty), None));
            }
            _ => which.was_empty = true,
        }
    }
}

/// Asks the model, within the time that is left.
async fn ask(
    asked: &Asked<'_>,
    model: &dyn LanguageModel,
    prompt: &Prompt,
    until: Instant,
) -> Result<Completion, ModelError> {
    let within = until.saturating_duration_since(asked.llm.clock.instant());
    let late =
        || ModelError::Unavailable { model: model.name().to_string(), what: "the time of the turn is over".to_owned() };
    if within < ASK_TIME_MIN {
        return Err(late());
    }
    let asking = Asking { within, conversation: Some(asked.turn.conversation), person: Some(asked.turn.person) };
    timeout(within, model.ask_on(prompt, asking, &asked.turn.bill)).await.unwrap_or_else(|_| Err(late()))
}

/// What is said where the model said nothing.
///
/// # Errors
/// It may answer later.
fn failed(turn: &Turn, progress: &mut Progress, error: ModelError, phrases: &Phrases) -> Result<Said, AssistantError> {
    let said = match &error {
        ModelError::OverBudget { .. } => Said::Program(phrases.over_budget),
        ModelError::Refused { .. } => Said::Program(phrases.refused),
        ModelError::TooLong { .. } => Said::Program(phrases.too_long),
        // A reminder is said without a model.
        _ if due::is_all(turn) => Said::Nothing,
        // What its owner has to put right counts as an outage too: the message waits, and is answered then.
        ModelError::Busy { after, .. } => {
            let after = *after;
            return Err(AssistantError::Unavailable { reason: error.into(), after });
        }
        _ => return Err(AssistantError::Unavailable { reason: error.into(), after: None }),
    };
    progress.remark(error.to_string());
    Ok(if due::is_all(turn) { Said::Nothing } else { said })
}

/// What is said where a tool of the assistant's own ended the turn.
fn ended(progress: &Progress, phrases: &Phrases) -> Said {
    let effects = &progress.effects;
    let words = progress.rounds.last().map(|round| words_of(&round.said)).unwrap_or_default();
    let to_human = effects
        .hand_over
        .as_ref()
        .is_some_and(|hand_over| hand_over.to == greenroom_contract::assistant::Receiver::Human);
    match effects.hand_over {
        Some(_) if !is_blank(&words) => Said::Words(words),
        Some(_) if to_human => Said::Program(phrases.to_human),
        _ => Said::Nothing,
    }
}

/// The question whether the calls at these places are to be made; `None` if they are too large to be kept.
fn question(asked: &Asked<'_>, progress: &Progress, waiting: &Waiting, phrases: &Phrases) -> Option<Ending> {
    let round = progress.rounds.last()?;
    let calls = waiting.at.iter().filter_map(|at| round.said.calls.get(*at));
    let calls: Vec<_> = calls.filter_map(|call| Some((asked.catalog.find(&call.name)?, call))).collect();
    let mut random = [0_u8; 8];
    getrandom::fill(&mut random).ok()?;
    let id = format!("confirm/{}", hex::encode(random));
    let paths = calls.iter().map(|(entry, call)| (call.id.clone(), entry.path())).collect();
    let rounds = progress.rounds.clone();
    let pending = Pending { id, person: asked.turn.person, at: asked.turn.now, rounds, paths };
    let pending = pending.within_limit()?;
    let choices: Choices = confirm::question(&pending.id, &calls, waiting.in_doubt, phrases);
    Some((Said::Question { before: words_of(&round.said), choices }, Some(pending)))
}

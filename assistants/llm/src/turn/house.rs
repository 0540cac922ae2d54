//! The calls of the assistant's own tools. What they do becomes part of the answer and is committed with it, or not at all.

use super::due;
use super::progress::Progress;
use crate::limits::CAPTION_BYTES_MAX;
use crate::moment;
use crate::prompt::cleaned;
use crate::reminders::{Asker, Reminder, Wanted, listed};
use crate::tools::house::{
    CANCEL_REMINDER, HAND_OVER, HUMAN, LIST_REMINDERS, REACT, REMIND_ME, SEND_FILE, STAY_SILENT, emoji,
};
use greenroom_contract::assistant::{HandOver, Receiver, Reply, Turn, Wake};
use greenroom_contract::capabilities::Ability;
use greenroom_contract::limits::{
    MEDIA_PER_TURN_BYTES_MAX, REPLIES_PER_TURN_MAX, WAKES_PER_CONVERSATION_MAX, WAKES_PER_TURN_MAX,
};
use greenroom_contract::model::ToolCall;
use greenroom_contract::outbound::OutboundBody;
use serde::Deserialize;
use serde::de::DeserializeOwned;

#[derive(Deserialize)]
struct Number {
    number: u32,
}

#[derive(Deserialize)]
struct To {
    to: String,
}

#[derive(Deserialize)]
struct Emoji {
    emoji: String,
}

#[derive(Deserialize)]
struct Sent {
    number: usize,
    #[serde(default)]
    caption: Option<String>,
}

/// What a call of one of these tools does, and says to the model.
///
/// # Errors
/// What is wrong with the call, for the model.
pub(super) fn run(
    call: &ToolCall,
    turn: &Turn,
    progress: &mut Progress,
    hand_over_to: &[String],
) -> Result<String, String> {
    match call.name.as_str() {
        REMIND_ME => remind(read(call)?, turn, progress),
        LIST_REMINDERS => Ok(list(turn, progress)),
        CANCEL_REMINDER => cancel(read::<Number>(call)?.number, turn, progress),
        HAND_OVER => hand_over(&read::<To>(call)?.to, progress, hand_over_to),
        REACT => react(&read::<Emoji>(call)?.emoji, progress),
        SEND_FILE => send(read(call)?, turn, progress),
        STAY_SILENT => {
            progress.effects.is_silent = true;
            Ok("Nothing will be said.".to_owned())
        }
        _ => Err("there is no tool of this name".to_owned()),
    }
}

fn read<T: DeserializeOwned>(call: &ToolCall) -> Result<T, String> {
    serde_json::from_value(call.arguments.clone()).map_err(|error| format!("the arguments are wrong: {error}"))
}

/// The wake-ups that will wait after this turn.
fn waiting(turn: &Turn, progress: &Progress) -> Vec<Wake> {
    let earlier = turn.wakes.iter().cloned().chain(due::next(turn));
    let kept = earlier.filter(|wake| !progress.effects.cancelled.contains(&wake.token));
    kept.chain(progress.effects.wakes.iter().cloned()).collect()
}

#[allow(clippy::similar_names, reason = "each is the word for it")]
fn remind(wanted: Wanted, turn: &Turn, progress: &mut Progress) -> Result<String, String> {
    let waiting = waiting(turn, progress);
    let in_this_turn = progress.effects.wakes.len() + due::next(turn).len();
    if waiting.len() >= WAKES_PER_CONVERSATION_MAX {
        return Err("there are too many reminders here; one has to be cancelled first".to_owned());
    }
    if in_this_turn >= WAKES_PER_TURN_MAX {
        return Err(
            "that are too many reminders in one answer; the rest can be asked for in the next message".to_owned()
        );
    }
    let taken: Vec<u32> = listed(&waiting).iter().map(|(reminder, _)| reminder.number).collect();
    let number = (1..u32::MAX).find(|number| !taken.contains(number)).unwrap_or(u32::MAX);
    let asker = Asker { now: turn.now, zone: turn.time_zone.as_deref(), who: turn.sender.name.as_deref() };
    let (reminder, due) = Reminder::planned(wanted, number, &asker)?;
    let token = reminder.token().ok_or("text is too long")?;
    progress.effects.cancelled.retain(|cancelled| *cancelled != token);
    progress.effects.wakes.push(Wake { at: due, token });
    Ok(format!("Noted. {}", reminder.line(due, &moment::zone(turn.time_zone.as_deref()))))
}

fn list(turn: &Turn, progress: &Progress) -> String {
    let zone = moment::zone(turn.time_zone.as_deref());
    let waiting = waiting(turn, progress);
    let lines: Vec<String> = listed(&waiting).iter().map(|(reminder, due)| reminder.line(*due, &zone)).collect();
    if lines.is_empty() { "There are no reminders here.".to_owned() } else { lines.join("\n") }
}

fn cancel(number: u32, turn: &Turn, progress: &mut Progress) -> Result<String, String> {
    let waiting = waiting(turn, progress);
    let found = waiting.iter().find(|wake| Reminder::from_token(&wake.token).is_some_and(|one| one.number == number));
    let token = found.ok_or_else(|| format!("there is no reminder with the number {number}"))?.token.clone();
    progress.effects.wakes.retain(|wake| wake.token != token);
    if turn.wakes.iter().chain(&due::next(turn)).any(|wake| wake.token == token) {
        progress.effects.cancelled.push(token);
    }
    Ok(format!("The reminder {number} is cancelled."))
}

fn hand_over(to: &str, progress: &mut Progress, allowed: &[String]) -> Result<String, String> {
    if !allowed.iter().any(|name| name == to) {
        return Err(format!("to must be one of: {}", allowed.join(", ")));
    }
    // A human has an hour: a model that is talked into it must not silence the bot for good.
    progress.effects.hand_over = Some(if to == HUMAN {
        HandOver { to: Receiver::Human, stays: false }
    } else {
        let to = to.parse().map_err(|_| "that is not a name of an assistant".to_owned())?;
        HandOver { to: Receiver::Assistant(to), stays: true }
    });
    Ok("Handed over.".to_owned())
}

fn react(written: &str, progress: &mut Progress) -> Result<String, String> {
    let emoji = emoji(written).ok_or("emoji must be one emoji")?;
    progress.effects.reaction = Some(emoji.to_owned());
    Ok("The emoji will be shown.".to_owned())
}

fn send(wanted: Sent, turn: &Turn, progress: &mut Progress) -> Result<String, String> {
    let file = wanted.number.checked_sub(1).and_then(|at| progress.files.get(at)).cloned();
    let file = file.ok_or_else(|| format!("there is no file with the number {}", wanted.number))?;
    let held: usize =
        progress.effects.sent.iter().filter_map(|reply| reply.body.media()).map(|media| media.bytes.len()).sum();
    let is_full = progress.effects.sent.len() + 4 > REPLIES_PER_TURN_MAX
        || held + file.media.bytes.len() > MEDIA_PER_TURN_BYTES_MAX;
    if is_full {
        return Err("that is more than can be sent in one answer".to_owned());
    }
    let caption =
        wanted.caption.map(|caption| cleaned(&caption, CAPTION_BYTES_MAX)).filter(|caption| !caption.is_empty());
    let is_picture = file.media.mime.starts_with("image/");
    let body = if is_picture && turn.can.contains(&Ability::Images) {
        OutboundBody::Image { media: file.media, caption }
    } else if turn.can.contains(&Ability::Documents) {
        let name = file.name.unwrap_or_else(|| crate::phrases::of(turn.language.as_deref()).file.to_owned());
        OutboundBody::Document { media: file.media, name, caption }
    } else {
        return Err("this chat cannot show such a file".to_owned());
    };
    progress.effects.sent.push(Reply::new(body));
    Ok("It will be sent with your answer.".to_owned())
}

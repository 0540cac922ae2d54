//! An assistant that is slow, fails, crashes, hangs, is away, hands over, stays, forgets, remembers, spends and asks to be
//! woken, and what it was asked.

use crate::support::rng::Rng;
use async_trait::async_trait;
use bytes::Bytes;
use greenroom_contract::assistant::{
    Answer, Assistant, AssistantError, Content, HandOver, Needs, Receiver, Reply, Turn, Usage, Wake,
};
use greenroom_contract::message::Media;
use greenroom_contract::outbound::OutboundBody;
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// The assistant of every channel.
pub(crate) const HELPER: &str = "helper";
/// The one to whom it hands over.
pub(crate) const OTHER: &str = "other";

/// What a turn is about: a message, by the number in its words, or a wake-up, by the number of the message whose answer
/// asked for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum About {
    Message(u64),
    Wake(u64),
}

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(number) => write!(f, "m{number}"),
            Self::Wake(number) => write!(f, "w{number}"),
        }
    }
}

impl About {
    fn read(text: &str) -> Option<Self> {
        let number = |text: &str| text.parse().ok();
        let message = || text.strip_prefix('m').and_then(number).map(Self::Message);
        text.strip_prefix('w').and_then(number).map(Self::Wake).or_else(message)
    }
}

/// What an answer shows of itself, one line of words: which turn, which part of how many, and how many answers of this
/// assistant the conversation remembers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) lead: About,
    /// Everything that the turn is about.
    pub(crate) covers: Vec<About>,
    pub(crate) part: u64,
    pub(crate) parts: u64,
    pub(crate) by: String,
    pub(crate) remembered: u64,
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let covers: Vec<_> = self.covers.iter().map(About::to_string).collect();
        let covers = covers.join("+");
        write!(f, "answer {} {covers} {} {} {} {}", self.lead, self.part, self.parts, self.by, self.remembered)
    }
}

impl Shown {
    /// Reads it back; `None` for anything else, such as a notice.
    pub(crate) fn read(words: &str) -> Option<Self> {
        let mut fields = words.split_whitespace();
        if fields.next()? != "answer" {
            return None;
        }
        let lead = About::read(fields.next()?)?;
        let covers = fields.next()?.split('+').filter_map(About::read).collect();
        let part = fields.next()?.parse().ok()?;
        let parts = fields.next()?.parse().ok()?;
        let by = fields.next()?.to_owned();
        Some(Self { lead, covers, part, parts, by, remembered: fields.next()?.parse().ok()? })
    }
}

/// How many parts the answer has, where this is the first message of its turn.
pub(crate) fn parts_of(lead: u64) -> u64 {
    if lead % 17 == 16 { 0 } else { 1 + lead % 3 }
}

/// How long after the answer to it a message leads to a wake-up.
pub(crate) fn wake_after(lead: u64) -> Option<Duration> {
    (lead % 7 == 3).then(|| Duration::from_secs(lead * 37 % 600 + 1))
}

/// What became of attempts.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// How many attempts failed by themselves. Every other one was answered, or cut by a death.
    pub(crate) failed: HashMap<About, u64>,
    /// Wake-ups that were asked for in an answer, whether or not that was stored.
    pub(crate) wakes: BTreeSet<u64>,
    /// Nothing fails any more.
    pub(crate) calm: bool,
    /// What no turn may be.
    pub(crate) wrong: Vec<String>,
}

pub(crate) type Ledger = Arc<Mutex<Told>>;

pub(crate) fn told(ledger: &Ledger) -> MutexGuard<'_, Told> {
    ledger.lock().expect("no panic under this lock")
}

/// Says what it was asked about.
pub(crate) struct Moody {
    pub(crate) name: &'static str,
    pub(crate) rng: Mutex<Rng>,
    pub(crate) ledger: Ledger,
    /// Whether it asks to be woken.
    pub(crate) wakes: bool,
}

/// What a turn is about: the numbers in its words, and its wake-ups.
fn asked_about(turn: &Turn) -> Vec<About> {
    let numbers = |words: &str| {
        let numbers = words.split_whitespace().filter_map(|word| word.strip_prefix('#')?.parse().ok());
        numbers.map(About::Message).collect::<Vec<_>>()
    };
    let about = turn.messages.iter().flat_map(|message| match &message.content {
        Content::Wake { token } => token.parse().map(About::Wake).into_iter().collect(),
        content => content.words().map(numbers).unwrap_or_default(),
    });
    about.collect()
}

impl Moody {
    fn failed(&self, about: &[About]) {
        let mut told = told(&self.ledger);
        for about in about {
            *told.failed.entry(*about).or_default() += 1;
        }
    }

    fn answer(&self, turn: &Turn, lead: About, covers: &[About]) -> Answer {
        let before = turn.state.as_ref().and_then(|state| std::str::from_utf8(state).ok()?.parse::<u64>().ok());
        let remembered = before.unwrap_or_default() + 1;
        let (parts, wake) = match lead {
            About::Message(lead) => {
                (parts_of(lead), wake_after(lead).filter(|_| self.wakes).map(|after| (lead, after)))
            }
            About::Wake(_) => (1, None),
        };
        let by = self.name.to_owned();
        let words = |part| {
            let (covers, by) = (covers.to_vec(), by.clone());
            Shown { lead, covers, part, parts, by, remembered }.to_string()
        };
        let replies = (0..parts).map(|part| match lead {
            About::Message(lead) if lead % 13 == 1 && part == 0 => picture(words(part)),
            _ => Reply::text(words(part)),
        });
        let wake = wake.map(|(lead, after)| {
            told(&self.ledger).wakes.insert(lead);
            Wake { at: turn.now.plus(after), token: lead.to_string() }
        });
        Answer {
            replies: replies.collect(),
            state: Some(Bytes::from(remembered.to_string())),
            wake: wake.into_iter().collect(),
            ..Answer::default()
        }
    }
}

/// What every answer costs.
fn spent() -> Vec<Usage> {
    vec![Usage { model: Some("moods".to_owned()), tokens_in: 1, ..Usage::default() }]
}

fn picture(caption: String) -> Reply {
    let media = Media { mime: "image/png".to_owned(), bytes: Bytes::from_static(b"a picture") };
    let body = OutboundBody::Image { media, caption: Some(caption) };
    Reply { body, ..Reply::text("") }
}

#[async_trait]
impl Assistant for Moody {
    fn needs(&self) -> Needs {
        Needs { history_turns: 3, ..Needs::default() }
    }

    async fn respond(&self, turn: Turn) -> Result<Answer, AssistantError> {
        let (mood, pause) = {
            let mut rng = self.rng.lock().expect("no panic under this lock");
            (rng.below(100), rng.below(4_000))
        };
        let calm = told(&self.ledger).calm;
        let pause = if calm { pause / 50 } else { pause };
        let about = asked_about(&turn);
        let Some(lead) = about.first().copied() else {
            told(&self.ledger).wrong.push(format!("a turn about nothing that was said: {turn:?}"));
            return Ok(Answer::silence());
        };
        tokio::time::sleep(Duration::from_millis(pause)).await;
        if turn.text().contains("poison") {
            self.failed(&about);
            panic!("poison");
        }
        let hands_over = matches!(lead, About::Message(lead) if lead % 11 == 5);
        // An outage is no attempt, so it may come at any of them.
        if !calm && (20..28).contains(&mood) {
            let after = (mood % 2 == 0).then(|| Duration::from_millis(pause * 5));
            return Err(AssistantError::Unavailable { reason: "a mood".into(), after });
        }
        // The third attempt always works, so that only poison ends in quarantine, and what was cut by
        // three deaths or moods: an attempt counts when it begins, so that nothing can kill for ever.
        match mood {
            _ if turn.attempt >= 3 || calm => {}
            0..10 => {
                self.failed(&about);
                panic!("a mood");
            }
            10..19 => {
                self.failed(&about);
                return Err(AssistantError::Retry { reason: "a mood".into(), after: None });
            }
            19 => {
                self.failed(&about);
                std::future::pending::<()>().await;
            }
            _ => {}
        }
        let usage = spent();
        if hands_over && self.name == HELPER {
            let to = Receiver::Assistant(OTHER.parse().expect("a name"));
            let stays = matches!(lead, About::Message(lead) if lead % 2 == 0);
            return Ok(Answer { hand_over: Some(HandOver { to, stays }), usage, ..Answer::default() });
        }
        // Where it stayed it gives the conversation back now and then.
        if self.name == OTHER && !hands_over && matches!(lead, About::Message(lead) if lead % 3 == 1) {
            let back = HandOver { to: Receiver::Configured, stays: false };
            return Ok(Answer { hand_over: Some(back), usage, ..Answer::default() });
        }
        // What the other one forgets, or the helper in another chat of the same person, the helper would forget here too,
        // and then its count would say nothing.
        let forget =
            self.name == HELPER && turn.chat.is_group() && matches!(lead, About::Message(lead) if lead % 19 == 4);
        Ok(Answer { forget, usage, ..self.answer(&turn, lead, &about) })
    }
}

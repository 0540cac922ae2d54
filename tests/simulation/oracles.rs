//! What must hold of a world that came to its end.

use super::gates::{Gate, with};
use super::moody::{About, HELPER, Shown, told};
use super::people::TWOFOLD;
use super::said::Spoken;
use super::sky::{Place, Sends};
use super::world::{Alive, World};
use greenroom_channel_loopback::SentMessage;
use greenroom_conformance::messages::id;
use greenroom_contract::capabilities::Resend;
use greenroom_contract::limits;
use greenroom_contract::policy::Busy;
use greenroom_contract::store::EntryKind;
use greenroom_contract::trace::{Decision, Ignored, Trace};
use std::collections::{BTreeMap, HashMap, HashSet};

/// What people saw of one part of an answer.
struct Part {
    ids: HashSet<String>,
    times: u64,
    place: Place,
    chat: String,
}

/// Everything that people saw.
#[derive(Default)]
struct Seen {
    parts: BTreeMap<(About, u64), Part>,
    /// In each chat, in the order in which it was first seen.
    chats: BTreeMap<(Place, String), Vec<Shown>>,
    /// The owner's own messages, by their words.
    own: HashMap<String, u64>,
    /// What the owner is shown as held.
    listed: HashSet<String>,
}

/// How a message ended.
#[derive(Debug)]
enum End {
    Answered,
    Ignored(Ignored),
    Quarantined,
    Revoked,
    /// It was a part of the turn of another one, which the trace names.
    Joined,
    /// A kind sentence, because of something that could not be fetched.
    NotTaken,
    Open(String),
}

impl World {
    pub(crate) async fn check(&mut self, alive: &Alive) {
        {
            let sky = self.sky.look();
            let words = self.released.iter().filter_map(|id| Some(&sky.sends.get(id)?.words));
            self.held.extend(words.filter_map(|words| Some(Shown::read(words)?.lead)));
        }
        let mut seen = self.seen();
        let unsent = alive.handle().unsent(10_000).await.expect("the faults ended");
        let held = unsent.iter().filter(|message| message.state == "held");
        seen.listed.extend(held.map(|message| message.id.as_str().to_owned()));
        let mut wrong = self.check_seen(&seen);
        wrong.append(&mut self.sky.look().wrong);
        wrong.append(&mut told(&self.ledger).wrong);
        for network in &self.networks {
            wrong.extend(network.ends.broken_promises());
        }
        let quarantined = alive.store.quarantined(1_000).await.expect("the faults ended");
        let quarantined: HashSet<About> = quarantined.iter().filter_map(|row| about(&row.entry.kind)).collect();
        let mut answered = HashSet::new();
        for spoken in self.spoken.values() {
            let traces = alive.store.why(&id(spoken.id()), None).await.expect("the faults ended");
            let end = end_of(spoken, &traces, &quarantined);
            if let Some(why) = self.not_allowed(spoken, &end) {
                wrong.push(format!("{}: {why} ({end:?}): {}", describe(spoken), in_words(&traces)));
            }
            if let End::Answered = end {
                answered.insert(spoken.number);
                wrong.extend(spent_otherwise(&traces).map(|why| format!("{}: {why}", describe(spoken))));
                if let Some(why) = self.not_complete(spoken, &traces, &seen) {
                    wrong.push(format!("{}: {why}: {}", describe(spoken), in_words(&traces)));
                }
            }
        }
        wrong.extend(self.check_wakes(&answered, &seen, &quarantined));
        wrong.extend(self.check_posted(&seen));
        self.wrong.append(&mut wrong);
    }

    fn seen(&self) -> Seen {
        let mut seen = Seen::default();
        for (number, network) in self.networks.iter().enumerate() {
            for message in network.ends.sent() {
                seen.add((number, message.account.clone()), &message);
            }
        }
        seen
    }

    /// What holds of everything that people saw.
    fn check_seen(&self, seen: &Seen) -> Vec<String> {
        let mut wrong = Vec::new();
        let sky = self.sky.look();
        for ((lead, part), shown) in &seen.parts {
            let visible = self.networks[shown.place.0].manners.resend == Resend::Visible;
            let what = format!("part {part} of the answer to {lead:?} in {}", shown.chat);
            if shown.ids.len() > 1 {
                wrong.push(format!("{what} was made twice: {:?}", shown.ids));
            }
            let sends = shown.ids.iter().find_map(|id| sky.sends.get(id)).cloned().unwrap_or_default();
            // A process that died, or a store that failed, may not have written down that it was sent.
            let unclear =
                sends.uncertain > 0 || self.deaths > 0 || sky.failed.contains_key("sent") || self.disk.faults() > 0;
            let may_repeat = visible && unclear && !(with(Gate::SilenceOfConnections) && sends.prompt);
            // What is held because it may have been shown twice is shown once more if the owner releases it.
            let was_released = shown.ids.iter().any(|id| self.released.contains(id));
            if shown.times > 1 + u64::from(may_repeat) + u64::from(may_repeat && was_released) {
                wrong.push(format!("{what} was seen {} times: {sends:?}", shown.times));
            }
            if let About::Message(lead) = lead
                && let Some(spoken) = self.spoken.get(lead)
                && (spoken.place != shown.place || spoken.chat != shown.chat)
            {
                wrong.push(format!("{what} was said in {} of {:?}", spoken.chat, spoken.place));
            }
        }
        drop(sky);
        for ((place, chat), shown) in &seen.chats {
            wrong.extend(self.check_order(place, chat, shown));
        }
        wrong
    }

    /// Answers keep the order of what was said, and the assistant remembers each of them.
    fn check_order(&self, place: &Place, chat: &str, shown: &[Shown]) -> Vec<String> {
        let mut wrong = Vec::new();
        let is_released = |lead: &u64| {
            self.held.contains(&About::Message(*lead)) || self.spoken.get(lead).is_some_and(|spoken| spoken.released)
        };
        let in_order = shown.iter().filter_map(|shown| match shown.lead {
            About::Message(lead) if !is_released(&lead) => Some((lead, shown.part)),
            _ => None,
        });
        let leads: Vec<_> = in_order.collect();
        if !leads.is_sorted() {
            wrong.push(format!("in {chat} of {place:?} the answers came in the order {leads:?}"));
        }
        let merges = self.merged.contains(&place.0) && self.is_twofold(place, chat);
        let of_helper = |shown: &&Shown| shown.by == HELPER && shown.part == 0 && !self.held.contains(&shown.lead);
        let remembered: Vec<_> = shown.iter().filter(of_helper).map(|shown| shown.remembered).collect();
        if !merges && !remembered.is_sorted_by(|one, next| one < next) {
            wrong.push(format!("in {chat} of {place:?} the assistant remembered {remembered:?}"));
        }
        wrong
    }

    fn is_twofold(&self, place: &Place, chat: &str) -> bool {
        let here = |spoken: &&Spoken| spoken.place == *place && spoken.chat == chat;
        !chat.starts_with("group-") && self.spoken.values().find(here).is_some_and(|spoken| spoken.who == Some(TWOFOLD))
    }

    /// Why a message may not have ended like this.
    fn not_allowed(&self, spoken: &Spoken, end: &End) -> Option<String> {
        let why = match end {
            End::Open(why) => why,
            // A picture that could not be fetched poisons nothing.
            End::Answered if spoken.poison && !spoken.media => "it cannot be answered",
            End::Ignored(Ignored::TooMany | Ignored::Loop { .. } | Ignored::Paused { .. }) if self.shape.limited => {
                return None;
            }
            End::Ignored(_) if spoken.is_surely_admitted() && spoken.addressed => "it was for the bot",
            End::Quarantined if !spoken.poison && !self.failed_thrice(spoken) => "it did not fail three times",
            End::Quarantined | End::NotTaken | End::Answered | End::Joined if spoken.is_for_others() => {
                "it was not for the bot"
            }
            End::Joined if (spoken.poison && !spoken.media) || !self.gathers(spoken) => {
                "it was answered with another one"
            }
            End::Revoked if !spoken.revoked => "it was not deleted",
            End::NotTaken if !spoken.media => "there was nothing to fetch",
            _ => return None,
        };
        Some(why.to_owned())
    }

    /// Whether a message, or one that may have been of its turn, failed three times.
    fn failed_thrice(&self, spoken: &Spoken) -> bool {
        let may_join =
            |other: &&Spoken| other.place == spoken.place && other.chat == spoken.chat && self.gathers(spoken);
        let others = self.spoken.values().filter(may_join);
        let mut together = std::iter::once(spoken).chain(others);
        together.any(|spoken| spoken.poison || self.was_cut_thrice(About::Message(spoken.number)))
    }

    /// Whether several messages may make one turn where this one was said.
    fn gathers(&self, spoken: &Spoken) -> bool {
        let policy = &self.networks[spoken.place.0].policy;
        policy.busy != Busy::Queue || !policy.debounce.unwrap_or_default().is_zero()
    }

    /// Whether something may have been tried three times: an attempt counts when it begins. A death may cut it before the
    /// assistant heard of it, and after it answered, until the answer is stored; and what cannot be read or taken back
    /// now counts too.
    fn was_cut_thrice(&self, about: About) -> bool {
        let failed = told(&self.ledger).failed.get(&about).copied().unwrap_or_default();
        let sky = self.sky.look();
        let of_store =
            ["state", "withdraw", "begin", "begin_submitted"].iter().filter_map(|method| sky.failed.get(method));
        failed + self.deaths + self.disk.faults() + of_store.sum::<u64>() >= u64::from(limits::ATTEMPTS_MAX)
    }

    /// Why an answer is not complete: each part was seen, or is listed with a reason that there was.
    fn not_complete(&self, spoken: &Spoken, traces: &[Trace], seen: &Seen) -> Option<String> {
        let lead = About::Message(spoken.number);
        let parts = super::moody::parts_of(spoken.number);
        // What could not be fetched is left out, and the answer is to what was said besides.
        if steps_of(traces).any(|what| matches!(what, Decision::NotTaken { .. } | Decision::Joined { .. })) {
            return None;
        }
        let missing = (0..parts).filter(|part| !seen.parts.contains_key(&(lead, *part))).count();
        let unsent = traces.iter().flat_map(|trace| &trace.parcels).filter(|parcel| parcel.state != "sent");
        let unsent: Vec<_> = unsent.collect();
        if missing > unsent.len() {
            return Some(format!("{missing} of {parts} parts were not seen, and are listed nowhere"));
        }
        let sky = self.sky.look();
        let reasons: Vec<_> = unsent
            .iter()
            .filter(|parcel| {
                let sends = sky.sends.get(parcel.id.as_str()).cloned().unwrap_or_default();
                match parcel.state.as_str() {
                    "dropped" => !sends.refused && !spoken.touched,
                    "held" => !with(Gate::HeldIsListed) || !seen.listed.contains(parcel.id.as_str()),
                    _ => false,
                }
            })
            .map(|parcel| format!("{} is {}", parcel.id, parcel.state))
            .collect();
        drop(sky);
        let waits = unsent.iter().any(|parcel| parcel.state == "waiting" || parcel.state == "uncertain");
        if waits && !self.is_closed(&spoken.place, &spoken.chat) {
            return Some("a part waits for nothing".to_owned());
        }
        (!reasons.is_empty()).then(|| format!("without a reason {}", reasons.join(", ")))
    }

    /// Each wake-up that was stored came once.
    fn check_wakes(&self, answered: &HashSet<u64>, seen: &Seen, quarantined: &HashSet<About>) -> Vec<String> {
        let asked: Vec<_> = told(&self.ledger).wakes.iter().copied().collect();
        let sky = self.sky.look();
        let lost: HashSet<About> =
            sky.sends.values().filter(|sends| sends.refused || sends.closed).flat_map(covers).collect();
        drop(sky);
        let was_lead = |number: &u64| seen.parts.contains_key(&(About::Message(*number), 0));
        let came: HashSet<About> = seen.chats.values().flatten().flat_map(|shown| shown.covers.clone()).collect();
        let missing = asked.iter().filter(|number| answered.contains(number) && was_lead(number)).filter(|number| {
            let wake = About::Wake(**number);
            !came.contains(&wake) && !quarantined.contains(&wake) && !lost.contains(&wake)
        });
        // Of what waits for a person and was not asked for only the newest is kept.
        let is_kept = |number: &u64| self.networks[self.spoken[number].place.0].manners.window.is_none();
        let missing = missing.filter(|number| self.spoken[number].is_surely_admitted() && !self.shape.limited);
        // A wake-up that is answered together with a message may be answered with silence.
        let missing = missing.filter(|number| is_kept(number) && !self.gathers(&self.spoken[number]));
        missing.map(|number| format!("the wake-up of message {number} never came")).collect()
    }

    /// What the owner said first came once.
    fn check_posted(&self, seen: &Seen) -> Vec<String> {
        let mut wrong = Vec::new();
        for posted in &self.posted {
            let words = format!("own {}", posted.key);
            let times = seen.own.get(&words).copied().unwrap_or_default();
            let sky = self.sky.look();
            let sends: Vec<_> = sky.sends.values().filter(|sends| sends.words == words).cloned().collect();
            drop(sky);
            let visible = self.networks[posted.place.0].manners.resend == Resend::Visible;
            let unclear = self.deaths > 0 || self.disk.faults() > 0 || sends.iter().any(|sends| sends.uncertain > 0);
            let may_repeat = visible && unclear;
            let has_window = self.networks[posted.place.0].manners.window.is_some();
            let lost = has_window || sends.iter().any(|sends| sends.refused);
            let least = u64::from(posted.queued == Some(true) && !lost && !posted.touched);
            let most = if posted.queued == Some(false) { 0 } else { 1 + u64::from(may_repeat) };
            if times < least || times > most {
                let who = super::people::phone(posted.who);
                wrong.push(format!("{words} to {who} was seen {times} times: {:?}, {sends:?}", posted.queued));
            }
        }
        wrong
    }
}

impl Seen {
    fn add(&mut self, place: Place, message: &SentMessage) {
        let Some(shown) = Shown::read(message.words()) else {
            if message.words().starts_with("own ") {
                *self.own.entry(message.words().to_owned()).or_default() += 1;
            }
            return;
        };
        let chat = message.chat.to_string();
        let (ids, times) = (HashSet::new(), 0);
        let part = self.parts.entry((shown.lead, shown.part));
        let part = part.or_insert_with(|| Part { ids, times, place: place.clone(), chat: chat.clone() });
        part.ids.insert(message.id.as_str().to_owned());
        part.times += 1;
        if part.times == 1 {
            self.chats.entry((place, chat)).or_default().push(shown);
        }
    }
}

fn steps_of(traces: &[Trace]) -> impl Iterator<Item = &Decision> {
    traces.iter().flat_map(|trace| &trace.steps).map(|step| &step.what)
}

/// Whether a turn spent less than those who were asked in it. It may be more: of attempts before the last one only what they
/// spent is told.
fn spent_otherwise(traces: &[Trace]) -> Option<String> {
    let asked: HashSet<_> = steps_of(traces)
        .filter_map(|what| match what {
            Decision::Asked { assistant, .. } => Some(assistant),
            _ => None,
        })
        .collect();
    let spent = steps_of(traces).filter(|what| matches!(what, Decision::Spent { .. })).count();
    (spent < asked.len()).then(|| format!("{spent} sums of {} assistants", asked.len()))
}

/// What a parcel is about.
fn covers(sends: &Sends) -> Vec<About> {
    Shown::read(&sends.words).map(|shown| shown.covers).unwrap_or_default()
}

/// What a row is about.
fn about(kind: &EntryKind) -> Option<About> {
    match kind {
        EntryKind::Message(inbound) => super::talk::number_of(&inbound.key.message).map(About::Message),
        EntryKind::Wake { token, .. } => token.parse().ok().map(About::Wake),
    }
}

fn end_of(spoken: &Spoken, traces: &[Trace], quarantined: &HashSet<About>) -> End {
    let [trace] = traces else { return End::Open(format!("{} traces", traces.len())) };
    if quarantined.contains(&About::Message(spoken.number)) {
        return End::Quarantined;
    }
    let steps = || trace.steps.iter().map(|step| &step.what);
    let answered = steps().filter(|what| matches!(what, Decision::Answered { .. })).count();
    let ignored: Vec<_> = steps()
        .filter_map(|what| match what {
            Decision::Ignored { reason } => Some(reason.clone()),
            _ => None,
        })
        .collect();
    let revoked = usize::from(steps().any(|what| matches!(what, Decision::Revoked)));
    if answered + ignored.len() + revoked > 1 {
        return End::Open("several ends".to_owned());
    }
    match ignored.into_iter().next() {
        Some(reason) => End::Ignored(reason),
        None if revoked > 0 => End::Revoked,
        None if steps().any(|what| matches!(what, Decision::Joined { .. })) => End::Joined,
        None if answered > 0 => End::Answered,
        None if steps().any(|what| matches!(what, Decision::NotTaken { .. } | Decision::Noticed { .. })) => {
            End::NotTaken
        }
        None => End::Open("no end".to_owned()),
    }
}

fn describe(spoken: &Spoken) -> String {
    let Spoken { number, place, chat, who, admitted, touched, revoked, .. } = spoken;
    format!("message {number} of {who:?} in {chat} of {place:?} ({admitted:?}, touched {touched}, deleted {revoked})")
}

fn in_words(traces: &[Trace]) -> String {
    let steps = traces.iter().flat_map(|trace| {
        let parcels = trace.parcels.iter().flat_map(|parcel| &parcel.steps);
        trace.steps.iter().chain(parcels)
    });
    steps.map(|step| format!("{} {}", step.at, step.what)).collect::<Vec<_>>().join("; ")
}

//! What came from outside and was not taken: counted by cause, with the first and the last time, and never silent.

use crate::decide::health::HealthProblem;
use crate::decide::next_action::NextAction;
use greenroom_contract::ids::ChannelName;
use greenroom_contract::limits;
use greenroom_contract::time::Timestamp;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Why something that came from outside was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RejectionCause {
    /// Posts whose signature is missing or wrong.
    Signature,
    /// Verification calls that do not show the token that is configured here.
    Handshake,
    /// Posts, or parts of one, that cannot be read.
    Unreadable,
    /// Messages and statuses for an identity or an account that is not configured here.
    UnknownRecipient,
    /// Messages that are older than their network delivers.
    TooOld,
    /// Connections and requests for which the gateway had no room or no time.
    TurnedAway,
}

impl RejectionCause {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Signature, Self::Handshake, Self::Unreadable, Self::UnknownRecipient, Self::TooOld, Self::TurnedAway];

    /// For programs, in one word that does not change.
    pub fn code(self) -> &'static str {
        match self {
            Self::Signature => "signature",
            Self::Handshake => "handshake",
            Self::Unreadable => "unreadable",
            Self::UnknownRecipient => "unknown_recipient",
            Self::TooOld => "too_old",
            Self::TurnedAway => "turned_away",
        }
    }
}

/// How often something was not taken since the start, and when. [`fmt::Display`] says it in a sentence without the times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Rejection {
    /// The channel that it was meant for; `None` where that is not known.
    pub channel: Option<ChannelName>,
    /// Why.
    pub cause: RejectionCause,
    /// What it was about, such as the identity that is not configured.
    pub about: Option<String>,
    /// How often.
    pub count: u64,
    /// When it happened first since the start.
    pub first: Timestamp,
    /// When it happened last.
    pub last: Timestamp,
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(channel) = &self.channel {
            write!(f, "channel {channel}: ")?;
        }
        let count = self.count;
        match (self.cause, &self.about) {
            (RejectionCause::Signature, _) => write!(
                f,
                "{count} post(s) refused, because the signature was missing or wrong; if they came from the network, the \
                 secret that is configured here is not the one that it signs with"
            ),
            (RejectionCause::Handshake, _) => write!(
                f,
                "{count} verification call(s) refused, because they did not show the verify token that is configured here"
            ),
            (RejectionCause::Unreadable, _) => write!(f, "{count} post(s) or parts of posts could not be read"),
            (RejectionCause::UnknownRecipient, Some(identity)) => {
                write!(f, "{count} event(s) came for {identity}, which is not configured there")
            }
            (RejectionCause::UnknownRecipient, None) => {
                write!(f, "{count} event(s) came for other identities that are not configured there")
            }
            (RejectionCause::TooOld, _) => write!(
                f,
                "{count} message(s) refused as too old; if they were fresh, the clock of this machine is wrong"
            ),
            (RejectionCause::TurnedAway, _) => {
                write!(
                    f,
                    "{count} connection(s) or request(s) turned away, because they were too slow, too large or too many"
                )
            }
        }
    }
}

/// Names one count.
type Key = (Option<ChannelName>, RejectionCause, Option<String>);

#[derive(Debug, Clone, Copy)]
struct Tally {
    count: u64,
    /// How many of them were said in the log.
    told: u64,
    first: Timestamp,
    last: Timestamp,
}

/// The counts of one engine. Bounded: a cause names a limited number of identities, and the rest is counted together.
#[derive(Debug, Default)]
pub(crate) struct Rejections {
    tallies: BTreeMap<Key, Tally>,
    /// Channels that took something that was signed, since the start.
    signed: BTreeSet<ChannelName>,
}

impl Rejections {
    /// Counts; returns what to say about it now, if it is the first of its kind. Of what follows [`Rejections::news`] tells.
    pub(crate) fn note(
        &mut self,
        channel: Option<&ChannelName>,
        cause: RejectionCause,
        about: Option<&str>,
        times: u64,
        now: Timestamp,
    ) -> Option<Rejection> {
        let mut key = (channel.cloned(), cause, about.map(str::to_owned));
        if !self.tallies.contains_key(&key) && self.tallies.len() >= limits::UNPLACED_IDENTITIES_MAX {
            key.2 = None;
        }
        let tally = self.tallies.entry(key.clone()).or_insert(Tally { count: 0, told: 0, first: now, last: now });
        tally.count = tally.count.saturating_add(times);
        tally.last = now;
        if tally.told > 0 {
            return None;
        }
        tally.told = tally.count;
        Some(rejection(&key, tally))
    }

    /// Something on this channel was signed as it should be.
    pub(crate) fn note_signed(&mut self, channel: &ChannelName) {
        if !self.signed.contains(channel) {
            self.signed.insert(channel.clone());
        }
    }

    /// What was counted since it was told last.
    pub(crate) fn news(&mut self) -> Vec<Rejection> {
        let grown = self.tallies.iter_mut().filter(|(_, tally)| tally.count > tally.told);
        grown
            .map(|(key, tally)| {
                tally.told = tally.count;
                rejection(key, tally)
            })
            .collect()
    }

    /// Everything, in the order of channels and causes.
    pub(crate) fn list(&self) -> Vec<Rejection> {
        self.tallies.iter().map(|(key, tally)| rejection(key, tally)).collect()
    }

    /// Channels of which every post had a wrong signature: no message of their network arrives.
    pub(crate) fn problems(&self) -> Vec<HealthProblem> {
        let wrong = self.tallies.keys().filter(|(_, cause, _)| *cause == RejectionCause::Signature);
        let deaf =
            wrong.filter_map(|(channel, _, _)| channel.as_ref().filter(|channel| !self.signed.contains(channel)));
        deaf.map(|channel| {
            let what = format!(
                "channel {channel}: every post since the start had a wrong signature, so no message arrives; the secret \
                 that is configured here is probably not the one that the network signs with"
            );
            HealthProblem::new(what, Some(NextAction::FixConfig { key: format!("channels.{channel}"), value: None }))
        })
        .collect()
    }
}

fn rejection((channel, cause, about): &Key, tally: &Tally) -> Rejection {
    Rejection {
        channel: channel.clone(),
        cause: *cause,
        about: about.clone(),
        count: tally.count,
        first: tally.first,
        last: tally.last,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channel() -> ChannelName {
        ChannelName::new("whatsapp").unwrap()
    }

    #[test]
    fn identities_are_counted_and_bounded_and_no_event_is_lost_in_the_count() {
        let mut rejections = Rejections::default();
        let cause = RejectionCause::UnknownRecipient;
        let identities = 2 * limits::UNPLACED_IDENTITIES_MAX;
        for number in 0..identities {
            rejections.note(Some(&channel()), cause, Some(&format!("{number:04}")), 1, Timestamp(7));
        }
        rejections.note(Some(&channel()), cause, Some("0000"), 2, Timestamp(9));
        let list = rejections.list();
        assert_eq!(list.len(), limits::UNPLACED_IDENTITIES_MAX + 1);
        assert_eq!(list.iter().map(|one| one.count).sum::<u64>(), identities as u64 + 2);
        let first = list.iter().find(|one| one.about.as_deref() == Some("0000")).unwrap();
        assert_eq!((first.count, first.first, first.last), (3, Timestamp(7), Timestamp(9)));
        assert_eq!(first.to_string(), "channel whatsapp: 3 event(s) came for 0000, which is not configured there");
    }

    #[test]
    fn the_first_of_each_cause_is_told_immediately_and_the_rest_together() {
        let mut rejections = Rejections::default();
        let mut note = |cause, at| rejections.note(Some(&channel()), cause, None, 1, Timestamp(at)).is_some();
        assert!(RejectionCause::ALL.into_iter().all(|cause| note(cause, 1)));
        assert!(!note(RejectionCause::Signature, 2) && !note(RejectionCause::Signature, 3));
        let news = rejections.news();
        assert_eq!(news.len(), 1, "{news:?}");
        assert_eq!((news[0].cause, news[0].count, news[0].last), (RejectionCause::Signature, 3, Timestamp(3)));
        assert_eq!(rejections.news(), [], "nothing is told twice");
    }

    #[test]
    fn wrong_signatures_are_a_problem_until_one_was_right() {
        let mut rejections = Rejections::default();
        rejections.note(Some(&channel()), RejectionCause::Handshake, None, 1, Timestamp(1));
        assert_eq!(rejections.problems(), []);
        rejections.note(Some(&channel()), RejectionCause::Signature, None, 1, Timestamp(1));
        let problem = rejections.problems().remove(0);
        assert!(problem.to_string().contains("channel whatsapp: every post"), "{problem}");
        rejections.note_signed(&channel());
        assert_eq!(rejections.problems(), []);
        assert_eq!(rejections.list().len(), 2, "it stays counted");
    }

    #[test]
    fn every_cause_has_its_code() {
        for cause in RejectionCause::ALL {
            assert_eq!(serde_json::to_value(cause).unwrap(), cause.code());
        }
    }
}

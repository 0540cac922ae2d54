//! Which troubles were not told yet: each once for as long as it lasts. Pure.

use crate::alert::{Alert, Key, Trouble};
use crate::limits::EPISODE_QUIET;
use greenroom_contract::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// One trouble, from the first look that saw it to a quarter of an hour after the last one.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Episode {
    /// When it was last seen, as the time since the service began.
    seen: Duration,
    /// When it began, on the wall.
    since: Timestamp,
    /// Its alert, until that was taken or given up. What is not told stays, also when its trouble is over.
    untold: Option<Alert>,
}

/// An episode as it is written down, before the first attempt at its alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeptEpisode {
    #[serde(flatten)]
    pub(crate) key: Key,
    pub(crate) since_ms: u64,
    /// The alert that was not taken yet; the next run sends it under the same id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) untold: Option<Alert>,
}

/// The troubles that last.
#[derive(Debug, Default)]
pub(crate) struct Episodes(BTreeMap<Key, Episode>);

impl Episodes {
    /// With those of an earlier run, and the alerts that it did not get rid of. They last until they were not seen for so
    /// long in this one.
    pub(crate) fn of_before(kept: Vec<KeptEpisode>) -> (Self, Vec<(Key, Alert)>) {
        let untold = kept.iter().filter_map(|one| Some((one.key.clone(), one.untold.clone()?))).collect();
        let episode = |one: KeptEpisode| {
            (one.key, Episode { seen: Duration::ZERO, since: Timestamp(one.since_ms), untold: one.untold })
        };
        (Self(kept.into_iter().map(episode).collect()), untold)
    }

    /// What is to be told of what is wrong now. `now` is on the wall and is shown; `at` is the time since the service began.
    pub(crate) fn look(&mut self, troubles: Vec<Trouble>, now: Timestamp, at: Duration) -> Vec<(Key, Alert)> {
        let mut alerts = Vec::new();
        self.0.retain(|_, episode| episode.untold.is_some() || at.saturating_sub(episode.seen) < EPISODE_QUIET);
        for trouble in troubles {
            if let Some(episode) = self.0.get_mut(&trouble.key) {
                episode.seen = at;
            } else {
                let (key, alert) = (trouble.key.clone(), Alert::new(trouble, now));
                self.0.insert(key.clone(), Episode { seen: at, since: now, untold: Some(alert.clone()) });
                alerts.push((key, alert));
            }
        }
        alerts
    }

    /// The alert of this trouble was taken, or given up: a later run does not tell it.
    pub(crate) fn was_told(&mut self, key: &Key) {
        if let Some(episode) = self.0.get_mut(key) {
            episode.untold = None;
        }
    }

    /// The alert of this trouble had no room: the next look tells it.
    pub(crate) fn had_no_room(&mut self, key: &Key) {
        self.0.remove(key);
    }

    /// What a later run has to know.
    pub(crate) fn kept(&self) -> Vec<KeptEpisode> {
        let kept = |(key, episode): (&Key, &Episode)| KeptEpisode {
            key: key.clone(),
            since_ms: episode.since.0,
            untold: episode.untold.clone(),
        };
        self.0.iter().map(kept).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::Kind;
    use proptest::prelude::*;

    fn trouble(kind: Kind, about: &str) -> Trouble {
        let key = Key { kind, about: about.to_owned() };
        Trouble { key, channel: None, account: None, what: "it is wrong".to_owned(), next: None }
    }

    fn minutes(minutes: u64) -> Duration {
        Duration::from_secs(60 * minutes)
    }

    #[test]
    fn a_trouble_is_told_once_until_it_was_gone_for_long() {
        let mut episodes = Episodes::default();
        let mut look = |wrong: bool, at: u64| {
            let troubles = if wrong { vec![trouble(Kind::LoggedOut, "a")] } else { Vec::new() };
            let alerts = episodes.look(troubles, Timestamp(at), minutes(at));
            for (key, _) in &alerts {
                episodes.was_told(key);
            }
            alerts.len()
        };
        assert_eq!((look(true, 0), look(true, 1)), (1, 0));
        assert_eq!((look(false, 2), look(true, 10)), (0, 0), "it came back soon");
        assert_eq!((look(false, 11), look(false, 24), look(true, 24)), (0, 0, 0));
        assert_eq!((look(false, 39), look(true, 40)), (0, 1), "it was gone for a quarter of an hour");
    }

    #[test]
    fn troubles_of_several_accounts_and_kinds_are_several() {
        let mut episodes = Episodes::default();
        let now = [trouble(Kind::LoggedOut, "a"), trouble(Kind::LoggedOut, "b"), trouble(Kind::Banned, "a")];
        let alerts = episodes.look(now.to_vec(), Timestamp(7), minutes(0));
        let ids: std::collections::BTreeSet<_> = alerts.iter().map(|(_, alert)| &alert.id).collect();
        assert_eq!((alerts.len(), ids.len()), (3, 3));
    }

    #[test]
    fn what_was_told_is_not_told_by_a_later_run_and_what_was_not_is_told_under_its_id() {
        let mut episodes = Episodes::default();
        let (told, lost) = (trouble(Kind::Store, ""), trouble(Kind::Quarantine, ""));
        let first = episodes.look(vec![told.clone(), lost.clone()], Timestamp(7), minutes(0));
        episodes.was_told(&told.key);
        let (mut later, untold) = Episodes::of_before(episodes.kept());
        assert_eq!(untold, first.into_iter().filter(|(key, _)| *key == lost.key).collect::<Vec<_>>());
        assert_eq!(later.look(vec![told.clone(), lost.clone()], Timestamp(9), minutes(1)), []);
        later.was_told(&lost.key);
        assert!(later.kept().iter().all(|one| (one.since_ms, &one.untold) == (7, &None)), "they last since then");
    }

    #[test]
    fn what_was_not_taken_is_kept_although_its_trouble_is_over() {
        let mut episodes = Episodes::default();
        let one = trouble(Kind::Store, "");
        episodes.look(vec![one.clone()], Timestamp(7), minutes(0));
        episodes.look(Vec::new(), Timestamp(8), minutes(60));
        assert_eq!(Episodes::of_before(episodes.kept()).1.len(), 1);
        episodes.was_told(&one.key);
        episodes.look(Vec::new(), Timestamp(9), minutes(61));
        assert_eq!(episodes.kept(), []);
    }

    #[test]
    fn what_had_no_room_is_told_by_the_next_look() {
        let mut episodes = Episodes::default();
        let one = trouble(Kind::Store, "");
        assert_eq!(episodes.look(vec![one.clone()], Timestamp(7), minutes(0)).len(), 1);
        episodes.had_no_room(&one.key);
        assert_eq!(episodes.look(vec![one], Timestamp(8), minutes(1)).len(), 1);
    }

    proptest! {
        /// However a trouble comes and goes, its alerts are at least a quarter of an hour apart, and the first look at it
        /// after such a pause tells it.
        #[test]
        fn no_trouble_is_told_twice_in_one_episode(steps in prop::collection::vec((any::<bool>(), 0_u64..40), 1..60)) {
            let mut episodes = Episodes::default();
            let (mut at, mut last_seen) = (Duration::ZERO, None::<Duration>);
            for (wrong, pause) in steps {
                at += minutes(pause);
                let troubles = if wrong { vec![trouble(Kind::Stopped, "a")] } else { Vec::new() };
                let alerts = episodes.look(troubles, Timestamp(0), at);
                let told = !alerts.is_empty();
                for (key, _) in &alerts {
                    episodes.was_told(key);
                }
                let is_new = last_seen.is_none_or(|seen| at.saturating_sub(seen) >= EPISODE_QUIET);
                prop_assert_eq!(told, wrong && is_new);
                if wrong {
                    last_seen = Some(at);
                }
            }
        }
    }
}

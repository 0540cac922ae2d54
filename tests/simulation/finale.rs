//! The end of a world: all faults end, and everything has to come to its end, soon. Then everyone writes once more.

use super::moody::{parts_of, told};
use super::people::{Admitted, listed};
use super::sky::{Inside, Place};
use super::world::{Alive, Last, World};
use greenroom::AccountStatus;
use greenroom_conformance::messages::id;
use greenroom_contract::ids::AccountId;
use greenroom_contract::limits;
use greenroom_contract::store::Parcel;
use greenroom_contract::time::Timestamp;
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::Instant;

/// How long anything may wait once all faults ended: the longest pause before a connection, and then before a send, and
/// some more.
const PATIENCE: Duration = Duration::from_secs(15 * 60);
/// How long whoever writes to a quiet bot waits for the whole answer. A network that told an account to back off is left
/// alone until then, although what it refused may be gone by now.
const PROMPT: Duration = Duration::from_secs(limits::SEND_RETRY_PAUSE_MAX.as_secs() + 30);
/// How late a wake-up may be.
const WAKE_LATE: Duration = Duration::from_secs(60);

impl World {
    pub(crate) async fn finish(&mut self, alive: &mut Alive, last: Last) {
        self.calm_down(alive).await;
        self.quiet_soon(alive, "after all faults ended").await;
        self.last_words(alive).await;
        self.quiet_soon(alive, "after the last words").await;
        self.check(alive).await;
        if last == Last::Month {
            let left = self.grow_old(alive).await;
            if !left.is_empty() {
                self.wrong.push(format!("when everything is old there are still {left:?}"));
            }
        }
        self.check_rest(alive).await;
    }

    /// All faults end, and the owner looks after what waits for a person.
    async fn calm_down(&mut self, alive: &mut Alive) {
        // A network that refuses an account until a moment is a fault until then.
        let refused = self.sky.look().suspended.values().max().copied();
        if let Some(until) = refused {
            let pause = until.since(self.right_now());
            tokio::time::sleep(pause).await;
        }
        self.sky.clear();
        alive.faulty.set_full(false);
        self.disk.heal();
        told(&self.ledger).calm = true;
        alive.by_ms.store(alive.right_ms.load(Ordering::Relaxed), Ordering::Relaxed);
        for network in &self.networks {
            network.keys.iter().for_each(|key| network.ends.panic_next_runs(key, 0));
        }
        // What was ordered just now happens before the owner looks, a store that broke is opened again, and sends that were
        // begun before come to their end.
        tokio::time::sleep(limits::SEND_TIMEOUT + Duration::from_secs(5)).await;
        let begun = Instant::now();
        loop {
            self.returns(alive).await;
            self.owner_acts(alive).await;
            self.learn_accounts(alive).await;
            let idle = self.unconnected(alive).await;
            if idle.is_empty() && self.removed.is_none() {
                break;
            }
            if begun.elapsed() > PATIENCE {
                self.wrong.push(format!("{PATIENCE:?} after all faults ended: {}", idle.join("; ")));
                break;
            }
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
        self.release_held(alive).await;
        for network in 0..self.networks.len() {
            for person in listed() {
                if self.sky.look().book.admits(network, person) == Admitted::Unclear {
                    let admitted = self.rng.percent(50);
                    self.set_admitted(alive, network, person, admitted).await;
                }
            }
        }
    }

    /// The owner has everything sent that is held.
    async fn release_held(&mut self, alive: &Alive) {
        let unsent = alive.handle().unsent(10_000).await.expect("the faults ended");
        // What one says that never got as far as its network is known once it is sent.
        let held = unsent.iter().filter(|message| message.state == "held");
        self.released.extend(held.map(|message| message.id.as_str().to_owned()));
        alive.handle().release_all_unsent().await.expect("the faults ended");
    }

    /// Accounts that are not connected, and why.
    async fn unconnected(&self, alive: &Alive) -> Vec<String> {
        let accounts = alive.handle().health().await.accounts;
        let places = alive.accounts.iter().filter(|(place, _)| self.networks[place.0].keys.contains(&place.1));
        let status =
            |id: &AccountId| accounts.iter().find(|account| account.account == *id).map(|account| &account.status);
        let away = places.filter(|(_, id)| status(id) != Some(&AccountStatus::Connected));
        away.map(|(place, id)| format!("{place:?}: {:?}", status(id))).collect()
    }

    /// Waits until nothing is left to do; what is left too long is wrong.
    async fn quiet_soon(&mut self, alive: &Alive, when: &str) {
        let begun = Instant::now();
        let (mut limit, mut begun_waiting) = (PATIENCE, begun);
        loop {
            let (left, wake) = (self.left(alive).await, alive.store.next_wake().await.ok().flatten());
            let now = self.right_now();
            if left.is_empty() && wake.is_none() {
                return;
            }
            if left.is_empty()
                && let Some(due) = wake
            {
                // What lies ahead is no wait, and neither is what the clock was wrong about.
                if now.since(due).min(begun_waiting.elapsed()) > WAKE_LATE {
                    self.wrong.push(format!("{when}: a wake-up was due at {due} and it is {now}"));
                    return;
                }
                let pause = due.since(now);
                tokio::time::sleep(pause + Duration::from_secs(1)).await;
                if !pause.is_zero() {
                    limit = begun.elapsed() + PATIENCE;
                    begun_waiting = Instant::now();
                }
                continue;
            }
            if begun.elapsed() > limit {
                let problems = alive.handle().health().await.problems;
                let waits = format!("{limit:?} {when} there is still: {}; {problems:?}", left.join("; "));
                return self.wrong.push(waits);
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    /// What is left to do, in words.
    async fn left(&self, alive: &Alive) -> Vec<String> {
        let mut left = Vec::new();
        for network in &self.networks {
            let queued = network.keys.iter().map(|key| (key, network.ends.queued(key)));
            let queued = queued.filter(|(_, queued)| *queued > 0);
            left.extend(queued.map(|(key, queued)| format!("{queued} not taken of {key} of {}", network.name)));
        }
        if alive.store.rows_waiting().await != Ok(0) {
            left.push(format!("rows of {:?}", alive.store.conversations_waiting(None, 10).await));
        }
        for (place, account) in &alive.accounts {
            for pending in alive.store.pending(account, None, 1_000).await.expect("the faults ended") {
                let Ok(Some(parcel)) = alive.store.parcel(&pending.key).await else { continue };
                if !self.waits_for_its_person(place, &parcel) {
                    left.push(format!("{:?} of {}: {:?}", parcel.id, parcel.draft.route.chat, parcel.state));
                }
            }
        }
        left
    }

    /// Whether a parcel waits for a person who has to write first.
    pub(crate) fn waits_for_its_person(&self, place: &Place, parcel: &Parcel) -> bool {
        self.is_closed(place, parcel.draft.route.chat.as_str())
    }

    /// Whether a chat waits for its person: the network takes nothing for it now, or the person has not written since all
    /// faults ended. A session that begins again does not know that the person wrote before, unless that was answered.
    pub(crate) fn is_closed(&self, place: &Place, chat: &str) -> bool {
        let Some(open) = self.networks[place.0].manners.window else { return false };
        let sky = self.sky.look();
        written(&sky, place, chat).is_none_or(|written| written < sky.calm_since || sky.now().since(written) > open)
    }

    /// Everyone who is admitted all the time writes once more, in every chat, and is answered immediately.
    async fn last_words(&mut self, alive: &Alive) {
        let chats: BTreeSet<_> =
            self.spoken.values().map(|spoken| (spoken.place.clone(), spoken.chat.clone())).collect();
        let mut waiting = BTreeSet::new();
        for (place, chat) in chats {
            if !alive.accounts.contains_key(&place) {
                continue;
            }
            let Some((who, second)) = self.author_in(&place, &chat) else { continue };
            let group = chat.starts_with("group-").then_some(chat);
            let number = self.say(place, Some(who), second, group, true, false, 9).await;
            // Some answers are silence.
            if parts_of(number) > 0 {
                waiting.insert(number);
            }
        }
        let begun = Instant::now();
        while begun.elapsed() <= PROMPT {
            let seen = self.leads_seen();
            waiting.retain(|number| !seen.contains(number));
            // Of a person who wrote too often not everything is answered.
            if waiting.is_empty() || self.shape.limited {
                return;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        for number in waiting {
            let spoken = &self.spoken[&number];
            let (chat, place) = (&spoken.chat, &spoken.place);
            let why = alive.store.why(&id(spoken.id()), None).await;
            let what = format!("last words {number} in {chat} of {place:?} not answered in {PROMPT:?}: {why:?}");
            self.wrong.push(what);
        }
    }

    /// Nothing stays in memory, nothing is under way, and it stops at once.
    async fn check_rest(&mut self, alive: &Alive) {
        let settled = tokio::time::timeout(PATIENCE, alive.handle().settled()).await;
        if settled.is_err() {
            self.wrong.push("it is busy for ever".to_owned());
        }
        tokio::time::sleep(alive.idle * 2 + Duration::from_secs(5)).await;
        let health = alive.handle().health().await;
        if health.conversations_active > 0 {
            self.wrong.push(format!("{} conversations stay in memory", health.conversations_active));
        }
        let begun = Instant::now();
        let drained = alive.handle().drain(limits::DRAIN_TIMEOUT).await;
        if drained.turns_left > 0 || begun.elapsed() > limits::DRAIN_TIMEOUT / 2 {
            self.wrong.push(format!("it stops in {:?} with {drained:?}", begun.elapsed()));
        }
    }
}

/// When a person wrote last in a chat.
fn written(sky: &Inside, place: &Place, chat: &str) -> Option<Timestamp> {
    sky.written.get(&(place.clone(), chat.to_owned())).copied()
}

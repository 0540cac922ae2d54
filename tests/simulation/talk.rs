//! What people and owners do in a world.

use super::gates::{Gate, with};
use super::moody::{About, Shown, parts_of};
use super::networks::Network;
use super::people::{Admitted, GROUPS, PEOPLE, TWOFOLD, is_listed, lid, listed, phone};
use super::said::{Posted, Spoken};
use super::sky::Place;
use super::steps::{address_of, stored};
use super::world::{Alive, World};
use greenroom::{AccountStatus, LinkRequest, SendTo};
use greenroom_channel_loopback::{Said, said};
use greenroom_conformance::messages::id;
use greenroom_contract::address::{Address, AllowEntry};
use greenroom_contract::event::ChannelEvent;
use greenroom_contract::ids::{AccountId, MessageId, OwnerId};
use greenroom_contract::linking::LinkMethod;
use greenroom_contract::message::Body;
use greenroom_contract::store::{EntryKind, ListScope};
use std::collections::{HashMap, HashSet};
use std::time::Duration;

impl World {
    /// Somebody says something new.
    pub(crate) async fn speak(&mut self) {
        let place = self.any_place();
        let who = (!self.rng.percent(8)).then(|| self.rng.below(PEOPLE as u64) as usize);
        let second = who == Some(TWOFOLD) && self.rng.percent(50);
        let group = self.rng.percent(30).then(|| format!("group-{}", self.rng.below(GROUPS)));
        let addressed = group.is_none() || self.rng.percent(70);
        let poison = self.rng.percent(3);
        let kind = self.rng.below(20);
        self.say(place, who, second, group, addressed, poison, kind).await;
    }

    /// Somebody says something: `kind` 0 is a picture, 1 a voice note, all others are words.
    #[allow(clippy::too_many_arguments)]
    pub(crate) async fn say(
        &mut self,
        place: Place,
        who: Option<usize>,
        second: bool,
        group: Option<String>,
        addressed: bool,
        poison: bool,
        kind: u64,
    ) -> u64 {
        let number = self.spoken.len() as u64;
        let words = if poison { format!("#{number} poison") } else { format!("#{number} hello") };
        let address = address_of(who, second);
        let now = self.right_now();
        let mut message = match kind {
            0 => said::image(&address, format!("picture {number}"), Some(&words)),
            1 => said::voice(&address, words),
            _ => said::text(&address, words),
        };
        message = message.with_id(&format!("m-{number}")).at(now);
        if self.merged.contains(&place.0) && who == Some(TWOFOLD) && self.rng.percent(30) {
            message = message.also_known_as(&if second { phone(TWOFOLD) } else { lid(TWOFOLD) });
        }
        let chat = group.clone().unwrap_or(address);
        message = match (&group, addressed) {
            (None, _) => message,
            (Some(group), false) => message.in_group(group),
            (Some(group), true) => message.in_group(group).mentioning(),
        };
        let admitted = {
            let mut sky = self.sky.look();
            let gets_a_turn = addressed && who.is_some_and(|person| !is_listed(person));
            if gets_a_turn || with(Gate::WindowsOpenedInPassing) {
                sky.written.insert((place.clone(), chat.clone()), now);
            }
            who.map_or(Admitted::No, |person| sky.book.admits(place.0, person))
        };
        let spoken = Spoken {
            number,
            place: place.clone(),
            chat,
            who,
            said: message.clone(),
            addressed,
            poison,
            media: kind < 2,
            admitted,
            touched: false,
            revoked: false,
            released: false,
        };
        self.spoken.insert(number, spoken);
        self.networks[place.0].ends.deliver(&place.1, message).await;
        number
    }

    fn any_spoken(&mut self) -> Option<u64> {
        let spoken = self.spoken.len() as u64;
        (spoken > 0).then(|| self.rng.below(spoken))
    }

    /// The network delivers something again.
    pub(crate) async fn repeat(&mut self) {
        let Some(number) = self.any_spoken() else { return };
        let spoken = &self.spoken[&number];
        let (network, key, said) = (self.networks[spoken.place.0].ends.clone(), spoken.place.1.clone(), &spoken.said);
        network.deliver(&key, said.clone()).await;
    }

    /// Somebody edits what they said.
    pub(crate) async fn edit(&mut self) {
        let Some(number) = self.any_spoken() else { return };
        let spoken = &self.spoken[&number];
        let Body::Text(words) = &spoken.said.inbound().body else { return };
        let (words, sender) = (format!("{words} edited"), spoken.said.inbound().sender.id.clone());
        let (network, place) = (self.networks[spoken.place.0].ends.clone(), &spoken.place.1);
        network.edit(place, &spoken.chat, sender.as_str(), &id(spoken.id()), &words).await;
    }

    /// Somebody deletes what they said.
    pub(crate) async fn revoke(&mut self) {
        let Some(number) = self.any_spoken() else { return };
        let Some(spoken) = self.spoken.get_mut(&number) else { return };
        spoken.revoked = true;
        let sender = spoken.said.inbound().sender.id.clone();
        let network = self.networks[spoken.place.0].ends.clone();
        network.revoke(&spoken.place.1, &spoken.chat, sender.as_str(), &id(spoken.id())).await;
    }

    /// A device of the account shows what the bot sent, or what its owner wrote to somebody.
    pub(crate) async fn echo(&mut self) {
        let (number, key) = self.any_place();
        let network = self.networks[number].ends.clone();
        let sent = network.sent();
        let of_account: Vec<_> = sent.iter().filter(|message| message.account == key).collect();
        if of_account.is_empty() {
            return;
        }
        let shown = *self.rng.pick(&of_account);
        let own = |words: &str| said::text("+15557770009", words).in_chat(shown.chat.as_str()).on_own_device(false);
        let own: Said = if self.rng.percent(70) {
            own(shown.words()).with_id(shown.message().as_str())
        } else {
            own("a letter of the owner").with_id(&format!("own-{}", self.rng.next()))
        };
        network.deliver(&key, own.at(self.right_now())).await;
    }

    /// The owner speaks first.
    pub(crate) async fn speak_first(&mut self, alive: &Alive) {
        let place = self.any_place();
        let Some(account) = alive.accounts.get(&place).cloned() else { return };
        let who = self.rng.below(TWOFOLD as u64) as usize;
        let key = format!("own-{}", self.posted.len());
        let queued = None;
        self.posted.push(Posted { key: key.clone(), place: place.clone(), who, queued, touched: false });
        let to = SendTo::person(id::<Address>(phone(who))).on(id(&self.networks[place.0].name)).by(account);
        let outcome = alive.handle().send_once(&key, to, format!("own {key}")).await;
        let queued = match outcome {
            Ok(_) => Some(true),
            Err(greenroom::SendRefused::Store(_)) => None,
            Err(_) => Some(false),
        };
        if let Some(posted) = self.posted.last_mut() {
            posted.queued = queued;
        }
    }

    /// The owner admits someone, or admits them no longer.
    pub(crate) async fn change_list(&mut self, alive: &Alive) {
        let network = self.rng.below(self.networks.len() as u64) as usize;
        let people: Vec<_> = listed().collect();
        let person = *self.rng.pick(&people);
        let is_admitted = self.sky.look().book.admits(network, person) == Admitted::Yes;
        self.set_admitted(alive, network, person, !is_admitted).await;
    }

    /// Changes the entry of a person.
    pub(crate) async fn set_admitted(&mut self, alive: &Alive, network: usize, person: usize, admitted: bool) {
        self.touch(network, person);
        self.sky.look().book.set(network, person, Admitted::Unclear);
        let scope = ListScope::Channel(id(&self.networks[network].name));
        let entry = id::<AllowEntry>(phone(person));
        let outcome = if admitted {
            alive.handle().allow(scope, entry, "the owner").await
        } else {
            alive.handle().disallow(scope, &entry).await
        };
        self.touch(network, person);
        self.sky.look().book.set(network, person, stored(&outcome, admitted));
    }

    /// Two addresses turn out to be one person's.
    pub(crate) async fn merge(&mut self, alive: &Alive) {
        let place = self.any_place();
        if !with(Gate::MergesWhileBusy) && !self.is_quiet(alive).await {
            return;
        }
        self.merged.insert(place.0);
        let addresses = vec![id(phone(TWOFOLD)), id(lid(TWOFOLD))];
        let event = ChannelEvent::SamePerson { addresses };
        let told = self.networks[place.0].ends.deliver_event(&place.1, event).await;
        if !with(Gate::MergesWhileBusy) {
            // What is said before it is taken would wait beside it.
            let _ = tokio::time::timeout(Duration::from_secs(600), told.acknowledged()).await;
        }
    }

    /// Whether nothing waits anywhere.
    async fn is_quiet(&self, alive: &Alive) -> bool {
        let waits = |network: &Network| network.keys.iter().any(|key| network.ends.queued(key) > 0);
        if self.networks.iter().any(waits) || alive.store.rows_waiting().await != Ok(0) {
            return false;
        }
        for account in alive.accounts.values() {
            if alive.store.pending(account, None, 1).await.is_ok_and(|pending| !pending.is_empty()) {
                return false;
            }
        }
        true
    }

    /// The owner looks after accounts that wait for a person, and after what failed too often.
    pub(crate) async fn owner_acts(&mut self, alive: &mut Alive) {
        let owner = OwnerId::local();
        for account in alive.handle().health().await.accounts {
            let place = alive.accounts.iter().find(|(_, known)| **known == account.account);
            let Some((number, key)) = place.map(|(place, _)| place.clone()) else { continue };
            let is_linked = self.networks[number].linked.as_ref() == Some(&key);
            match account.status {
                AccountStatus::Stopped { .. } | AccountStatus::Replaced | AccountStatus::Outdated => {
                    let _ = alive.handle().reconnect(&account.account, &owner).await;
                }
                AccountStatus::LoggedOut { .. } | AccountStatus::NotLinked { .. } if is_linked => {
                    self.begin_link(alive, number, Some(account.account)).await;
                }
                _ => {}
            }
        }
        let Ok(rows) = alive.store.quarantined(100).await else { return };
        for row in rows {
            let EntryKind::Message(inbound) = &row.entry.kind else { continue };
            let number = number_of(&inbound.key.message);
            let Some(spoken) = number.and_then(|number| self.spoken.get_mut(&number)) else { continue };
            if !spoken.poison && self.rng.percent(50) {
                spoken.released = true;
                let _ = alive.handle().release(row.entry.sequence).await;
            }
        }
    }

    /// Links an account, in a network that has none yet.
    pub(crate) async fn link(&mut self, alive: &mut Alive) {
        let open = |network: &Network| network.links && network.linked.is_none();
        let Some(number) = self.networks.iter().position(open) else { return };
        self.begin_link(alive, number, None).await;
        tokio::time::sleep(Duration::from_secs(2)).await;
        self.learn_accounts(alive).await;
    }

    async fn begin_link(&mut self, alive: &Alive, network: usize, account: Option<AccountId>) {
        let request = LinkRequest {
            channel: id(&self.networks[network].name),
            owner: OwnerId::local(),
            account,
            method: LinkMethod::Qr,
            accepted: true,
        };
        let _ = alive.handle().begin_link(request).await;
    }

    /// Messages whose whole answer was seen, by the first of each turn, and those that the turns covered.
    pub(crate) fn leads_seen(&self) -> HashSet<u64> {
        let mut parts: HashMap<u64, HashSet<u64>> = HashMap::new();
        let mut covered: HashMap<u64, Vec<About>> = HashMap::new();
        for network in &self.networks {
            for shown in network.ends.sent().iter().filter_map(|message| Shown::read(message.words())) {
                if let About::Message(lead) = shown.lead {
                    parts.entry(lead).or_default().insert(shown.part);
                    covered.insert(lead, shown.covers);
                }
            }
        }
        let whole = parts.into_iter().filter(|(lead, parts)| parts.len() as u64 == parts_of(*lead));
        let covered = whole.flat_map(|(lead, _)| covered.remove(&lead).unwrap_or_default());
        let messages = covered.filter_map(|about| match about {
            About::Message(number) => Some(number),
            About::Wake(_) => None,
        });
        messages.collect()
    }

    /// The person that last words are asked of in a chat: one who is admitted all the time.
    pub(crate) fn author_in(&self, place: &Place, chat: &str) -> Option<(usize, bool)> {
        let here = self.spoken.values().filter(|spoken| spoken.place == *place && spoken.chat == chat);
        let mut authors = here.filter_map(|spoken| {
            let person = spoken.who.filter(|person| !is_listed(*person))?;
            let second = spoken.said.inbound().sender.id.as_str() == lid(person);
            Some((person, second))
        });
        authors.next()
    }
}

/// The number in the name of a message.
pub(crate) fn number_of(message: &MessageId) -> Option<u64> {
    message.as_str().strip_prefix("m-")?.parse().ok()
}

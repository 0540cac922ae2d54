//! Who someone is: the allow-list holds for every address that a signed message showed to be the same person's.

use super::sink::{AccountSink, unavailable};
use crate::decide::known_as::{self, Learned};
use greenroom_contract::address::{Address, Strength};
use greenroom_contract::event::SinkError;
use greenroom_contract::message::Sender;

impl AccountSink {
    /// A person whom no entry names may be known to be one whom an entry names: then that address is added, so that the
    /// list is found to admit them, here and at every later look. The text names what they came with.
    pub(super) async fn follow(&self, sender: &mut Sender, learned: &Learned) -> Result<Option<String>, SinkError> {
        let wiring = self.context.wiring.load();
        let snapshot = &wiring.admission;
        let (channel, account) = (&self.card.channel.name, self.card.id());
        if snapshot.admits_everybody(channel, account) || snapshot.listed(channel, account, &sender.addresses).is_some()
        {
            return Ok(None);
        }
        let mut known = learned.of(&sender.addresses);
        for address in sender.addresses.iter().filter(|address| address.strength() == Strength::Strong) {
            let person = self.person_with(address).await?;
            if known_as::leads_to(&person, address, &sender.addresses) {
                known.extend(person);
            }
        }
        let Some(admitted) = snapshot.listed(channel, account, &known) else { return Ok(None) };
        let came_with = sender.addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        known_as::with_admitted(sender, admitted);
        Ok(Some(came_with))
    }

    /// Every address of the person with this one.
    async fn person_with(&self, address: &Address) -> Result<Vec<Address>, SinkError> {
        let store = &self.context.store;
        let Some(person) = store.person_by_address(&self.card.scope, address).await.map_err(unavailable)? else {
            return Ok(Vec::new());
        };
        let person = store.person(person).await.map_err(unavailable)?;
        Ok(person.map(|person| person.addresses).unwrap_or_default())
    }

    /// Whether addresses belong to a person who is on the list; `None` if they belong to none in the store either: of
    /// strangers nothing is kept. A number that another person had before is taken out.
    pub(super) async fn concerns_someone_known(&self, addresses: &mut Vec<Address>) -> Result<Option<bool>, SinkError> {
        let written = addresses.clone();
        let (mut sure, mut doubtful) = (Vec::new(), Vec::new());
        for address in &written {
            let person = self.person_with(address).await?;
            if known_as::leads_to(&person, address, &written) {
                sure.extend(person);
            } else if !person.is_empty() {
                doubtful.push(address);
            }
        }
        addresses.retain(|address| sure.contains(address) || !doubtful.contains(&address));
        let wiring = self.context.wiring.load();
        let snapshot = &wiring.admission;
        let is_listed = snapshot.listed(&self.card.channel.name, self.card.id(), addresses).is_some();
        Ok((addresses.len() >= 2 && (is_listed || !sure.is_empty())).then_some(is_listed))
    }

    /// The owner hears that an entry names a number which its person gave up: another person may get it.
    pub(super) fn tell_of_new_number(&self, addresses: &[Address]) {
        let wiring = self.context.wiring.load();
        let snapshot = &wiring.admission;
        let phones = || addresses.iter().filter(|address| address.namespace() == Address::PHONE);
        let is_listed = |address: &&Address| {
            snapshot.listed(&self.card.channel.name, self.card.id(), std::slice::from_ref(address)).is_some()
        };
        if let (Some(listed), Some(new)) = (phones().find(is_listed), phones().find(|address| !is_listed(address))) {
            tracing::warn!(
                channel = %self.card.channel.name, old = %listed, new = %new,
                "an admitted person has another number now and stays admitted; allow the new one, and take the old one \
                 off the allow-list, because it may be given to another person"
            );
        }
    }
}

//! Who is admitted, and by which rule, from outside.

use super::handle::EngineHandle;
use crate::decide::access::{Access, Asked, explain};
use crate::decide::admission::Admission;
use crate::decide::known_as;
use greenroom_contract::address::{Address, AllowEntry, Strength};
use greenroom_contract::ids::{AccountId, ChannelName, ChatId};
use greenroom_contract::policy::ChannelPolicy;
use greenroom_contract::store::{AccountRow, Scope, Store, StoreError};
use std::sync::Arc;

/// Who is asked about, and where.
#[derive(Debug, Clone)]
pub struct AccessAsked {
    /// A person or a group. Asked of `*`: a person of whom nothing is known.
    pub who: AllowEntry,
    /// The group in which the person writes; `None` for a direct chat.
    pub group: Option<ChatId>,
    /// Only this channel.
    pub channel: Option<ChannelName>,
}

impl EngineHandle {
    /// Which rule admits or refuses a person or a group, in each account of each channel, by the lists that hold now.
    pub async fn access(&self, asked: &AccessAsked) -> Result<Vec<Access>, StoreError> {
        let wiring = self.context.wiring.load_full();
        let channels: Vec<ChannelName> = wiring.blueprint.plans().keys().cloned().collect();
        looked_up(self.context.store.as_ref(), &wiring.admission, &channels, asked).await
    }
}

/// The same for a store that no engine runs on, with the policies of the configuration.
pub async fn access(
    store: &dyn Store,
    policies: &[(ChannelName, ChannelPolicy)],
    asked: &AccessAsked,
) -> Result<Vec<Access>, StoreError> {
    let policies: Vec<(ChannelName, Arc<ChannelPolicy>)> =
        policies.iter().map(|(name, policy)| (name.clone(), Arc::new(policy.clone()))).collect();
    let stored = store.allow_entries().await?;
    let admission = Admission::new(policies.iter().map(|(name, policy)| (name, policy)), &stored);
    let channels: Vec<ChannelName> = policies.iter().map(|(name, _)| name.clone()).collect();
    looked_up(store, &admission, &channels, asked).await
}

async fn looked_up(
    store: &dyn Store,
    admission: &Admission,
    channels: &[ChannelName],
    asked: &AccessAsked,
) -> Result<Vec<Access>, StoreError> {
    let rows = store.accounts().await?;
    let mut found = Vec::new();
    let mut wanted: Vec<&ChannelName> = channels.iter().collect();
    wanted.retain(|name| asked.channel.as_ref().is_none_or(|only| only == *name));
    wanted.sort();
    for channel in wanted {
        let here: Vec<&AccountRow> = rows.iter().filter(|row| row.channel == *channel).collect();
        for row in &here {
            let scope = Scope { channel: channel.clone(), owner: row.owner.clone() };
            let known = known(store, admission, (channel, &row.id), &scope, &asked.who).await?;
            found.extend(explained(admission, channel, Some(&row.id), &known, asked));
        }
        if here.is_empty() {
            found.extend(explained(admission, channel, None, &written(&asked.who), asked));
        }
    }
    Ok(found)
}

fn explained(
    admission: &Admission,
    channel: &ChannelName,
    account: Option<&AccountId>,
    addresses: &[Address],
    asked: &AccessAsked,
) -> Option<Access> {
    let group = match &asked.who {
        AllowEntry::Group(chat) => Some(chat),
        AllowEntry::Person(_) | AllowEntry::Everybody => asked.group.as_ref(),
    };
    explain(admission, channel, account, &Asked { addresses, group })
}

fn written(who: &AllowEntry) -> Vec<Address> {
    match who {
        AllowEntry::Person(address) => vec![address.clone()],
        AllowEntry::Group(_) | AllowEntry::Everybody => Vec::new(),
    }
}

/// The address that was asked about, with the one under which the list knows the same person, as for a message of theirs.
async fn known(
    store: &dyn Store,
    admission: &Admission,
    (channel, account): (&ChannelName, &AccountId),
    scope: &Scope,
    who: &AllowEntry,
) -> Result<Vec<Address>, StoreError> {
    let mut addresses = written(who);
    let Some(address) = addresses.first().cloned().filter(|address| address.strength() == Strength::Strong) else {
        return Ok(addresses);
    };
    let Some(person) = store.person_by_address(scope, &address).await? else { return Ok(addresses) };
    let person = store.person(person).await?.map(|person| person.addresses).unwrap_or_default();
    if admission.listed(channel, account, &addresses).is_none()
        && known_as::leads_to(&person, &address, &addresses)
        && let Some(listed) = admission.listed(channel, account, &person)
    {
        addresses.push(listed.clone());
    }
    Ok(addresses)
}

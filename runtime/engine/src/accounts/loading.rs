//! Which accounts a blueprint serves.

use crate::context::{AccountCard, Context, Events};
use crate::decide::blueprint::{Blueprint, ChannelCard, ChannelPlan};
use greenroom_contract::ids::{AccountId, ChannelName};
use greenroom_contract::store::{AccountRow, AccountState, Store, StoreError};
use greenroom_contract::time::Timestamp;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// The stored accounts of channels that begin, and of those that are gone.
pub(crate) struct Loaded {
    /// Those that have a session, with their channel.
    served: Vec<(AccountRow, Arc<ChannelCard>)>,
    /// The others.
    resting: HashSet<AccountId>,
}

/// Upserts the accounts that the blueprint fixes, and takes those that were linked at run time. Channels that the
/// blueprint `before` has too, with the same adapter, are left out: their accounts stay as they are.
pub(crate) async fn load(
    store: &dyn Store,
    blueprint: &Blueprint,
    before: Option<&Blueprint>,
    now: Timestamp,
) -> Result<Loaded, StoreError> {
    let plan_before = |name: &ChannelName| before.and_then(|before| before.plan(name));
    let stays = |plan: &ChannelPlan| plan_before(plan.name()).is_some_and(|before| before.card.is(&plan.card));
    let mut configured = HashSet::new();
    for plan in blueprint.plans().values().filter(|plan| !stays(plan)) {
        for identity in plan.card.channel.identities() {
            let row = store.configured_account(plan.name(), &identity.key, &identity.label, now).await?;
            configured.insert(row.id);
        }
    }
    let mut loaded = Loaded { served: Vec::new(), resting: HashSet::new() };
    for mut row in store.accounts().await? {
        let plan = blueprint.plan(&row.channel);
        if plan.is_some_and(&stays) {
            continue;
        }
        // Whoever was linking it is gone, unless its channel is just taken away from it.
        let interrupted = row.configured_key.is_none() && row.state == AccountState::Pending;
        if interrupted && plan_before(&row.channel).is_none() {
            row.state = AccountState::Expired { reason: "linking was interrupted".to_owned() };
            row.changed_at = now;
            store.set_account_state(&row.id, row.state.clone(), None, now).await?;
        }
        match plan.filter(|plan| is_served(&row, &plan.card, &configured)) {
            Some(plan) => loaded.served.push((row, Arc::clone(&plan.card))),
            None => drop(loaded.resting.insert(row.id)),
        }
    }
    Ok(loaded)
}

/// Whether this channel serves the account now. An identity that was taken out of the configuration
/// rests until it comes back; an account of another adapter until its channel has that one again.
fn is_served(row: &AccountRow, card: &ChannelCard, configured: &HashSet<AccountId>) -> bool {
    if row.configured_key.is_some() {
        return configured.contains(&row.id);
    }
    card.channel.linking().is_some() && row.adapter.as_ref().is_none_or(|adapter| *adapter == card.adapter)
}

/// The accounts by their ids.
pub(crate) type Cards = HashMap<AccountId, Arc<AccountCard>>;

impl Loaded {
    /// At the start: all of them.
    pub(crate) fn cards(self, events: &Arc<Events>, now: Timestamp) -> (Cards, HashSet<AccountId>) {
        let card = |(row, channel): (AccountRow, _)| {
            (row.id.clone(), Arc::new(AccountCard::new(row, channel, Arc::clone(events), now)))
        };
        (self.served.into_iter().map(card).collect(), self.resting)
    }

    /// While it runs, once the blueprint holds: accounts whose adapter went rest or get the new one, those of added
    /// channels begin. All others stay as they are, also those that were linked since the store was read.
    pub(crate) fn take_over(self, context: &Context) {
        let now = context.now();
        let wiring = context.wiring.load();
        let mut cards = context.accounts.write();
        let stays = |card: &AccountCard| wiring.plan(&card.channel).is_some_and(|plan| plan.card.is(&card.channel));
        let gone: Cards = cards.extract_if(|_, card| !stays(card)).collect();
        for (row, channel) in self.served {
            let begun = match gone.get(&row.id) {
                Some(before) => before.with_channel(channel, now),
                None if cards.contains_key(&row.id) => continue,
                None => AccountCard::new(row.clone(), channel, Arc::clone(&context.events), now),
            };
            cards.insert(row.id, Arc::new(begun));
        }
        let mut resting = context.resting.write();
        resting.extend(gone.into_keys().chain(self.resting));
        resting.retain(|account| !cards.contains_key(account));
    }
}

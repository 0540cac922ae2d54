//! What is known of the life of accounts, from outside.

use super::handle::EngineHandle;
use crate::context::journals;
use crate::decide::journal::{Gap, RefusedCount};
use greenroom_contract::ids::AccountId;
use greenroom_contract::store::{Store, StoreError};
use std::collections::BTreeMap;

impl EngineHandle {
    /// How many messages were refused from this day on, by day, account and cause; the newest day first. Days are those of
    /// UTC, counted since 1970-01-01.
    pub async fn refused_since(&self, day: u32) -> Result<Vec<RefusedCount>, StoreError> {
        self.context.resume_journals().await?;
        let cards: Vec<_> = self.context.accounts.read().values().cloned().collect();
        let mut counts = Vec::new();
        for card in &cards {
            counts.extend(card.journal.lock().journal.refused_since(day, &card.channel.name, card.id()));
        }
        // Those that rest now.
        let stored = refused_since(self.context.store.as_ref(), day).await?;
        counts.extend(stored.into_iter().filter(|one| !cards.iter().any(|card| *card.id() == one.account)));
        Ok(sorted(counts))
    }
}

/// The same for a store that no engine runs on.
pub async fn refused_since(store: &dyn Store, day: u32) -> Result<Vec<RefusedCount>, StoreError> {
    let journals = journals::written(store).await?;
    let accounts = store.accounts().await?;
    let of = |account: &AccountId| journals.get(account);
    let counts = accounts.iter().filter_map(|row| Some(of(&row.id)?.refused_since(day, &row.channel, &row.id)));
    Ok(sorted(counts.flatten().collect()))
}

/// When each account was not connected, as far as it is written, for a store that no engine runs on.
pub async fn gaps(store: &dyn Store) -> Result<BTreeMap<AccountId, Vec<Gap>>, StoreError> {
    let journals = journals::written(store).await?;
    Ok(journals.into_iter().map(|(account, journal)| (account, journal.gaps())).collect())
}

fn sorted(mut counts: Vec<RefusedCount>) -> Vec<RefusedCount> {
    counts.sort_by(|a, b| {
        let place = |one: &RefusedCount| (std::cmp::Reverse(one.day), one.channel.clone(), one.account.clone());
        place(a).cmp(&place(b)).then(b.count.cmp(&a.count)).then_with(|| a.cause.cmp(&b.cause))
    });
    counts
}

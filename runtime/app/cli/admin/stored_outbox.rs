//! Messages of the bot that are not sent, in a store that nothing runs on.

use greenroom::UnsentMessage;
use greenroom::contract::ids::MessageId;
use greenroom::contract::limits;
use greenroom::contract::store::{Parcel, ParcelKey, ParcelState, ParcelVerdict, Store, StoreError};
use greenroom::contract::time::Clock;
use greenroom::contract::trace::{Decision, Step};
use greenroom_client::UnsentView;
use greenroom_gateway::view;

/// Those that are held first.
pub(super) async fn list(store: &dyn Store) -> Result<Vec<UnsentView>, StoreError> {
    let (mut held, others): (Vec<Parcel>, Vec<Parcel>) = all(store).await?.into_iter().partition(is_held);
    held.extend(others);
    held.truncate(limits::PAGE_ROWS_MAX);
    Ok(held.iter().map(|parcel| view::unsent(&UnsentMessage::stored(parcel))).collect())
}

/// Lets one that is held be sent at the next start.
pub(super) async fn release(store: &dyn Store, id: &str) -> Result<(), StoreError> {
    let key = find(store, id).await?;
    store.release_parcel(&key, Step::new(Clock::System.now(), Decision::Queued)).await.map(drop)
}

/// The same for all of them; says how many they were.
pub(super) async fn release_all(store: &dyn Store) -> Result<usize, StoreError> {
    let held: Vec<Parcel> = all(store).await?.into_iter().filter(is_held).collect();
    for parcel in &held {
        store.release_parcel(&parcel.key, Step::new(Clock::System.now(), Decision::Queued)).await?;
    }
    Ok(held.len())
}

/// Gives one up, held or not.
pub(super) async fn drop_one(store: &dyn Store, id: &str) -> Result<(), StoreError> {
    let key = find(store, id).await?;
    let reason = "the owner gave it up".to_owned();
    let step = Step::new(Clock::System.now(), Decision::Dropped { reason: reason.clone() });
    store.verdict(&key, ParcelVerdict::Dropped { reason }, step).await
}

fn is_held(parcel: &Parcel) -> bool {
    matches!(parcel.state, ParcelState::Held { .. })
}

async fn all(store: &dyn Store) -> Result<Vec<Parcel>, StoreError> {
    let mut found: Vec<Parcel> = Vec::new();
    loop {
        let page = store.unsent(found.last().map(|parcel| &parcel.key), limits::PAGE_ROWS_MAX).await?;
        let is_last = page.len() < limits::PAGE_ROWS_MAX;
        found.extend(page);
        if is_last {
            return Ok(found);
        }
    }
}

async fn find(store: &dyn Store, id: &str) -> Result<ParcelKey, StoreError> {
    let message = MessageId::new(id).map_err(|error| StoreError::Invalid { reason: error.to_string() })?;
    for account in store.accounts().await? {
        if let Some(key) = store.find_own(&account.id, &message).await? {
            return Ok(key);
        }
    }
    Err(StoreError::NotFound { what: format!("message {id}") })
}

//! All accounts as people see them: those that run, and those that rest.

use crate::context::{AccountCard, Context};
use crate::decide::admission::Admission;
use crate::decide::directory::Misnamed;
use crate::decide::events::Counts;
use crate::decide::health::{AccountHealth, HealthProblem};
use crate::decide::next_action::NextAction;
use crate::decide::status::AccountStatus;
use greenroom_contract::address::Address;
use greenroom_contract::ids::ChannelName;
use greenroom_contract::limits;
use greenroom_contract::store::{AccountRow, StoreError};
use greenroom_contract::time::Timestamp;
use std::sync::Arc;

/// The accounts that have a session, in the order of channel and id.
pub(crate) fn running(context: &Context) -> Vec<AccountHealth> {
    let mut list: Vec<AccountHealth> = context.accounts.read().values().map(|card| of_card(card)).collect();
    list.sort_by(|a, b| (&a.channel, &a.account).cmp(&(&b.channel, &b.account)));
    list
}

/// All accounts in the order in which they were made, those of other adapters included.
pub(crate) async fn all(context: &Context) -> Result<Vec<AccountHealth>, StoreError> {
    let rows = context.store.accounts().await?;
    Ok(rows
        .into_iter()
        .map(|row| context.account(&row.id).map_or_else(|| resting(context, row), |card| of_card(&card)))
        .collect())
}

fn of_card(card: &AccountCard) -> AccountHealth {
    let (row, vitals) = (card.row(), card.vitals.lock().clone());
    let phone = card.link.lock().as_ref().and_then(|link| link.phone());
    AccountHealth {
        next: vitals.status.next(&row.channel, &row.id),
        adapter: card.channel.adapter.clone(),
        status: vitals.status,
        since: vitals.since,
        last_frame: vitals.last_frame,
        last_inbound: vitals.last_inbound,
        last_acknowledged: vitals.last_acknowledged,
        outbox_waiting: vitals.outbox_waiting,
        sends_again_at: vitals.sends_pause_until,
        connections: vitals.connections,
        today: card.teller.today(),
        unreadable: vitals.unreadable,
        gaps: card.journal.lock().journal.gaps(),
        phone,
        ..of_row(row)
    }
}

/// An account without a session.
fn resting(context: &Context, row: AccountRow) -> AccountHealth {
    let now = context.wiring.load().blueprint.plan(&row.channel).map(|plan| plan.card.adapter.clone());
    let status = if row.configured_key.is_some() {
        AccountStatus::Unconfigured
    } else {
        AccountStatus::Elsewhere { adapter: row.adapter.clone(), now }
    };
    AccountHealth { next: status.next(&row.channel, &row.id), status, ..of_row(row) }
}

fn of_row(row: AccountRow) -> AccountHealth {
    AccountHealth {
        account: row.id,
        channel: row.channel,
        adapter: row.adapter.unwrap_or_default(),
        owner: row.owner,
        label: row.label,
        status: AccountStatus::Unconfigured,
        next: None,
        since: row.changed_at,
        created_at: row.created_at,
        linked_at: row.linked_at,
        last_frame: None,
        last_inbound: None,
        last_acknowledged: None,
        outbox_waiting: 0,
        sends_again_at: None,
        connections: 0,
        today: Counts::default(),
        unreadable: 0,
        gaps: Vec::new(),
        phone: None,
    }
}

/// What is wrong with an account. That one was never linked is not a problem; a channel without any linked one is.
pub(crate) fn problem(account: &AccountHealth) -> Option<HealthProblem> {
    let never_linked = matches!(account.status, AccountStatus::NotLinked { .. } | AccountStatus::SlotsFull { .. })
        && account.linked_at.is_none();
    if account.status.is_well() || never_linked {
        return None;
    }
    let what = format!("channel {}: {}", account.channel, account.status);
    Some(HealthProblem::of_account(&account.account, what, account.next.clone()))
}

/// Channels without a linked account, where no one can write to the bot.
pub(crate) fn unlinked_channels(context: &Context, accounts: &[AccountHealth]) -> Vec<HealthProblem> {
    let wiring = context.wiring.load();
    let cards = wiring.blueprint.plans().values().map(|plan| &plan.card);
    let linkable = cards.filter(|card| card.channel.linking().is_some());
    let used = |channel: &ChannelName| {
        let mut here = accounts.iter().filter(|account| account.channel == *channel);
        here.any(|account| account.linked_at.is_some() || account.status.is_linking() || account.status.is_well())
    };
    linkable
        .filter(|card| !used(&card.name))
        .map(|card| {
            let what = format!("channel {}: configured, but no account is linked", card.name);
            HealthProblem::new(what, Some(NextAction::Link { channel: card.name.clone(), account: None }))
        })
        .collect()
}

/// What is worth a warning about an account that is connected: its network takes nothing.
pub(crate) fn network_away(account: &AccountHealth) -> Option<HealthProblem> {
    account.sends_again_at.filter(|_| account.status.is_well())?;
    let what = format!(
        "channel {}: the network takes no messages now; {} wait and are sent when it does",
        account.channel, account.outbox_waiting
    );
    Some(HealthProblem::of_account(&account.account, what, None))
}

/// What is worth a warning about an account that works: its phone stays away.
pub(crate) fn warning(account: &AccountHealth, now: Timestamp) -> Option<HealthProblem> {
    const DAY_SECONDS: u64 = 24 * 3600;
    let phone = account.phone?;
    let absent = now.since(phone.at);
    if absent < limits::PHONE_ABSENCE_WARNED.min(phone.absent_max) {
        return None;
    }
    let name = account.label.as_deref().unwrap_or(account.account.as_str());
    let (days, most) = (absent.as_secs() / DAY_SECONDS, phone.absent_max.as_secs() / DAY_SECONDS);
    let what = format!(
        "channel {}: the phone of {name} was last seen {days} days ago; after {most} days the network unlinks this \
         account",
        account.channel
    );
    let next = NextAction::OpenPhone { account: account.account.clone() };
    Some(HealthProblem::of_account(&account.account, what, Some(next)))
}

/// Entries of allow-lists that admit no one, as the networks said.
pub(crate) fn misnamed(context: &Context) -> Vec<HealthProblem> {
    let mut cards: Vec<Arc<AccountCard>> = context.accounts.read().values().cloned().collect();
    cards.sort_by(|a, b| a.id().cmp(b.id()));
    let wiring = context.wiring.load();
    cards.iter().flat_map(|card| misnamed_of(card, &wiring.admission)).collect()
}

fn misnamed_of(card: &AccountCard, admission: &Admission) -> Vec<HealthProblem> {
    let (channel, account) = (&card.channel.name, card.id());
    if admission.admits_everybody(channel, account) {
        return Vec::new();
    }
    let is_admitted = |address: &Address| admission.listed(channel, account, std::slice::from_ref(address)).is_some();
    let found = card.directory.lock().misnamed(&admission.numbers(channel, account), is_admitted);
    let more = found.len().saturating_sub(limits::DIRECTORY_WARNINGS_MAX);
    let problem = |misnamed: &Misnamed| {
        let next = match misnamed {
            Misnamed::Otherwise { known_as, .. } => {
                Some(NextAction::AllowEntry { channel: channel.clone(), entry: known_as.to_string() })
            }
            Misnamed::Nowhere { .. } => None,
        };
        HealthProblem::of_account(account, format!("channel {channel}: {misnamed}"), next)
    };
    let more = (more > 0).then(|| {
        let what = format!("channel {channel}: {more} more entries of the allow-list admit no one; the log names them");
        HealthProblem::of_account(account, what, None)
    });
    found.iter().take(limits::DIRECTORY_WARNINGS_MAX).map(problem).chain(more).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use greenroom_contract::linking::PhoneSeen;
    use std::time::Duration;

    #[test]
    fn a_phone_that_stays_away_is_warned_of_from_the_tenth_day() {
        let days = |days: u64| Duration::from_secs(days * 24 * 3600);
        let row = AccountRow {
            id: "acc-1".parse().unwrap(),
            channel: "front".parse().unwrap(),
            adapter: None,
            owner: "local".parse().unwrap(),
            configured_key: None,
            label: Some("+1555".to_owned()),
            state: greenroom_contract::store::AccountState::Linked,
            created_at: Timestamp(0),
            changed_at: Timestamp(0),
            linked_at: None,
        };
        let mut account = of_row(row);
        let start = Timestamp(1_000);
        assert_eq!(warning(&account, start), None);
        account.phone = Some(PhoneSeen { at: start, absent_max: days(14) });
        assert_eq!(warning(&account, start.plus(days(10)).minus(Duration::from_millis(1))), None);
        let warned = warning(&account, start.plus(days(11))).unwrap();
        assert!(warned.what.contains("+1555 was last seen 11 days ago; after 14 days"), "{warned}");
        assert_eq!(warned.next, Some(NextAction::OpenPhone { account: account.account.clone() }));
    }
}

//! Whether a list may lose an entry. Pure.

use crate::decide::admission::Admission;
use crate::decide::linking_rules::{connects, counts};
use greenroom_contract::store::AccountRow;

/// The first account that is linked, or on its way to it, and to which no one could write any longer.
pub(crate) fn deserted<'a>(
    accounts: impl IntoIterator<Item = &'a AccountRow>,
    before: &Admission,
    after: &Admission,
) -> Option<&'a AccountRow> {
    let admits = |list: &Admission, row: &AccountRow| list.admits_somebody(&row.channel, Some(&row.id));
    let mut linked = accounts.into_iter().filter(|row| counts(row) || connects(row));
    linked.find(|row| admits(before, row) && !admits(after, row))
}

#[cfg(test)]
mod tests {
    use super::*;
    use greenroom_contract::policy::ChannelPolicy;
    use greenroom_contract::store::{AccountState, ListScope, StoredEntry};
    use greenroom_contract::time::Timestamp;
    use std::sync::Arc;

    fn row(id: &str, state: AccountState) -> AccountRow {
        AccountRow {
            id: id.parse().unwrap(),
            channel: "front".parse().unwrap(),
            adapter: None,
            owner: "olga".parse().unwrap(),
            configured_key: None,
            label: None,
            state,
            created_at: Timestamp(0),
            changed_at: Timestamp(0),
            linked_at: None,
        }
    }

    /// What is admitted with these entries: of the channel with an empty name, else of the account.
    fn admission(configured: &[&str], stored: &[(&str, &str)]) -> Admission {
        let mut policy = ChannelPolicy::new("helper".parse().unwrap());
        policy.allow_from = configured.iter().map(|entry| entry.parse().unwrap()).collect();
        let channel = "front".parse().unwrap();
        let scope = |account: &str| match account {
            "" => ListScope::Channel("front".parse().unwrap()),
            account => ListScope::Account(account.parse().unwrap()),
        };
        let entry = |(account, entry): &(&str, &str)| StoredEntry {
            scope: scope(account),
            entry: entry.parse().unwrap(),
            by: String::new(),
            at: Timestamp(0),
        };
        let stored: Vec<StoredEntry> = stored.iter().map(entry).collect();
        Admission::new(std::iter::once((&channel, &Arc::new(policy))), &stored)
    }

    #[test]
    fn the_last_number_of_a_linked_account_stays() {
        let (ana, ben) = ("+15550000001", "+15550000002");
        let linked = row("acc-1", AccountState::Linked);
        let check = |rows: &[AccountRow], before: &Admission, after: &Admission| {
            deserted(rows, before, after).map(|row| row.id.to_string())
        };
        let only_ana = admission(&[], &[("acc-1", ana)]);
        let empty = admission(&[], &[]);
        let rows = std::slice::from_ref(&linked);
        assert_eq!(check(rows, &only_ana, &empty), Some("acc-1".to_owned()));
        assert_eq!(check(rows, &only_ana, &admission(&[], &[("acc-1", "group:g")])), Some("acc-1".to_owned()));
        assert_eq!(check(rows, &only_ana, &admission(&[], &[("acc-1", ben)])), None, "it was replaced");
        assert_eq!(check(rows, &only_ana, &admission(&[], &[("", ben)])), None, "the channel admits another one");
        assert_eq!(check(rows, &admission(&[ben], &[("acc-1", ana)]), &admission(&[ben], &[])), None);
        assert_eq!(check(rows, &empty, &empty), None, "it had none before");
        let of_channel = admission(&[], &[("", ana)]);
        assert_eq!(check(rows, &of_channel, &empty), Some("acc-1".to_owned()));
        let others =
            [row("acc-2", AccountState::Expired { reason: String::new() }), row("acc-3", AccountState::Pending)];
        assert_eq!(check(&others, &of_channel, &empty), Some("acc-3".to_owned()), "it is just being linked");
        assert_eq!(check(&others[..1], &of_channel, &empty), None, "one that is not linked loses nothing");
    }
}

//! What may be done with which account. Pure.

use crate::decide::refused::{LinkRefused, SessionScope};
use greenroom_contract::address::Address;
use greenroom_contract::ids::{AccountId, ChannelName, OwnerId};
use greenroom_contract::limits;
use greenroom_contract::linking::LinkMethod;
use greenroom_contract::store::{AccountRow, AccountState};

/// A request to link an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkRequest {
    /// Where.
    pub channel: ChannelName,
    /// For whom.
    pub owner: OwnerId,
    /// An account that is there already and shall be linked again; `None` makes a new one.
    pub account: Option<AccountId>,
    /// How.
    pub method: LinkMethod,
    /// Whether the owner has just read and accepted the channel's warning.
    pub accepted: bool,
}

/// How many accounts may be linked, or be on their way to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimits {
    /// Of one owner.
    pub per_owner: u32,
    /// Of all owners.
    pub total: u32,
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self { per_owner: limits::SESSIONS_PER_OWNER_MAX, total: limits::SESSIONS_MAX }
    }
}

/// Whether an account takes one of the places: it is linked, or on its way to it. Those that the
/// configuration fixes are not sessions that somebody linked.
pub(crate) fn counts(row: &AccountRow) -> bool {
    row.configured_key.is_none()
        && matches!(row.state, AccountState::Pending | AccountState::Linked | AccountState::Stopped { .. })
}

/// Whether a session connects it at the start.
pub(crate) fn connects(row: &AccountRow) -> bool {
    row.configured_key.is_some() || matches!(row.state, AccountState::Linked | AccountState::Stopped { .. })
}

/// Whether it may be forgotten: it has no device on anybody's phone.
pub(crate) fn forgettable(row: &AccountRow) -> bool {
    row.configured_key.is_none() && matches!(row.state, AccountState::Expired { .. } | AccountState::LoggedOut { .. })
}

/// Whether it was never linked and nobody is about to: what a clean-up takes.
pub(crate) fn left_behind(row: &AccountRow) -> bool {
    forgettable(row) && row.linked_at.is_none()
}

/// Whether there is a place for one more. `taken` are the owners of all accounts that count, those
/// that are just being made included.
pub(crate) fn room<'a>(
    taken: impl Iterator<Item = &'a OwnerId>,
    owner: &OwnerId,
    limits: SessionLimits,
) -> Result<(), LinkRefused> {
    let (mut total, mut own) = (0_u32, 0_u32);
    for of in taken {
        total = total.saturating_add(1);
        own = own.saturating_add(u32::from(of == owner));
    }
    if own >= limits.per_owner {
        return Err(LinkRefused::MaximumSessions { scope: SessionScope::Owner, count: own, limit: limits.per_owner });
    }
    if total >= limits.total {
        return Err(LinkRefused::MaximumSessions { scope: SessionScope::Total, count: total, limit: limits.total });
    }
    Ok(())
}

/// Whether this account may be linked (again) for this owner.
pub(crate) fn linkable(row: &AccountRow, request: &LinkRequest) -> Result<(), LinkRefused> {
    owned(row, &request.owner)?;
    let account = row.id.clone();
    if row.configured_key.is_some() {
        return Err(LinkRefused::Configured { account });
    }
    match &row.state {
        AccountState::Pending => Err(LinkRefused::AlreadyLinking { account }),
        AccountState::Linked | AccountState::Stopped { .. } => {
            Err(LinkRefused::AlreadyLinked { account, label: row.label.clone() })
        }
        AccountState::Expired { .. } | AccountState::LoggedOut { .. } => Ok(()),
    }
}

/// Whether it is this owner's. Whoever runs the server acts for everybody.
pub(crate) fn owned(row: &AccountRow, owner: &OwnerId) -> Result<(), LinkRefused> {
    if row.owner == *owner || *owner == OwnerId::local() {
        return Ok(());
    }
    Err(LinkRefused::WrongOwner { account: row.id.clone() })
}

/// The method with its number in the one normal form.
pub(crate) fn method(method: LinkMethod) -> Result<LinkMethod, LinkRefused> {
    match method {
        LinkMethod::Qr => Ok(LinkMethod::Qr),
        LinkMethod::Code { phone } => match Address::typed(&phone) {
            Ok(address) => Ok(LinkMethod::Code { phone: address.to_string() }),
            Err(error) => Err(LinkRefused::BadPhone { reason: error.to_string() }),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use greenroom_contract::time::Timestamp;
    use proptest::prelude::*;

    fn row(state: AccountState, owner: &str) -> AccountRow {
        AccountRow {
            id: "acc-1".parse().unwrap(),
            channel: "front".parse().unwrap(),
            adapter: Some("web".to_owned()),
            owner: owner.parse().unwrap(),
            configured_key: None,
            label: None,
            state,
            created_at: Timestamp(0),
            changed_at: Timestamp(0),
            linked_at: None,
        }
    }

    fn states() -> Vec<AccountState> {
        let reason = || "words".to_owned();
        vec![
            AccountState::Pending,
            AccountState::Expired { reason: reason() },
            AccountState::Linked,
            AccountState::Stopped { reason: reason() },
            AccountState::LoggedOut { reason: reason() },
        ]
    }

    fn request(owner: &str) -> LinkRequest {
        LinkRequest {
            channel: "front".parse().unwrap(),
            owner: owner.parse().unwrap(),
            account: Some("acc-1".parse().unwrap()),
            method: LinkMethod::Qr,
            accepted: false,
        }
    }

    #[test]
    fn every_state_is_either_counted_or_can_be_linked_and_forgotten() {
        for state in states() {
            let row = row(state, "olga");
            assert_ne!(counts(&row), linkable(&row, &request("olga")).is_ok(), "{row:?}");
            assert_ne!(counts(&row), forgettable(&row), "{row:?}");
        }
    }

    #[test]
    fn what_the_configuration_fixes_is_neither_counted_nor_linked_nor_forgotten() {
        for state in states() {
            let row = AccountRow { configured_key: Some("key".to_owned()), ..row(state, "local") };
            assert!(!counts(&row) && !forgettable(&row) && connects(&row), "{row:?}");
            assert!(matches!(linkable(&row, &request("local")), Err(LinkRefused::Configured { .. })));
        }
    }

    #[test]
    fn a_clean_up_takes_only_what_was_never_linked() {
        let expired = row(AccountState::Expired { reason: String::new() }, "olga");
        assert!(left_behind(&expired));
        assert!(!left_behind(&AccountRow { linked_at: Some(Timestamp(1)), ..expired }));
        assert!(!left_behind(&row(AccountState::Pending, "olga")));
        assert!(!left_behind(&row(AccountState::Linked, "olga")));
    }

    #[test]
    fn only_the_owner_and_whoever_runs_the_server_may() {
        let row = row(AccountState::Expired { reason: String::new() }, "olga");
        assert_eq!(owned(&row, &"olga".parse().unwrap()), Ok(()));
        assert_eq!(owned(&row, &OwnerId::local()), Ok(()));
        assert!(matches!(owned(&row, &"otto".parse().unwrap()), Err(LinkRefused::WrongOwner { .. })));
    }

    #[test]
    fn a_number_is_brought_into_its_normal_form_or_refused() {
        let code = |phone: &str| method(LinkMethod::Code { phone: phone.to_owned() });
        assert_eq!(code("+1 (555) 123-4567"), Ok(LinkMethod::Code { phone: "+15551234567".to_owned() }));
        assert!(matches!(code("15551234567"), Err(LinkRefused::BadPhone { .. })));
    }

    proptest! {
        #[test]
        fn nobody_gets_beyond_a_limit(
            owners in proptest::collection::vec(0_u8..4, 0..40),
            per_owner in 0_u32..8,
            total in 0_u32..20,
        ) {
            let limits = SessionLimits { per_owner, total };
            let mut taken: Vec<OwnerId> = Vec::new();
            for owner in owners {
                let owner: OwnerId = format!("owner-{owner}").parse().unwrap();
                if room(taken.iter(), &owner, limits).is_ok() {
                    taken.push(owner);
                }
            }
            prop_assert!(taken.len() <= total as usize);
            for owner in &taken {
                prop_assert!(taken.iter().filter(|of| *of == owner).count() <= per_owner as usize);
            }
        }

        #[test]
        fn a_refusal_names_the_limit_that_is_reached(own in 0_u32..10, others in 0_u32..30) {
            let limits = SessionLimits { per_owner: 5, total: 20 };
            let (olga, otto): (OwnerId, OwnerId) = ("olga".parse().unwrap(), "otto".parse().unwrap());
            let taken: Vec<&OwnerId> =
                (0..own).map(|_| &olga).chain((0..others).map(|_| &otto)).collect();
            let expected = if own >= 5 {
                Err(LinkRefused::MaximumSessions { scope: SessionScope::Owner, count: own, limit: 5 })
            } else if own + others >= 20 {
                Err(LinkRefused::MaximumSessions { scope: SessionScope::Total, count: own + others, limit: 20 })
            } else {
                Ok(())
            };
            prop_assert_eq!(room(taken.into_iter(), &olga, limits), expected);
        }
    }
}

//! What signed tokens are worth: their times and what they say. Pure.

use super::{Origin, Principal, Scopes, Ticket};
use crate::limits;
use greenroom_client::token::Claims;
use greenroom_contract::ids::OwnerId;
use greenroom_contract::limits::TOKEN_AHEAD_MAX;
use greenroom_contract::time::Timestamp;
use std::time::Duration;

/// Who bears a token whose signature and audience are good. `None` if it is not its time, or if it says something that is
/// nothing here.
pub(super) fn bearer(claims: &Claims, now: Timestamp) -> Option<Principal> {
    principal(claims, now, TOKEN_AHEAD_MAX, Origin::Token)
}

/// Who holds a cookie whose signature and audience are good.
pub(super) fn holder(claims: Claims, now: Timestamp) -> Option<Principal> {
    let principal = principal(&claims, now, limits::PORTAL_TIMEOUT, Origin::Portal)?;
    let ticket = Ticket { id: claims.id?, csrf: claims.csrf? };
    Some(Principal { ticket: Some(ticket), ..principal })
}

fn principal(claims: &Claims, now: Timestamp, ahead_max: Duration, origin: Origin) -> Option<Principal> {
    let until = at(claims.expires)?;
    let leeway = limits::TOKEN_LEEWAY_MAX;
    let in_time = now < until.plus(leeway) && until <= now.plus(ahead_max).plus(leeway);
    let begins = claims.begins.map_or(Some(Timestamp(0)), at)?;
    if !in_time || begins > now.plus(leeway) {
        return None;
    }
    let owner: OwnerId = claims.owner.parse().ok()?;
    let scopes: Scopes = claims.scope.parse().ok()?;
    Some(Principal { owner, scopes, origin, until: Some(until), ticket: None })
}

fn at(seconds: u64) -> Option<Timestamp> {
    seconds.checked_mul(1_000).map(Timestamp)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// In seconds since 1970.
    const NOW: u64 = 1_800_000_000;

    fn claims(expires: u64) -> Claims {
        let (owner, scope) = ("olga".to_owned(), "read".to_owned());
        Claims { owner, scope, expires, begins: None, id: None, csrf: None }
    }

    fn is_good(claims: &Claims) -> bool {
        bearer(claims, Timestamp(NOW * 1_000)).is_some()
    }

    #[test]
    fn a_token_is_good_until_its_end_and_for_an_hour_at_most() {
        for (expires, good) in [
            (NOW + 600, true),
            (NOW + 3_600, true),
            (NOW + 3_630, true),
            (NOW + 3_631, false),
            (NOW, true),
            (NOW - 29, true),
            (NOW - 30, false),
            (0, false),
            (u64::MAX, false),
            (u64::MAX / 1_000, false),
        ] {
            assert_eq!(is_good(&claims(expires)), good, "{expires}");
        }
        let begins = |begins| is_good(&Claims { begins: Some(begins), ..claims(NOW + 600) });
        assert!(begins(NOW + 30) && !begins(NOW + 31));
    }

    #[test]
    fn what_it_says_must_be_something() {
        let with = |owner: &str, scope: &str| {
            is_good(&Claims { owner: owner.to_owned(), scope: scope.to_owned(), ..claims(NOW + 60) })
        };
        assert!(with("olga", "") && with("olga", "read admin"));
        assert!(!with("olga", "everything") && !with("", "read") && !with(&"o".repeat(2_000), "read"));
    }

    #[test]
    fn a_cookie_needs_what_guards_its_changes() {
        let now = Timestamp(NOW * 1_000);
        let whole = Claims { id: Some("1".to_owned()), csrf: Some("2".to_owned()), ..claims(NOW + 12 * 3_600) };
        assert!(holder(whole.clone(), now).is_some());
        assert!(holder(Claims { csrf: None, ..whole.clone() }, now).is_none());
        assert!(holder(Claims { id: None, ..whole.clone() }, now).is_none());
        assert!(holder(Claims { expires: NOW + 13 * 3_600, ..whole }, now).is_none());
    }

    proptest! {
        #[test]
        fn no_time_makes_it_panic(expires: u64, begins: Option<u64>, now: u64) {
            let _ = bearer(&Claims { begins, ..claims(expires) }, Timestamp(now));
        }
    }
}

//! Copies of one bot compare which of them is the younger one: `POST /api/v1/fence`.
//!
//! Each signs its fencing number with the name of the store, which only copies of that store know. Whoever is no copy
//! learns nothing, not even that there is a store of another name.

use crate::token::{self, Claims, TokenError};
use serde::{Deserialize, Serialize};

/// For whom these words are.
const AUDIENCE: &str = "greenroom-fence";
/// What they allow: nothing.
const SCOPE: &str = "fence";
/// How long they are good, in seconds: the clocks of two machines may differ by a part of that.
const GOOD_FOR_S: u64 = 10 * 60;

/// The number of a copy, signed.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FenceBody {
    /// A token that names the number.
    pub fence: String,
}

impl FenceBody {
    /// The number of the copy of this store, at this moment in seconds since 1970.
    pub fn sign(instance: &str, number: u64, now_s: u64) -> Result<Self, TokenError> {
        let claims = Claims {
            owner: number.to_string(),
            scope: SCOPE.to_owned(),
            expires: now_s.saturating_add(GOOD_FOR_S),
            begins: None,
            id: None,
            csrf: None,
        };
        Ok(Self { fence: token::sign(instance.as_bytes(), AUDIENCE, &claims)? })
    }

    /// The number that another copy of this store signed; `None` if it is no copy, or if that was long ago.
    pub fn read(&self, instance: &str, now_s: u64) -> Option<u64> {
        if instance.len() < token::SECRET_BYTES_MIN {
            return None;
        }
        let claims = token::read(&self.fence, &[instance.as_bytes()], AUDIENCE).ok()?;
        let is_now = claims.expires > now_s && claims.expires <= now_s.saturating_add(2 * GOOD_FOR_S);
        (claims.scope == SCOPE && is_now).then(|| claims.owner.parse().ok()).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STORE: &str = "0123456789abcdef0123456789abcdef";
    const NOW: u64 = 1_800_000_000;

    #[test]
    fn only_a_copy_of_the_same_store_reads_it_and_only_for_a_while() {
        let signed = FenceBody::sign(STORE, 77, NOW).unwrap();
        assert_eq!(signed.read(STORE, NOW), Some(77));
        assert_eq!(signed.read(STORE, NOW - 300), Some(77), "a clock that is behind");
        assert_eq!(signed.read(STORE, NOW + 3_600), None);
        assert_eq!(signed.read(&STORE.replace('0', "1"), NOW), None);
        assert_eq!(FenceBody { fence: "x".into() }.read(STORE, NOW), None);
        assert_eq!(signed.read("", NOW), None, "a store without a name has no copies");
        assert!(FenceBody::sign("", 1, NOW).is_err());
        assert!(!format!("{signed:?}").contains(STORE));
    }

    #[test]
    fn a_token_for_something_else_names_no_number() {
        let claims =
            Claims { owner: "5".into(), scope: "admin".into(), expires: NOW + 60, begins: None, id: None, csrf: None };
        let other = FenceBody { fence: token::sign(STORE.as_bytes(), AUDIENCE, &claims).unwrap() };
        assert_eq!(other.read(STORE, NOW), None);
    }
}

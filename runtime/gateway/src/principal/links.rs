//! Links that let one browser into the portal, once; and cookies that were given back before their time.

use super::Scopes;
use crate::limits;
use greenroom_contract::ids::OwnerId;
use greenroom_contract::time::Timestamp;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use std::collections::VecDeque;
use subtle::ConstantTimeEq;

/// What a link is good for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) owner: OwnerId,
    pub(crate) scopes: Scopes,
}

/// Links that were made and not used. Of their codes only digests are kept.
#[derive(Default)]
pub(crate) struct Links(Mutex<VecDeque<Link>>);

struct Link {
    digest: [u8; 32],
    until: Timestamp,
    grant: Grant,
}

impl Links {
    /// Makes a code; and says until when it is good. The oldest one gives way where there are too many.
    pub(crate) fn make(&self, grant: Grant, now: Timestamp) -> Result<(String, Timestamp), getrandom::Error> {
        let code = random()?;
        let until = now.plus(limits::LOGIN_LINK_TIMEOUT);
        let mut links = self.0.lock();
        links.retain(|link| link.until > now);
        if links.len() >= limits::LOGIN_LINKS_MAX {
            links.pop_front();
        }
        links.push_back(Link { digest: digest(&code), until, grant });
        Ok((code, until))
    }

    /// Uses a code up.
    pub(crate) fn take(&self, code: &str, now: Timestamp) -> Option<Grant> {
        let wanted = digest(code);
        let mut links = self.0.lock();
        links.retain(|link| link.until > now);
        let at = links.iter().position(|link| bool::from(link.digest.ct_eq(&wanted)))?;
        links.remove(at).map(|link| link.grant)
    }
}

/// Cookies that are good no longer, although their time is not over.
#[derive(Default)]
pub(crate) struct Revoked(Mutex<VecDeque<(String, Timestamp)>>);

impl Revoked {
    pub(crate) fn add(&self, id: &str, until: Timestamp, now: Timestamp) {
        let mut revoked = self.0.lock();
        revoked.retain(|(_, until)| *until > now);
        if revoked.len() >= limits::REVOKED_MAX {
            revoked.pop_front();
        }
        revoked.push_back((id.to_owned(), until));
    }

    pub(crate) fn has(&self, id: &str) -> bool {
        self.0.lock().iter().any(|(revoked, _)| revoked == id)
    }
}

/// Too many to be guessed, in characters that need no escape anywhere.
pub(crate) fn random() -> Result<String, getrandom::Error> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes)?;
    Ok(hex::encode(bytes))
}

fn digest(code: &str) -> [u8; 32] {
    Sha256::digest(code.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);

    fn grant(owner: &str) -> Grant {
        Grant { owner: owner.parse().unwrap(), scopes: Scopes::all() }
    }

    #[test]
    fn a_code_is_good_once_and_for_ten_minutes() {
        let links = Links::default();
        let (code, until) = links.make(grant("olga"), NOW).unwrap();
        assert_eq!(until, NOW.plus(Duration::from_secs(600)));
        assert_eq!(links.take("something else", NOW), None);
        assert_eq!(links.take(&code, NOW), Some(grant("olga")));
        assert_eq!(links.take(&code, NOW), None, "used");
        let (late, until) = links.make(grant("olga"), NOW).unwrap();
        assert_eq!(links.take(&late, until), None);
    }

    #[test]
    fn many_links_do_not_fill_the_memory() {
        let links = Links::default();
        let made: Vec<String> =
            (0..=limits::LOGIN_LINKS_MAX).map(|_| links.make(grant("olga"), NOW).unwrap().0).collect();
        assert_eq!(links.take(&made[0], NOW), None, "the oldest gave way");
        assert!(made[1..].iter().all(|code| links.take(code, NOW).is_some()));
        let revoked = Revoked::default();
        (0..2 * limits::REVOKED_MAX).for_each(|at| revoked.add(&at.to_string(), NOW.plus(limits::PORTAL_TIMEOUT), NOW));
        assert_eq!(revoked.0.lock().len(), limits::REVOKED_MAX);
    }
}

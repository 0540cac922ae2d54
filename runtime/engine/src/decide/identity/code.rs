//! How a code is made, kept and compared. Only a keyed hash is kept, so who reads the store learns no code.

use crate::decide::open_choice::Asked as Moment;
use greenroom_contract::identity::EmailAddress;
use greenroom_contract::limits;
use greenroom_support::signature::sign;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

/// How many digits a code has.
pub(crate) const DIGITS: usize = 8;
/// How many codes there are.
const CODES: u64 = 100_000_000;

/// A code from a random number.
pub(crate) fn code(random: u64) -> String {
    format!("{:08}", random % CODES)
}

/// A code that was sent and did not come back yet.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OpenCode {
    /// To where.
    pub(crate) email: EmailAddress,
    /// When.
    made: Moment,
    /// Makes two hashes of the same code differ.
    salt: u64,
    hash: String,
    /// How often another code came.
    wrong: u32,
}

impl std::fmt::Debug for OpenCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OpenCode(…)")
    }
}

/// What a code is for an open one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compared {
    /// It is the one.
    Right,
    /// It is another one.
    Wrong {
        /// How often one may try yet.
        left: u32,
    },
    /// It is another one, and it was the last try.
    Last,
    /// The open one is too old, whatever this one is.
    Expired,
}

impl OpenCode {
    /// Keeps a code that is sent now.
    pub(crate) fn new(email: EmailAddress, code: &str, salt: u64, secret: &[u8], made: Moment) -> Self {
        let hash = hash(&email, code, salt, secret);
        Self { email, made, salt, hash, wrong: 0 }
    }

    /// Compares a code, and counts it if it is wrong. Takes the same time whatever it is.
    pub(crate) fn compare(&mut self, code: &str, secret: &[u8], now: &Moment) -> Compared {
        let given = hash(&self.email, code, self.salt, secret);
        let is_right: bool = given.as_bytes().ct_eq(self.hash.as_bytes()).into();
        if self.is_expired(now) {
            return Compared::Expired;
        }
        if is_right && self.wrong < limits::CODE_TRIES_MAX {
            return Compared::Right;
        }
        self.wrong = self.wrong.saturating_add(1);
        match limits::CODE_TRIES_MAX.saturating_sub(self.wrong) {
            0 => Compared::Last,
            left => Compared::Wrong { left },
        }
    }

    /// When it was sent.
    pub(crate) fn made(&self) -> &Moment {
        &self.made
    }

    /// Whether it no longer works.
    pub(crate) fn is_expired(&self, now: &Moment) -> bool {
        self.made.age(now) > limits::CODE_AGE_MAX
    }
}

fn hash(email: &EmailAddress, code: &str, salt: u64, secret: &[u8]) -> String {
    sign(secret, salt, format!("greenroom/code\n{email}\n{code}").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use greenroom_contract::time::Timestamp;
    use proptest::prelude::*;
    use std::time::Duration;

    pub(crate) fn moment(seconds: u64) -> Moment {
        let at = Timestamp(1_000_000_000).plus(Duration::from_secs(seconds));
        Moment { wall: at, steady: at, run: Timestamp(1) }
    }

    fn open(code: &str) -> OpenCode {
        OpenCode::new(EmailAddress::new("ana@example.org").unwrap(), code, 7, b"secret", moment(0))
    }

    #[test]
    fn the_right_code_within_its_time_is_right() {
        assert_eq!(open("00012345").compare("00012345", b"secret", &moment(600)), Compared::Right);
        assert_eq!(open("00012345").compare("00012345", b"secret", &moment(601)), Compared::Expired);
        assert_eq!(open("00012345").compare("00012346", b"secret", &moment(601)), Compared::Expired);
        assert_eq!(open("00012345").compare("00012345", b"another", &moment(1)), Compared::Wrong { left: 4 });
    }

    #[test]
    fn five_wrong_codes_end_it_also_for_the_right_one() {
        let mut open = open("00012345");
        let tries: Vec<_> = (0..5).map(|_| open.compare("00000000", b"secret", &moment(1))).collect();
        let expected = [4, 3, 2, 1].map(|left| Compared::Wrong { left });
        assert_eq!((&tries[..4], tries[4]), (&expected[..], Compared::Last));
        assert_eq!(open.compare("00012345", b"secret", &moment(1)), Compared::Last);
    }

    #[test]
    fn a_clock_that_is_moved_within_a_run_neither_ends_nor_prolongs_a_code() {
        let day = 24 * 3600 * 1000;
        let mut later = moment(60);
        later.wall = Timestamp(later.wall.0 + day);
        assert_eq!(open("00012345").compare("00012345", b"secret", &later), Compared::Right);
        let mut back = moment(601);
        back.wall = Timestamp(back.wall.0 - day);
        assert_eq!(open("00012345").compare("00012345", b"secret", &back), Compared::Expired);
    }

    #[test]
    fn what_is_kept_shows_no_code() {
        let kept = serde_json::to_string(&open("87654321")).unwrap();
        assert!(!kept.contains("87654321"), "{kept}");
        let other = OpenCode::new(EmailAddress::new("ana@example.org").unwrap(), "87654321", 8, b"secret", moment(0));
        assert_ne!(other.hash, open("87654321").hash, "the same code is kept otherwise each time");
    }

    proptest! {
        #[test]
        fn a_code_has_eight_digits(random in any::<u64>()) {
            let code = code(random);
            prop_assert!(code.len() == DIGITS && code.bytes().all(|b| b.is_ascii_digit()));
        }
    }
}

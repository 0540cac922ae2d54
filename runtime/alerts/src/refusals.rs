//! When refused posts are a trouble. Everyone on the internet can send one, so a few are not, and many are one. Pure.

use crate::limits::{REFUSED_POSTS_MIN, REFUSED_QUIET};
use std::collections::BTreeMap;
use std::time::Duration;

/// Of one channel.
#[derive(Debug)]
struct Seen {
    /// How many were refused since the start.
    count: u64,
    /// How many were refused when it was last quiet.
    quiet_at: u64,
    /// When the count last grew.
    grew: Duration,
}

/// The counts of all channels at the last look.
#[derive(Debug, Default)]
pub(crate) struct Refusals(BTreeMap<String, Seen>);

impl Refusals {
    /// The channels to which enough posts were refused lately, with how many. `at` is the time since the service began.
    pub(crate) fn look(&mut self, counts: BTreeMap<String, u64>, at: Duration) -> Vec<(String, u64)> {
        let mut found = Vec::new();
        for (channel, count) in counts {
            let seen = self.0.entry(channel.clone()).or_insert(Seen { count: 0, quiet_at: 0, grew: at });
            if at.saturating_sub(seen.grew) >= REFUSED_QUIET {
                seen.quiet_at = seen.count;
            }
            if count > seen.count {
                (seen.count, seen.grew) = (count, at);
            }
            let lately = count.saturating_sub(seen.quiet_at);
            if lately >= REFUSED_POSTS_MIN {
                found.push((channel, lately));
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_are_no_trouble_and_many_are_until_it_was_quiet() {
        let mut refusals = Refusals::default();
        let mut look = |count: u64, minutes: u64| {
            let counts = [("front".to_owned(), count)].into();
            refusals.look(counts, Duration::from_secs(60 * minutes)).first().map(|(_, lately)| *lately)
        };
        assert_eq!(look(REFUSED_POSTS_MIN - 1, 0), None);
        assert_eq!(look(REFUSED_POSTS_MIN, 1), Some(REFUSED_POSTS_MIN));
        assert_eq!(look(400, 30), Some(400));
        assert_eq!(look(400, 89), Some(400));
        assert_eq!(look(400, 90), None, "none came for an hour");
        assert_eq!(look(401, 91), None);
        assert_eq!(look(405, 92), Some(5));
    }
}

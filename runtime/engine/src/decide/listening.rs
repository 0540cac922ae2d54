//! Since when the silence of a network says something about a send whose outcome is unknown. Pure; all moments are steady.

use greenroom_contract::limits;
use greenroom_contract::time::Timestamp;

/// Since when a network can be heard.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Listening {
    connected: Option<Timestamp>,
    /// What arrived first on this connection.
    first_sign: Option<Timestamp>,
}

impl Listening {
    /// The network accepts us.
    pub(crate) fn connected(&mut self, now: Timestamp) {
        *self = Self { connected: Some(now), first_sign: None };
    }

    /// Something arrived.
    pub(crate) fn heard(&mut self, now: Timestamp) {
        if self.connected.is_some() {
            self.first_sign.get_or_insert(now);
        }
    }

    /// Since when silence about a message of `made_at` says something: since the connection was made. A network that calls
    /// the gateway brings what it kept back with its first call after that. It tries after growing pauses, so the next
    /// try comes within about the time for which it failed, which is not longer than the message is old; one that has
    /// nothing to say never calls.
    pub(crate) fn since(&self, calls_us: bool, made_at: Timestamp, now: Timestamp) -> Timestamp {
        let Some(connected) = self.connected else { return now };
        if !calls_us {
            return connected;
        }
        let missed = connected.since(made_at).min(limits::CALLS_RESUME_TIMEOUT);
        self.first_sign.unwrap_or(now).min(connected.plus(missed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: fn(u64) -> Timestamp = |seconds| Timestamp(seconds * 1000);

    fn both(listening: &Listening, made: u64, now: u64) -> [Timestamp; 2] {
        [true, false].map(|calls_us| listening.since(calls_us, AT(made), AT(now)))
    }

    #[test]
    fn a_connection_listens_from_its_beginning_and_a_called_gateway_from_the_first_call() {
        let mut listening = Listening::default();
        listening.heard(AT(5));
        assert_eq!(both(&listening, 1, 9), [AT(9), AT(9)], "not connected yet");
        listening.connected(AT(1_000));
        assert_eq!(both(&listening, 500, 1_060), [AT(1_060), AT(1_000)]);
        listening.heard(AT(1_070));
        listening.heard(AT(1_090));
        assert_eq!(both(&listening, 500, 1_100), [AT(1_070), AT(1_000)]);
        listening.connected(AT(2_000));
        assert_eq!(both(&listening, 500, 2_010), [AT(2_010), AT(2_000)], "another connection, another first call");
    }

    #[test]
    fn a_network_that_never_calls_does_not_make_an_answer_wait_for_ever() {
        let mut listening = Listening::default();
        listening.connected(AT(5_000));
        let later = 5_000 + 2 * limits::CALLS_RESUME_TIMEOUT.as_secs();
        for (made, since) in [(5_100, 5_000), (4_990, 5_010), (4_700, 5_300), (0, 5_900)] {
            assert_eq!(both(&listening, made, later), [AT(since), AT(5_000)], "made at {made}");
        }
        assert_eq!(AT(5_900), AT(5_000).plus(limits::CALLS_RESUME_TIMEOUT));
        listening.heard(AT(5_950));
        assert_eq!(both(&listening, 0, later), [AT(5_900), AT(5_000)]);
    }
}

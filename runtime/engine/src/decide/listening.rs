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

    /// Since when silence says something: since the connection was made. A network that calls the gateway brings what it
    /// kept back with its first call after that, whenever it tries next; for one that has nothing to say the wait ends.
    pub(crate) fn since(&self, calls_us: bool, now: Timestamp) -> Timestamp {
        let Some(connected) = self.connected else { return now };
        if !calls_us {
            return connected;
        }
        self.first_sign.unwrap_or(now).min(connected.plus(limits::CALLS_RESUME_TIMEOUT))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const AT: fn(u64) -> Timestamp = |seconds| Timestamp(seconds * 1000);

    #[test]
    fn a_connection_listens_from_its_beginning_and_a_called_gateway_from_the_first_call() {
        let mut listening = Listening::default();
        listening.heard(AT(5));
        assert_eq!([true, false].map(|calls_us| listening.since(calls_us, AT(9))), [AT(9), AT(9)], "not connected yet");
        listening.connected(AT(10));
        assert_eq!([true, false].map(|calls_us| listening.since(calls_us, AT(60))), [AT(60), AT(10)]);
        listening.heard(AT(70));
        listening.heard(AT(90));
        assert_eq!([true, false].map(|calls_us| listening.since(calls_us, AT(100))), [AT(70), AT(10)]);
        listening.connected(AT(200));
        assert_eq!(listening.since(true, AT(210)), AT(210), "another connection, another first call");
    }

    #[test]
    fn a_network_that_never_calls_does_not_make_an_answer_wait_for_ever() {
        let mut listening = Listening::default();
        listening.connected(AT(10));
        let end = AT(10).plus(limits::CALLS_RESUME_TIMEOUT);
        assert_eq!(listening.since(true, end.plus(Duration::from_secs(3_600))), end);
        listening.heard(end.plus(Duration::from_secs(60)));
        assert_eq!(listening.since(true, end.plus(Duration::from_secs(3_600))), end);
    }
}

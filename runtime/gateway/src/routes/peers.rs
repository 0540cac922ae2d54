//! From which address a request comes, and how often one address may try to become known.

use crate::connections::PeerAddress;
use crate::errors::Refusal;
use crate::limits;
use axum::extract::Request;
use axum::http::StatusCode;
use governor::clock::DefaultClock;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;

/// Behind a proxy of ours it is the last address that the proxies name; what is left of it anybody may have written.
pub(super) fn client_address(request: &Request, proxies: &[IpAddr]) -> Option<IpAddr> {
    let peer = request.extensions().get::<PeerAddress>()?.0.to_canonical();
    let is_proxy = |address: &IpAddr| proxies.iter().any(|proxy| proxy.to_canonical() == *address);
    if !is_proxy(&peer) {
        return Some(peer);
    }
    let told = request.headers().get_all("x-forwarded-for").iter().filter_map(|header| header.to_str().ok());
    let told: Vec<IpAddr> = told
        .flat_map(|header| header.split(','))
        .filter_map(|address| address.trim().parse::<IpAddr>().ok())
        .map(|address| address.to_canonical())
        .collect();
    Some(told.into_iter().rev().find(|address| !is_proxy(address)).unwrap_or(peer))
}

/// Attempts of one kind to become known, by address.
pub(super) struct Attempts(RateLimiter<IpAddr, HashMapStateStore<IpAddr>, DefaultClock>);

impl Attempts {
    /// To log in.
    pub(super) fn to_log_in() -> Self {
        Self::of(limits::LOGINS_PER_MINUTE_MAX)
    }

    /// With tokens that are wrong or too old.
    pub(super) fn with_wrong_tokens() -> Self {
        Self::of(limits::WRONG_TOKENS_PER_MINUTE_MAX)
    }

    fn of(per_minute_max: u32) -> Self {
        let per_minute = NonZeroU32::new(per_minute_max).unwrap_or(NonZeroU32::MIN);
        Self(RateLimiter::hashmap(Quota::per_minute(per_minute)))
    }

    /// Counts one attempt, and refuses it if there were too many.
    pub(super) fn check(&self, address: Option<IpAddr>) -> Result<(), Refusal> {
        let refused = || {
            let reason = "too many attempts from this address; wait a minute";
            Refusal::coded(StatusCode::TOO_MANY_REQUESTS, "too-many-attempts", reason)
        };
        if self.0.len() >= limits::LOGIN_PEERS_MAX {
            self.0.retain_recent();
            // So many at once are one attacker.
            if self.0.len() >= limits::LOGIN_PEERS_MAX {
                return Err(refused());
            }
        }
        // The 64 bits that networks of IPv6 are given out by are one owner.
        let address = match address.unwrap_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED)) {
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
            v4 @ IpAddr::V4(_) => v4,
        };
        self.0.check_key(&address).map_err(|_| refused())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    fn address(peer: &str, forwarded: &[&str]) -> String {
        let mut request = Request::builder();
        for header in forwarded {
            request = request.header("x-forwarded-for", *header);
        }
        let mut request = request.body(Body::empty()).unwrap();
        request.extensions_mut().insert(PeerAddress(peer.parse().unwrap()));
        client_address(&request, &["127.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap()]).unwrap().to_string()
    }

    #[test]
    fn only_what_our_proxies_say_counts() {
        assert_eq!(address("192.0.2.7", &["198.51.100.1"]), "192.0.2.7", "it is no proxy of ours");
        assert_eq!(address("127.0.0.1", &[]), "127.0.0.1");
        assert_eq!(address("127.0.0.1", &["6.6.6.6, 198.51.100.1"]), "198.51.100.1", "the rest may be invented");
        assert_eq!(address("127.0.0.1", &["6.6.6.6, 198.51.100.1", "10.0.0.2"]), "198.51.100.1");
        assert_eq!(address("::ffff:127.0.0.1", &["nonsense"]), "127.0.0.1");
    }

    #[test]
    fn one_address_tries_a_few_times_and_does_not_use_up_the_others() {
        let logins = Attempts::to_log_in();
        let from = |address: &str| logins.check(Some(address.parse().unwrap())).is_ok();
        assert!((0..limits::LOGINS_PER_MINUTE_MAX).all(|_| from("192.0.2.7")));
        assert!(!from("192.0.2.7") && from("192.0.2.8"));
        assert!((0..limits::LOGINS_PER_MINUTE_MAX).all(|at| from(&format!("2001:db8::{at}"))));
        assert!(!from("2001:db8::ffff"), "one network is one owner");
    }

    #[test]
    fn many_addresses_do_not_fill_the_memory() {
        let logins = Attempts::to_log_in();
        for at in 0..2 * limits::LOGIN_PEERS_MAX as u32 {
            let _ = logins.check(Some(std::net::Ipv4Addr::from_bits(at).into()));
        }
        assert!(logins.0.len() <= limits::LOGIN_PEERS_MAX);
    }
}

//! Who is at the other end of a connection, as far as its address tells.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What one owner of addresses has: an address of IPv4, or the 64 bits that networks of IPv6 are given out by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Peer(IpAddr);

/// The address at the other end of a connection, beside each of its requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PeerAddress(pub(crate) IpAddr);

impl PeerAddress {
    /// Who calls one of the machine's own addresses from that address is this machine: it is seen as the loopback.
    pub(super) fn seen(peer: IpAddr, own: Option<IpAddr>) -> Self {
        let peer = peer.to_canonical();
        let is_own = own.is_some_and(|own| own.to_canonical() == peer);
        Self(if is_own { Ipv4Addr::LOCALHOST.into() } else { peer })
    }
}

/// Programs of ours in front of the gateway, through which everybody comes: none of them has a share.
#[derive(Debug, Clone)]
pub(crate) struct Proxies(Vec<IpAddr>);

impl Proxies {
    /// These, as the configuration has them.
    pub(crate) fn new(addresses: &[IpAddr]) -> Self {
        Self(addresses.iter().map(IpAddr::to_canonical).collect())
    }

    /// Who connects from this address; `None` for a proxy.
    pub(super) fn peer(&self, address: IpAddr) -> Option<Peer> {
        let address = address.to_canonical();
        if self.0.contains(&address) {
            return None;
        }
        Some(Peer(match address {
            IpAddr::V4(address) => address.into(),
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(proxies: &Proxies, address: &str) -> Option<Peer> {
        proxies.peer(address.parse().unwrap())
    }

    #[test]
    fn a_call_from_an_own_address_is_one_of_this_machine() {
        let seen = |peer: &str, own: &str| PeerAddress::seen(peer.parse().unwrap(), own.parse().ok()).0.to_string();
        assert_eq!(seen("192.0.2.7", "192.0.2.7"), "127.0.0.1");
        assert_eq!(seen("::ffff:192.0.2.7", "192.0.2.7"), "127.0.0.1");
        assert_eq!(seen("192.0.2.8", "192.0.2.7"), "192.0.2.8");
        assert_eq!(seen("192.0.2.8", "nothing"), "192.0.2.8");
    }

    #[test]
    fn one_owner_is_one_peer_and_a_proxy_is_none() {
        let proxies = Proxies::new(&["127.0.0.1".parse().unwrap(), "::1".parse().unwrap()]);
        assert_eq!(peer(&proxies, "192.0.2.7"), peer(&proxies, "::ffff:192.0.2.7"));
        assert_eq!(peer(&proxies, "2001:db8:1:2::3"), peer(&proxies, "2001:db8:1:2:ffff::9"));
        for (one, other) in [("192.0.2.7", "192.0.2.8"), ("2001:db8:1:2::3", "2001:db8:1:3::3")] {
            assert_ne!(peer(&proxies, one), peer(&proxies, other));
        }
        for proxy in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(peer(&proxies, proxy), None, "{proxy}");
        }
        let proxies = Proxies::new(&["172.17.0.1".parse().unwrap()]);
        assert_eq!(peer(&proxies, "172.17.0.1"), None);
        assert!(peer(&proxies, "127.0.0.1").is_some(), "who names proxies means these and no others");
    }
}

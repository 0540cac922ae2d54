//! Which addresses are near: on this machine or in its network. Pure.

use std::net::{IpAddr, Ipv4Addr};
use url::{Host, Url};

/// Whether an address leads to this machine or to one in its network, as far as its name tells.
pub(crate) fn is_near(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => is_near_v4(address),
        Some(Host::Ipv6(address)) => match address.to_ipv4_mapped() {
            Some(mapped) => is_near_v4(mapped),
            None => IpAddr::V6(address).is_loopback() || address.is_unique_local() || address.is_unicast_link_local(),
        },
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            // A name without dots is one of this network, such as that of a container.
            !name.contains('.')
                || [".localhost", ".local", ".internal", ".lan", ".home.arpa", ".ts.net"]
                    .iter()
                    .any(|end| name.ends_with(end))
        }
        None => false,
    }
}

fn is_near_v4(address: Ipv4Addr) -> bool {
    let [a, b, ..] = address.octets();
    // The last range is that of private networks across the internet, which encrypt.
    address.is_loopback() || address.is_private() || address.is_link_local() || (a == 100 && (64..128).contains(&b))
}

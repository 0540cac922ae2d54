//! The rule of the simulator: a build that links to a simulated server talks to this machine and to nobody else.
//!
//! Such a build does not check the server's certificate against WhatsApp's root, so with any other address a
//! stranger could pose as WhatsApp and read everything. Without the feature `simulator` nothing here does anything.

use std::sync::Once;
use thiserror::Error;
use url::{Host, Url};

/// Whether this build links to simulated servers only.
pub const SIMULATOR: bool = cfg!(feature = "simulator");

/// A build for simulated servers was given an address elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{host} is not this machine, and this build, made with the feature `simulator`, connects to nothing else")]
pub struct NotLoopback {
    host: String,
}

/// Refuses `url` if this build is one for simulated servers and the address is not this machine. Said loudly in the
/// log, once.
pub fn require(url: &Url) -> Result<(), NotLoopback> {
    static SAID: Once = Once::new();
    if SIMULATOR {
        SAID.call_once(|| {
            tracing::error!(
                "this build has the feature `simulator`: it does not check WhatsApp's certificate, talks to \
                 simulated servers on this machine only, and must never be used with a real account"
            );
        });
    }
    check(url, SIMULATOR)
}

fn check(url: &Url, simulator: bool) -> Result<(), NotLoopback> {
    if !simulator || is_loopback(url) {
        return Ok(());
    }
    Err(NotLoopback { host: url.host_str().unwrap_or("an address without a host").to_owned() })
}

pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: [&str; 6] = [
        "ws://127.0.0.1:8080/ws/chat",
        "ws://127.9.9.9/",
        "https://localhost:1/",
        "https://LOCALHOST/",
        "ws://[::1]:9/",
        "http://user:word@127.0.0.1/",
    ];
    const ELSEWHERE: [&str; 9] = [
        "wss://web.whatsapp.com/ws/chat",
        "https://localhost.example.com/",
        "https://example.com/?host=127.0.0.1",
        "https://127.0.0.1.example.com/",
        "ws://127.0.0.1@example.com/",
        "ws://0.0.0.0/",
        "ws://192.168.1.1/",
        "ws://[::ffff:10.0.0.1]/",
        "data:text/plain,hello",
    ];

    #[test]
    fn a_simulator_build_talks_to_this_machine_only() {
        for url in HERE {
            assert_eq!(check(&Url::parse(url).unwrap(), true), Ok(()), "{url}");
        }
        for url in ELSEWHERE {
            let refused = check(&Url::parse(url).unwrap(), true).unwrap_err();
            assert!(refused.to_string().contains("simulator"), "{url}: {refused}");
        }
    }

    #[test]
    fn an_ordinary_build_is_not_limited() {
        for url in HERE.into_iter().chain(ELSEWHERE) {
            assert_eq!(check(&Url::parse(url).unwrap(), false), Ok(()), "{url}");
        }
    }

    #[test]
    fn the_feature_decides() {
        assert_eq!(require(&Url::parse(ELSEWHERE[0]).unwrap()).is_err(), SIMULATOR);
    }
}

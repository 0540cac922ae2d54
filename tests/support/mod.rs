//! What the tests share.

pub(crate) mod child;
pub(crate) mod people;
pub(crate) mod rng;
pub(crate) mod setup;
pub(crate) mod wire;

/// A number from the environment, such as how many rounds to run.
pub(crate) fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

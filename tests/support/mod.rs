//! What the tests share.

pub(crate) mod blueprints;
pub(crate) mod canary;
pub(crate) mod child;
pub(crate) mod linking;
pub(crate) mod moved;
pub(crate) mod people;
pub(crate) mod process;
pub(crate) mod rng;
pub(crate) mod scripted;
pub(crate) mod setup;
pub(crate) mod waiter;
pub(crate) mod wire;

/// A number from the environment, such as how many rounds to run.
pub(crate) fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// Keeps panics that a test ordered out of its output; all others are shown as ever.
pub(crate) fn quiet_panics() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let show = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let words = info.payload_as_str().unwrap_or_default();
            if !["told to panic", "poison", "a mood"].iter().any(|ordered| words.contains(ordered)) {
                show(info);
            }
        }));
    });
}

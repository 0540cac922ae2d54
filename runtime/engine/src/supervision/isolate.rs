//! A panic becomes a value.

use futures::FutureExt;
use std::any::Any;
use std::panic::AssertUnwindSafe;

/// Runs work that may panic: an adapter, an assistant, a service. `Err` is the message of the panic,
/// which is written to the log under `what` in any case.
pub(crate) async fn isolate<T>(what: &'static str, work: impl Future<Output = T>) -> Result<T, String> {
    // What a panic leaves half done is not used again: the caller drops it, or crashes its actor.
    let outcome = AssertUnwindSafe(work).catch_unwind().await;
    outcome.map_err(|panic| {
        let reason = panic_message(panic.as_ref());
        tracing::error!(what, %reason, "a panic was caught");
        reason
    })
}

/// The message of a panic.
pub(crate) fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without words".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_becomes_its_message_and_a_result_passes() {
        assert_eq!(isolate("a sum", async { 1 + 1 }).await, Ok(2));
        assert_eq!(isolate("a bug", async { panic!("number {}", 7) }).await, Err::<(), _>("number 7".to_owned()));
    }
}

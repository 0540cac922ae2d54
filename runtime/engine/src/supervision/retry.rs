//! Trying again, with growing pauses.

use crate::decide::restart::doubled;
use std::ops::ControlFlow;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long to wait between attempts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pauses {
    first: Duration,
    longest: Duration,
}

impl Pauses {
    /// Always the same pause.
    pub(crate) fn every(pause: Duration) -> Self {
        Self { first: pause, longest: pause }
    }

    /// A pause that doubles with each attempt.
    pub(crate) fn growing(first: Duration, longest: Duration) -> Self {
        Self { first, longest }
    }
}

/// Runs `attempt` until it breaks, and returns what it broke with; `None` if `stop` was cancelled while
/// it paused. It is told how many attempts were made before.
pub(crate) async fn retry<T, F: Future<Output = ControlFlow<T>>>(
    pauses: Pauses,
    stop: &CancellationToken,
    mut attempt: impl FnMut(u32) -> F,
) -> Option<T> {
    let mut failed = 0_u32;
    loop {
        if let ControlFlow::Break(done) = attempt(failed).await {
            return Some(done);
        }
        tokio::select! {
            () = tokio::time::sleep(doubled(pauses.first, failed, pauses.longest)) => {}
            () = stop.cancelled() => return None,
        }
        failed = failed.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::Instant;

    #[tokio::test]
    async fn pauses_grow_up_to_the_longest_until_it_works() {
        let begun = Instant::now();
        let pauses = Pauses::growing(Duration::from_millis(2), Duration::from_millis(5));
        let works_at = |failed: u32| async move {
            if failed < 3 { ControlFlow::Continue(()) } else { ControlFlow::Break(failed) }
        };
        assert_eq!(retry(pauses, &CancellationToken::new(), works_at).await, Some(3));
        assert!(begun.elapsed() >= Duration::from_millis(2 + 4 + 5));
    }

    #[tokio::test]
    async fn it_is_given_up_in_a_pause_and_never_before_the_first_attempt() {
        let stop = CancellationToken::new();
        stop.cancel();
        let pauses = Pauses::every(Duration::from_secs(1));
        let works = retry(pauses, &stop, |failed| async move { ControlFlow::Break(failed) });
        assert_eq!(works.await, Some(0));
        let fails = retry(pauses, &stop, |_| async { ControlFlow::<()>::Continue(()) });
        assert_eq!(fails.await, None);
    }
}

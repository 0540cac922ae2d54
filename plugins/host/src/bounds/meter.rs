//! The time that a guest computes.
//!
//! What counts is the processor's time of the thread while the turn's future is polled: waiting for a model or for another
//! turn costs nothing, nor does a busy machine.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

/// Adds up the time of one turn.
#[derive(Debug)]
pub(crate) struct Meter {
    max: Duration,
    /// Nanoseconds of the polls that are over.
    spent: AtomicU64,
    /// The thread's time at the beginning of the poll that runs, in nanoseconds.
    began: AtomicU64,
}

impl Meter {
    pub(crate) fn new(max: Duration) -> Arc<Self> {
        Arc::new(Self { max, spent: AtomicU64::new(0), began: AtomicU64::new(0) })
    }

    /// The limit.
    pub(crate) fn max(&self) -> Duration {
        self.max
    }

    /// What the polls took that are over.
    pub(crate) fn spent(&self) -> Duration {
        Duration::from_nanos(self.spent.load(Ordering::Relaxed))
    }

    /// Whether the limit is exceeded. Asked on the thread of the poll that runs.
    pub(crate) fn is_over(&self) -> bool {
        let running = thread_time().saturating_sub(self.began.load(Ordering::Relaxed));
        self.spent() + Duration::from_nanos(running) > self.max
    }

    fn begin(&self) {
        self.began.store(thread_time(), Ordering::Relaxed);
    }

    fn end(&self) {
        let running = thread_time().saturating_sub(self.began.load(Ordering::Relaxed));
        self.spent.fetch_add(running, Ordering::Relaxed);
    }
}

/// A future whose polls are measured.
pub(crate) struct Metered<F> {
    pub(crate) meter: Arc<Meter>,
    pub(crate) future: Pin<Box<F>>,
}

impl<F: Future> Future for Metered<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        self.meter.begin();
        let polled = self.future.as_mut().poll(context);
        self.meter.end();
        polled
    }
}

/// How long this thread has computed, in nanoseconds.
#[cfg(unix)]
fn thread_time() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    let (seconds, nanos) = (u64::try_from(time.tv_sec).unwrap_or(0), u64::try_from(time.tv_nsec).unwrap_or(0));
    seconds.saturating_mul(1_000_000_000).saturating_add(nanos)
}

/// Where the thread's own time cannot be asked for, the time on the clock.
#[cfg(not(unix))]
fn thread_time() -> u64 {
    use std::sync::OnceLock;
    use std::time::Instant;
    static START: OnceLock<Instant> = OnceLock::new();
    u64::try_from(START.get_or_init(Instant::now).elapsed().as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    fn compute(wanted: Duration) {
        let (began, mut sum) = (Instant::now(), 0_u64);
        while began.elapsed() < wanted {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
    }

    #[tokio::test]
    async fn computing_counts_and_waiting_does_not() {
        let meter = Meter::new(Duration::from_millis(20));
        let seen = Arc::clone(&meter);
        let future = Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(60)).await;
            let waited = seen.is_over();
            compute(Duration::from_millis(200));
            (waited, seen.is_over())
        });
        let (after_waiting, after_computing) = Metered { meter: Arc::clone(&meter), future }.await;
        assert!(!after_waiting && after_computing);
        assert!(meter.spent() >= Duration::from_millis(20), "{:?}", meter.spent());
    }
}

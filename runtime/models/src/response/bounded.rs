//! What does not end is given up, also where the library hands nothing over.

use super::watch::Watch;
use crate::decide::failure::Failure;
use crate::limits::{READING_WITHOUT_PIECE_TIMEOUT, READINGS_WITHOUT_PIECE_MAX};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// A reading that is given up when it is continued too often, or for too long, without a whole piece: a line without end is held
/// by the library, and so is the body of a refusal, and no one may look on.
pub(crate) fn bounded<T: Send>(
    reading: impl Future<Output = Result<T, Failure>> + Send + 'static,
    watch: Arc<Watch>,
) -> Bounded<T> {
    Bounded { reading: Box::pin(reading), watch, pieces: 0, readings: 0, busy: Duration::ZERO }
}

/// See [`bounded`].
pub(crate) struct Bounded<T> {
    reading: Pin<Box<dyn Future<Output = Result<T, Failure>> + Send>>,
    watch: Arc<Watch>,
    /// The whole pieces that had come when last looked at.
    pieces: usize,
    /// How often it was read since then.
    readings: u32,
    /// How long that took.
    busy: Duration,
}

impl<T> Future for Bounded<T> {
    type Output = Result<T, Failure>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let began = Instant::now();
        if let Poll::Ready(outcome) = this.reading.as_mut().poll(context) {
            return Poll::Ready(outcome);
        }
        let pieces = this.watch.pieces();
        if pieces != this.pieces {
            (this.pieces, this.readings, this.busy) = (pieces, 0, Duration::ZERO);
            return Poll::Pending;
        }
        this.readings += 1;
        this.busy += began.elapsed();
        if this.readings > READINGS_WITHOUT_PIECE_MAX || this.busy > READING_WITHOUT_PIECE_TIMEOUT {
            return Poll::Ready(Err(Failure::ENDLESS));
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::Provider;

    #[tokio::test]
    async fn what_is_read_without_end_is_given_up_and_what_ends_is_not() {
        let watch = Watch::new(Provider::Openai);
        let endless = async {
            loop {
                tokio::task::yield_now().await;
            }
        };
        assert_eq!(bounded::<()>(endless, watch.clone()).await, Err(Failure::ENDLESS));
        let long = async {
            for _ in 0..READINGS_WITHOUT_PIECE_MAX {
                tokio::task::yield_now().await;
            }
            Ok(7)
        };
        assert_eq!(bounded(long, watch.clone()).await, Ok(7));
        let slow = async {
            for _ in 0..3 {
                std::thread::sleep(READING_WITHOUT_PIECE_TIMEOUT / 2);
                tokio::task::yield_now().await;
            }
            Ok(())
        };
        assert_eq!(bounded(slow, watch).await, Err(Failure::ENDLESS));
    }
}

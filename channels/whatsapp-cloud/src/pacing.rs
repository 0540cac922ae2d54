//! Rates and budget, so that Meta's limits are not met in normal use.

use crate::config::{Config, Pacing};
use crate::limits::{PAIR_BURST, PAIR_PERIOD, PAIRS_MAX, WAIT_MAX};
use governor::clock::{Clock as GovernorClock, Reference};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::HashMapStateStore;
use governor::state::{InMemoryState, NotKeyed};
use governor::{NotUntil, Quota, RateLimiter};
use greenroom_contract::channel::{BackOff, SendError};
use greenroom_contract::time::{Clock, Timestamp};
use parking_lot::Mutex;
use std::num::NonZeroU32;
use std::time::Duration;

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// The contract's clock as governor reads it.
#[derive(Debug, Clone)]
pub(crate) struct PaceClock(Clock);

impl GovernorClock for PaceClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        Nanos::from(self.0.now().0.saturating_mul(1_000_000))
    }
}

type OneBucket = RateLimiter<NotKeyed, InMemoryState, PaceClock, NoOpMiddleware<Nanos>>;
type Buckets = RateLimiter<String, HashMapStateStore<String>, PaceClock, NoOpMiddleware<Nanos>>;

/// The rates of one number. `None` where pacing is off.
pub(crate) struct Pace {
    buckets: Option<(NumberBucket, Buckets)>,
    clock: PaceClock,
}

/// The rate of a number in both directions. What comes in is not held up; what it takes beyond the bucket is a debt
/// that is paid before anything goes out.
struct NumberBucket {
    bucket: OneBucket,
    debt: Mutex<u32>,
    /// At most what a second brings: a flood from outside must not silence us for long.
    debt_max: u32,
}

impl NumberBucket {
    fn note_inbound(&self) {
        if self.bucket.check().is_err() {
            let mut debt = self.debt.lock();
            *debt = (*debt + 1).min(self.debt_max);
        }
    }

    fn check(&self) -> Result<(), NotUntil<Nanos>> {
        let mut debt = self.debt.lock();
        while *debt > 0 {
            self.bucket.check()?;
            *debt -= 1;
        }
        self.bucket.check()
    }
}

impl Pace {
    pub(crate) fn new(config: &Config, clock: Clock) -> Self {
        let clock = PaceClock(clock);
        let buckets = (config.pacing == Pacing::On).then(|| {
            let number = Quota::per_second(config.messages_per_second);
            let pair = Quota::with_period(PAIR_PERIOD).expect("six seconds are not zero");
            let pair = pair.allow_burst(NonZeroU32::new(PAIR_BURST).expect("the constant is not zero"));
            (
                NumberBucket {
                    bucket: RateLimiter::new(number, InMemoryState::default(), clock.clone()),
                    debt: Mutex::new(0),
                    debt_max: config.messages_per_second.get(),
                },
                RateLimiter::new(pair, HashMapStateStore::default(), clock.clone()),
            )
        });
        Self { buckets, clock }
    }

    /// Waits until a message to this person may leave. `person` is `None` for groups, which have no pair rate.
    pub(crate) async fn wait(&self, person: Option<&str>) -> Result<(), SendError> {
        let Some((number, pairs)) = &self.buckets else { return Ok(()) };
        let begun = self.clock.now();
        if let Some(person) = person {
            if pairs.len() > PAIRS_MAX {
                pairs.retain_recent();
            }
            let person = person.to_owned();
            self.until(begun, BackOff::Conversation, || pairs.check_key(&person).map_err(|until| self.left(&until)))
                .await?;
        }
        self.until(begun, BackOff::Account, || number.check().map_err(|until| self.left(&until))).await
    }

    /// A message came in: it counts towards the number's rate, and is not held up.
    pub(crate) fn note_inbound(&self) {
        if let Some((number, _)) = &self.buckets {
            number.note_inbound();
        }
    }

    fn left(&self, until: &NotUntil<Nanos>) -> Duration {
        until.wait_time_from(self.clock.now())
    }

    async fn until(
        &self,
        begun: Nanos,
        scope: BackOff,
        mut check: impl FnMut() -> Result<(), Duration>,
    ) -> Result<(), SendError> {
        while let Err(left) = check() {
            let waited = Duration::from(self.clock.now().duration_since(begun));
            if waited + left > WAIT_MAX {
                return Err(SendError::Retry { reason: "paced, to keep Meta's rate".into(), after: Some(left), scope });
            }
            tokio::time::sleep(left.max(Duration::from_millis(1))).await;
        }
        Ok(())
    }
}

/// Messages of one number on one day.
#[derive(Debug)]
pub(crate) struct Budget {
    messages_max: Option<u32>,
    today: Mutex<Spent>,
}

/// What was spent on a day, counted from 1970.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Spent {
    pub(crate) day: u64,
    pub(crate) messages: u32,
}

impl Budget {
    pub(crate) fn new(messages_max: Option<u32>) -> Self {
        Self { messages_max, today: Mutex::new(Spent::default()) }
    }

    pub(crate) fn is_limited(&self) -> bool {
        self.messages_max.is_some()
    }

    /// Goes on from what an earlier run spent.
    pub(crate) fn resume(&self, spent: Spent) {
        let mut today = self.today.lock();
        if spent.day > today.day || (spent.day == today.day && spent.messages > today.messages) {
            *today = spent;
        }
    }

    /// Counts one message, or says until when there are none left.
    pub(crate) fn take(&self, now: Timestamp) -> Result<Spent, SendError> {
        let mut today = self.today.lock();
        let day = now.0 / DAY_MS;
        if today.day != day {
            *today = Spent { day, messages: 0 };
        }
        if let Some(messages_max) = self.messages_max
            && today.messages >= messages_max
        {
            return Err(SendError::Retry {
                reason: format!("the daily budget of {messages_max} messages is spent; it resumes at midnight UTC")
                    .into(),
                after: Some(Duration::from_millis((day + 1) * DAY_MS - now.0)),
                scope: BackOff::Account,
            });
        }
        today.messages = today.messages.saturating_add(1);
        Ok(*today)
    }

    /// Gives one back, because it was certainly not sent.
    pub(crate) fn give_back(&self, taken: Spent) -> Spent {
        let mut today = self.today.lock();
        if today.day == taken.day {
            today.messages = today.messages.saturating_sub(1);
        }
        *today
    }

    pub(crate) fn spent(&self, now: Timestamp) -> u32 {
        let today = *self.today.lock();
        if today.day == now.0 / DAY_MS { today.messages } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use greenroom_contract::secret::Secret;

    fn config() -> Config {
        Config::new("111", Secret::new("t"), Secret::new("s"), Secret::new("v"))
    }

    #[tokio::test(start_paused = true)]
    async fn one_person_gets_a_burst_and_then_one_message_in_six_seconds() {
        let pace = Pace::new(&config(), Clock::tokio(Timestamp(1_780_000_000_000)));
        let begun = tokio::time::Instant::now();
        for _ in 0..PAIR_BURST {
            pace.wait(Some("a")).await.unwrap();
        }
        assert_eq!(begun.elapsed(), Duration::ZERO);
        for _ in 0..3 {
            pace.wait(Some("a")).await.unwrap();
        }
        let elapsed = begun.elapsed();
        assert!(elapsed >= Duration::from_secs(17) && elapsed <= Duration::from_secs(19), "{elapsed:?}");
        let before = begun.elapsed();
        pace.wait(Some("b")).await.unwrap();
        assert_eq!(begun.elapsed(), before);
    }

    #[tokio::test(start_paused = true)]
    async fn a_number_keeps_its_rate_over_many_people() {
        let pace = Pace::new(&config(), Clock::tokio(Timestamp(1_780_000_000_000)));
        let begun = tokio::time::Instant::now();
        for i in 0..200 {
            pace.wait(Some(&format!("person {i}"))).await.unwrap();
        }
        let elapsed = begun.elapsed();
        assert!(elapsed >= Duration::from_millis(1_800) && elapsed <= Duration::from_millis(2_200), "{elapsed:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_in_leaves_less_for_what_goes_out() {
        let pace = Pace::new(&config(), Clock::tokio(Timestamp(1_780_000_000_000)));
        let begun = tokio::time::Instant::now();
        for _ in 0..10_000 {
            pace.note_inbound();
        }
        for i in 0..7 {
            pace.wait(Some(&format!("person {i}"))).await.unwrap();
        }
        let elapsed = begun.elapsed();
        assert!(elapsed >= Duration::from_millis(1_080) && elapsed <= Duration::from_millis(1_200), "{elapsed:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn without_pacing_nothing_waits() {
        let config = Config { pacing: Pacing::Off, ..config() };
        let pace = Pace::new(&config, Clock::tokio(Timestamp(1_780_000_000_000)));
        let begun = tokio::time::Instant::now();
        for _ in 0..10_000 {
            pace.wait(Some("a")).await.unwrap();
        }
        assert_eq!(begun.elapsed(), Duration::ZERO);
    }

    #[test]
    fn a_budget_ends_and_goes_on_the_next_day() {
        let budget = Budget::new(Some(2));
        let noon = Timestamp(20_000 * DAY_MS + DAY_MS / 2);
        let first = budget.take(noon).unwrap();
        budget.take(noon).unwrap();
        let SendError::Retry { after, scope, reason } = budget.take(noon).unwrap_err() else { panic!("not a wait") };
        assert_eq!((after, scope), (Some(Duration::from_secs(12 * 3600)), BackOff::Account));
        assert!(reason.to_string().contains("daily budget of 2"), "{reason}");
        budget.give_back(first);
        assert!(budget.take(noon).is_ok());
        assert_eq!(budget.take(noon.plus(Duration::from_secs(12 * 3600))).unwrap().messages, 1);
        let restarted = Budget::new(Some(2));
        restarted.resume(Spent { day: 20_000, messages: 2 });
        assert!(restarted.take(noon).is_err());
    }
}

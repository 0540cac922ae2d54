//! A bot in this process: the real runtime, the loopback network, a store in memory, and a clock that
//! the test's paused time moves.

use greenroom::{AssistantOptions, Running, Runtime, SessionLimits};
use greenroom_channel_loopback::{Delivery, LoopbackNetwork, Options, Said, loopback};
use greenroom_conformance::messages::{START, id};
use greenroom_conformance::transcribers;
use greenroom_contract::address::AllowEntry;
use greenroom_contract::assistant::Assistant;
use greenroom_contract::channel::Channel;
use greenroom_contract::ids::MessageId;
use greenroom_contract::limits;
use greenroom_contract::message::Media;
use greenroom_contract::policy::{ChannelPolicy, Rates};
use greenroom_contract::store::Store;
use greenroom_contract::time::{Clock, Timestamp};
use greenroom_contract::trace::{Decision, Trace};
use greenroom_contract::transcriber::{Abort, TranscribeError, Transcriber, Transcript};
use greenroom_engine::Doors;
use std::sync::Arc;
use std::time::Duration;

pub(crate) const MAIN: &str = "main";
pub(crate) const ANA: &str = "+15550000001";
pub(crate) const BEN: &str = "+15550000002";
pub(crate) const STRANGER: &str = "+19990000000";
/// What is said where a message went into quarantine, once an hour.
pub(crate) const NOT_ANSWERED: &str =
    "Sorry, I could not answer that message. Please try other words, or try again later.";

/// What a bot is made of. Change the fields that a test is about.
pub(crate) struct Setup {
    pub(crate) options: Options,
    /// Admits [`ANA`] and [`BEN`] and sets no limit of turns.
    pub(crate) policy: ChannelPolicy,
    pub(crate) assistant: Arc<dyn Assistant>,
    /// Others, by name; the first is called `helper`.
    pub(crate) others: Vec<(&'static str, Arc<dyn Assistant>)>,
    pub(crate) timeout: Duration,
    pub(crate) turns_max: usize,
    pub(crate) transcriber: Arc<dyn Transcriber>,
    pub(crate) store: Option<Arc<dyn Store>>,
    pub(crate) idle: Duration,
    pub(crate) now: Timestamp,
    /// Instead of one that begins at `now` and follows paused time.
    pub(crate) clock: Option<Clock>,
    /// Both ends of a network that was made before.
    pub(crate) ends: Option<(Arc<dyn Channel>, LoopbackNetwork)>,
    pub(crate) sessions: SessionLimits,
}

impl Setup {
    pub(crate) fn new(assistant: Arc<dyn Assistant>) -> Self {
        let mut policy = ChannelPolicy::new(id("helper"));
        policy.allow_from = vec![id::<AllowEntry>(ANA), id::<AllowEntry>(BEN)];
        policy.rates = Rates::UNLIMITED;
        Self {
            options: Options::default(),
            policy,
            assistant,
            others: Vec::new(),
            timeout: limits::TURN_TIMEOUT,
            turns_max: limits::ASSISTANT_TURNS_MAX,
            transcriber: transcribers::hears_its_bytes(),
            store: None,
            idle: limits::CONVERSATION_IDLE,
            now: START,
            clock: None,
            ends: None,
            sessions: SessionLimits::default(),
        }
    }

    pub(crate) async fn start(self) -> Bot {
        let clock = self.clock.unwrap_or_else(|| Clock::tokio(self.now));
        let options = Options { clock, ..self.options };
        let (channel, network) = self.ends.unwrap_or_else(|| loopback(options));
        let run = AssistantOptions::new().timeout(self.timeout).turns_max(self.turns_max);
        let mut builder = Runtime::builder()
            .assistant_with("helper", self.assistant, run)
            .channel("loopback", channel, self.policy)
            .transcriber(Ears(self.transcriber))
            .clock(clock)
            .conversation_idle(self.idle)
            .session_limits(self.sessions);
        for (name, other) in self.others {
            builder = builder.assistant_with(name, other, run);
        }
        builder = match self.store {
            Some(store) => builder.store(store),
            None => builder.memory_store(),
        };
        let running = builder.build().expect("a sound setup").start().await.expect("it starts");
        let store = running.handle().whole_store();
        Bot { running, network, store, clock }
    }
}

/// A transcriber that a test holds too.
pub(crate) struct Ears(pub(crate) Arc<dyn Transcriber>);

impl Transcriber for Ears {
    fn ready(&self) -> Result<(), String> {
        self.0.ready()
    }

    fn transcribe(&self, audio: &Media, abort: &Abort) -> Result<Transcript, TranscribeError> {
        self.0.transcribe(audio, abort)
    }
}

/// A running bot with its network.
pub(crate) struct Bot {
    pub(crate) running: Running,
    pub(crate) network: LoopbackNetwork,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Clock,
}

impl Bot {
    /// Delivers something and waits until it is durable.
    pub(crate) async fn hears(&self, said: Said) -> MessageId {
        let delivery: Delivery = self.network.deliver(MAIN, said).await;
        let message = delivery.message.clone();
        delivery.acknowledged().await.expect("it is taken");
        message
    }

    /// Waits until nothing is left to do: nothing unacknowledged, no row, no parcel. Parcels and turns
    /// that wait for a moment make time pass, which is paused and costs nothing.
    pub(crate) async fn settled(&self) {
        for _ in 0..10_000 {
            self.running.handle().settled().await;
            if self.network.queued(MAIN) == 0 && self.left().await == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        panic!("it never settled: {:?}", self.running.handle().health().await);
    }

    async fn left(&self) -> u64 {
        let mut left = self.store.rows_waiting().await.expect("healthy");
        for account in self.store.accounts().await.expect("healthy") {
            left += self.store.pending(&account.id, None, 10).await.expect("healthy").len() as u64;
        }
        left
    }

    /// Lets so much time pass.
    pub(crate) async fn passes(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    /// Everything that was decided about a message, parcels included.
    pub(crate) async fn decisions(&self, message: &MessageId) -> Vec<Decision> {
        let traces: Vec<Trace> = self.store.why(message, None).await.expect("healthy");
        let steps = traces.into_iter().flat_map(|trace| {
            let parcels = trace.parcels.into_iter().flat_map(|parcel| parcel.steps);
            trace.steps.into_iter().chain(parcels)
        });
        steps.map(|step| step.what).collect()
    }

    /// The same in words, for a failing test and for looking into.
    pub(crate) async fn why(&self, message: &MessageId) -> String {
        let decisions = self.decisions(message).await;
        decisions.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    }

    /// What was said in a chat so far, once everything is settled.
    pub(crate) async fn answers(&self, chat: &str) -> Vec<String> {
        self.settled().await;
        self.network.words_to(chat)
    }

    /// What every test may ask at its end: the engine kept its promises towards the channel.
    pub(crate) fn promises_kept(&self) {
        assert_eq!(self.network.broken_promises(), Vec::<String>::new());
    }
}

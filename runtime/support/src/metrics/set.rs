//! Every metric, with its name and its help.

use super::Happened;
use super::words::{AlertEnd, Arrival, Queue, SendEnd, Stage, Tokens, TurnEnd};
use prometheus_client::encoding::prometheus_text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use std::sync::LazyLock;
use std::time::Duration;

/// One label: its name and its word.
type Label = [(&'static str, &'static str); 1];

/// Upper ends of the buckets of a duration in seconds: a commit takes milliseconds, an assistant seconds to minutes, and
/// what waits for a connection hours.
const SECONDS: [f64; 17] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 3_600.0];

/// The metrics of this process.
pub(super) static SET: LazyLock<Set> = LazyLock::new(Set::new);

/// All metrics.
pub(super) struct Set {
    registry: Registry,
    messages: Family<Label, Counter>,
    refused: Family<Label, Counter>,
    not_taken: Family<Label, Counter>,
    turns: Family<Label, Counter>,
    sends: Family<Label, Counter>,
    tokens: Family<Label, Counter>,
    alerts: Family<Label, Counter>,
    restarts: Counter,
    stages: Family<Label, Histogram, fn() -> Histogram>,
    depths: Family<Label, Gauge>,
}

impl Set {
    pub(super) fn new() -> Self {
        let mut registry = Registry::with_prefix("greenroom");
        let mut counters = |name: &str, help: &str, label: &'static str, words: Vec<&'static str>| {
            let family = Family::<Label, Counter>::default();
            // Those that did not happen yet are there too, as zero: a rate can be made of them from the start.
            for word in words {
                drop(family.get_or_create(&[(label, word)]));
            }
            registry.register(name, help, family.clone());
            family
        };
        let messages = counters("messages", "What networks handed over", "outcome", words(Arrival::ALL, Arrival::word));
        let refused = counters("messages_refused", "Messages that are not answered", "cause", Vec::new());
        let not_taken = counters("not_taken", "What came from outside and was not taken", "cause", Vec::new());
        let turns = counters("turns", "Ends of turns and of attempts", "outcome", words(TurnEnd::ALL, TurnEnd::word));
        let sends = counters("sends", "Ends of attempts to send", "outcome", words(SendEnd::ALL, SendEnd::word));
        let tokens = counters("tokens", "Tokens of language models", "direction", words(Tokens::ALL, Tokens::word));
        let alerts = counters("alerts", "Alerts to the owner", "outcome", words(AlertEnd::ALL, AlertEnd::word));
        let restarts = Counter::default();
        registry.register("restarts", "Actors that crashed and were restarted", restarts.clone());
        let stages: Family<Label, Histogram, fn() -> Histogram> =
            Family::new_with_constructor(histogram as fn() -> Histogram);
        for word in words(Stage::ALL, Stage::word) {
            drop(stages.get_or_create(&[("stage", word)]));
        }
        registry.register("stage_seconds", "How long a stage of a message took", stages.clone());
        let depths = Family::<Label, Gauge>::default();
        registry.register("queue_depth", "How much waits", depths.clone());
        Self { registry, messages, refused, not_taken, turns, sends, tokens, alerts, restarts, stages, depths }
    }

    pub(super) fn count(&self, what: Happened, times: u64) {
        let (family, label) = match what {
            Happened::Message(end) => (&self.messages, ("outcome", end.word())),
            Happened::Refused(cause) => (&self.refused, ("cause", cause)),
            Happened::NotTaken(cause) => (&self.not_taken, ("cause", cause)),
            Happened::Turn(end) => (&self.turns, ("outcome", end.word())),
            Happened::Send(end) => (&self.sends, ("outcome", end.word())),
            Happened::Tokens(direction) => (&self.tokens, ("direction", direction.word())),
            Happened::Alert(end) => (&self.alerts, ("outcome", end.word())),
            Happened::Restart => {
                self.restarts.inc_by(times);
                return;
            }
        };
        family.get_or_create(&[label]).inc_by(times);
    }

    pub(super) fn took(&self, stage: Stage, how_long: Duration) {
        self.stages.get_or_create(&[("stage", stage.word())]).observe(how_long.as_secs_f64());
    }

    pub(super) fn depth(&self, queue: Queue, waiting: u64) {
        self.depths.get_or_create(&[("queue", queue.word())]).set(i64::try_from(waiting).unwrap_or(i64::MAX));
    }

    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        // Writing into a `String` cannot fail.
        let _ = prometheus_text::encode(&mut text, &self.registry);
        text
    }
}

fn histogram() -> Histogram {
    Histogram::new(SECONDS)
}

fn words<T: Copy>(all: &[T], word: fn(T) -> &'static str) -> Vec<&'static str> {
    all.iter().copied().map(word).collect()
}

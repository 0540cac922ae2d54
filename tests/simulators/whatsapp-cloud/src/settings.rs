//! What a simulated Meta is made of. Every value has a default, so that a test names only what it is about.

use std::time::Duration;

/// Fixed for the life of a simulator.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The Meta app's id.
    pub app_id: String,
    /// Signs webhooks.
    pub app_secret: String,
    /// What the verification call carries.
    pub verify_token: String,
    /// The first token, with both scopes and no end.
    pub access_token: String,
    /// The WhatsApp Business Account that all numbers belong to.
    pub waba_id: String,
    /// The business numbers; the first one is used where none is named.
    pub numbers: Vec<Number>,
    /// Templates that were approved.
    pub templates: Vec<Template>,
    /// Whether Meta's rates are enforced.
    pub rates: Rates,
    /// Which statuses follow a send by themselves.
    pub statuses: Statuses,
    /// What statuses say of the price of a message.
    pub prices: Prices,
    /// How a free text outside the window is refused.
    pub window_refusal: WindowRefusal,
    /// Whether the bytes of media are looked at.
    pub media_check: MediaCheck,
    /// Pause before the first repetition of a webhook that was not answered 200; doubled each time.
    pub retry_pause_min: Duration,
    /// Longest pause between two repetitions.
    pub retry_pause_max: Duration,
    /// How long the bot may take to answer a webhook before the post counts as failed.
    pub webhook_timeout: Duration,
    /// Webhook posts under way at once.
    pub posts_in_flight_max: usize,
    /// Messages remembered for each person, and sends and problems remembered altogether; the oldest leave first.
    pub remembered_max: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            app_id: "700000000000001".into(),
            app_secret: "simulated-app-secret".into(),
            verify_token: "simulated-verify-token".into(),
            access_token: "SIMULATED-PERMANENT-TOKEN".into(),
            waba_id: "600000000000001".into(),
            numbers: vec![Number::default()],
            templates: vec![Template::default()],
            rates: Rates::Enforced,
            statuses: Statuses::SentAndDelivered,
            prices: Prices::Billed,
            window_refusal: WindowRefusal::AtOnce,
            media_check: MediaCheck::Bytes,
            retry_pause_min: Duration::from_millis(100),
            retry_pause_max: Duration::from_secs(5),
            webhook_timeout: Duration::from_secs(10),
            posts_in_flight_max: 64,
            remembered_max: 1_000,
        }
    }
}

/// A business number.
#[derive(Debug, Clone)]
pub struct Number {
    /// Its phone number id.
    pub id: String,
    /// Its digits, as shown.
    pub display: String,
    /// Whether it belongs to an Official Business Account, without which there are no groups.
    pub official: bool,
}

impl Default for Number {
    fn default() -> Self {
        Self { id: "500000000000001".into(), display: "15550001111".into(), official: true }
    }
}

/// An approved template.
#[derive(Debug, Clone)]
pub struct Template {
    /// Its name.
    pub name: String,
    /// Its language, such as `en_US`.
    pub language: String,
    /// Parameters of its body.
    pub parameters: usize,
}

impl Default for Template {
    fn default() -> Self {
        Self { name: "late_answer".into(), language: "en_US".into(), parameters: 1 }
    }
}

/// Whether the throughput of a number (80 messages/s in and out) and the pair rate (one message in 6 s to one
/// person, with a burst of 45) are enforced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rates {
    /// Too fast gives 130429 or 131056.
    Enforced,
    /// Nothing is too fast; for benchmarks.
    Lifted,
}

/// Which statuses follow a send by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Statuses {
    /// None; the test posts them.
    None,
    /// `sent`.
    Sent,
    /// `sent`, then `delivered`.
    SentAndDelivered,
    /// `sent`, `delivered`, `read`.
    All,
}

/// What statuses say of the price of a message. Each of them repeats it, a failure excepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prices {
    /// It is billed: a template as `utility`, anything else as `service`.
    Billed,
    /// It is free within the window.
    Free,
}

/// How a free text outside the 24-hour window is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WindowRefusal {
    /// By error 131047 in the answer.
    AtOnce,
    /// The answer is 200 and a `failed` status with 131047 follows.
    ByStatus,
}

/// Whether the bytes of uploaded media are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaCheck {
    /// They must be what is declared: JPEG, PNG, Ogg/Opus with one channel.
    Bytes,
    /// Only the declared type and the size count; for tests that make media up.
    Declaration,
}

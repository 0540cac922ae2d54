//! The keys of `[models.NAME]`.

use crate::limits::{ASK_TIMEOUT, CALLS_AT_ONCE, READ_TIMEOUT};
use crate::provider::Provider;
use greenroom_contract::ids::ModelName;
use greenroom_contract::model::ModelTraits;
use greenroom_contract::schema::{Key, KeyKind, U32_LARGEST};
use greenroom_contract::secret::Secret;
use serde::Deserialize;
use std::time::Duration;

/// The keys of `[models.NAME]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelConfig {
    /// Which protocol it is asked by.
    pub provider: Provider,
    /// The model, as its provider calls it.
    pub model: String,
    /// Where it is.
    pub url: Option<String>,
    /// Proves who asks.
    pub key: Option<Secret>,
    /// Whether it looks at pictures.
    pub images: Option<bool>,
    /// Whether it reads documents.
    pub documents: Option<bool>,
    /// Whether it calls tools.
    #[serde(default = "yes")]
    pub tools: bool,
    /// Whether it thinks before it answers.
    #[serde(default)]
    pub thinking: bool,
    /// How long one ask may take.
    #[serde(default = "timeout_seconds")]
    pub timeout_seconds: u32,
    /// How long it may be silent within an answer.
    #[serde(default = "read_timeout_seconds")]
    pub read_timeout_seconds: u32,
    /// Tokens of a prompt and its answer together.
    pub context_tokens: Option<u32>,
    /// Tokens of one answer.
    pub answer_tokens: Option<u32>,
    /// Requests at the same time.
    #[serde(default = "calls_at_once")]
    pub calls_at_once: u32,
    /// What a million tokens cost that it reads.
    pub price_in: Option<f64>,
    /// What a million tokens cost that it writes.
    pub price_out: Option<f64>,
    /// What a million tokens cost that it reads and its provider had kept.
    pub price_cached: Option<f64>,
    /// What may be spent in a day.
    pub budget_per_day: Option<f64>,
    /// What one person may spend in a day.
    pub budget_per_person_per_day: Option<f64>,
    /// Tokens that may be used in a day.
    pub tokens_per_day: Option<u64>,
    /// Tokens that one person may use in a day.
    pub tokens_per_person_per_day: Option<u64>,
    /// The model that is asked instead.
    pub fallback: Option<String>,
}

fn yes() -> bool {
    true
}

fn timeout_seconds() -> u32 {
    ASK_TIMEOUT.as_secs() as u32
}

fn read_timeout_seconds() -> u32 {
    READ_TIMEOUT.as_secs() as u32
}

fn calls_at_once() -> u32 {
    CALLS_AT_ONCE
}

/// The longest time that can be configured, in seconds: a turn ends long before.
pub(crate) const SECONDS_LARGEST: i64 = 600;
/// The largest number of requests at the same time that can be configured.
pub(crate) const CALLS_AT_ONCE_LARGEST: i64 = 1_024;
/// The smallest context that can be configured, in tokens: the instructions alone need some hundred.
pub(crate) const CONTEXT_TOKENS_SMALLEST: i64 = 512;
/// The largest price and budget that can be configured, in the unit of the prices.
pub(crate) const MONEY_LARGEST: f64 = 1_000_000.0;
const MONEY: KeyKind = KeyKind::Number { min: 0.0, max: MONEY_LARGEST };
/// The largest budget that can be configured, in tokens.
const TOKENS: KeyKind = KeyKind::Integer { min: 1, max: 1_000_000_000_000 };

/// The keys of `[models.NAME]`, as people see them.
pub const KEYS: &[Key] = &[
    Key::new(
        "provider",
        KeyKind::Choice(Provider::WORDS),
        "The protocol: `openai` for OpenAI and for every server that speaks its chat completions (llama.cpp, vLLM, OpenRouter), \
         `ollama` for Ollama on this machine.",
    )
    .required()
    .example("\"ollama\""),
    Key::new("model", KeyKind::Text, "The model, as its provider calls it. It is sent as it is written.")
        .required()
        .example("\"qwen3:8b\""),
    Key::new("url", KeyKind::Url, "Where it is, if not at its provider: the address that ends before `/chat/completions`, `/responses`, `/messages` or `/models`.")
        .example("\"http://127.0.0.1:8080/v1\""),
    Key::new("key", KeyKind::Secret, "Proves to the provider who asks. A server of yours may do without.")
        .example("{ env = \"MODEL_KEY\" }"),
    Key::new("images", KeyKind::Boolean, "Whether it looks at pictures. Left out, it does at OpenAI, Anthropic and Gemini themselves, and not where `url` is set."),
    Key::new("documents", KeyKind::Boolean, "Whether it reads documents (PDF). Left out, as for pictures."),
    Key::new("tools", KeyKind::Boolean, "Whether it calls tools. Some small models cannot.").default("true"),
    Key::new("thinking", KeyKind::Boolean, "Whether it is asked to think first, and what it thought is given back to it between calls of tools. Models that cannot refuse to be asked.")
        .default("false"),
    Key::new("timeout_seconds", KeyKind::Seconds { min: 1, max: SECONDS_LARGEST }, "How long one ask may take, further tries included.")
        .default("90"),
    Key::new(
        "read_timeout_seconds",
        KeyKind::Seconds { min: 1, max: SECONDS_LARGEST },
        "How long it may be silent within an answer before the answer is given up.",
    )
    .default("30"),
    Key::new(
        "context_tokens",
        KeyKind::Integer { min: CONTEXT_TOKENS_SMALLEST, max: U32_LARGEST },
        "Tokens of a prompt and its answer together. Left out, 128000, and 4096 for Ollama, which is what it begins with unless it is told otherwise.",
    )
    .example("32768"),
    Key::new(
        "answer_tokens",
        KeyKind::Integer { min: 1, max: U32_LARGEST },
        "Tokens of one answer at most. Left out, 4096, and 1024 for Ollama.",
    )
    .example("2048"),
    Key::new("calls_at_once", KeyKind::Integer { min: 1, max: CALLS_AT_ONCE_LARGEST }, "Requests at the same time; others wait.")
        .default("16"),
    Key::new("price_in", MONEY, "What a million tokens cost that it reads, in the money of your choice.").example("0.25"),
    Key::new("price_out", MONEY, "What a million tokens cost that it writes.").example("2.0"),
    Key::new("price_cached", MONEY, "What a million tokens cost that it reads and that its provider had kept. Left out, as `price_in`.")
        .example("0.025"),
    Key::new("budget_per_day", MONEY, "What may be spent in a day (UTC), in the money of the prices.").example("5.0"),
    Key::new("budget_per_person_per_day", MONEY, "What may be spent in a day for one person.").example("0.5"),
    Key::new("tokens_per_day", TOKENS, "Tokens that may be used in a day (UTC), for a model without prices.").example("5000000"),
    Key::new("tokens_per_person_per_day", TOKENS, "Tokens that may be used in a day for one person.").example("200000"),
    Key::new(
        "fallback",
        KeyKind::Text,
        "The configured model that is asked instead while this one is busy, away, wrongly configured or over its budget.",
    )
    .example("\"other\""),
];

impl ModelConfig {
    /// What it takes.
    pub fn traits(&self) -> ModelTraits {
        let sees = self.provider.sees() && self.url.is_none();
        let small = self.provider == Provider::Ollama;
        let context_tokens = self.context_tokens.unwrap_or(if small { 4_096 } else { 128_000 });
        let usual = if small { 1_024 } else { 4_096 };
        ModelTraits {
            images: self.images.unwrap_or(sees),
            documents: self.documents.unwrap_or(sees),
            tools: self.tools,
            context_tokens,
            answer_tokens: self.answer_tokens.unwrap_or(usual.min(context_tokens / 2)),
        }
    }

    pub(crate) fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_seconds.into())
    }

    pub(crate) fn read_timeout(&self) -> Duration {
        Duration::from_secs(self.read_timeout_seconds.into())
    }

    /// The model that is asked instead, where its name can be one.
    pub(crate) fn fallback(&self) -> Option<ModelName> {
        ModelName::new(self.fallback.as_deref()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_declared_keys_are_those_that_are_read() {
        greenroom_conformance::schema_conformance::assert_keys_agree::<ModelConfig>(KEYS);
        let mut words = greenroom_conformance::schema_conformance::words_of::<Provider>();
        words.sort_unstable();
        let mut declared = Provider::WORDS.to_vec();
        declared.sort_unstable();
        assert_eq!(words, declared);
    }

    #[test]
    fn a_server_that_only_speaks_the_protocol_is_not_taken_for_the_provider() {
        let traits = |table: &str| toml::from_str::<ModelConfig>(table).unwrap().traits();
        let own = traits("provider = \"openai\"\nmodel = \"m\"");
        assert!(own.images && own.documents && own.tools);
        let other = traits("provider = \"openai\"\nmodel = \"m\"\nurl = \"http://localhost:1/v1\"");
        assert!(!other.images && !other.documents && other.tools);
        let told = traits("provider = \"ollama\"\nmodel = \"m\"\nimages = true\ncontext_tokens = 1024");
        assert_eq!((told.images, told.documents, told.context_tokens, told.answer_tokens), (true, false, 1024, 512));
    }
}

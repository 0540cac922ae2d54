//! Whether what is configured can work. Pure.

use crate::config::{CALLS_AT_ONCE_LARGEST, CONTEXT_TOKENS_SMALLEST, MONEY_LARGEST, ModelConfig, SECONDS_LARGEST};
use crate::limits::{FALLBACKS_MAX, MODEL_BYTES_MAX, THINKING_ANSWER_TOKENS_MIN};
use crate::near::is_near;
use crate::provider::Provider;
use greenroom_contract::factory::BuildError;
use greenroom_contract::ids::ModelName;
use url::Url;

type Checked<T = ()> = Result<T, BuildError>;

fn refused<T>(path: &str, reason: impl Into<String>) -> Checked<T> {
    Err(BuildError::Config { path: path.to_owned(), reason: reason.into() })
}

/// Refuses what cannot work, and gives the address of the rest.
pub(crate) fn checked(config: &ModelConfig) -> Checked<Url> {
    model(config)?;
    let url = url(config)?;
    key(config)?;
    sizes(config)?;
    money(config)?;
    Ok(url)
}

fn model(config: &ModelConfig) -> Checked {
    let name = config.model.as_str();
    if name.is_empty() {
        return refused("model", "is empty: write the model as its provider calls it");
    }
    if name.len() > MODEL_BYTES_MAX {
        return refused(
            "model",
            format!("is longer than {MODEL_BYTES_MAX} bytes: write the model as its provider calls it"),
        );
    }
    if name.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return refused("model", "holds white space: write the model as its provider calls it");
    }
    if config.provider == Provider::Gemini && name.starts_with("models/") {
        return refused("model", "begins with models/: leave that out");
    }
    Ok(())
}

fn url(config: &ModelConfig) -> Checked<Url> {
    let written = config.url.as_deref().unwrap_or(config.provider.usual_url());
    let Ok(url) = Url::parse(written) else {
        return refused("url", format!("is not an address such as {}", config.provider.usual_url()));
    };
    if !matches!(url.scheme(), "http" | "https") {
        return refused("url", "begins with neither https:// nor http://");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return refused("url", "holds a user name or a password: write the password as key = { env = \"NAME\" }");
    }
    if url.fragment().is_some() {
        return refused("url", "holds a #: leave it out, and what is behind it");
    }
    for end in ["/chat/completions", "/responses", "/messages"] {
        if url.path().trim_end_matches('/').ends_with(end) {
            return refused("url", format!("ends with {end}, which is added: leave that out"));
        }
    }
    if url.scheme() == "http" && !is_near(&url) {
        return refused(
            "url",
            "begins with http:// and leads to another network, where the key and what people write could be read on the way: \
             use https://",
        );
    }
    Ok(url)
}

fn key(config: &ModelConfig) -> Checked {
    match &config.key {
        None if config.url.is_none() && config.provider != Provider::Ollama => refused(
            "key",
            "is needed: write key = { env = \"NAME\" }, and set that variable to the key that the provider gave you",
        ),
        Some(key) if key.expose().trim().is_empty() => refused("key", "is empty: set the variable that it names"),
        Some(key) if key.expose().len() > 8 * 1024 || !key.expose().bytes().all(|byte| byte.is_ascii_graphic()) => {
            refused("key", "has characters that no key has, perhaps a line break: copy it once more")
        }
        _ => Ok(()),
    }
}

fn sizes(config: &ModelConfig) -> Checked {
    for (name, seconds) in
        [("timeout_seconds", config.timeout_seconds), ("read_timeout_seconds", config.read_timeout_seconds)]
    {
        if !(1..=SECONDS_LARGEST).contains(&i64::from(seconds)) {
            return refused(name, format!("is {seconds}: write a number from 1 to {SECONDS_LARGEST}"));
        }
    }
    if !(1..=CALLS_AT_ONCE_LARGEST).contains(&i64::from(config.calls_at_once)) {
        let reason = format!("is {}: write a number from 1 to {CALLS_AT_ONCE_LARGEST}", config.calls_at_once);
        return refused("calls_at_once", reason);
    }
    let traits = config.traits();
    if i64::from(traits.context_tokens) < CONTEXT_TOKENS_SMALLEST {
        let reason = format!("is {}: write {CONTEXT_TOKENS_SMALLEST} or more", traits.context_tokens);
        return refused("context_tokens", reason);
    }
    if traits.answer_tokens == 0 || traits.answer_tokens >= traits.context_tokens {
        let reason = format!(
            "is {}, and a prompt needs room beside it: write a number from 1 to less than context_tokens, which is {}",
            traits.answer_tokens, traits.context_tokens
        );
        return refused("answer_tokens", reason);
    }
    if config.thinking && config.provider == Provider::Anthropic && traits.answer_tokens < THINKING_ANSWER_TOKENS_MIN {
        let reason = format!(
            "is {}, and with thinking = true it thinks with half of that: write {THINKING_ANSWER_TOKENS_MIN} or more",
            traits.answer_tokens
        );
        return refused("answer_tokens", reason);
    }
    Ok(())
}

fn money(config: &ModelConfig) -> Checked {
    let amounts = [
        ("price_in", config.price_in),
        ("price_out", config.price_out),
        ("price_cached", config.price_cached),
        ("budget_per_day", config.budget_per_day),
        ("budget_per_person_per_day", config.budget_per_person_per_day),
    ];
    for (name, amount) in amounts {
        if amount.is_some_and(|amount| !(0.0..=MONEY_LARGEST).contains(&amount)) {
            return refused(name, format!("is not a number from 0 to {MONEY_LARGEST}"));
        }
    }
    if config.price_in.is_some() != config.price_out.is_some() {
        let missing = if config.price_in.is_some() { "price_out" } else { "price_in" };
        return refused(missing, "is missing: write both prices, or neither");
    }
    if config.price_in.is_none() {
        for (name, amount, instead) in [
            ("price_cached", config.price_cached, "write price_in and price_out too"),
            ("budget_per_day", config.budget_per_day, "write price_in and price_out, or use tokens_per_day"),
            (
                "budget_per_person_per_day",
                config.budget_per_person_per_day,
                "write price_in and price_out, or use tokens_per_person_per_day",
            ),
        ] {
            if amount.is_some() {
                return refused(name, format!("means nothing without prices: {instead}"));
            }
        }
    }
    for (name, tokens) in
        [("tokens_per_day", config.tokens_per_day), ("tokens_per_person_per_day", config.tokens_per_person_per_day)]
    {
        if tokens == Some(0) {
            return refused(name, "is 0, and nothing could be asked: write 1 or more, or leave it out");
        }
    }
    Ok(())
}

/// Refuses a fallback that is not configured, or that leads back to where it began.
pub(crate) fn fallbacks(models: &[(ModelName, ModelConfig)]) -> Result<(), (ModelName, BuildError)> {
    let find = |name: &ModelName| models.iter().find(|(other, _)| other == name);
    for (name, config) in models {
        let refuse = |reason: String| Err((name.clone(), BuildError::Config { path: "fallback".to_owned(), reason }));
        let Some(written) = &config.fallback else { continue };
        if written == name.as_str() {
            return refuse("is the model itself: write the name of another one".to_owned());
        }
        let mut next = config.fallback();
        if next.as_ref().and_then(&find).is_none() {
            return refuse(format!("is {written:?}, and there is no [models.{written}]"));
        }
        let mut steps = 0;
        while let Some((_, config)) = next.as_ref().and_then(&find) {
            steps += 1;
            next = config.fallback();
            if next.as_ref() == Some(name) {
                return refuse("leads back to this model: leave out one fallback of the circle".to_owned());
            }
            if steps >= FALLBACKS_MAX {
                return refuse(format!("begins a row of more than {FALLBACKS_MAX} models, or a circle: shorten it"));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;

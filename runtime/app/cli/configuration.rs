//! `check`: what is configured, without starting it.

use super::failure::Failure;
use super::near::two_ways;
use super::report;
use greenroom::Runtime;
use greenroom::config::{Config, Origin};

/// Why voice notes cannot be heard, if a model is configured that should.
#[cfg(feature = "voice")]
fn deaf(config: &Config) -> Option<String> {
    config.voice.model.as_ref()?;
    let reason = greenroom::voice::open(&config.voice, &config.store.path).err()?;
    Some(format!("voice notes cannot be heard: {reason}"))
}

/// Without hearing no model can be configured.
#[cfg(not(feature = "voice"))]
fn deaf(_config: &Config) -> Option<String> {
    None
}

/// Makes everything that is configured and starts nothing.
pub(crate) async fn check(config: Config) -> Result<(), Failure> {
    let origin = match &config.origin {
        Origin::Embedded => "there is no greenroom.toml; the embedded default".to_owned(),
        other => other.to_string(),
    };
    let names = |names: Vec<String>| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    let channels = config.channels.iter().map(|channel| format!("{} ({})", channel.name, channel.adapter)).collect();
    let assistants = config.assistants.iter().map(|one| format!("{} ({})", one.name, one.kind)).collect();
    let text = format!("{origin} is fine\n  channels: {}\n  assistants: {}\n", names(channels), names(assistants));
    let mut warnings = config.warnings.clone();
    warnings.extend(deaf(&config));
    let whatsapp = config.channels.iter().filter(|channel| channel.adapter.starts_with("whatsapp-"));
    warnings.extend(whatsapp.flat_map(|channel| two_ways(channel.name.as_str(), &channel.policy.allow_from)));
    Runtime::builder().config(config).build()?.check().await?;
    report::print(&text)?;
    for warning in warnings {
        eprintln!("warning: {warning}");
    }
    Ok(())
}

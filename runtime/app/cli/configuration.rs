//! `check` and `capabilities`: what is configured, without starting it.

use super::failure::Failure;
use super::report;
use greenroom::Runtime;
use greenroom::config::{Config, Origin};
use greenroom::contract::capabilities::{Capabilities, Resend, Support};
use greenroom::contract::factory::ChannelParts;
use greenroom::contract::ids::ChannelName;
use greenroom::contract::time::Clock;
use greenroom::registry::Registry;

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
    // Nobody who configured no model misses it.
    if config.voice.model.is_some()
        && let Err(reason) = greenroom::voice::open(&config.voice, &config.store.path)
    {
        warnings.push(format!("voice notes cannot be heard: {reason}"));
    }
    Runtime::builder().with_config(config).build()?.check().await?;
    report::print(&text)?;
    for warning in warnings {
        eprintln!("warning: {warning}");
    }
    Ok(())
}

/// One column for each adapter that can be made here, one row for each ability.
pub(crate) async fn capabilities(config: &Config, registry: &Registry) -> Result<(), Failure> {
    let mut columns: Vec<(String, Capabilities)> = Vec::new();
    for entry in registry.channels() {
        let kind = entry.kind.kind();
        // An adapter that needs keys of its own is asked with those of a channel that has them.
        let configured = config.channels.iter().find(|channel| channel.adapter == kind);
        let own = configured.map(|channel| channel.own.clone()).unwrap_or_default();
        let name = ChannelName::new(kind).map_err(|error| Failure::new(error.to_string()))?;
        let parts = ChannelParts { name, names: Vec::new(), clock: Clock::System };
        match entry.kind.build(own, parts).await {
            Ok(channel) => columns.push((kind.to_owned(), channel.capabilities().clone())),
            Err(error) => eprintln!("note: {kind} must be configured before it can be shown: {error}"),
        }
    }
    report::print(&report::table(&rows(&columns)))
}

fn rows(columns: &[(String, Capabilities)]) -> Vec<Vec<String>> {
    let support = |support: Support| if support.is_there() { "yes" } else { "no" }.to_owned();
    let row = |what: &str, cell: &dyn Fn(&Capabilities) -> String| {
        let cells = columns.iter().map(|(_, capabilities)| cell(capabilities));
        [what.to_owned()].into_iter().chain(cells).collect::<Vec<_>>()
    };
    let head = [String::new()].into_iter().chain(columns.iter().map(|(name, _)| name.clone())).collect();
    vec![
        head,
        row("text, characters", &|it| it.text_chars_max.to_string()),
        row("caption, characters", &|it| it.caption_chars_max.to_string()),
        row("pictures", &|it| support(it.images)),
        row("voice notes", &|it| support(it.voice)),
        row("reactions", &|it| support(it.reactions)),
        row("replies", &|it| support(it.replies)),
        row("groups", &|it| support(it.groups)),
        row("mentions", &|it| support(it.mentions)),
        row("typing", &|it| support(it.typing)),
        row("sent twice", &|it| match it.resend {
            Resend::Idempotent => "dropped by the network".to_owned(),
            Resend::SameId => "shown once".to_owned(),
            Resend::Visible => "shown twice".to_owned(),
        }),
    ]
}

//! `doctor cloud`: what may be wrong with a set-up, line by line, each with what to do.

use crate::cli::failure::Failure;
use crate::cli::report;
use greenroom::channels::whatsapp_cloud::{Config as CloudConfig, WhatsAppCloud, doctor};
use greenroom::config::{ChannelConfig, Config};
use greenroom::contract::factory::ChannelKind;
use greenroom::contract::time::Clock;
use greenroom_client::{Client, HealthView, RejectionView};
use serde::Deserialize;
use std::fmt::Write as _;

/// Looks at everything that a channel on WhatsApp's Cloud API needs. Fails if anything is bad.
pub(super) async fn cloud(config: &Config, channel: Option<String>) -> Result<(), Failure> {
    let channel = chosen(config, channel.as_deref())?;
    let own = CloudConfig::deserialize(toml::Value::Table(channel.own.handed_over()))
        .map_err(|error| Failure::usage(format!("channels.{}: {}", channel.name, error.message())))?;
    let public = config.gateway.public_url.as_deref().map(|url| url.trim_end_matches('/'));
    let callback = public.map(|url| format!("{url}/api/channels/{}", channel.name));
    let checks = doctor::examine(&own, callback.as_deref(), Clock::System.now()).await;
    let mut checks = checks.map_err(|error| Failure::new(error.to_string()))?;
    checks.extend(posts(config, channel.name.as_str()).await);
    report::print(&rendered(channel.name.as_str(), &checks))?;
    if channel.policy.allow_from.is_empty() {
        for warning in config.warnings.iter().filter(|warning| warning.contains("allow_from")) {
            eprintln!("warning: {warning}");
        }
    }
    let bad = checks.iter().filter(|check| check.verdict == doctor::Verdict::Bad).count();
    if bad == 0 { Ok(()) } else { Err(Failure::new(format!("{bad} problem(s) must be fixed before messages flow"))) }
}

/// Everything that each channel on it needs, by the name of the channel. What is wrong with its keys is found where the
/// configuration is looked at.
pub(super) async fn examined(config: &Config) -> Vec<(String, Vec<doctor::Check>)> {
    let mut all = Vec::new();
    for channel in config.channels.iter().filter(|channel| channel.adapter == WhatsAppCloud::KIND) {
        let Ok(own) = CloudConfig::deserialize(toml::Value::Table(channel.own.handed_over())) else { continue };
        let public = config.gateway.public_url.as_deref().map(|url| url.trim_end_matches('/'));
        let callback = public.map(|url| format!("{url}/api/channels/{}", channel.name));
        if let Ok(checks) = doctor::examine(&own, callback.as_deref(), Clock::System.now()).await {
            all.push((channel.name.to_string(), checks));
        }
    }
    all
}

/// What the running server did not take of this channel's posts, where one runs.
async fn posts(config: &Config, channel: &str) -> Vec<doctor::Check> {
    let Ok(server) = Client::of_folder(&config.store.path) else { return Vec::new() };
    let Ok(HealthView { details: Some(details), .. }) = server.health().await else { return Vec::new() };
    not_taken(&details.rejections, channel, Clock::System.now().0)
}

fn not_taken(rejections: &[RejectionView], channel: &str, now_ms: u64) -> Vec<doctor::Check> {
    let here = rejections.iter().filter(|rejection| rejection.channel.as_deref() == Some(channel));
    let checks = here.map(|rejection| doctor::Check {
        what: "posts so far".to_owned(),
        verdict: doctor::Verdict::Warning,
        found: report::rejected(rejection, now_ms),
        next: advice(&rejection.cause).map(str::to_owned),
    });
    checks.collect()
}

/// What to do about a cause, on this network.
fn advice(cause: &str) -> Option<&'static str> {
    match cause {
        "signature" => Some(
            "if your own messages are among them, copy the app secret from developers.facebook.com > your app > Settings > \
             Basic into WHATSAPP_APP_SECRET and restart",
        ),
        "handshake" => Some(
            "enter the same verify token here (WHATSAPP_VERIFY_TOKEN) and in your app under WhatsApp > Configuration",
        ),
        "unknown_recipient" => Some("add that phone number id to the channel's numbers, or take it out of the app"),
        "too_old" => Some("compare the clock of this machine with the time: `timedatectl` on Linux"),
        _ => None,
    }
}

/// The channel that is meant.
fn chosen<'a>(config: &'a Config, name: Option<&str>) -> Result<&'a ChannelConfig, Failure> {
    let cloud: Vec<&ChannelConfig> =
        config.channels.iter().filter(|channel| channel.adapter == WhatsAppCloud::KIND).collect();
    let known = cloud.iter().map(|channel| channel.name.as_str()).collect::<Vec<_>>().join(", ");
    match (name, cloud.as_slice()) {
        (_, []) => Err(Failure::usage(format!("no channel is configured with adapter = {:?}", WhatsAppCloud::KIND))
            .hint(
                "Set WHATSAPP_PHONE_NUMBER_ID, WHATSAPP_ACCESS_TOKEN, WHATSAPP_APP_SECRET and WHATSAPP_VERIFY_TOKEN, \
                 or write such a channel into greenroom.toml; `greenroom config example` shows it.",
            )),
        (None, [only]) => Ok(only),
        (None, _) => Err(Failure::usage(format!("there are several: {known}")).hint("Name one with --channel NAME.")),
        (Some(name), all) => {
            let found = all.iter().find(|channel| channel.name.as_str() == name);
            found.copied().ok_or_else(|| {
                Failure::usage(format!("no such channel is configured as {name:?}; configured: {known}"))
            })
        }
    }
}

fn rendered(channel: &str, checks: &[doctor::Check]) -> String {
    let mut text = format!("channel {channel}\n");
    for check in checks {
        let verdict = match check.verdict {
            doctor::Verdict::Good => "good",
            doctor::Verdict::Warning => "warning",
            doctor::Verdict::Bad => "BAD",
            doctor::Verdict::Skipped => "skipped",
        };
        let _ = writeln!(text, "  {verdict:<7}  {}: {}", check.what, check.found);
        if let Some(next) = &check.next {
            let _ = writeln!(text, "           -> {next}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_has_its_verdict_and_what_to_do() {
        let check = |what: &str, verdict, next: Option<&str>| doctor::Check {
            what: what.to_owned(),
            verdict,
            found: "found".to_owned(),
            next: next.map(str::to_owned),
        };
        let checks =
            [check("token", doctor::Verdict::Good, None), check("secret", doctor::Verdict::Bad, Some("copy it"))];
        let expected = "channel front\n  good     token: found\n  BAD      secret: found\n           -> copy it\n";
        assert_eq!(rendered("front", &checks), expected);
    }

    #[test]
    fn what_the_server_refused_is_shown_with_what_to_do() {
        let rejection = |channel: &str, cause: &str| RejectionView {
            channel: Some(channel.to_owned()),
            cause: cause.to_owned(),
            what: format!("7 of {cause}"),
            count: 7,
            first_ms: 0,
            last_ms: 3_000,
        };
        let rejections =
            [rejection("front", "signature"), rejection("back", "signature"), rejection("front", "handshake")];
        let text = rendered("front", &not_taken(&rejections, "front", 5_000));
        let expected = [
            "posts so far: 7 of signature (first 5 s ago, last 2 s ago)",
            "WHATSAPP_APP_SECRET",
            "WHATSAPP_VERIFY_TOKEN",
        ];
        assert!(expected.iter().all(|words| text.contains(words)), "{text}");
        assert_eq!(text.matches("posts so far").count(), 2, "{text}");
    }

    #[test]
    fn without_a_cloud_channel_it_says_what_to_set() {
        let failure = chosen(&Config::bare(), None).unwrap_err();
        assert!(format!("{failure:?}").contains("WHATSAPP_VERIFY_TOKEN"), "{failure:?}");
    }
}

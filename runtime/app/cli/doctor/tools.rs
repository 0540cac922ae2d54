//! `doctor tools`: whether each tool server works, what it offers, and what of that is allowed.

use crate::cli::failure::Failure;
use crate::cli::report;
use greenroom::config::Config;
use greenroom::contract::limits::{TRIAL_TIMEOUT, TRIED_SHOWN_BYTES_MAX};
use greenroom::contract::text::{bounded, one_line};
use greenroom::contract::time::Clock;
use greenroom::contract::tools::{ToolError, ToolServers};
use greenroom::provisions::{self, Tried};
use std::fmt::Write as _;
use tokio_util::sync::CancellationToken;

/// Starts each server, or connects to it, and lists its tools. None of them is called. Fails if a server is away.
pub(super) async fn doctor(config: &Config, only: Option<&str>) -> Result<(), Failure> {
    let trial = provisions::for_trial(config, Clock::System).map_err(|problem| Failure::usage(problem.to_string()))?;
    let Some(tools) = trial.tools else {
        return Err(Failure::usage("no tool server is configured")
            .hint("Add [tools.NAME] to greenroom.toml; `greenroom config example` shows its keys."));
    };
    let names: Vec<_> =
        tools.names().into_iter().filter(|name| only.is_none_or(|only| name.as_str() == only)).collect();
    if let (Some(only), true) = (only, names.is_empty()) {
        let known = tools.names().iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        return Err(Failure::usage(format!("no tool server is configured as {only:?}; configured: {known}")));
    }
    let stop = CancellationToken::new();
    let ends_with_this = stop.clone().drop_guard();
    let life = tokio::spawn({
        let tools = tools.clone();
        async move { tools.run(stop).await }
    });
    let mut bad = 0;
    for name in &names {
        let Some(tried) = Box::pin(tools.try_out(name, TRIAL_TIMEOUT)).await else { continue };
        bad += usize::from(tried.is_err());
        report::print(&shown(name.as_str(), &tried))?;
    }
    drop(ends_with_this);
    // Programs are ended with it, whatever became of the life.
    let _ = life.await;
    if bad == 0 { Ok(()) } else { Err(Failure::new(format!("{bad} tool server(s) do not work"))) }
}

/// Whether each server works, by its name, for the report on everything.
pub(super) async fn tried(config: &Config) -> Vec<(String, Result<String, String>)> {
    let trial = match provisions::for_trial(config, Clock::System) {
        Ok(trial) => trial,
        Err(problem) => return vec![(String::new(), Err(problem.to_string()))],
    };
    let Some(tools) = trial.tools else { return Vec::new() };
    let stop = CancellationToken::new();
    let ends_with_this = stop.clone().drop_guard();
    let life = tokio::spawn({
        let tools = tools.clone();
        async move { tools.run(stop).await }
    });
    let mut all = Vec::new();
    for name in tools.names() {
        let Some(tried) = Box::pin(tools.try_out(&name, TRIAL_TIMEOUT)).await else { continue };
        let how = tried.map(|tried| {
            let offers = tried.offers.len();
            format!("it is there after {:.1} s and offers {offers} tool(s) that are allowed", tried.took.as_secs_f64())
        });
        all.push((name.to_string(), how.map_err(|error| error.to_string())));
    }
    drop(ends_with_this);
    // Programs are ended with it, whatever became of the life.
    let _ = life.await;
    all
}

fn shown(name: &str, tried: &Result<Tried, ToolError>) -> String {
    let mut text = format!("tools {name}\n");
    let short = |text: &str| bounded(&one_line(text), TRIED_SHOWN_BYTES_MAX);
    match tried {
        Ok(tried) => {
            let about = &tried.about;
            let (server, version, protocol) = (short(&about.name), short(&about.version), short(&about.protocol));
            let took = tried.took.as_secs_f64();
            let _ = writeln!(text, "  good     {server} {version} is there after {took:.1} s (protocol {protocol})");
            for offer in &*tried.offers {
                let asks = if offer.confirm { "asks the person first" } else { "is called without asking" };
                let _ = writeln!(text, "  tool     {}: {asks}", short(&offer.spec.name));
            }
            for left_out in &tried.left_out {
                let _ = writeln!(text, "  left out {}: {}", short(&left_out.name), left_out.why);
            }
            for entry in &tried.in_vain {
                let _ = writeln!(text, "  warning  allow and deny: {:?} matches no tool", short(entry));
            }
            for variable in &tried.unset {
                let _ = writeln!(text, "  warning  env: the variable {variable} is not set");
            }
        }
        Err(error) => drop(writeln!(text, "  BAD      {error}")),
    }
    text
}

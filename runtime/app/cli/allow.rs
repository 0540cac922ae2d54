//! `allow`, `disallow`, `allowlist`: who is admitted.

use super::admin::{self, Admin, Bot};
use super::failure::Failure;
use super::near::did_you_mean;
use super::{link, report};
use greenroom::config::Config;
use greenroom::contract::address::AllowEntry;
use greenroom::contract::ids::ChannelName;
use greenroom_client::AllowView;
use std::collections::BTreeSet;
use std::io::IsTerminal;

/// Admits somebody, also before the first start.
pub(crate) async fn allow(config: &Config, entry: &str, channel: Option<String>, yes: bool) -> Result<(), Failure> {
    let entry = read(entry)?;
    if entry == AllowEntry::Everybody && !yes {
        everybody().await?;
    }
    let admin = admin::open_or_make(config).await?;
    let done = async {
        let channel = channel_of(admin.as_ref(), config, channel).await?;
        admin.allow(&channel, &entry).await.map(|()| channel)
    }
    .await;
    admin.close().await?;
    report::print(&format!("{entry} is admitted to channel {}\n", done?))
}

/// Asks whether everybody is meant: a star is quickly typed, and a shell may make one of something else.
async fn everybody() -> Result<(), Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage("* admits everybody who can write to this channel, strangers included")
            .hint("If that is meant, run the command again with --yes."));
    }
    report::print("* admits everybody who can write to this channel, strangers included.\n")?;
    if link::confirmed("Type yes if you mean everybody").await {
        return Ok(());
    }
    Err(Failure::new("nothing was changed"))
}

/// Takes that back, and says who is admitted all the same.
pub(crate) async fn disallow(config: &Config, entry: &str, channel: Option<String>) -> Result<(), Failure> {
    let entry = read(entry)?;
    let admin = admin::open(config).await?;
    let done = async {
        let channel = channel_of(admin.as_ref(), config, channel).await?;
        let before = admin.allow_list().await?;
        let listed = before.iter().any(|view| is_stored(view, &channel) && names(view, &entry));
        if listed {
            admin.disallow(&channel, &entry).await?;
        }
        let left = admin.allow_list().await?;
        outcome(&channel, &entry, listed, &left)
    }
    .await;
    admin.close().await?;
    report::print(&done?)
}

/// Who is admitted, and by what.
pub(crate) async fn list(config: &Config, json: bool) -> Result<(), Failure> {
    let admin = admin::open(config).await?;
    let entries = admin.allow_list().await;
    admin.close().await?;
    if json {
        return report::json(&entries?);
    }
    report::print(&report::allow_list(&entries?))
}

/// What is so after an entry was taken back, or was not there.
fn outcome(channel: &ChannelName, entry: &AllowEntry, listed: bool, left: &[AllowView]) -> Result<String, Failure> {
    let here: Vec<&AllowView> = left.iter().filter(|view| is_of(view, channel)).collect();
    let admits = |view: &&&AllowView| {
        names(view, entry) || (matches!(entry, AllowEntry::Person(_)) && names(view, &AllowEntry::Everybody))
    };
    if let Some(view) = here.iter().find(admits) {
        let by = if view.origin.starts_with("added") {
            format!("the entry {}: greenroom disallow '{}' --channel {channel} takes it away", view.entry, view.entry)
        } else {
            format!("{} of {}: take it out of channels.{channel}.allow_from there", view.entry, view.origin)
        };
        let first = if listed { "was taken off the list, and" } else { "was not added to the list, and" };
        return Err(Failure::new(format!("{entry} {first} is still admitted to channel {channel}"))
            .hint(format!("What admits is {by}.")));
    }
    if listed {
        return Ok(format!("{entry} is no longer admitted to channel {channel}\n"));
    }
    let entries: Vec<AllowEntry> = here.iter().filter_map(|view| AllowEntry::read_back(&view.entry).ok()).collect();
    let near = match entry {
        AllowEntry::Person(address) => did_you_mean(address, &entries),
        AllowEntry::Group(_) | AllowEntry::Everybody => None,
    };
    let near = near.map(|near| format!("{near} ")).unwrap_or_default();
    Err(Failure::new(format!("{entry} is not on the list of channel {channel}, so nothing was changed"))
        .hint(format!("{near}`greenroom allowlist` shows who is admitted.")))
}

fn names(view: &AllowView, entry: &AllowEntry) -> bool {
    view.entry == entry.to_string()
}

fn is_of(view: &AllowView, channel: &ChannelName) -> bool {
    view.channel.as_deref() == Some(channel.as_str())
}

/// Whether it was added by a command or by the API, so that a command can take it back.
fn is_stored(view: &AllowView, channel: &ChannelName) -> bool {
    is_of(view, channel) && view.origin.starts_with("added")
}

fn read(entry: &str) -> Result<AllowEntry, Failure> {
    entry.parse().map_err(|error| Failure::usage(format!("{error}")))
}

/// The channel that is meant. Where a server runs its channels count: it may have been started with another environment.
async fn channel_of(admin: &dyn Admin, config: &Config, named: Option<String>) -> Result<ChannelName, Failure> {
    let mut known: BTreeSet<String> = BTreeSet::new();
    if admin.bot() == Bot::Runs {
        known.extend(admin.accounts().await?.into_iter().map(|account| account.channel));
        known.extend(admin.allow_list().await?.into_iter().filter_map(|view| view.channel));
    }
    let asked = !known.is_empty();
    if !asked {
        known.extend(config.channels.iter().map(|channel| channel.name.to_string()));
    }
    let all = known.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    let name = match named {
        // A server may have channels without accounts and entries, and knows best.
        Some(name) if asked || admin.bot() == Bot::Runs || known.contains(&name) => name,
        Some(name) => return Err(Failure::usage(format!("no channel is configured as {name:?}; configured: {all}"))),
        None if known.len() == 1 => all.clone(),
        None => {
            return Err(
                Failure::usage(format!("there are several channels: {all}")).hint("Name one with --channel NAME.")
            );
        }
    };
    ChannelName::new(&name).map_err(|error| {
        Failure::usage(format!("{name:?} is not the name of a channel: {error}")).hint(format!("There are {all}."))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(entry: &str, listed: bool, left: &[(&str, &str)]) -> Result<String, String> {
        let left: Vec<AllowView> = left
            .iter()
            .map(|(entry, origin)| AllowView {
                entry: (*entry).to_owned(),
                channel: Some("front".to_owned()),
                account: None,
                origin: (*origin).to_owned(),
            })
            .collect();
        outcome(&"front".parse().unwrap(), &entry.parse().unwrap(), listed, &left).map_err(|why| format!("{why:?}"))
    }

    #[test]
    fn taking_back_tells_what_is_so_afterwards() {
        let (ours, file) = ("added by the command line", "the configuration");
        assert!(said("+12025550123", true, &[]).unwrap().contains("no longer admitted"));
        assert!(said("+12025550123", true, &[("+12025550124", ours)]).is_ok(), "others stay");
        let never = said("+12025550123", false, &[("+12025550124", ours)]).unwrap_err();
        assert!(
            never.contains("nothing was changed") && never.contains("did you mean the entry +12025550124"),
            "{never}"
        );
        for (listed, left) in [(true, ("*", ours)), (false, ("*", file)), (true, ("+12025550123", file))] {
            let still = said("+12025550123", listed, &[left]).unwrap_err();
            assert!(still.contains("still admitted") && still.contains(left.0), "{still}");
        }
        assert!(said("*", true, &[("+12025550123", file)]).is_ok(), "one person is not everybody");
    }
}

//! `access explain`: which rule admits or refuses someone, and where it was written.

use super::admin;
use super::args::AccessCommand;
use super::failure::Failure;
use super::report::{self, local};
use super::shown::cleaned;
use greenroom::config::Config;
use greenroom::contract::address::AllowEntry;
use greenroom_client::{AccessPlaceView, AccessRuleView, AccessView};
use greenroom_engine::AccessAsked;
use jiff::tz::TimeZone;
use std::fmt::Write as _;

/// Asks, and shows the answer. Fails if they are admitted nowhere, so that a script can ask too.
pub(crate) async fn carry_out(config: &Config, command: AccessCommand) -> Result<(), Failure> {
    let AccessCommand::Explain { who, channel, group, json } = command;
    let bad = |error: String| Failure::usage(error);
    let asked = AccessAsked {
        who: who.parse().map_err(|error| bad(format!("{error}")))?,
        channel: channel.as_deref().map(str::parse).transpose().map_err(|error| bad(format!("--channel: {error}")))?,
        group: group.as_deref().map(str::parse).transpose().map_err(|error| bad(format!("--group: {error}")))?,
    };
    // Also before the first start, when only the configuration says something.
    let admin = admin::open_or_none(config).await?;
    let access = admin.access(&asked).await;
    admin.close().await?;
    let access = access?;
    if access.places.is_empty() {
        let channels = config.channels.iter().map(|channel| channel.name.as_str()).collect::<Vec<_>>().join(", ");
        return Err(Failure::usage(format!("there is no such channel; configured: {channels}")));
    }
    if json {
        report::json(&access)?;
    } else {
        report::print(&told(&access, &asked.who, &TimeZone::system()))?;
    }
    let admitted = access.places.iter().any(|place| place.admitted);
    if admitted { Ok(()) } else { Err(Failure::said_already(1)) }
}

/// A paragraph for each place.
fn told(access: &AccessView, who: &AllowEntry, zone: &TimeZone) -> String {
    let mut text = String::new();
    for place in access.places.iter().filter_map(cleaned) {
        let session = place.session.as_deref().map(|session| format!(", account {session}")).unwrap_or_default();
        let group = access.group.as_deref().map(|group| format!(" in group {group}")).unwrap_or_default();
        let verdict = if place.admitted { "admitted" } else { "refused" };
        let _ = writeln!(text, "channel {}{session}: {}{group} is {verdict}", place.channel, access.who);
        if let Some(reason) = &place.reason {
            let _ = writeln!(text, "  because {reason}");
        }
        for rule in &place.rules {
            let _ = writeln!(text, "  {} {}", if place.admitted { "by" } else { "the rule is" }, written(rule, zone));
        }
        if place.known_as.len() > 1 {
            let _ = writeln!(text, "  known here as {}", place.known_as.join(", "));
        }
        if let Some(near) = &place.nearest {
            let _ = writeln!(text, "  the nearest entry is {} ({})", near.entry, near.why);
        }
        if let Some(next) = next(&place, who) {
            let _ = writeln!(text, "  {next}");
        }
        if place.admitted && matches!(who, AllowEntry::Group(_)) {
            text.push_str("  each person there needs an entry of their own, or the bot ignores what they write\n");
        }
    }
    text
}

/// A rule with where it was written.
fn written(rule: &AccessRuleView, zone: &TimeZone) -> String {
    let at = rule.at_ms.and_then(|at| local(at, zone)).map(|at| at.strftime(" on %Y-%m-%d %H:%M").to_string());
    match (&rule.key, &rule.by, &rule.session) {
        (Some(key), ..) => format!("{} in the configuration, {key}", rule.rule),
        (None, Some(by), Some(session)) => {
            format!("{} in the list of account {session}, added by {by}{}", rule.rule, at.unwrap_or_default())
        }
        (None, Some(by), None) => {
            format!("{} in the list of the channel, added by {by}{}", rule.rule, at.unwrap_or_default())
        }
        (None, None, _) => rule.rule.clone(),
    }
}

/// The command that admits them, where one entry does.
fn next(place: &AccessPlaceView, who: &AllowEntry) -> Option<String> {
    let cause = place.cause.as_deref()?;
    let by_entry = match who {
        AllowEntry::Person(_) => matches!(cause, "stranger" | "phone_unknown" | "nobody_admitted"),
        AllowEntry::Group(_) => {
            cause == "group_not_admitted" && place.rules.iter().all(|rule| rule.rule != "admit = false")
        }
        AllowEntry::Everybody => false,
    };
    by_entry.then(|| format!("to admit them: greenroom allow '{who}' --channel {}", place.channel))
}

#[cfg(test)]
mod tests {
    use super::*;
    use greenroom_client::NearestView;

    fn place() -> AccessPlaceView {
        AccessPlaceView {
            channel: "front".to_owned(),
            session: Some("acc-1".to_owned()),
            admitted: true,
            cause: None,
            reason: None,
            known_as: vec!["lid:7".to_owned(), "+15551234567".to_owned()],
            rules: Vec::new(),
            nearest: None,
        }
    }

    fn said(place: AccessPlaceView) -> String {
        let who: AllowEntry = "+15551234567".parse().unwrap();
        let access = AccessView { who: who.to_string(), group: None, places: vec![place] };
        told(&access, &who, &TimeZone::UTC)
    }

    #[test]
    fn a_rule_is_told_with_where_it_was_written() {
        let rule = |key: Option<&str>, by: Option<&str>| AccessRuleView {
            rule: "+15551234567".to_owned(),
            key: key.map(str::to_owned),
            by: by.map(str::to_owned),
            at_ms: by.map(|_| 1_795_000_000_000),
            session: None,
        };
        let rules = vec![rule(Some("channels.front.allow_from"), None), rule(None, Some("the API"))];
        let expected = "\
channel front, account acc-1: +15551234567 is admitted
  by +15551234567 in the configuration, channels.front.allow_from
  by +15551234567 in the list of the channel, added by the API on 2026-11-18 11:06
  known here as lid:7, +15551234567
";
        assert_eq!(said(AccessPlaceView { rules, ..place() }), expected);
    }

    #[test]
    fn a_refusal_is_told_with_the_nearest_entry_and_the_command() {
        let nearest = Some(NearestView { entry: "+15551234568".to_owned(), why: "it differs in one place".to_owned() });
        let refused = AccessPlaceView {
            admitted: false,
            cause: Some("stranger".to_owned()),
            reason: Some("the sender is not on the allow-list".to_owned()),
            known_as: Vec::new(),
            nearest,
            ..place()
        };
        let expected = "\
channel front, account acc-1: +15551234567 is refused
  because the sender is not on the allow-list
  the nearest entry is +15551234568 (it differs in one place)
  to admit them: greenroom allow '+15551234567' --channel front
";
        assert_eq!(said(refused.clone()), expected);
        let listens = AccessPlaceView { cause: Some("listen_only".to_owned()), ..refused };
        assert!(!said(listens).contains("to admit them"), "an entry changes nothing there");
    }
}

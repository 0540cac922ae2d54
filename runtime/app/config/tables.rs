//! Tables with names of the user's choice, and small tables: what answers cost, whom alerts are sent to, how people are
//! known, what is logged.

use super::component::{self, Declared};
use super::read::{Reading, Section};
use super::resolve::checked_name;
use super::{LogConfig, OwnKeys, UsageConfig};
use crate::built::Built;
use crate::sections::Tables;
use greenroom_contract::limits;
use std::str::FromStr;

/// Tables that have names of the user's choice and the keys of one component.
pub(super) fn own_tables<N: FromStr>(
    reading: &Reading,
    named: Vec<(String, Section)>,
    tables: &Tables,
) -> Vec<(N, OwnKeys)> {
    let mut read = Vec::with_capacity(named.len());
    for (name, section) in named {
        let path = section.path().to_owned();
        if !tables.is_built {
            section.missing_feature(tables.feature);
            continue;
        }
        let sound = checked_name(reading, &path, &name).then(|| name.parse().ok()).flatten();
        let declared = Declared { own: tables.keys, common: &[], of_another: &|_| None };
        let checked = component::check(reading, &path, section.rest(), &declared, tables.check);
        read.extend(sound.zip(checked.map(|checked| checked.own)));
    }
    read
}

/// `[alerts]`.
pub(super) fn alerts(reading: &Reading, section: Section, tables: &Tables) -> Option<OwnKeys> {
    whole(reading, section, tables, &["webhook", "secret"])
}

/// `[identity]`.
pub(super) fn identity(reading: &Reading, section: Section, tables: &Tables) -> Option<OwnKeys> {
    whole(reading, section, tables, &["smtp", "from", "secret"])
}

/// A table of one component: nothing, or all that it needs.
fn whole(reading: &Reading, section: Section, tables: &Tables, needed: &[&str]) -> Option<OwnKeys> {
    if section.is_empty() {
        return None;
    }
    if !tables.is_built {
        section.missing_feature(tables.feature);
        return None;
    }
    for key in needed.iter().filter(|key| !section.has(key)) {
        section.problem(key, "this key is missing");
    }
    let path = section.path().to_owned();
    let declared = Declared { own: tables.keys, common: &[], of_another: &|_| None };
    component::check(reading, &path, section.rest(), &declared, tables.check).map(|checked| checked.own)
}

/// `[log]`.
pub(super) fn log(mut section: Section, built: Built) -> LogConfig {
    let filter = section.take("filter");
    let otlp = section.take("otlp");
    if otlp.is_some() && !built.otlp {
        section.problem("otlp", crate::without("otlp"));
    }
    section.finish();
    LogConfig { filter, otlp }
}

/// `[usage]`.
pub(super) fn usage(mut section: Section) -> UsageConfig {
    let currency: Option<String> = section.take("currency");
    let is_word = |text: &str| {
        let plain = text.chars().all(|c| !c.is_control() && !c.is_whitespace());
        plain && (1..=limits::CURRENCY_CHARS_MAX).contains(&text.chars().count())
    };
    if currency.as_deref().is_some_and(|text| !is_word(text)) {
        let most = limits::CURRENCY_CHARS_MAX;
        section.problem("currency", format!("is not a word of at most {most} characters, such as \"USD\" or \"€\""));
    }
    section.finish();
    currency.map_or_else(UsageConfig::default, |currency| UsageConfig { currency })
}

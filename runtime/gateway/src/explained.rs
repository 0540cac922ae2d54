//! From the engine's types to the wire's: who is admitted by which rule, what was refused, and when nothing could arrive.

use crate::usage::date_of;
use greenroom_client::{AccessPlaceView, AccessRuleView, AccessView, GapView, NearestView, RefusedCountView};
use greenroom_contract::address::{Address, Likeness};
use greenroom_contract::store::ListScope;
use greenroom_engine as engine;
use greenroom_engine::{Access, AccessAsked, AccessRule, Gap, RefusedCount, RuleOrigin};

/// A time without a connection.
pub fn gap(gap: &Gap) -> GapView {
    GapView { from_ms: gap.from.0, until_ms: gap.until.map(|at| at.0), reason: gap.reason.clone() }
}

/// How many messages were refused on a day.
pub fn refused_count(count: &RefusedCount) -> RefusedCountView {
    RefusedCountView {
        day: date_of(count.day),
        channel: count.channel.to_string(),
        session: count.account.to_string(),
        cause: count.cause.clone(),
        what: engine::refusal_in_words(&count.cause).to_owned(),
        count: count.count,
    }
}

/// Which rule admits or refuses someone.
pub fn access(asked: &AccessAsked, places: &[Access]) -> AccessView {
    AccessView {
        who: asked.who.to_string(),
        group: asked.group.as_ref().map(ToString::to_string),
        places: places.iter().map(place).collect(),
    }
}

fn place(place: &Access) -> AccessPlaceView {
    let near = |(entry, likeness): &(Address, Likeness)| NearestView {
        entry: entry.to_string(),
        why: likeness.words().to_owned(),
    };
    AccessPlaceView {
        channel: place.channel.to_string(),
        session: place.account.as_ref().map(ToString::to_string),
        admitted: place.refused.is_none(),
        cause: place.refused.as_ref().map(|reason| engine::refusal_word(reason).to_owned()),
        reason: place.refused.as_ref().map(ToString::to_string),
        known_as: place.known_as.iter().map(ToString::to_string).collect(),
        rules: place.rules.iter().map(rule).collect(),
        nearest: place.nearest.as_ref().map(near),
    }
}

fn rule(rule: &AccessRule) -> AccessRuleView {
    let view = |key, by, at_ms, session| AccessRuleView { rule: rule.rule.clone(), key, by, at_ms, session };
    match &rule.origin {
        RuleOrigin::Configuration { key } => view(Some(key.clone()), None, None, None),
        RuleOrigin::Added { scope, by, at } => {
            let session = match scope {
                ListScope::Account(account) => Some(account.to_string()),
                ListScope::Channel(_) => None,
            };
            view(None, Some(by.clone()), Some(at.0), session)
        }
        _ => view(None, None, None, None),
    }
}

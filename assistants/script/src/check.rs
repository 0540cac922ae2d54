//! Whether a script makes sense: where it leads, whom it names, and what it fills in.

mod nodes;

use crate::limits;
use crate::load::{Around, Found};
use crate::say::{Say, Saying};
use crate::script::{CONFIGURED, HUMAN, Script, Step};
use crate::template::Words;
use greenroom_contract::ids::AssistantName;
use std::collections::BTreeSet;
use toml::Spanned;

/// Notes everything that is wrong.
pub(crate) fn everything(script: &Script, around: Around<'_>, found: &mut Found) {
    if script.rules.is_empty() && script.unknown.is_none() {
        found.at(0, "a script without [[rules]] and without [unknown] never says anything; write one of them");
    }
    if script.nodes.len() > limits::NODES_MAX {
        found.at(0, format!("{} nodes; {} at most", script.nodes.len(), limits::NODES_MAX));
    }
    for rule in &script.rules {
        let (at, rule) = (rule.span().start, rule.get_ref());
        if rule.when.is_empty() {
            found.at(at, "a rule needs what is said: when = [\"hello\"]");
        }
        does_something(&rule.step, at, found);
    }
    for (steps_at, step) in steps(script) {
        step_is_sound(script, step, around, steps_at, found);
    }
    languages(script, found);
    slots_are_there(script, found);
    nodes::all(script, found);
}

/// Every step with a place near it.
fn steps(script: &Script) -> impl Iterator<Item = (usize, &Step)> {
    let of_rules = script.rules.iter().map(|rule| (rule.span().start, &rule.get_ref().step));
    let of_nodes =
        script.nodes.values().flat_map(|node| node.get_ref().steps().map(move |step| (node.span().start, step)));
    let unknown = script.unknown.iter().map(|unknown| (unknown.span().start, unknown.get_ref()));
    of_rules.chain(unknown).chain(of_nodes)
}

/// Everything that is said anywhere.
pub(crate) fn sayings(script: &Script) -> impl Iterator<Item = &Saying> {
    let of_nodes = script.nodes.values().map(|node| &node.get_ref().say);
    script.steps().map(|step| &step.say).chain(of_nodes).flat_map(Say::all)
}

pub(super) fn does_something(step: &Step, at: usize, found: &mut Found) {
    if step.say.0.is_empty() && step.go.is_none() && step.hand_over.is_none() {
        found.at(at, "this does nothing; write say, go or hand_over");
    }
}

fn step_is_sound(script: &Script, step: &Step, around: Around<'_>, at: usize, found: &mut Found) {
    if let Some(go) = &step.go
        && script.node(go.get_ref()).is_none()
    {
        let known = script.nodes.keys().map(String::as_str);
        let meant = meant(go.get_ref(), known);
        found.at(go.span().start, format!("there is no node {:?}{meant}", go.get_ref()));
    }
    if step.go.is_some() && step.hand_over.is_some() {
        found.at(at, "both go and hand_over: after a hand-over someone else answers; write one of them");
    }
    match &step.hand_over {
        Some(to) => receiver_is_there(to, around, found),
        None if step.stays => found.at(at, "stays belongs to hand_over"),
        None => {}
    }
}

fn receiver_is_there(to: &Spanned<String>, around: Around<'_>, found: &mut Found) {
    let (at, name) = (to.span().start, to.get_ref().as_str());
    if [HUMAN, CONFIGURED].contains(&name) {
        return;
    }
    if let Err(error) = name.parse::<AssistantName>() {
        return found.at(at, format!("{name:?} is not a name of an assistant: {error}"));
    }
    let Some((me, all)) = around.assistants else { return };
    if me.as_str() == name {
        found.at(at, "this is the script itself; write go to lead to another node");
    } else if !all.iter().any(|one| one.as_str() == name) {
        let meant = meant(name, all.iter().map(AssistantName::as_str).chain([HUMAN, CONFIGURED]));
        found.at(at, format!("there is no assistant {name:?}{meant}"));
    }
}

/// The known word that is nearest to a written one, as a question.
fn meant<'a>(written: &str, known: impl Iterator<Item = &'a str>) -> String {
    let near = known.map(|word| (strsim::damerau_levenshtein(written, word), word)).min();
    match near {
        Some((distance, word)) if distance <= 1 + word.len() / 4 => format!("; did you mean {word:?}?"),
        _ => String::new(),
    }
}

/// Every text with a place near it.
fn texts(script: &Script) -> Vec<(usize, &Words)> {
    let mut texts = Vec::new();
    for (at, step) in steps(script) {
        texts.extend(step.say.all().filter_map(Saying::words).map(|words| (at, words)));
    }
    for node in script.nodes.values() {
        let (at, node) = (node.span().start, node.get_ref());
        let of_options = node.options.iter().flat_map(|option| [Some(&option.title), option.detail.as_ref()]);
        let of_slots = node.slots.iter().flat_map(|slot| {
            let of_options = slot.options.iter().flat_map(|option| [Some(&option.title), option.detail.as_ref()]);
            of_options.chain([Some(&slot.ask), slot.invalid.as_ref()])
        });
        let own = [&node.ask, &node.open_label, &node.confirm].into_iter().map(Option::as_ref);
        let words = own.chain(of_options).chain(of_slots).flatten();
        texts.extend(node.say.all().filter_map(Saying::words).chain(words).map(|words| (at, words)));
    }
    let says = &script.says;
    let own = [&says.cancelled, &says.gave_up, &says.outdated, &says.unknown, &says.optional];
    texts.extend(own.into_iter().flatten().map(|words| (0, words)));
    texts
}

/// A text in several languages has that of the script, so that there is one for everyone.
fn languages(script: &Script, found: &mut Found) {
    for (at, words) in texts(script) {
        match (words, script.language()) {
            (Words::One(_), _) => {}
            (Words::Many(_), None) => {
                found.at(
                    at,
                    "texts by language, and no language of the script; write language = \"en\" at its beginning",
                );
            }
            (many, Some(usual)) if !many.is_in(usual) => {
                found.at(at, format!("a text by language lacks {usual:?}, the language of the script"));
            }
            (Words::Many(_), Some(_)) => {}
        }
    }
}

/// What is filled in is asked for somewhere.
fn slots_are_there(script: &Script, found: &mut Found) {
    let asked: BTreeSet<&str> =
        script.nodes.values().flat_map(|node| &node.get_ref().slots).map(|slot| slot.name.get_ref().as_str()).collect();
    for (at, words) in texts(script) {
        for slot in words.all().flat_map(super::template::Template::slots) {
            if !asked.contains(slot) {
                let meant = meant(slot, asked.iter().copied());
                found.at(at, format!("{{slot.{slot}}} is asked for nowhere{meant}"));
            }
        }
    }
}

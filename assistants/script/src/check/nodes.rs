//! Whether each node makes sense, can be reached, and comes to an end.

use super::does_something;
use crate::limits;
use crate::load::Found;
use crate::script::{MenuOption, Node, Script, Sort, Step};
use crate::slot::{Bound, Kind, Slot};
use greenroom_contract::limits::OPTIONS_PER_CHOICE_MAX;
use std::collections::BTreeSet;
use toml::Spanned;

/// Notes what is wrong with nodes.
pub(super) fn all(script: &Script, found: &mut Found) {
    let mut slots = 0;
    for (name, node) in &script.nodes {
        let (at, node) = (node.span().start, node.get_ref());
        name_is_sound(name, at, found);
        slots += node.slots.len();
        match node.sort() {
            Sort::Menu => menu(node, at, found),
            Sort::Form => form(node, at, found),
            Sort::Plain => plain(node, at, found),
        }
    }
    if slots > limits::SLOTS_MAX {
        found.at(0, format!("{slots} slots in all forms together; {} at most", limits::SLOTS_MAX));
    }
    unreachable_nodes(script, found);
    circles(script, found);
}

fn name_is_sound(name: &str, at: usize, found: &mut Found) {
    let is_sound = |c: char| c.is_alphanumeric() || "-_".contains(c);
    if name.is_empty() || name.len() > limits::NAME_BYTES_MAX || !name.chars().all(is_sound) {
        let bytes = limits::NAME_BYTES_MAX;
        found.at(at, format!("{name:?} cannot be a name; write letters, digits, - and _, {bytes} bytes at most"));
    }
}

fn menu(node: &Node, at: usize, found: &mut Found) {
    if node.ask.is_none() {
        found.at(at, "a menu needs its question: ask = \"What would you like?\"");
    }
    if !node.slots.is_empty() {
        found.at(at, "both options and slots: a node is a menu or a form");
    }
    if node.options.len() > OPTIONS_PER_CHOICE_MAX {
        found.at(at, format!("{} options; {OPTIONS_PER_CHOICE_MAX} at most", node.options.len()));
    }
    has_no(&[(has_ends(node), "done, cancelled, gave_up, confirm and tries belong to a form")], at, found);
    if leads(&node.step) {
        found.at(at, "in a menu the options lead on; write go and hand_over there");
    }
    for (place, option) in node.options.iter().enumerate() {
        name_is_sound(&option.id(place), at, found);
        does_something(&option.step, at, found);
    }
    if !are_different(node.options.iter().enumerate().map(|(place, option)| MenuOption::id(option, place))) {
        found.at(at, "two options of one menu have the same id; write id = \"...\" in one of them");
    }
}

fn form(node: &Node, at: usize, found: &mut Found) {
    if node.ask.is_some() || node.open_label.is_some() {
        found.at(at, "in a form each slot has its question; what is said before them is say");
    }
    if leads(&node.step) {
        found.at(at, "a form leads on when it is done; write done = { go = \"...\" }");
    }
    match &node.done {
        None => found.at(at, "a form needs what is done when it is filled in: done = { say = \"Thank you.\" }"),
        Some(done) => does_something(done, at, found),
    }
    if let Some(tries) = &node.tries
        && !(1..=limits::TRIES_CONFIGURED_MAX).contains(tries.get_ref())
    {
        found.at(tries.span().start, format!("tries is a number from 1 to {}", limits::TRIES_CONFIGURED_MAX));
    }
    if !are_different(node.slots.iter().map(|slot| slot.name.get_ref())) {
        found.at(at, "two slots of one form have the same name");
    }
    for slot in &node.slots {
        slot_is_sound(slot, found);
    }
}

fn plain(node: &Node, at: usize, found: &mut Found) {
    let step = Step { say: node.say.clone(), ..node.step.clone() };
    does_something(&step, at, found);
    has_no(
        &[
            (has_ends(node), "done, cancelled, gave_up, confirm and tries belong to a form, which has slots"),
            (node.ask.is_some() || node.open_label.is_some(), "ask and open_label belong to a menu, which has options"),
        ],
        at,
        found,
    );
}

fn slot_is_sound(slot: &Slot, found: &mut Found) {
    let at = slot.name.span().start;
    name_is_sound(slot.name.get_ref(), at, found);
    let is_choice = slot.kind == Kind::Choice;
    let shown = slot.options.len() + usize::from(slot.optional);
    has_no(
        &[
            (is_choice && slot.options.is_empty(), "a choice needs its options: options = [\"Small\", \"Large\"]"),
            (!is_choice && !slot.options.is_empty(), "options belong to kind = \"choice\""),
            (shown > OPTIONS_PER_CHOICE_MAX, "too many options; 20 at most, leaving out an answer included"),
            (slot.whole && slot.kind != Kind::Number, "whole belongs to kind = \"number\""),
            (slot.country.is_some() && slot.kind != Kind::Phone, "country belongs to kind = \"phone\""),
        ],
        at,
        found,
    );
    if let Some(country) = &slot.country {
        let digits = country.get_ref().strip_prefix('+').unwrap_or_default();
        if !(1..=3).contains(&digits.len()) || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            found.at(country.span().start, "a country is written as + and its digits, such as \"+41\"");
        }
    }
    for bound in [&slot.min, &slot.max].into_iter().flatten() {
        bound_is_sound(slot.kind, bound, found);
    }
    if let (Some(Bound::Number(min)), Some(Bound::Number(max))) =
        (slot.min.as_ref().map(Spanned::get_ref), slot.max.as_ref().map(Spanned::get_ref))
        && min > max
    {
        found.at(at, format!("no answer is at least {min} and at most {max}"));
    }
}

fn bound_is_sound(kind: Kind, bound: &Spanned<Bound>, found: &mut Found) {
    let at = bound.span().start;
    match (kind, bound.get_ref()) {
        (Kind::Number | Kind::Text, Bound::Number(number)) if number.is_finite() => {}
        (Kind::Date, Bound::Day(_)) => {}
        (Kind::Number | Kind::Text, _) => found.at(at, "a bound of a number or a text is a number"),
        (Kind::Date, Bound::Number(_)) => found.at(at, "a bound of a date is a day: \"today\" or \"2026-12-24\""),
        _ => found.at(at, "min and max belong to numbers, texts and dates"),
    }
}

fn has_no(wrong: &[(bool, &str)], at: usize, found: &mut Found) {
    for (_, what) in wrong.iter().filter(|(is_wrong, _)| *is_wrong) {
        found.at(at, *what);
    }
}

fn has_ends(node: &Node) -> bool {
    let ends = [&node.done, &node.cancelled, &node.gave_up].into_iter().any(Option::is_some);
    ends || node.confirm.is_some() || node.tries.is_some()
}

fn leads(step: &Step) -> bool {
    step.go.is_some() || step.hand_over.is_some()
}

fn are_different<T: Ord>(names: impl IntoIterator<Item = T>) -> bool {
    let mut seen = BTreeSet::new();
    names.into_iter().all(|name| seen.insert(name))
}

fn target(step: &Step) -> Option<&str> {
    step.go.as_ref().map(|go| go.get_ref().as_str())
}

/// A node that nothing leads to is a mistake of writing, or left over.
fn unreachable_nodes(script: &Script, found: &mut Found) {
    let of_rules = script.rules.iter().map(|rule| &rule.get_ref().step);
    let begins = of_rules.chain(script.unknown.iter().map(Spanned::get_ref));
    let mut next: Vec<&str> = begins.filter_map(target).collect();
    let mut reached = BTreeSet::new();
    while let Some(name) = next.pop() {
        if let Some(node) = script.node(name)
            && reached.insert(name)
        {
            next.extend(node.steps().filter_map(target));
        }
    }
    for (name, node) in script.nodes.iter().filter(|(name, _)| !reached.contains(name.as_str())) {
        found.at(node.span().start, format!("nothing leads to {name:?}; write go = {name:?} somewhere, or remove it"));
    }
}

/// Plain nodes wait for nothing, so a circle of them would never end.
fn circles(script: &Script, found: &mut Found) {
    for (name, node) in &script.nodes {
        let (mut at, mut seen) = (node.get_ref(), BTreeSet::new());
        while at.sort() == Sort::Plain {
            let Some((next, node)) = target(&at.step).and_then(|next| Some((next, script.node(next)?))) else { break };
            if next == name {
                let what = "leads back to itself without waiting for an answer; let a menu or a form lie on the way";
                found.at(script.nodes[name].span().start, format!("{name:?} {what}"));
                break;
            }
            if !seen.insert(next) {
                break;
            }
            at = node;
        }
    }
}

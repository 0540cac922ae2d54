//! A script, as its file says it.

use crate::limits;
use crate::pattern::Pattern;
use crate::say::Say;
use crate::slot::Slot;
use crate::template::Words;
use greenroom_contract::message::Media;
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

/// The words by which a script hands over to who is not an assistant.
pub(crate) const HUMAN: &str = "human";
/// See [`HUMAN`].
pub(crate) const CONFIGURED: &str = "configured";

/// A script: rules that are tried in order, and the nodes to which they lead.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Script {
    /// The language that is spoken where a person's is unknown, or not written here.
    pub(crate) language: Option<Spanned<String>>,
    /// Minutes after which an open question is forgotten.
    #[serde(default = "forget_after_minutes")]
    pub(crate) forget_after_minutes: u64,
    /// What is done about what is said; the first that matches counts.
    #[serde(default)]
    pub(crate) rules: Vec<Spanned<Rule>>,
    /// What is done about anything else.
    pub(crate) unknown: Option<Spanned<Step>>,
    /// Where a conversation can be.
    #[serde(default)]
    pub(crate) nodes: BTreeMap<String, Spanned<Node>>,
    /// The words that forms understand.
    #[serde(default)]
    pub(crate) words: Understood,
    /// The sentences that no node has of its own.
    #[serde(default)]
    pub(crate) says: Sentences,
    /// The files that it sends, by their names.
    #[serde(skip)]
    pub(crate) files: BTreeMap<String, Media>,
    /// How many choices among several sayings it has.
    #[serde(skip)]
    pub(crate) choices: u32,
}

fn forget_after_minutes() -> u64 {
    limits::FORGET_AFTER_MINUTES
}

/// Something to do.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Step {
    /// What is said.
    pub(crate) say: Say,
    /// Where the conversation goes.
    pub(crate) go: Option<Spanned<String>>,
    /// Who answers instead: an assistant, `human`, or `configured`.
    pub(crate) hand_over: Option<Spanned<String>>,
    /// Whether the conversation stays there.
    pub(crate) stays: bool,
}

/// `[[rules]]`: a step for what is said.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    /// What is said.
    pub(crate) when: Vec<Pattern>,
    /// Whether it holds while a form is open, too.
    #[serde(default)]
    pub(crate) always: bool,
    /// What is done.
    #[serde(default)]
    say: Say,
    go: Option<Spanned<String>>,
    hand_over: Option<Spanned<String>>,
    #[serde(default)]
    stays: bool,
    #[serde(skip)]
    pub(crate) step: Step,
}

/// `[nodes.NAME]`: a menu if it has options, a form if it has slots, else a step that has a name.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Node {
    /// What is said first.
    #[serde(default)]
    pub(crate) say: Say,
    /// A menu's question.
    pub(crate) ask: Option<Words>,
    /// What stands on the button that opens a list.
    pub(crate) open_label: Option<Words>,
    /// What can be chosen.
    #[serde(default)]
    pub(crate) options: Vec<MenuOption>,
    /// What a form asks for.
    #[serde(default)]
    pub(crate) slots: Vec<Slot>,
    /// How often each question of a form is asked.
    pub(crate) tries: Option<Spanned<u32>>,
    /// A question to which "yes" ends the form well.
    pub(crate) confirm: Option<Words>,
    /// What is done when all is answered.
    pub(crate) done: Option<Step>,
    /// What is done when it is cancelled, or not confirmed.
    pub(crate) cancelled: Option<Step>,
    /// What is done when a question was asked too often.
    pub(crate) gave_up: Option<Step>,
    /// Where a plain node leads.
    go: Option<Spanned<String>>,
    hand_over: Option<Spanned<String>>,
    #[serde(default)]
    stays: bool,
    /// The step of a plain node.
    #[serde(skip)]
    pub(crate) step: Step,
}

/// One option of a menu, and its step.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MenuOption {
    /// What people read.
    pub(crate) title: Words,
    /// A line below it.
    pub(crate) detail: Option<Words>,
    /// How a tap names it; where it leads unless it is written.
    pub(crate) id: Option<String>,
    #[serde(default)]
    say: Say,
    go: Option<Spanned<String>>,
    hand_over: Option<Spanned<String>>,
    #[serde(default)]
    stays: bool,
    #[serde(skip)]
    pub(crate) step: Step,
}

/// `[words]`: what forms understand, compared whatever its case.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Understood {
    /// Leaves a form.
    pub(crate) cancel: Vec<Pattern>,
    /// Says yes; the first is shown.
    pub(crate) yes: Vec<String>,
    /// Says no; the first is shown.
    pub(crate) no: Vec<String>,
    /// Leaves out an optional answer; the first is shown.
    pub(crate) skip: Vec<String>,
    /// This day.
    pub(crate) today: Vec<String>,
    /// The day after.
    pub(crate) tomorrow: Vec<String>,
}

/// `[says]`: the sentences that no node has of its own.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Sentences {
    /// A form was cancelled.
    pub(crate) cancelled: Option<Words>,
    /// A question was asked too often.
    pub(crate) gave_up: Option<Words>,
    /// The script has changed since the conversation was where it was.
    pub(crate) outdated: Option<Words>,
    /// Nothing matches what was said.
    pub(crate) unknown: Option<Words>,
    /// How an optional question can be left out; `{said}` is the word for it.
    pub(crate) optional: Option<Words>,
}

impl Default for Understood {
    fn default() -> Self {
        let list = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        Self {
            cancel: Pattern::list(&["cancel", "/cancel"]),
            yes: list(&["Yes", "y", "ok", "okay"]),
            no: list(&["No", "n"]),
            skip: list(&["Skip", "-", "none"]),
            today: list(&["today"]),
            tomorrow: list(&["tomorrow"]),
        }
    }
}

/// What sort of node it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    Menu,
    Form,
    Plain,
}

impl Node {
    pub(crate) fn sort(&self) -> Sort {
        match (self.options.is_empty(), self.slots.is_empty()) {
            (false, _) => Sort::Menu,
            (true, false) => Sort::Form,
            (true, true) => Sort::Plain,
        }
    }

    /// The slot of this name.
    pub(crate) fn slot(&self, name: &str) -> Option<&Slot> {
        self.slots.iter().find(|slot| slot.name.get_ref() == name)
    }

    /// Every step that may follow from it.
    pub(crate) fn steps(&self) -> impl Iterator<Item = &Step> {
        let ends = [&self.done, &self.cancelled, &self.gave_up].into_iter().flatten();
        std::iter::once(&self.step).chain(self.options.iter().map(|option| &option.step)).chain(ends)
    }
}

impl MenuOption {
    /// How a tap names it.
    pub(crate) fn id(&self, place: usize) -> String {
        let leads = || self.step.go.as_ref().map(|go| go.get_ref().clone());
        self.id.clone().or_else(leads).unwrap_or_else(|| format!("{}", place + 1))
    }
}

impl Script {
    /// Puts the parts of each step together, and numbers the choices among several sayings.
    pub(crate) fn put_together(&mut self) {
        let mut next = 0;
        let mut step = |say: &mut Say, go: &mut Option<_>, hand_over: &mut Option<_>, stays: bool| {
            say.number(&mut next);
            Step { say: std::mem::take(say), go: go.take(), hand_over: hand_over.take(), stays }
        };
        for rule in &mut self.rules {
            let rule = rule.get_mut();
            rule.step = step(&mut rule.say, &mut rule.go, &mut rule.hand_over, rule.stays);
        }
        for node in self.nodes.values_mut() {
            let node = node.get_mut();
            for option in &mut node.options {
                option.step = step(&mut option.say, &mut option.go, &mut option.hand_over, option.stays);
            }
            // What a node says first is its own, and no part of the step that follows.
            node.step = step(&mut Say::default(), &mut node.go, &mut node.hand_over, node.stays);
        }
        for node in self.nodes.values_mut() {
            let node = node.get_mut();
            node.say.number(&mut next);
            for end in [&mut node.done, &mut node.cancelled, &mut node.gave_up].into_iter().flatten() {
                end.say.number(&mut next);
            }
        }
        if let Some(unknown) = &mut self.unknown {
            unknown.get_mut().say.number(&mut next);
        }
        self.choices = next;
    }

    /// Every step.
    pub(crate) fn steps(&self) -> impl Iterator<Item = &Step> {
        let of_rules = self.rules.iter().map(|rule| &rule.get_ref().step);
        let of_nodes = self.nodes.values().flat_map(|node| node.get_ref().steps());
        of_rules.chain(self.unknown.iter().map(Spanned::get_ref)).chain(of_nodes)
    }

    /// The node of this name.
    pub(crate) fn node(&self, name: &str) -> Option<&Node> {
        self.nodes.get(name).map(Spanned::get_ref)
    }

    /// The language of the script.
    pub(crate) fn language(&self) -> Option<&str> {
        self.language.as_ref().map(|language| language.get_ref().as_str())
    }
}

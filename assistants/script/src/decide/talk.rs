//! One turn of one person: rules, nodes and what is said.

use super::heard::Heard;
use crate::memory::{Person, Place};
use crate::pattern::words;
use crate::say::{Order, Say, Saying};
use crate::script::{CONFIGURED, HUMAN, MenuOption, Node, Rule, Script, Sort, Step};
use crate::slot::chosen;
use crate::template::{Values, Words};
use greenroom_contract::assistant::{HandOver, Markup, Receiver, Reply, Turn};
use greenroom_contract::choices::{Choice, Choices};
use greenroom_contract::outbound::OutboundBody;
use toml::Spanned;

/// What is said about anything that no rule matches, unless the script says something else.
const UNKNOWN: &str = "Sorry, I did not understand that.";
/// What is said when the script changed in the middle of a form.
const OUTDATED: &str = "Something has changed here in the meantime, so let us start over.";

/// A turn that is being answered.
pub(super) struct Talk<'a> {
    pub(super) script: &'a Script,
    turn: &'a Turn,
    pub(super) person: Person,
    pub(super) replies: Vec<Reply>,
    pub(super) hand_over: Option<HandOver>,
    /// What was said last.
    said: &'a str,
    /// Choices by chance made so far in this turn.
    draws: u64,
    /// Nodes that were entered for the message at hand.
    entered: usize,
    /// Whether it was said that the script changed.
    is_outdated: bool,
}

impl<'a> Talk<'a> {
    pub(super) fn new(script: &'a Script, turn: &'a Turn, person: Person) -> Self {
        let (replies, hand_over) = (Vec::new(), None);
        Self { script, turn, person, replies, hand_over, said: "", draws: 0, entered: 0, is_outdated: false }
    }

    pub(super) fn say_outdated(&mut self) {
        self.is_outdated = true;
        self.say_or(self.script.says.outdated.as_ref(), OUTDATED);
    }

    /// Answers one message.
    pub(super) fn hear(&mut self, heard: &Heard<'a>) {
        self.said = heard.words;
        self.entered = 0;
        // A tap says what is meant, also on a menu further above.
        if let Some(step) = heard.option.and_then(|id| self.option(id)) {
            return self.leave(step);
        }
        match self.person.place.clone() {
            Some(Place::Menu { node }) => self.at_menu(&node, heard),
            Some(place @ (Place::Slot { .. } | Place::Confirm { .. })) => self.at_form(place, heard),
            None => match self.rule(heard, false) {
                Some(rule) => self.stay(&rule.step),
                None => self.unknown(),
            },
        }
    }

    /// The first rule that matches.
    pub(super) fn rule(&self, heard: &Heard<'_>, in_form: bool) -> Option<&'a Rule> {
        let said = words(heard.words);
        let matches = |rule: &&Rule| {
            (rule.always || !in_form) && !said.is_empty() && rule.when.iter().any(|pattern| pattern.matches(&said))
        };
        self.script.rules.iter().map(Spanned::get_ref).find(matches)
    }

    fn unknown(&mut self) {
        let step = self.script.unknown.as_ref().map(Spanned::get_ref);
        match step {
            // One sentence about what is not understood is enough.
            Some(step) if self.is_outdated => self.stay(&Step { say: Say::default(), ..step.clone() }),
            Some(step) => self.stay(step),
            None if self.is_outdated => {}
            None => self.say_or(self.script.says.unknown.as_ref(), UNKNOWN),
        }
    }

    /// The step of an option, by the id that was given out with it.
    fn option(&self, id: &str) -> Option<&'a Step> {
        let (node, option) = id.split_once('/')?;
        let options = &self.script.node(node)?.options;
        options.iter().enumerate().find(|(place, one)| one.id(*place) == option).map(|(_, one)| &one.step)
    }

    fn at_menu(&mut self, name: &str, heard: &Heard<'_>) {
        let Some(node) = self.script.node(name) else { return self.unknown() };
        let titles: Vec<String> = node.options.iter().map(|option| self.words(&option.title)).collect();
        if let Some(option) = chosen(heard.words, &titles).and_then(|place| node.options.get(place)) {
            return self.leave(&option.step);
        }
        if let Some(rule) = self.rule(heard, false) {
            return self.stay(&rule.step);
        }
        self.say_or(self.script.says.unknown.as_ref(), UNKNOWN);
        self.ask_menu(name, node);
    }

    /// Takes a step that leaves where the conversation is.
    pub(super) fn leave(&mut self, step: &Step) {
        self.person.place = None;
        self.stay(step);
    }

    /// Takes a step. Without a node to go to, a menu that is open stays open.
    pub(super) fn stay(&mut self, step: &Step) {
        self.say(&step.say);
        if let Some(to) = &step.hand_over {
            self.hands_over(to.get_ref(), step.stays);
        }
        if let Some(go) = &step.go {
            self.enter(go.get_ref());
        }
    }

    fn hands_over(&mut self, to: &str, stays: bool) {
        let to = match to {
            HUMAN => Receiver::Human,
            CONFIGURED => Receiver::Configured,
            name => match name.parse() {
                Ok(name) => Receiver::Assistant(name),
                // Checked when the script was read.
                Err(_) => return,
            },
        };
        if stays {
            self.person.place = None;
        }
        self.hand_over = Some(HandOver { to, stays });
    }

    /// Goes to a node, and on from there until something waits for an answer.
    fn enter(&mut self, name: &str) {
        self.person.place = None;
        self.entered += 1;
        // Forms whose answers are all kept wait for nothing and could lead in a circle.
        if self.entered > self.script.nodes.len() + 1 {
            return;
        }
        let Some(node) = self.script.node(name) else { return };
        self.say(&node.say);
        match node.sort() {
            Sort::Menu => self.ask_menu(name, node),
            Sort::Form => self.begin(name, node),
            Sort::Plain => self.stay(&node.step),
        }
    }

    fn ask_menu(&mut self, name: &str, node: &Node) {
        let Some(ask) = &node.ask else { return };
        let option = |(place, option): (usize, &MenuOption)| Choice {
            id: format!("{name}/{}", option.id(place)),
            title: self.words(&option.title),
            detail: option.detail.as_ref().map(|detail| self.words(detail)),
        };
        let options = node.options.iter().enumerate().map(option).collect();
        let open_label = node.open_label.as_ref().map(|label| self.words(label));
        let choices = Choices { text: self.words(ask), options, open_label };
        self.replies.push(Reply::choices(choices));
        self.person.place = Some(Place::Menu { node: name.to_owned() });
    }

    // --- what is said ---------------------------------------------------------------------------

    /// A plain text in the person's language.
    pub(super) fn words(&self, words: &Words) -> String {
        self.filled(words, Markup::Plain)
    }

    fn filled(&self, words: &Words, markup: Markup) -> String {
        let values = Values { name: self.turn.sender.name.as_deref(), said: self.said, slots: &self.person.slots };
        let spoken = words.spoken(self.turn.language.as_deref(), self.script.language());
        spoken.map(|template| template.fill(values, markup)).unwrap_or_default()
    }

    /// Says a sentence of the script, or the usual one.
    pub(super) fn say_or(&mut self, words: Option<&Words>, usual: &str) {
        let text = words.map_or_else(|| usual.to_owned(), |words| self.words(words));
        self.replies.push(Reply::text(text));
    }

    pub(super) fn say(&mut self, say: &Say) {
        for saying in &say.0 {
            let saying = match saying {
                Saying::OneOf { sayings, order, number } => self.choose(sayings, *order, *number),
                one => Some(one),
            };
            if let Some(reply) = saying.and_then(|saying| self.reply(saying)) {
                self.replies.push(reply);
            }
        }
    }

    /// One of several. What chance chooses follows from the turn, so that each attempt at it says the same.
    fn choose<'s>(&mut self, sayings: &'s [Saying], order: Order, number: u32) -> Option<&'s Saying> {
        let count = sayings.len() as u64;
        let place = match order {
            Order::Random => {
                self.draws += 1;
                mixed(self.turn.id.0.wrapping_add(self.draws << 32)).checked_rem(count)?
            }
            Order::Turn => {
                let turns = self.person.turns.entry(number).or_default();
                let place = u64::from(*turns).checked_rem(count)?;
                *turns = u32::try_from((place + 1) % count).unwrap_or(0);
                place
            }
        };
        sayings.get(usize::try_from(place).ok()?)
    }

    fn reply(&self, saying: &Saying) -> Option<Reply> {
        let caption = |caption: &Option<Words>| caption.as_ref().map(|caption| self.words(caption));
        let medium = |file: &Spanned<String>| self.script.files.get(file.get_ref()).cloned();
        Some(match saying {
            Saying::Text(words) => Reply::text(self.words(words)),
            Saying::Markdown(words) => Reply::markdown(self.filled(words, Markup::Markdown)),
            Saying::Image { file, caption: below } => {
                Reply::new(OutboundBody::Image { media: medium(file)?, caption: caption(below) })
            }
            Saying::Document { file, name, caption: below } => {
                let own = || file.get_ref().rsplit('/').next().unwrap_or_default().to_owned();
                let name = name.clone().unwrap_or_else(own);
                Reply::new(OutboundBody::Document { media: medium(file)?, name, caption: caption(below) })
            }
            Saying::OneOf { .. } => return None,
        })
    }

    /// The turn that is answered.
    pub(super) fn turn(&self) -> &'a Turn {
        self.turn
    }
}

/// A number whose bits look like chance (SplitMix64).
fn mixed(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

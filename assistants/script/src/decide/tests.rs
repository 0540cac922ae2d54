use super::*;
use crate::load::{Around, script};
use greenroom_conformance::turn;
use greenroom_contract::assistant::{Content, HandOver, Receiver};
use greenroom_contract::choices::Choices;
use greenroom_contract::ids::{PersonId, TurnId};
use greenroom_contract::message::Contact;
use greenroom_contract::outbound::OutboundBody;

mod any_talk;

const PIZZA: &str = include_str!("../../../../examples/pizza.toml");

fn read(text: &str) -> Script {
    script(text, Around { folder: None, assistants: None }).unwrap()
}

/// A conversation with a script, as one person has it.
struct Chat {
    script: Script,
    state: Option<bytes::Bytes>,
    turns: u64,
    group: bool,
    who: u64,
    language: Option<&'static str>,
    minutes: u64,
    last: Answer,
}

impl Chat {
    fn new(text: &str) -> Self {
        let (script, last) = (read(text), Answer::default());
        Self { script, state: None, turns: 0, group: false, who: 1, language: None, minutes: 0, last }
    }

    fn hears(&mut self, content: Content) -> &Answer {
        self.turns += 1;
        let draft = turn("").instead(content).named("Ana");
        let mut turn = if self.group { draft.in_group() } else { draft }.build();
        turn.id = TurnId(self.turns);
        turn.person = PersonId(self.who);
        turn.state.clone_from(&self.state);
        turn.language = self.language.map(str::to_owned);
        turn.now.0 += self.minutes * 60_000;
        self.last = decide(&self.script, &turn);
        assert_eq!(decide(&self.script, &turn), self.last, "a second attempt says the same");
        if let Some(state) = &self.last.state {
            self.state = Some(state.clone());
        }
        &self.last
    }

    fn says(&mut self, words: &str) -> String {
        shown(self.hears(Content::Text(words.to_owned())))
    }

    fn taps(&mut self, place: usize) -> String {
        let choices = self.last.replies.iter().rev().find_map(|reply| match &reply.body {
            OutboundBody::Choices(choices) => Some(choices.clone()),
            _ => None,
        });
        let option = choices.unwrap().options.swap_remove(place);
        shown(self.hears(Content::Choice { id: option.id, title: option.title }))
    }
}

fn question(choices: &Choices) -> String {
    let titles: Vec<&str> = choices.options.iter().map(|option| option.title.as_str()).collect();
    format!("{} [{}]", choices.text, titles.join(", "))
}

fn shown(answer: &Answer) -> String {
    let replies = answer.replies.iter().map(|reply| match &reply.body {
        OutboundBody::Text(text) => text.clone(),
        OutboundBody::Choices(choices) => question(choices),
        other => format!("({})", other.kind()),
    });
    let mut shown: Vec<String> = replies.collect();
    if let Some(HandOver { to, stays }) = &answer.hand_over {
        let to = match to {
            Receiver::Assistant(name) => name.to_string(),
            other => format!("{other:?}"),
        };
        shown.push(format!("-> {to}{}", if *stays { " stays" } else { "" }));
    }
    shown.join(" | ")
}

const MENU: &str = "What would you like? [Order, Opening hours, A person]";
const FIRST: &str =
    "Let us see. You can write \"cancel\" at any time. | Which pizza? [Margherita, Funghi, Quattro stagioni]";

#[test]
fn a_pizza_is_ordered() {
    let mut chat = Chat::new(PIZZA);
    assert_eq!(chat.says("Hello!"), format!("Hello Ana! | {MENU}"));
    assert_eq!(chat.taps(0), FIRST);
    assert_eq!(chat.says("2"), "Which size? [Small, Large]");
    assert_eq!(chat.says("LARGE"), "How many?");
    assert_eq!(chat.says("a lot"), "Please write a whole number, such as 2. | How many?");
    assert_eq!(chat.says("2"), "For which day? Today, tomorrow or a date.");
    let asked = chat.says("24.12.2126");
    assert_eq!(asked, "Under which number can we reach you?");
    let contact = Contact { name: None, phones: vec!["079 123 45 67".to_owned()] };
    let optional = shown(chat.hears(Content::Contacts(vec![contact])));
    assert_eq!(optional, "Anything else we should know?\n(Optional: write \"Skip\" to leave it out.)");
    let confirm = chat.says("skip");
    assert_eq!(confirm, "2 × Funghi (Large) on 2126-12-24, for +41791234567. Is that right? [Yes, No]");
    assert_eq!(chat.taps(0), format!("**Thank you!** We call \\+41791234567 when it is ready. | {MENU}"));
    // What is kept is not asked for a second time; what is not, is.
    assert_eq!(chat.says("order please"), FIRST);
    for answer in ["1", "1", "1"] {
        chat.says(answer);
    }
    assert!(chat.says("24.12.2126").starts_with("Anything else"));
}

#[test]
fn a_form_is_cancelled_given_up_or_left() {
    let mut chat = Chat::new(PIZZA);
    chat.says("order");
    assert_eq!(chat.says("Cancel."), "All right, nothing was ordered.");
    chat.says("order");
    assert!(chat.says("what?").starts_with("Please choose one of these. | Which pizza?"));
    assert!(chat.says("what?").starts_with("Please choose one of these. | Which pizza?"));
    assert_eq!(chat.says("what?"), "Let a person help you. | -> Human");
    chat.says("order");
    assert_eq!(chat.says("I want a human being"), "I will fetch someone. | -> Human stays");
    // A rule that does not hold in forms is an answer there, and here no sound one.
    chat.says("order");
    assert!(chat.says("thanks").starts_with("Please choose"), "{:?}", chat.last);
}

#[test]
fn a_menu_stays_open_beside_rules_and_an_older_tap_counts() {
    let mut chat = Chat::new(PIZZA);
    chat.says("hi");
    assert_eq!(chat.says("thank you"), "You are welcome.");
    assert_eq!(chat.says("thanks"), "Any time!");
    assert_eq!(chat.says("2"), format!("**Tuesday to Sunday**, 11:30 to 22:00 | {MENU}"));
    chat.says("order");
    let tap = Content::Choice { id: "menu/hours".to_owned(), title: "Opening hours".to_owned() };
    assert_eq!(shown(chat.hears(tap)), format!("**Tuesday to Sunday**, 11:30 to 22:00 | {MENU}"));
    let forged = Content::Choice { id: "menu/nothing".to_owned(), title: "Order".to_owned() };
    assert_eq!(shown(chat.hears(forged)), FIRST, "an unknown id counts by its title");
}

#[test]
fn the_language_of_a_person_is_spoken() {
    let mut chat = Chat::new(PIZZA);
    chat.language = Some("de-CH");
    assert_eq!(chat.says("Hallo"), "Hallo Ana! | Was darf es sein? [Bestellen, Zeiten, Ein Mensch]");
    assert_eq!(chat.says("bestellen"), FIRST);
}

#[test]
fn in_a_group_each_person_has_a_form_of_their_own() {
    let mut chat = Chat::new(PIZZA);
    chat.group = true;
    chat.says("order");
    chat.who = 2;
    assert!(chat.says("1").contains(MENU), "Ben has no form open");
    chat.who = 1;
    assert_eq!(chat.says("1"), "Which size? [Small, Large]");
}

#[test]
fn a_script_that_changed_says_so_and_starts_over() {
    let mut chat = Chat::new(PIZZA);
    chat.says("order");
    chat.script = read("[[rules]]\nwhen = [\"hello\"]\nsay = \"Hi.\"");
    let outdated = "Something has changed here in the meantime, so let us start over.";
    assert_eq!(chat.says("1"), outdated);
    assert_eq!(chat.says("hello"), "Hi.");
    chat.state = Some(bytes::Bytes::from_static(b"{\"v\":9}"));
    assert_eq!(chat.says("hello"), format!("{outdated} | Hi."));
    chat.state = Some(bytes::Bytes::from_static(b"\xff"));
    assert_eq!(chat.says("what"), outdated);
}

#[test]
fn a_question_is_forgotten_after_a_while() {
    let mut chat = Chat::new(PIZZA);
    chat.says("order");
    chat.minutes = 24 * 60 + 1;
    assert!(chat.says("1").contains(MENU));
}

#[test]
fn what_is_not_said_to_it_gets_no_answer_and_nothing_is_written_for_nothing() {
    let mut chat = Chat::new(PIZZA);
    let reaction = Content::Reaction { to: "m1".parse().unwrap(), emoji: None };
    assert_eq!(*chat.hears(reaction), Answer::default());
    let mut chat = Chat::new("[[rules]]\nwhen = [\"hello\"]\nsay = \"Hi.\"");
    chat.says("hello");
    assert_eq!(chat.last.state, None);
    assert_eq!(chat.says("what"), "Sorry, I did not understand that.");
}

#[test]
fn who_answers_instead_is_named() {
    let mut chat = Chat::new(
        "[[rules]]\nwhen = [\"joke\"]\nhand_over = \"model\"\n[[rules]]\nwhen = [\"back\"]\nhand_over = \"configured\"",
    );
    assert_eq!(chat.says("joke"), "-> model");
    assert_eq!(chat.says("back"), "-> Configured");
}

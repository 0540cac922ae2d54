//! A quoted message says to the assistant what it said when it was sent, not what whoever quotes it claims.

use crate::support::setup::{ANA, BEN, Bot, Setup};
use greenroom_channel_loopback::{Said, said};
use greenroom_conformance::assistants::{self, Fake};
use greenroom_conformance::messages::id;
use greenroom_contract::assistant::Quoted;
use greenroom_contract::ids::MessageId;
use greenroom_contract::limits;
use greenroom_contract::outbound::OutboundBody;
use greenroom_contract::policy::Busy;
use std::sync::Arc;

const GROUP: &str = "friends";

struct Talk {
    bot: Bot,
    assistant: Arc<Fake>,
}

impl Talk {
    async fn new() -> Self {
        let assistant = assistants::echo();
        let mut setup = Setup::new(assistant.clone());
        setup.policy.busy = Busy::Collect;
        Self { bot: setup.start().await, assistant }
    }

    /// Says something, waits for the answer, and gives the quote that the assistant was shown.
    async fn quote_of(&self, said: Said) -> Option<Quoted> {
        self.bot.hears(said).await;
        self.bot.settled().await;
        let turn = self.assistant.turns().pop().expect("it was asked");
        turn.messages.into_iter().next_back().expect("a turn has a message").quote
    }

    /// What was sent last, under the id that the network knows it by.
    fn last_sent(&self) -> (MessageId, String) {
        let sent = self.bot.network.sent().pop().expect("something was sent");
        let OutboundBody::Text(text) = &sent.body else { panic!("a text: {:?}", sent.body) };
        (sent.message(), text.clone())
    }
}

#[allow(clippy::unnecessary_wraps, reason = "as it is compared")]
fn quoted(message: &MessageId, text: Option<&str>, ours: bool, claimed: bool) -> Option<Quoted> {
    Some(Quoted { message: message.clone(), sender: None, text: text.map(str::to_owned), ours, claimed })
}

#[tokio::test(start_paused = true)]
async fn a_quote_says_what_was_said_and_not_what_is_claimed() {
    let talk = Talk::new().await;
    let asked = talk.bot.hears(said::text(ANA, "it is ten")).await;
    talk.bot.settled().await;
    let (ours, _) = talk.last_sent();
    for claim in [None, Some("it is free")] {
        let quote = talk.quote_of(said::text(ANA, "what do you mean").quoting(&ours, claim)).await;
        assert_eq!(quote, quoted(&ours, Some("it is ten"), true, false), "an answer of the bot");
        let quote = talk.quote_of(said::text(ANA, "I meant this").quoting(&asked, claim)).await;
        assert_eq!(quote, quoted(&asked, Some("it is ten"), false, false), "what she asked herself");
    }
    let unknown = id("never-came-here");
    let quote = talk.quote_of(said::text(ANA, "and this").quoting(&unknown, Some("it is free"))).await;
    assert_eq!(quote, quoted(&unknown, Some("it is free"), false, true), "a claim, and marked as one");
    let quote = talk.quote_of(said::text(ANA, "and this").quoting(&unknown, None)).await;
    assert_eq!(quote, quoted(&unknown, None, false, false));
    assert_eq!(talk.quote_of(said::text(ANA, "nothing quoted")).await, None);
    talk.bot.promises_kept();
}

#[tokio::test(start_paused = true)]
async fn of_an_answer_in_parts_each_part_is_quoted_as_itself() {
    let talk = Talk::new().await;
    talk.bot.hears(said::text(ANA, format!("{}\n\nand the end", "word ".repeat(900)))).await;
    talk.bot.settled().await;
    let parts = talk.bot.network.sent();
    assert!(parts.len() > 1, "{}", parts.len());
    for sent in parts {
        let OutboundBody::Text(text) = &sent.body else { panic!("a text: {:?}", sent.body) };
        let said = greenroom_contract::text::bounded(text, limits::QUOTED_BYTES_MAX);
        let quote = talk.quote_of(said::text(ANA, "this").quoting(&sent.message(), None)).await;
        assert_eq!(quote, quoted(&sent.message(), Some(&said), true, false));
    }
}

#[tokio::test(start_paused = true)]
async fn one_of_several_questions_is_quoted_as_itself_also_within_the_turn() {
    let talk = Talk::new().await;
    talk.assistant.hold();
    talk.bot.hears(said::text(ANA, "first")).await;
    talk.assistant.asked_at_least(1).await;
    let one = talk.bot.hears(said::text(ANA, "with onions")).await;
    let two = talk.bot.hears(said::voice(ANA, "and without")).await;
    talk.bot.hears(said::text(ANA, "this one").quoting(&one, Some("with mushrooms"))).await;
    talk.bot.hears(said::text(ANA, "that one").quoting(&two, None)).await;
    talk.assistant.let_go();
    talk.bot.settled().await;
    let turn = talk.assistant.turns().pop().expect("it was asked");
    let quotes: Vec<_> = turn.messages.into_iter().map(|message| message.quote).collect();
    let inside = [quoted(&one, Some("with onions"), false, false), quoted(&two, Some("and without"), false, false)];
    assert_eq!(quotes[quotes.len() - 2..], inside, "an earlier message of the same turn");
    let quote = talk.quote_of(said::text(ANA, "again").quoting(&one, Some("with mushrooms"))).await;
    assert_eq!(quote, quoted(&one, Some("with onions"), false, false), "one of several of a turn that is over");
}

#[tokio::test(start_paused = true)]
async fn in_a_group_everybody_quotes_what_the_group_saw() {
    let talk = Talk::new().await;
    let asked = talk.bot.hears(said::text(ANA, "who pays").in_group(GROUP).mentioning()).await;
    talk.bot.settled().await;
    let (ours, _) = talk.last_sent();
    let claim = Some("Ben pays");
    let quote = talk.quote_of(said::text(BEN, "not me").in_group(GROUP).quoting(&ours, claim)).await;
    assert_eq!(quote, quoted(&ours, Some("who pays"), true, false));
    let by_ben = said::text(BEN, "not me").in_group(GROUP).mentioning().quoting(&asked, claim);
    assert_eq!(talk.quote_of(by_ben).await, quoted(&asked, Some("who pays"), false, false));
    // What was overheard is kept nowhere.
    let overheard = talk.bot.hears(said::text(ANA, "lunch?").in_group(GROUP)).await;
    let to_it = said::text(BEN, "and this?").in_group(GROUP).mentioning().quoting(&overheard, Some("lunch?"));
    assert_eq!(talk.quote_of(to_it).await, quoted(&overheard, Some("lunch?"), false, true));
    let forgotten = id("forgotten-since");
    let to_us = said::text(BEN, "really?").in_group(GROUP).replying_to_us(&forgotten);
    assert_eq!(talk.quote_of(to_us).await, quoted(&forgotten, None, true, false), "the network knows whose it was");
}

/// Ids are not secret everywhere; naming one from another chat shows nothing of what was said there.
#[tokio::test(start_paused = true)]
async fn what_was_said_to_one_person_is_not_quoted_to_another() {
    let talk = Talk::new().await;
    let asked = talk.bot.hears(said::text(ANA, "my secret")).await;
    talk.bot.settled().await;
    let (ours, _) = talk.last_sent();
    let quote = talk.quote_of(said::text(BEN, "what did she say").quoting(&asked, None)).await;
    assert_eq!(quote, quoted(&asked, None, false, false));
    let quote = talk.quote_of(said::text(BEN, "what did you say").quoting(&ours, None)).await;
    assert_eq!(quote, quoted(&ours, None, true, false), "that it is the bot's is no secret");
    let in_group = said::text(BEN, "and now").in_group(GROUP).mentioning().quoting(&asked, Some("she said"));
    assert_eq!(talk.quote_of(in_group).await, quoted(&asked, Some("she said"), false, true));
}

//! What an assistant is asked: where it is, what it may say, how long it has, and nothing that it does not need.

use crate::support::scripted::{scripted, scripted_with};
use crate::support::setup::{ANA, BEN, Setup};
use greenroom_channel_loopback::{Options, capabilities, said};
use greenroom_conformance::messages::id;
use greenroom_contract::assistant::{Answer, Needs};
use greenroom_contract::capabilities::{Ability, Capabilities, Support};
use greenroom_contract::ids::OwnerId;
use greenroom_contract::policy::Overheard;
use greenroom_contract::store::{ConversationSettings, Scope};
use std::time::Duration;

const GROUP: &str = "friends";

#[tokio::test(start_paused = true)]
async fn a_turn_says_where_it_is_what_can_be_said_there_and_how_long_it_may_take() {
    let assistant = scripted(|turn| Ok(Answer::text(turn.text())));
    let mut setup = Setup::new(assistant.clone());
    let capabilities = Capabilities { voice: Support::No, ..capabilities() };
    setup.options = Options { capabilities, ..Options::default() };
    setup.timeout = Duration::from_secs(77);
    setup.policy.time_zone = Some("Europe/Zurich".to_owned());
    let bot = setup.start().await;
    let message = bot.hears(said::text(ANA, "hi")).await;
    bot.settled().await;
    let conversation = bot.store.why(&message, None).await.expect("healthy")[0].conversation;
    let settings = ConversationSettings { language: Some("de-AT".to_owned()), ..ConversationSettings::default() };
    let scope = Scope { channel: id("loopback"), owner: OwnerId::local() };
    bot.running.handle().set_conversation_settings(&scope, conversation, settings).await.expect("it is there");
    bot.hears(said::text(ANA, "servus")).await;
    bot.settled().await;
    let turns = assistant.turns();
    for turn in &turns {
        assert_eq!((turn.channel.as_str(), turn.network.as_str()), ("loopback", "program"), "{turn:?}");
        assert_eq!(turn.can, [Ability::Images, Ability::Reactions]);
        assert_eq!(turn.answer_within, Duration::from_secs(77));
        assert_eq!(turn.time_zone.as_deref(), Some("Europe/Zurich"));
    }
    assert_eq!(turns.iter().map(|turn| turn.language.as_deref()).collect::<Vec<_>>(), [None, Some("de-AT")]);
}

#[tokio::test(start_paused = true)]
async fn numbers_of_people_and_what_was_overheard_are_given_to_those_who_need_them() {
    for needed in [true, false] {
        let needs = Needs { addresses: needed, overheard: needed, ..Needs::default() };
        let assistant = scripted_with(needs, |turn| Ok(Answer::text(turn.text())));
        let mut setup = Setup::new(assistant.clone());
        setup.policy.overheard = Overheard::Remember;
        let bot = setup.start().await;
        bot.hears(said::text(BEN, "lunch at noon").in_group(GROUP)).await;
        bot.hears(said::text(ANA, "when is lunch?").in_group(GROUP).mentioning()).await;
        bot.hears(said::text(ANA, "hi")).await;
        bot.settled().await;
        let turns = assistant.turns();
        assert_eq!(turns.len(), 2);
        let shown = format!("{turns:?}");
        assert_eq!(shown.contains("5550000001"), needed, "{shown}");
        assert_eq!(shown.contains("lunch at noon"), needed, "{shown}");
        assert!(turns[0].chat.is_group() && !turns[1].chat.is_group());
        assert_eq!(turns[0].person, turns[1].person);
        assert_eq!(bot.network.words_to(ANA), ["hi"], "the answer finds its way all the same");
        bot.promises_kept();
    }
}

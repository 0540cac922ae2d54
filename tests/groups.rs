//! In a group the bot speaks when it is addressed, and only then.

use crate::support::setup::{ANA, BEN, Bot, STRANGER, Setup};
use greenroom_channel_loopback::said;
use greenroom_conformance::messages::id;
use greenroom_conformance::{assistants, transcribers};
use greenroom_contract::limits;
use greenroom_contract::policy::{GroupMode, GroupPolicy, Overheard};

const GROUP: &str = "friends";

async fn bot(change: impl FnOnce(&mut Setup)) -> Bot {
    let mut setup = Setup::new(assistants::echo());
    change(&mut setup);
    setup.start().await
}

#[tokio::test(start_paused = true)]
async fn talk_that_is_not_for_the_bot_is_neither_answered_nor_downloaded() {
    let bot = bot(|_| {}).await;
    let text = bot.hears(said::text(ANA, "hi all").in_group(GROUP)).await;
    bot.hears(said::voice(ANA, "hi all").in_group(GROUP)).await;
    bot.hears(said::image(ANA, "picture", Some("look")).in_group(GROUP)).await;
    assert_eq!(bot.answers(GROUP).await, Vec::<String>::new());
    assert_eq!(bot.network.fetches(), 0);
    assert_eq!(bot.network.typing(), []);
    assert!(bot.why(&text).await.contains("does not address the bot"), "{}", bot.why(&text).await);
    bot.promises_kept();
}

#[tokio::test(start_paused = true)]
async fn a_mention_is_answered_visibly() {
    let bot = bot(|_| {}).await;
    let message = bot.hears(said::text(ANA, "you there?").in_group(GROUP).mentioning()).await;
    assert_eq!(bot.answers(GROUP).await, ["you there?"]);
    assert_eq!(bot.network.sent()[0].reply_to, Some(message), "in a group it is clear what is answered");
    bot.promises_kept();
}

#[tokio::test(start_paused = true)]
async fn an_answer_to_the_bot_is_for_the_bot_even_where_the_network_does_not_say_so() {
    let bot = bot(|_| {}).await;
    bot.hears(said::text(ANA, "one").in_group(GROUP).mentioning()).await;
    bot.settled().await;
    let ours = bot.network.sent()[0].message();
    bot.hears(said::text(BEN, "two").in_group(GROUP).quoting(&ours, None)).await;
    assert_eq!(bot.answers(GROUP).await, ["one", "two"]);
    bot.hears(said::text(BEN, "three").in_group(GROUP).quoting(&id("somebody-else"), None)).await;
    assert_eq!(bot.answers(GROUP).await, ["one", "two"]);
}

#[tokio::test(start_paused = true)]
async fn a_claim_about_a_quoted_message_counts_less_than_what_is_known_of_it() {
    let bot = bot(|_| {}).await;
    let of_a_person = bot.hears(said::text(ANA, "lunch?").in_group(GROUP)).await;
    let of_the_owner = bot.hears(said::text("owner", "at noon").in_group(GROUP).on_own_device(false)).await;
    bot.hears(said::text(BEN, "to Ana").in_group(GROUP).replying_to_us(&of_a_person)).await;
    let silent = bot.hears(said::text(BEN, "to the owner").in_group(GROUP).replying_to_us(&of_the_owner)).await;
    assert_eq!(bot.answers(GROUP).await, Vec::<String>::new());
    assert!(bot.why(&silent).await.contains("does not address the bot"), "{}", bot.why(&silent).await);
    bot.hears(said::text(BEN, "to the bot").in_group(GROUP).replying_to_us(&id("forgotten-since"))).await;
    bot.hears(said::text(BEN, "hey").in_group(GROUP).replying_to_us(&of_a_person).mentioning()).await;
    assert_eq!(bot.answers(GROUP).await, ["to the bot", "hey"], "what is not known is believed");
    let elsewhere = bot.hears(said::text(ANA, "in another chat").in_group("another")).await;
    bot.hears(said::text(BEN, "same id").in_group(GROUP).replying_to_us(&elsewhere)).await;
    assert_eq!(bot.answers(GROUP).await.len(), 3, "ids of another chat say nothing about this one");
    bot.promises_kept();
}

#[tokio::test(start_paused = true)]
async fn a_name_and_a_prefix_address_the_bot() {
    let bot = bot(|setup| {
        setup.policy.names = vec!["Greta".to_owned()];
        setup.policy.command_prefix = Some("!".to_owned());
    })
    .await;
    for (words, answered) in [("greta, hi", true), ("regretable", false), ("!help", true), ("help!", false)] {
        let before = bot.answers(GROUP).await.len();
        bot.hears(said::text(ANA, words).in_group(GROUP)).await;
        let after = bot.answers(GROUP).await.len();
        assert_eq!(after > before, answered, "{words}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_group_can_be_silent_or_open() {
    let bot = bot(|setup| {
        setup.policy.groups = GroupMode::Never;
        let open = GroupPolicy { mode: Some(GroupMode::Always), ..GroupPolicy::default() };
        setup.policy.group.insert(id("open"), open);
    })
    .await;
    bot.hears(said::text(ANA, "hi").in_group(GROUP).mentioning()).await;
    bot.hears(said::text(ANA, "hi open").in_group("open")).await;
    assert_eq!(bot.answers(GROUP).await, Vec::<String>::new());
    assert_eq!(bot.answers("open").await, ["hi open"]);
    bot.hears(said::text(STRANGER, "me too").in_group("open").mentioning()).await;
    assert_eq!(bot.answers("open").await, ["hi open"], "open to those who are admitted");
}

#[tokio::test(start_paused = true)]
async fn once_a_group_is_listed_only_listed_groups_are_admitted() {
    let bot = bot(|setup| setup.policy.allow_from.push(id("group:listed"))).await;
    for group in ["listed", "other"] {
        bot.hears(said::text(ANA, "hi").in_group(group).mentioning()).await;
    }
    assert_eq!(bot.answers("listed").await, ["hi"]);
    assert_eq!(bot.answers("other").await, Vec::<String>::new());
    bot.hears(said::text(ANA, "direct is another matter")).await;
    assert_eq!(bot.answers(ANA).await, ["direct is another matter"]);
}

#[tokio::test(start_paused = true)]
async fn a_stranger_in_an_admitted_group_is_not_answered() {
    let bot = bot(|setup| setup.policy.allow_from.push(id("group:friends"))).await;
    bot.hears(said::text(STRANGER, "hi").in_group(GROUP).mentioning()).await;
    assert_eq!(bot.answers(GROUP).await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_group_has_one_history_for_all_its_members() {
    let setup = Setup::new(assistants::remembering_by_history());
    let bot = setup.start().await;
    bot.hears(said::text(ANA, "one").in_group(GROUP).mentioning()).await;
    bot.settled().await;
    bot.hears(said::text(BEN, "two").in_group(GROUP).mentioning()).await;
    bot.settled().await;
    bot.hears(said::text(BEN, "three")).await;
    assert_eq!(bot.answers(GROUP).await, ["before: nothing", "before: one"]);
    assert_eq!(bot.answers(BEN).await, ["before: nothing"], "a direct chat knows nothing of the group");
}

#[tokio::test(start_paused = true)]
async fn overheard_talk_is_context_only_where_it_is_wanted() {
    for (overheard, expected) in [(Overheard::Forget, vec![]), (Overheard::Remember, vec!["pizza?", "sushi"])] {
        let assistant = assistants::echo();
        let mut setup = Setup::new(assistant.clone());
        setup.policy.overheard = overheard;
        let bot = setup.start().await;
        bot.hears(said::text(ANA, "pizza?").in_group(GROUP)).await;
        bot.hears(said::text(BEN, "sushi").in_group(GROUP)).await;
        bot.hears(said::text(ANA, "elsewhere").in_group("other")).await;
        bot.hears(said::text(ANA, "what do they want?").in_group(GROUP).mentioning()).await;
        bot.settled().await;
        let turns = assistant.turns();
        let lines: Vec<&str> = turns[0].overheard.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(lines, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_attempt_is_given_the_same_context_as_the_first() {
    let assistant = assistants::failing(1);
    let mut setup = Setup::new(assistant.clone());
    setup.policy.overheard = Overheard::Remember;
    let bot = setup.start().await;
    bot.hears(said::text(ANA, "pizza?").in_group(GROUP)).await;
    bot.hears(said::text(ANA, "what now?").in_group(GROUP).mentioning()).await;
    bot.settled().await;
    let lines = assistant.turns().iter().map(|turn| turn.overheard.len()).collect::<Vec<_>>();
    assert_eq!(lines, [1, 1]);
    bot.hears(said::text(ANA, "and now?").in_group(GROUP).mentioning()).await;
    bot.settled().await;
    assert_eq!(assistant.turns()[2].overheard, [], "talk since the last turn, and there was none");
}

#[tokio::test(start_paused = true)]
async fn a_voice_note_can_call_the_bot_by_its_name_where_that_is_switched_on() {
    for switched_on in [false, true] {
        let bot = bot(|setup| {
            setup.policy.names = vec!["Greta".to_owned()];
            let group = GroupPolicy { voice_wakes: Some(switched_on), ..GroupPolicy::default() };
            setup.policy.group.insert(id(GROUP), group);
        })
        .await;
        bot.hears(said::voice(ANA, "hey greta what now").in_group(GROUP)).await;
        bot.hears(said::voice(STRANGER, "hey greta me too").in_group(GROUP)).await;
        bot.hears(said::voice(BEN, "nothing for the bot").in_group(GROUP)).await;
        let answers = bot.answers(GROUP).await;
        let expected = if switched_on { vec!["hey greta what now".to_owned()] } else { vec![] };
        assert_eq!(answers, expected);
        assert_eq!(bot.network.fetches(), if switched_on { 2 } else { 0 }, "admission precedes every download");
    }
}

// Hearing works on a thread of its own, so this runs in real time: paused time would jump meanwhile.
#[tokio::test]
async fn listening_for_a_name_shows_no_typing() {
    let bot = bot(|setup| {
        setup.policy.names = vec!["Greta".to_owned()];
        let group = GroupPolicy { voice_wakes: Some(true), ..GroupPolicy::default() };
        setup.policy.group.insert(id(GROUP), group);
        setup.transcriber = transcribers::slow(limits::TYPING_DELAY * 3, "nothing for the bot");
    })
    .await;
    let message = bot.hears(said::voice(ANA, "note").in_group(GROUP)).await;
    assert_eq!(bot.answers(GROUP).await, Vec::<String>::new());
    assert_eq!(bot.network.typing(), [], "nobody may notice that it was heard");
    assert!(bot.why(&message).await.contains("does not address the bot"), "{}", bot.why(&message).await);
}

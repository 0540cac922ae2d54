//! The network names a quoted message and tells nothing of it; what it says comes from the history.

use super::{ANA, NAME, pair_with, quick};
use greenroom_conformance::assistants;
use greenroom_contract::assistant::Quoted;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quote_has_the_words_that_the_network_leaves_out() {
    let assistant = assistants::echo();
    let asked = assistant.clone();
    let (meta, bot, _folder) = pair_with(quick(), |mut setup| {
        setup.assistant = asked;
        setup
    })
    .await;
    let shown = async || {
        bot.settled().await;
        let quote = assistant.turns().pop().and_then(|turn| turn.messages[0].quote.clone());
        let Quoted { text, ours, claimed, .. } = quote.expect("a message is quoted");
        (text, ours, claimed)
    };
    let ana = meta.person(ANA).named("Ana");
    let question = ana.says("it is ten").await;
    let answer = ana.received().await;

    ana.says("what do you mean").replying_to(&answer.id).await;
    ana.received().await;
    assert_eq!(shown().await, (Some("it is ten".to_owned()), true, false), "an answer of the bot");

    ana.says("I meant this").replying_to(&question).await;
    ana.received().await;
    assert_eq!(shown().await, (Some("it is ten".to_owned()), false, false), "her own question");

    ana.says("and this").replying_to("wamid.of-another-time").await;
    ana.received().await;
    assert_eq!(shown().await, (None, false, false));

    let ben = meta.person("+15557654321").named("Ben");
    let group = meta.group("friends", &[&ana, &ben]);
    let call = format!("{NAME}, who pays");
    ana.says(&call).in_group(&group).await;
    let ours = ben.received().await;
    ben.says("not me").in_group(&group).replying_to(&ours.id).await;
    ben.received().await;
    assert_eq!(shown().await, (Some(call), true, false), "in a group");
}

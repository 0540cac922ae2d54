//! What is refused before it starts, and what the owner's file does.

use crate::support::{Around, Bot, built, parts, says};
use greenroom_assistant_llm::{Llm, LlmConfig};
use greenroom_conformance::turns::turn;
use greenroom_contract::factory::{AssistantKind as _, AssistantParts, BuildError};
use greenroom_contract::limits::DEBOUNCE_OF_REMOTE;
use std::time::Duration;

async fn refused(keys: &str) -> (String, String) {
    match built(&Around::default(), keys).await.err() {
        Some(BuildError::Config { path, reason }) => (path, reason),
        other => panic!("{keys}: {other:?}"),
    }
}

#[tokio::test]
async fn what_does_not_exist_is_refused_with_what_does() {
    let config: LlmConfig = toml::from_str("model = \"mian\"").unwrap();
    let Some(BuildError::Config { path, reason }) = Llm::build(config.clone(), parts(&Around::default())).await.err()
    else {
        panic!("it is refused")
    };
    assert!(path == "model" && reason.contains("mian") && reason.contains("configured are: main"), "{reason}");
    let alone = AssistantParts::new("helper".parse().unwrap());
    let Some(BuildError::Config { reason, .. }) = Llm::build(config, alone).await.err() else {
        panic!("it is refused")
    };
    assert!(reason.contains("[models.NAME]"), "{reason}");
    for (keys, path, told) in [
        ("tools = [\"taks\"]", "tools", "configured are: tasks"),
        ("hand_over_to = [\"boss\"]", "hand_over_to", "orders"),
        ("hand_over_to = [\"helper\"]", "hand_over_to", "itself"),
        ("prompt = \"a\"\nprompt_file = \"b\"", "prompt_file", "only one"),
        ("prompt_file = \"/no/such/file\"", "prompt_file", "/no/such/file"),
    ] {
        let (at, reason) = refused(keys).await;
        assert!(at == path && reason.contains(told), "{keys}: {at}: {reason}");
    }
    let around = Around::default();
    around.model.traits.lock().tools = false;
    assert!(
        matches!(built(&around, "tools = [\"tasks\"]").await.err(), Some(BuildError::Config { path, .. }) if path == "tools")
    );
}

#[tokio::test]
async fn needs_follow_the_model_and_the_configuration() {
    let bot = Bot::with("history_turns = 7").await;
    let needs = bot.assistant.needs();
    assert!(needs.images && needs.documents && needs.overheard && !needs.addresses && !needs.reactions);
    assert_eq!((needs.history_turns, needs.debounce), (7, DEBOUNCE_OF_REMOTE));
    let around = Around::default();
    around.model.traits.lock().images = false;
    let needs = built(&around, "documents = false\nreactions = true").await.unwrap().needs();
    assert!(!needs.images && !needs.documents && needs.reactions);
    assert!(bot.assistant.offers().is_some_and(|offers| offers.contains("pictures") && offers.contains("remind")));
}

#[tokio::test(start_paused = true)]
async fn a_prompt_file_is_read_again_when_it_changed_and_kept_when_it_vanished() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("prompt.md");
    std::fs::write(&path, "Talk like a pirate.").unwrap();
    let bot = Bot::with(&format!("prompt_file = {path:?}")).await;
    let system = async || {
        bot.answer(turn("hi")).await;
        bot.around.model.last().system
    };
    assert!(system().await.contains("pirate"));
    std::fs::write(&path, "Talk like a sailor from the north.").unwrap();
    tokio::time::advance(Duration::from_secs(2)).await;
    assert!(system().await.contains("sailor"));
    std::fs::remove_file(&path).unwrap();
    tokio::time::advance(Duration::from_secs(2)).await;
    assert!(system().await.contains("sailor"));
    std::fs::write(&path, "x".repeat(100 * 1024)).unwrap();
    tokio::time::advance(Duration::from_secs(2)).await;
    assert!(system().await.contains("sailor"), "too large");
    bot.then([says("ok")]);
}

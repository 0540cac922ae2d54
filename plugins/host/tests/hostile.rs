//! Guests that do what broken and hostile plugins do, in each language: what they are told, and what it costs.

#![allow(clippy::unwrap_used, reason = "a test")]

mod guest;

use futures::future::join_all;
use greenroom_conformance::turn;
use greenroom_contract::assistant::{Answer, Assistant, AssistantError};
use greenroom_contract::ids::{ConversationId, TurnId};
use guest::{GENEROUS, Guest, load, resident, retry, say, words};
use std::time::{Duration, Instant};

/// One module for each language, with the same tests.
macro_rules! in_each_language {
    ($($test:ident)*) => {
        mod rust {
            $(#[tokio::test(flavor = "multi_thread")] async fn $test() { super::$test(super::Guest::HostileRust).await; })*
        }
        mod js {
            $(#[tokio::test(flavor = "multi_thread")] async fn $test() { super::$test(super::Guest::HostileJs).await; })*
        }
        mod python {
            $(#[tokio::test(flavor = "multi_thread")] async fn $test() { super::$test(super::Guest::HostilePython).await; })*
        }
    };
}

in_each_language! {
    it_answers
    a_loop_dies_after_its_own_time
    a_catastrophic_regex_dies_after_its_own_time
    a_loop_ends_with_its_turn
    a_memory_bomb_is_ended_and_its_memory_comes_back
    recursion_is_ended
    a_huge_reply_costs_bounded_memory
    a_long_reply_is_refused_by_its_limit
    what_it_throws_is_told_in_its_own_words
    what_it_says_cannot_command_a_terminal
    a_failed_turn_keeps_nothing
    nothing_is_left_for_the_next_turn
    random_numbers_differ_between_turns
    a_chatty_log_is_cut
    hosts_that_are_not_granted_are_refused
    it_cannot_ask_without_end
    it_cannot_hoard
    numbers_of_other_media_read_nothing
    a_wrong_answer_is_refused_with_its_place
    what_can_never_be_answered_is_permanent
    a_thousand_traps_leave_the_memory_where_it_was
}

async fn it_answers(guest: Guest) {
    let Some(plugin) = load(guest, GENEROUS).await else { return };
    assert_eq!(words(&say(&plugin, "hello").await.unwrap()), "hello");
}

async fn a_loop_dies_after_its_own_time(guest: Guest) {
    let Some(plugin) = load(guest, "[limits]\nown_ms = 500").await else { return };
    let began = Instant::now();
    let why = retry(say(&plugin, "loop").await);
    assert!(why.contains("computed for more than 500 ms") && why.contains("own_ms"), "{why}");
    assert!(began.elapsed() >= Duration::from_millis(490), "{:?}", began.elapsed());
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}

/// What a person writes makes it compute without end, which its author did not see.
async fn a_catastrophic_regex_dies_after_its_own_time(guest: Guest) {
    let Some(plugin) = load(guest, "[limits]\nown_ms = 500").await else { return };
    assert!(say(&plugin, "regex aaaa").await.is_ok());
    let began = Instant::now();
    let why = retry(say(&plugin, &format!("regex {}!", "a".repeat(60))).await);
    assert!(why.contains("computed for more than 500 ms"), "{why}");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}

/// The future is dropped at the deadline, in the middle of a loop.
async fn a_loop_ends_with_its_turn(guest: Guest) {
    let Some(plugin) = load(guest, "[limits]\nown_ms = 60000").await else { return };
    let began = Instant::now();
    let ended = tokio::time::timeout(Duration::from_millis(200), say(&plugin, "loop")).await;
    assert!(ended.is_err() && began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    let mut late = turn("loop").build();
    late.answer_within = Duration::from_millis(800);
    let why = retry(plugin.respond(late).await);
    assert!(why.contains("did not answer in time; it computed for"), "{why}");
    assert_eq!(words(&say(&plugin, "hello").await.unwrap()), "hello");
}

async fn a_memory_bomb_is_ended_and_its_memory_comes_back(guest: Guest) {
    let Some(plugin) = load(guest, "[limits]\nown_ms = 30000\nmemory_mb = 128").await else { return };
    say(&plugin, "hello").await.unwrap();
    let before = resident();
    for _ in 0..3 {
        let why = retry(say(&plugin, "memory").await);
        assert!(why.to_lowercase().contains("memory"), "{why}");
    }
    let more = resident().saturating_sub(before);
    assert!(more < 64 * 1024 * 1024, "{more} bytes stayed");
}

async fn recursion_is_ended(guest: Guest) {
    let Some(plugin) = load(guest, GENEROUS).await else { return };
    let why = retry(say(&plugin, "recursion").await);
    // A guest's own stack lies in its memory, and may end before that of the engine does.
    assert!(
        ["too deeply", "stack", "out of bounds", "recursion depth"].iter().any(|words| why.contains(words)),
        "{why}"
    );
}

async fn a_huge_reply_costs_bounded_memory(guest: Guest) {
    let Some(plugin) = load(guest, "[limits]\nown_ms = 30000\nmemory_mb = 512").await else { return };
    say(&plugin, "hello").await.unwrap();
    let before = resident();
    let why = retry(say(&plugin, "huge 30000000").await);
    assert!(why.contains("more data than is taken in one call"), "{why}");
    let more = resident().saturating_sub(before);
    assert!(more < 64 * 1024 * 1024, "{more} bytes stayed");
}

async fn a_long_reply_is_refused_by_its_limit(guest: Guest) {
    let Some(plugin) = load(guest, "[limits]\nown_ms = 5000\nreply_kb = 8").await else { return };
    assert!(say(&plugin, "huge 8000").await.is_ok());
    let why = retry(say(&plugin, "huge 9000").await);
    assert!(why.contains("its limit is 8 KB (reply_kb)"), "{why}");
}

async fn what_it_throws_is_told_in_its_own_words(guest: Guest) {
    let Some(plugin) = load(guest, GENEROUS).await else { return };
    let why = retry(say(&plugin, "say the oven is cold").await);
    assert_eq!(why, "the plugin says: the oven is cold");
    let why = retry(say(&plugin, "panic the oven broke").await);
    assert!(why.contains("the oven broke"), "{why}");
}

async fn what_it_says_cannot_command_a_terminal(guest: Guest) {
    let Some(plugin) = load(guest, GENEROUS).await else { return };
    let why = retry(say(&plugin, "say a\u{1b}[2Jb\nsettled: all is well").await);
    assert!(!why.contains('\u{1b}') && !why.contains('\n'), "{why}");
    let why = retry(say(&plugin, &format!("say {}", "x".repeat(100_000))).await);
    assert!(why.len() < 500, "{} bytes", why.len());
}

async fn a_failed_turn_keeps_nothing(guest: Guest) {
    let Some(plugin) = load(guest, GENEROUS).await else { return };
    retry(say(&plugin, "stateful-panic").await);
    assert_eq!(words(&say(&plugin, "remember tea").await.unwrap()), "before: nothing");
}

/// Neither in the same conversation nor in another one: what is remembered goes by the host.
async fn nothing_is_left_for_the_next_turn(guest: Guest) {
    let Some(plugin) = load(guest, GENEROUS).await else { return };
    for word in ["one", "two"] {
        assert_eq!(words(&say(&plugin, &format!("static {word}")).await.unwrap()), "left: ");
    }
    let conversations = (1..=20_u64).map(|number| {
        let plugin = &plugin;
        async move {
            let mut state = None;
            for round in 0..5 {
                let mut said = turn(&format!("remember {number}-{round}")).build();
                (said.id, said.conversation, said.state) = (TurnId(number), ConversationId(number), state.clone());
                let answer = plugin.respond(said).await.unwrap();
                let expected = if round == 0 { "nothing".to_owned() } else { format!("{number}-{}", round - 1) };
                assert_eq!(words(&answer), format!("before: {expected}"));
                state = answer.state;
            }
        }
    });
    join_all(conversations).await;
}

async fn random_numbers_differ_between_turns(guest: Guest) {
    let Some(plugin) = load(guest, GENEROUS).await else { return };
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..5 {
        seen.insert(words(&say(&plugin, "random").await.unwrap()));
    }
    assert_eq!(seen.len(), 5, "{seen:?}");
}

async fn a_chatty_log_is_cut(guest: Guest) {
    let Some(plugin) = load(guest, "[limits]\nown_ms = 20000").await else { return };
    assert_eq!(words(&say(&plugin, "log").await.unwrap()), "logged");
}

async fn hosts_that_are_not_granted_are_refused(guest: Guest) {
    let Some(plugin) = load(guest, GENEROUS).await else { return };
    let why = retry(say(&plugin, "http https://evil.example/").await);
    assert!(why.contains("not granted; the manifest asks for no host"), "{why}");
    let granted =
        format!("{GENEROUS}[uses]\nhttp = [\"https://127.0.0.1\", \"https://localhost\", \"https://api.example\"]");
    let Some(plugin) = load(guest, &granted).await else { return };
    for (url, words) in [
        ("http://api.example/", "not granted"),
        ("https://api.example.evil.example/", "not granted"),
        ("https://api.example@evil.example/", "not granted"),
        ("https://127.0.0.1/", "private"),
        ("https://localhost/", "private"),
        ("file:///etc/passwd", "not granted"),
        ("nonsense", "not a URL"),
    ] {
        let why = retry(say(&plugin, &format!("http {url}")).await);
        assert!(why.contains(words), "{url}: {why}");
    }
}

async fn it_cannot_ask_without_end(guest: Guest) {
    let Some(plugin) = load(guest, GENEROUS).await else { return };
    let why = retry(say(&plugin, "http-often").await);
    assert!(why.contains("more than 20 HTTP requests"), "{why}");
    let why = retry(say(&plugin, "ask-often").await);
    assert!(why.contains("asks models more than 20 times"), "{why}");
    let why = retry(say(&plugin, "ask anything").await);
    assert!(why.contains("no model is granted"), "{why}");
}

async fn it_cannot_hoard(guest: Guest) {
    let Some(plugin) = load(guest, "[limits]\nown_ms = 20000\nmemory_mb = 256\nstate_kb = 8").await else { return };
    let why = retry(say(&plugin, "hoard").await);
    assert!(why.contains("larger than 8 KB") && why.contains("state_kb"), "{why}");
    let why = retry(say(&plugin, "media").await);
    assert!(why.contains("more media than an answer takes"), "{why}");
}

async fn numbers_of_other_media_read_nothing(guest: Guest) {
    let Some(plugin) = load(guest, GENEROUS).await else { return };
    for number in [0, 1, 1000, u32::MAX] {
        assert_eq!(words(&say(&plugin, &format!("medium {number}")).await.unwrap()), "0");
    }
    assert_eq!(words(&say(&plugin, "picture").await.unwrap()), "<image>");
}

async fn a_wrong_answer_is_refused_with_its_place(guest: Guest) {
    let Some(plugin) = load(guest, GENEROUS).await else { return };
    let why = retry(say(&plugin, "wrong").await);
    assert!(why.contains("replies[0]") && why.contains("txt"), "{why}");
}

async fn what_can_never_be_answered_is_permanent(guest: Guest) {
    let Some(plugin) = load(guest, GENEROUS).await else { return };
    match say(&plugin, "never a pizza").await {
        Err(AssistantError::Permanent { reason }) => assert_eq!(reason.to_string(), "a pizza"),
        other => panic!("{other:?}"),
    }
}

async fn a_thousand_traps_leave_the_memory_where_it_was(guest: Guest) {
    let Some(plugin) = load(guest, GENEROUS).await else { return };
    let trap = |_| say(&plugin, "stateful-panic");
    let some = |outcomes: Vec<Result<Answer, AssistantError>>| assert!(outcomes.iter().all(Result::is_err));
    // The first ones make what is kept for good.
    some(join_all((0..100).map(trap)).await);
    let before = resident();
    for _ in 0..20 {
        some(join_all((0..50).map(trap)).await);
    }
    let more = resident().saturating_sub(before);
    assert!(more < 24 * 1024 * 1024, "{more} bytes more after 1,000 turns");
}

/// What a guest can try by the interfaces of WASI, which JavaScript's engine does not have at all.
async fn there_is_nothing_of_the_machine(guest: Guest) {
    let Some(plugin) = load(guest, "[limits]\nown_ms = 20000").await else { return };
    for (asked, told) in [
        ("file /etc/passwd", "Err("),
        ("file .", "Err("),
        ("write /tmp/plugin-was-here", "Err("),
        ("socket 127.0.0.1:22", "Err("),
        ("environment", "[] []"),
        ("print", "printed"),
    ] {
        let answer = words(&say(&plugin, asked).await.unwrap());
        assert!(answer.starts_with(told), "{asked}: {answer}");
    }
    assert!(!std::path::Path::new("/tmp/plugin-was-here").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_nothing_of_the_machine_in_rust() {
    there_is_nothing_of_the_machine(Guest::HostileRust).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_nothing_of_the_machine_in_python() {
    there_is_nothing_of_the_machine(Guest::HostilePython).await;
}

/// One whose turns all wait leaves places for the others, and a full house counts against no one.
#[tokio::test(flavor = "multi_thread")]
async fn one_plugin_leaves_places_for_others() {
    let slow = load(Guest::HostileRust, "[limits]\nown_ms = 1000").await.unwrap();
    let other = load(Guest::HostileRust, "[limits]\nown_ms = 1001").await.unwrap();
    let waiting = tokio::spawn(async move { join_all((0..300).map(|_| say(&slow, "wait 3000"))).await });
    tokio::time::sleep(Duration::from_millis(500)).await;
    for _ in 0..20 {
        let began = Instant::now();
        assert_eq!(words(&say(&other, "hello").await.unwrap()), "hello");
        assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    }
    for outcome in waiting.await.unwrap() {
        assert!(matches!(outcome, Ok(_) | Err(AssistantError::Unavailable { .. })), "{outcome:?}");
    }
}

/// Waiting is not computing, and many can wait at once.
#[tokio::test(flavor = "multi_thread")]
async fn waiting_does_not_count() {
    let plugin = load(Guest::HostileRust, "[limits]\nown_ms = 100").await.unwrap();
    let began = Instant::now();
    for outcome in join_all((0..40).map(|_| say(&plugin, "wait 700"))).await {
        assert_eq!(words(&outcome.unwrap()), "waited");
    }
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}

//! Scripts and routers in a running bot.

use crate::support::setup::{ANA, BEN, Setup};
use greenroom::assistants::router::{Router, Rule};
use greenroom::assistants::script::Scripted;
use greenroom::channels::loopback::Loopback;
use greenroom::prelude::*;
use greenroom::{IntoAssistant, Runtime};
use std::path::Path;
use std::sync::Arc;

const PIZZA: &str = include_str!("../examples/pizza.toml");

fn says(words: &'static str) -> Arc<dyn Assistant> {
    assistant_fn(move |turn: Turn| async move { Ok(format!("{words}: {}", turn.text()).into()) }).into_assistant()
}

fn to(name: &str) -> Rule {
    Rule::to(name.parse().expect("a short word is a name"))
}

/// A bot that follows the example, with its data in a folder.
async fn pizza(folder: &Path) -> (LoopbackNetwork, Running) {
    let (channel, network) = loopback(LoopbackOptions::default());
    let bot = Runtime::builder()
        .assistant("pizza", Scripted::parse(PIZZA).expect("the example is sound"))
        .channel("front", channel, Policy::allow([ANA]))
        .store_path(folder);
    (network, bot.start().await.expect("it starts"))
}

#[tokio::test]
async fn a_form_is_filled_in_over_several_turns_and_a_restart() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let (network, running) = pizza(folder.path()).await;
    // What is said before the first question is a message of its own.
    for (words, messages) in [("order", 2), ("1", 3), ("large", 4)] {
        network.deliver("main", said::text(ANA, words)).await;
        network.sent_to_reached(ANA, messages).await;
    }
    running.drain().await;

    let (network, running) = pizza(folder.path()).await;
    for (messages, words) in (1..).zip(["2", "2126-12-24", "+41 79 123 45 67", "skip"]) {
        // A network that is made again counts its messages again.
        network.deliver("main", said::text(ANA, words).with_id(words)).await;
        network.sent_to_reached(ANA, messages).await;
    }
    let last = network.words_to(ANA).pop().expect("the form asks");
    let expected = "2 × Margherita (Large) on 2126-12-24, for +41791234567. Is that right?";
    assert!(last.starts_with(expected), "{last}");
    running.drain().await;
}

#[tokio::test(start_paused = true)]
async fn a_router_hands_each_turn_to_whom_its_rules_name() {
    let shouted = Rule { commands: Some(vec!["/shout".to_owned()]), ..to("loud") };
    let of_ben = Rule { people: Some(vec![BEN.parse().expect("a number")]), ..to("loud") };
    let router = Router::new("quiet".parse().expect("a name")).rule(shouted).rule(of_ben);
    let mut setup = Setup::new(router.into_assistant());
    setup.others = vec![("quiet", says("quiet")), ("loud", says("loud"))];
    let bot = setup.start().await;
    bot.hears(said::text(ANA, "hello")).await;
    bot.hears(said::text(ANA, "/shout hello")).await;
    bot.hears(said::text(ANA, "hello")).await;
    bot.hears(said::text(BEN, "hello")).await;
    assert_eq!(bot.answers(ANA).await, ["quiet: hello", "loud: /shout hello", "quiet: hello"]);
    assert_eq!(bot.answers(BEN).await, ["loud: hello"]);
    bot.promises_kept();
}

#[tokio::test(start_paused = true)]
async fn a_conversation_stays_where_a_rule_says_so_until_its_person_starts_over() {
    let order = Rule { commands: Some(vec!["/order".to_owned()]), stays: true, ..to("orders") };
    let mut setup = Setup::new(Router::new("desk".parse().expect("a name")).rule(order).into_assistant());
    setup.others = vec![("desk", says("desk")), ("orders", says("orders"))];
    let bot = setup.start().await;
    for words in ["hello", "/order two", "more", "/start", "hello"] {
        bot.hears(said::text(ANA, words)).await;
        bot.settled().await;
    }
    let answers = bot.answers(ANA).await;
    assert_eq!(answers[..3], ["desk: hello", "orders: /order two", "orders: more"]);
    assert_eq!(answers.last().map(String::as_str), Some("desk: hello"), "{answers:?}");
    bot.promises_kept();
}

fn checked(script: Option<&str>, assistants: &str) -> Result<(), String> {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let write = |file: &str, text: &str| std::fs::write(folder.path().join(file), text).expect("it can be written");
    if let Some(script) = script {
        write("menu.toml", script);
    }
    let config = format!("[channels.chat]\nadapter = \"console\"\nassistant = \"front\"\n{assistants}");
    write("greenroom.toml", &config);
    check(&folder.path().join("greenroom.toml"))
}

fn check(file: &Path) -> Result<(), String> {
    let runtime = Runtime::builder().config_file(file).build().map_err(|error| error.to_string())?;
    greenroom_conformance::run(runtime.check()).map_err(|error| error.to_string())
}

#[test]
fn a_script_is_found_beside_the_configuration_and_checked_at_the_start() {
    let front = "[assistants.front]\nkind = \"script\"\nfile = \"menu.toml\"\n";
    assert_eq!(checked(Some(PIZZA), front), Ok(()));
    let wrong = checked(Some("[[rules]]\nwhen = [\"hello\"]\ngo = \"menu\""), front).unwrap_err();
    assert!(wrong.contains("menu.toml: line 3, column 6: there is no node \"menu\""), "{wrong}");
    let absent = checked(None, front).unwrap_err();
    assert!(absent.contains("assistants.front.file") && absent.contains("cannot be read"), "{absent}");
    let unnamed = checked(None, "[assistants.front]\nkind = \"script\"\n").unwrap_err();
    assert!(unnamed.contains("assistants.front.file: this key is missing"), "{unnamed}");
}

#[test]
fn a_router_is_checked_at_the_start() {
    let echo = "[assistants.echo]\nkind = \"echo\"\n";
    let rules = "[[assistants.front.rules]]\nto = \"echo\"\ncommands = [\"/echo\"]\n";
    let front = |keys: &str| format!("{echo}[assistants.front]\nkind = \"router\"\n{keys}\n");
    assert_eq!(checked(None, &format!("{}{rules}", front("default = \"echo\""))), Ok(()));
    let absent = checked(None, &front("default = \"ecko\"")).unwrap_err();
    assert!(absent.contains("assistants.front.default: there is no assistant ecko; there are"), "{absent}");
    let wrong =
        checked(None, &format!("{}{}", front("default = \"echo\""), rules.replace("commands", "comands"))).unwrap_err();
    assert!(wrong.contains("unknown field `comands`"), "{wrong}");
    let no_rows = checked(None, &front("default = \"echo\"\nrules = [\"echo\"]")).unwrap_err();
    assert!(no_rows.contains("assistants.front.rules: this is a list, but must be tables"), "{no_rows}");
}

/// Says something on a network that a configuration made, and waits for the answer.
async fn asked(network: &LoopbackNetwork, words: &str) -> String {
    let seen = network.sent_to(ANA).len();
    network.deliver("main", said::text(ANA, words)).await;
    let sent = network.sent_to_reached(ANA, seen + 1).await;
    sent.last().map(|message| message.words().to_owned()).unwrap_or_default()
}

#[tokio::test]
async fn a_changed_script_and_changed_rules_hold_from_the_next_message_on() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let write = |file: &str, text: &str| std::fs::write(folder.path().join(file), text).expect("it can be written");
    let rules = "[[rules]]\nwhen = [\"hello\"]\nsay = \"Hi.\"\n";
    let config = |default: &str, others: &str| {
        format!(
            "[channels.scripted]\nadapter = \"loopback\"\nassistant = \"front\"\nallow_from = [\"*\"]\n\
             [assistants.front]\nkind = \"router\"\ndefault = \"{default}\"\n\
             [assistants.menu]\nkind = \"script\"\nfile = \"menu.toml\"\n{others}"
        )
    };
    let echo = "[assistants.echo]\nkind = \"echo\"\nprefix = \"> \"\n";
    write("menu.toml", rules);
    write("greenroom.toml", &config("menu", echo));
    let file = folder.path().join("greenroom.toml");
    let running = Runtime::builder().config_file(&file).memory_store().start().await.expect("a sound file");
    let network = Loopback::network(&"scripted".parse().expect("a name")).expect("it was made");
    assert_eq!(asked(&network, "hello").await, "Hi.");

    write("menu.toml", &rules.replace("Hi.", "Hello!"));
    running.reload().await.expect("it is sound");
    assert_eq!(asked(&network, "hello").await, "Hello!");

    write("greenroom.toml", &config("echo", echo));
    running.reload().await.expect("it is sound");
    assert_eq!(asked(&network, "hello").await, "> hello");

    // A script that is wrong, and a router whose assistant is gone, change nothing.
    write("menu.toml", "[[rules]]\n");
    let refused = running.reload().await.expect_err("it is wrong").to_string();
    assert!(refused.contains("menu.toml: line 1"), "{refused}");
    write("menu.toml", rules);
    write("greenroom.toml", &config("echo", ""));
    let refused = running.reload().await.expect_err("it is wrong").to_string();
    assert!(refused.contains("there is no assistant echo"), "{refused}");
    assert_eq!(asked(&network, "hello").await, "> hello");
    running.drain().await;
}

//! An assistant of your own, with memory and keys in `greenroom.toml`.
//! `cargo run --example custom_assistant`
//!
//! It keeps a shopping list per chat. What it remembers is committed together with its answer, so
//! that a crash never loses an item and never adds one twice.

use greenroom::channels::loopback::Loopback;
use greenroom::contract::factory::{AssistantKind, AssistantParts, BuildError};
use greenroom::contract::schema::{Key, KeyKind};
use greenroom::prelude::*;
use greenroom::registry;
use serde::Deserialize;
use std::sync::Arc;

struct Shopping {
    items_max: usize,
}

#[async_trait]
impl Assistant for Shopping {
    fn needs(&self) -> Needs {
        // What it does not read need not be fetched.
        Needs { history_turns: 0, images: false, overheard: false, ..Needs::default() }
    }

    async fn respond(&self, turn: Turn) -> Result<Answer, AssistantError> {
        // What an earlier version remembered in another shape is forgotten.
        let mut items: Vec<String> = turn.recall().unwrap_or_default().unwrap_or_default();
        let text = turn.text();
        let words = match text.trim() {
            // A reaction, or a picture without words.
            "" => return Ok(Answer::silence()),
            "list" if items.is_empty() => "The list is empty.".to_owned(),
            "list" => items.join(", "),
            "done" => {
                items.clear();
                "Done.".to_owned()
            }
            _ if items.len() >= self.items_max => format!("There are {} things on the list already.", items.len()),
            item => {
                items.push(item.to_owned());
                format!("{item}: noted, that makes {}.", items.len())
            }
        };
        Ok(Answer::text(words).remember(&items)?)
    }
}

/// What `[assistants.NAME]` may say, and how an assistant is made from it.
struct ShoppingKind;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ShoppingConfig {
    items_max: usize,
}

#[async_trait]
impl AssistantKind for ShoppingKind {
    const KIND: &'static str = "shopping";
    const ABOUT: &'static str = "keeps a shopping list";
    const KEYS: &'static [Key] =
        &[Key::new("items_max", KeyKind::Integer { min: 1, max: 1_000 }, "How many things fit on a list.")
            .required()
            .example("20")];
    type Config = ShoppingConfig;

    async fn build(config: ShoppingConfig, _parts: AssistantParts) -> Result<Arc<dyn Assistant>, BuildError> {
        Ok(Arc::new(Shopping { items_max: config.items_max }))
    }
}

const CONFIG: &str = r#"
[channels.home]
adapter = "loopback"          # "console" to try it by hand
allow_from = ["+15551234567"]
[assistants.list]
kind = "shopping"
items_max = 2
"#;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let running = Runtime::builder()
        .assistant_kind(registry::assistant::<ShoppingKind>())
        .config(CONFIG)
        .memory_store()
        .start()
        .await?;

    let network = Loopback::network(&"home".parse()?).ok_or("the channel was just made")?;
    for (count, words) in ["milk", "bread", "wine", "list"].into_iter().enumerate() {
        network.deliver("main", said::text("+15551234567", words)).await;
        let answers = network.sent_to_reached("+15551234567", count + 1).await;
        println!("{words} -> {}", answers[count].words());
    }

    running.drain().await;
    Ok(())
}

/// Needs the feature `testing`; in a program of your own, name it among the dev-dependencies.
#[cfg(all(test, feature = "testing"))]
mod tests {
    use super::*;
    use greenroom::testing::{run, turn};

    fn answer(turn: Turn) -> Answer {
        run(Shopping { items_max: 2 }.respond(turn)).expect("it always answers")
    }

    /// What is remembered of these items.
    fn list(items: &[&str]) -> Vec<u8> {
        Answer::silence().remember(&items).ok().and_then(|answer| answer.state).expect("words are JSON").to_vec()
    }

    #[test]
    fn an_item_is_added_to_what_is_remembered() {
        let added = answer(turn("bread").state(list(&["milk"])).build());
        assert_eq!(added.replies, [Reply::text("bread: noted, that makes 2.")]);
        assert_eq!(added.state.as_deref(), Some(&list(&["milk", "bread"])[..]));
    }

    #[test]
    fn a_full_list_stays_as_it_is() {
        let full = list(&["milk", "bread"]);
        let refused = answer(turn("wine").state(full.clone()).build());
        assert_eq!(refused.state.as_deref(), Some(&full[..]));
        assert_eq!(answer(turn("list").build()).replies, [Reply::text("The list is empty.")]);
    }

    #[allow(clippy::unused_async, reason = "as the rules call it")]
    async fn shopping() -> Arc<dyn Assistant> {
        Arc::new(Shopping { items_max: 2 })
    }

    // Every rule of an assistant, one test each.
    greenroom::testing::assistant_conformance!(shopping);
}

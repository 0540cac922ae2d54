//! The samples, as a person talks to them.

#![allow(clippy::unwrap_used, reason = "a test")]

mod guest;

use async_trait::async_trait;
use bytes::Bytes;
use greenroom_conformance::turn;
use greenroom_contract::assistant::{Answer, Assistant, Content};
use greenroom_contract::ids::ModelName;
use greenroom_contract::message::Media;
use greenroom_contract::model::{
    Asking, Completion, Ended, LanguageModel, ModelError, ModelTraits, Models, Part, Prompt, PromptMessage, Said,
};
use greenroom_plugins::{Candidate, Plugin, PluginFolder, check_with_turn};
use guest::{Folder, Guest, lock, root, target, words};
use std::sync::Arc;

/// The sample with its own manifest.
fn sample(guest: Guest, name: &str) -> Option<Folder> {
    let component = guest.component()?;
    let folder = Folder::new(&component, "");
    let of = root().join("plugins/samples").join(name);
    std::fs::copy(of.join("plugin.toml"), folder.path().join("plugin.toml")).unwrap();
    let named = Candidate::read(folder.path()).map_or_else(
        |_| {
            toml::from_str::<toml::Table>(&std::fs::read_to_string(of.join("plugin.toml")).unwrap()).unwrap()["plugin"]
                ["component"]
                .as_str()
                .unwrap()
                .to_owned()
        },
        |candidate| candidate.manifest.component,
    );
    std::fs::copy(component, folder.path().join(named)).unwrap();
    Some(folder)
}

struct Talk {
    plugin: Arc<Plugin>,
    state: Option<Bytes>,
}

impl Talk {
    async fn with(folder: &Folder, settings: &[(&str, toml::Value)]) -> Self {
        let _alone = lock("compile");
        let builder = Plugin::in_folder(folder.path(), target().join("kept"));
        let builder = settings.iter().fold(builder, |builder, (name, value)| builder.setting(*name, value.clone()));
        Self { plugin: builder.load().await.unwrap(), state: None }
    }

    async fn hear(&mut self, content: Content) -> Answer {
        let mut turn = turn("").instead(content).build();
        turn.state.clone_from(&self.state);
        let answer = self.plugin.respond(turn).await.unwrap();
        if let Some(state) = &answer.state {
            self.state = Some(state.clone()).filter(|state| !state.is_empty());
        }
        answer
    }

    async fn say(&mut self, text: &str) -> String {
        words(&self.hear(Content::Text(text.to_owned())).await)
    }

    async fn choose(&mut self, id: &str) -> String {
        words(&self.hear(Content::Choice { id: id.to_owned(), title: id.to_owned() }).await)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pizza_takes_an_order() {
    let folder = sample(Guest::Pizza, "pizza-rust").unwrap();
    let menu = vec![toml::Value::from("Margherita"), toml::Value::from("Funghi")];
    let mut talk = Talk::with(&folder, &[("menu", menu.into())]).await;
    assert_eq!(talk.say("hello").await, "Which pizza would you like? [Margherita|Funghi]");
    assert_eq!(talk.say("Hawaii").await, "We have no hawaii.\nWhich pizza would you like? [Margherita|Funghi]");
    assert_eq!(talk.choose("Funghi").await, "Which size? [Small|Medium|Large]");
    assert_eq!(talk.say("large").await, "How many?");
    assert_eq!(talk.say("lots").await, "Please write a number, such as 2.\nHow many?");
    assert_eq!(talk.say("11").await, "We take orders of 1 to 10 pizzas.\nHow many?");
    assert_eq!(talk.say("2").await, "2 x Funghi, large. Is that right? [Yes|No]");
    assert!(talk.choose("yes").await.starts_with("Thank you! 2 x Funghi, large"));
    assert_eq!(talk.state, None);
    assert_eq!(talk.say("hello").await, "Which pizza would you like? [Margherita|Funghi]");
    assert_eq!(talk.say("stop").await, "All right, no order.");
}

#[tokio::test(flavor = "multi_thread")]
async fn reminder_reminds() {
    let Some(folder) = sample(Guest::Reminder, "reminder-js") else { return };
    let mut talk = Talk::with(&folder, &[]).await;
    assert!(talk.say("hello").await.contains("in 5 minutes: tea"));
    let answer = talk.hear(Content::Text("in 5 minutes: tea 🍵".to_owned())).await;
    assert_eq!(words(&answer), "All right: tea 🍵, in 5 minutes.");
    assert_eq!(answer.wake[0].at.0, greenroom_conformance::messages::START.0 + 300_000);
    assert_eq!(talk.say("list").await, "1. tea 🍵 (in 5 min)");
    let token = answer.wake[0].token.clone();
    assert_eq!(words(&talk.hear(Content::Wake { token }).await), "Reminder: tea 🍵");
    assert_eq!(talk.say("list").await, "Nothing waits.");
    talk.say("in 2 hours bread").await;
    let answer = talk.hear(Content::Text("cancel 1".to_owned())).await;
    assert_eq!((words(&answer).as_str(), answer.cancel_wakes.len()), ("Forgotten: bread", 1));
    assert!(talk.say("in 9999 days: x").await.contains("365 days"));
}

/// What a builder does without a phone and a channel.
#[tokio::test(flavor = "multi_thread")]
async fn a_turn_from_a_file_is_answered() {
    let _alone = lock("compile");
    let plugins = PluginFolder::open(target().join("kept")).unwrap();
    for (guest, name, said) in
        [(Guest::Pizza, "pizza-rust", "7 x Margherita, large"), (Guest::Reminder, "reminder-js", "All right: tea")]
    {
        let Some(folder) = sample(guest, name) else { continue };
        let candidate = Candidate::read(folder.path()).unwrap();
        let turn = std::fs::read(root().join("plugins/samples").join(name).join("turn.json")).unwrap();
        let report = check_with_turn(&plugins, &candidate, Some(&turn), &toml::Table::new()).await.unwrap();
        assert!(report.answer.as_deref().is_some_and(|answer| answer.contains(said)), "{report:?}");
        assert!(report.memory.is_some() && report.broke.is_none(), "{report:?}");
        let wrong =
            check_with_turn(&plugins, &candidate, Some(b"{}"), &toml::Table::new()).await.unwrap_err().to_string();
        assert!(wrong.contains("the turn is not understood"), "{wrong}");
    }
}

/// A model that looks at pictures, and says how many bytes it saw.
struct Eyes(ModelName);

#[async_trait]
impl LanguageModel for Eyes {
    fn name(&self) -> &ModelName {
        &self.0
    }

    fn traits(&self) -> ModelTraits {
        ModelTraits { images: true, documents: false, tools: false, context_tokens: 8_000, answer_tokens: 1_000 }
    }

    async fn ask(&self, prompt: &Prompt, _: Asking) -> Result<Completion, ModelError> {
        let Some(PromptMessage::Person(parts)) = prompt.messages.last() else { panic!("a person speaks last") };
        let Some(Part::Image(media)) = parts.first() else { panic!("with a picture") };
        let text = format!("{} bytes of {}", media.bytes.len(), media.mime);
        Ok(Completion { said: Said { text, ..Said::default() }, ended: Ended::Whole, usage: Vec::new() })
    }
}

struct Seeing;

impl Models for Seeing {
    fn model(&self, name: &ModelName) -> Option<Arc<dyn LanguageModel>> {
        Some(Arc::new(Eyes(name.clone())))
    }

    fn names(&self) -> Vec<ModelName> {
        vec!["main".parse().unwrap()]
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn captioner_in_python_says_what_is_on_a_picture() {
    let Some(folder) = sample(Guest::Captioner, "captioner-python") else { return };
    let _alone = lock("compile");
    let builder = Plugin::in_folder(folder.path(), target().join("kept")).models(Arc::new(Seeing));
    let plugin = builder.role("eyes", "main".parse().unwrap()).load().await.unwrap();
    let mut talk = Talk { plugin, state: None };
    assert!(talk.say("hello").await.starts_with("Send me a picture"));
    let picture = Media { mime: "image/png".to_owned(), bytes: vec![1; 1234].into() };
    let seen = talk.hear(Content::Image { media: Some(picture), caption: None }).await;
    assert_eq!(words(&seen), "1234 bytes of image/png");
}

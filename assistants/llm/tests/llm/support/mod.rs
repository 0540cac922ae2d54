//! Fakes of both ports: a model that says what a test wrote down, and a tool server that counts its calls.

use async_trait::async_trait;
use greenroom_assistant_llm::{Llm, LlmConfig};
use greenroom_conformance::turns::TurnDraft;
use greenroom_contract::assistant::{Answer, Assistant, AssistantError, Turn, Usage};
use greenroom_contract::factory::{AssistantKind, AssistantParts, BuildError};
use greenroom_contract::ids::{ModelName, ToolServerName};
use greenroom_contract::model::{
    Asking, Completion, Ended, LanguageModel, ModelError, ModelTraits, Models, Part, Prompt, PromptMessage, Said,
    ToolCall, ToolSpec,
};
use greenroom_contract::outbound::OutboundBody;
use greenroom_contract::time::{Clock, Timestamp};
use greenroom_contract::tools::{Calling, ToolError, ToolOffer, ToolReturn, ToolServer, ToolServers};
use parking_lot::Mutex;
use serde::Deserialize as _;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// What the model does next.
#[derive(Clone)]
pub(crate) enum Step {
    Say(Completion),
    Fail(ModelError),
    /// Says nothing for so long.
    Hang(Duration),
    /// Says it after so long.
    Slow(Duration, Completion),
}

/// A model that does what was written down, and then says `fine`.
pub(crate) struct ScriptedModel {
    name: ModelName,
    pub(crate) traits: Mutex<ModelTraits>,
    steps: Mutex<VecDeque<Step>>,
    /// What it does each time it is asked for a summary, if that is not the next step.
    pub(crate) notes: Mutex<Option<Step>>,
    pub(crate) asked: Mutex<Vec<(Prompt, Asking)>>,
}

impl Default for ScriptedModel {
    fn default() -> Self {
        Self {
            name: "main".parse().unwrap(),
            traits: Mutex::new(ModelTraits {
                images: true,
                documents: true,
                tools: true,
                context_tokens: 32_000,
                answer_tokens: 2_000,
            }),
            steps: Mutex::default(),
            notes: Mutex::default(),
            asked: Mutex::default(),
        }
    }
}

pub(crate) fn usage(tokens: u64) -> Usage {
    Usage { model: Some("fake".to_owned()), tokens_in: tokens, tokens_out: 1, ..Usage::default() }
}

pub(crate) fn completion(text: &str, ended: Ended) -> Completion {
    Completion { said: Said { text: text.to_owned(), ..Said::default() }, ended, usage: vec![usage(10)] }
}

/// Says these words.
pub(crate) fn says(text: &str) -> Step {
    Step::Say(completion(text, Ended::Whole))
}

/// Wants these tools called.
pub(crate) fn calls(calls: &[(&str, Value)]) -> Step {
    let mut wants = completion("", Ended::Calls);
    let one = |(at, (name, arguments)): (usize, &(&str, Value))| ToolCall {
        id: format!("call-{at}"),
        name: (*name).to_owned(),
        arguments: arguments.clone(),
    };
    wants.said.calls = calls.iter().enumerate().map(one).collect();
    Step::Say(wants)
}

pub(crate) fn away() -> Step {
    Step::Fail(ModelError::Unavailable { model: "main".to_owned(), what: "no connection".to_owned() })
}

impl ScriptedModel {
    pub(crate) fn then(&self, steps: impl IntoIterator<Item = Step>) {
        self.steps.lock().extend(steps);
    }

    pub(crate) fn prompts(&self) -> Vec<Prompt> {
        self.asked.lock().iter().map(|(prompt, _)| prompt.clone()).collect()
    }

    pub(crate) fn last(&self) -> Prompt {
        self.prompts().pop().expect("it was asked")
    }
}

#[async_trait]
impl LanguageModel for ScriptedModel {
    fn name(&self) -> &ModelName {
        &self.name
    }
    fn traits(&self) -> ModelTraits {
        *self.traits.lock()
    }
    async fn ask(&self, prompt: &Prompt, asking: Asking) -> Result<Completion, ModelError> {
        self.asked.lock().push((prompt.clone(), asking));
        let notes = self.notes.lock().clone().filter(|_| prompt.system.starts_with("You keep the notes"));
        let step = notes.or_else(|| self.steps.lock().pop_front());
        match step {
            None => Ok(completion("fine", Ended::Whole)),
            Some(Step::Say(completion)) => Ok(completion),
            Some(Step::Fail(error)) => Err(error),
            Some(Step::Slow(time, completion)) => {
                tokio::time::sleep(time).await;
                Ok(completion)
            }
            Some(Step::Hang(time)) => {
                tokio::time::sleep(time.min(asking.within)).await;
                Err(ModelError::Unavailable { model: "main".to_owned(), what: "it does not answer".to_owned() })
            }
        }
    }
}

/// How a server of tools is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Down {
    /// It says so.
    Away,
    /// It never says anything, whatever time it is given.
    Mute,
}

/// A server of tools that counts what was called.
pub(crate) struct CountingTools {
    name: ToolServerName,
    pub(crate) offers: Mutex<Vec<ToolOffer>>,
    /// How it does not say what it offers, where it does not.
    pub(crate) down: Mutex<Option<Down>>,
    pub(crate) returns: Mutex<VecDeque<Result<ToolReturn, ToolError>>>,
    pub(crate) called: Mutex<Vec<ToolCall>>,
    pub(crate) takes: Mutex<Duration>,
}

pub(crate) fn offer(name: &str, confirm: bool) -> ToolOffer {
    let spec = ToolSpec { name: name.to_owned(), about: format!("does {name}"), parameters: json!({}) };
    ToolOffer { spec, title: None, confirm, repeatable: !confirm }
}

impl Default for CountingTools {
    fn default() -> Self {
        Self {
            name: "tasks".parse().unwrap(),
            offers: Mutex::new(vec![offer("list", false), offer("add", true)]),
            down: Mutex::default(),
            returns: Mutex::default(),
            called: Mutex::default(),
            takes: Mutex::default(),
        }
    }
}

#[async_trait]
impl ToolServer for CountingTools {
    fn name(&self) -> &ToolServerName {
        &self.name
    }
    async fn offers(&self, _: Duration) -> Result<Arc<[ToolOffer]>, ToolError> {
        let down = *self.down.lock();
        match down {
            None => {}
            Some(Down::Away) => {
                let (server, what) = (self.name.to_string(), "it does not run".to_owned());
                return Err(ToolError::Away { server, what, after: None });
            }
            Some(Down::Mute) => std::future::pending().await,
        }
        Ok(self.offers.lock().clone().into())
    }
    async fn call(&self, call: &ToolCall, _: Calling) -> Result<ToolReturn, ToolError> {
        let takes = *self.takes.lock();
        tokio::time::sleep(takes).await;
        self.called.lock().push(call.clone());
        let next = self.returns.lock().pop_front();
        next.unwrap_or_else(|| Ok(ToolReturn { text: "done".to_owned(), ..ToolReturn::default() }))
    }
}

#[derive(Clone, Default)]
pub(crate) struct Around {
    pub(crate) model: Arc<ScriptedModel>,
    pub(crate) tools: Arc<CountingTools>,
}

impl Models for Around {
    fn model(&self, name: &ModelName) -> Option<Arc<dyn LanguageModel>> {
        (*name == self.model.name).then(|| self.model.clone() as Arc<dyn LanguageModel>)
    }
    fn names(&self) -> Vec<ModelName> {
        vec![self.model.name.clone()]
    }
}

impl ToolServers for Around {
    fn server(&self, name: &ToolServerName) -> Option<Arc<dyn ToolServer>> {
        (*name == self.tools.name).then(|| self.tools.clone() as Arc<dyn ToolServer>)
    }
    fn names(&self) -> Vec<ToolServerName> {
        vec![self.tools.name.clone()]
    }
}

pub(crate) fn parts(around: &Around) -> AssistantParts {
    AssistantParts {
        assistants: vec!["helper".parse().unwrap(), "orders".parse().unwrap()],
        models: Arc::new(around.clone()),
        tools: Arc::new(around.clone()),
        clock: Clock::tokio(Timestamp(0)),
        ..AssistantParts::new("helper".parse().unwrap())
    }
}

pub(crate) async fn built(around: &Around, keys: &str) -> Result<Arc<dyn Assistant>, BuildError> {
    let table: toml::Table = format!("model = \"main\"\n{keys}").parse().unwrap();
    Llm::build(LlmConfig::deserialize(toml::Value::Table(table)).unwrap(), parts(around)).await
}

/// An assistant with everything around it.
pub(crate) struct Bot {
    pub(crate) around: Around,
    pub(crate) assistant: Arc<dyn Assistant>,
}

impl Bot {
    pub(crate) async fn with(keys: &str) -> Self {
        let around = Around::default();
        let assistant = built(&around, keys).await.unwrap();
        Self { around, assistant }
    }

    pub(crate) async fn new() -> Self {
        Self::with("tools = [\"tasks\"]\nhand_over_to = [\"human\", \"orders\"]").await
    }

    pub(crate) fn then(&self, steps: impl IntoIterator<Item = Step>) {
        self.around.model.then(steps);
    }

    pub(crate) async fn ask(&self, turn: &Turn) -> Result<Answer, AssistantError> {
        self.assistant.respond(turn.clone()).await
    }

    pub(crate) async fn answer(&self, draft: TurnDraft) -> Answer {
        self.ask(&draft.build()).await.unwrap()
    }

    pub(crate) fn called(&self) -> Vec<String> {
        self.around.tools.called.lock().iter().map(|call| call.name.clone()).collect()
    }
}

/// All texts of an answer.
pub(crate) fn texts(answer: &Answer) -> Vec<String> {
    let text = |body: &OutboundBody| match body {
        OutboundBody::Text(text) => text.clone(),
        OutboundBody::Choices(choices) => choices.text.clone(),
        other => format!("({})", other.kind()),
    };
    answer.replies.iter().map(|reply| text(&reply.body)).collect()
}

/// The words of people, of the model, and of tools in a prompt.
pub(crate) fn words(prompt: &Prompt) -> (String, String, String) {
    let (mut people, mut model, mut tools) = (String::new(), String::new(), String::new());
    for message in &prompt.messages {
        match message {
            PromptMessage::Person(parts) => {
                for part in parts {
                    if let Part::Text(text) = part {
                        people.push_str(text);
                        people.push('\n');
                    }
                }
            }
            PromptMessage::Model(said) => model.push_str(&said.text),
            PromptMessage::Tools(outputs) => outputs.iter().for_each(|output| tools.push_str(&output.text)),
        }
    }
    (people, model, tools)
}

/// Panics unless a prompt has the shape that all providers take.
pub(crate) fn assert_well_formed(prompt: &Prompt) {
    let mut before = "";
    for message in &prompt.messages {
        let (kind, follows) = match message {
            PromptMessage::Person(parts) => {
                assert!(!parts.is_empty());
                ("person", before.is_empty() || before == "model")
            }
            PromptMessage::Model(_) => ("model", before == "person" || before == "tools"),
            PromptMessage::Tools(outputs) => {
                assert!(!outputs.is_empty());
                ("tools", before == "model")
            }
        };
        assert!(follows, "{kind} after {before:?}");
        before = kind;
    }
    assert!(before == "person" || before == "tools", "the last one is {before}");
}

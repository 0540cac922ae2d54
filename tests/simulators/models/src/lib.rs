//! Plays the servers of language models on this machine: OpenAI chat completions and Responses, Anthropic and Gemini
//! on one address, streamed and whole.
//!
//! Use it to test a bot, or a client of these protocols, without an account, a network or money. The model says what
//! a [`Script`] says. It is strict: what the real ones refuse (an unknown field, a result without its call, a tool's
//! name with a dot, broken base64, a missing key) is refused in their shape and is a [`Violation`], so that a test
//! asks for [`ModelServer::assert_no_violations`] at its end.
//!
//! ```no_run
//! # async fn test() {
//! use greenroom_simulator_models::{ModelServer, Protocol, Role};
//! use std::time::Duration;
//!
//! let models = ModelServer::scripted(r#"
//!     when says contains "milk"
//!       call add_item {"list": "shopping", "item": "milk"}
//!     when result contains "added"
//!       say Milk is on your list.
//!     otherwise
//!       say I do not know.
//! "#).await;
//! // Give the bot models.base(Protocol::OpenAiChat), models.key() and the model "scripted", and talk to it. Then:
//! let asked = models.until(Duration::from_secs(5), |asked| !asked.results().is_empty()).await.unwrap();
//! assert_eq!(asked.texts_of(Role::User), ["add milk to my list"]);
//! assert!(!asked.system.contains("milk"), "what people write is not the system's");
//! models.assert_no_violations();
//! # }
//! ```
//!
//! # By hand
//!
//! ```text
//! cargo run -p greenroom-simulator-models -- --script my.script --listen 127.0.0.1:9100
//! ```
//!
//! Without `--script` it says back what the person said. It prints one line for each request, and why it refused one.
//! A bot's configuration names `http://127.0.0.1:9100/v1/` (Gemini: `/v1beta/`), the key `scripted-key` and the model
//! `scripted`. With `--no-key --listen 127.0.0.1:11434 --model llama3.2` it is found where a bot looks for Ollama.
//!
//! # What goes wrong
//!
//! What goes wrong in the field goes wrong here on demand, see [`Fault`]: in a rule of the script, with
//! [`Reply::with`], or for the next requests with [`ModelServer::fail_next`]. A planned fault that keeps the answer
//! from arriving does not use up a reply that is planned, nor a rule's `times`: the second attempt gets it.
//!
//! ```no_run
//! # use greenroom_simulator_models::{Fault, ModelServer, Reply};
//! # async fn test(models: ModelServer) {
//! models.fail_next(2, Fault::busy(3));                          // 429, Retry-After: 3
//! models.plan(Reply::say("Half an answer.").with(Fault::EndEarly(2)));
//! models.plan(Reply::say("In a moment.").with(Fault::Held));    // until models.release()
//! # }
//! ```
//!
//! Bodies are cut into pieces inside characters of more than one byte, always, unless [`Settings::pieces`] says
//! otherwise.
//!
//! # Not like the real ones
//!
//! Usage is an estimate (four bytes are a token). Beyond the size and the first bytes, pictures are not looked at, and
//! links are not fetched. An unknown model is a 404 and a body too large a 413 in all protocols. Tools of the
//! providers, files, stored responses and batches are missing.
#![warn(missing_docs)]

mod answer;
mod anthropic;
mod asked;
mod deliver;
mod fault;
mod gemini;
mod hub;
mod json;
mod limits;
mod media;
mod offers;
mod openai_chat;
mod openai_responses;
mod pieces;
mod read;
mod refusal;
mod reply;
mod script;
mod serve;
mod settings;
mod usage;

pub use asked::{Asked, Message, Offer, Part, Protocol, Role};
pub use fault::{Fault, RetryAfter};
pub use refusal::Violation;
pub use reply::{Call, Reply, Stop, Usage};
pub use script::{Script, ScriptError};
pub use settings::{Model, PictureCheck, Pieces, Settings, SystemMessages};

use hub::Hub;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

/// A running server. Clones share it; it ends when the last one is dropped, and with it all its connections.
#[derive(Clone)]
pub struct ModelServer {
    hub: Arc<Hub>,
    _server: Arc<Server>,
}

struct Server {
    hub: Arc<Hub>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.hub.close();
    }
}

impl ModelServer {
    /// Starts one with the default settings on a free port of 127.0.0.1.
    pub async fn start(script: Script) -> Self {
        Self::start_with(Settings::default(), script).await
    }

    /// The same from the text of a script, whose common indentation does not count.
    ///
    /// # Panics
    ///
    /// When the text is wrong; the message names the line.
    pub async fn scripted(text: &str) -> Self {
        let script = Script::parse(&unindented(text));
        Self::start(script.unwrap_or_else(|error| panic!("{error}"))).await
    }

    /// Starts one on a free port of 127.0.0.1.
    pub async fn start_with(settings: Settings, script: Script) -> Self {
        Self::listen("127.0.0.1:0", settings, script).await.expect("a free port on 127.0.0.1")
    }

    /// Starts one on an address.
    pub async fn listen(address: &str, settings: Settings, script: Script) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let local = listener.local_addr()?;
        let tag = format!("{:x}", local.port());
        let hub = Arc::new(Hub::new(settings, script, format!("http://{local}"), tag));
        let (router, closing) = (serve::router(hub.clone()), hub.clone());
        tokio::spawn(async move {
            let listener = axum::serve::ListenerExt::tap_io(listener, |stream| {
                let _ = stream.set_nodelay(true);
            });
            let closed = async move { closing.closed().await };
            // Accepting ends with the process or the signal; there is nothing to report to.
            let _ = axum::serve(listener, router).with_graceful_shutdown(closed).await;
        });
        Ok(Self { _server: Arc::new(Server { hub: hub.clone() }), hub })
    }

    /// Where it listens, such as `http://127.0.0.1:4711`.
    pub fn url(&self) -> &str {
        &self.hub.base
    }

    /// What to give a client as the base URL of this protocol, with a slash at its end.
    pub fn base(&self, protocol: Protocol) -> String {
        let version = if protocol == Protocol::Gemini { "v1beta" } else { "v1" };
        format!("{}/{version}/", self.hub.base)
    }

    /// A key that is accepted.
    pub fn key(&self) -> &str {
        self.hub.settings.keys.first().map(String::as_str).unwrap_or_default()
    }

    /// The settings it was started with.
    pub fn settings(&self) -> &Settings {
        &self.hub.settings
    }

    /// Answers by another script from now on.
    pub fn set_script(&self, script: Script) {
        self.hub.change(|state| state.script = script);
    }

    /// Answers by a function from now on.
    pub fn answer_with(&self, function: impl Fn(&Asked) -> Reply + Send + Sync + 'static) {
        self.set_script(Script::from_fn(function));
    }

    /// Plans the answer to one more of the next requests, before the script.
    pub fn plan(&self, reply: Reply) {
        self.hub.change(|state| {
            if state.planned.len() < limits::PLANNED_MAX {
                state.planned.push_back(reply);
            }
        });
    }

    /// Plans a fault for so many of the next requests, one after the other.
    pub fn fail_next(&self, requests: usize, fault: Fault) {
        self.hub.change(|state| {
            let free = limits::PLANNED_MAX.saturating_sub(state.faults.len());
            state.faults.extend(std::iter::repeat_n(fault, requests.min(free)));
        });
    }

    /// Forgets the replies and faults that are planned and were not used.
    pub fn forget_plans(&self) {
        self.hub.change(|state| {
            state.planned.clear();
            state.faults.clear();
        });
    }

    /// Lets all requests continue that are held now ([`Fault::Held`]).
    pub fn release(&self) {
        self.hub.release();
    }

    /// Everything that was asked and is still remembered, oldest first.
    pub fn asked(&self) -> Vec<Arc<Asked>> {
        self.hub.state.lock().asked.iter().map(|(_, asked)| asked.clone()).collect()
    }

    /// The last request.
    pub fn last(&self) -> Option<Arc<Asked>> {
        self.hub.state.lock().asked.back().map(|(_, asked)| asked.clone())
    }

    /// How many requests were accepted.
    pub fn requests(&self) -> u64 {
        self.hub.state.lock().count
    }

    /// Requests under way: from the first byte of the request to the last byte of the answer.
    pub fn in_flight(&self) -> usize {
        self.hub.state.lock().in_flight
    }

    /// The most requests that were under way at the same time.
    pub fn peak(&self) -> usize {
        self.hub.state.lock().peak
    }

    /// What was refused and is still remembered, oldest first.
    pub fn violations(&self) -> Vec<Violation> {
        self.hub.state.lock().violations.iter().cloned().collect()
    }

    /// Takes the violations, so that a test that provokes one can still assert that there are no others.
    pub fn take_violations(&self) -> Vec<Violation> {
        self.hub.state.lock().violations.drain(..).collect()
    }

    /// Checks that nothing was refused.
    ///
    /// # Panics
    ///
    /// When something was.
    #[track_caller]
    pub fn assert_no_violations(&self) {
        let violations = self.violations();
        let listed: Vec<String> = violations
            .iter()
            .map(|one| format!("{} {}: {}\n  {}", one.protocol, one.status, one.message, one.body))
            .collect();
        assert!(violations.is_empty(), "a real server would refuse:\n{}", listed.join("\n"));
    }

    /// Waits for a request as wanted, also one of the past; `None` if there is none in time.
    pub async fn until(&self, patience: Duration, wanted: impl Fn(&Asked) -> bool) -> Option<Arc<Asked>> {
        let seen = self
            .hub
            .wait_for(|state| state.asked.iter().find(|(_, asked)| wanted(asked)).map(|(_, asked)| asked.clone()));
        tokio::time::timeout(patience, seen).await.ok()
    }

    /// Waits until so many requests were accepted; `false` if that does not happen in time.
    pub async fn until_requests(&self, patience: Duration, requests: u64) -> bool {
        let seen = self.hub.wait_for(|state| (state.count >= requests).then_some(()));
        tokio::time::timeout(patience, seen).await.is_ok()
    }

    /// Waits until exactly so many requests are under way; `false` if that does not happen in time.
    pub async fn until_in_flight(&self, patience: Duration, requests: usize) -> bool {
        let seen = self.hub.wait_for(|state| (state.in_flight == requests).then_some(()));
        tokio::time::timeout(patience, seen).await.is_ok()
    }

    /// Waits until there are more requests or violations than these.
    pub async fn changed(&self, requests: u64, violations: usize) {
        self.hub.wait_for(|state| (state.count > requests || state.violations.len() > violations).then_some(())).await;
    }
}

/// Takes the indentation of the first line from all lines.
fn unindented(text: &str) -> String {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let indent = &first[..first.len() - first.trim_start().len()];
    text.lines().map(|line| line.strip_prefix(indent).unwrap_or(line)).collect::<Vec<_>>().join("\n")
}

//! Plays Meta's WhatsApp Cloud API on this machine: Graph endpoints, signed webhooks, and people who chat.
//!
//! Use it to test a bot, or a client of the Cloud API, without a Meta account, a public address or money. It is
//! strict: what Meta would refuse (a missing field, a text over 4,096 characters, an expired medium, a free text
//! outside the 24-hour window, too many messages to one person) is refused with Meta's code.
//!
//! ```no_run
//! # async fn test() {
//! use greenroom_simulator_whatsapp_cloud::Simulator;
//!
//! let meta = Simulator::start().await;
//! // Start the bot with meta.graph_url(), meta.settings().access_token, .app_secret, .verify_token and
//! // .numbers[0].id, then tell Meta where it listens:
//! meta.connect("http://127.0.0.1:8787/api/channels/whatsapp").await.unwrap();
//!
//! let ana = meta.person("+15551234567").named("Ana");
//! ana.says("hello").await;                      // returns when the bot has answered 200
//! assert_eq!(ana.received().await.text(), "you said: hello");
//! # }
//! ```
//!
//! What goes wrong in the field goes wrong here on demand: [`Simulator::fail_next_sends`] with any error code,
//! [`Simulator::plan_send`] with a connection cut after the message was taken (the outcome is unknown),
//! [`Simulator::duplicate_webhooks`], [`Simulator::shuffle_webhooks`], [`Simulator::expire_token`], and a clock that
//! [`Simulator::advance`] pushes forward, so that windows close and media expire in no time.
//!
//! It installs ring as the process's rustls provider if there is none.
//!
//! # Not like Meta
//!
//! Pauses between repetitions of a webhook are short and in real time ([`Settings::retry_pause_min`]). People who are
//! unknown get nothing: Meta would often take the message and report 131026 by status. Deletion, calls, flows and
//! catalogues are missing.
#![warn(missing_docs)]

mod clock;
mod control;
mod decide;
mod error;
mod faults;
mod graph;
mod hub;
mod interactive;
mod media;
mod person;
mod rate;
mod settings;
mod status;
mod token;
mod validate;
mod webhook;
mod world;

pub use error::GraphError;
pub use faults::{DownloadFault, SendFault};
pub use interactive::{Question, TapOption};
pub use person::{Draft, Group, Person};
pub use settings::{MediaCheck, Number, Prices, Rates, Settings, Statuses, Template, WindowRefusal};
pub use status::Status;
pub use token::{MANAGEMENT, MESSAGING, Token};
pub use validate::Content;
pub use webhook::{HandshakeFailed, signature};
pub use world::{Counters, Delivered};

use bytes::Bytes;
use hub::Hub;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

/// A running simulator. Clones share it; it ends when the last one is dropped.
#[derive(Clone)]
pub struct Simulator {
    hub: Arc<Hub>,
    _server: Arc<Server>,
}

struct Server {
    hub: Arc<Hub>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.hub.close();
        self.task.abort();
    }
}

impl Simulator {
    /// Starts one with the default settings on a free port of 127.0.0.1.
    pub async fn start() -> Self {
        Self::start_with(Settings::default()).await
    }

    /// Starts one on a free port of 127.0.0.1.
    pub async fn start_with(settings: Settings) -> Self {
        Self::listen("127.0.0.1:0", settings).await.expect("a free port on 127.0.0.1")
    }

    /// Starts one on an address.
    pub async fn listen(address: &str, settings: Settings) -> std::io::Result<Self> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = TcpListener::bind(address).await?;
        let base = format!("http://{}", listener.local_addr()?);
        let hub = Arc::new(Hub::new(settings, base).map_err(std::io::Error::other)?);
        let router = graph::router(hub.clone()).merge(control::router(hub.clone()));
        let task = tokio::spawn(async move {
            let listener = axum::serve::ListenerExt::tap_io(listener, |stream| {
                let _ = stream.set_nodelay(true);
            });
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "the simulator stopped listening");
            }
        });
        Ok(Self { _server: Arc::new(Server { hub: hub.clone(), task }), hub })
    }

    /// What to give the bot as Graph's base URL.
    pub fn graph_url(&self) -> &str {
        &self.hub.base
    }

    /// The settings it was started with: tokens, secrets, numbers.
    pub fn settings(&self) -> &Settings {
        &self.hub.settings
    }

    /// Does the verification handshake with a callback and posts webhooks there from now on.
    pub async fn connect(&self, callback: &str) -> Result<(), HandshakeFailed> {
        webhook::handshake(&self.hub, callback).await?;
        self.point_at(callback);
        Ok(())
    }

    /// Posts webhooks there from now on, without a handshake; repetitions under way follow.
    pub fn point_at(&self, callback: &str) {
        *self.hub.callback.lock() = Some(callback.to_owned());
    }

    /// The person with this phone number; made if new.
    pub fn person(&self, phone: &str) -> Person {
        let index = self.hub.world.lock().person(&person::digits(phone));
        Person { hub: self.hub.clone(), index }
    }

    /// The person with this username. The bot is never shown their number.
    pub fn username_person(&self, username: &str) -> Person {
        let index = self.hub.world.lock().username_person(username);
        Person { hub: self.hub.clone(), index }
    }

    /// A group with these members, and the bot.
    pub fn group(&self, id: &str, members: &[&Person]) -> Group {
        let members = members.iter().map(|person| person.index).collect();
        self.hub.world.lock().groups.insert(id.to_owned(), world::GroupState { members });
        Group { id: id.to_owned() }
    }

    /// Pushes the clock forward.
    pub fn advance(&self, by: Duration) {
        self.hub.clock.advance(by);
        self.hub.changed.notify_waiters();
    }

    /// Its time, in milliseconds since 1970.
    pub fn now_ms(&self) -> u64 {
        self.hub.clock.now_ms()
    }

    /// Refuses the next sends with this code.
    pub fn fail_next_sends(&self, sends: usize, code: u32) {
        for _ in 0..sends {
            self.plan_send(SendFault::Refuse(GraphError::new(code, "refused on demand")));
        }
    }

    /// Plans what happens to one more of the next sends.
    pub fn plan_send(&self, fault: SendFault) {
        self.hub.world.lock().faults.sends.push_back(fault);
    }

    /// Refuses one more of the next uploads with this code.
    pub fn fail_next_upload(&self, code: u32) {
        self.hub.world.lock().faults.uploads.push_back(GraphError::new(code, "refused on demand"));
    }

    /// Plans what happens to one more of the next downloads.
    pub fn plan_download(&self, fault: DownloadFault) {
        self.hub.world.lock().faults.downloads.push_back(fault);
    }

    /// Posts each webhook this often beside the first time, all at once.
    pub fn duplicate_webhooks(&self, copies: u32) {
        self.hub.world.lock().faults.duplicates = copies;
    }

    /// Delays each webhook by a random time up to this, so that their order is lost. Zero ends it.
    pub fn shuffle_webhooks(&self, delay_max: Duration) {
        self.hub.world.lock().faults.shuffle = delay_max;
    }

    /// Adds or replaces a token.
    pub fn set_token(&self, text: &str, token: Token) {
        self.hub.world.lock().tokens.by_text.insert(text.to_owned(), token);
    }

    /// Ends a token now.
    pub fn expire_token(&self, text: &str) {
        let now = self.hub.clock.now_seconds();
        if let Some(token) = self.hub.world.lock().tokens.by_text.get_mut(text) {
            token.expires_at = Some(now);
        }
    }

    /// Whether the app is subscribed to the account, and to which fields.
    pub fn set_subscription(&self, subscribed: bool, fields: &[&str]) {
        let mut world = self.hub.world.lock();
        world.subscribed = subscribed;
        world.fields = fields.iter().map(|&field| field.to_owned()).collect();
    }

    /// Takes a number out of service (133010), or back into it.
    pub fn set_registered(&self, number: &str, registered: bool) {
        let mut world = self.hub.world.lock();
        if registered {
            world.unregistered.remove(number)
        } else {
            world.unregistered.insert(number.to_owned())
        };
    }

    /// Posts a status of a message of the bot's and returns when it was answered 200.
    pub async fn post_status(&self, message: &Delivered, status: Status) {
        let receiver = self.hub.world.lock().people.iter().position(|p| p.inbox.iter().any(|m| m.id == message.id));
        status::post(&self.hub, message, receiver, &status).await;
    }

    /// Posts any body, signed, until it is answered 200.
    pub async fn post_raw(&self, body: impl Into<Bytes>) {
        webhook::deliver(self.hub.clone(), body.into()).await;
    }

    /// Posts several messages in one webhook and returns their ids.
    pub async fn post_together(&self, drafts: Vec<Draft>) -> Vec<String> {
        let mut changes: Vec<Value> = Vec::new();
        let mut ids = Vec::new();
        for draft in drafts {
            let (id, body) = draft.into_body();
            let body: Value = serde_json::from_slice(&body).expect("the simulator wrote it");
            changes.push(body["entry"][0]["changes"][0].clone());
            ids.push(id);
        }
        webhook::deliver(self.hub.clone(), webhook::envelope(&self.hub, &changes)).await;
        ids
    }

    /// Everything the bot sent that is still remembered.
    pub fn sent(&self) -> Vec<Delivered> {
        self.hub.world.lock().sent.iter().cloned().collect()
    }

    /// The bytes of a medium, by the id under which the bot uploaded it.
    pub fn medium(&self, id: &str) -> Option<Bytes> {
        self.hub.world.lock().media.get(id, self.hub.clock.now_ms()).map(|item| item.bytes.clone())
    }

    /// The counters.
    pub fn counters(&self) -> Counters {
        self.hub.world.lock().counters.clone()
    }

    /// Waits until the counters are as wanted; `false` if that does not happen in time.
    pub async fn until(&self, patience: Duration, wanted: impl Fn(&Counters) -> bool) -> bool {
        let seen = self.hub.wait_for(|world| wanted(&world.counters).then_some(()));
        tokio::time::timeout(patience, seen).await.is_ok()
    }
}

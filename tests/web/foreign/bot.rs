//! The whole bot on WhatsApp Web, linked to a simulated phone.

use crate::voice::{recording, whisper};
use greenroom::{Running, Runtime};
use greenroom_conformance::messages::id;
use greenroom_contract::assistant::{Answer, Assistant, AssistantError, Content, Needs, Quoting, Reply, Turn};
use greenroom_contract::ids::{AccountId, OwnerId};
use greenroom_contract::linking::{LinkMethod, LinkStep};
use greenroom_contract::message::Media;
use greenroom_contract::outbound::OutboundBody;
use greenroom_engine::LinkRequest;
use greenroom_simulator_whatsapp_web::{Phone, Simulator};
use std::path::Path;
use std::time::Duration;

/// The phone number of the bot's account.
pub(super) const BOT: &str = "15550000001";
/// How long a test waits for anything.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// The audio that the bot answers with when it is asked to speak; no voice note yet.
const SPOKEN: &str = "formats/note-05.mp3";

/// A running bot, and the phone that its account belongs to.
pub(super) struct Bot {
    pub(super) running: Running,
    pub(super) account: AccountId,
    pub(super) phone: Phone,
    /// The number of the bot's device at that phone.
    pub(super) device: u16,
}

impl Bot {
    /// Starts on a store in this folder, and links.
    pub(super) async fn linked(simulator: &Simulator, folder: &Path) -> Self {
        let phone = simulator.phone(BOT, "Greeny").await.expect("a phone is made");
        let running = start(simulator, folder).await;
        let request =
            LinkRequest { channel: id("front"), owner: owner(), account: None, method: LinkMethod::Qr, accepted: true };
        let account = running.handle().begin_link(request).await.expect("it may be linked");
        let device = phone.scan(&shown(&running, &account).await).await.expect("the phone accepts the code");
        let bot = Self { running, account, phone, device };
        bot.until(|step| matches!(step, LinkStep::Done { .. }).then_some(())).await;
        bot
    }

    /// Ends, and starts again on the same store.
    pub(super) async fn again(self, simulator: &Simulator, folder: &Path, meanwhile: impl AsyncFnOnce()) -> Self {
        let Self { running, account, phone, device } = self;
        running.handle().drain(PATIENCE).await;
        drop(running);
        meanwhile().await;
        Self { running: start(simulator, folder).await, account, phone, device }
    }

    /// The device, as faults name it.
    pub(super) fn companion(&self) -> (&str, u16) {
        (BOT, self.device)
    }

    async fn until<T>(&self, pick: impl Fn(&LinkStep) -> Option<T>) -> T {
        until_step(&self.running, &self.account, pick).await
    }
}

pub(super) fn owner() -> OwnerId {
    id("local")
}

/// The code that is to be scanned now.
async fn shown(running: &Running, account: &AccountId) -> String {
    let code = |step: &LinkStep| match step {
        step if step.qr().is_some() => step.qr().map(str::to_owned),
        _ => None,
    };
    until_step(running, account, code).await
}

async fn until_step<T>(running: &Running, account: &AccountId, pick: impl Fn(&LinkStep) -> Option<T>) -> T {
    let mut steps = running.handle().link_steps(account).expect("the account is there");
    let mut found = None;
    let wait = steps.wait_for(|view| {
        found = view.step.as_ref().and_then(&pick);
        found.is_some()
    });
    tokio::time::timeout(PATIENCE, wait).await.expect("linking goes on").expect("the engine runs");
    found.expect("it was just found")
}

async fn start(simulator: &Simulator, folder: &Path) -> Running {
    // The program does this in `main`. Another test of this process may have been first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let certificate = folder.join("media.pem");
    std::fs::write(&certificate, simulator.certificate_pem()).expect("the folder is writable");
    let configuration = format!(
        "[channels.front]\nadapter = \"whatsapp-web\"\nassistant = \"helper\"\nallow_from = [\"*\"]\n\
         pacing = \"off\"\nsocket_url = \"{}\"\nmedia_certificate = \"{}\"\n\
         rates = {{ person_per_minute = 100000, person_per_day = 100000, group_per_minute = 100000, group_per_day = 100000 }}\n",
        simulator.url(),
        certificate.display()
    );
    let runtime = Runtime::builder()
        .config(configuration)
        .assistant("helper", Mirror)
        .transcriber(whisper())
        .store_path(folder.join("store"))
        .build()
        .expect("a sound configuration");
    runtime.start().await.expect("it starts")
}

/// Says everything back in its kind; speaks when it is asked to, and answers a question visibly.
struct Mirror;

#[greenroom::async_trait]
impl Assistant for Mirror {
    fn needs(&self) -> Needs {
        Needs { history_turns: 0, reactions: true, documents: true, ..Needs::default() }
    }

    async fn respond(&self, turn: Turn) -> Result<Answer, AssistantError> {
        let replies = turn.messages.into_iter().filter_map(|message| mirrored(message.content)).collect();
        Ok(Answer { replies, ..Answer::default() })
    }
}

fn mirrored(content: Content) -> Option<Reply> {
    let (body, quoting) = match content {
        Content::Text(text) if text == "speak" => {
            let media = Media { mime: "audio/mpeg".to_owned(), bytes: recording(SPOKEN).into() };
            (OutboundBody::Voice { media, sound: None }, Quoting::Never)
        }
        Content::Text(text) if text.ends_with('?') => (OutboundBody::Text(format!("you ask: {text}")), Quoting::Always),
        Content::Text(text) => (OutboundBody::Text(format!("you say: {text}")), Quoting::WhereUseful),
        Content::Voice(transcript) => (OutboundBody::Text(format!("I heard: {}", transcript.text)), Quoting::Never),
        Content::Image { media: Some(media), caption } => (OutboundBody::Image { media, caption }, Quoting::Never),
        Content::Document { media: Some(media), name, caption } => {
            (OutboundBody::Document { media, name: name.unwrap_or_default(), caption }, Quoting::Always)
        }
        Content::Choice { id, title } => (OutboundBody::Text(format!("you chose: {id} ({title})")), Quoting::Never),
        Content::Location(place) => (OutboundBody::Location(place), Quoting::Always),
        Content::Contacts(contacts) => {
            let all =
                contacts.into_iter().map(|one| format!("{} {}", one.name.unwrap_or_default(), one.phones.join(" ")));
            (OutboundBody::Text(format!("you know: {}", all.collect::<Vec<_>>().join(", "))), Quoting::Never)
        }
        Content::Reaction { to, emoji: Some(emoji) } => {
            (OutboundBody::Reaction { to, emoji: Some(emoji) }, Quoting::Never)
        }
        _ => return None,
    };
    Some(Reply { quoting, ..Reply::new(body) })
}

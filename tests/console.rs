//! The console passes the suite that every adapter must pass, as far as a screen full of words can show it.

use async_trait::async_trait;
use greenroom_channel_console::{Console, ConsoleConfig, ShowIds, Streams};
use greenroom_conformance::channel_conformance::{ChannelWorld, Place, Plays, Saying, Seen, What, Who};
use greenroom_conformance::messages::{START, id};
use greenroom_conformance::vault::MemoryVault;
use greenroom_contract::address::Address;
use greenroom_contract::capabilities::{Capabilities, Support};
use greenroom_contract::channel::{Channel, ConnectError, Ended, Identity, Link, MediaError, Receipt, SendError};
use greenroom_contract::event::EventSink;
use greenroom_contract::factory::ChannelParts;
use greenroom_contract::ids::{MessageId, OwnerId};
use greenroom_contract::message::{Media, MediaRef};
use greenroom_contract::outbound::Outbound;
use greenroom_contract::presence::Presence;
use greenroom_contract::store::{AccountRow, AccountState, AccountVault};
use greenroom_contract::time::Clock;
use std::future::{Ready, ready};
use std::io::{PipeWriter, Write};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// What was written, cut where it was flushed: one piece is one answer, or one note.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<(Vec<u8>, Vec<String>)>>);

impl Paper {
    fn pieces(&self) -> Vec<String> {
        lock(&self.0).1.clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("nothing panics while it holds this lock")
}

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        lock(&self.0).0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        let mut paper = lock(&self.0);
        let text = String::from_utf8_lossy(&std::mem::take(&mut paper.0)).into_owned();
        if let Some(text) = text.strip_suffix('\n') {
            paper.1.push(text.to_owned());
        }
        Ok(())
    }
}

struct World {
    channel: Arc<dyn Channel>,
    receipts: Receipts,
    vault: Arc<MemoryVault>,
    keyboard: tokio::sync::Mutex<PipeWriter>,
    output: Paper,
    notes: Paper,
    files: TempDir,
}

fn world() -> Ready<Arc<dyn ChannelWorld>> {
    let (input, keyboard) = std::io::pipe().expect("a pipe");
    let (output, notes) = (Paper::default(), Paper::default());
    let streams = Streams {
        input: Box::new(input),
        output: Box::new(output.clone()),
        notes: Box::new(notes.clone()),
        terminal: false,
    };
    let config = ConsoleConfig { name: None, ids: ShowIds::Always };
    let parts = ChannelParts { name: id("console"), names: Vec::new(), clock: Clock::System };
    let receipts = Receipts::default();
    let channel = Arc::new(Noting { console: Console::on(streams, config, &parts), receipts: receipts.clone() });
    let keyboard = tokio::sync::Mutex::new(keyboard);
    let files = TempDir::new().expect("a temporary folder");
    ready(Arc::new(World { channel, receipts, vault: MemoryVault::new(), keyboard, output, notes, files }))
}

fn number(who: Who) -> &'static str {
    match who {
        Who::Ana => "+15550000001",
        Who::Ben => "+15550000002",
        Who::Stranger => "+15550000666",
    }
}

impl World {
    /// The line that says it.
    fn line(&self, saying: &Saying) -> String {
        let file = |name: &str, bytes: &[u8]| {
            let path = self.files.path().join(name);
            std::fs::write(&path, bytes).expect("a writable folder");
            path.to_str().expect("a plain path").to_owned()
        };
        match &saying.what {
            What::Text(words) if saying.place == Place::GroupMentioningUs => format!("/mention {words}"),
            What::Text(words) => words.clone(),
            What::Image { bytes, caption } => {
                format!("/image {} {}", file("picture.png", bytes), caption.as_deref().unwrap_or(""))
            }
            What::Voice { bytes } => format!("/voice {}", file("voice.ogg", bytes)),
            What::Document { bytes, name, caption } => {
                format!("/file \"{}\" {}", file(name, bytes), caption.as_deref().unwrap_or(""))
            }
            What::Place(place) => {
                let name = place.name.as_deref().unwrap_or_default();
                format!("/location {},{} {name}", place.latitude, place.longitude)
            }
            What::Contact { name, phone } => format!("/contact {name} {phone}"),
            What::Tap { title, .. } => format!("/pick {}", if title == "Small" { 1 } else { 2 }),
            What::Question(_) | What::Strange { .. } => unreachable!("this world does not play it"),
            What::Reaction { .. } => unreachable!("this world does not play reactions"),
        }
    }

    /// Ids shown so far.
    fn ids(&self) -> Vec<MessageId> {
        let notes = self.notes.pieces();
        let shown = notes.iter().filter_map(|note| note.strip_prefix('[').and_then(|note| note.strip_suffix(']')));
        shown.map(id::<MessageId>).collect()
    }
}

#[async_trait]
impl ChannelWorld for World {
    fn channel(&self) -> Arc<dyn Channel> {
        self.channel.clone()
    }

    fn account(&self) -> AccountRow {
        AccountRow {
            id: id("account-1"),
            channel: id("console"),
            owner: OwnerId::local(),
            adapter: None,
            configured_key: Some("keyboard".to_owned()),
            label: None,
            state: AccountState::Linked,
            created_at: START,
            changed_at: START,
            linked_at: None,
        }
    }

    fn vault(&self) -> Arc<MemoryVault> {
        self.vault.clone()
    }

    fn plays(&self) -> Plays {
        Plays {
            media: Support::Yes,
            lost_media: Support::Yes,
            documents: Support::Yes,
            places: Support::Yes,
            contacts: Support::Yes,
            taps: Support::Yes,
            lines: Support::No,
            sees_replies: Support::No,
            sees_media: Support::No,
            ..Plays::WORDS_ONLY
        }
    }

    async fn says(&self, saying: Saying) -> MessageId {
        let mut keyboard = self.keyboard.lock().await;
        let before = self.ids().len();
        let place = if saying.place == Place::Direct { "/direct" } else { "/group friends" };
        let lines = format!("/as {}\n{place}\n{}\n", number(saying.who), self.line(&saying));
        keyboard.write_all(lines.as_bytes()).expect("somebody reads");
        // An id is shown once its message was taken; a screen gives no other signal.
        while self.ids().len() == before {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        self.ids().remove(before)
    }

    fn address_of(&self, who: Who) -> Option<Address> {
        Some(id(number(who)))
    }

    fn seen(&self) -> Vec<Seen> {
        let receipts = lock(&self.receipts).clone();
        let seen = self.output.pieces().into_iter().zip(receipts);
        seen.map(|(words, message)| Seen { message, reply_to: None, what: What::Text(words) }).collect()
    }

    async fn lose_media(&self) {
        for entry in std::fs::read_dir(self.files.path()).expect("a readable folder") {
            std::fs::remove_file(entry.expect("readable").path()).expect("it can be removed");
        }
    }
}

/// Ids of what was sent. A screen shows none, so they are noted on the way.
type Receipts = Arc<Mutex<Vec<MessageId>>>;

/// The console, with its receipts noted.
struct Noting {
    console: Console,
    receipts: Receipts,
}

#[async_trait]
impl Channel for Noting {
    fn capabilities(&self) -> &Capabilities {
        self.console.capabilities()
    }

    fn identities(&self) -> Vec<Identity> {
        self.console.identities()
    }

    async fn connect(&self, account: &AccountRow, vault: AccountVault) -> Result<Arc<dyn Link>, ConnectError> {
        let link = self.console.connect(account, vault).await?;
        Ok(Arc::new(NotingLink { link, receipts: self.receipts.clone() }))
    }
}

struct NotingLink {
    link: Arc<dyn Link>,
    receipts: Receipts,
}

#[async_trait]
impl Link for NotingLink {
    async fn run(&self, sink: Arc<dyn EventSink>, stop: CancellationToken) -> Ended {
        self.link.run(sink, stop).await
    }

    async fn send(&self, outbound: &Outbound) -> Result<Receipt, SendError> {
        let receipt = self.link.send(outbound).await?;
        lock(&self.receipts).push(receipt.message.clone());
        Ok(receipt)
    }

    async fn fetch(&self, media: &MediaRef, bytes_max: u64) -> Result<Media, MediaError> {
        self.link.fetch(media, bytes_max).await
    }

    fn presence(&self) -> Option<&dyn Presence> {
        self.link.presence()
    }
}

greenroom_conformance::channel_conformance!(world);

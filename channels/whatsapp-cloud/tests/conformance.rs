//! The suite that every adapter must pass, through real HTTP against the simulator.

mod common;

use async_trait::async_trait;
use bytes::Bytes;
use common::{Gateway, config, parts, row, serve, settings};
use greenroom_channel_whatsapp_cloud::CloudChannel;
use greenroom_conformance::channel_conformance::{ChannelWorld, Place, Plays, Saying, Seen, What, Who};
use greenroom_conformance::vault::MemoryVault;
use greenroom_contract::address::Address;
use greenroom_contract::capabilities::Support;
use greenroom_contract::channel::Channel;
use greenroom_contract::choices::{Choice, Choices};
use greenroom_contract::event::EventSink;
use greenroom_contract::ids::MessageId;
use greenroom_contract::message::Location;
use greenroom_contract::store::AccountRow;
use greenroom_simulator_whatsapp_cloud::{
    Content, Group, MediaCheck, Person, Question, SendFault, Settings, Simulator, TapOption,
};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

struct World {
    meta: Simulator,
    gateway: Arc<Gateway>,
    vault: Arc<MemoryVault>,
    group: Group,
}

fn number(who: Who) -> &'static str {
    match who {
        Who::Ana => "+15550000001",
        Who::Ben => "+15550000002",
        Who::Stranger => "+15550000666",
    }
}

async fn world() -> Arc<dyn ChannelWorld> {
    let meta = Simulator::start_with(Settings { media_check: MediaCheck::Declaration, ..settings() }).await;
    let channel = CloudChannel::new(config(&meta), &parts()).expect("a right configuration");
    let (gateway, url) = serve(Arc::new(channel)).await;
    meta.connect(&url).await.expect("the handshake succeeds");
    let group = meta.group("120363001", &[&meta.person(number(Who::Ana)), &meta.person(number(Who::Ben))]);
    Arc::new(World { meta, gateway, vault: MemoryVault::new(), group })
}

impl World {
    fn person(&self, who: Who) -> Person {
        self.meta.person(number(who))
    }
}

#[async_trait]
impl ChannelWorld for World {
    fn channel(&self) -> Arc<dyn Channel> {
        self.gateway.channel.clone()
    }

    fn account(&self) -> AccountRow {
        row(&self.meta.settings().numbers[0].id)
    }

    fn vault(&self) -> Arc<MemoryVault> {
        self.vault.clone()
    }

    fn plays(&self) -> Plays {
        Plays {
            // What arrives is acknowledged by the gateway, with its 200, and not by the link.
            acknowledgements: Support::No,
            // Webhooks come in whether the link runs or not, and each send is a call of its own.
            connection: Support::No,
            own_devices: Support::No,
            ..Plays::EVERYTHING
        }
    }

    fn events_go_to(&self, sink: Arc<dyn EventSink>) {
        self.gateway.sinks.lock().insert(self.account().id, sink);
    }

    async fn says(&self, saying: Saying) -> MessageId {
        let person = self.person(saying.who);
        let draft = match saying.what {
            What::Text(words) => person.says(&words),
            What::Image { bytes, caption } => person.shows("image/png", bytes, caption.as_deref()),
            What::Voice { bytes } => person.speaks(bytes),
            What::Reaction { to, emoji } => person.reacts(to.as_str(), Some(&emoji)),
            What::Document { bytes, name, caption } => {
                person.sends_document("application/pdf", bytes, &name, caption.as_deref())
            }
            What::Place(at) => {
                person.shares_location(at.latitude, at.longitude, at.name.as_deref(), at.address.as_deref())
            }
            What::Contact { name, phone } => person.shares_contacts(&[(&name, &phone)]),
            What::Tap { of, id, title } => person.taps(of.as_str(), &id, &title),
            What::Question(_) => unreachable!("people ask in words"),
            What::Strange { caption } => {
                person.sends(json!({"type": "video", "video": {"id": "1", "caption": caption}}))
            }
        };
        let draft = if saying.place == Place::Direct { draft } else { draft.in_group(&self.group) };
        let draft = match saying.quoting {
            Some(message) => draft.replying_to(message.as_str()),
            None => draft,
        };
        draft.await.parse().expect("the simulator's ids are short")
    }

    fn address_of(&self, who: Who) -> Option<Address> {
        number(who).parse().ok()
    }

    fn seen(&self) -> Vec<Seen> {
        let medium = |id: &str| self.meta.medium(id).unwrap_or_default();
        let what = |content: Content| match content {
            Content::Text(words) => What::Text(words),
            Content::Image { media, caption } => What::Image { bytes: medium(&media), caption },
            Content::Audio { media, voice: true } => What::Voice { bytes: medium(&media) },
            Content::Audio { .. } => What::Voice { bytes: Bytes::from_static(b"not a voice note") },
            Content::Reaction { message, emoji } => {
                What::Reaction { to: message.parse().expect("an id that we sent"), emoji }
            }
            Content::Document { media, filename, caption } => {
                What::Document { bytes: medium(&media), name: filename.unwrap_or_default(), caption }
            }
            Content::Location { latitude, longitude, name, address } => {
                What::Place(Location { latitude, longitude, name, address })
            }
            other => What::Text(format!("{other:?}")),
        };
        let id = |text: &str| text.parse().expect("the simulator's ids are short");
        let seen = |message: greenroom_simulator_whatsapp_cloud::Delivered| Seen {
            message: id(&message.id),
            reply_to: message.context.as_deref().map(id),
            what: message.question().map_or_else(|| what(message.content), asked),
        };
        self.meta.sent().into_iter().map(seen).collect()
    }

    async fn refuse_next_send(&self) {
        self.meta.fail_next_sends(1, 131_000);
    }

    async fn lose_next_outcome(&self) {
        self.meta.plan_send(SendFault::TakeAndCut);
    }

    async fn lose_media(&self) {
        self.meta.advance(Duration::from_secs(8 * 24 * 3600));
    }
}

fn asked(question: Question) -> What {
    let option = |option: TapOption| Choice { id: option.id, title: option.title, detail: option.detail };
    let options = question.options.into_iter().map(option).collect();
    What::Question(Choices { text: question.text, options, open_label: question.open_label })
}

greenroom_conformance::channel_conformance!(world);

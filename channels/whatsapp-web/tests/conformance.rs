//! The suite that every adapter must pass, through the whole protocol against the simulator.
#![cfg(feature = "simulator")]
#![allow(clippy::unwrap_used, reason = "helpers of tests stand outside the test functions")]

mod common;

use async_trait::async_trait;
use bytes::Bytes;
use common::{ANA, BEN, BOT, SOON, STRANGER, World as Network, row};
use greenroom_conformance::channel_conformance::{ChannelWorld, Place, Plays, Saying, Seen, What, Who};
use greenroom_conformance::messages::id;
use greenroom_conformance::vault::MemoryVault;
use greenroom_contract::address::Address;
use greenroom_contract::channel::Channel;
use greenroom_contract::ids::MessageId;
use greenroom_contract::message::Location;
use greenroom_contract::store::AccountRow;
use greenroom_simulator_whatsapp_web::people::{Address as To, Body, Draft, Heard, ReceiptKind};
use greenroom_simulator_whatsapp_web::{Group, Phone};
use std::collections::HashSet;
use std::sync::Arc;
use whatsapp_rust::waproto::buffa::MessageField;
use whatsapp_rust::waproto::whatsapp as wa;

struct World {
    network: Network,
    stranger: Phone,
    group: Group,
    device: u16,
}

fn number(who: Who) -> &'static str {
    match who {
        Who::Ana => ANA,
        Who::Ben => BEN,
        Who::Stranger => STRANGER,
    }
}

async fn world() -> Arc<dyn ChannelWorld> {
    let network = Network::new().await;
    let stranger = network.whatsapp.phone(STRANGER, "Nobody").await.unwrap();
    let group = network.group();
    let link = network.link().await;
    let device = network.pair(&link).await;
    Arc::new(World { network, stranger, group, device })
}

impl World {
    fn phone(&self, who: Who) -> &Phone {
        match who {
            Who::Ana => &self.network.ana,
            Who::Ben => &self.network.ben,
            Who::Stranger => &self.stranger,
        }
    }

    fn bot(&self) -> (&'static str, u16) {
        (BOT, self.device)
    }

    /// A message as this phone has it, if it is not its own.
    async fn on_screen(&self, phone: &Phone, message: &MessageId) -> Option<Heard> {
        if Self::wrote(phone, message) {
            return None;
        }
        Some(phone.until_heard(|heard| heard.id == message.as_str(), SOON).await.unwrap())
    }

    fn wrote(phone: &Phone, message: &MessageId) -> bool {
        phone.acknowledged(message.as_str()).is_some()
    }
}

fn strange(caption: &str) -> wa::Message {
    let document = wa::message::DocumentMessage {
        caption: Some(caption.to_owned()),
        file_name: Some("a.pdf".to_owned()),
        ..wa::message::DocumentMessage::default()
    };
    wa::Message { document_message: MessageField::some(document), ..wa::Message::default() }
}

#[async_trait]
impl ChannelWorld for World {
    fn channel(&self) -> Arc<dyn Channel> {
        self.network.channel.clone()
    }

    fn account(&self) -> AccountRow {
        row()
    }

    fn vault(&self) -> Arc<MemoryVault> {
        self.network.vault.clone()
    }

    fn plays(&self) -> Plays {
        Plays::EVERYTHING
    }

    async fn says(&self, saying: Saying) -> MessageId {
        let phone = self.phone(saying.who);
        let draft = match saying.what {
            What::Text(words) => Draft::text(words),
            What::Image { bytes, caption } => Draft::image(bytes.to_vec(), caption.as_deref()),
            What::Voice { bytes } => Draft::voice(bytes.to_vec(), 3),
            What::Reaction { to, emoji } => match self.on_screen(phone, &to).await {
                Some(heard) => Draft::reaction(&heard, &emoji),
                None => Draft::reaction_to_own(to.as_str(), &emoji),
            },
            What::Document { bytes, name, caption } => {
                Draft::file(bytes.to_vec(), &name, "application/pdf", caption.as_deref())
            }
            What::Place(at) => Draft::place(at.latitude, at.longitude, at.name.as_deref(), at.address.as_deref()),
            What::Contact { name, phone } => Draft::contact(&name, phone.trim_start_matches('+')),
            What::Tap { id, title, .. } => Draft::tap(&id, &title),
            What::Question(_) => unreachable!("people ask in words"),
            What::Strange { caption } => Draft::raw(strange(&caption)),
        };
        let draft = match &saying.quoting {
            Some(message) => match self.on_screen(phone, message).await {
                Some(heard) => draft.quoting(&heard),
                None => draft.quoting_own(message.as_str(), "something"),
            },
            None => draft,
        };
        let (to, draft) = match saying.place {
            Place::Direct => (To::pn(BOT), draft),
            Place::Group => (To::group(self.group.id()), draft),
            Place::GroupMentioningUs => {
                (To::group(self.group.id()), draft.mentioning([To::lid(self.network.bot.lid())]))
            }
        };
        id(phone.send(&to, draft).await.unwrap())
    }

    fn address_of(&self, who: Who) -> Option<Address> {
        Address::phone(&format!("+{}", number(who))).ok()
    }

    /// A phone keeps a message under its id and shows it once; the simulated one lists each time that it came.
    fn seen(&self) -> Vec<Seen> {
        let mut shown = HashSet::new();
        let heard = self.network.ana.heard().into_iter().filter(|heard| heard.from == BOT);
        heard.filter(|heard| shown.insert(heard.id.clone())).map(seen).collect()
    }

    fn is_acknowledged(&self, message: &MessageId) -> bool {
        let phones = [&self.network.ana, &self.network.ben, &self.stranger];
        let by_us = |receipt: &greenroom_simulator_whatsapp_web::people::Receipt| {
            receipt.id == message.as_str()
                && receipt.from == BOT
                && receipt.device.device == self.device
                && matches!(receipt.kind, ReceiptKind::Delivered | ReceiptKind::Inactive)
        };
        phones.iter().any(|phone| phone.receipts().iter().any(by_us))
    }

    async fn cut(&self) {
        assert!(self.network.whatsapp.cut(self.bot()));
    }

    async fn refuse_next_send(&self) {
        assert!(self.network.whatsapp.refuse_next(self.bot(), 1, 479));
    }

    async fn lose_next_outcome(&self) {
        let (whatsapp, ana, device) = (self.network.whatsapp.clone(), self.network.ana.clone(), self.device);
        let heard = ana.heard().len();
        assert!(whatsapp.hold_acks((BOT, device), true));
        tokio::spawn(async move {
            ana.until_heard(|message| message.text() == Some("perhaps"), SOON).await.unwrap();
            assert!(ana.heard().len() > heard);
            assert!(whatsapp.cut((BOT, device)));
        });
    }

    async fn owner_says(&self, text: &str) {
        self.network.bot.say(&To::pn(ANA), text).await.unwrap();
    }

    async fn lose_media(&self) {
        self.network.whatsapp.lose_media();
    }
}

fn seen(heard: Heard) -> Seen {
    let what = match heard.body {
        Body::Text(words) => What::Text(words),
        Body::Image { bytes, caption, .. } => What::Image { bytes: Bytes::from(bytes), caption },
        Body::Voice { bytes, .. } => What::Voice { bytes: Bytes::from(bytes) },
        Body::Reaction { to, emoji } => What::Reaction { to: id(to), emoji: emoji.unwrap_or_default() },
        Body::Document { bytes, name, caption, .. } => {
            What::Document { bytes: Bytes::from(bytes), name: name.unwrap_or_default(), caption }
        }
        Body::Location { latitude, longitude, name, address } => {
            What::Place(Location { latitude, longitude, name, address })
        }
        other => What::Text(format!("{other:?}")),
    };
    let reply_to = heard.quote.map(|quote| id(quote.id));
    Seen { message: id(heard.id), reply_to, what }
}

greenroom_conformance::channel_conformance!(world);

//! The loopback network passes the suite that every adapter must pass.

use async_trait::async_trait;
use bytes::Bytes;
use greenroom_channel_loopback::{LoopbackNetwork, Options, Said, SendPlan, loopback, said};
use greenroom_conformance::channel_conformance::{ChannelWorld, Place, Plays, Saying, Seen, What, Who};
use greenroom_conformance::messages::{START, id};
use greenroom_conformance::vault::MemoryVault;
use greenroom_contract::address::Address;
use greenroom_contract::channel::{BackOff, Channel, Ended, SendError};
use greenroom_contract::ids::{ChannelName, MessageId, OwnerId};
use greenroom_contract::outbound::OutboundBody;
use greenroom_contract::store::{AccountRow, AccountState};
use parking_lot::Mutex;
use std::collections::HashSet;
use std::future::{Ready, ready};
use std::sync::Arc;

const MAIN: &str = "main";
const GROUP: &str = "friends";

struct World {
    channel: Arc<dyn Channel>,
    network: LoopbackNetwork,
    vault: Arc<MemoryVault>,
    acknowledged: Arc<Mutex<HashSet<MessageId>>>,
}

fn world() -> Ready<Arc<dyn ChannelWorld>> {
    let (channel, network) = loopback(Options::default());
    ready(Arc::new(World { channel, network, vault: MemoryVault::new(), acknowledged: Arc::default() }))
}

fn number(who: Who) -> &'static str {
    match who {
        Who::Ana => "+15550000001",
        Who::Ben => "+15550000002",
        Who::Stranger => "+15550000666",
    }
}

impl World {
    fn said(&self, saying: Saying) -> Said {
        let who = number(saying.who);
        let said = match saying.what {
            What::Text(words) => said::text(who, words),
            What::Image { bytes, caption } => said::image(who, bytes, caption.as_deref()),
            What::Voice { bytes } => said::voice(who, bytes),
            What::Reaction { to, emoji } => said::reaction(who, &to, Some(&emoji)),
            What::Document { bytes, name, caption } => said::document(who, bytes, &name, caption.as_deref()),
            What::Place(place) => said::location(who, place.latitude, place.longitude, place.name.as_deref()),
            What::Contact { name, phone } => said::contacts(who, &[(&name, &phone)]),
            What::Tap { of, id, title } => said::choice(who, &id, &title).replying_to_us(&of),
            What::Question(_) => unreachable!("people ask in words"),
            What::Strange { caption } => said::unsupported(who, "video", Some(&caption)),
        };
        let said = match saying.place {
            Place::Direct => said,
            Place::Group => said.in_group(GROUP),
            Place::GroupMentioningUs => said.in_group(GROUP).mentioning(),
        };
        match saying.quoting {
            Some(message) if self.network.sent().iter().any(|sent| sent.message() == message) => {
                said.replying_to_us(&message)
            }
            Some(message) => said.quoting(&message, None),
            None => said,
        }
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
            channel: id::<ChannelName>("loopback"),
            owner: OwnerId::local(),
            adapter: None,
            configured_key: Some(MAIN.to_owned()),
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
        Plays::EVERYTHING
    }

    async fn says(&self, saying: Saying) -> MessageId {
        let delivery = self.network.deliver(MAIN, self.said(saying)).await;
        let (message, acknowledged) = (delivery.message.clone(), self.acknowledged.clone());
        let name = message.clone();
        tokio::spawn(async move {
            if delivery.acknowledged().await.is_ok() {
                acknowledged.lock().insert(name);
            }
        });
        message
    }

    fn address_of(&self, who: Who) -> Option<Address> {
        Some(id(number(who)))
    }

    fn seen(&self) -> Vec<Seen> {
        let what = |body: &OutboundBody| match body.clone() {
            OutboundBody::Text(words) => What::Text(words),
            OutboundBody::Image { media, caption } => What::Image { bytes: media.bytes, caption },
            OutboundBody::Voice { media, .. } => What::Voice { bytes: media.bytes },
            OutboundBody::Choices(choices) => What::Question(choices),
            OutboundBody::Document { media, name, caption } => What::Document { bytes: media.bytes, name, caption },
            OutboundBody::Location(location) => What::Place(location),
            OutboundBody::Reaction { to, emoji } => What::Reaction { to, emoji: emoji.unwrap_or_default() },
        };
        let seen = self.network.sent();
        seen.iter()
            .map(|sent| Seen { message: sent.message(), reply_to: sent.reply_to.clone(), what: what(&sent.body) })
            .collect()
    }

    fn is_acknowledged(&self, message: &MessageId) -> bool {
        self.acknowledged.lock().contains(message)
    }

    async fn cut(&self) {
        self.network.cut(MAIN, Ended::Dropped { reason: "the wire broke".to_owned() });
    }

    async fn refuse_next_send(&self) {
        let scope = BackOff::Conversation;
        let error = SendError::Retry { reason: "busy".into(), after: None, scope };
        self.network.next_sends(MAIN, [SendPlan::Fail(error)]);
    }

    async fn lose_next_outcome(&self) {
        self.network.next_sends(MAIN, [SendPlan::DeliverUncertain]);
    }

    async fn owner_says(&self, text: &str) {
        let said = said::text(number(Who::Ana), text).on_own_device(false);
        self.network.deliver(MAIN, said).await;
    }

    async fn lose_media(&self) {
        // The shelf keeps the last thousand.
        for _ in 0..1_000 {
            self.network.put_media(Bytes::new());
        }
    }
}

greenroom_conformance::channel_conformance!(world);

//! The adapter keeps every rule that all adapters keep.

use crate::Bridge;
use crate::network::Network;
use greenroom::async_trait;
use greenroom::contract::address::Address;
use greenroom::contract::capabilities::Support;
use greenroom::contract::channel::Channel;
use greenroom::contract::ids::{MessageId, OwnerId};
use greenroom::contract::store::{AccountRow, AccountState};
use greenroom::contract::time::Timestamp;
use greenroom_conformance::channel_conformance::{ChannelWorld, Plays, Saying, Seen, What, Who};
use greenroom_conformance::vault::MemoryVault;
use std::sync::Arc;

/// The network as the rules play it.
struct BridgeWorld {
    network: Network,
    channel: Arc<Bridge>,
    vault: Arc<MemoryVault>,
}

fn phone(who: Who) -> &'static str {
    match who {
        Who::Ana => "+15550000001",
        Who::Ben => "+15550000002",
        Who::Stranger => "+15550000003",
    }
}

#[async_trait]
impl ChannelWorld for BridgeWorld {
    fn channel(&self) -> Arc<dyn Channel> {
        Arc::clone(&self.channel) as Arc<dyn Channel>
    }

    fn account(&self) -> AccountRow {
        AccountRow {
            id: "bridge-account".parse().unwrap(),
            channel: "bridge".parse().unwrap(),
            owner: OwnerId::local(),
            adapter: None,
            configured_key: Some("bridge".to_owned()),
            label: None,
            state: AccountState::Linked,
            created_at: Timestamp(0),
            changed_at: Timestamp(0),
            linked_at: None,
        }
    }

    fn vault(&self) -> Arc<MemoryVault> {
        Arc::clone(&self.vault)
    }

    fn plays(&self) -> Plays {
        Plays {
            acknowledgements: Support::Yes,
            redelivery: Support::Yes,
            connection: Support::Yes,
            ..Plays::WORDS_ONLY
        }
    }

    async fn says(&self, saying: Saying) -> MessageId {
        let What::Text(text) = saying.what else { panic!("this network knows words only") };
        self.network.deliver(phone(saying.who), &text).parse().unwrap()
    }

    fn address_of(&self, who: Who) -> Option<Address> {
        phone(who).parse().ok()
    }

    fn seen(&self) -> Vec<Seen> {
        let seen = self.network.seen_with_ids().into_iter();
        seen.map(|(id, text)| Seen { message: id.parse().unwrap(), reply_to: None, what: What::Text(text) }).collect()
    }

    fn is_acknowledged(&self, message: &MessageId) -> bool {
        self.network.is_taken(message.as_str())
    }

    async fn deliver_again(&self) {
        self.network.deliver_again();
    }

    async fn cut(&self) {
        self.network.cut();
    }
}

async fn world() -> Arc<dyn ChannelWorld> {
    let network = Network::start().await.unwrap();
    let channel = Arc::new(Bridge::new(network.address()));
    Arc::new(BridgeWorld { network, channel, vault: MemoryVault::new() })
}

greenroom_conformance::channel_conformance!(world);

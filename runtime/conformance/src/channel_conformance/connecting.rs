//! How a connection begins and ends.

// The suite calls every rule in the same way.
#![allow(clippy::unused_async)]

use super::stage::{Stage, skipped, soon};
use super::{ChannelWorld, Saying, Who};
use crate::messages::{id, text_from};
use greenroom_contract::channel::{Ended, SendError};
use greenroom_contract::event::Sign;
use greenroom_contract::ids::AccountId;
use greenroom_contract::outbound::OutboundBody;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

type World = Arc<dyn ChannelWorld>;

pub async fn the_table_of_capabilities_makes_sense(world: World) {
    let channel = world.channel();
    let able = channel.capabilities();
    assert!(able.text_chars_max >= 1, "a network without words is no network");
    assert!(!able.images.is_there() || able.caption_chars_max >= 1, "pictures have captions");
    assert!(!able.mentions.is_there() || able.groups.is_there(), "mentions without groups");
    assert!(!able.documents.is_there() || able.caption_chars_max >= 1, "documents have captions");
    if let Some(rules) = &able.choices {
        assert!(
            rules.form(&super::sending::question()).is_some(),
            "questions that not even two short words fit: {rules:?}"
        );
    }
    if let Some(rates) = &able.rates {
        let of_chat = rates.chat.map(|chat| chat.rate);
        for rate in std::iter::once(rates.account).chain(of_chat) {
            assert!(
                !rate.period.is_zero() && rate.burst >= 1,
                "a rate that lets nothing or everything through: {rate:?}"
            );
        }
        assert!(rates.jitter_percent <= 100, "jitter is a share");
    }
    assert!(able.window.is_none_or(|window| !window.open.is_zero()), "a window that is never open");
    assert_eq!(able, world.channel().capabilities(), "constant for the life of a channel");
}

pub async fn identities_are_distinct_and_stable(world: World) {
    let identities = world.channel().identities();
    assert_eq!(identities, world.channel().identities());
    let keys: HashSet<_> = identities.iter().map(|identity| identity.key.clone()).collect();
    assert_eq!(keys.len(), identities.len(), "two identities have one key: {identities:?}");
    assert!(identities.iter().all(|identity| !identity.key.is_empty() && !identity.label.is_empty()));
}

pub async fn a_connection_gives_a_sign_of_life(world: World) {
    let stage = Stage::connected(world).await;
    stage.hears(Saying::text(Who::Ana, "hi")).await;
    assert!(stage.sink.signs().contains(&Sign::Connected));
}

pub async fn nothing_is_sent_without_a_connection(world: World) {
    if !world.plays().connection.is_there() {
        return skipped("there is no connection that could be missing");
    }
    let stage = Stage::unconnected(world).await;
    let to = text_from("+15550000001", "made up");
    let refused = stage.sends(&stage.outbound(&to, OutboundBody::Text("hi".to_owned()))).await;
    assert_eq!(refused, Err(SendError::NotConnected));
    assert_eq!(stage.world.seen(), []);
}

pub async fn a_stop_ends_the_connection_soon(world: World) {
    let mut stage = Stage::connected(world).await;
    stage.hears(Saying::text(Who::Ana, "hi")).await;
    let told = Instant::now();
    assert_eq!(stage.stopped().await, Ended::Stopped);
    let took = told.elapsed();
    assert!(took < greenroom_contract::limits::STOP_TIMEOUT + Duration::from_secs(2), "it took {took:?}");
}

pub async fn a_lost_connection_says_so(world: World) {
    if !world.plays().connection.is_there() {
        return skipped("there is no connection that could be lost");
    }
    let mut stage = Stage::connected(world).await;
    stage.world.cut().await;
    let ended = stage.ended().await;
    assert!(matches!(&ended, Ended::Dropped { reason } if !reason.is_empty()), "{ended:?}");
    let to = text_from("+15550000001", "made up");
    let refused = stage.sends(&stage.outbound(&to, OutboundBody::Text("hi".to_owned()))).await;
    assert_eq!(refused, Err(SendError::NotConnected));
}

pub async fn a_connection_can_be_made_again(world: World) {
    if !world.plays().connection.is_there() {
        return skipped("there is no connection that could be lost");
    }
    let mut stage = Stage::connected(world).await;
    let before = stage.hears(Saying::text(Who::Ana, "before")).await;
    stage.world.cut().await;
    stage.ended().await;
    stage.connect().await;
    let after = stage.hears(Saying::text(Who::Ana, "after")).await;
    assert_eq!(after.key.chat, before.key.chat);
    let outbound = stage.outbound(&after, OutboundBody::Text("still here".to_owned()));
    stage.sends(&outbound).await.expect("it is sent over the new connection");
    stage.seen(1).await;
}

pub async fn a_closed_sink_ends_the_connection(world: World) {
    if !world.plays().acknowledgements.is_there() {
        return skipped("events do not come over the connection");
    }
    let mut stage = Stage::connected(world).await;
    stage.sink.close();
    let message = soon("the network takes it", stage.world.says(Saying::text(Who::Ana, "late"))).await;
    soon("the message is emitted", stage.sink.emits_begun(1)).await;
    stage.ended().await;
    assert!(!stage.world.is_acknowledged(&message), "what was not taken is not acknowledged");
}

pub async fn nothing_is_written_into_another_vault(world: World) {
    let (ours, other): (AccountId, AccountId) = (world.account().id, id("another account"));
    let vault = world.vault();
    let mut stage = Stage::connected(world).await;
    let inbound = stage.hears(Saying::text(Who::Ana, "hi")).await;
    stage.sends(&stage.outbound(&inbound, OutboundBody::Text("hello".to_owned()))).await.expect("it is sent");
    stage.stopped().await;
    assert_eq!(vault.values_of(&other), 0);
    assert_eq!(vault.values(), vault.values_of(&ours), "all that was kept belongs to the account");
}

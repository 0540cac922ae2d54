//! Tells the engine what the networks know of its messages.

use super::sky::{Evidence, Sky};
use greenroom_channel_loopback::LoopbackNetwork;
use greenroom_contract::event::{ChannelEvent, StatusOf};
use std::sync::Arc;

/// Carries evidence to the accounts that it is for, for as long as the process lives.
pub(crate) async fn courier(sky: Arc<Sky>, networks: Vec<LoopbackNetwork>) {
    loop {
        for evidence in sky.take_evidence() {
            let network = networks[evidence.place.0].clone();
            tokio::spawn(carry(sky.clone(), network, evidence));
        }
        sky.news.notified().await;
    }
}

/// Waits until the account listened for so long, and tells.
async fn carry(sky: Arc<Sky>, network: LoopbackNetwork, evidence: Evidence) {
    let account = &evidence.place.1;
    loop {
        network.connected(account).await;
        tokio::select! {
            () = tokio::time::sleep(evidence.after) => break,
            () = network.disconnected(account) => {}
        }
    }
    let of = StatusOf::Outbound(evidence.id.parse().expect("an id of the engine"));
    let (status, at) = (evidence.status.clone(), sky.look().now());
    let delivery = network.deliver_event(account, ChannelEvent::Status { of, status, at, billed_as: None }).await;
    if delivery.acknowledged().await.is_ok() {
        sky.acknowledged(&evidence);
    }
}

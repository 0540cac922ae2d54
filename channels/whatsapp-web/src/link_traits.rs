//! What the engine asks of one account, handed on to where it is done.

use crate::connection::web_link::WebLink;
use crate::connection::{numbers, send};
use crate::messages::media;
use crate::pairing;
use async_trait::async_trait;
use greenroom_contract::address::Address;
use greenroom_contract::cause::Cause;
use greenroom_contract::channel::{Ended, Link, MediaError, Receipt, SendError};
use greenroom_contract::directory::Directory;
use greenroom_contract::event::EventSink;
use greenroom_contract::ids::MessageId;
use greenroom_contract::linking::{LinkMethod, LinkStep, LogoutError, Pairing, PhoneSeen};
use greenroom_contract::message::{Media, MediaRef};
use greenroom_contract::outbound::{Outbound, Route};
use greenroom_contract::presence::Presence;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

#[async_trait]
impl Link for WebLink {
    async fn run(&self, sink: Arc<dyn EventSink>, stop: CancellationToken) -> Ended {
        self.connect_until_ended(sink, &stop).await
    }

    async fn send(&self, outbound: &Outbound) -> Result<Receipt, SendError> {
        let live = self.live().ok_or(SendError::NotConnected)?;
        send::send(&self.account, &live, outbound).await
    }

    async fn fetch(&self, media: &MediaRef, bytes_max: u64) -> Result<Media, MediaError> {
        let live = self.latest();
        media::fetch(&self.account.shared.http, live.map(|live| live.client.clone()), media, bytes_max).await
    }

    fn pairing(&self) -> Option<&dyn Pairing> {
        Some(self)
    }

    fn phone(&self) -> Option<PhoneSeen> {
        self.account.phone.report()
    }

    fn presence(&self) -> Option<&dyn Presence> {
        Some(self)
    }

    fn directory(&self) -> Option<&dyn Directory> {
        Some(self)
    }
}

#[async_trait]
impl Pairing for WebLink {
    async fn link(&self, method: LinkMethod, steps: mpsc::Sender<LinkStep>, stop: CancellationToken) {
        pairing::link(self, method, &steps, &stop).await;
    }

    async fn logout(&self) -> Result<(), LogoutError> {
        pairing::logout(self).await
    }
}

#[async_trait]
impl Directory for WebLink {
    async fn look_up(&self, number: &Address) -> Result<Option<Address>, Cause> {
        let live = self.live().ok_or("not connected")?;
        numbers::look_up(&live.client, number).await
    }
}

#[async_trait]
impl Presence for WebLink {
    async fn typing(&self, route: &Route, message: Option<&MessageId>) {
        if let Some(live) = self.live() {
            self.presence_signals.typing(&self.account, &live, route, message);
        }
    }

    async fn paused(&self, route: &Route) {
        if let Some(live) = self.live() {
            self.presence_signals.paused(&live, route);
        }
    }
}

//! What a person does: writes, repeats, types.

use whatsapp_rust::wacore_binary::builder::NodeBuilder;
use whatsapp_rust::wacore_binary::{Jid, JidExt as _, Server};

use super::address::Address;
use super::draft::{Draft, Outgoing, outgoing};
use super::node;
use super::phone::Phone;
use super::phone_state::SentMessage;

impl Phone {
    /// Sends a draft; returns the id of the message once it is written to the line. Whether the server took
    /// it stands in [`Phone::acknowledged`].
    ///
    /// Fails when the phone is offline, when nobody has the address, and when the server refuses a request.
    pub async fn send(&self, to: &Address, draft: Draft) -> anyhow::Result<String> {
        let _one_at_a_time = self.0.writing.lock().await;
        let chat = to.jid(self.number());
        if chat.is_group() {
            self.members(&chat).await?;
        }
        let by_lid = chat.is_lid() || chat.is_group() && self.0.phone_state.lock().addressing(&chat) == "lid";
        let own = if by_lid { self.lid_jid() } else { self.jid() };
        let outgoing = outgoing(&draft, &chat, &own, &*self.0.media)?;
        let id = outgoing.id.clone();
        self.0.phone_state.lock().sent.keep(SentMessage { to: chat.clone(), outgoing: outgoing.clone() });
        self.post(&chat, &outgoing).await?;
        Ok(id)
    }

    /// Posts a status that these people see; returns its id.
    pub async fn post_status(&self, viewers: &[Address], text: &str) -> anyhow::Result<String> {
        let _one_at_a_time = self.0.writing.lock().await;
        let status = Jid::new("status", Server::Broadcast);
        let outgoing = outgoing(&Draft::text(text), &status, &self.jid(), &*self.0.media)?;
        let viewers: Vec<Jid> = viewers.iter().map(|viewer| viewer.jid(self.number())).collect();
        self.send_status(&status, &outgoing, &viewers).await?;
        Ok(outgoing.id)
    }

    /// Sends words.
    pub async fn say(&self, to: &Address, text: &str) -> anyhow::Result<String> {
        self.send(to, Draft::text(text)).await
    }

    /// Sends an earlier message once more under its id, encrypted afresh: what a phone does when it
    /// believes that a message was lost.
    pub async fn repeat(&self, id: &str) -> anyhow::Result<()> {
        let _one_at_a_time = self.0.writing.lock().await;
        let sent_message = self.0.phone_state.lock().sent.find(id).cloned();
        let sent_message = sent_message.ok_or_else(|| anyhow::anyhow!("{} did not send {id}", self.name()))?;
        self.post(&sent_message.to, &sent_message.outgoing).await
    }

    async fn post(&self, chat: &Jid, outgoing: &Outgoing) -> anyhow::Result<()> {
        if chat.is_group() { self.send_group(chat, outgoing).await } else { self.send_direct(chat, outgoing).await }
    }

    /// Shows that the person is writing, or, without, has stopped.
    pub fn type_in(&self, to: &Address, writing: bool) -> anyhow::Result<()> {
        let state = NodeBuilder::new(if writing { "composing" } else { "paused" }).build();
        let chatstate = NodeBuilder::new("chatstate").attr("to", to.jid(self.number())).children([state]);
        self.0.wire.send(chatstate.build())
    }

    /// Shows that the person is away or back, without going offline.
    pub fn show_available(&self, available: bool) -> anyhow::Result<()> {
        let kind = if available { "available" } else { "unavailable" };
        let presence = NodeBuilder::new("presence").attr("type", kind).attr("name", self.name());
        self.0.wire.send(presence.build())
    }

    /// Forgets the session with a device, so that its next message cannot be read and has to be repeated.
    pub fn lose_session(&self, device: &Jid) {
        let phone_state = &mut *self.0.phone_state.lock();
        let address = phone_state.directory.signal_address(device);
        phone_state.keys.forget_session(&address);
    }

    /// A fresh id of a message, in the form that phones give theirs.
    pub fn fresh_id() -> String {
        node::fresh_id()
    }
}

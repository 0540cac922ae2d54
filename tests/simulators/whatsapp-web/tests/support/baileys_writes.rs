//! What a Baileys child can be told to write.

use super::baileys::Baileys;
use serde_json::{Value, json};

/// Every order returns the id of the message that was sent.
impl Baileys {
    pub(crate) async fn text(&self, to: &str, text: &str) -> String {
        self.sent("text", json!({ "to": to, "text": text })).await
    }

    /// Names people by `@digits` in the text and by JID beside it.
    pub(crate) async fn mention(&self, to: &str, text: &str, mentions: &[&str]) -> String {
        self.sent("text", json!({ "to": to, "text": text, "mentions": mentions })).await
    }

    /// Quotes a message that this client sent or received.
    pub(crate) async fn reply(&self, to: &str, text: &str, quote: &str) -> String {
        self.sent("text", json!({ "to": to, "text": text, "quote": quote })).await
    }

    pub(crate) async fn image(&self, to: &str, bytes: &[u8], caption: &str) -> String {
        self.sent("image", json!({ "to": to, "data": base64(bytes), "caption": caption })).await
    }

    pub(crate) async fn voice(&self, to: &str, bytes: &[u8], seconds: u32) -> String {
        self.sent("voice", json!({ "to": to, "data": base64(bytes), "seconds": seconds })).await
    }

    pub(crate) async fn document(
        &self,
        to: &str,
        bytes: &[u8],
        name: &str,
        mime: &str,
        caption: Option<&str>,
    ) -> String {
        let options = json!({ "to": to, "data": base64(bytes), "name": name, "mimetype": mime, "caption": caption });
        self.sent("document", options).await
    }

    pub(crate) async fn location(
        &self,
        to: &str,
        (latitude, longitude): (f64, f64),
        name: &str,
        address: &str,
    ) -> String {
        let place = json!({ "to": to, "latitude": latitude, "longitude": longitude, "name": name, "address": address });
        self.sent("location", place).await
    }

    /// A tap on a button.
    pub(crate) async fn tap(&self, to: &str, option: &str, title: &str) -> String {
        self.sent("tap", json!({ "to": to, "option": option, "title": title })).await
    }

    /// A tap on a row of a list.
    pub(crate) async fn pick(&self, to: &str, option: &str, title: &str) -> String {
        self.sent("pick", json!({ "to": to, "option": option, "title": title })).await
    }

    /// Cards of people, each with a name and the digits of a number.
    pub(crate) async fn contacts(&self, to: &str, people: &[(&str, &str)]) -> String {
        let cards: Vec<Value> = people.iter().map(|(name, number)| json!({ "name": name, "number": number })).collect();
        self.sent("contacts", json!({ "to": to, "cards": cards })).await
    }

    /// An empty emoji takes the reaction back.
    pub(crate) async fn react(&self, to: &str, target: &str, emoji: &str) -> String {
        self.sent("react", json!({ "to": to, "target": target, "emoji": emoji })).await
    }

    pub(crate) async fn edit(&self, to: &str, target: &str, text: &str) -> String {
        self.sent("edit", json!({ "to": to, "target": target, "text": text })).await
    }

    pub(crate) async fn revoke(&self, to: &str, target: &str) -> String {
        self.sent("revoke", json!({ "to": to, "target": target })).await
    }

    /// Marks a message as read.
    pub(crate) async fn read(&self, target: &str) {
        self.order("read", json!({ "target": target })).await;
    }

    /// `composing`, `recording` or `paused`.
    pub(crate) async fn typing(&self, to: &str, state: &str) {
        self.order("typing", json!({ "to": to, "state": state })).await;
    }

    /// Leaves; what is sent to it waits at the server.
    pub(crate) async fn offline(&self) {
        self.order("offline", json!({})).await;
    }

    /// Comes back, and waits until it has everything that waited.
    pub(crate) async fn online(&self) {
        let mark = self.mark();
        self.order("online", json!({})).await;
        self.until_open_since(mark).await;
    }

    /// Unlinks itself.
    pub(crate) async fn logout(&self) {
        self.order("logout", json!({})).await;
    }

    async fn sent(&self, order: &str, options: Value) -> String {
        let done = self.order(order, options).await;
        done["id"].as_str().expect("a sent message has an id").to_owned()
    }
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

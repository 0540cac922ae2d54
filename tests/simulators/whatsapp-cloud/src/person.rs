//! People who chat.
//!
//! `ana.says("hi").await` posts a signed webhook and returns the message's id once the bot has answered it 200;
//! `.in_group(&group)`, `.to_number(id)`, `.replying_to(id)` and the like come in between.
//! `ana.received().await` waits for the next message of the bot's.

use crate::hub::Hub;
use crate::interactive::TapOption;
use crate::media::sha256_base64;
use crate::webhook::{change, deliver, envelope};
use crate::world::Delivered;
use bytes::Bytes;
use serde_json::{Value, json};
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// How long [`Person::received`] waits.
const PATIENCE: Duration = Duration::from_secs(20);

/// Somebody with a phone. Cheap to clone.
#[derive(Clone)]
pub struct Person {
    pub(crate) hub: Arc<Hub>,
    pub(crate) index: usize,
}

/// A group. Cheap to clone.
#[derive(Clone)]
pub struct Group {
    pub(crate) id: String,
}

impl Group {
    /// Its id, as webhooks carry it.
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl Person {
    /// Gives them a name.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        name.clone_into(&mut self.hub.world.lock().people[self.index].name);
        self
    }

    /// Their business-scoped user id.
    pub fn bsuid(&self) -> String {
        self.hub.world.lock().people[self.index].bsuid.clone()
    }

    /// Writes words.
    pub fn says(&self, text: &str) -> Draft {
        self.sends(json!({"type": "text", "text": {"body": text}}))
    }

    /// Sends a picture.
    pub fn shows(&self, mime: &str, bytes: impl Into<Bytes>, caption: Option<&str>) -> Draft {
        let mut image = self.medium(mime, bytes.into());
        if let Some(caption) = caption {
            image["caption"] = json!(caption);
        }
        self.sends(json!({"type": "image", "image": image}))
    }

    /// Sends a voice note in Ogg/Opus.
    pub fn speaks(&self, bytes: impl Into<Bytes>) -> Draft {
        let mut audio = self.medium("audio/ogg; codecs=opus", bytes.into());
        audio["voice"] = json!(true);
        self.sends(json!({"type": "audio", "audio": audio}))
    }

    /// Sends an audio file.
    pub fn sends_audio(&self, mime: &str, bytes: impl Into<Bytes>) -> Draft {
        let mut audio = self.medium(mime, bytes.into());
        audio["voice"] = json!(false);
        self.sends(json!({"type": "audio", "audio": audio}))
    }

    /// Sends a file.
    pub fn sends_document(&self, mime: &str, bytes: impl Into<Bytes>, name: &str, caption: Option<&str>) -> Draft {
        let mut document = self.medium(mime, bytes.into());
        document["filename"] = json!(name);
        if let Some(caption) = caption {
            document["caption"] = json!(caption);
        }
        self.sends(json!({"type": "document", "document": document}))
    }

    /// Shares a place, by degrees north and east; one that is picked from a map has a name and an address too.
    pub fn shares_location(&self, latitude: f64, longitude: f64, name: Option<&str>, address: Option<&str>) -> Draft {
        let mut location = json!({"latitude": latitude, "longitude": longitude});
        for (key, text) in [("name", name), ("address", address)] {
            if let Some(text) = text {
                location[key] = json!(text);
            }
        }
        self.sends(json!({"type": "location", "location": location}))
    }

    /// Shares people of their address book, each with a name and a number.
    pub fn shares_contacts(&self, people: &[(&str, &str)]) -> Draft {
        let card = |(name, number): &(&str, &str)| {
            json!({"name": {"first_name": name, "formatted_name": name},
                   "phones": [{"phone": number, "wa_id": digits(number), "type": "Mobile"}]})
        };
        self.sends(json!({"type": "contacts", "contacts": people.iter().map(card).collect::<Vec<_>>()}))
    }

    /// Puts an emoji under a message; `None` takes it back.
    pub fn reacts(&self, message: &str, emoji: Option<&str>) -> Draft {
        let mut reaction = json!({ "message_id": message });
        if let Some(emoji) = emoji {
            reaction["emoji"] = json!(emoji);
        }
        self.sends(json!({"type": "reaction", "reaction": reaction}))
    }

    /// Taps a button under a message of the bot's.
    pub fn taps(&self, message: &str, id: &str, title: &str) -> Draft {
        let reply = json!({"type": "button_reply", "button_reply": {"id": id, "title": title}});
        self.sends(json!({"type": "interactive", "interactive": reply})).replying_to(message)
    }

    /// Picks a row of a list.
    pub fn picks(&self, message: &str, id: &str, title: &str) -> Draft {
        let reply = json!({"type": "list_reply", "list_reply": {"id": id, "title": title, "description": ""}});
        self.sends(json!({"type": "interactive", "interactive": reply})).replying_to(message)
    }

    /// Taps the option with this id in a question that they received. Panics where there is none: a person can tap what is
    /// on the screen only.
    pub fn chooses(&self, received: &Delivered, id: &str) -> Draft {
        let question = received.question().expect("the message asks something");
        let option = question.options.into_iter().find(|option| option.id == id);
        let TapOption { id, title, detail } = option.unwrap_or_else(|| panic!("no option is called {id:?}"));
        if question.open_label.is_none() {
            return self.taps(&received.id, &id, &title);
        }
        let mut row = json!({"id": id, "title": title});
        if let Some(detail) = detail {
            row["description"] = json!(detail);
        }
        self.sends(json!({"type": "interactive", "interactive": {"type": "list_reply", "list_reply": row}}))
            .replying_to(&received.id)
    }

    /// Taps a quick reply of a template; phones do not always tell under which message.
    pub fn taps_quick_reply(&self, payload: &str, text: &str) -> Draft {
        self.sends(json!({"type": "button", "button": {"payload": payload, "text": text}}))
    }

    /// Sends a kind that bots rarely know.
    pub fn sends_unsupported(&self) -> Draft {
        let error = crate::error::GraphError::new(131_051, "message type is currently not supported").in_webhook();
        self.sends(json!({"type": "unsupported", "errors": [error]}))
    }

    /// Sends any message part: an object with `type` and what belongs to it.
    pub fn sends(&self, part: Value) -> Draft {
        Draft {
            person: self.clone(),
            part,
            context: Value::Null,
            group: None,
            number: None,
            id: None,
            age: Duration::ZERO,
        }
    }

    /// Gets another phone number, and with it another BSUID. Returns when the bot knows.
    pub async fn changes_number(&self, phone: &str) {
        let digits = digits(phone);
        let (old_phone, old_bsuid, new_bsuid) = {
            let mut world = self.hub.world.lock();
            let (phone, bsuid) = world.change_number(self.index, &digits);
            (phone, bsuid, world.people[self.index].bsuid.clone())
        };
        let mut part = json!({"type": "system", "system": {"type": "user_changed_number", "wa_id": digits,
            "user_id": new_bsuid, "previous_user_id": old_bsuid}});
        if let Some(old) = old_phone {
            part["from"] = json!(old);
        }
        self.sends(part).await;
    }

    fn medium(&self, mime: &str, bytes: Bytes) -> Value {
        let sha256 = sha256_base64(&bytes);
        let id = self.hub.world.lock().put_media(mime, bytes, self.hub.clock.now_ms());
        json!({"id": id, "mime_type": mime, "sha256": sha256})
    }

    /// The next message of the bot's, in order. Panics with a plain sentence if none comes for 20 seconds.
    pub async fn received(&self) -> Delivered {
        self.received_within(PATIENCE).await.expect("the bot sent nothing for 20 seconds")
    }

    /// The next message of the bot's, if it comes in time.
    pub async fn received_within(&self, patience: Duration) -> Option<Delivered> {
        let next = self.hub.wait_for(|world| world.people[self.index].fresh.pop_front());
        tokio::time::timeout(patience, next).await.ok()
    }

    /// Everything the bot sent so far that is still remembered.
    pub fn history(&self) -> Vec<Delivered> {
        self.hub.world.lock().people[self.index].inbox.iter().cloned().collect()
    }

    /// How many messages of the bot's they ever got.
    pub fn received_total(&self) -> u64 {
        self.hub.world.lock().people[self.index].total
    }

    /// Whether they see the bot typing now.
    pub fn sees_typing(&self) -> bool {
        self.hub.world.lock().people[self.index].typing_until_ms > self.hub.clock.now_ms()
    }

    /// How often the bot asked to be shown typing.
    pub fn typing_calls(&self) -> u64 {
        self.hub.world.lock().people[self.index].typing_calls
    }

    /// Waits until they see the bot typing; `false` if that does not happen in time.
    pub async fn waits_for_typing(&self, patience: Duration) -> bool {
        let seen = self.hub.wait_for(|world| (world.people[self.index].typing_calls > 0).then_some(()));
        tokio::time::timeout(patience, seen).await.is_ok()
    }
}

pub(crate) fn digits(phone: &str) -> String {
    phone.chars().filter(char::is_ascii_digit).collect()
}

/// A message that is not posted yet. Awaiting it posts it.
#[must_use = "a draft is sent when it is awaited"]
pub struct Draft {
    person: Person,
    part: Value,
    context: Value,
    group: Option<String>,
    number: Option<String>,
    id: Option<String>,
    age: Duration,
}

impl Draft {
    /// In a group instead of the direct chat.
    pub fn in_group(mut self, group: &Group) -> Self {
        self.group = Some(group.id.clone());
        self
    }

    /// To this phone number id instead of the first one.
    pub fn to_number(mut self, number: &str) -> Self {
        self.number = Some(number.to_owned());
        self
    }

    /// As an answer to a message.
    pub fn replying_to(mut self, message: &str) -> Self {
        self.context = json!({ "id": message });
        self
    }

    /// Forwarded from elsewhere.
    pub fn forwarded(mut self) -> Self {
        self.context = json!({"forwarded": true});
        self
    }

    /// With the id of an earlier message, as a repetition has it.
    pub fn with_id(mut self, id: &str) -> Self {
        self.id = Some(id.to_owned());
        self
    }

    /// Written this long ago.
    pub fn written_ago(mut self, age: Duration) -> Self {
        self.age = age;
        self
    }

    /// The webhook's body and the message's id, without posting it.
    pub fn into_body(self) -> (String, Bytes) {
        let (id, change) = self.as_change("messages");
        (id, envelope(&self.person.hub, &[change]))
    }

    /// Posts it as a standby webhook: Meta's own agent handles the chat, and others may only observe.
    pub async fn on_standby(self) -> String {
        let (id, change) = self.as_change("standby");
        deliver(self.person.hub.clone(), envelope(&self.person.hub, &[change])).await;
        id
    }

    /// Posts it in the background and returns its id at once.
    pub fn soon(self) -> String {
        let hub = self.person.hub.clone();
        let (id, body) = self.into_body();
        tokio::spawn(deliver(hub, body));
        id
    }

    fn as_change(&self, field: &str) -> (String, Value) {
        let hub = &self.person.hub;
        let now = hub.clock.now_ms();
        let (id, number, contact, from) = {
            let mut world = hub.world.lock();
            let number = self.number.clone().unwrap_or_else(|| world.numbers[0].id.clone());
            let id = self.id.clone().unwrap_or_else(|| world.mint(Some(self.person.index)));
            world.note_inbound(self.person.index, &number, now.saturating_sub(self.age.as_millis() as u64));
            let person = &world.people[self.person.index];
            let from = (person.phone.clone(), person.bsuid.clone());
            (id, number, world.contact(self.person.index), from)
        };
        let mut message = self.part.clone();
        message["id"] = json!(id);
        message["timestamp"] = json!(((now / 1000).saturating_sub(self.age.as_secs())).to_string());
        let system = self.part["type"] == "system";
        if !system {
            message["from_user_id"] = json!(from.1);
            if let Some(phone) = from.0 {
                message["from"] = json!(phone);
            }
        }
        if !self.context.is_null() {
            message["context"] = self.context.clone();
            let quoted = self.context["id"].as_str();
            if let Some(author) = quoted.and_then(|id| hub.world.lock().author_number(id, &number)) {
                message["context"]["from"] = json!(author);
            }
        }
        if let Some(group) = &self.group {
            message["group_id"] = json!(group);
        }
        let mut content = vec![("messages", json!([message]))];
        if !system {
            content.push(("contacts", json!([contact])));
        }
        (id, change(hub, &number, field, &content))
    }
}

impl IntoFuture for Draft {
    type Output = String;
    type IntoFuture = Pin<Box<dyn Future<Output = String> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let hub = self.person.hub.clone();
            let (id, body) = self.into_body();
            deliver(hub, body).await;
            id
        })
    }
}

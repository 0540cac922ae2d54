//! The assistant that says back what it was told.
//!
//! It proves that a message went all the way through: words come back as words, a picture, a document and a place come
//! back as they are, a contact as its name and its numbers, and a voice note as what was heard in it. It remembers nothing
//! and reads no history.

use async_trait::async_trait;
use greenroom_contract::assistant::{Answer, Assistant, AssistantError, Content, Needs, Quoting, Reply, Turn};
use greenroom_contract::factory::{AssistantKind, AssistantParts, BuildError};
use greenroom_contract::message::Contact;
use greenroom_contract::outbound::OutboundBody;
use greenroom_contract::schema::{Key, KeyKind};
use serde::Deserialize;
use std::sync::Arc;

/// The echo assistant: `kind = "echo"`.
#[derive(Debug, Clone, Default)]
pub struct Echo {
    prefix: String,
}

/// The keys of `[assistants.NAME]` with `kind = "echo"`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EchoConfig {
    /// Written before everything that is said back.
    pub prefix: Option<String>,
}

impl Echo {
    /// Says everything back after `prefix`; an empty prefix adds nothing.
    pub fn new(prefix: impl Into<String>) -> Self {
        Self { prefix: prefix.into() }
    }

    fn say(&self, words: &str) -> Reply {
        Reply::text(format!("{}{words}", self.prefix))
    }

    /// What one message gets back; `None` is silence.
    fn reply_to(&self, content: Content) -> Option<Reply> {
        match content {
            Content::Text(text) => Some(self.say(&text)),
            Content::Voice(transcript) => Some(self.say(&transcript.text)),
            Content::Image { media: Some(media), caption } => {
                let caption = caption.map(|caption| format!("{}{caption}", self.prefix));
                Some(Reply::new(OutboundBody::Image { media, caption }))
            }
            Content::Image { media: None, caption } => Some(self.say(caption.as_deref().unwrap_or("(a picture)"))),
            // The option by its id too: what is shown is the title, what counts is the id.
            Content::Choice { id, title } => Some(self.say(&format!("{title} ({id})"))),
            Content::Document { media: Some(media), name, caption } => {
                let caption = caption.map(|caption| format!("{}{caption}", self.prefix));
                Some(Reply::new(OutboundBody::Document { media, name: name.unwrap_or_default(), caption }))
            }
            Content::Document { media: None, name, caption } => {
                let named = name.map_or_else(|| "(a document)".to_owned(), |name| format!("(the document {name})"));
                Some(self.say(&[Some(named), caption].into_iter().flatten().collect::<Vec<_>>().join(" ")))
            }
            Content::Location(location) => Some(Reply::new(OutboundBody::Location(location))),
            Content::Contacts(contacts) => {
                Some(self.say(&contacts.iter().map(in_words).collect::<Vec<_>>().join("\n")))
            }
            Content::Unsupported { caption, .. } => Some(self.say(&caption)),
            // The same emoji below the same message says "seen"; a reaction taken back needs no answer.
            Content::Reaction { to, emoji: Some(emoji) } => {
                let body = OutboundBody::Reaction { to, emoji: Some(emoji) };
                Some(Reply { quoting: Quoting::Never, ..Reply::new(body) })
            }
            Content::Wake { token } => Some(self.say(&token)),
            // A reaction that is taken back, and kinds that come later.
            _ => None,
        }
    }
}

/// A contact in a line.
fn in_words(contact: &Contact) -> String {
    let name = contact.name.as_deref().into_iter().map(str::to_owned);
    name.chain(contact.phones.iter().cloned()).collect::<Vec<_>>().join(" ")
}

#[async_trait]
impl Assistant for Echo {
    fn needs(&self) -> Needs {
        Needs { history_turns: 0, documents: true, ..Needs::default() }
    }

    async fn respond(&self, turn: Turn) -> Result<Answer, AssistantError> {
        let mut replies: Vec<Reply> = Vec::new();
        for reply in turn.messages.into_iter().filter_map(|message| self.reply_to(message.content)) {
            // Messages that were collected into one turn get one answer, not as many as they were.
            match (replies.last_mut().map(|last| &mut last.body), &reply.body) {
                (Some(OutboundBody::Text(before)), OutboundBody::Text(text)) => {
                    before.push('\n');
                    before.push_str(text);
                }
                _ => replies.push(reply),
            }
        }
        Ok(Answer { replies, ..Answer::default() })
    }
}

#[async_trait]
impl AssistantKind for Echo {
    const KIND: &'static str = "echo";
    const ABOUT: &'static str = "says back what it was told";
    const KEYS: &'static [Key] =
        &[Key::new("prefix", KeyKind::Text, "Written before everything that is said back.").example("\"You said: \"")];
    type Config = EchoConfig;

    async fn build(config: EchoConfig, _parts: AssistantParts) -> Result<Arc<dyn Assistant>, BuildError> {
        Ok(Arc::new(Self::new(config.prefix.unwrap_or_default())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use greenroom_contract::ids::MessageId;
    use greenroom_contract::message::{Location, Media};
    use greenroom_contract::transcriber::Transcript;
    use std::time::Duration;

    fn check(content: Content, expected: &str) {
        let reply = Echo::new("> ").reply_to(content);
        let got = reply.map_or_else(|| "silence".to_owned(), |reply| format!("{:?}", reply.body));
        assert_eq!(got, expected);
    }

    #[test]
    fn everything_comes_back() {
        let picture = Some(Media { mime: "image/png".to_owned(), bytes: vec![1, 2, 3].into() });
        let heard = Transcript { text: "hello".to_owned(), language: None, duration: Duration::ZERO, confidence: None };
        let to = MessageId::new("m1").unwrap();
        let us = || Some("us".to_owned());
        check(Content::Text("hi".to_owned()), r#"Text("> hi")"#);
        check(Content::Voice(heard), r#"Text("> hello")"#);
        check(
            Content::Image { media: picture.clone(), caption: us() },
            r#"Image { media: Media(image/png, 3 bytes), caption: Some("> us") }"#,
        );
        check(
            Content::Image { media: picture, caption: None },
            "Image { media: Media(image/png, 3 bytes), caption: None }",
        );
        check(Content::Image { media: None, caption: us() }, r#"Text("> us")"#);
        check(Content::Unsupported { kind: "document".to_owned(), caption: "read".to_owned() }, r#"Text("> read")"#);
        check(
            Content::Reaction { to: to.clone(), emoji: Some("!".to_owned()) },
            r#"Reaction { to: MessageId(m1), emoji: Some("!") }"#,
        );
        check(Content::Reaction { to, emoji: None }, "silence");
        let pdf = || Media { mime: "application/pdf".to_owned(), bytes: vec![1, 2].into() };
        let document =
            |media, name: Option<&str>| Content::Document { media, name: name.map(str::to_owned), caption: us() };
        check(
            document(Some(pdf()), Some("bill.pdf")),
            r#"Document { media: Media(application/pdf, 2 bytes), name: "bill.pdf", caption: Some("> us") }"#,
        );
        check(document(None, Some("bill.pdf")), r#"Text("> (the document bill.pdf) us")"#);
        check(document(None, None), r#"Text("> (a document) us")"#);
        check(Content::Choice { id: "l".to_owned(), title: "Large".to_owned() }, r#"Text("> Large (l)")"#);
        let office = Location { latitude: 47.37, longitude: 8.54, name: Some("Office".to_owned()), address: None };
        check(
            Content::Location(office),
            r#"Location(Location { latitude: 47.37, longitude: 8.54, name: Some("Office"), address: None })"#,
        );
        let ana = Contact { name: Some("Ana".to_owned()), phones: vec!["+1555".to_owned()] };
        check(Content::Contacts(vec![ana]), r#"Text("> Ana +1555")"#);
        check(Content::Wake { token: "tea".to_owned() }, r#"Text("> tea")"#);
    }

    #[allow(clippy::unused_async, reason = "as the rules call it")]
    async fn echo() -> Arc<dyn Assistant> {
        Arc::new(Echo::new("> "))
    }

    greenroom_conformance::assistant_conformance!(echo);

    #[test]
    fn it_reads_no_history() {
        assert_eq!(Echo::default().needs().history_turns, 0);
    }

    #[test]
    fn unknown_keys_are_refused() {
        assert!(serde_json::from_str::<EchoConfig>(r#"{"prefix": "a"}"#).is_ok());
        assert!(serde_json::from_str::<EchoConfig>(r#"{"prefixx": "a"}"#).is_err());
    }

    #[test]
    fn the_declared_keys_are_those_that_are_read() {
        greenroom_conformance::schema_conformance::assert_keys_agree::<EchoConfig>(Echo::KEYS);
    }
}

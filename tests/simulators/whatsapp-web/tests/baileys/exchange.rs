//! Two clients that say to each other whatever people say.

use crate::support::baileys::Baileys;
use crate::support::baileys_events::{Body, Event, File, Message, Status};
use sha2::{Digest, Sha256};

/// One direction of a talk: who writes, who reads, and where to.
pub(crate) struct Direction<'a> {
    pub(crate) from: &'a Baileys,
    pub(crate) to: &'a Baileys,
    /// The chat as the writer addresses it.
    pub(crate) address: &'a str,
    /// The same chat as the reader addresses it.
    pub(crate) back: &'a str,
}

impl Direction<'_> {
    pub(crate) fn turned(&self) -> Direction<'_> {
        Direction { from: self.to, to: self.from, address: self.back, back: self.address }
    }

    /// Text, reply, picture, voice note, document, place and reaction, from here to there. `word` makes the texts unique.
    pub(crate) async fn everything(&self, word: &str) {
        let first = self.text(&format!("hello {word}")).await;
        self.reply(&first, &format!("and this about it {word}")).await;
        self.picture(word).await;
        self.voice(word).await;
        self.document(word).await;
        self.place(word).await;
        self.reactions(&first).await;
    }

    /// Returns the message as it was read.
    pub(crate) async fn text(&self, text: &str) -> Message {
        let id = self.from.text(self.address, text).await;
        let read = self.read(&id).await;
        assert_eq!(read.text(), Some(text));
        assert!(!read.from_me && read.quote.is_none() && read.mentions.is_empty(), "{read:?}");
        read
    }

    async fn reply(&self, first: &Message, text: &str) {
        // The reader quotes what it read, and then the writer quotes what it wrote itself.
        let id = self.to.reply(self.back, &format!("{text}, says the reader"), &first.id).await;
        let answer = self.turned().read(&id).await;
        let quote = answer.quote.as_ref().expect("the answer quotes");
        assert_eq!((quote.id.as_str(), quote.text.as_deref()), (first.id.as_str(), first.text()));
        let id = self.from.reply(self.address, text, &first.id).await;
        assert_eq!(self.read(&id).await.quote.expect("it quotes").id, first.id);
    }

    async fn picture(&self, word: &str) {
        let bytes = noise(word, 20_000);
        let id = self.from.image(self.address, &bytes, word).await;
        let read = self.read(&id).await;
        let caption = Some(word.to_owned());
        assert_eq!(read.body, Some(Body::Image { caption, mimetype: "image/png".to_owned() }));
        assert_eq!(read.file, Some(file(&bytes)));
    }

    async fn voice(&self, word: &str) {
        let bytes = noise(word, 150_001);
        let id = self.from.voice(self.address, &bytes, 7).await;
        let read = self.read(&id).await;
        let mimetype = "audio/ogg; codecs=opus".to_owned();
        assert_eq!(read.body, Some(Body::Voice { mimetype, seconds: 7, waveform: 64 }));
        assert_eq!(read.file, Some(file(&bytes)));
    }

    async fn document(&self, word: &str) {
        let bytes = noise(word, 30_000);
        for caption in [None, Some(word)] {
            let id = self.from.document(self.address, &bytes, "menu.pdf", "application/pdf", caption).await;
            let read = self.read(&id).await;
            let (name, caption) = (Some("menu.pdf".to_owned()), caption.map(str::to_owned));
            assert_eq!(read.body, Some(Body::Document { name, caption, mimetype: "application/pdf".to_owned() }));
            assert_eq!(read.file, Some(file(&bytes)));
        }
    }

    async fn place(&self, word: &str) {
        let id = self.from.location(self.address, (52.5, 13.25), word, "Gate 1").await;
        let (name, address) = (Some(word.to_owned()), Some("Gate 1".to_owned()));
        assert_eq!(self.read(&id).await.body, Some(Body::Location { latitude: 52.5, longitude: 13.25, name, address }));
    }

    async fn reactions(&self, first: &Message) {
        for emoji in ["👍", ""] {
            let id = self.to.react(self.back, &first.id, emoji).await;
            match self.turned().read(&id).await.body {
                Some(Body::Reaction { emoji: read, target }) => {
                    assert_eq!((read.as_str(), target.id.as_str()), (emoji, first.id.as_str()));
                    assert!(target.from_me, "the reaction is to what this client wrote: {target:?}");
                }
                other => panic!("a reaction was sent, and this was read: {other:?}"),
            }
        }
    }

    /// The message with this id, once the reader could read it.
    pub(crate) async fn read(&self, id: &str) -> Message {
        self.to.until_message(|message| message.id == id).await
    }

    /// How far the writer knows this message to have come, once it is at least so far.
    pub(crate) async fn until_status(&self, id: &str, wanted: Status) {
        self.from
            .until("the receipt", |event| match event {
                Event::Status { id: about, status, .. } if about == id && *status >= wanted => Some(()),
                _ => None,
            })
            .await;
    }
}

/// How often this message could not be decrypted.
pub(crate) fn failures(peer: &Baileys, id: &str) -> usize {
    let about = |event: &Event| matches!(event, Event::Undecryptable(message) if message.id == id);
    peer.events().iter().filter(|event| about(event)).count()
}

/// How often this message was read.
pub(crate) fn readings(peer: &Baileys, id: &str) -> usize {
    let about = |event: &Event| matches!(event, Event::Message(message) if message.id == id);
    peer.events().iter().filter(|event| about(event)).count()
}

/// What a reader reports of a file with these bytes.
pub(crate) fn file(bytes: &[u8]) -> File {
    let digits = Sha256::digest(bytes).iter().flat_map(|byte| [byte >> 4, byte & 15]).collect::<Vec<_>>();
    let sha256 = digits.into_iter().filter_map(|digit| char::from_digit(u32::from(digit), 16)).collect();
    File { bytes: bytes.len(), sha256, as_declared: true }
}

/// Bytes that differ by word and do not compress.
pub(crate) fn noise(word: &str, length: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length + 32);
    let mut block = Sha256::digest(word.as_bytes());
    while bytes.len() < length {
        bytes.extend_from_slice(&block);
        block = Sha256::digest(block);
    }
    bytes.truncate(length);
    bytes
}

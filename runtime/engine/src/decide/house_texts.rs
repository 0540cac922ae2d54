//! What the bot itself says in a chat, where it is not an assistant that speaks: one table, so that
//! there is one place to translate.

/// Everything the bot itself says in a chat, in one language.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct HouseTexts {
    /// A voice note could not be heard.
    pub(crate) not_heard: &'static str,
    /// A voice note was heard, and there are no words in it.
    pub(crate) nothing_said: &'static str,
    /// There is no model to hear with.
    pub(crate) cannot_hear_yet: &'static str,
    /// A voice note is too long.
    pub(crate) voice_too_long: &'static str,
    /// The format of an audio is not understood.
    pub(crate) voice_format: &'static str,
    /// A picture could not be fetched.
    pub(crate) not_seen: &'static str,
    /// A message that can be viewed once.
    pub(crate) view_once: &'static str,
    /// A message whose content only the phone has.
    pub(crate) unreadable: &'static str,
    /// A kind of message that is not understood and has no plain name.
    pub(crate) unsupported: &'static str,
    /// A kind of message that is not understood; [`KIND`] stands for its plain name.
    pub(crate) unsupported_kind: &'static str,
    /// The plain names of kinds, by the words of networks. What is not listed is not named: people do not know the
    /// words of protocols.
    pub(crate) kinds: &'static [(&'static str, &'static str)],
    /// Too many turns in a short time.
    pub(crate) too_many: &'static str,
    /// Two programs seem to answer each other.
    pub(crate) two_programs: &'static str,
    /// Instead of a voice note that could not be made.
    pub(crate) voice_not_made: &'static str,
    /// Instead of a voice note, where the network carries none.
    pub(crate) voice_not_carried: &'static str,
    /// Instead of a picture, where the network carries none.
    pub(crate) picture_not_carried: &'static str,
    /// Instead of a document, where the network carries none, or not this one; [`NAME`] stands for its name.
    document_not_carried: &'static str,
    /// Instead of a place that is not on earth.
    pub(crate) no_such_place: &'static str,
    /// A document could not be fetched.
    pub(crate) document_not_opened: &'static str,
    /// A document is too large.
    pub(crate) document_too_large: &'static str,
    /// A question without words of its own.
    pub(crate) choose: &'static str,
    /// How an option is chosen by typing; in a group only in visible answer to the question.
    pub(crate) choose_by_number: Hint,
    /// The same, where the options are numbers themselves.
    pub(crate) choose_by_name: Hint,
}

/// A hint for a chat with one person, and for a group.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Hint {
    direct: &'static str,
    group: &'static str,
}

impl Hint {
    pub(crate) fn here(&self, in_group: bool) -> &'static str {
        if in_group { self.group } else { self.direct }
    }
}

/// Stands for the kind of a message in [`HouseTexts::unsupported_kind`].
const KIND: &str = "%kind%";
/// Stands for the name of a document in [`HouseTexts::document_not_carried`].
const NAME: &str = "%name%";

/// In English.
pub(crate) const ENGLISH: HouseTexts = HouseTexts {
    not_heard: "I could not hear that, please try again.",
    nothing_said: "I could not make out any words in that voice note. Please try again or write.",
    cannot_hear_yet: "I cannot listen to voice notes yet. Please write instead.",
    voice_too_long: "That voice note is too long for me. Please send a shorter one.",
    voice_format: "I cannot play this kind of audio. Please send a voice note or write.",
    not_seen: "I could not open that picture, please send it again.",
    view_once: "What can be viewed only once can be opened on the phone only. Please send it again without that, or write.",
    unreadable: "I cannot read that message; it can be opened on the phone only. Please send it again.",
    unsupported: "I cannot read this kind of message yet. Please write instead.",
    unsupported_kind: "I cannot read this kind of message yet (%kind%). Please write instead.",
    kinds: &[
        ("video", "video"),
        ("document", "document"),
        ("sticker", "sticker"),
        ("location", "location"),
        ("live_location", "live location"),
        ("contact", "contact"),
        ("contacts", "contact"),
        ("poll", "poll"),
        ("poll_creation", "poll"),
        ("event", "event"),
        ("event_creation", "event"),
        ("order", "order"),
        ("product", "product"),
        ("album", "album"),
        ("gif", "GIF"),
        ("image", "picture"),
        ("audio", "sound"),
        ("voice", "voice note"),
    ],
    too_many: "That is a lot of messages. Please give me a little time and write again.",
    two_programs: "This looks like two programs answering each other, so I pause here for ten minutes.",
    voice_not_made: "(sorry, I could not record this as a voice note)",
    voice_not_carried: "(a voice note, which cannot be sent here)",
    picture_not_carried: "(a picture, which cannot be sent here)",
    document_not_carried: "(the document %name%, which cannot be sent here)",
    no_such_place: "(a place that is on no map)",
    document_not_opened: "I could not open that document, please send it again.",
    document_too_large: "That document is too large for me. Please send a smaller one.",
    choose: "Please choose:",
    choose_by_number: Hint {
        direct: "Please reply with a number or a name from this list.",
        group: "Please reply to this message with a number or a name from this list.",
    },
    choose_by_name: Hint {
        direct: "Please reply with one of these.",
        group: "Please reply to this message with one of these.",
    },
};

impl HouseTexts {
    /// That a document cannot be sent.
    pub(crate) fn document_not_carried(&self, name: &str) -> String {
        self.document_not_carried.replace(NAME, name)
    }

    /// That a kind of message is not understood.
    pub(crate) fn unsupported(&self, kind: &str) -> String {
        match self.kinds.iter().find(|(word, _)| *word == kind) {
            Some((_, name)) => self.unsupported_kind.replace(KIND, name),
            None => self.unsupported.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_of_a_message_is_named() {
        assert_eq!(
            ENGLISH.unsupported("sticker"),
            "I cannot read this kind of message yet (sticker). Please write instead."
        );
    }

    #[test]
    fn no_word_of_a_protocol_reaches_a_person() {
        for kind in ["interactive", "request_welcome", "template", "unsupported", "kind-of-tomorrow", ""] {
            assert_eq!(ENGLISH.unsupported(kind), "I cannot read this kind of message yet. Please write instead.");
        }
        for (word, name) in ENGLISH.kinds {
            assert!(!name.contains(['_', '-']), "{word}");
        }
    }
}

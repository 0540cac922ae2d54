//! The document of a turn, with what the plugin sees and nothing else.

use crate::manifest::{Asks, VoiceUse};
use greenroom_contract::assistant::{Content, Needs, Turn, TurnMessage};
use greenroom_contract::ids::{ConversationId, PersonId, TurnId};
use greenroom_contract::message::{Chat, Sender};
use greenroom_contract::outbound::Route;
use greenroom_contract::time::Timestamp;
use greenroom_documents::needs::Told;
use greenroom_documents::turn::{Carrying, MessageContent};
use greenroom_documents::{MediaTable, TurnDocument};

/// What the engine prepares for it.
pub(crate) fn needs(asks: &Asks) -> Needs {
    let told = Told {
        history_turns: Some(asks.history),
        images: asks.images,
        documents: asks.documents,
        overheard: asks.overheard,
        addresses: asks.phone,
        reactions: asks.reactions,
    };
    Needs { debounce: std::time::Duration::ZERO, ..told.needs() }
}

/// The document of a turn, and its media. What is remembered is in neither: the guest asks for it.
pub(crate) fn told(turn: &Turn, asks: &Asks) -> (TurnDocument, MediaTable) {
    let (mut document, media) = TurnDocument::of(turn, &needs(asks), Carrying::ByNumber);
    document.memory.clear();
    document.person.addresses.clear();
    if !asks.names {
        document.person.name = None;
        document.chat.title = None;
        document.history.iter_mut().for_each(|past| past.name = None);
        document.overheard.iter_mut().for_each(|line| line.name = None);
    }
    if asks.voice == VoiceUse::None {
        for message in &mut document.messages {
            if let MessageContent::Voice { text, .. } = &mut message.content {
                text.clear();
            }
        }
    }
    (document, media)
}

/// A turn that no one wrote, to see that a plugin answers at all.
pub(crate) fn dry_turn(now: Timestamp) -> Turn {
    let id = |text: &str| text.parse().expect("a short word is an id");
    let message = TurnMessage {
        message: "dry-1".parse().expect("a short word is an id"),
        sent_at: now,
        quote: None,
        content: Content::Text("hello".to_owned()),
    };
    let route = Route {
        account: "dry".parse().expect("a short word is an id"),
        chat: "dry".parse().expect("a short word is an id"),
        kind: Chat::Direct,
    };
    let sender = Sender { id: "dry".parse().expect("a short word is an id"), addresses: Vec::new(), name: None };
    Turn::new(TurnId(0), id("dry"), ConversationId(0), PersonId(0), route, sender, vec![message])
}

#[cfg(test)]
mod tests {
    use super::*;
    use greenroom_conformance::turn;
    use greenroom_contract::transcriber::Transcript;

    fn everything() -> Turn {
        let heard = Transcript {
            text: "a secret wish".to_owned(),
            language: None,
            confidence: None,
            duration: std::time::Duration::from_secs(4),
        };
        turn("hello")
            .named("Ana")
            .in_group()
            .and(Content::Voice(heard))
            .history([("milk?", "no")])
            .overheard(["psst"])
            .state(&br#"{"a":"b"}"#[..])
            .build()
    }

    #[test]
    fn what_a_plugin_does_not_see_is_nowhere_in_its_document() {
        let asks = Asks { voice: VoiceUse::None, ..Asks::default() };
        let line = told(&everything(), &asks).0.to_line();
        for hidden in ["Ana", "+1555", "milk", "psst", "\"title\"", "secret", "\"a\":\"b\""] {
            assert!(!line.contains(hidden), "{hidden}: {line}");
        }
        assert!(line.contains("hello"));
    }

    #[test]
    fn what_it_sees_is_there() {
        let asks = Asks { history: 5, names: true, phone: true, overheard: true, ..Asks::default() };
        let line = told(&everything(), &asks).0.to_line();
        for shown in ["Ana", "+1555", "milk", "psst", "\"title\":\"group\"", "secret"] {
            assert!(line.contains(shown), "{shown}: {line}");
        }
    }
}

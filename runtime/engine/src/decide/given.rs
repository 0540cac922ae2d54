//! What an assistant is given of a turn: what it does not need stays here. Pure.

use greenroom_contract::assistant::{Content, Needs, Turn};
use greenroom_contract::ids::{ChatId, SenderId};
use greenroom_contract::limits;

/// The turn as an assistant with these needs is asked about it.
pub(crate) fn given(turn: &Turn, needs: &Needs) -> Turn {
    let mut turn = turn.clone();
    let turns_max = needs.history_turns.min(limits::HISTORY_TURNS_MAX);
    turn.history.drain(..turn.history.len().saturating_sub(turns_max));
    if !needs.overheard {
        turn.overheard = Vec::new();
    }
    if !needs.addresses {
        hide_addresses(&mut turn);
    }
    // One that was asked before in the same turn may have looked at them.
    for message in &mut turn.messages {
        match &mut message.content {
            Content::Image { media, .. } if !needs.images => *media = None,
            Content::Document { media, .. } if !needs.documents => *media = None,
            _ => {}
        }
    }
    turn
}

/// Networks name chats and people by phone numbers, groups after who made them. What the conversation and the person are
/// called here tells them apart just as well.
fn hide_addresses(turn: &mut Turn) {
    turn.sender.addresses = Vec::new();
    if let Some(linked) = &mut turn.linked {
        linked.email = None;
    }
    if let Ok(sender) = SenderId::new(format!("person-{}", turn.person)) {
        turn.sender.id = sender;
    }
    if let Ok(chat) = ChatId::new(format!("conversation-{}", turn.conversation)) {
        turn.route.chat = chat;
    }
    for quote in turn.messages.iter_mut().filter_map(|message| message.quote.as_mut()) {
        quote.sender = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use greenroom_conformance::messages::id;
    use greenroom_conformance::turns::turn;
    use greenroom_contract::assistant::{OverheardLine, Quoted};
    use greenroom_contract::ids::{ConversationId, PersonId};
    use greenroom_contract::message::Media;
    use greenroom_contract::time::Timestamp;

    const PHONE: &str = "15550000001";

    fn whole() -> Turn {
        let mut turn =
            turn("hello").from(&format!("+{PHONE}")).in_group().history([("one", "1"), ("two", "2")]).build();
        turn.route.chat = id(format!("{PHONE}-1500000000"));
        turn.overheard = vec![OverheardLine { at: Timestamp(1), name: None, text: "psst".to_owned() }];
        let quote = Quoted {
            message: id("m0"),
            sender: Some(id(PHONE)),
            text: Some("two".to_owned()),
            ours: false,
            claimed: false,
        };
        turn.messages[0].quote = Some(quote);
        turn
    }

    #[test]
    fn what_is_not_needed_is_not_given() {
        let all = Needs { history_turns: 9, ..Needs::default() };
        assert_eq!(given(&whole(), &all), whole());
        let little = Needs { history_turns: 1, overheard: false, addresses: false, ..Needs::default() };
        let given = given(&whole(), &little);
        assert_eq!(given.history.iter().map(|past| past.asked.as_str()).collect::<Vec<_>>(), ["two"]);
        assert!(given.overheard.is_empty() && given.sender.addresses.is_empty());
        let shown = format!("{given:?}");
        assert!(!shown.contains(PHONE), "{shown}");
        assert_eq!(given.text(), "hello");
    }

    #[test]
    fn pictures_are_for_those_who_look_at_them() {
        let media = Media { mime: "image/png".to_owned(), bytes: "picture".into() };
        let picture = Content::Image { media: Some(media.clone()), caption: None };
        let turn = turn("").instead(picture.clone()).build();
        for (images, expected) in [(true, Some(media)), (false, None)] {
            let needs = Needs { images, ..Needs::default() };
            let expected = Content::Image { media: expected, caption: None };
            assert_eq!(given(&turn, &needs).messages[0].content, expected);
        }
    }

    #[test]
    fn people_and_chats_are_told_apart_without_their_numbers() {
        let little = Needs { addresses: false, ..Needs::default() };
        let (one, mut other) = (whole(), whole());
        (other.person, other.conversation) = (PersonId(9), ConversationId(9));
        let (one, other) = (given(&one, &little), given(&other, &little));
        assert!(one.sender.id != other.sender.id && one.route.chat != other.route.chat);
    }
}

//! What the owner typed is ours in the history, silences the bot, and is of a chat that the bot knows.

use super::{accept, run};
use crate::store::GreenroomStore;
use greenroom_conformance::messages::{ACCOUNT, Refine, id, scope, sender, text_from};
use greenroom_contract::ids::{ChatId, ConversationId, MessageId};
use greenroom_contract::message::Chat;
use greenroom_contract::store::{Arrival, History, HistoryKey, Inbox, OwnerWrote, People, Silence, UNTIL_RELEASED};
use greenroom_contract::time::Timestamp;

const ANA: &str = "+15550000001";

fn wrote(to: &str, text: Option<&str>, silence: Silence) -> OwnerWrote {
    OwnerWrote {
        account: id(ACCOUNT),
        scope: scope(),
        chat: ChatId::new(to).unwrap(),
        kind: Chat::Direct,
        to: Some(sender(to)),
        message: MessageId::new(format!("own-{text:?}")).unwrap(),
        sender: sender("+15559999999").id,
        text: text.map(str::to_owned),
        at: Timestamp(50),
        silence,
    }
}

async fn paused(store: &GreenroomStore, conversation: ConversationId) -> Option<Timestamp> {
    store.settings(&scope(), conversation).await.unwrap().paused_until
}

#[test]
fn words_of_the_owner_are_ours_and_a_silence_is_never_made_shorter() {
    run(async {
        let store = crate::memory();
        let (conversation, _) = accept(&store, text_from(ANA, "hello").admitted()).await;
        let kept = store.owner_wrote(wrote(ANA, Some("I am here myself"), Silence::AtLeast(Timestamp(900)))).await;
        assert_eq!(kept.unwrap(), Some(conversation));
        assert_eq!(paused(&store, conversation).await, Some(Timestamp(900)));
        let person = store.conversation(conversation).await.unwrap().unwrap().person.unwrap();
        let turns = store.recent(HistoryKey::Person(person), 9).await.unwrap();
        let [turn] = turns.as_slice() else { panic!("{turns:?}") };
        assert_eq!((turn.answered.as_str(), turn.asked.as_str(), turn.by_owner), ("I am here myself", "", true));
        // An earlier end does not shorten it, and a picture without words leaves the history as it is.
        store.owner_wrote(wrote(ANA, None, Silence::AtLeast(Timestamp(600)))).await.unwrap();
        assert_eq!(paused(&store, conversation).await, Some(Timestamp(900)));
        store.owner_wrote(wrote(ANA, None, Silence::Until(Some(UNTIL_RELEASED)))).await.unwrap();
        store.owner_wrote(wrote(ANA, Some("more"), Silence::AtLeast(Timestamp(999)))).await.unwrap();
        assert_eq!(paused(&store, conversation).await, Some(UNTIL_RELEASED));
        store.owner_wrote(wrote(ANA, None, Silence::Until(None))).await.unwrap();
        assert_eq!(paused(&store, conversation).await, None);
        assert_eq!(store.recent(HistoryKey::Person(person), 9).await.unwrap().len(), 2);
    });
}

#[test]
fn of_a_chat_that_the_bot_does_not_know_nothing_is_kept() {
    run(async {
        let store = crate::memory();
        let kept = store.owner_wrote(wrote("+15557770000", Some("hi mum"), Silence::AtLeast(Timestamp(900)))).await;
        assert_eq!(kept.unwrap(), None);
        // Neither where it is not known whom the chat is with.
        accept(&store, text_from(ANA, "hello").admitted()).await;
        let nameless = OwnerWrote { to: None, ..wrote(ANA, Some("hi"), Silence::AtLeast(Timestamp(900))) };
        assert_eq!(store.owner_wrote(nameless).await.unwrap(), None);
    });
}

#[test]
fn in_a_group_the_words_are_in_the_history_of_the_group() {
    run(async {
        let store = crate::memory();
        let Arrival::Message(message) =
            text_from(ANA, "hello").in_group("friends", greenroom_contract::message::Addressing::Mentioned).admitted()
        else {
            panic!()
        };
        let inbound = message.inbound.clone();
        let (conversation, _) = accept(&store, Arrival::Message(message)).await;
        let group = OwnerWrote {
            chat: inbound.key.chat.clone(),
            kind: inbound.chat.clone(),
            to: None,
            ..wrote(ANA, Some("from me"), Silence::AtLeast(Timestamp(900)))
        };
        assert_eq!(store.owner_wrote(group).await.unwrap(), Some(conversation));
        let turns = store.recent(HistoryKey::Conversation(conversation), 9).await.unwrap();
        assert!(turns.len() == 1 && turns[0].by_owner, "{turns:?}");
    });
}

//! One message of each kind, in its envelope.

mod bodies;
mod places;

use greenroom_channel_whatsapp_web::Person;
use greenroom_channel_whatsapp_web::messages::inbound::Envelope;
use greenroom_contract::ids::AccountId;
use greenroom_contract::time::Timestamp;
use whatsapp_rust::Jid;
use whatsapp_rust::waproto::buffa::MessageField;
use whatsapp_rust::waproto::whatsapp as wa;

/// One case.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) message: wa::Message,
    pub(crate) envelope: Envelope,
}

/// All cases.
pub(crate) fn cases() -> Vec<Case> {
    let mut all = bodies::cases();
    all.extend(places::cases());
    all
}

const OUR_NUMBER: &str = "15550000009@s.whatsapp.net";
const OUR_LID: &str = "999@lid";
const ANA: &str = "15550000001@s.whatsapp.net";
const ANA_LID: &str = "111@lid";
const BEN_LID: &str = "222@lid";
const GROUP: &str = "120363001@g.us";

fn jid(text: &str) -> Jid {
    text.parse().unwrap()
}

fn case(name: &'static str, message: wa::Message) -> Case {
    Case { name, message, envelope: direct() }
}

impl Case {
    fn in_envelope(self, envelope: Envelope) -> Self {
        Self { envelope, ..self }
    }
}

/// Ana writes to us, under her number.
fn direct() -> Envelope {
    Envelope {
        account: AccountId::new("account-1").unwrap(),
        own: Person::of([&jid(OUR_NUMBER), &jid(OUR_LID)]),
        id: "A1B2C3".to_owned(),
        chat: jid(ANA),
        sender: jid(ANA),
        author: Person::of([&jid(ANA), &jid(ANA_LID)]),
        name: "Ana".to_owned(),
        sent_at: Timestamp(1_800_000_000_000),
        title: None,
        revoked_by_admin: false,
        other: None,
        between_devices: false,
    }
}

/// Ana writes in a group, whose members are written by LID.
fn group() -> Envelope {
    Envelope { chat: jid(GROUP), sender: jid("111:3@lid"), title: Some("Tea".to_owned()), ..direct() }
}

/// A device of ours wrote to somebody.
fn own(device: &str, chat: &str) -> Envelope {
    let envelope = direct();
    Envelope { chat: jid(chat), sender: jid(device), author: envelope.own.clone(), name: String::new(), ..envelope }
}

fn text(words: &str) -> wa::Message {
    wa::Message { conversation: Some(words.to_owned()), ..Default::default() }
}

fn extended(words: &str, context: wa::ContextInfo) -> wa::Message {
    let text = wa::message::ExtendedTextMessage {
        text: Some(words.to_owned()),
        context_info: MessageField::some(context),
        ..Default::default()
    };
    wa::Message { extended_text_message: MessageField::some(text), ..Default::default() }
}

fn quoting(author: &str, words: &str) -> wa::ContextInfo {
    wa::ContextInfo {
        stanza_id: Some("Q1".to_owned()),
        participant: Some(author.to_owned()),
        quoted_message: MessageField::some(text(words)),
        ..Default::default()
    }
}

fn mentioning(people: &[&str]) -> wa::ContextInfo {
    wa::ContextInfo { mentioned_jid: people.iter().map(|jid| (*jid).to_owned()).collect(), ..Default::default() }
}

fn layer(message: wa::Message) -> MessageField<wa::message::FutureProofMessage> {
    MessageField::some(wa::message::FutureProofMessage { message: MessageField::some(message) })
}

fn key(id: &str, participant: Option<&str>) -> MessageField<wa::MessageKey> {
    MessageField::some(wa::MessageKey {
        remote_jid: Some(GROUP.to_owned()),
        from_me: Some(false),
        id: Some(id.to_owned()),
        participant: participant.map(str::to_owned),
    })
}

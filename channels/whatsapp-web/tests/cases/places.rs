//! Where messages are written, by whom, and to whom.

use super::{ANA, ANA_LID, BEN_LID, Case, GROUP, OUR_LID, OUR_NUMBER, case, direct, extended, group, jid, key};
use super::{layer, mentioning, own, quoting, text};
use greenroom_channel_whatsapp_web::Person;
use greenroom_channel_whatsapp_web::messages::inbound::Envelope;
use whatsapp_rust::waproto::buffa::MessageField;
use whatsapp_rust::waproto::whatsapp as wa;

pub(super) fn cases() -> Vec<Case> {
    [people(), groups(), own_devices(), nowhere()].into_iter().flatten().collect()
}

fn people() -> Vec<Case> {
    let by_lid = Envelope { chat: jid(ANA_LID), sender: jid(ANA_LID), ..direct() };
    let by_number_only = Envelope { author: Person::of([&jid(ANA)]), ..direct() };
    let by_lid_only = Envelope { author: Person::of([&jid(ANA_LID)]), ..by_lid.clone() };
    vec![
        case("text", text("hi")),
        case("text_by_lid", text("hi")).in_envelope(by_lid),
        case("text_by_number_only", text("hi")).in_envelope(by_number_only),
        case("text_by_lid_only", text("hi")).in_envelope(by_lid_only),
        case("text_from_another_device", text("hi"))
            .in_envelope(Envelope { sender: jid("15550000001:7@s.whatsapp.net"), ..direct() }),
        case("text_of_somebody_nameless", text("hi")).in_envelope(Envelope { name: "  ".to_owned(), ..direct() }),
        case("text_with_a_long_name", text("hi")).in_envelope(Envelope { name: "ä".repeat(300), ..direct() }),
        case("text_by_broadcast_list", text("hi to all"))
            .in_envelope(Envelope { chat: jid("1700000000@broadcast"), ..direct() }),
        case("reply", extended("yes", quoting(ANA, "do you?"))),
        case("reply_to_us", extended("yes", quoting("15550000009:3@s.whatsapp.net", "do you?"))),
        case("forwarded", extended("read this", wa::ContextInfo { is_forwarded: Some(true), ..Default::default() })),
    ]
}

fn groups() -> Vec<Case> {
    let in_group = |name, message| case(name, message).in_envelope(group());
    let reaction = |participant| wa::message::ReactionMessage {
        key: key("Q1", Some(participant)),
        text: Some("👍".to_owned()),
        ..Default::default()
    };
    let reacting =
        |participant| wa::Message { reaction_message: MessageField::some(reaction(participant)), ..Default::default() };
    vec![
        in_group("group_overheard", text("hi all")),
        case("group_without_title", text("hi")).in_envelope(Envelope { title: None, ..group() }),
        in_group("group_mention_by_lid", extended("@999 you there?", mentioning(&[BEN_LID, OUR_LID]))),
        in_group("group_mention_by_number", extended("@15550000009 you?", mentioning(&[OUR_NUMBER]))),
        in_group("group_mention_of_our_device", extended("@999 you?", mentioning(&["999:12@lid"]))),
        in_group("group_mention_of_somebody", extended("@222 you?", mentioning(&[BEN_LID, "nonsense", ""]))),
        in_group("group_reply_to_us", extended("yes", quoting(OUR_LID, "tea?"))),
        in_group("group_reply_to_our_device", extended("yes", quoting("15550000009:2@s.whatsapp.net", "tea?"))),
        in_group("group_reply_to_somebody", extended("yes", quoting(BEN_LID, "tea?"))),
        in_group("group_reply_to_themselves", extended("well", quoting(ANA_LID, "tea?"))),
        in_group("group_reaction_to_us", reacting(OUR_LID)),
        in_group("group_reaction_to_somebody", reacting(BEN_LID)),
        in_group(
            "group_mention_wrapped",
            wa::Message {
                group_mentioned_message: layer(extended("@999 hi", mentioning(&[OUR_LID]))),
                ..Default::default()
            },
        ),
        case("group_by_number", text("hi")).in_envelope(Envelope { sender: jid(ANA), ..group() }),
    ]
}

fn own_devices() -> Vec<Case> {
    let sent_here = Envelope { id: "3EB0000000000000000001".to_owned(), ..own("999:0@lid", ANA_LID) };
    let sent = wa::message::DeviceSentMessage {
        destination_jid: Some(ANA.to_owned()),
        message: MessageField::some(text("from my phone")),
        ..Default::default()
    };
    let wrapped = wa::Message { device_sent_message: MessageField::some(sent), ..Default::default() };
    vec![
        case("own_phone_to_somebody", text("from my phone")).in_envelope(own("15550000009@s.whatsapp.net", ANA)),
        case("own_phone_wrapped", wrapped).in_envelope(own("15550000009@s.whatsapp.net", ANA)),
        case("own_phone_in_a_group", text("from my phone"))
            .in_envelope(Envelope { title: Some("Tea".to_owned()), ..own("999@lid", GROUP) }),
        case("own_phone_to_itself", text("note")).in_envelope(own("15550000009@s.whatsapp.net", OUR_NUMBER)),
        case("own_phone_to_itself_by_lid", text("note")).in_envelope(own("999@lid", OUR_LID)),
        case("own_companion_to_itself", text("note")).in_envelope(own("15550000009:4@s.whatsapp.net", OUR_NUMBER)),
        case("own_message_comes_back", text("hello")).in_envelope(sent_here.clone()),
        case("own_id_of_somebody_else", text("hello")).in_envelope(Envelope { id: sent_here.id, ..direct() }),
    ]
}

/// What is written to nobody.
fn nowhere() -> Vec<Case> {
    let skdm = wa::message::SenderKeyDistributionMessage { group_id: Some(GROUP.to_owned()), ..Default::default() };
    vec![
        case("nothing_status", text("my day")).in_envelope(Envelope { chat: jid("status@broadcast"), ..direct() }),
        case("nothing_newsletter", text("news")).in_envelope(Envelope { chat: jid("1200@newsletter"), ..direct() }),
        case("nothing_between_devices", text("sync"))
            .in_envelope(Envelope { between_devices: true, ..own("15550000009@s.whatsapp.net", OUR_NUMBER) }),
        case(
            "nothing_group_status",
            wa::Message { group_status_message_v2: layer(text("my day")), ..Default::default() },
        )
        .in_envelope(group()),
        case(
            "nothing_keys",
            wa::Message { sender_key_distribution_message: MessageField::some(skdm), ..Default::default() },
        )
        .in_envelope(group()),
        case("nothing_empty", wa::Message::default()),
        case("nothing_without_id", text("hi")).in_envelope(Envelope { id: String::new(), ..direct() }),
        case("text_with_a_huge_id", text("hi")).in_envelope(Envelope { id: "x".repeat(600), ..direct() }),
    ]
}

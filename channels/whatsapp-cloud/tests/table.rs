//! Every kind of message and every webhook field, each with what becomes of it: a closed table.
#![allow(clippy::unwrap_used, reason = "helpers of tests stand outside the test functions")]

mod posts;

use greenroom_channel_whatsapp_cloud::normalize::Post;
use greenroom_contract::event::ChannelEvent;
use greenroom_contract::message::{Addressing, Body, Inbound, Origin};
use greenroom_contract::webhook::Handler;
use posts::{change, decode, message, post};
use serde_json::{Value, json};

/// The one event of a message of Ana's.
fn event(rest: Value) -> ChannelEvent {
    let value =
        json!({"contacts": [{"wa_id": "15551234567", "profile": {"name": "Ana"}}], "messages": [message(rest)]});
    let mut events = decode(post(json!([change("messages", value)])).to_string().as_bytes()).unwrap().decoded.events;
    assert_eq!(events.len(), 1, "{events:?}");
    events.remove(0).1
}

#[allow(clippy::needless_pass_by_value, reason = "what is made in a call is handed over")]
fn inbound(rest: Value) -> Inbound {
    match event(rest.clone()) {
        ChannelEvent::Message(inbound) => *inbound,
        other => panic!("{rest} is {other:?}"),
    }
}

/// What a person notices of a message.
#[derive(Debug, Clone, PartialEq)]
enum Becomes {
    /// Its words are answered.
    Words(&'static str),
    /// It answers a question: an id and a title.
    Choice(&'static str, &'static str),
    /// A place or people, read.
    Read,
    /// It is looked at or heard.
    Medium,
    /// A sentence says that the kind is not understood yet.
    Sentence,
    /// Nothing; the trace tells why.
    Silence,
}

fn becomes(body: &Body) -> Becomes {
    let leaked = |text: &str| -> &'static str { Box::leak(text.to_owned().into_boxed_str()) };
    let words = |text: &str| Becomes::Words(leaked(text));
    match body {
        Body::Text(text) if text.trim().is_empty() => Becomes::Silence,
        Body::Text(text)
        | Body::Image { caption: Some(text), .. }
        | Body::Document { caption: Some(text), .. }
        | Body::Unsupported { caption: Some(text), .. } => words(text),
        Body::Choice { id, title } => Becomes::Choice(leaked(id), leaked(title)),
        Body::Location(_) | Body::Contacts(_) => Becomes::Read,
        Body::Image { .. } | Body::Voice { .. } | Body::Document { .. } => Becomes::Medium,
        Body::Unsupported { .. } | Body::Unreadable(_) => Becomes::Sentence,
        Body::Reaction { .. } | Body::Event { .. } => Becomes::Silence,
    }
}

#[test]
#[allow(clippy::too_many_lines, reason = "one table")]
fn every_kind_of_message_becomes_words_a_sentence_or_silence() {
    use Becomes::{Choice, Medium, Read, Sentence, Silence, Words};
    let unsupported =
        |kind: &str| json!({"type": "unsupported", "unsupported": {"type": kind}, "errors": [{"code": 131_051}]});
    let interactive =
        |kind: &str, part: Value| json!({"type": "interactive", "interactive": {"type": kind, kind: part}});
    let form = |json: &str| interactive("nfm_reply", json!({"name": "flow", "body": "Sent", "response_json": json}));
    let file = json!({"id": "1234", "mime_type": "video/mp4"});
    let captioned = json!({"id": "1234", "caption": "look"});
    let table = [
        (json!({"type": "text", "text": {"body": "hi"}}), Words("hi")),
        (json!({"type": "text", "text": {"body": ""}}), Silence),
        (json!({"type": "text", "text": {"body": 7}}), Sentence),
        (json!({"type": "text"}), Sentence),
        (json!({"type": "image", "image": {"id": "1234"}}), Medium),
        (json!({"type": "image", "image": captioned}), Words("look")),
        (json!({"type": "image", "image": null}), Sentence),
        (json!({"type": "audio", "audio": {"id": "1234", "voice": true}}), Medium),
        (json!({"type": "voice", "voice": {"id": "abc-12.3_4"}}), Medium),
        (json!({"type": "video", "video": captioned}), Words("look")),
        (json!({"type": "video", "video": file}), Sentence),
        (json!({"type": "document", "document": {"id": "1", "filename": "a.pdf"}}), Medium),
        (json!({"type": "document", "document": {"filename": "a.pdf"}}), Sentence),
        (json!({"type": "document", "document": {"caption": "look"}}), Words("look")),
        (json!({"type": "document", "document": captioned}), Words("look")),
        (json!({"type": "sticker", "sticker": file}), Sentence),
        (json!({"type": "location", "location": {"latitude": 1.0, "longitude": 2.0}}), Read),
        (json!({"type": "location", "location": {"latitude": "-1.5", "longitude": 0}}), Read),
        (json!({"type": "location", "location": {"latitude": 1.0}}), Sentence),
        (json!({"type": "location", "location": {"latitude": 1.0, "longitude": 181, "name": "Mars"}}), Words("Mars")),
        (json!({"type": "contacts", "contacts": [{"name": {"formatted_name": "Bo"}}]}), Read),
        (json!({"type": "contacts", "contacts": [{"phones": [{"phone": "112"}]}]}), Read),
        (json!({"type": "contacts", "contacts": [{"name": {}}, 7]}), Sentence),
        (json!({"type": "contacts", "contacts": {}}), Sentence),
        (json!({"type": "order", "order": {"product_items": []}}), Sentence),
        (json!({"type": "order", "order": {"text": "gift-wrap it", "product_items": []}}), Words("gift-wrap it")),
        (json!({"type": "button", "button": {"text": "Yes", "payload": "y"}}), Choice("y", "Yes")),
        (json!({"type": "button", "button": {"payload": "y"}}), Choice("y", "y")),
        (json!({"type": "button", "button": {"text": "Yes"}}), Words("Yes")),
        (json!({"type": "button", "button": {}}), Sentence),
        (interactive("button_reply", json!({"id": "a", "title": "Take it"})), Choice("a", "Take it")),
        (interactive("button_reply", json!({"id": "a", "title": ""})), Choice("a", "a")),
        (interactive("button_reply", json!({"id": " ", "title": "Take it"})), Words("Take it")),
        (interactive("button_reply", json!({"id": 7, "title": "Take it"})), Words("Take it")),
        (interactive("button_reply", json!({"id": "x".repeat(257), "title": "Take it"})), Words("Take it")),
        (
            interactive("list_reply", json!({"id": "a", "title": "Monday", "description": "8 to 9"})),
            Choice("a", "Monday"),
        ),
        (interactive("list_reply", json!({"description": "8 to 9"})), Words("8 to 9")),
        (
            form(r#"{"flow_token":"t","note":"quick and kind","stars":4}"#),
            Words("Sent\nnote: quick and kind\nstars: 4"),
        ),
        (form(r#"{"days":["Mon","Tue"],"more":{"deep":"x"}}"#), Words("Sent\ndays: Mon\ndays: Tue\ndeep: x")),
        (form("{broken"), Words("Sent")),
        (
            interactive(
                "nfm_reply",
                json!({"name": "address_message", "body": "Ana\n12 High Street",
                       "response_json": "{\"values\":{\"name\":\"Ana\",\"street\":\"12 High Street\"}}"}),
            ),
            Words("Ana\n12 High Street"),
        ),
        (interactive("call_permission_reply", json!({"response": "accept"})), Silence),
        (interactive("reply_of_tomorrow", json!({"text": "from tomorrow"})), Words("from tomorrow")),
        (interactive("reply_of_tomorrow", json!({})), Sentence),
        (json!({"type": "reaction", "reaction": {"message_id": "wamid.X", "emoji": "+"}}), Silence),
        (json!({"type": "reaction", "reaction": {"message_id": "wamid.X"}}), Silence),
        (json!({"type": "reaction"}), Silence),
        (json!({"type": "request_welcome"}), Silence),
        (json!({"type": "system", "system": {"type": "customer_identity_changed"}}), Silence),
        (json!({"type": "system", "system": {"type": "user_moved_to_mars", "body": "x"}}), Silence),
        (unsupported("edit"), Silence),
        (unsupported("pin"), Silence),
        (unsupported("reaction"), Silence),
        (unsupported("poll_update"), Silence),
        (unsupported("call_permission_reply"), Silence),
        (unsupported("poll_creation"), Sentence),
        (unsupported("view_once"), Sentence),
        (unsupported("kind_of_tomorrow"), Sentence),
        (json!({"type": "unsupported", "errors": [{"code": 131_051}]}), Sentence),
        (json!({"type": "unsupported", "errors": [], "text": {"body": "Hello"}}), Words("Hello")),
        (json!({"type": "unknown", "errors": [{"code": 131_051}]}), Sentence),
        (json!({"type": "ephemeral"}), Sentence),
        (json!({"type": "kind_of_tomorrow", "kind_of_tomorrow": {"text": {"body": "new words"}}}), Words("new words")),
        (json!({"type": "kind_of_tomorrow", "kind_of_tomorrow": {"caption": "new words"}}), Words("new words")),
        (json!({"type": "kind_of_tomorrow"}), Sentence),
    ];
    for (rest, expected) in table {
        assert_eq!(becomes(&inbound(rest.clone()).body), expected, "{rest}");
    }
}

#[test]
fn what_changes_a_message_is_no_message() {
    let edited =
        |part: Value| event(json!({"type": "edit", "edit": {"original_message_id": "wamid.O", "message": part}}));
    let text = |event: ChannelEvent| match event {
        ChannelEvent::Edited { message, text, .. } => (message.as_str().to_owned(), text),
        other => panic!("{other:?}"),
    };
    assert_eq!(text(edited(json!({"type": "text", "text": {"body": "two"}}))), ("wamid.O".into(), "two".into()));
    assert_eq!(text(edited(json!({"type": "image", "image": {"id": "1", "caption": "us"}}))).1, "us");
    assert_eq!(text(edited(json!({"type": "image", "image": {"id": "1"}}))).1, "", "a caption that was taken away");
    let revoked = event(json!({"type": "revoke", "revoke": {"original_message_id": "wamid.O"}}));
    assert!(matches!(revoked, ChannelEvent::Revoked { .. }));
}

/// Webhook fields that Meta documents, and one that it does not.
const FIELDS: &[&str] = &[
    "account_alerts",
    "account_review_update",
    "account_settings_update",
    "account_update",
    "automatic_events",
    "business_capability_update",
    "business_status_update",
    "business_username_update",
    "calls",
    "flows",
    "group_lifecycle_update",
    "group_participants_update",
    "group_settings_update",
    "group_status_update",
    "history",
    "message_echoes",
    "message_template_components_update",
    "message_template_quality_update",
    "message_template_status_update",
    "partner_solutions",
    "payment_configuration_update",
    "phone_number_name_update",
    "phone_number_quality_update",
    "security",
    "smb_app_state_sync",
    "smb_message_echoes",
    "template_category_update",
    "tracking_events",
    "user_preferences",
    "field_of_tomorrow",
];

/// What the owner types in the business app is a message of our own, to the person that it names.
#[test]
fn an_echo_of_the_business_app_is_typed_by_the_owner() {
    let echo = json!({"from": "15550000009", "to": "15551234567", "id": "wamid.E", "timestamp": "1780000000", "type": "text",
        "text": {"body": "I am here myself"}});
    let read = |echo: Value| {
        let value = json!({"message_echoes": [echo]});
        decode(post(json!([change("smb_message_echoes", value)])).to_string().as_bytes()).unwrap()
    };
    let found = read(echo.clone());
    let [(_, ChannelEvent::Message(inbound))] = found.decoded.events.as_slice() else { panic!("{found:?}") };
    assert_eq!(inbound.origin, Origin::OwnDevice { to_self: false });
    assert_eq!(inbound.key.chat.as_str(), "15551234567");
    let to = inbound.written_to.as_ref().unwrap();
    assert_eq!(to.addresses, ["+15551234567".parse().unwrap()]);
    assert_eq!(inbound.body, Body::Text("I am here myself".into()));
    for missing in ["to", "id", "type", "timestamp"] {
        let mut less = echo.clone();
        less.as_object_mut().unwrap().remove(missing);
        let found = read(less);
        assert!(found.decoded.events.is_empty() && !found.decoded.unreadable.is_empty(), "{missing}: {found:?}");
    }
}

/// Field × scope: only four fields concern a chat, and none an account.
#[test]
fn no_field_speaks_for_a_whole_account() {
    let talk = json!({"messages": [message(json!({"type": "text", "text": {"body": "hi"}}))],
        "standby": {"messages": [message(json!({"type": "text"}))], "statuses": [{"id": "wamid.S", "status": "read"}]},
        "type": "control_taken", "timestamp": "1780000000", "sender": {"phone_number": "15551234567"}, "event": "DISABLED_UPDATE"});
    let read = |field: &str, value: &Value| {
        let post = decode(post(json!([change(field, value.clone())])).to_string().as_bytes()).unwrap();
        assert!(post.stopped.is_empty() && post.errors.is_empty(), "{field}: {post:?}");
        post
    };
    for field in FIELDS {
        for value in [talk.clone(), json!({}), json!({"standby": {}})] {
            assert_eq!(read(field, &value), Post::default(), "{field}");
        }
    }
    let chats =
        |post: &Post| post.handovers.iter().map(|(_, h)| (h.chat.as_str().to_owned(), h.to)).collect::<Vec<_>>();
    let messages = read("messages", &talk);
    assert_eq!((messages.decoded.events.len(), messages.handovers.len()), (1, 0));
    let ana = "15551234567".to_owned();
    let standby = read("standby", &talk);
    assert!(standby.decoded.events.is_empty(), "what another handler hears is not answered");
    assert!(chats(&standby).iter().all(|handover| *handover == (ana.clone(), Handler::Another)), "{standby:?}");
    assert_eq!(chats(&read("messaging_handovers", &talk)), [(ana, Handler::Another)]);
    for nothing in
        [json!({}), json!({"standby": {}}), json!({"standby": {"statuses": [{"id": "a", "status": "read"}]}})]
    {
        assert!(read("standby", &nothing).handovers.is_empty(), "{nothing}");
    }
}

#[test]
fn a_handover_names_its_number_in_the_recipient() {
    let value = json!({"type": "control_passed", "timestamp": "1780000000", "sender": {"phone_number": "15551234567"},
        "recipient": {"phone_number_id": "111"}, "control_passed": {"previous_owner_app_role": "meta_business_agent"}});
    let body = post(json!([{"field": "messaging_handovers", "value": value}]));
    let post = decode(body.to_string().as_bytes()).unwrap();
    assert_eq!(post.handovers[0].1.to, Handler::Us);
    assert!(post.decoded.unreadable.is_empty());
}

#[test]
fn who_wrote_it_is_found_wherever_it_is_said() {
    let addresses = |raw: Value, contact: Value| {
        let value = json!({"contacts": [contact], "messages": [raw]});
        let post = decode(post(json!([change("messages", value)])).to_string().as_bytes()).unwrap();
        let ChannelEvent::Message(inbound) = &post.decoded.events[0].1 else { panic!("no message") };
        let addresses: Vec<_> = inbound.sender.addresses.iter().map(ToString::to_string).collect();
        (addresses.join(" "), inbound.origin)
    };
    let say = |from: Value| {
        let mut said = json!({"id": "wamid.A", "timestamp": 1_780_000_000, "type": "text", "text": {"body": "hi"}});
        said.as_object_mut().unwrap().extend(from.as_object().unwrap().clone());
        said
    };
    let both = say(json!({"from": "15551234567", "from_user_id": "US.1"}));
    let contact = json!({"wa_id": "15551234567", "user_id": "US.1", "profile": {"username": "@Ana"}});
    assert_eq!(addresses(both, contact.clone()).0, "+15551234567 bsuid:US.1 @ana");
    assert_eq!(addresses(say(json!({"from": 15_551_234_567_u64})), contact).0, "+15551234567 bsuid:US.1 @ana");
    assert_eq!(addresses(say(json!({"from": "US.77"})), json!({"wa_id": "US.77"})).0, "bsuid:US.77");
    assert_eq!(addresses(say(json!({"from": "bla"})), json!({"wa_id": "bla"})).0, "");
    let own = addresses(say(json!({"from": "15550001111"})), json!({"wa_id": "15550001111"}));
    assert_eq!(own.1, Origin::OwnDevice { to_self: false }, "the number does not talk to itself");
}

/// Whose message is quoted is decided by ids that the engine knows; a claim counts only where it is a number.
#[test]
fn a_quote_is_ours_by_our_number_and_not_by_an_empty_one() {
    let addressing = |display: &str, from: &str| {
        let raw = message(json!({"type": "text", "text": {"body": "x"}, "group_id": "G",
            "context": {"from": from, "id": "wamid.Q"}}));
        let metadata = json!({"phone_number_id": "111", "display_phone_number": display});
        let body = post(json!([change("messages", json!({"metadata": metadata, "messages": [raw]}))]));
        let post = decode(body.to_string().as_bytes()).unwrap();
        let ChannelEvent::Message(inbound) = &post.decoded.events[0].1 else { panic!("no message") };
        (inbound.addressing, inbound.quote.as_ref().map(|quote| quote.message.as_str().to_owned()))
    };
    let quoted = Some("wamid.Q".to_owned());
    assert_eq!(addressing("+1 555 000 1111", "15550001111"), (Addressing::Replied, quoted.clone()));
    for (display, from) in [("", "abc"), ("", ""), ("---", "abc"), ("15550001111", "abc"), ("15550001111", "111")] {
        assert_eq!(addressing(display, from), (Addressing::Overheard, quoted.clone()), "{display:?} {from:?}");
    }
}

#[test]
fn a_moment_is_read_in_seconds_and_milliseconds() {
    let at =
        |timestamp: Value| inbound(json!({"type": "text", "text": {"body": "x"}, "timestamp": timestamp})).sent_at.0;
    for same in [json!("1780000000"), json!(1_780_000_000), json!("1780000000000"), json!(1_780_000_000_000_u64)] {
        assert_eq!(at(same.clone()), 1_780_000_000_000, "{same}");
    }
}

//! Phones among themselves, over the stand-in of the server.

mod orders;

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use parking_lot::Mutex;
use whatsapp_rust::wacore::libsignal::protocol::PreKeySignalMessage;
use whatsapp_rust::wacore::messages::{MessageUtils, decode_plaintext};
use whatsapp_rust::wacore_binary::{Jid, Node};
use whatsapp_rust::waproto::whatsapp as wa;

use super::link::read_qr;
use super::node::{bytes, jid, text};
use super::stand_in::{Companion, StandIn};
use super::*;

const SOON: Duration = Duration::from_secs(20);

async fn phone(server: &StandIn, number: &str, name: &str) -> Phone {
    let person = Person { prekeys: 4, ..Person::new(number, name) };
    Phone::start(Arc::new(server.clone()), Arc::new(server.clone()), person).await.unwrap()
}

async fn ana_and_ben() -> (StandIn, Phone, Phone) {
    let server = StandIn::default();
    let (ana, ben) = (phone(&server, "15550001", "Ana").await, phone(&server, "15550002", "Ben").await);
    (server, ana, ben)
}

async fn hears(phone: &Phone, text: &str) -> Heard {
    phone.until_heard(|heard| heard.text() == Some(text), SOON).await.unwrap()
}

/// Returns when the server has routed all that the phone wrote so far: a line keeps its order.
async fn routed(phone: &Phone) {
    phone.upload_keys().await.unwrap();
}

fn to(phone: &Phone) -> Address {
    Address::pn(phone.number())
}

#[tokio::test]
async fn words_go_both_ways_by_number_and_by_lid() {
    let (_server, ana, ben) = ana_and_ben().await;
    let id = ana.say(&to(&ben), "hello").await.unwrap();
    let heard = hears(&ben, "hello").await;
    assert_eq!((heard.id.as_str(), heard.from.as_str(), heard.own), (id.as_str(), "15550001", false));
    assert!(heard.chat.is_pn());
    ben.say(&Address::lid(ana.lid()), "hello by lid").await.unwrap();
    let heard = hears(&ana, "hello by lid").await;
    assert_eq!(heard.from, "15550002");
    assert!(heard.chat.is_lid());
    for round in 0..20 {
        ana.say(&to(&ben), &format!("a{round}")).await.unwrap();
        ben.say(&to(&ana), &format!("b{round}")).await.unwrap();
    }
    hears(&ben, "a19").await;
    hears(&ana, "b19").await;
    assert_eq!((ana.undecryptable(), ben.undecryptable()), (0, 0));
    assert_eq!(ben.heard().len(), 21);
    ana.until_receipt(|receipt| receipt.id == id && receipt.kind == ReceiptKind::Delivered, SOON).await.unwrap();
    assert_eq!(ana.acknowledged(&id), Some(Ok(())));
    ben.read(&ben.heard()[0]).unwrap();
    ana.until_receipt(|receipt| receipt.id == id && receipt.kind == ReceiptKind::Read, SOON).await.unwrap();
    ana.type_in(&to(&ben), true).unwrap();
    let typing = ben.until_typing(|_| true, SOON).await.unwrap();
    assert_eq!((typing.from.as_str(), typing.state), ("15550001", "composing"));
}

#[tokio::test]
async fn every_kind_of_message_arrives_whole() {
    let (_server, ana, ben) = ana_and_ben().await;
    ana.say(&to(&ben), "first").await.unwrap();
    let first = hears(&ben, "first").await;
    let reply = Draft::text("@15550001 yes").quoting(&first).mentioning([to(&ana)]);
    let reply = ben.send(&to(&ana), reply).await.unwrap();
    let heard = hears(&ana, "@15550001 yes").await;
    let quote = heard.quote.clone().unwrap();
    assert_eq!((quote.id, quote.text.as_deref()), (first.id.clone(), Some("first")));
    assert_eq!(quote.participant.as_deref(), Some("15550001@s.whatsapp.net"));
    assert!(heard.mentions_user("15550001"));
    let drafts = [
        (Draft::reaction(&first, "👍"), Body::Reaction { to: first.id.clone(), emoji: Some("👍".into()) }),
        (Draft::reaction(&first, ""), Body::Reaction { to: first.id.clone(), emoji: None }),
        (
            Draft::image(vec![1; 300], Some("look")),
            Body::Image { bytes: vec![1; 300], caption: Some("look".into()), mime: "image/jpeg".into() },
        ),
        (
            Draft::voice(vec![2; 500], 3),
            Body::Voice { bytes: vec![2; 500], seconds: 3, mime: "audio/ogg; codecs=opus".into() },
        ),
        (
            Draft::file(vec![3; 9], "a.pdf", "application/pdf", Some("read")),
            Body::Document {
                bytes: vec![3; 9],
                name: Some("a.pdf".into()),
                mime: "application/pdf".into(),
                caption: Some("read".into()),
            },
        ),
        (Draft::edit(&reply, "no"), Body::Edit { of: reply.clone(), text: "no".into() }),
        (Draft::revoke(&reply), Body::Revoke { of: reply.clone() }),
        (Draft::sticker(vec![4; 20]), Body::Other("sticker")),
        (
            Draft::place(1.5, 2.5, Some("Park"), Some("Main St 1")),
            Body::Location {
                latitude: 1.5,
                longitude: 2.5,
                name: Some("Park".into()),
                address: Some("Main St 1".into()),
            },
        ),
        (
            Draft::live_location(1.5, 2.5, "soon"),
            Body::Location { latitude: 1.5, longitude: 2.5, name: Some("soon".into()), address: None },
        ),
        (Draft::tap("a", "A"), Body::Tap { id: "a".into(), title: "A".into() }),
        (Draft::pick("b", "B"), Body::Tap { id: "b".into(), title: "B".into() }),
    ];
    for (draft, body) in drafts {
        let id = ben.send(&to(&ana), draft).await.unwrap();
        let heard = ana.until_heard(|heard| heard.id == id, SOON).await.unwrap();
        assert_eq!(heard.body, body);
    }
    for (draft, count) in
        [(Draft::contact("Eve", "15550009"), 1), (Draft::contacts(&[("Eve", "15550009"), ("Kim", "15550008")]), 2)]
    {
        let id = ben.send(&to(&ana), draft).await.unwrap();
        let heard = ana.until_heard(|heard| heard.id == id, SOON).await.unwrap();
        let Body::Contacts(cards) = heard.body else { panic!("no cards") };
        assert!(cards.len() == count && cards[0].0 == "Eve" && cards[0].1.contains("waid=15550009:+15550009"));
    }
    assert_eq!(ana.undecryptable(), 0);
}

#[tokio::test]
async fn the_same_message_again_is_decrypted_and_carries_its_id() {
    let (_server, ana, ben) = ana_and_ben().await;
    let id = ana.send(&to(&ben), Draft::text("once").with_id("ABC")).await.unwrap();
    assert_eq!(id, "ABC");
    hears(&ben, "once").await;
    ana.repeat("ABC").await.unwrap();
    ana.say(&to(&ben), "after").await.unwrap();
    hears(&ben, "after").await;
    assert_eq!(ben.heard().iter().filter(|heard| heard.id == "ABC").count(), 2);
    assert!(ana.repeat("unknown").await.is_err());
}

#[tokio::test]
async fn what_was_spoiled_on_the_way_is_asked_for_and_healed() {
    let (server, ana, ben) = ana_and_ben().await;
    ana.say(&to(&ben), "one").await.unwrap();
    hears(&ben, "one").await;
    ben.say(&to(&ana), "two").await.unwrap();
    hears(&ana, "two").await;
    // Once: the session that exists serves. Twice: the second receipt brings keys for a fresh one.
    for (count, word) in [(1, "three"), (2, "four")] {
        server.world().spoil.insert(("15550002".to_owned(), 0), count);
        ana.say(&to(&ben), word).await.unwrap();
        assert!(hears(&ben, word).await.healed);
    }
    assert_eq!((ben.undecryptable(), ben.heals()), (2, 2));
    assert_eq!(ana.repeated(), 3);
    ben.say(&to(&ana), "still").await.unwrap();
    hears(&ana, "still").await;
    // More often than anybody asks: it stays lost, and what comes next is read.
    server.world().spoil.insert(("15550002".to_owned(), 0), 6);
    ana.say(&to(&ben), "lost").await.unwrap();
    ben.until_receipt(|_| false, Duration::from_millis(300)).await.unwrap_err();
    ana.say(&to(&ben), "next").await.unwrap();
    hears(&ben, "next").await;
    assert_eq!((ben.undecryptable(), ben.heals()), (3, 2));
}

#[tokio::test]
async fn a_lost_session_heals_in_both_directions() {
    let (_server, ana, ben) = ana_and_ben().await;
    ana.say(&to(&ben), "one").await.unwrap();
    hears(&ben, "one").await;
    ben.say(&to(&ana), "two").await.unwrap();
    hears(&ana, "two").await;
    ben.lose_session(&ana.jid());
    ana.say(&to(&ben), "three").await.unwrap();
    assert!(hears(&ben, "three").await.healed);
    ben.say(&to(&ana), "four").await.unwrap();
    hears(&ana, "four").await;
    assert_eq!(ben.undecryptable(), ben.heals());
}

#[tokio::test]
async fn what_comes_while_offline_waits() {
    let (_server, ana, ben) = ana_and_ben().await;
    ana.say(&to(&ben), "before").await.unwrap();
    hears(&ben, "before").await;
    ben.offline();
    assert!(!ben.is_online());
    let seen = ben.last_seen();
    ana.say(&to(&ben), "meanwhile").await.unwrap();
    routed(&ana).await;
    assert!(ben.say(&to(&ana), "no").await.is_err());
    assert_eq!(ben.last_seen(), seen);
    ben.online().await.unwrap();
    assert!(hears(&ben, "meanwhile").await.offline);
    ben.say(&to(&ana), "back").await.unwrap();
    hears(&ana, "back").await;
}

#[tokio::test]
async fn a_group_reads_once_it_has_the_key_and_not_after_leaving() {
    let (server, ana, ben) = ana_and_ben().await;
    let cid = phone(&server, "15550003", "Cid").await;
    let members = ["15550001", "15550002", "15550003"].map(str::to_owned).to_vec();
    server.world().groups.insert("77".to_owned(), members);
    let group = Address::group("77@g.us");
    for round in 0..3 {
        ana.say(&group, &format!("g{round}")).await.unwrap();
        ben.say(&group, &format!("h{round}")).await.unwrap();
    }
    let heard = hears(&ben, "g2").await;
    assert_eq!((heard.from.as_str(), heard.chat.to_string().as_str()), ("15550001", "77@g.us"));
    hears(&cid, "g2").await;
    hears(&cid, "h2").await;
    hears(&ana, "h2").await;
    let quoted = ben.send(&group, Draft::text("q").quoting(&heard)).await.unwrap();
    let quote = cid.until_heard(|heard| heard.id == quoted, SOON).await.unwrap().quote.unwrap();
    assert_eq!(quote.participant, Some(ana.lid_jid().to_string()));
    server.world().spoil.insert(("15550003".to_owned(), 0), 1);
    ana.say(&group, "spoiled").await.unwrap();
    assert!(hears(&cid, "spoiled").await.healed);
    ana.say(&group, "whole").await.unwrap();
    assert!(!hears(&cid, "whole").await.healed);

    server.world().groups.get_mut("77").unwrap().pop();
    let left = whatsapp_rust::NodeBuilder::new("remove").build();
    let notice = whatsapp_rust::NodeBuilder::new("notification").attr("from", Jid::group("77")).attr("type", "w:gp2");
    ana.take(notice.children([left]).build());
    ana.say(&group, "without Cid").await.unwrap();
    hears(&ben, "without Cid").await;
    // Even with the ciphertext in hand.
    let stolen = server.world().last_for_group.clone().unwrap();
    let stolen = whatsapp_rust::NodeBuilder::new("message")
        .attr("id", "stolen")
        .attr("from", Jid::group("77"))
        .attr("participant", ana.lid_jid())
        .children([stolen]);
    cid.take(stolen.build());
    assert!(cid.heard().iter().all(|heard| heard.text() != Some("without Cid")));
    assert_eq!((ben.undecryptable(), cid.undecryptable(), cid.heals()), (0, 2, 1));
}

fn qr(reference: &str, companion: &Mutex<Companion>) -> String {
    let companion = companion.lock();
    let [noise, identity, secret] =
        [companion.noise, companion.identity(), companion.adv_secret].map(|key| STANDARD.encode(key));
    format!("{reference},{noise},{identity},{secret},1")
}

/// What the companion reads in its queue: the messages, decrypted.
fn opened(server: &StandIn, number: &str, device: u16, companion: &Mutex<Companion>) -> Vec<(Node, wa::Message)> {
    let keys = &mut companion.lock().keys;
    let waiting = server.waiting(number, device).into_iter().filter(|stanza| stanza.tag == "message");
    let opened = waiting.map(|stanza| {
        let enc = stanza.get_optional_child("enc").unwrap();
        let address = address::Directory::default().signal_address(&jid(&stanza, "from").unwrap());
        let plain = keys.open(&address, &text(enc, "type").unwrap(), bytes(enc).unwrap()).unwrap();
        (stanza.clone(), decode_plaintext(&plain, 2).unwrap())
    });
    opened.collect()
}

#[tokio::test]
async fn a_companion_gets_the_sync_key_and_copies_and_is_heard() {
    let (server, ana, ben) = ana_and_ben().await;
    ben.say(&to(&ana), "before").await.unwrap();
    hears(&ana, "before").await;
    let companion = Companion::show(&server, "2@ref");
    let device = ana.scan(&qr("2@ref", &companion)).await.unwrap();
    assert_eq!(device, 1);
    routed(&ana).await;
    let peer = opened(&server, "15550001", 1, &companion);
    assert_eq!(text(&peer[0].0, "category").as_deref(), Some("peer"));
    let share = peer[0].1.protocol_message.as_option().unwrap().app_state_sync_key_share.as_option().unwrap();
    assert_eq!(share.keys[0].key_data.as_option().unwrap().key_data.as_deref().unwrap().len(), 32);

    ana.say(&to(&ben), "copied").await.unwrap();
    hears(&ben, "copied").await;
    ana.say(&Address::Myself, "note").await.unwrap();
    routed(&ana).await;
    let copies = opened(&server, "15550001", 1, &companion);
    let copy = |index: usize| copies[index].1.device_sent_message.as_option().unwrap();
    assert_eq!(copy(0).destination_jid.as_deref(), Some("15550002@s.whatsapp.net"));
    assert_eq!(copy(0).message.as_option().unwrap().conversation.as_deref(), Some("copied"));
    assert_eq!(copy(1).destination_jid.as_deref(), Some("15550001@s.whatsapp.net"));

    // Others learn of the companion by the server's notice, and write to it too.
    let notice = whatsapp_rust::NodeBuilder::new("notification").attr("from", ana.jid()).attr("type", "devices");
    ben.take(notice.build());
    ben.say(&to(&ana), "to both").await.unwrap();
    hears(&ana, "to both").await;
    routed(&ben).await;
    let both = opened(&server, "15550001", 1, &companion);
    assert_eq!(both[0].1.conversation.as_deref(), Some("to both"));

    ana.unlink(1).unwrap();
    ana.say(&to(&ben), "alone").await.unwrap();
    hears(&ben, "alone").await;
    routed(&ana).await;
    assert!(server.waiting("15550001", 1).is_empty());
    assert!(ana.unlink(1).is_err());
}

#[tokio::test]
async fn a_code_with_any_forged_field_is_refused() {
    let (server, ana, _ben) = ana_and_ben().await;
    let companion = Companion::show(&server, "2@ref");
    let good = qr("2@ref", &companion);
    let fields: Vec<&str> = good.split(',').collect();
    let with = |index: usize, field: &str| {
        let mut fields = fields.clone();
        fields[index] = field;
        fields.join(",")
    };
    let other = STANDARD.encode([7_u8; 32]);
    let expired = ana.scan(&with(0, "2@other")).await.unwrap_err();
    assert!(matches!(expired, LinkError::Expired), "{expired}");
    let forged = ana.scan(&with(1, &other)).await.unwrap_err();
    assert!(matches!(forged, LinkError::Forged), "{forged}");
    for index in [0, 1, 2, 3, 4] {
        let malformed = ana.scan(&with(index, "")).await.unwrap_err();
        assert!(matches!(malformed, LinkError::Malformed(_)), "{index}: {malformed}");
    }
    for text in ["", "hello", "a,b", &good[..good.len() - 2], &format!("{good},more")] {
        let malformed = ana.scan(text).await.unwrap_err();
        assert!(matches!(malformed, LinkError::Malformed(_)), "{text}: {malformed}");
    }
    // The identity and the secret are the companion's own: it refuses what was not made for it.
    for index in [2, 3] {
        let reference = format!("2@ref{index}");
        let companion = Companion::show(&server, &reference);
        let good = qr(&reference, &companion);
        let mut fields: Vec<&str> = good.split(',').collect();
        fields[index] = &other;
        let refused = ana.scan(&fields.join(",")).await.unwrap_err();
        assert!(matches!(refused, LinkError::Refused(_)), "{index}: {refused}");
    }
    let linked = format!("https://wa.me/settings/linked_devices#{good}");
    assert_eq!(read_qr(&linked).unwrap().reference, b"2@ref");
    ana.scan(&linked).await.unwrap();
    let again = ana.scan(&good).await.unwrap_err();
    assert!(matches!(again, LinkError::Expired), "{again}");
}

#[tokio::test]
async fn nobody_writes_to_a_companion_that_no_account_vouches_for() {
    let (server, ana, ben) = ana_and_ben().await;
    let companion = Companion::show(&server, "2@ref");
    ana.scan(&qr("2@ref", &companion)).await.unwrap();
    server.forge_voucher("15550001", 1);
    let error = ben.say(&to(&ana), "to both").await.unwrap_err();
    assert!(error.to_string().contains("vouches"), "{error}");
}

/// A retry receipt of the companion for this message.
fn retry(id: &str, count: u8, keys: Option<(u32, Vec<Node>)>) -> Node {
    let retry = whatsapp_rust::NodeBuilder::new("retry").attr("count", count).build();
    let receipt = whatsapp_rust::NodeBuilder::new("receipt").attr("id", id).attr("type", "retry");
    let receipt = receipt.attr("to", Jid::pn("15550001")).attr("recipient", Jid::pn("15550002"));
    let keys = keys.map(|(registration, keys)| {
        let keys = whatsapp_rust::NodeBuilder::new("keys").children(keys).build();
        [node::blob("registration", registration.to_be_bytes()), keys]
    });
    receipt.children(std::iter::once(retry).chain(keys.into_iter().flatten()).collect::<Vec<_>>()).build()
}

/// The next copy that the companion gets: its type, and the one-time key it uses.
async fn next_copy(server: &StandIn, phone: &Phone) -> (String, Option<u32>) {
    loop {
        routed(phone).await;
        let waiting = server.waiting("15550001", 1);
        let Some(copy) = waiting.iter().find(|stanza| stanza.tag == "message") else { continue };
        let enc = copy.get_optional_child("enc").unwrap();
        let kind = text(enc, "type").unwrap();
        let first = (kind == "pkmsg").then(|| PreKeySignalMessage::try_from(bytes(enc).unwrap()).unwrap());
        return (kind, first.and_then(|first| first.pre_key_id()).map(u32::from));
    }
}

#[tokio::test]
async fn a_second_wish_for_a_message_starts_a_fresh_session() {
    let (server, ana, ben) = ana_and_ben().await;
    let companion = Companion::show(&server, "2@ref");
    ana.scan(&qr("2@ref", &companion)).await.unwrap();
    routed(&ana).await;
    opened(&server, "15550001", 1, &companion);
    // The companion answers once, so that the session needs no first message any more.
    let registration = {
        let keys = &mut companion.lock().keys;
        let address = address::Directory::default().signal_address(&ana.jid());
        let sealed = keys.seal(&address, &MessageUtils::encode_and_pad(&wa::Message::default())).unwrap();
        let enc = whatsapp_rust::NodeBuilder::new("enc").attr("type", sealed.kind).bytes(sealed.bytes).build();
        let answer =
            whatsapp_rust::NodeBuilder::new("message").attr("id", "A").attr("to", ana.jid()).attr("type", "text");
        server.say("15550001", 1, &answer.children([enc]).build());
        keys.identities.registration
    };
    routed(&ana).await;
    let id = ana.say(&to(&ben), "copied").await.unwrap();
    assert_eq!(next_copy(&server, &ana).await, ("msg".to_owned(), None));
    server.say("15550001", 1, &retry(&id, 1, None));
    assert_eq!(next_copy(&server, &ana).await, ("msg".to_owned(), None));
    server.say("15550001", 1, &retry(&id, 2, None));
    assert_eq!(next_copy(&server, &ana).await, ("pkmsg".to_owned(), None));
    let keys = companion.lock().keys.for_retry();
    server.say("15550001", 1, &retry(&id, 2, Some((registration, keys))));
    assert_eq!(next_copy(&server, &ana).await, ("pkmsg".to_owned(), Some(1)));
    server.say("15550001", 1, &retry(&id, 6, None));
    ana.until_receipt(|receipt| receipt.kind == ReceiptKind::Retry(6), SOON).await.unwrap();
    assert_eq!(ana.repeated(), 3);
}

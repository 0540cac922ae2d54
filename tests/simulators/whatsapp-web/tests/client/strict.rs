//! What no real server takes.

use crate::client::{ANA, BOT, SOON, simulator};
use crate::raw::{Keys, Raw, login, public, sign};
use greenroom_simulator_whatsapp_web::{Node, Options, Phone, Simulator};
use whatsapp_rust::NodeBuilder;
use whatsapp_rust::wacore::libsignal::protocol::{IdentityKey, KeyPair, PreKeySignalMessage, SignalMessage};
use whatsapp_rust::wacore_binary::{Jid, Server};

async fn linked(simulator: &Simulator, phone: &Phone) -> (Raw, Keys, u16) {
    let keys = Keys::generate();
    let device = Raw::pair(simulator, phone, &keys, sign).await.unwrap();
    let mut raw = Raw::connect(simulator, &keys.noise, &login(BOT, device)).await;
    assert_eq!(raw.next().await.unwrap().tag, "success");
    (raw, keys, device)
}

fn whats(simulator: &Simulator) -> Vec<String> {
    simulator.violations().into_iter().map(|violation| violation.what).collect()
}

fn text(node: &Node, name: &str) -> String {
    node.attrs.get(name).map(|value| value.as_str().into_owned()).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn companions_that_forge_are_not_linked() {
    let (simulator, phone, _) = simulator(Options::default()).await;
    let refused = Raw::pair(&simulator, &phone, &Keys::generate(), |_, signed| signed).await.unwrap_err();
    assert!(refused.contains("did not sign"), "{refused}");
    let other = Keys::generate();
    let refused = Raw::pair(&simulator, &phone, &Keys::generate(), |_, signed| sign(&other, signed)).await;
    assert!(refused.unwrap_err().contains("signature is wrong"));
    let changed = |keys: &Keys, mut signed: whatsapp_rust::waproto::whatsapp::ADVSignedDeviceIdentity| {
        signed.details = signed.details.map(|details| [details, vec![0]].concat());
        sign(keys, signed)
    };
    let refused = Raw::pair(&simulator, &phone, &Keys::generate(), changed).await.unwrap_err();
    assert!(refused.contains("changed the details"), "{refused}");
    assert_eq!(whats(&simulator).len(), 3);
    assert!(simulator.device((BOT, 1)).is_none());
    // The honest one is.
    Raw::pair(&simulator, &phone, &Keys::generate(), sign).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn registrations_and_logins_are_checked() {
    let (simulator, phone, _) = simulator(Options::default()).await;
    let keys = Keys::generate();
    let mut payload = keys.registration();
    let signature = vec![0; 64];
    payload.device_pairing_data.modify(|data| data.e_skey_sig = Some(signature));
    let mut raw = Raw::connect(&simulator, &keys.noise, &payload).await;
    assert_eq!(text(&raw.next().await.unwrap(), "reason"), "400");
    assert!(raw.next().await.is_none(), "the server closes");

    let (_raw, _, device) = linked(&simulator, &phone).await;
    let thief = Keys::generate();
    let mut raw = Raw::connect(&simulator, &thief.noise, &login(BOT, device)).await;
    let failure = raw.next().await.unwrap();
    assert_eq!((failure.tag.as_ref(), text(&failure, "reason").as_str()), ("failure", "401"));
    // The phone's own place cannot be taken either.
    let mut raw = Raw::connect(&simulator, &thief.noise, &login(BOT, 0)).await;
    assert_eq!(text(&raw.next().await.unwrap(), "reason"), "401");
    assert_eq!(whats(&simulator).len(), 2, "{:?}", whats(&simulator));
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_checked() {
    let (simulator, phone, _) = simulator(Options::default()).await;
    let (mut raw, keys, _) = linked(&simulator, &phone).await;
    let leaf = |tag: &'static str, bytes: &[u8]| NodeBuilder::new(tag).bytes(bytes.to_vec()).build();
    let upload = |signature: &[u8], value: &[u8]| {
        let skey = [leaf("id", &[0, 0, 1]), leaf("value", public(&keys.signed)), leaf("signature", signature)];
        let key = [leaf("id", &[0, 0, 9]), leaf("value", value)];
        let list = NodeBuilder::new("list").children([NodeBuilder::new("key").children(key).build()]);
        NodeBuilder::new("iq")
            .attr("type", "set")
            .attr("xmlns", "encrypt")
            .attr("to", Jid::new("", Server::Pn))
            .children([
                leaf("registration", &[0, 0, 0, 7]),
                leaf("type", &[5]),
                leaf("identity", public(&keys.identity)),
                list.build(),
                NodeBuilder::new("skey").children(skey).build(),
            ])
    };
    let answer = raw.ask(upload(&[1; 64], &[2; 32]), "1").await;
    assert_eq!(text(&answer, "type"), "error");
    let answer = raw.ask(upload(&keys.signature(), &[2; 33]), "2").await;
    assert_eq!(text(&answer, "type"), "error");
    let answer = raw.ask(upload(&keys.signature(), &[2; 32]), "3").await;
    assert_eq!(text(&answer, "type"), "result");
    assert_eq!(whats(&simulator).len(), 2, "{:?}", whats(&simulator));
}

/// A ciphertext that looks like one.
fn ciphertext(ratchet: &KeyPair, counter: u32, content: &[u8]) -> Vec<u8> {
    let identity = IdentityKey::new(ratchet.public_key);
    let message = SignalMessage::new(3, &[7; 32], ratchet.public_key, counter, 0, content, &identity, &identity);
    message.unwrap().serialized().to_vec()
}

fn prekey_message(pair: &KeyPair) -> Vec<u8> {
    let inner = ciphertext(pair, 9, b"first");
    let inner = SignalMessage::try_from(&inner[..]).unwrap();
    let identity = IdentityKey::new(pair.public_key);
    PreKeySignalMessage::new(3, 7, None, 1.into(), pair.public_key, identity, inner).unwrap().serialized().to_vec()
}

fn named(jid: &str, kind: &str, ciphertext: &[u8]) -> Node {
    let enc = NodeBuilder::new("enc").attr("v", "2").attr("type", kind).bytes(ciphertext.to_vec()).build();
    let to = NodeBuilder::new("to").attr("jid", jid.parse::<Jid>().unwrap()).children([enc]).build();
    NodeBuilder::new("participants").children([to]).build()
}

fn message(to: &str, targets: &[(&str, &[u8])], version: &str) -> NodeBuilder {
    let named = targets.iter().map(|(jid, ciphertext)| {
        let enc = NodeBuilder::new("enc").attr("v", version).attr("type", "msg").bytes(ciphertext.to_vec()).build();
        NodeBuilder::new("to").attr("jid", jid.parse::<Jid>().unwrap()).children([enc]).build()
    });
    let participants = NodeBuilder::new("participants").children(named).build();
    let to: Jid = to.parse().unwrap();
    NodeBuilder::new("message").attr("to", to).attr("type", "text").children([participants])
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_checked() {
    let (simulator, phone, _) = simulator(Options::default()).await;
    simulator.phone("15559999999", "Stranger").await.unwrap();
    let (mut raw, _, _) = linked(&simulator, &phone).await;
    let ratchet = KeyPair::generate(&mut rand::rng());
    let ana = format!("{ANA}@s.whatsapp.net");
    let first = ciphertext(&ratchet, 0, b"one");
    let error = async |raw: &mut Raw, builder: NodeBuilder, id: &str| text(&raw.ask(builder, id).await, "error");

    assert_eq!(error(&mut raw, message(&ana, &[(&ana, &first)], "2"), "a").await, "");
    assert_eq!(error(&mut raw, message(&ana, &[(&ana, &first)], "1"), "b").await, "479");
    assert_eq!(error(&mut raw, message(&ana, &[(&ana, b"nonsense")], "2"), "c").await, "479");
    assert_eq!(error(&mut raw, message(&ana, &[], "2"), "d").await, "479");
    assert_eq!(error(&mut raw, message(&ana, &[(&ana, &first), (&ana, &first)], "2"), "e").await, "479");
    let stranger = "15559999999@s.whatsapp.net";
    assert_eq!(error(&mut raw, message(&ana, &[(stranger, &first)], "2"), "f").await, "479");
    assert_eq!(error(&mut raw, message("15550000000@s.whatsapp.net", &[(&ana, &first)], "2"), "g").await, "404");
    assert_eq!(error(&mut raw, message("1203@g.us", &[(&ana, &first)], "2"), "h").await, "404");
    assert_eq!(whats(&simulator).len(), 5, "{:?}", whats(&simulator));

    // A first message without the companion's identity, or with one that is not its own.
    let first_message = |identity: Option<&[u8]>| {
        let mut children = vec![named(&ana, "pkmsg", &prekey_message(&ratchet))];
        children.extend(identity.map(|bytes| NodeBuilder::new("device-identity").bytes(bytes.to_vec()).build()));
        let to: Jid = ana.parse().unwrap();
        NodeBuilder::new("message").attr("to", to).attr("type", "text").children(children)
    };
    assert_eq!(error(&mut raw, first_message(None), "j").await, "479");
    assert_eq!(error(&mut raw, first_message(Some(&[10, 1, 1])), "k").await, "479");
    assert_eq!(whats(&simulator).len(), 7, "{:?}", whats(&simulator));

    // The key of the first message again, for other words.
    let reused = ciphertext(&ratchet, 0, b"two");
    assert_eq!(error(&mut raw, message(&ana, &[(&ana, &reused)], "2"), "i").await, "");
    assert!(whats(&simulator)[7].contains("used twice"), "{:?}", whats(&simulator));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_stanza_ends_the_connection() {
    let (simulator, phone, _) = simulator(Options::default()).await;
    let (mut raw, _, device) = linked(&simulator, &phone).await;
    raw.send_bytes(&[0, 0xf8, 0xff, 0x01, 0x02]).await;
    assert!(raw.until(|_| false).await.is_none());
    assert_eq!(whats(&simulator).len(), 1);
    simulator.until_device((BOT, device), SOON, |status| !status.connected).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_connection_says_nothing() {
    let (simulator, phone, _) = simulator(Options::default()).await;
    let (mut raw, _, device) = linked(&simulator, &phone).await;
    let ping = |id: &str| {
        let builder =
            NodeBuilder::new("iq").attr("type", "get").attr("xmlns", "w:p").attr("to", Jid::new("", Server::Pn));
        builder.attr("id", id).children([NodeBuilder::new("ping").build()]).build()
    };
    assert!(simulator.freeze((BOT, device), true));
    let serial = simulator.traffic_serial();
    raw.send(ping("lost?")).await;
    // Somebody else's traffic goes on meanwhile: the server as a whole is not frozen.
    phone.say(&greenroom_simulator_whatsapp_web::people::Address::pn(ANA), "hello").await.unwrap();
    let seen = |from_client: bool| {
        simulator
            .traffic_after(serial)
            .iter()
            .any(|t| t.device == Some((BOT, device).into()) && t.from_client == from_client)
    };
    assert!(!seen(true));
    assert!(simulator.freeze((BOT, device), false));
    let answer = raw.until(|node| text(node, "id") == "lost?").await.unwrap();
    assert_eq!(text(&answer, "type"), "result");
}

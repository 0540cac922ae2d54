//! Simulated people at the simulated server: among themselves, and with the client library as their companion.

use crate::client::{ANA, BOT, Client, SOON, Wishes, keys, simulator};
use futures::future::try_join_all;
use greenroom_simulator_whatsapp_web::people::{Address, Body, Draft, Heard, LinkError, ReceiptKind};
use greenroom_simulator_whatsapp_web::{Options, Phone, Simulator};
use std::time::Instant;
use whatsapp_rust::Jid;
use whatsapp_rust::types::events::Event;

async fn hears(phone: &Phone, text: &str) -> Heard {
    phone.until_heard(|heard| heard.text() == Some(text), SOON).await.unwrap()
}

fn to(phone: &Phone) -> Address {
    Address::pn(phone.number())
}

/// Nothing was refused, noted or lost.
fn assert_clean(simulator: &Simulator, phones: &[&Phone]) {
    assert_eq!(simulator.violations(), []);
    assert_eq!(simulator.unknown_requests(), Vec::<String>::new());
    for phone in phones {
        assert_eq!(phone.undecryptable(), phone.heals(), "{}", phone.name());
    }
}

#[tokio::test]
async fn two_people_exchange_everything() {
    let (simulator, ben, ana) = simulator(Options::default()).await;
    let first = ana.say(&to(&ben), "hello").await.unwrap();
    let heard = hears(&ben, "hello").await;
    assert_eq!((heard.from.as_str(), heard.name.as_deref()), (ANA, Some("Ana")));
    assert_eq!(ana.until_acknowledged(&first, SOON).await.unwrap(), Ok(()));
    ana.until_receipt(|receipt| receipt.id == first && receipt.kind == ReceiptKind::Delivered, SOON).await.unwrap();
    ben.read(&heard).unwrap();
    ana.until_receipt(|receipt| receipt.id == first && receipt.kind == ReceiptKind::Read, SOON).await.unwrap();
    ben.type_in(&to(&ana), true).unwrap();
    assert_eq!(ana.until_typing(|_| true, SOON).await.unwrap().from, ben.number());

    for chat in [to(&ana), Address::lid(ana.lid())] {
        let reply = Draft::text("yes @you").quoting(&heard).mentioning([to(&ana)]);
        let drafts = [
            (reply, Body::Text("yes @you".into())),
            (Draft::reaction(&heard, "👍"), Body::Reaction { to: first.clone(), emoji: Some("👍".into()) }),
            (
                Draft::image(vec![7; 5000], Some("look")),
                Body::Image { bytes: vec![7; 5000], caption: Some("look".into()), mime: "image/jpeg".into() },
            ),
            (
                Draft::voice(vec![8; 5000], 2),
                Body::Voice { bytes: vec![8; 5000], seconds: 2, mime: "audio/ogg; codecs=opus".into() },
            ),
            (Draft::location(1.0, 2.0), Body::Location { latitude: 1.0, longitude: 2.0, name: None, address: None }),
        ];
        for (draft, body) in drafts {
            let id = ben.send(&chat, draft).await.unwrap();
            assert_eq!(ana.until_heard(|heard| heard.id == id, SOON).await.unwrap().body, body);
        }
    }
    assert!(ana.say(&Address::pn("15550009999"), "nobody").await.is_err());
    assert_clean(&simulator, &[&ana, &ben]);
}

#[tokio::test]
async fn what_is_sent_to_a_phone_that_is_off_waits_for_it() {
    let (simulator, ben, ana) = simulator(Options::default()).await;
    ana.say(&to(&ben), "on").await.unwrap();
    hears(&ben, "on").await;
    ben.offline();
    simulator.until_device((BOT, 0), SOON, |status| !status.connected).await.unwrap();
    for round in 0..5 {
        let id = ana.say(&to(&ben), &format!("off {round}")).await.unwrap();
        assert_eq!(ana.until_acknowledged(&id, SOON).await.unwrap(), Ok(()));
    }
    ben.online().await.unwrap();
    for round in 0..5 {
        assert!(hears(&ben, &format!("off {round}")).await.offline);
    }
    simulator.until_acknowledged((BOT, 0), SOON).await.unwrap();
    let order: Vec<_> = ben.heard().into_iter().filter_map(|heard| heard.text().map(str::to_owned)).collect();
    assert_eq!(order, ["on", "off 0", "off 1", "off 2", "off 3", "off 4"]);
    assert_clean(&simulator, &[&ana, &ben]);
}

#[tokio::test]
async fn broken_ciphertexts_heal_between_people() {
    let (simulator, ben, ana) = simulator(Options::default()).await;
    ana.say(&to(&ben), "whole").await.unwrap();
    hears(&ben, "whole").await;
    ben.say(&to(&ana), "whole too").await.unwrap();
    hears(&ana, "whole too").await;
    for (broken, text) in [(1, "once"), (2, "twice"), (4, "often")] {
        assert!(simulator.corrupt_next((BOT, 0), broken));
        ana.say(&to(&ben), text).await.unwrap();
        assert!(hears(&ben, text).await.healed);
    }
    ben.lose_session(&ana.jid());
    ana.say(&to(&ben), "after the loss").await.unwrap();
    assert!(hears(&ben, "after the loss").await.healed);
    assert!(simulator.duplicate_next((BOT, 0), 1));
    ana.say(&to(&ben), "doubled").await.unwrap();
    ana.say(&to(&ben), "end").await.unwrap();
    hears(&ben, "end").await;
    assert_eq!(ben.heard().iter().filter(|heard| heard.text() == Some("doubled")).count(), 1);
    assert_eq!((ben.undecryptable(), ben.heals()), (4, 4));
    assert_clean(&simulator, &[&ana, &ben]);
}

#[tokio::test]
async fn groups_of_both_kinds_change_their_members() {
    let (simulator, ben, ana) = simulator(Options::default()).await;
    let cid = simulator.phone("15557654321", "Cid").await.unwrap();
    for by_number in [false, true] {
        let members = [&ana, &ben];
        let group =
            if by_number { simulator.group_by_number("Old", &members) } else { simulator.group("New", &members) };
        let group = group.unwrap();
        let chat = Address::group(group.id());
        let words = |word: &str| format!("{word} {by_number}");
        ana.say(&chat, &words("one")).await.unwrap();
        let heard = hears(&ben, &words("one")).await;
        assert_eq!((heard.from.as_str(), heard.chat.to_string()), (ANA, group.jid()));
        ben.send(&chat, Draft::text(words("two")).quoting(&heard)).await.unwrap();
        let quote = hears(&ana, &words("two")).await.quote.unwrap();
        let author = if by_number { ana.jid() } else { ana.lid_jid() };
        assert_eq!(quote.participant, Some(author.to_string()));

        assert!(group.add(&ana, &[&cid]));
        simulator.until_acknowledged((ANA, 0), SOON).await.unwrap();
        ana.say(&chat, &words("three")).await.unwrap();
        hears(&cid, &words("three")).await;
        simulator.corrupt_next((cid.number(), 0), 1);
        ana.say(&chat, &words("four")).await.unwrap();
        assert!(hears(&cid, &words("four")).await.healed);

        assert!(group.remove(&ana, &[&cid]));
        simulator.until_acknowledged((ANA, 0), SOON).await.unwrap();
        ana.say(&chat, &words("five")).await.unwrap();
        hears(&ben, &words("five")).await;
        assert!(cid.heard().iter().all(|heard| heard.text() != Some(&words("five"))));
        let refused = cid.say(&chat, "still here?").await;
        let refused = match refused {
            Ok(id) => cid.until_acknowledged(&id, SOON).await.unwrap().is_err(),
            Err(_) => true,
        };
        assert!(refused);
    }
    assert_clean(&simulator, &[&ana, &ben, &cid]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_and_its_companion_see_each_others_messages() {
    let (simulator, phone, ana) = simulator(Options::default()).await;
    let (client, _, _) = Client::linked(&simulator, &phone).await;
    phone.say(&to(&ana), "from the phone").await.unwrap();
    let copy = client.hears("from the phone").await;
    assert!(copy.info.source.is_from_me);
    assert_eq!(copy.info.source.chat.user.as_str(), ANA);
    hears(&ana, "from the phone").await;

    phone.say(&Address::Myself, "a note").await.unwrap();
    let note = client.hears("a note").await;
    assert!(note.info.source.is_from_me);
    assert_eq!(note.info.source.chat.user.as_str(), BOT);
    client.library().send_text(Jid::pn(BOT), "an answer to the note").await.unwrap();
    let answer = hears(&phone, "an answer to the note").await;
    assert!(answer.own);
    assert_eq!(answer.chat.user.as_str(), BOT);
    simulator.until_acknowledged((BOT, 0), SOON).await.unwrap();
    assert_clean(&simulator, &[&ana, &phone]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_pairing_code_can_be_corrected() {
    let (simulator, phone, ana) = simulator(Options::default()).await;
    assert!(matches!(phone.enter_code("ABCD-EFGH").await, Err(LinkError::WrongCode(_))));
    let wishes = Wishes { code_for: Some(BOT.to_owned()), ..Wishes::default() };
    let client = Client::start_with(&simulator, &keys(), wishes).await;
    let code = client.code().await;
    assert!(matches!(phone.enter_code("too short").await, Err(LinkError::WrongCode(_))));
    let wrong = if code.starts_with('A') { code.replacen('A', "B", 1) } else { format!("A{}", &code[1..]) };
    assert!(matches!(phone.enter_code(&wrong).await, Err(LinkError::WrongCode(_))));
    let (first, second) = code.split_at(4);
    let device = phone.enter_code(&format!("{first}-{second}")).await.unwrap();
    simulator.until_connected((BOT, device), SOON).await.unwrap();
    ana.say(&to(&phone), "linked by code").await.unwrap();
    client.hears("linked by code").await;
    assert_clean(&simulator, &[&ana, &phone]);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_react_quote_and_mention_a_companion() {
    let (simulator, phone, ana) = simulator(Options::default()).await;
    let (client, _, _) = Client::linked(&simulator, &phone).await;
    let group = simulator.group("Lunch", &[&ana, &phone]).unwrap();
    client.library().send_text(group.jid().parse::<Jid>().unwrap(), "who comes?").await.unwrap();
    let question = hears(&ana, "who comes?").await;
    assert_eq!(question.sender.to_non_ad(), phone.lid_jid());
    let chat = Address::group(group.id());
    let answer = Draft::text("I do @you").quoting(&question).mentioning([Address::lid(phone.lid())]);
    ana.send(&chat, answer).await.unwrap();
    let heard = client.hears("I do @you").await;
    let context = &heard.message.extended_text_message.as_option().unwrap().context_info;
    let context = context.as_option().unwrap();
    assert_eq!(context.stanza_id.as_deref(), Some(question.id.as_str()));
    assert_eq!(context.participant, Some(phone.lid_jid().to_string()));
    assert_eq!(context.mentioned_jid, [phone.lid_jid().to_string()]);
    ana.send(&chat, Draft::reaction(&question, "🎉")).await.unwrap();
    let reaction = client
        .until(|event| match event {
            Event::Messages(batch) => {
                batch.messages.iter().find_map(|heard| heard.message.reaction_message.as_option().cloned())
            }
            _ => None,
        })
        .await;
    assert_eq!(reaction.text.as_deref(), Some("🎉"));
    assert_eq!(reaction.key.as_option().unwrap().id.as_deref(), Some(question.id.as_str()));
    assert_clean(&simulator, &[&ana, &phone]);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_people_write_at_once() {
    const PEOPLE: usize = 200;
    let (simulator, phone, _) = simulator(Options::default()).await;
    let started = Instant::now();
    let numbers: Vec<String> = (0..PEOPLE).map(|index| format!("1555200{index:04}")).collect();
    let people = try_join_all(numbers.iter().map(|number| simulator.phone(number, "Somebody"))).await.unwrap();
    let made = started.elapsed();
    let (bot, rounds) = (to(&phone), 3);
    for round in 0..rounds {
        let text = format!("round {round}");
        try_join_all(people.iter().map(|person| person.say(&bot, &text))).await.unwrap();
    }
    simulator.until_acknowledged((BOT, 0), SOON).await.unwrap();
    println!("{PEOPLE} people made in {made:?}, {} messages after {:?}", PEOPLE * rounds, started.elapsed());
    assert_eq!(phone.heard().len(), PEOPLE * rounds);
    assert_clean(&simulator, &[&phone]);
}

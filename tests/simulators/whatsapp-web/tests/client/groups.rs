//! Group chats between the client and people.

use crate::client::{BOT, Client, SOON, simulator};
use greenroom_simulator_whatsapp_web::Options;
use greenroom_simulator_whatsapp_web::people::Address;
use whatsapp_rust::types::events::Event;

#[tokio::test(flavor = "multi_thread")]
async fn a_group_talks() {
    let (simulator, phone, ana) = simulator(Options::default()).await;
    let ben = simulator.phone("15557654321", "Ben").await.unwrap();
    let (client, _, device) = Client::linked(&simulator, &phone).await;
    let group = simulator.group("Lunch", &[&ana, &ben, &phone]).unwrap();
    let chat = Address::group(group.id());

    ana.say(&chat, "who comes?").await.unwrap();
    let heard = client.hears("who comes?").await;
    assert!(heard.info.source.is_group);
    assert_eq!(heard.info.source.sender.to_string(), format!("{}@lid", ana.lid()));
    assert_eq!(heard.info.source.chat.to_string(), group.jid());
    let metadata = client.library().groups().get_metadata(&heard.info.source.chat).await.unwrap();
    assert_eq!(metadata.subject, "Lunch");

    client.library().send_text(heard.info.source.chat.clone(), "I do").await.unwrap();
    for person in [&ana, &ben, &phone] {
        person.until_heard(|heard| heard.text() == Some("I do"), SOON).await.unwrap();
    }
    // One of them loses the ciphertext, and only that one gets it again.
    simulator.corrupt_next(("15557654321", 0), 1);
    client.library().send_text(heard.info.source.chat.clone(), "at one").await.unwrap();
    ana.until_heard(|heard| heard.text() == Some("at one"), SOON).await.unwrap();
    let heard = ben.until_heard(|heard| heard.text() == Some("at one"), SOON).await.unwrap();
    assert!(heard.healed);

    assert!(group.set_subject(&ben, "Dinner"));
    client.until(|event| matches!(event, Event::GroupUpdate(_)).then_some(())).await;
    assert!(group.remove(&ana, &[&phone]));
    assert_eq!(group.members(), [ana.number(), ben.number()]);
    let refused = client.library().send_text(heard.chat.clone(), "still there?").await;
    if let Ok(sent) = refused {
        let error = client.until(|event| match event {
            Event::ServerAck(ack) if ack.id == sent.message_id => Some(ack.error.clone()),
            _ => None,
        });
        assert_eq!(error.await.as_deref(), Some("403"));
    }
    simulator.until_acknowledged((BOT, device), SOON).await.unwrap();
    assert_eq!(simulator.violations(), []);
}

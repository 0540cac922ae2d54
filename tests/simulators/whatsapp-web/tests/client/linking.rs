//! From a QR code or a pairing code to a device that is linked, and back.

use crate::client::{BOT, Client, SOON, Wishes, keys, simulator};
use greenroom_simulator_whatsapp_web::{LoginRefusal, Options};
use std::time::Duration;
use whatsapp_rust::types::events::Event;

#[tokio::test(flavor = "multi_thread")]
async fn a_scanned_code_links() {
    let (simulator, phone, _) = simulator(Options::default()).await;
    let (client, _, device) = Client::linked(&simulator, &phone).await;
    assert_eq!(device, 1);
    let status = simulator.device((BOT, 1)).unwrap();
    assert_eq!(status.logins, 1);
    let id = client.until(|event| match event {
        Event::PairSuccess(success) => Some((success.id.to_string(), success.lid.to_string())),
        _ => None,
    });
    assert_eq!(id.await, (format!("{BOT}:1@s.whatsapp.net"), format!("{}:1@lid", phone.lid())));
    simulator.until_device((BOT, 1), SOON, |status| status.prekeys == 30).await.unwrap();
    assert_eq!(simulator.violations(), []);
    assert_eq!(simulator.unknown_requests(), [""; 0]);
    client.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_typed_code_links() {
    let (simulator, phone, _) = simulator(Options::default()).await;
    let wishes = Wishes { code_for: Some(BOT.to_owned()), ..Wishes::default() };
    let client = Client::start_with(&simulator, &keys(), wishes).await;
    let device = phone.enter_code(&client.code().await).await.unwrap();
    simulator.until_connected((BOT, device), SOON).await.unwrap();
    client.until(|event| matches!(event, Event::Connected(_)).then_some(())).await;
    assert_eq!(simulator.violations(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_good_once_and_not_for_ever() {
    let (simulator, phone, ana) = simulator(Options::default()).await;
    let client = Client::start(&simulator, &keys()).await;
    let qr = client.qr().await;
    simulator.advance(Duration::from_secs(64));
    phone.scan(&qr).await.unwrap_err();

    let client = Client::start(&simulator, &keys()).await;
    let qr = client.qr().await;
    ana.scan(&qr).await.unwrap();
    phone.scan(&qr).await.unwrap_err();
    assert_eq!(simulator.violations(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_fifth_companion_is_refused() {
    let (simulator, phone, _) = simulator(Options { companions_max: 1, ..Options::default() }).await;
    let (first, _, _) = Client::linked(&simulator, &phone).await;
    let second = Client::start(&simulator, &keys()).await;
    let error = phone.scan(&second.qr().await).await.unwrap_err();
    assert!(error.to_string().contains("already linked"), "{error}");
    // After one was removed there is room again.
    phone.unlink(1).unwrap();
    first.until(|event| matches!(event, Event::LoggedOut(_)).then_some(())).await;
    assert_eq!(phone.scan(&second.qr().await).await.unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_is_asked_for() {
    let (simulator, phone, _) = simulator(Options { passkey: true, ..Options::default() }).await;
    let client = Client::start(&simulator, &keys()).await;
    phone.scan(&client.qr().await).await.unwrap_err();
    client.until(|event| format!("{event:?}").contains("Passkey").then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_logs_itself_out() {
    let (simulator, phone, _) = simulator(Options::default()).await;
    let (client, _, device) = Client::linked(&simulator, &phone).await;
    client.library().logout().await;
    simulator.until_unlinked((BOT, device), SOON).await.unwrap();
    assert_eq!(simulator.violations(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_linked_client_logs_in_again_by_any_handshake() {
    for options in [
        Options::default(),
        Options { refuse_ik: true, ..Options::default() },
        Options { certificates_expired: true, ..Options::default() },
    ] {
        let (simulator, phone, _) = simulator(options.clone()).await;
        let (client, keys, device) = Client::linked(&simulator, &phone).await;
        client.stop().await;
        let again = Client::start(&simulator, &keys).await;
        again.until(|event| matches!(event, Event::Connected(_)).then_some(())).await;
        let status = simulator.until_device((BOT, device), SOON, |status| status.logins == 2).await;
        assert!(status.is_ok(), "{options:?}");
        assert_eq!(simulator.violations(), [], "{options:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn logins_are_refused_as_planned() {
    let (simulator, phone, _) = simulator(Options::default()).await;
    let (client, keys, _) = Client::linked(&simulator, &phone).await;
    client.stop().await;
    let refused = |refusal| simulator.refuse_logins(None, 1, refusal);

    refused(LoginRefusal::Banned { reason: 101, seconds: 3600 });
    let client = Client::start(&simulator, &keys).await;
    client.until(|event| matches!(event, Event::TemporaryBan(_)).then_some(())).await;
    client.stop().await;

    refused(LoginRefusal::Outdated);
    let client = Client::start(&simulator, &keys).await;
    client.until(|event| matches!(event, Event::ClientOutdated(_)).then_some(())).await;
    client.stop().await;

    refused(LoginRefusal::Unavailable);
    let client = Client::start(&simulator, &keys).await;
    client.until(|event| matches!(event, Event::Connected(_)).then_some(())).await;
    client.stop().await;

    // Also who is not linked yet can be too old.
    refused(LoginRefusal::Outdated);
    let client = Client::start(&simulator, &crate::client::keys()).await;
    client.until(|event| matches!(event, Event::ClientOutdated(_)).then_some(())).await;

    refused(LoginRefusal::LoggedOut);
    let client = Client::start(&simulator, &keys).await;
    client.until(|event| matches!(event, Event::LoggedOut(_)).then_some(())).await;
}

//! Whom a build talks to: one without the feature `simulator` refuses a server that WhatsApp's root did not sign,
//! one with it refuses every server that is not this machine.

use greenroom_channel_whatsapp_web::WebChannel;
use greenroom_channel_whatsapp_web::config::Config;
use greenroom_contract::factory::{BuildError, ChannelParts};
use greenroom_contract::time::Clock;

fn channel(url: &str) -> Result<WebChannel, BuildError> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let parts = ChannelParts { name: "whatsapp".parse().expect("a name"), names: Vec::new(), clock: Clock::System };
    WebChannel::new(Config { socket_url: Some(url.to_owned()), ..Config::default() }, &parts)
}

#[cfg(not(feature = "simulator"))]
#[tokio::test]
async fn a_server_with_a_forged_certificate_is_refused() {
    use greenroom_conformance::vault::MemoryVault;
    use greenroom_contract::channel::Channel;
    use greenroom_contract::linking::{LinkMethod, LinkStep};
    use greenroom_contract::store::{AccountRow, AccountState, AccountVault};
    use greenroom_simulator_whatsapp_web::{Options, Simulator};
    use std::sync::Arc;
    use std::time::Duration;
    use tokio_util::sync::CancellationToken;

    // Everything about this server is right but the root of its certificates.
    let forged = Simulator::start(Options::default()).await.unwrap();
    let channel = channel(forged.url()).unwrap();
    let at = Clock::System.now();
    let row = AccountRow {
        id: "account".parse().unwrap(),
        channel: "whatsapp".parse().unwrap(),
        owner: greenroom_contract::ids::OwnerId::local(),
        adapter: Some("whatsapp-web".to_owned()),
        configured_key: None,
        label: None,
        state: AccountState::Pending,
        created_at: at,
        changed_at: at,
        linked_at: None,
    };
    let vault = Arc::new(MemoryVault::default());
    let link = channel.connect(&row, AccountVault::new(row.id.clone(), vault)).await.unwrap();
    let (sender, mut steps) = tokio::sync::mpsc::channel(16);
    let stop = CancellationToken::new();
    let linking = link.pairing().unwrap().link(LinkMethod::Qr, sender, stop.clone());
    let watched = async {
        let mut last = None;
        while let Some(step) = steps.recv().await {
            assert!(step.code().is_none(), "a forger gets no code to show");
            last = Some(step);
        }
        last
    };
    let both = async { tokio::join!(linking, watched) };
    let ((), last) = tokio::time::timeout(Duration::from_secs(60), both).await.expect("it gives up soon");
    let Some(LinkStep::Failed { reason, .. }) = last else { panic!("it must fail, not {last:?}") };
    // The library says no more; a build with the feature `simulator` links to the same server in all other tests.
    assert_eq!(reason, "WhatsApp's server did not agree to a connection");
    assert!(forged.devices().is_empty(), "nothing was told to the forger");
}

#[cfg(feature = "simulator")]
#[test]
fn a_build_for_simulators_refuses_every_server_elsewhere() {
    for url in ["wss://web.whatsapp.com/ws/chat", "wss://example.com/ws/chat", "ws://192.168.1.1/ws/chat"] {
        let Err(BuildError::Config { path, reason }) = channel(url) else { panic!("{url} was taken") };
        assert_eq!(path, "socket_url");
        assert!(reason.contains("simulator"), "{reason}");
    }
    assert!(channel("ws://127.0.0.1:1/ws/chat").is_ok());
}

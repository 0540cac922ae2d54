//! What is spoken is heard, and what is shown is seen, on every channel: a recorded note to the model of the tests that hears,
//! its words to the language model, and the answer back; a picture to a model that sees, and the answer back.

use super::setup::models;
use super::talk::PNG;
use crate::cloud;
use crate::support::process::{clean, folder, run, succeeded};
use crate::voice::{model, recording};
use greenroom::{Builder, Runtime};
use greenroom_channel_whatsapp_cloud::CloudChannel;
use greenroom_conformance::messages::id;
use greenroom_contract::factory::ChannelParts;
use greenroom_contract::policy::{ChannelPolicy, Rates};
use greenroom_contract::time::Clock;
use greenroom_simulator_models::{ModelServer, Protocol, Role};
use greenroom_simulator_whatsapp_cloud::Simulator;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// What the recording `note-05.ogg` says.
const SPOKEN: &str = "how much is the blue phone";
const SPOKEN_ANSWER: &str = "The blue phone costs two hundred.";
const SHOWN: &str = "which one is it?";
const SHOWN_ANSWER: &str = "That one is red.";
const SCRIPT: &str = r#"
when picture
  say That one is red.
when says contains "how much is the blue phone"
  say The blue phone costs two hundred.
otherwise
  say I neither heard nor saw anything.
"#;

/// A bot that hears, sees and thinks; its channel is missing.
fn builder(server: &ModelServer, folder: &Path) -> Builder {
    let config = format!(
        "[voice]\nmodel = '{}'\n[assistants.helper]\nkind = \"llm\"\nmodel = \"main\"\ntimeout_seconds = 30\n",
        model().display()
    );
    Runtime::builder().models(models("images = true", server, Protocol::Anthropic)).config(config).store_path(folder)
}

fn policy() -> ChannelPolicy {
    // Each message is a turn of its own.
    let debounce = Some(Duration::ZERO);
    ChannelPolicy { allow_from: vec![id("*")], rates: Rates::UNLIMITED, debounce, ..ChannelPolicy::new(id("helper")) }
}

/// What the model was asked: first with the words of the note, marked as such, then with the picture and what stood below it.
fn was_asked_right(server: &ModelServer) {
    server.assert_no_violations();
    let asked = server.asked();
    let of_people = |at: usize| asked[at].texts_of(Role::User).join("\n");
    assert_eq!(asked.len(), 2, "{asked:?}");
    let heard = of_people(0);
    assert!(heard.contains(SPOKEN) && heard.contains("voice"), "it is told that it is a transcript: {heard}");
    let seen = asked[1].pictures();
    assert_eq!(seen.len(), 1, "{}", of_people(1));
    assert!(seen[0].0.starts_with("image/") && !seen[0].1.is_empty());
    assert!(of_people(1).contains(SHOWN), "{}", of_people(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_note_and_a_picture_over_the_cloud_api_are_answered_by_a_model() {
    let server = ModelServer::scripted(SCRIPT).await;
    let meta = Simulator::start_with(cloud::quick()).await;
    let folder = folder();
    let parts = ChannelParts { name: id("whatsapp"), names: Vec::new(), clock: Clock::System };
    let channel = CloudChannel::new(cloud::config(meta.graph_url(), meta.settings()), &parts);
    let running = builder(&server, folder.path())
        .channel("whatsapp", Arc::new(channel.expect("a sound configuration")), policy())
        .gateway("127.0.0.1:0".parse().expect("an address"))
        .start()
        .await
        .expect("it starts");
    let address = running.gateway_address().expect("it has a gateway");
    meta.connect(&format!("http://{address}/api/channels/whatsapp")).await.expect("the handshake");
    let ana = meta.person(cloud::ANA).named("Ana");
    ana.speaks(recording("note-05.ogg")).await;
    assert_eq!(ana.received().await.text(), SPOKEN_ANSWER);
    ana.shows("image/png", PNG, Some(SHOWN)).await;
    assert_eq!(ana.received().await.text(), SHOWN_ANSWER);
    was_asked_right(&server);
    assert!(meta.counters().refused.is_empty(), "{:?}", meta.counters());
}

#[cfg(feature = "simulator")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_note_and_a_picture_over_whatsapp_web_are_answered_by_a_model() {
    use crate::web;
    use greenroom_channel_whatsapp_web::WebChannel;
    use greenroom_simulator_whatsapp_web::people::Draft;
    use greenroom_simulator_whatsapp_web::{Options, Simulator};

    let _ = rustls::crypto::ring::default_provider().install_default();
    let server = ModelServer::scripted(SCRIPT).await;
    let whatsapp = Simulator::start(Options::default()).await.expect("a simulator");
    let phone = whatsapp.phone(web::BOT, "Bot").await.expect("a phone");
    let ana = whatsapp.phone(web::ANA, "Ana").await.expect("a phone");
    let folder = folder();
    let parts = ChannelParts { name: id("whatsapp"), names: Vec::new(), clock: Clock::System };
    let channel = WebChannel::new(web::config(whatsapp.url(), whatsapp.certificate_pem()), &parts);
    let running = builder(&server, folder.path())
        .channel("whatsapp", Arc::new(channel.expect("a sound configuration")), policy())
        .start()
        .await
        .expect("it starts");
    let bot = web::Bot { running };
    bot.link(&phone).await;
    ana.send(&web::to_bot(), Draft::voice(recording("note-05.ogg"), 2)).await.expect("it is sent");
    web::hears(&ana, SPOKEN_ANSWER).await;
    ana.send(&web::to_bot(), Draft::image(PNG.to_vec(), Some(SHOWN))).await.expect("it is sent");
    web::hears(&ana, SHOWN_ANSWER).await;
    was_asked_right(&server);
    assert_eq!(whatsapp.violations(), []);
}

/// The program itself, as its owner tries it out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_note_and_a_picture_on_the_console_are_answered_by_a_model() {
    let server = ModelServer::scripted(SCRIPT).await;
    let folder = folder();
    let config = format!(
        "[channels.console]\nadapter = \"console\"\ndebounce_ms = 0\n\
         [assistants.helper]\nkind = \"llm\"\nmodel = \"main\"\n\
         [models.main]\nprovider = \"openai\"\nmodel = \"scripted\"\nimages = true\nurl = \"{}\"\nkey = {{ env = \"MODEL_KEY\" }}\n",
        server.base(Protocol::OpenAiChat)
    );
    std::fs::write(folder.path().join("greenroom.toml"), config).expect("a writable folder");
    std::fs::write(folder.path().join("red.png"), PNG).expect("a writable folder");
    let note = folder.path().join("note.ogg");
    std::fs::write(&note, recording("note-05.ogg")).expect("a writable folder");
    let mut command = clean(env!("CARGO_BIN_EXE_greenroom"), folder.path());
    command.arg("chat").env("GREENROOM_VOICE__MODEL", model()).env("MODEL_KEY", server.key());
    let input = format!("/voice {}\n/image {} {SHOWN}\n", note.display(), folder.path().join("red.png").display());
    let output = tokio::task::spawn_blocking(move || run(command, &input)).await.expect("it ran");
    let said = succeeded(&output);
    assert_eq!(
        said.lines().collect::<Vec<_>>(),
        [SPOKEN_ANSWER, SHOWN_ANSWER],
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    was_asked_right(&server);
}

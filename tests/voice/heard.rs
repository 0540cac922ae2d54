//! A voice note through each channel comes back as what was said in it.

use super::{fixture, model, notes, recording, whisper};
use crate::cloud::{ANA, Bot as CloudBot, config, quick};
use crate::support::process::{clean, folder, run, succeeded};
use crate::support::setup::{ANA as PERSON, Setup};
use greenroom::{AssistantOptions, Runtime};
use greenroom_assistant_echo::Echo;
use greenroom_channel_loopback::said;
use greenroom_channel_whatsapp_cloud::CloudChannel;
use greenroom_conformance::assistants;
use greenroom_conformance::messages::id;
use greenroom_contract::assistant::{Assistant, Content};
use greenroom_contract::factory::ChannelParts;
use greenroom_contract::policy::{ChannelPolicy, Rates};
use greenroom_contract::time::Clock;
use greenroom_simulator_whatsapp_cloud::Simulator;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// A simulated Meta, and a bot that hears with the model of the tests, as the configuration sets it up.
pub(crate) async fn cloud(assistant: Arc<dyn Assistant>) -> (Simulator, CloudBot, TempDir) {
    let meta = Simulator::start_with(quick()).await;
    let folder = TempDir::new().expect("a temporary folder");
    let policy =
        ChannelPolicy { allow_from: vec![id("*")], rates: Rates::UNLIMITED, ..ChannelPolicy::new(id("helper")) };
    let parts = ChannelParts { name: id("whatsapp"), names: Vec::new(), clock: Clock::System };
    let channel = CloudChannel::new(config(meta.graph_url(), meta.settings()), &parts).expect("a sound configuration");
    let channel = Arc::new(channel);
    let running = Runtime::builder()
        .assistant_with("helper", assistant, AssistantOptions::new().timeout(Duration::from_secs(30)).turns_max(4))
        .channel("whatsapp", channel.clone(), policy)
        .config(format!("[voice]\nmodel = '{}'", model().display()))
        .gateway("127.0.0.1:0".parse().expect("an address"))
        .store_path(folder.path())
        .build()
        .expect("sound")
        .start()
        .await
        .expect("it starts");
    let url = format!("http://{}/api/channels/whatsapp", running.gateway_address().expect("it has a gateway"));
    meta.connect(&url).await.expect("the handshake");
    (meta, CloudBot { running, channel, url }, folder)
}

#[test]
fn the_program_hears_notes_on_the_console_with_nothing_but_a_model() {
    let folder = folder();
    let path = |name: &str| fixture("samples").join(name).display().to_string();
    let mut input = String::new();
    for (file, _) in notes() {
        writeln!(input, "/voice {}", path(&file)).expect("a string takes it");
    }
    for nothing in ["silence.ogg", "noise.ogg"] {
        writeln!(input, "/voice {}", path(nothing)).expect("a string takes it");
    }
    writeln!(input, "/voice {}\nand that is all", path("formats/note-05.mp3")).expect("a string takes it");
    let mut command = clean(env!("CARGO_BIN_EXE_greenroom"), folder.path());
    command.arg("chat").env("GREENROOM_VOICE__MODEL", model());
    let said = succeeded(&run(command, &input));
    let expected = notes().into_iter().map(|(_, words)| words);
    let no_words = "I could not make out any words in that voice note. Please record it again or write.".to_owned();
    let expected = expected.chain([no_words, "how much is the blue phone".to_owned(), "and that is all".to_owned()]);
    assert_eq!(said.lines().collect::<Vec<_>>(), expected.collect::<Vec<_>>());

    let mut why = clean(env!("CARGO_BIN_EXE_greenroom"), folder.path());
    why.args(["why", "--last", "4"]);
    let why = succeeded(&run(why, ""));
    assert!(why.contains("voice note heard in ") && why.contains(" ms, 26 characters"), "{why}");
    assert_eq!(why.matches("not answered: nothing was said").count(), 2, "silence and noise: {why}");
    assert!(!why.contains("blue phone"), "a trace has no contents: {why}");
}

#[test]
fn without_a_model_the_program_says_once_that_it_cannot_hear_and_how_to_mend_it() {
    let folder = folder();
    let note = fixture("samples/note-01.ogg").display().to_string();
    let program = |arguments: &[&str], input: &str| {
        let mut command = clean(env!("CARGO_BIN_EXE_greenroom"), folder.path());
        command.args(arguments);
        run(command, input)
    };
    let said = succeeded(&program(&["chat"], &format!("/voice {note}\n/voice {note}\nhello\n")));
    assert_eq!(
        said.lines().collect::<Vec<_>>(),
        ["I cannot listen to voice notes yet. Please write instead.", "hello"]
    );
    let doctor = program(&["doctor", "voice"], "");
    let complaint = String::from_utf8_lossy(&doctor.stderr).into_owned();
    assert!(doctor.status.code() == Some(1) && complaint.contains("greenroom model fetch base"), "{complaint}");
    assert!(succeeded(&program(&["why", "--last", "3"], "")).contains("greenroom model fetch base"));
}

#[test]
fn a_configured_model_that_is_broken_is_no_reason_not_to_start() {
    let folder = folder();
    let broken = folder.path().join("broken.bin");
    std::fs::write(&broken, &std::fs::read(model()).expect("it is there")[..1_000_000]).expect("a writable folder");
    let program = |arguments: &[&str], input: &str| {
        let mut command = clean(env!("CARGO_BIN_EXE_greenroom"), folder.path());
        command.args(arguments).env("GREENROOM_VOICE__MODEL", &broken);
        run(command, input)
    };
    let output = program(&["chat"], "hello\n");
    assert_eq!(succeeded(&output), "hello\n");
    for output in
        [output, program(&["check"], ""), program(&["doctor", "voice"], ""), program(&["model", "verify"], "")]
    {
        let complaint = String::from_utf8_lossy(&output.stderr) + String::from_utf8_lossy(&output.stdout);
        assert!(complaint.contains("it ends too early"), "{complaint}");
    }
    let healthy = {
        let mut command = clean(env!("CARGO_BIN_EXE_greenroom"), folder.path());
        command.args(["doctor", "voice"]).env("GREENROOM_VOICE__MODEL", model());
        succeeded(&run(command, ""))
    };
    assert!(healthy.contains("voice notes can be heard") && healthy.contains("English only"), "{healthy}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn notes_over_the_cloud_api_are_answered_with_what_was_said() {
    let (meta, bot, _folder) = cloud(Arc::new(Echo::default())).await;
    let ana = meta.person(ANA);
    for (file, words) in notes() {
        let message = ana.speaks(recording(&file)).await;
        assert_eq!(ana.received().await.text(), words, "{file}: {}", bot.why(&message).await);
    }
    ana.sends_audio("audio/mpeg", recording("formats/note-05.mp3")).await;
    assert_eq!(ana.received().await.text(), "how much is the blue phone");
    ana.sends_audio("audio/amr", &b"#!AMR\n\x3c\x91\x17"[..]).await;
    assert!(ana.received().await.text().contains("this kind of audio"), "a notice");
    let silent = ana.speaks(recording("silence.ogg")).await;
    bot.until_why(&silent, "nothing was said").await;
    assert!(ana.received().await.text().contains("could not make out any words"), "a notice");
    assert_eq!(ana.received_total(), 13);
}

#[tokio::test]
async fn an_assistant_is_told_that_it_is_a_transcript_and_how_sure_it_is() {
    let assistant = assistants::echo();
    let mut setup = Setup::new(assistant.clone());
    setup.transcriber = Arc::new(whisper());
    let bot = setup.start().await;
    bot.hears(said::voice(PERSON, recording("note-10.ogg"))).await;
    bot.settled().await;
    let turn = &assistant.turns()[0];
    let Content::Voice(transcript) = &turn.messages[0].content else { panic!("{turn:?}") };
    assert_eq!(transcript.text, "the train to berlin leaves at one in the morning");
    assert_eq!(transcript.language.as_deref(), Some("en"));
    assert!((transcript.duration.as_secs_f64() - 5.05).abs() < 0.05, "{transcript:?}");
    assert!(transcript.confidence.is_some_and(|sure| sure > 0.5), "{transcript:?}");
}

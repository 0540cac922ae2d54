//! Nothing of a voice note reaches a file, but for the words of a note that was answered.
//!
//! The program runs under a system-call trace while notes come in over the console, over the Cloud
//! API and over WhatsApp Web: no file is made or written outside the store, no byte of audio is written anywhere, packed or
//! decoded, and no word of a note that nobody answered. Then the same with a transcriber that writes
//! on purpose: each such leak is found, so the proof can fail.

use super::trace::{Deeds, Secrets, contains, traced};
use super::{fixture, model, recording, whisper};
use crate::cloud::{ANA, PATIENCE};
use crate::support::process::{clean, folder, run, succeeded};
use crate::web::{BOT, Bot, hears, to_bot};
use greenroom::Runtime;
use greenroom::transcription::Whisper;
use greenroom::transcription::decode::decode;
use greenroom_assistant_echo::Echo;
use greenroom_channel_loopback::{Options, loopback, said};
use greenroom_conformance::messages::id;
use greenroom_contract::message::Media;
use greenroom_contract::policy::{ChannelPolicy, GroupPolicy};
use greenroom_contract::transcriber::{Abort, TranscribeError, Transcriber, Transcript};
use greenroom_simulator_whatsapp_cloud::Simulator;
use greenroom_simulator_whatsapp_web as web;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// Spoken in a group: the first calls the bot, the second is overheard and answered by nobody.
const CALLS: (&str, &str) = ("note-03.ogg", "send a message to peter");
const OVERHEARD: (&str, &str) = ("note-05.ogg", "how much is the blue phone");
/// Spoken to the bot alone.
const DIRECT: (&str, &str) = ("note-01.ogg", "see you on saturday");

/// The audio of these notes in every form that it has on its way, and what nobody answered.
fn secrets() -> Secrets {
    let mut secrets = Secrets::default();
    for (file, _) in [CALLS, OVERHEARD, DIRECT] {
        let bytes = recording(file);
        // The heads of the file are the same for many files, and no audio.
        secrets.audio(&bytes[300..]);
        let media = Media { mime: "audio/ogg".to_owned(), bytes: bytes.into() };
        let sound = decode(&media, PATIENCE, &Abort::default()).expect("a whole recording");
        let floats: Vec<u8> = sound.samples().iter().flat_map(|sample| sample.to_le_bytes()).collect();
        let integers: Vec<u8> =
            sound.samples().iter().flat_map(|sample| ((sample * 32_768.0) as i16).to_le_bytes()).collect();
        secrets.audio(&floats);
        secrets.audio(&integers);
    }
    secrets.words(OVERHEARD.1);
    secrets
}

/// Folders of one observed run: where it works, where its trace goes, and what it takes for temporary.
struct Stage {
    cwd: TempDir,
    trace: TempDir,
    temporary: TempDir,
}

impl Stage {
    fn new() -> Self {
        Self { cwd: folder(), trace: folder(), temporary: folder() }
    }

    /// The command, observed, with nothing of this test's environment.
    fn command(&self, program: &Path) -> Command {
        let observed = traced(program, self.trace.path());
        let mut command = clean(observed.get_program(), self.cwd.path());
        command.args(observed.get_args()).env("TMPDIR", self.temporary.path());
        command
    }

    /// What it did; nothing may be left where temporary files go.
    fn deeds(&self) -> Deeds {
        let cwd = self.cwd.path().canonicalize().expect("it is there");
        let deeds = Deeds::read(self.trace.path(), &cwd, &cwd.join("data"));
        assert!(deeds.calls > 100, "the trace was read: {} calls", deeds.calls);
        deeds
    }

    fn temporary_files(&self) -> usize {
        std::fs::read_dir(self.temporary.path()).expect("it is there").count()
    }

    /// All bytes of all files of the store, as they are after the run.
    fn store(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut folders = vec![self.cwd.path().join("data")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("it is there") {
                let path = entry.expect("readable").path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    bytes.extend(std::fs::read(path).expect("readable"));
                }
            }
        }
        bytes
    }

    /// The proof, and that it looked where something would be: what was answered is in the store.
    fn is_sealed(&self, answered: &[&str]) {
        let (deeds, secrets) = (self.deeds(), secrets());
        assert_eq!(deeds.outside, Vec::<String>::new(), "files outside the store");
        assert_eq!(deeds.leaked(&secrets), Vec::<String>::new(), "in what was written");
        let store = Deeds { written: self.store(), ..Deeds::default() };
        assert_eq!(store.leaked(&secrets), Vec::<String>::new(), "in the store");
        assert_eq!(self.temporary_files(), 0);
        for words in answered {
            assert!(contains(&deeds.written, words.as_bytes()), "{words:?} is history, and was seen being written");
        }
    }
}

/// A program that is asked to end when its test ends, however that ends.
struct Observed(Child);

impl Drop for Observed {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status();
        let _ = self.0.wait();
    }
}

#[test]
fn notes_over_the_console_reach_no_file() {
    let stage = Stage::new();
    let config = "[channels.console]\nadapter = \"console\"\nassistant = \"echo\"\nnames = [\"peter\"]\n\
                  [channels.console.group.friends]\nvoice_wakes = true\n[assistants.echo]\nkind = \"echo\"\n";
    std::fs::write(stage.cwd.path().join("greenroom.toml"), config).expect("a writable folder");
    let path = |name: &str| fixture("samples").join(name).display().to_string();
    let input = format!(
        "/voice {}\n/group friends\n/voice {}\n/voice {}\n/direct\nand that is all\n",
        path(DIRECT.0),
        path(OVERHEARD.0),
        path(CALLS.0)
    );
    let mut command = stage.command(Path::new(env!("CARGO_BIN_EXE_greenroom")));
    command.arg("chat").env("GREENROOM_VOICE__MODEL", model());
    let said = succeeded(&run(command, &input));
    for words in [DIRECT.1, CALLS.1, "and that is all"] {
        assert!(said.contains(words), "{words:?} was answered: {said}");
    }
    assert!(!said.contains(OVERHEARD.1), "{said}");
    stage.is_sealed(&[DIRECT.1, CALLS.1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn notes_over_the_cloud_api_reach_no_file() {
    let (stage, meta) = (Stage::new(), Simulator::start().await);
    let settings = meta.settings();
    let config = format!(
        "[channels.whatsapp]\nadapter = \"whatsapp-cloud\"\nassistant = \"echo\"\nallow_from = [\"*\"]\n\
         names = [\"peter\"]\nphone_number_id = \"{}\"\ngraph_url = \"{}\"\naccess_token = {{ env = \"TOKEN\" }}\n\
         app_secret = {{ env = \"SECRET\" }}\nverify_token = {{ env = \"VERIFY\" }}\n\
         [channels.whatsapp.group.friends]\nvoice_wakes = true\n[assistants.echo]\nkind = \"echo\"\n",
        settings.numbers[0].id,
        meta.graph_url()
    );
    std::fs::write(stage.cwd.path().join("greenroom.toml"), config).expect("a writable folder");
    let mut command = stage.command(Path::new(env!("CARGO_BIN_EXE_greenroom")));
    command.arg("run").env("GREENROOM_VOICE__MODEL", model());
    command.env("TOKEN", &settings.access_token).env("SECRET", &settings.app_secret);
    command.env("VERIFY", &settings.verify_token);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = Observed(command.spawn().expect("it was built"));
    let mut lines = BufReader::new(child.0.stderr.take().expect("piped")).lines().map_while(Result::ok);
    let address = lines.find_map(|line| Some(line.split_once("http://")?.1.split(',').next()?.to_owned()));
    std::thread::spawn(move || lines.for_each(drop));
    let address = address.expect("it listens");

    meta.connect(&format!("http://{address}/api/channels/whatsapp")).await.expect("the handshake");
    let ana = meta.person(ANA);
    let group = meta.group("friends", &[&ana]);
    ana.speaks(recording(OVERHEARD.0)).in_group(&group).await;
    ana.speaks(recording(CALLS.0)).in_group(&group).await;
    assert_eq!(ana.received().await.text(), CALLS.1, "the overheard note before it was heard, and not answered");
    ana.speaks(recording(DIRECT.0)).await;
    assert_eq!(ana.received().await.text(), DIRECT.1);
    tokio::task::block_in_place(|| drop(child));
    stage.is_sealed(&[DIRECT.1, CALLS.1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn notes_over_whatsapp_web_reach_no_file() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let stage = Stage::new();
    let whatsapp = web::Simulator::start(web::Options::default()).await.expect("a simulator");
    let phone = whatsapp.phone(BOT, "Bot").await.expect("a phone");
    let ana = whatsapp.phone(crate::web::ANA, "Ana").await.expect("a phone");
    let group = whatsapp.group("Friends", &[&ana, &phone]).expect("a group");
    let config = format!(
        "[channels.whatsapp]\nadapter = \"whatsapp-web\"\nassistant = \"echo\"\nallow_from = [\"*\"]\n\
         names = [\"peter\"]\nsocket_url = \"{}\"\nmedia_certificate = \"\"\"\n{}\"\"\"\n\
         [channels.whatsapp.group.\"{}\"]\nvoice_wakes = true\n[assistants.echo]\nkind = \"echo\"\n",
        whatsapp.url(),
        whatsapp.certificate_pem(),
        group.jid()
    );
    std::fs::write(stage.cwd.path().join("greenroom.toml"), &config).expect("a writable folder");
    // Linked before: that is not what is observed.
    let linked = Runtime::builder().config(config).store_path(stage.cwd.path().join("data")).build();
    let linked = Bot { running: linked.expect("sound").start().await.expect("it starts") };
    linked.link(&phone).await;
    linked.stop().await;

    let mut command = stage.command(Path::new(env!("CARGO_BIN_EXE_greenroom")));
    command.arg("run").env("GREENROOM_VOICE__MODEL", model());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let child = Observed(command.spawn().expect("it was built"));
    whatsapp.until_connected((BOT, 1), PATIENCE).await.expect("it connects");
    let friends = web::people::Address::group(group.id());
    let note = |file: &str| web::people::Draft::voice(recording(file), 2);
    ana.send(&friends, note(OVERHEARD.0)).await.expect("it is sent");
    ana.send(&friends, note(CALLS.0)).await.expect("it is sent");
    hears(&ana, CALLS.1).await;
    ana.send(&to_bot(), note(DIRECT.0)).await.expect("it is sent");
    hears(&ana, DIRECT.1).await;
    assert!(ana.heard().iter().all(|heard| heard.text() != Some(OVERHEARD.1)), "nobody answers what is overheard");
    tokio::task::block_in_place(|| drop(child));
    stage.is_sealed(&[DIRECT.1, CALLS.1]);
}

/// The real model, and a deliberate write beside it.
struct Leaky {
    whisper: Whisper,
    leak: String,
}

impl Transcriber for Leaky {
    fn transcribe(&self, audio: &Media, abort: &Abort) -> Result<Transcript, TranscribeError> {
        let heard = self.whisper.transcribe(audio, abort)?;
        let temporary = std::env::temp_dir().join("note");
        match self.leak.as_str() {
            "audio into a temporary file" => std::fs::write(temporary, &audio.bytes),
            "audio into a file that is deleted at once" => {
                std::fs::write(&temporary, &audio.bytes).and_then(|()| std::fs::remove_file(temporary))
            }
            "audio into the store" => std::fs::write("data/note", &audio.bytes[2_000..2_100]),
            "words into the store" => std::fs::write("data/note", &heard.text),
            "words into the working folder" => std::fs::write("note.txt", "(nothing to see)"),
            _ => Ok(()),
        }
        .expect("a leak that works");
        Ok(heard)
    }
}

const LEAK: &str = "GREENROOM_TEST_LEAK";

/// A bot in a process of its own, which hears two notes in a group and ends.
#[test]
#[ignore = "other tests start it"]
fn child() {
    let Ok(leak) = std::env::var(LEAK) else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime can be made").block_on(async {
        let (channel, network) = loopback(Options::default());
        let mut policy = ChannelPolicy { allow_from: vec![id("*")], ..ChannelPolicy::new(id("helper")) };
        policy.names = vec!["peter".to_owned()];
        policy.group.insert(id("friends"), GroupPolicy { voice_wakes: Some(true), ..GroupPolicy::default() });
        let running = Runtime::builder()
            .assistant("helper", Echo::default())
            .channel("net", channel, policy)
            .transcriber(Leaky { whisper: whisper(), leak })
            .store_path("data")
            .build()
            .expect("sound")
            .start()
            .await
            .expect("it starts");
        for file in [OVERHEARD.0, CALLS.0] {
            let delivery =
                network.deliver("main", said::voice("+15550000001", recording(file)).in_group("friends")).await;
            delivery.acknowledged().await.expect("it is taken");
        }
        network.sent_to_reached("friends", 1).await;
        running.drain().await;
    });
}

#[test]
fn every_deliberate_leak_is_found_and_nothing_else_is() {
    let found = |leak: &str| {
        let stage = Stage::new();
        let mut command = stage.command(&std::env::current_exe().expect("a test knows its own path"));
        command.args(["voice::sealed::child", "--exact", "--ignored", "--nocapture"]).env(LEAK, leak);
        succeeded(&run(command, ""));
        let deeds = stage.deeds();
        assert!(contains(&deeds.written, CALLS.1.as_bytes()), "{leak}: history was seen being written");
        let mut found = deeds.leaked(&secrets());
        if !deeds.outside.is_empty() {
            found.push("a file outside".to_owned());
        }
        found
    };
    let words = format!("the words {:?}", OVERHEARD.1);
    assert_eq!(found("nothing"), Vec::<String>::new());
    assert_eq!(found("audio into a temporary file"), ["bytes of audio", "a file outside"]);
    assert_eq!(found("audio into a file that is deleted at once"), ["bytes of audio", "a file outside"]);
    assert_eq!(found("audio into the store"), ["bytes of audio"]);
    assert_eq!(found("words into the store"), [words.as_str()]);
    assert_eq!(found("words into the working folder"), ["a file outside"]);
}

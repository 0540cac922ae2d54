//! The program on the Cloud API, as a newcomer starts it: by environment alone, and with the doctor.

use crate::support::process::{PATIENCE, clean, folder, run, succeeded};
use greenroom_simulator_whatsapp_cloud::Simulator;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

const VARIABLES: [&str; 4] =
    ["WHATSAPP_PHONE_NUMBER_ID", "WHATSAPP_ACCESS_TOKEN", "WHATSAPP_APP_SECRET", "WHATSAPP_VERIFY_TOKEN"];

/// The program with nothing but variables.
fn program(folder: &TempDir, meta: Option<&Simulator>, arguments: &[&str]) -> Command {
    let mut command = clean(env!("CARGO_BIN_EXE_greenroom"), folder.path());
    if let Some(meta) = meta {
        let settings = meta.settings();
        let values = [&settings.numbers[0].id, &settings.access_token, &settings.app_secret, &settings.verify_token];
        command.envs(VARIABLES.iter().zip(values));
        command.env("WHATSAPP_GRAPH_URL", meta.graph_url());
    }
    command.args(arguments);
    command
}

struct Server {
    child: Child,
    address: String,
    /// What it said until it listened.
    said: String,
}

impl Server {
    fn start(mut command: Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it was built");
        let mut said = String::new();
        let mut address = String::new();
        let mut lines = BufReader::new(child.stderr.take().expect("it is piped")).lines();
        while address.is_empty() {
            let Some(Ok(line)) = lines.next() else { break };
            if let Some((_, rest)) = line.split_once("http://") {
                rest.split(',').next().unwrap_or_default().clone_into(&mut address);
            }
            said.push_str(&line);
            said.push('\n');
        }
        // Somebody must go on reading, or the program would block.
        std::thread::spawn(move || lines.for_each(drop));
        assert!(!address.is_empty(), "it never listened: {said}");
        Self { child, address, said }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn without_secrets_it_does_not_start_and_names_everything_that_is_missing() {
    for present in [VARIABLES[0], "WHATSAPP_GRAPH_URL"] {
        for arguments in [&["run"][..], &["check"]] {
            let folder = folder();
            let mut command = program(&folder, None, arguments);
            let value = if present == VARIABLES[0] { "500000000000001" } else { "http://127.0.0.1:9" };
            command.env(present, value);
            let output = run(command, "");
            assert_eq!(output.status.code(), Some(2));
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            for variable in VARIABLES.iter().filter(|variable| **variable != present) {
                assert_eq!(said.matches(&format!(" {variable}")).count(), 1, "{variable}: {said}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn variables_alone_are_enough_for_a_first_answer() {
    let (meta, folder) = (Simulator::start().await, folder());
    let server = Server::start(program(&folder, Some(&meta), &["run"]));
    let variable = "GREENROOM_CHANNELS__WHATSAPP__ALLOW_FROM";
    assert!(server.said.contains("allow_from is empty") && server.said.contains(variable), "{}", server.said);
    assert!(server.said.contains("channels: whatsapp\n"), "there is no console: {}", server.said);
    drop(server);

    let mut command = program(&folder, Some(&meta), &["run"]);
    command.env(variable, "+15551234567");
    let server = Server::start(command);
    assert!(!server.said.contains("allow_from is empty"), "{}", server.said);
    meta.connect(&format!("http://{}/api/channels/whatsapp", server.address)).await.expect("the handshake");
    let ana = meta.person("+1 555 123 4567");
    ana.says("hello").await;
    assert_eq!(ana.received_within(PATIENCE).await.map(|message| message.text().to_owned()), Some("hello".to_owned()));

    let public = format!("http://{}/", server.address);
    let doctor = |token: Option<&str>| {
        let mut command = program(&folder, Some(&meta), &["doctor", "cloud"]);
        command.env("GREENROOM_GATEWAY__PUBLIC_URL", &public);
        if let Some(token) = token {
            command.env("WHATSAPP_ACCESS_TOKEN", token);
        }
        tokio::task::block_in_place(|| run(command, ""))
    };
    let healthy = succeeded(&doctor(None));
    for expected in ["good     access token", "good     app secret", "good     callback from outside", "warning  HTTPS"]
    {
        assert!(healthy.contains(expected), "{expected}: {healthy}");
    }
    let ill = doctor(Some("no-such-token"));
    assert_eq!(ill.status.code(), Some(1));
    let said = String::from_utf8_lossy(&ill.stdout).into_owned();
    assert!(said.contains("BAD      access token") && said.contains("System users"), "{said}");
}

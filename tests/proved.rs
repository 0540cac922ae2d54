//! A person proves an e-mail address in the running program: on the console, with a mail server on this machine.

use crate::support::process::{PATIENCE, clean, folder};
use greenroom_simulator_smtp::{Security, SmtpSimulator, decoded};
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

const CONFIG: &str = "[channels.console]\nadapter = \"console\"\nreconcile_seconds = 1\n[assistants.helper]\nkind = \"echo\"\n\
                      [identity]\nsmtp = \"smtp://localhost:PORT\"\nfrom = \"bot@example.com\"\nuser = \"bot@example.com\"\n\
                      password = { env = \"SMTP_PASSWORD\" }\nsecret = { env = \"IDENTITY_SECRET\" }\noffer = false\n";

/// A chat with the program.
struct Talk {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Talk {
    fn begin(folder: &tempfile::TempDir) -> Self {
        let mut command = clean(env!("CARGO_BIN_EXE_greenroom"), folder.path());
        command.arg("chat").env("SMTP_PASSWORD", "hunter2").env("IDENTITY_SECRET", "a secret of some length");
        // Whom to trust; nothing else is.
        command.env("SSL_CERT_FILE", folder.path().join("mail.pem")).env_remove("SSL_CERT_DIR");
        let mut command = Command::from(command);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit()).kill_on_drop(true);
        let mut child = command.spawn().expect("it was built");
        let (input, output) = (child.stdin.take().expect("piped"), child.stdout.take().expect("piped"));
        Self { child, input, output: BufReader::new(output).lines() }
    }

    /// Says something, and waits for a line with these words.
    async fn says(&mut self, words: &str, answered: &str) -> String {
        self.input.write_all(format!("{words}\n").as_bytes()).await.expect("it listens");
        let waiting = async {
            while let Some(line) = self.output.next_line().await.expect("it speaks") {
                if line.contains(answered) {
                    return line;
                }
            }
            panic!("it ended before it said {answered:?}")
        };
        tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("it did not say {answered:?}"))
    }
}

#[tokio::test]
async fn an_address_is_proved_by_the_code_of_a_mail_and_known_in_the_next_run() {
    let server = SmtpSimulator::start(Security::StartTls, Some(("bot@example.com", "hunter2"))).await;
    let folder = folder();
    let config = CONFIG.replace("PORT", &server.address().port().to_string());
    std::fs::write(folder.path().join("greenroom.toml"), config).unwrap();
    std::fs::write(folder.path().join("mail.pem"), server.certificate()).unwrap();

    let mut talk = Talk::begin(&folder);
    talk.says("link my account", "Which e-mail address").await;
    talk.says("Ana@example.org", "ana@example.org").await;
    let mail = tokio::time::timeout(PATIENCE, server.received(1)).await.expect("a mail is sent").remove(0);
    assert!(mail.secure && mail.to == "ana@example.org", "{mail:?}");
    let (_, body) = mail.text.split_once("\n\n").expect("headers, then a body");
    let body = String::from_utf8(decoded(&body.split_whitespace().collect::<String>())).expect("text");
    let code: String = body.chars().filter(char::is_ascii_digit).take(8).collect();
    talk.says("00000000", "Attempts left: 4").await;
    talk.says(&code, "is linked with you now").await;
    talk.says("who am i", "ana@example.org").await;
    // As kill -9 does, perhaps before it is written down that the answer was shown; the next run waits a second for evidence.
    talk.child.kill().await.unwrap();

    let mut talk = Talk::begin(&folder);
    talk.says("who am i", "ana@example.org").await;
    talk.says("unlink", "no e-mail address is linked").await;
    assert_eq!(server.mails().len(), 1);
}

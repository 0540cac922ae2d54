//! A key, and what people write, are in no log, in no `Debug` and in no error.

use crate::asked::{KEY, config, get, models, within};
use crate::dialect::{ALL, answer, error};
use crate::server::{Act, Server};
use greenroom_contract::model::Prompt;
use parking_lot::Mutex;
use std::io::Write;
use std::sync::Arc;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Everything that the whole program logs while all of these go wrong.
#[tokio::test]
async fn no_key_and_no_word_of_a_person_is_in_a_log_or_an_error() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone());
    let _ = tracing::subscriber::set_global_default(subscriber.finish());
    tracing::info!("the log is on");
    let mut told = String::new();
    let words = "my-secret-diary";
    let echo = format!("{{\"error\":{{\"message\":\"bad key {KEY} for {words}\"}}}}");
    for provider in ALL {
        for act in [
            Act::Status(401, String::new(), echo.clone()),
            Act::Status(400, String::new(), echo.clone()),
            Act::Status(500, String::new(), echo.clone()),
            Act::Status(302, format!("location: http://127.0.0.1:1/{KEY}\r\n"), echo.clone()),
            Act::Events(error(provider, &format!("{words} {KEY}")), 1000),
            Act::Events(format!("data: {{ not JSON {KEY} {words}\n\n"), 1000),
            Act::Other(format!("<html>{KEY} {words}")),
            Act::Events(answer(provider, &format!("{words} {KEY}")), 1000),
        ] {
            let server = Server::start([act]).await;
            let table = config(provider, &server.url, "");
            told.push_str(&format!("{table:?}"));
            let all = models(vec![("main", table)]);
            told.push_str(&format!("{all:?}"));
            let model = get(&all, "main");
            match model.ask(&Prompt::new(words).person(words), within(200)).await {
                Ok(completion) => assert!(completion.said.text.contains(words)),
                Err(error) => told.push_str(&format!("{error} {error:?}")),
            }
        }
    }
    let log = String::from_utf8_lossy(&log.0.lock()).into_owned();
    assert!(log.contains("the log is on") && log.contains("a model gave no answer"), "{log}");
    for text in [&log, &told] {
        for line in text.lines() {
            assert!(!line.contains(KEY) && !line.contains(words), "{line}");
        }
    }
}

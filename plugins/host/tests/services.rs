//! What a guest asks of the world through its host: models and web services.

#![allow(clippy::unwrap_used, reason = "a test")]

mod guest;

use async_trait::async_trait;
use greenroom_conformance::turn;
use greenroom_contract::assistant::{Assistant, AssistantError, Usage};
use greenroom_contract::factory::BuildError;
use greenroom_contract::ids::ModelName;
use greenroom_contract::model::{
    Asking, Completion, Ended, LanguageModel, ModelError, ModelTraits, Models, Part, Prompt, PromptMessage, Said,
};
use greenroom_contract::secret::Secret;
use greenroom_plugins::Plugin;
use guest::{Folder, Guest, load_with, lock, retry, say, target, words};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A model that says what it was asked, after a pause; or that is away.
struct Parrot {
    name: ModelName,
    pause: Duration,
    fails: Option<ModelError>,
}

#[async_trait]
impl LanguageModel for Parrot {
    fn name(&self) -> &ModelName {
        &self.name
    }

    fn traits(&self) -> ModelTraits {
        ModelTraits { images: false, documents: false, tools: false, context_tokens: 8_000, answer_tokens: 1_000 }
    }

    async fn ask(&self, prompt: &Prompt, _: Asking) -> Result<Completion, ModelError> {
        tokio::time::sleep(self.pause).await;
        if let Some(error) = &self.fails {
            return Err(error.clone());
        }
        let Some(PromptMessage::Person(parts)) = prompt.messages.last() else { panic!("a person speaks last") };
        let Some(Part::Text(text)) = parts.last() else { panic!("with words") };
        let said = Said { text: format!("{}: {text}", prompt.system), ..Said::default() };
        let usage = Usage { model: Some("parrot-1".to_owned()), tokens_in: 3, tokens_out: 2, ..Usage::default() };
        Ok(Completion { said, ended: Ended::Whole, usage: vec![usage] })
    }
}

struct One(Arc<Parrot>);

impl Models for One {
    fn model(&self, name: &ModelName) -> Option<Arc<dyn LanguageModel>> {
        (*name == self.0.name).then(|| self.0.clone() as Arc<dyn LanguageModel>)
    }

    fn names(&self) -> Vec<ModelName> {
        vec![self.0.name.clone()]
    }
}

/// One module for each way to run them: guests in Python have a step of their own.
macro_rules! in_each_language {
    ($($test:ident)*) => {
        mod both {
            use super::Guest::{HostileJs, HostileRust};
            $(#[tokio::test(flavor = "multi_thread")] async fn $test() { super::$test(&[HostileRust, HostileJs]).await; })*
        }
        mod python {
            $(#[tokio::test(flavor = "multi_thread")] async fn $test() { super::$test(&[super::Guest::HostilePython]).await; })*
        }
    };
}

in_each_language! {
    a_model_is_asked_and_what_it_cost_is_counted
    a_model_call_of_thirty_seconds_survives
    the_host_adds_secrets_that_the_guest_does_not_hold
}

const ASKS: &str = "[uses]\nmodels = { writer = \"text\" }\n[limits]\nown_ms = 500";

async fn with_model(guest: Guest, pause: Duration, fails: Option<ModelError>) -> Option<Arc<Plugin>> {
    let parrot = Parrot { name: "main".parse().unwrap(), pause, fails };
    let models = Arc::new(One(Arc::new(parrot)));
    load_with(guest, ASKS, |builder| builder.models(models).role("writer", "main".parse().unwrap())).await
}

async fn a_model_is_asked_and_what_it_cost_is_counted(guests: &[Guest]) {
    for &guest in guests {
        let Some(plugin) = with_model(guest, Duration::ZERO, None).await else { continue };
        let answer = say(&plugin, "ask what?").await.unwrap();
        assert!(words(&answer).ends_with(": what?"), "{}", words(&answer));
        assert_eq!((answer.usage.len(), answer.usage[0].tokens_in), (1, 3));
        // A turn that fails after it costs the same, and so does one that is dropped.
        let failing = turn("ask-often").build();
        retry(plugin.respond(failing.clone()).await);
        assert_eq!(failing.bill.take()[0].tokens_in, 3 * 20);
    }
}

/// Waiting for a model is not computing: thirty seconds of it, with half a second allowed.
async fn a_model_call_of_thirty_seconds_survives(guests: &[Guest]) {
    let mut plugins = Vec::new();
    for &guest in guests {
        plugins.extend(with_model(guest, Duration::from_secs(30), None).await);
    }
    // What is left out was not asked, so nothing took time.
    if plugins.is_empty() {
        return;
    }
    let began = Instant::now();
    for answer in futures::future::join_all(plugins.iter().map(|plugin| say(plugin, "ask slowly"))).await {
        assert!(words(&answer.unwrap()).ends_with(": slowly"));
    }
    assert!(began.elapsed() >= Duration::from_secs(30));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_a_model_counts_no_attempt() {
    let busy = ModelError::Busy { model: "main".to_owned(), after: Some(Duration::from_secs(7)) };
    let Some(plugin) = with_model(Guest::HostileRust, Duration::ZERO, Some(busy)).await else { return };
    match say(&plugin, "ask what?").await {
        Err(AssistantError::Unavailable { reason, after }) => {
            assert!(reason.to_string().contains("the model main is busy"), "{reason}");
            assert_eq!(after, Some(Duration::from_secs(7)));
        }
        other => panic!("{other:?}"),
    }
    let refused = ModelError::Refused { model: "main".to_owned(), what: "too rude".to_owned() };
    let plugin = with_model(Guest::HostileRust, Duration::ZERO, Some(refused)).await.unwrap();
    assert!(retry(say(&plugin, "ask what?").await).contains("too rude"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_without_a_model_is_refused_at_the_start() {
    let component = Guest::HostileRust.component().unwrap();
    let refused = |manifest: &str, role: &'static str| {
        let folder = Folder::new(&component, manifest);
        async move {
            let _alone = lock("compile");
            let models =
                Arc::new(One(Arc::new(Parrot { name: "main".parse().unwrap(), pause: Duration::ZERO, fails: None })));
            let builder = Plugin::in_folder(folder.path(), target().join("kept")).models(models);
            let builder = if role.is_empty() { builder } else { builder.role(role, "main".parse().unwrap()) };
            match builder.load().await.map(|_| ()) {
                Err(BuildError::Config { path, reason }) => (path, reason),
                other => panic!("{other:?}"),
            }
        }
    };
    let (path, reason) = refused(ASKS, "").await;
    assert!(path == "models.writer" && reason.contains("Write writer = \"NAME\""), "{path}: {reason}");
    let (path, reason) = refused(ASKS, "painter").await;
    assert!(path == "models.painter" && reason.contains("its roles are: writer"), "{path}: {reason}");
    let (path, reason) = refused("[uses]\nmodels = { eyes = \"vision\" }", "eyes").await;
    assert!(path == "models.eyes" && reason.contains("does not look at pictures"), "{path}: {reason}");
}

/// A server that answers each request with this, and hands over the requests.
async fn server(answer: &'static str) -> (u16, tokio::sync::mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (heard, requests) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 64 * 1024];
            let length = stream.read(&mut request).await.unwrap_or(0);
            let _ = heard.send(String::from_utf8_lossy(&request[..length]).into_owned());
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    (port, requests)
}

async fn with_host(guest: Guest, port: u16, secret: bool) -> Option<Arc<Plugin>> {
    let manifest = format!("[uses]\nhttp = [\"http://localhost:{port}\"]\n[limits]\nown_ms = 5000");
    load_with(guest, &manifest, |builder| {
        let builder = builder.allow_private(true);
        if !secret {
            return builder;
        }
        builder.header(format!("localhost:{port}"), "authorization", Secret::new("Bearer hunter2-hunter2"))
    })
    .await
}

async fn the_host_adds_secrets_that_the_guest_does_not_hold(guests: &[Guest]) {
    for &guest in guests {
        let (port, mut requests) =
            server("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 5\r\n\r\nready").await;
        let Some(plugin) = with_host(guest, port, true).await else { continue };
        let answer = say(&plugin, &format!("http http://localhost:{port}/orders")).await.unwrap();
        assert_eq!(words(&answer), "200 ready");
        let request = requests.recv().await.unwrap();
        assert!(
            request.starts_with("GET /orders HTTP/1.1") && request.contains("authorization: Bearer hunter2-hunter2"),
            "{request}"
        );
    }
}

/// A server that answers with what it was sent, in a header and in the body.
async fn mirror() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 64 * 1024];
            let length = stream.read(&mut request).await.unwrap_or(0);
            let said = String::from_utf8_lossy(&request[..length]).into_owned();
            let head = format!("HTTP/1.1 400 X\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", said.len());
            let _ = stream.write_all((head + &said).as_bytes()).await;
        }
    });
    port
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_repeats_what_it_is_sent_does_not_tell_the_guest_a_secret() {
    let port = mirror().await;
    let plugin = with_host(Guest::HostileRust, port, true).await.unwrap();
    let answer = words(&say(&plugin, &format!("http http://localhost:{port}/orders")).await.unwrap());
    assert!(answer.starts_with("400 GET /orders") && answer.contains("authorization: ***"), "{answer}");
    assert!(!answer.contains("hunter2"), "{answer}");
}

/// One machine at home that may be asked is no reason to send secrets through the internet in plain text.
#[tokio::test(flavor = "multi_thread")]
async fn a_secret_goes_over_plain_http_to_near_hosts_only() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let component = Guest::HostileRust.component().unwrap();
    for (host, near) in [
        ("localhost:8080", true),
        ("printer.lan", true),
        ("192.168.1.7", true),
        ("api.example", false),
        ("93.184.216.34", false),
    ] {
        let folder = Folder::new(&component, &format!("[uses]\nhttp = [\"http://{host}\"]"));
        let _alone = lock("compile");
        let builder = Plugin::in_folder(folder.path(), target().join("kept")).allow_private(true);
        let builder = builder.header(host, "authorization", Secret::new("Bearer hunter2-hunter2"));
        assert_eq!(builder.load().await.is_ok(), near, "{host}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_cannot_replace_what_the_host_adds() {
    let (port, mut requests) = server("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n").await;
    let plugin = with_host(Guest::HostileRust, port, true).await.unwrap();
    // Its own header of that name does not replace the owner's, and headers of the carriage are not its business.
    say(&plugin, &format!("http-with authorization http://localhost:{port}/")).await.unwrap();
    assert!(requests.recv().await.unwrap().contains("Bearer hunter2"));
    let why = retry(say(&plugin, &format!("http-with host http://localhost:{port}/")).await);
    assert!(why.contains("set by the host"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_not_followed_and_a_huge_response_is_given_up() {
    let elsewhere =
        "HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    let (port, _requests) = server(elsewhere).await;
    let plugin = with_host(Guest::HostileRust, port, false).await.unwrap();
    assert_eq!(words(&say(&plugin, &format!("http http://localhost:{port}/")).await.unwrap()), "302 ");
    let body: &'static str =
        Box::leak(format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{}", "x".repeat(6_000_000)).into());
    let (port, _requests) = server(body).await;
    let plugin = with_host(Guest::HostileRust, port, false).await.unwrap();
    let why = retry(say(&plugin, &format!("http http://localhost:{port}/")).await);
    assert!(why.contains("the response is longer than"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_away_counts_no_attempt() {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let plugin = with_host(Guest::HostileRust, port, false).await.unwrap();
    let outcome = plugin.respond(turn(&format!("http http://localhost:{port}/")).build()).await;
    assert!(matches!(outcome, Err(AssistantError::Unavailable { .. })), "{outcome:?}");
}

//! What belongs to another owner is not there: on every route that the server tells about.

use super::Server;
use super::callers::{server, token};
use super::described::{Operation, operations};
use greenroom_channel_loopback::{SendPlan, said};
use greenroom_client::{LinkBody, LinkStepView, SessionView};
use greenroom_contract::channel::SendError;
use greenroom_contract::store::ParcelVerdict;
use greenroom_contract::trace::{Decision, Step};
use greenroom_engine::Doors;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::sync::Arc;
use std::time::Duration;

const WORDS: [&str; 7] = ["read", "text", "send", "control", "settings", "delete", "admin"];

/// What one owner has, and what nobody else may learn.
#[derive(Debug, Clone)]
struct Own {
    owner: &'static str,
    session: String,
    conversation: u64,
    message: &'static str,
    unsent: String,
    /// Texts that are in an answer only if it tells about this owner.
    canaries: Vec<String>,
}

impl Server {
    /// Links a session for an owner, lets a person write, and keeps one message of the bot from being sent.
    async fn fill(&self, owner: &'static str, number: &str, person: &str, message: &'static str) -> Own {
        let client = self.client_of(owner, "read text send control settings delete");
        let body = LinkBody { channel: "front".to_owned(), accept_risk: true, ..LinkBody::default() };
        let session = client.link(&body).await.unwrap().session;
        let mut after = None;
        let code = loop {
            let progress = client.link_progress(&session, after).await.unwrap();
            match progress.step {
                Some(LinkStepView::Show { code, .. }) => break code,
                _ => after = Some(progress.sequence),
            }
        };
        assert!(self.network.scan(&code, number));
        self.network.connected(&session).await;
        let said = said::text(person, format!("hello of {owner}")).with_id(message);
        self.network.deliver(&session, said).await;
        self.network.sent_to_reached(person, 1).await;
        let closed = || SendPlan::Fail(SendError::WindowClosed { reason: "24 hours are over".to_owned() });
        self.network.on_send(&session, Box::new(move |_| closed()));
        let second = said::text(person, format!("once more, {owner}"));
        self.network.deliver(&session, second).await.acknowledged().await.unwrap();
        let waiting = async {
            loop {
                match client.outbox().await.unwrap() {
                    rows if rows.iter().any(|row| row.reason.contains("24 hours")) => return rows[0].id.clone(),
                    _ => tokio::task::yield_now().await,
                }
            }
        };
        let unsent = tokio::time::timeout(Duration::from_secs(30), waiting).await.unwrap();
        let store = self.handle.whole_store();
        let parcels = store.unsent(None, 10).await.unwrap();
        let held = parcels.into_iter().find(|parcel| parcel.key.account.as_str() == session).unwrap();
        let reason = || "expired".to_owned();
        let step = Step::new(held.created_at, Decision::Held { reason: reason() });
        store.verdict(&held.key, ParcelVerdict::Held { reason: reason() }, step).await.unwrap();
        let traces = client.why(message).await.unwrap();
        assert_eq!(traces.len(), 1, "its owner sees it");
        let canaries = vec![format!("\"{session}\""), number.to_owned(), person.to_owned(), message.to_owned()];
        Own { owner, session, conversation: traces[0].conversation, message, unsent, canaries }
    }

    async fn sessions_of(&self, own: &Own) -> (Vec<SessionView>, usize) {
        let client = self.client_of(own.owner, "read");
        (client.sessions().await.unwrap(), client.outbox().await.unwrap().len())
    }
}

/// The path of an operation with the ids of an owner, or with ids that nothing has.
fn path(operation: &Operation, own: Option<&Own>) -> String {
    let or = |of: fn(&Own) -> String, missing: &str| own.map_or_else(|| missing.to_owned(), of);
    operation
        .path
        .replace("{session}", &or(|own| own.session.clone(), "acc-99999"))
        .replace("{conversation}", &or(|own| own.conversation.to_string(), "99999"))
        .replace("{message}", &or(|own| own.message.to_owned(), "nothing"))
        .replace("{id}", &or(|own| own.unsent.clone(), "nothing"))
        .replace("{channel}", "front")
        .replace("{entry}", "%2B15559990001")
        .replace("{sequence}", &or(|own| own.conversation.to_string(), "99999"))
        .replace("{number}", &or(|own| own.conversation.to_string(), "99999"))
        .replace("{n}", &or(|own| own.conversation.to_string(), "99999"))
}

/// Asks one operation for the things of an owner.
async fn ask(server: &Server, operation: &Operation, own: Option<&Own>, token: &str) -> (u16, String) {
    let path = path(operation, own);
    assert!(!path.contains('{'), "the test knows no value for a parameter of {path}");
    let method = reqwest::Method::from_bytes(operation.method.as_bytes()).unwrap();
    let mut request = reqwest::Client::new().request(method, format!("{}{path}", server.base)).bearer_auth(token);
    if let Some(mut body) = operation.body.clone() {
        if operation.id == "create_session" {
            body["session"] = own.map_or("acc-99999", |own| own.session.as_str()).into();
            body["accept_risk"] = true.into();
        }
        request = request.header("idempotency-key", "one").json(&body);
    }
    let mut answer = request.timeout(Duration::from_secs(20)).send().await.unwrap();
    let status = answer.status().as_u16();
    let streams =
        answer.headers().get("content-type").is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
    if !streams {
        return (status, answer.text().await.unwrap());
    }
    // What is told first, before anything happens.
    let first = tokio::time::timeout(Duration::from_millis(300), answer.chunk()).await;
    let first = first.ok().and_then(Result::ok).flatten().unwrap_or_default();
    (status, String::from_utf8_lossy(&first).into_owned())
}

/// The words of an answer, without the ids that were asked for.
fn without_ids(text: &str, own: Option<&Own>) -> Vec<String> {
    let missing = || vec!["acc-99999".to_owned(), "nothing".to_owned(), "99999".to_owned()];
    let asked = own.map_or_else(missing, |own| {
        vec![own.session.clone(), own.unsent.clone(), own.message.to_owned(), own.conversation.to_string()]
    });
    let words = text.split(|c: char| c.is_whitespace() || ",\"':".contains(c)).filter(|word| !word.is_empty());
    words.map(|word| if asked.iter().any(|id| id == word) { "ID".to_owned() } else { word.to_owned() }).collect()
}

/// What holds for one question of one owner about the things of another one.
async fn check(server: &Server, operation: &Operation, (asker, other): (&Own, &Own), scopes: &[&str]) {
    let token = token(asker.owner, &scopes.join(" "));
    let what = format!("{} asks {} {} with {scopes:?}", asker.owner, operation.method, path(operation, Some(other)));
    let answer = ask(server, operation, Some(other), &token).await;
    let demanded = operation.scope.as_deref().unwrap_or_default();
    if !demanded.is_empty() && !scopes.contains(&demanded) {
        assert_eq!(answer.0, 403, "{what}: {answer:?}");
        assert!(answer.1.contains("missing-scope"), "{what}: {answer:?}");
        return;
    }
    assert!(answer.0 < 500 || operation.id == "health", "{what}: {answer:?}");
    let named: Vec<String> = [&other.session, &other.unsent].into_iter().cloned().collect();
    // What was asked for may be repeated; nothing else of the other one is there.
    let told = named.iter().fold(answer.1.clone(), |told, id| told.replace(id.as_str(), "ID"));
    for canary in &other.canaries {
        assert!(!told.contains(canary.as_str()), "{what} tells {canary}: {answer:?}");
    }
    let by_id = ["{session}", "{conversation}", "{message}", "{id}", "{sequence}", "{number}", "{n}"];
    if by_id.iter().any(|id| operation.path.contains(id)) || operation.id == "create_session" {
        // It answers as what does not exist, word by word.
        let missing = ask(server, operation, None, &token).await;
        assert_eq!(
            (answer.0, without_ids(&answer.1, Some(other))),
            (missing.0, without_ids(&missing.1, None)),
            "{what}: {answer:?}, and for nothing {missing:?}"
        );
    }
}

#[test]
fn nobody_sees_or_touches_what_belongs_to_another_owner() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (server, olga, otto, operations) = runtime.block_on(async {
        let server = Arc::new(server().await);
        let olga = server.fill("olga", "+15557770001", "+15551234567", "message-for-olga").await;
        let otto = server.fill("otto", "+15557770002", "+15551234568", "message-for-otto").await;
        let operations = operations(&server).await;
        (server, olga, otto, operations)
    });
    let guarded: Vec<Operation> = operations.into_iter().filter(|one| one.scope.is_some()).collect();
    let before = runtime.block_on(async { (server.sessions_of(&olga).await, server.sessions_of(&otto).await) });
    assert!(before.0.0.len() == 1 && before.0.1 == 1, "{before:?}");
    let but_admin: Vec<&str> = WORDS.into_iter().filter(|word| *word != "admin").collect();
    // Everything with all scopes, and then whatever chance adds.
    for operation in &guarded {
        runtime.block_on(check(&server, operation, (&otto, &olga), &but_admin));
    }
    let scopes = prop::sample::subsequence(but_admin, 0..=6);
    let asked = (0..guarded.len(), any::<bool>(), scopes);
    let mut runner = TestRunner::new(Config { cases: 150, failure_persistence: None, ..Config::default() });
    let checked = runner.run(&asked, |(which, turned, scopes)| {
        let pair = if turned { (&olga, &otto) } else { (&otto, &olga) };
        runtime.block_on(check(&server, &guarded[which], pair, &scopes));
        Ok(())
    });
    checked.unwrap();
    let after = runtime.block_on(async { (server.sessions_of(&olga).await, server.sessions_of(&otto).await) });
    let kept = |rows: &(Vec<SessionView>, usize)| {
        rows.0.iter().map(|row| (row.session.clone(), row.code.clone(), row.label.clone())).collect::<Vec<_>>()
    };
    assert_eq!((kept(&after.0), kept(&after.1)), (kept(&before.0), kept(&before.1)));
    runtime.block_on(async {
        let all = server.client_of("whoever", "read admin");
        assert_eq!(all.sessions().await.unwrap().len(), 2, "whoever runs the process sees all");
        let local = server.client_of("local", "read");
        assert_eq!(local.sessions().await.unwrap().len(), 0, "and the name alone is not enough");
    });
}

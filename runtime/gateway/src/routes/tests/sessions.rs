//! Sessions over HTTP.

use super::{ANA, Server, server_on};
use greenroom_channel_loopback::{LinkPlan, Options};
use greenroom_client::{
    Client, ClientError, LinkBody, LinkProgress, LinkStepView, NextActionView, RefreshBody, SessionView,
};
use greenroom_contract::linking::Linking;
use std::time::{Duration, Instant};

const PHONE: &str = "+15557770001";
const WARNING: &str = "use a second number";

async fn server() -> Server {
    let linking = Some(Linking { warning: WARNING.to_owned() });
    server_on(Options { accounts: Vec::new(), linking, ..Options::default() }).await
}

fn wish() -> LinkBody {
    LinkBody { channel: "front".to_owned(), accept_risk: true, ..LinkBody::default() }
}

/// Follows the steps, as a page would, until one is like that.
async fn step(client: &Client, account: &str, wanted: impl Fn(&LinkProgress) -> bool) -> LinkProgress {
    let mut after = None;
    loop {
        let progress = client.link_progress(account, after).await.unwrap();
        if wanted(&progress) {
            return progress;
        }
        after = Some(progress.sequence);
    }
}

async fn code(client: &Client, account: &str) -> String {
    let shows = |progress: &LinkProgress| matches!(progress.step, Some(LinkStepView::Show { .. }));
    match step(client, account, shows).await.step {
        Some(LinkStepView::Show { code, .. }) => code,
        other => panic!("{other:?}"),
    }
}

async fn only(client: &Client) -> SessionView {
    let mut accounts = client.sessions().await.unwrap();
    assert_eq!(accounts.len(), 1, "{accounts:?}");
    accounts.remove(0)
}

async fn refused<T: std::fmt::Debug>(asked: impl Future<Output = Result<T, ClientError>>) -> String {
    match asked.await.unwrap_err() {
        ClientError::Refused { reason, .. } | ClientError::NotFound { reason, .. } => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_linked_step_by_step_disconnected_and_forgotten() {
    let server = server().await;
    let client = server.client();
    let unread = LinkBody { accept_risk: false, ..wish() };
    let Err(ClientError::WarningNotAccepted { warning }) = client.link(&unread).await else { panic!() };
    assert_eq!(warning, WARNING);
    let account = client.link(&wish()).await.unwrap().session;
    let first = code(&client, &account).await;
    client.refresh_link(&account, &RefreshBody { phone: None }).await.unwrap();
    let other =
        |progress: &LinkProgress| matches!(&progress.step, Some(LinkStepView::Show { code, .. }) if *code != first);
    step(&client, &account, other).await;
    assert_eq!(only(&client).await.status, "awaiting scan");
    assert!(server.network.scan(&code(&client, &account).await, PHONE));
    let done = step(&client, &account, |progress| !progress.running).await;
    assert_eq!(done.step, Some(LinkStepView::Done { label: PHONE.to_owned() }));
    server.network.connected(&account).await;
    client.reconnect(&account).await.unwrap();
    assert!(refused(client.link(&LinkBody { session: Some(account.clone()), ..wish() })).await.contains(PHONE));
    assert!(refused(client.forget_session(&account)).await.contains("is linked already"));
    client.disconnect(&account).await.unwrap();
    let view = only(&client).await;
    assert_eq!((view.status.as_str(), view.label.as_deref()), ("logged out", Some(PHONE)));
    assert_eq!(view.code, "logged_out");
    let next = view.next.unwrap();
    let again = NextActionView::LinkAgain { channel: "front".to_owned(), account: account.clone() };
    assert_eq!((next.action, next.sentence.as_str()), (again, "link it again"));
    assert_eq!(client.forget_pending().await.unwrap(), Vec::<String>::new(), "it was linked once");
    client.forget_session(&account).await.unwrap();
    assert_eq!(client.sessions().await.unwrap(), []);
    assert!(refused(client.link_progress(&account, None)).await.contains("there is no account"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_run_is_pending_until_it_is_cleaned_up() {
    let server = server().await;
    let client = server.client();
    let account = client.link(&wish()).await.unwrap().session;
    code(&client, &account).await;
    client.cancel_link(&account).await.unwrap();
    assert_eq!(only(&client).await.status, "not linked");
    assert!(refused(client.cancel_link(&account)).await.contains("not being linked"));
    assert_eq!(client.forget_pending().await.unwrap(), [account]);
    assert_eq!(client.sessions().await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_for_the_next_step_waits_for_news_only() {
    let server = server().await;
    let client = server.client();
    server.network.next_links([LinkPlan::Codes {
        of: 2,
        first: Duration::from_secs(2),
        later: Duration::from_secs(60),
        gap: Duration::ZERO,
    }]);
    let account = client.link(&wish()).await.unwrap().session;
    let shows = |progress: &LinkProgress| matches!(progress.step, Some(LinkStepView::Show { number: 1, .. }));
    let first = step(&client, &account, shows).await;
    let begun = Instant::now();
    let next = client.link_progress(&account, Some(first.sequence)).await.unwrap();
    assert!(begun.elapsed() > Duration::from_secs(1), "it waited");
    assert!(next.sequence > first.sequence && next.step != first.step);
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_come_with_their_words_and_statuses() {
    let server = server().await;
    let client = server.client();
    assert!(
        refused(client.link(&LinkBody { channel: "back".to_owned(), ..wish() })).await.contains("configured: front")
    );
    let bad = LinkBody { phone: Some("555".to_owned()), ..wish() };
    assert!(refused(client.link(&bad)).await.contains("not a phone number"));
    for _ in 0..5 {
        client.link(&wish()).await.unwrap();
    }
    let words = refused(client.link(&wish())).await;
    assert!(words.contains("maximum sessions reached: 5 of 5") && words.contains("sessions_per_owner_max"), "{words}");
    for asked in
        [client.reconnect("acc-99").await, client.disconnect("acc-99").await, client.cancel_link("acc-99").await]
    {
        assert!(matches!(asked, Err(ClientError::NotFound { .. })), "{asked:?}");
    }
    let key = "gateway.sessions_per_owner_max";
    let http = reqwest::Client::new();
    let url = format!("{}/api/v1/sessions", server.base);
    let answer = http.post(url).bearer_auth(&server.token).json(&wish()).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 409);
    let body: serde_json::Value = answer.json().await.unwrap();
    assert_eq!(body["code"], "maximum-sessions-reached");
    assert_eq!((&body["next"]["action"], &body["next"]["limit_key"]), (&"free_session".into(), &key.into()));
    assert_eq!((&body["count"], &body["limit"]), (&5.into(), &5.into()));
    assert_eq!(body["type"], "https://greenroom.dev/problems/maximum-sessions-reached");
    assert!(body["next"]["sentence"].as_str().is_some_and(|sentence| sentence.contains(key)), "{body}");
    assert!(!body.to_string().contains(ANA));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_links_or_changes_an_account_without_the_token() {
    let server = server().await;
    for token in [None, Some("0".repeat(64))] {
        let client = Client::new(&server.base, token).unwrap();
        assert!(matches!(client.sessions().await, Err(ClientError::Forbidden)));
        assert!(matches!(client.link(&wish()).await, Err(ClientError::Forbidden)));
        assert!(matches!(client.link_progress("acc-1", None).await, Err(ClientError::Forbidden)));
        for asked in [
            client.refresh_link("acc-1", &RefreshBody { phone: None }).await,
            client.cancel_link("acc-1").await,
            client.reconnect("acc-1").await,
            client.disconnect("acc-1").await,
            client.forget_session("acc-1").await,
        ] {
            assert!(matches!(asked, Err(ClientError::Forbidden)), "{asked:?}");
        }
        assert!(matches!(client.forget_pending().await, Err(ClientError::Forbidden)));
    }
    assert_eq!(server.handle.accounts().await.unwrap(), []);
}

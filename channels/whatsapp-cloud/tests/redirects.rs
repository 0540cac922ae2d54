//! The token, the app secret and the verify token stay where they are sent: no redirect leads them elsewhere.
#![allow(clippy::unwrap_used, reason = "helpers of tests stand outside the test functions")]

mod common;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use common::{direct, parts, row};
use greenroom_channel_whatsapp_cloud::doctor::{self, Verdict};
use greenroom_channel_whatsapp_cloud::{CloudChannel, Config};
use greenroom_conformance::sink::FakeSink;
use greenroom_conformance::vault::MemoryVault;
use greenroom_contract::channel::{BackOff, Channel, Ended, MediaError, SendError};
use greenroom_contract::message::MediaRef;
use greenroom_contract::secret::Secret;
use greenroom_contract::store::AccountVault;
use greenroom_contract::time::Timestamp;
use parking_lot::Mutex;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

const NUMBER: &str = "500000000000001";

type Seen = Arc<Mutex<Vec<(Uri, HeaderMap)>>>;

/// A server that notes what it is asked, and answers with `answer`.
async fn server(answer: impl Fn(&Uri) -> Response + Clone + Send + Sync + 'static) -> (String, Seen) {
    let seen = Seen::default();
    let noted = seen.clone();
    let router = Router::new().fallback(move |request: Request| {
        noted.lock().push((request.uri().clone(), request.headers().clone()));
        let response = answer(request.uri());
        async move { response }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, seen)
}

fn config(graph_url: &str) -> Config {
    let secret = |text: &str| Secret::new(text);
    Config { graph_url: graph_url.to_owned(), ..Config::new(NUMBER, secret("EAAtoken"), secret("app"), secret("word")) }
}

#[tokio::test]
async fn a_redirect_of_the_api_is_weather_and_is_not_followed() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (elsewhere, taken) = server(|_| StatusCode::OK.into_response()).await;
    let to = elsewhere.clone();
    let media = r#"{"url":"http://127.0.0.1:1/bytes","mime_type":"image/png"}"#;
    let (graph, asked) = server(move |uri| match uri.path() {
        path if path.ends_with("/4321") => (StatusCode::OK, media).into_response(),
        _ => (StatusCode::FOUND, [(header::LOCATION, format!("{to}/login"))]).into_response(),
    })
    .await;
    let channel = CloudChannel::new(config(&graph), &parts()).unwrap();
    let account = row(NUMBER);
    let link = channel.connect(&account, AccountVault::new(account.id.clone(), MemoryVault::new())).await.unwrap();
    let ended = link.run(FakeSink::new(), CancellationToken::new()).await;
    assert!(matches!(&ended, Ended::Dropped { reason } if reason.contains("302")), "{ended:?}");
    let error = link.send(&direct("15551234567", "x")).await.unwrap_err();
    assert!(matches!(error, SendError::Retry { scope: BackOff::Account, .. }), "{error:?}");
    let media = MediaRef { mime: "image/png".into(), size_bytes: None, token: serde_json::json!({"id": "4321"}) };
    let refused = link.fetch(&media, 1_000).await;
    assert!(
        matches!(&refused, Err(MediaError::Retry { reason }) if reason.to_string().contains("not Meta's")),
        "{refused:?}"
    );

    let callback = format!("{graph}/api/channels/whatsapp");
    let checks = doctor::examine(&config(&graph), Some(&callback), Timestamp(0)).await.unwrap();
    let last = checks.last().unwrap();
    assert!(last.verdict == Verdict::Bad && last.found.contains("does not follow redirects"), "{last:?}");
    assert!(taken.lock().is_empty(), "{:?}", taken.lock());
    assert!(asked.lock().len() >= 4 && asked.lock().iter().all(|(_, headers)| headers.get(header::REFERER).is_none()));
}

#[tokio::test]
async fn a_medium_is_fetched_after_a_redirect_within_metas_hosts_and_nowhere_else() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (elsewhere, taken) = server(|_| StatusCode::OK.into_response()).await;
    let own = Arc::new(Mutex::new(String::new()));
    let root = own.clone();
    let (graph, _) = server(move |uri| {
        let root = root.lock().clone();
        let found = |url: String| {
            (StatusCode::OK, format!("{{\"url\":\"{url}\",\"mime_type\":\"image/png\"}}")).into_response()
        };
        let redirect = |url: String| (StatusCode::FOUND, [(header::LOCATION, url)]).into_response();
        match uri.path().rsplit('/').next().unwrap_or_default() {
            "1" => found(format!("{root}/near")),
            "2" => found(format!("{root}/far")),
            "3" => found(format!("{root}/round")),
            "near" => redirect("/bytes".to_owned()),
            "far" => redirect(format!("{elsewhere}/bytes")),
            "round" => redirect("/round".to_owned()),
            _ => (StatusCode::OK, "the bytes").into_response(),
        }
    })
    .await;
    *own.lock() = graph.clone();
    let channel = CloudChannel::new(config(&graph), &parts()).unwrap();
    let account = row(NUMBER);
    let link = channel.connect(&account, AccountVault::new(account.id.clone(), MemoryVault::new())).await.unwrap();
    let fetch = async |id: &str| {
        let media = MediaRef { mime: "image/png".into(), size_bytes: None, token: serde_json::json!({ "id": id }) };
        link.fetch(&media, 1_000).await
    };
    assert_eq!(fetch("1").await.unwrap().bytes, "the bytes");
    for id in ["2", "3"] {
        assert!(matches!(fetch(id).await, Err(MediaError::Retry { .. })), "{id}");
    }
    assert!(taken.lock().is_empty(), "the token went elsewhere");
}

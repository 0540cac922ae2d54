//! Who is known, by what, and what that is good for.

use super::{Server, start_as};
use crate::Access;
use greenroom_channel_loopback::{Options, loopback};
use greenroom_client::token::{self, AUDIENCE, Claims};
use greenroom_client::{Client, ClientError, LinkBody};
use greenroom_contract::linking::Linking;
use greenroom_contract::secret::Secret;
use greenroom_contract::time::Clock;
use std::time::Duration;

pub(super) const SECRET: &str = "canary-secret-0123456789abcdef-01";
pub(super) const PREVIOUS: &str = "canary-secret-of-yesterday-abcdef";

/// A server whose secrets are known, on which accounts can be linked. Two people are admitted.
pub(super) async fn server() -> Server {
    server_that_admits(&["+15551234567", "+15551234568"]).await
}

async fn server_that_admits(entries: &[&str]) -> Server {
    let linking = Some(Linking { warning: "use a second number".to_owned() });
    let (channel, network) = loopback(Options { accounts: Vec::new(), linking, ..Options::default() });
    let (handle, gateway) = start_as(channel, None, |options, policy| {
        options.access = Access {
            secret: Some(Secret::new(SECRET)),
            previous: Some(Secret::new(PREVIOUS)),
            allowed_origins: vec!["https://app.example".to_owned()],
            ..Access::default()
        };
        policy.allow_from = entries.iter().map(|one| one.parse().unwrap()).collect();
    })
    .await;
    let announcement = gateway.announcement();
    Server { handle, base: format!("http://{}", announcement.address), token: announcement.token, network, gateway }
}

pub(super) fn seconds() -> u64 {
    Clock::System.now().0 / 1_000
}

pub(super) fn claims(owner: &str, scope: &str) -> Claims {
    let (owner, scope) = (owner.to_owned(), scope.to_owned());
    Claims { owner, scope, expires: seconds() + 600, begins: None, id: None, csrf: None }
}

pub(super) fn token(owner: &str, scope: &str) -> String {
    token::sign(SECRET.as_bytes(), AUDIENCE, &claims(owner, scope)).unwrap()
}

impl Server {
    pub(super) fn client_of(&self, owner: &str, scope: &str) -> Client {
        Client::new(&self.base, Some(token(owner, scope))).unwrap()
    }

    /// Status and body of an answer.
    pub(super) async fn ask(&self, request: reqwest::RequestBuilder) -> (u16, String) {
        let answer = request.timeout(Duration::from_secs(20)).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    pub(super) fn get(&self, path: &str) -> reqwest::RequestBuilder {
        reqwest::Client::new().get(format!("{}{path}", self.base))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_names_its_owner_and_what_its_bearer_may_do() {
    let server = server().await;
    let me = server.client_of("olga", "read text").me().await.unwrap();
    assert_eq!((me.owner.as_str(), me.scopes.join(" ").as_str(), me.csrf), ("olga", "read text", None));
    assert!(me.expires_ms.is_some());
    let local = server.client().me().await.unwrap();
    assert_eq!((local.owner.as_str(), local.scopes.len(), local.expires_ms), ("local", 7, None));
    let previous = token::sign(PREVIOUS.as_bytes(), AUDIENCE, &claims("olga", "read")).unwrap();
    Client::new(&server.base, Some(previous)).unwrap().me().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_token_is_not_told() {
    let server = server().await;
    let signed =
        |secret: &str, audience: &str, claims: &Claims| token::sign(secret.as_bytes(), audience, claims).unwrap();
    let good = claims("olga", "read");
    let at = |expires| Claims { expires, ..good.clone() };
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";
    let whole = signed(SECRET, AUDIENCE, &good);
    let (_, rest) = whole.split_once('.').unwrap();
    let (payload, _) = rest.split_once('.').unwrap();
    let cases = [
        ("expired", signed(SECRET, AUDIENCE, &at(seconds() - 60))),
        ("too long", signed(SECRET, AUDIENCE, &at(seconds() + 3_700))),
        ("for another audience", signed(SECRET, "greenroom-portal", &good)),
        ("of another secret", signed(&"x".repeat(32), AUDIENCE, &good)),
        ("not begun", signed(SECRET, AUDIENCE, &Claims { begins: Some(seconds() + 120), ..good.clone() })),
        ("an unknown scope", signed(SECRET, AUDIENCE, &claims("olga", "read everything"))),
        ("no owner", signed(SECRET, AUDIENCE, &claims("", "read"))),
        ("algorithm none", format!("{none}.{payload}.")),
        ("algorithm none, signed", format!("{none}.{rest}")),
        ("half", whole[..whole.len() / 2].to_owned()),
        ("nothing", String::new()),
    ];
    let (status, words) = server.ask(server.get("/api/v1/me")).await;
    assert_eq!(status, 401);
    for (what, token) in cases {
        let answer = server.ask(server.get("/api/v1/me").bearer_auth(&token)).await;
        assert_eq!(answer, (401, words.clone()), "{what}");
    }
    let twice = server.get("/api/v1/me").bearer_auth(&whole).bearer_auth(&whole);
    assert_eq!(server.ask(twice).await.0, 401, "which of two counts is not for a guess");
    assert_eq!(server.ask(server.get("/api/v1/me").bearer_auth(&whole)).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_guesses_tokens_is_told_to_wait_and_whoever_has_one_is_not() {
    let server = server().await;
    let from = |token: &str, address: &str| {
        server.get("/api/v1/me").bearer_auth(token.to_owned()).header("X-Forwarded-For", address.to_owned())
    };
    let wrong = token::sign("x".repeat(32).as_bytes(), AUDIENCE, &claims("olga", "read")).unwrap();
    let (_, words) = server.ask(server.get("/api/v1/me")).await;
    for _ in 0..10 {
        assert_eq!(server.ask(from(&wrong, "192.0.2.7")).await, (401, words.clone()));
    }
    // On a slow machine some of them are forgiven meanwhile.
    let mut refused = None;
    for _ in 0..4 * crate::limits::WRONG_TOKENS_PER_MINUTE_MAX {
        refused = Some(server.ask(from(&wrong, "192.0.2.7")).await).filter(|(status, _)| *status != 401);
        if refused.is_some() {
            break;
        }
    }
    let (status, body) = refused.expect("there is an end to it");
    assert!(status == 429 && body.contains("too-many-attempts"), "{status} {body}");
    assert_eq!(server.ask(from(&wrong, "192.0.2.8")).await.0, 401, "another address");
    assert_eq!(server.ask(from(&token("olga", "read"), "192.0.2.7")).await.0, 200, "a good token from the same one");
    let nothing = server.get("/api/v1/me").header("X-Forwarded-For", "192.0.2.7");
    assert_eq!(server.ask(nothing).await.0, 401, "who carries nothing guesses nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_has_an_id_of_its_own_and_takes_none_from_outside() {
    let server = server().await;
    let mut seen = std::collections::BTreeSet::new();
    for path in ["/healthz", "/api/v1/me", "/api/v1/nothing", "/portal/", "/api/channels/front", "/metrics", "/nowhere"]
    {
        let answer = server.get(path).header("x-request-id", "chosen").send().await.unwrap();
        let id = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
        assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{path}: {id}");
        assert!(seen.insert(id), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_that_is_missing_is_named_and_nothing_is_done() {
    let server = server().await;
    let refused = server.client_of("olga", "text send").sessions().await;
    let Err(ClientError::Refused { reason, .. }) = &refused else { panic!("{refused:?}") };
    assert_eq!(reason, "this needs the scope read");
    let admin_only = server.client_of("local", "admin");
    assert!(matches!(admin_only.sessions().await, Err(ClientError::Refused { .. })), "none holds another");
    admin_only.portal_link().await.unwrap();
    assert!(matches!(server.client_of("local", "read").portal_link().await, Err(ClientError::Refused { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_of_a_run_is_good_on_this_machine_and_not_behind_a_proxy() {
    let server = server().await;
    let (_, words) = server.ask(server.get("/api/v1/me")).await;
    assert_eq!(server.ask(server.get("/api/v1/me").bearer_auth(&server.token)).await.0, 200);
    for header in ["Forwarded", "X-Forwarded-For", "X-Real-IP", "Via"] {
        let local = server.get("/api/v1/me").bearer_auth(&server.token).header(header, "127.0.0.1");
        assert_eq!(server.ask(local).await, (401, words.clone()), "{header}");
        let signed = server.get("/api/v1/me").bearer_auth(token("olga", "read")).header(header, "127.0.0.1");
        assert_eq!(server.ask(signed).await.0, 200, "a signed token is for that");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_other_programs_ask_only_where_their_origin_is_configured() {
    let server = server().await;
    let token = token("olga", "read");
    let from = |origin: &str| server.get("/api/v1/sessions").bearer_auth(&token).header("origin", origin.to_owned());
    let answer = from("https://app.example").send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["access-control-allow-origin"]),
        (200, &"https://app.example".parse().unwrap())
    );
    assert!(!answer.headers().contains_key("access-control-allow-credentials"), "no cookie is for them");
    for other in ["https://evil.example", "null", "http://127.0.0.1:1"] {
        let (status, body) = server.ask(from(other)).await;
        assert!(status == 403 && body.contains("foreign-origin"), "{other}: {status} {body}");
    }
    let before = |origin: &str| {
        let question =
            reqwest::Client::new().request(reqwest::Method::OPTIONS, format!("{}/api/v1/sessions", server.base));
        question.header("origin", origin.to_owned()).header("access-control-request-method", "POST").send()
    };
    let may = before("https://app.example").await.unwrap();
    assert_eq!(may.status().as_u16(), 204);
    assert!(may.headers()["access-control-allow-headers"].to_str().unwrap().contains("authorization"));
    assert_eq!(before("https://evil.example").await.unwrap().status().as_u16(), 403);
    // Also what is refused can be read by the page that asked.
    let refused = server.get("/api/v1/sessions").header("origin", "https://app.example").send().await.unwrap();
    assert!(refused.status().as_u16() == 401 && refused.headers().contains_key("access-control-allow-origin"));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_few_routes_are_open_and_another_name_is_refused_on_all() {
    let server = server().await;
    for path in ["/api/openapi.json", "/api/v1/sessions", "/portal/", "/"] {
        let (status, _) = server.ask(server.get(path).header("host", "evil.example")).await;
        assert_eq!(status, 421, "{path}");
    }
    for (path, status) in [("/api/openapi.json", 200), ("/api/v1/nothing", 401)] {
        assert_eq!(server.ask(server.get(path)).await.0, status, "{path}");
    }
    // Also where not all is well.
    assert!([200, 503].contains(&server.ask(server.get("/api/v1/health")).await.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_may_bring_its_own_list() {
    let server = server_that_admits(&[]).await;
    let olga = server.client_of("olga", "read control");
    let wish = LinkBody { channel: "front".to_owned(), accept_risk: true, ..LinkBody::default() };
    let request = reqwest::Client::new().post(format!("{}/api/v1/sessions", server.base));
    let (status, body) = server.ask(request.bearer_auth(token("olga", "control")).json(&wish)).await;
    assert!(status == 409 && body.contains("allow-list-empty"), "{status} {body}");
    let nonsense = LinkBody { allow: vec!["ben".to_owned()], ..wish.clone() };
    assert!(matches!(olga.link(&nonsense).await, Err(ClientError::Refused { .. })));
    let own = LinkBody { allow: vec!["+15551234567".to_owned()], ..wish };
    let session = olga.link(&own).await.unwrap().session;
    let entries = olga.allow_list().await.unwrap();
    assert_eq!((entries.len(), entries[0].account.as_deref()), (1, Some(session.as_str())));
    assert_eq!(server.client_of("otto", "read").allow_list().await.unwrap(), []);
    assert!(
        server.client_of("otto", "control").link(&LinkBody { allow: Vec::new(), ..own }).await.is_err(),
        "it is hers"
    );
}

#[test]
fn an_address_that_other_machines_reach_needs_a_proxy() {
    let is_exposed = |listen: &str, proxies: &[&str]| {
        let proxies: Vec<_> = proxies.iter().map(|proxy| proxy.parse().unwrap()).collect();
        crate::is_exposed(listen.parse().unwrap(), &proxies)
    };
    assert!(!is_exposed("127.0.0.1:0", &[]) && !is_exposed("[::1]:0", &[]) && !is_exposed("[::ffff:127.0.0.1]:0", &[]));
    assert!(is_exposed("0.0.0.0:0", &["127.0.0.1", "::1"]) && is_exposed("[::]:0", &[]));
    assert!(!is_exposed("0.0.0.0:0", &["172.17.0.2"]));
}

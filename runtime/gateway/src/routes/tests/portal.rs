//! The way of a browser into the portal, and what guards it there.

use super::Server;
use super::callers::{PREVIOUS, SECRET, server, token};
use crate::limits;
use greenroom_client::MeView;
use reqwest::{Method, RequestBuilder};
use serde_json::json;

impl Server {
    async fn code(&self) -> String {
        let link = self.client().portal_link().await.unwrap();
        assert!(
            link.url.starts_with(&self.base)
                && link.public_url.unwrap().starts_with("https://bot.example.com/portal/#")
        );
        let (_, code) = link.url.split_once("/portal/#login=").unwrap();
        code.to_owned()
    }

    async fn log_in(&self, code: &str) -> (u16, Option<String>) {
        let request = reqwest::Client::new().post(format!("{}/api/v1/login", self.base));
        let answer = request.json(&json!({ "code": code })).send().await.unwrap();
        let cookie = answer.headers().get("set-cookie").map(|cookie| cookie.to_str().unwrap().to_owned());
        (answer.status().as_u16(), cookie)
    }

    /// As a browser that was let in asks.
    fn with(&self, method: Method, path: &str, cookie: &str) -> RequestBuilder {
        let (pair, _) = cookie.split_once(';').unwrap();
        reqwest::Client::new().request(method, format!("{}{path}", self.base)).header("cookie", pair.to_owned())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_lets_one_browser_in_once() {
    let server = server().await;
    let code = server.code().await;
    assert_eq!(server.log_in("0".repeat(64).as_str()).await, (401, None));
    let (status, cookie) = server.log_in(&code).await;
    let cookie = cookie.unwrap();
    assert_eq!(status, 204);
    for part in ["greenroom_session=", "; HttpOnly", "; SameSite=Strict", "; Path=/", "; Max-Age=43200"] {
        assert!(cookie.contains(part), "{part} in {cookie}");
    }
    assert!(!cookie.contains("Secure"), "this machine speaks no TLS");
    assert_eq!(server.log_in(&code).await, (401, None), "used");
    let (status, body) = server.ask(server.with(Method::GET, "/api/v1/me", &cookie)).await;
    let me: MeView = serde_json::from_str(&body).unwrap();
    assert_eq!((status, me.owner.as_str(), me.scopes.len()), (200, "local", 7));
    let csrf = me.csrf.unwrap();
    let out = server.with(Method::POST, "/api/v1/logout", &cookie).header("x-csrf-token", &csrf).send().await.unwrap();
    assert_eq!(out.status().as_u16(), 204);
    assert!(out.headers()["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    let (status, _) = server.ask(server.with(Method::GET, "/api/v1/me", &cookie)).await;
    assert_eq!(status, 401, "a copy of the cookie is good no longer");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_page_makes_a_browser_do_is_refused() {
    let server = server().await;
    let cookie = server.log_in(&server.code().await).await.1.unwrap();
    let (_, body) = server.ask(server.with(Method::GET, "/api/v1/me", &cookie)).await;
    let csrf = serde_json::from_str::<MeView>(&body).unwrap().csrf.unwrap();
    let change = || server.with(Method::POST, "/api/v1/sessions/clean", &cookie);
    let own = || change().header("x-csrf-token", &csrf);
    assert_eq!(server.ask(own()).await.0, 200);
    assert_eq!(server.ask(own().header("sec-fetch-site", "same-origin")).await.0, 200);
    for (what, request) in [
        ("without the word", change()),
        ("with another word", change().header("x-csrf-token", "0".repeat(64))),
        ("from another port of this machine", own().header("sec-fetch-site", "same-site")),
        ("from another site", own().header("sec-fetch-site", "cross-site")),
        ("from another origin", own().header("origin", "https://evil.example")),
        (
            "from a page that has tokens of its own",
            own().header("origin", "https://app.example").header("sec-fetch-site", "cross-site"),
        ),
        (
            "read from another site",
            server.with(Method::GET, "/api/v1/me", &cookie).header("sec-fetch-site", "cross-site"),
        ),
    ] {
        let (status, body) = server.ask(request).await;
        assert!(status == 403 && (body.contains("csrf") || body.contains("foreign-origin")), "{what}: {status} {body}");
    }
    let (name, value) = cookie.split_once(';').unwrap().0.split_once('=').unwrap();
    let as_bearer = server.ask(server.get("/api/v1/me").bearer_auth(value)).await.0;
    let as_cookie =
        server.ask(server.get("/api/v1/me").header("cookie", format!("{name}={}", token("olga", "read")))).await.0;
    assert_eq!((as_bearer, as_cookie), (401, 401), "neither is good as the other");
    let twice = server.get("/api/v1/me").header("cookie", format!("{name}={value}; {name}={value}"));
    assert_eq!(server.ask(twice).await.0, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn under_the_public_name_the_cookie_is_for_that_very_host() {
    let server = server().await;
    let code = server.code().await;
    let login = reqwest::Client::new().post(format!("{}/api/v1/login", server.base)).header("host", "bot.example.com");
    let answer = login.json(&json!({ "code": code })).send().await.unwrap();
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(
        cookie.starts_with("__Host-greenroom_session=") && cookie.contains("; Secure") && !cookie.contains("Domain")
    );
    let public = server.with(Method::GET, "/api/v1/me", &cookie).header("host", "bot.example.com");
    assert_eq!(server.ask(public).await.0, 200);
    let plain = cookie.replacen("__Host-", "", 1);
    let planted = server.with(Method::GET, "/api/v1/me", &plain).header("host", "bot.example.com");
    assert_eq!(server.ask(planted).await.0, 401, "what another host could have set is not taken");
}

#[tokio::test(flavor = "multi_thread")]
async fn attempts_to_log_in_are_few_for_each_address() {
    let server = server().await;
    let attempt = |address: &str| {
        let request = reqwest::Client::new().post(format!("{}/api/v1/login", server.base));
        server.ask(request.header("x-forwarded-for", address.to_owned()).json(&json!({ "code": "x" })))
    };
    for _ in 0..limits::LOGINS_PER_MINUTE_MAX {
        assert_eq!(attempt("198.51.100.1").await.0, 401);
    }
    let (status, body) = attempt("198.51.100.1").await;
    assert!(status == 429 && body.contains("too-many-attempts"), "{status} {body}");
    assert_eq!(attempt("198.51.100.2").await.0, 401, "another one is not kept out");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_file_has_its_guards_and_nothing_else_is_served() {
    let server = server().await;
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let enter = http.get(format!("{}/", server.base)).send().await.unwrap();
    assert_eq!((enter.status().as_u16(), enter.headers()["location"].to_str().unwrap()), (307, "/portal/"));
    for path in ["/portal/", "/portal/index.html", "/portal/nothing.js"] {
        let answer = http.get(format!("{}{path}", server.base)).send().await.unwrap();
        let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(policy.starts_with("default-src 'none'; script-src 'self';") && !policy.contains("unsafe"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("require-trusted-types-for 'script'"));
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("x-frame-options", "DENY"),
            ("cross-origin-opener-policy", "same-origin"),
        ] {
            assert_eq!(answer.headers()[name], value, "{path}");
        }
        assert!(matches!(answer.status().as_u16(), 200 | 404), "{path}");
    }
    for path in [
        "/portal/../Cargo.toml",
        "/portal/%2e%2e/Cargo.toml",
        "/portal/..%2f..%2fCargo.toml",
        "/portal/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "/portal//etc/passwd",
        "/portal/%00",
        "/portal/x%0d%0aset-cookie:%20a=b",
    ] {
        let text = server.head(&format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")).await;
        let (head, _) = text.split_once("\r\n\r\n").unwrap();
        assert!(
            [" 404 ", " 400 ", " 401 "].iter().any(|status| head.lines().next().unwrap().contains(status)),
            "{path}: {head}"
        );
        assert!(!head.to_lowercase().contains("set-cookie"), "{path}: {head}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_holds_a_secret() {
    let server = server().await;
    let code = server.code().await;
    let unused = server.code().await;
    let cookie = server.log_in(&code).await.1.unwrap();
    let value = cookie.split_once(';').unwrap().0.split_once('=').unwrap().1.to_owned();
    let secrets = [SECRET, PREVIOUS, &server.token, &code, &unused, &value];
    for operation in super::described::operations(&server).await {
        if operation.path.contains("events") {
            continue;
        }
        let path = operation.path.replace(['{', '}'], "");
        for bearer in [server.token.clone(), token("olga", "read"), format!("{SECRET}x"), unused.clone()] {
            let method = Method::from_bytes(operation.method.as_bytes()).unwrap();
            let request = reqwest::Client::new().request(method, format!("{}{path}", server.base)).bearer_auth(bearer);
            let request = match operation.body.clone() {
                Some(body) => request.json(&body),
                None => request,
            };
            let answer = request.send().await.unwrap();
            let head = format!("{:?}", answer.headers());
            let body = answer.text().await.unwrap();
            for secret in secrets {
                assert!(!head.contains(secret) && !body.contains(secret), "{operation:?}: {head} {body}");
            }
        }
    }
}

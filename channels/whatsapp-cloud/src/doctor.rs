//! What may be wrong with a set-up, and what to do about it.
//!
//! Nothing is sent to anybody and nothing is changed.

use crate::config::Config;
use crate::failure::Class;
use crate::graph::{CallError, Graph, read_at_most};
use crate::limits::{CALLBACK_BYTES_MAX, CALLBACK_TIMEOUT, TOKEN_LEFT_MIN};
use greenroom_contract::factory::BuildError;
use greenroom_contract::time::Timestamp;
use serde::Serialize;
use serde_json::Value;
use std::time::Duration;

/// One line of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at, in a word or two.
    pub what: String,
    /// How it is.
    pub verdict: Verdict,
    /// What was found.
    pub found: String,
    /// What to do, unless it is good.
    pub next: Option<String>,
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should be.
    Good,
    /// It works, but not for long or not for everything.
    Warning,
    /// It does not work.
    Bad,
    /// It could not be looked at, because of something above.
    Skipped,
}

const SCOPES: [&str; 2] = ["whatsapp_business_messaging", "whatsapp_business_management"];
const PERMANENT_TOKEN: &str = "make a permanent one: business.facebook.com > Settings > Users > System users > Add, give \
     it the app and the WhatsApp account with full control, Generate token with expiry \"Never\" and the scopes \
     whatsapp_business_messaging and whatsapp_business_management; set it as WHATSAPP_ACCESS_TOKEN and restart";

/// Looks at everything. `callback` is the public URL of the webhook, if it is known, such as
/// `https://bot.example.com/api/channels/whatsapp`. Fails only if no HTTP client can be made.
pub async fn examine(config: &Config, callback: Option<&str>, now: Timestamp) -> Result<Vec<Check>, BuildError> {
    let graph = Graph::new(config)?;
    let mut report = Report::default();
    version(config, &mut report);
    let token = token(config, &graph, now, &mut report).await;
    let app_id = token.as_ref().and_then(|token| token["app_id"].as_str());
    let app_token = app_id.map(|id| format!("{id}|{}", config.app_secret.expose()));
    secret(&graph, config, app_token.as_deref(), &mut report).await;
    for number in &config.numbers {
        check_number(&graph, number, &mut report).await;
    }
    subscription(&graph, token.as_ref(), &mut report).await;
    fields(&graph, app_id, app_token.as_deref(), callback, &mut report).await;
    handshake(config, callback, &mut report).await;
    Ok(report.checks)
}

#[derive(Default)]
struct Report {
    checks: Vec<Check>,
}

impl Report {
    fn add(&mut self, what: &str, verdict: Verdict, found: impl Into<String>, next: Option<&str>) {
        let next = next.map(str::to_owned);
        self.checks.push(Check { what: what.to_owned(), verdict, found: found.into(), next });
    }

    fn good(&mut self, what: &str, found: impl Into<String>) {
        self.add(what, Verdict::Good, found, None);
    }

    fn skipped(&mut self, what: &str, found: &str) {
        self.add(what, Verdict::Skipped, found, Some("fix the problems above first"));
    }
}

fn version(config: &Config, report: &mut Report) {
    let version = config.api_version.to_string();
    match config.api_version.warning() {
        None => report.good("Graph version", version),
        Some(warning) => report.add("Graph version", Verdict::Warning, version, Some(&warning)),
    }
}

/// Reachability, validity, end and scopes of the token. Returns what Graph knows about it.
async fn token(config: &Config, graph: &Graph, now: Timestamp, report: &mut Report) -> Option<Value> {
    let found = graph.get("debug_token", &[("input_token", config.access_token.expose())]).await;
    let reached = match &found {
        Err(CallError::Unreachable(cause) | CallError::Lost(cause)) => Err(cause.to_string()),
        _ => Ok(()),
    };
    match reached {
        Ok(()) => report.good("Graph", format!("{} answers", config.graph_url)),
        Err(reason) => {
            let next = "check this machine's way to the internet (DNS, proxy, firewall), and graph_url";
            report.add("Graph", Verdict::Bad, format!("{} cannot be reached: {reason}", config.graph_url), Some(next));
            report.skipped("access token", "Graph cannot be reached");
            return None;
        }
    }
    let data = match found {
        Ok(found) if found["data"]["is_valid"] == true => found["data"].clone(),
        Ok(_) => {
            report.add("access token", Verdict::Bad, "Graph says it is not valid", Some(PERMANENT_TOKEN));
            return None;
        }
        Err(error) => {
            report.add("access token", Verdict::Bad, error.words(), Some(PERMANENT_TOKEN));
            return None;
        }
    };
    let ends = data["expires_at"].as_u64().unwrap_or(0);
    let left = Duration::from_secs(ends.saturating_sub(now.0 / 1000));
    if ends == 0 {
        report.good("access token", "valid, and it never expires");
    } else {
        let hours = left.as_secs() / 3600;
        let verdict = if left < TOKEN_LEFT_MIN { Verdict::Warning } else { Verdict::Good };
        let next = (verdict == Verdict::Warning).then_some(PERMANENT_TOKEN);
        report.add("access token", verdict, format!("valid, and it expires in {hours} hours"), next);
    }
    let has = |scope: &str| data["scopes"].as_array().is_some_and(|scopes| scopes.iter().any(|s| s == scope));
    for scope in SCOPES {
        if has(scope) {
            report.good(&format!("scope {scope}"), "granted");
        } else {
            report.add(&format!("scope {scope}"), Verdict::Bad, "not granted", Some(PERMANENT_TOKEN));
        }
    }
    Some(data)
}

/// The app secret is right if Graph takes it together with the app's id.
async fn secret(graph: &Graph, config: &Config, app_token: Option<&str>, report: &mut Report) {
    let Some(app_token) = app_token else { return report.skipped("app secret", "the app is unknown without a token") };
    let query = [("input_token", config.access_token.expose()), ("access_token", app_token)];
    match graph.get("debug_token", &query).await {
        Ok(_) => report.good("app secret", "it belongs to the token's app"),
        Err(error) => report.add(
            "app secret",
            Verdict::Bad,
            format!("Graph does not accept it, so webhooks would be refused: {}", error.words()),
            Some("copy it from developers.facebook.com > your app > Settings > Basic into WHATSAPP_APP_SECRET"),
        ),
    }
}

async fn check_number(graph: &Graph, number: &str, report: &mut Report) {
    let what = format!("number {number}");
    let fields = "id,display_phone_number,verified_name,status,is_official_business_account";
    match graph.get(number, &[("fields", fields)]).await {
        Ok(found) => {
            let shown = found["display_phone_number"].as_str().unwrap_or("a number without a name");
            match found["status"].as_str() {
                None | Some("CONNECTED") => report.good(&what, shown),
                Some(status) => {
                    let next = "register the number: WhatsApp Manager > Phone numbers, or POST /{id}/register";
                    report.add(&what, Verdict::Bad, format!("{shown} is {status}"), Some(next));
                }
            }
            if found["is_official_business_account"] == false {
                let next = "groups need an Official Business Account; direct chats do not";
                report.add("groups", Verdict::Warning, "this is not an Official Business Account", Some(next));
            }
        }
        Err(error) => {
            let token = matches!(&error, CallError::Failed(f) if matches!(f.class(), Class::StopAccount(_)));
            let next = if token {
                PERMANENT_TOKEN
            } else {
                "write the phone number id, not the number itself, from WhatsApp > API Setup, and let the system user \
                 see the account"
            };
            report.add(&what, Verdict::Bad, error.words(), Some(next));
        }
    }
}

/// Whether the app gets the account's webhooks at all.
async fn subscription(graph: &Graph, token: Option<&Value>, report: &mut Report) {
    let what = "subscription of the app";
    let scopes = token.and_then(|token| token["granular_scopes"].as_array());
    let waba = scopes.into_iter().flatten().find_map(|scope| {
        let ours = scope["scope"].as_str().is_some_and(|scope| SCOPES.contains(&scope));
        ours.then(|| scope["target_ids"][0].as_str()).flatten()
    });
    let (Some(token), Some(waba)) = (token, waba) else {
        return report.skipped(what, "the token names no WhatsApp account");
    };
    let next = format!("subscribe it: POST /{waba}/subscribed_apps with the token (the API Setup page does it too)");
    match graph.get(&format!("{waba}/subscribed_apps"), &[]).await {
        Ok(found) => {
            let apps = found["data"].as_array();
            let ours = |app: &Value| app["whatsapp_business_api_data"]["id"] == token["app_id"];
            if apps.is_some_and(|apps| apps.iter().any(ours)) {
                report.good(what, format!("the app is subscribed to the account {waba}"));
            } else {
                report.add(what, Verdict::Bad, format!("the app is not subscribed to {waba}"), Some(&next));
            }
        }
        Err(error) => report.add(what, Verdict::Bad, error.words(), Some(&next)),
    }
}

/// Whether messages are among what the app gets, and where they are sent.
async fn fields(
    graph: &Graph,
    app_id: Option<&str>,
    app_token: Option<&str>,
    callback: Option<&str>,
    report: &mut Report,
) {
    let what = "webhook field messages";
    let (Some(app_id), Some(app_token)) = (app_id, app_token) else {
        return report.skipped(what, "the app is unknown without a token");
    };
    let next = "developers.facebook.com > your app > WhatsApp > Configuration: set callback URL and verify token, \
                then subscribe to the field messages";
    let found = match graph.get(&format!("{app_id}/subscriptions"), &[("access_token", app_token)]).await {
        Ok(found) => found,
        Err(error) => return report.add(what, Verdict::Bad, error.words(), Some(next)),
    };
    let whatsapp = |s: &&Value| s["object"] == "whatsapp_business_account";
    let subscription = found["data"].as_array().and_then(|all| all.iter().find(whatsapp));
    let Some(subscription) = subscription else {
        return report.add(what, Verdict::Bad, "no callback is set for WhatsApp", Some(next));
    };
    let named = |field: &Value| field["name"] == "messages" || field == "messages";
    let url = subscription["callback_url"].as_str().unwrap_or_default();
    if !subscription["fields"].as_array().is_some_and(|fields| fields.iter().any(named)) {
        report.add(what, Verdict::Bad, "the app is not subscribed to it", Some(next));
    } else if callback.is_some_and(|callback| callback != url) {
        let next = format!("set the callback URL to {} there", callback.unwrap_or_default());
        report.add(what, Verdict::Warning, format!("Meta posts to {url}"), Some(&next));
    } else {
        report.good(what, format!("Meta posts to {url}"));
    }
}

/// Plays Meta's verification call against the public address.
async fn handshake(config: &Config, callback: Option<&str>, report: &mut Report) {
    let what = "callback from outside";
    let Some(callback) = callback else {
        let next = "set gateway.public_url to the address under which Meta reaches this machine over HTTPS";
        return report.add(what, Verdict::Warning, "the public address is not known", Some(next));
    };
    if !callback.starts_with("https://") {
        let next = "Meta posts to HTTPS with a public certificate only: use a reverse proxy or a tunnel";
        report.add("HTTPS", Verdict::Warning, format!("{callback} is not HTTPS"), Some(next));
    }
    match call_back(config, callback).await {
        Ok(()) => report.good(what, format!("{callback} answers the verification call")),
        Err(reason) => {
            let next = "start `greenroom run`, and route this address to it; the verify token here and there must be \
                        the same";
            report.add(what, Verdict::Bad, format!("{callback}: {reason}"), Some(next));
        }
    }
}

/// The call that Meta makes. It carries the verify token, so it follows no redirect and tells no referer.
async fn call_back(config: &Config, callback: &str) -> Result<(), String> {
    let challenge = "1158201444";
    let query =
        [("hub.mode", "subscribe"), ("hub.verify_token", config.verify_token.expose()), ("hub.challenge", challenge)];
    let tls = greenroom_support::tls::client_config().map_err(|error| error.to_string())?;
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .timeout(CALLBACK_TIMEOUT)
        .http1_only()
        .no_gzip()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .build();
    let client = client.map_err(|error| crate::graph::cause(error).to_string())?;
    let response = client.get(callback).query(&query).send().await;
    let response = response.map_err(|error| crate::graph::cause(error).to_string())?;
    let status = response.status();
    if status.is_redirection() {
        return Err(format!("it answers {status}, and Meta does not follow redirects"));
    }
    let text = read_at_most(response, CALLBACK_BYTES_MAX).await.map_err(|error| error.words())?;
    if status == 200 && text == challenge.as_bytes() { Ok(()) } else { Err(format!("it answers {status}")) }
}

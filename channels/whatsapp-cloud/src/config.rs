//! The adapter's own keys in `[channels.NAME]`.

use crate::limits::MESSAGES_PER_SECOND;
use greenroom_contract::schema::{Key, KeyKind, U32_LARGEST};
use greenroom_contract::secret::Secret;
use serde::Deserialize;
use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

/// Whether Meta's rates are kept.
pub use greenroom_contract::capabilities::Pacing;

/// Where Graph is, unless the configuration says otherwise.
pub const GRAPH_URL: &str = "https://graph.facebook.com";

/// A checked configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Keys")]
pub struct Config {
    /// The business numbers, by their phone number ids. Never empty, no two alike.
    pub numbers: Vec<String>,
    /// The bearer of every call to Graph.
    pub access_token: Secret,
    /// Signs webhooks.
    pub app_secret: Secret,
    /// Proves to Meta, at set-up, that the callback is ours.
    pub verify_token: Secret,
    /// Graph's version.
    pub api_version: ApiVersion,
    /// Graph's base URL, without a slash at its end.
    pub graph_url: String,
    /// Carries an answer that is later than 24 hours. Without one such an answer is held.
    pub template: Option<Template>,
    /// Whether Meta's rates are kept.
    pub pacing: Pacing,
    /// Messages of one number in a second, both directions together.
    pub messages_per_second: NonZeroU32,
    /// Messages of one number on one day (UTC) after which it sends no more until the next.
    pub daily_budget: Option<u32>,
    /// What becomes of a chat while another handler of the number has it.
    pub standby: Standby,
}

impl Config {
    /// What cannot be left out, and defaults for the rest. For embedders; a file goes through `Deserialize`.
    pub fn new(phone_number_id: &str, access_token: Secret, app_secret: Secret, verify_token: Secret) -> Self {
        Self {
            numbers: vec![phone_number_id.to_owned()],
            access_token,
            app_secret,
            verify_token,
            api_version: ApiVersion::DEFAULT,
            graph_url: GRAPH_URL.to_owned(),
            template: None,
            pacing: Pacing::On,
            messages_per_second: default_per_second(),
            daily_budget: None,
            standby: Standby::Observe,
        }
    }
}

/// An approved template with exactly one parameter in its body, which receives the answer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// Its name.
    pub name: String,
    /// Its language, such as `en_US`.
    pub language: String,
}

/// What becomes of a chat while another handler of the number has it, such as Meta's own agent. Meta decides it chat by
/// chat, and tells it in the fields `standby` and `messaging_handovers`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standby {
    /// Answers wait until the chat is handed back, which a message that arrives as an ordinary webhook says too.
    Observe,
    /// It is passed over, and answers are sent.
    Ignore,
}

/// A version of Graph: `v25.0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct ApiVersion {
    major: u16,
    minor: u16,
}

impl ApiVersion {
    /// What is used unless the configuration says otherwise.
    pub const DEFAULT: Self = Self { major: 25, minor: 0 };
    /// Versions live about two years; what is older than this is about to end.
    const OLDEST: Self = Self { major: 23, minor: 0 };

    /// What to say about a version that is about to end.
    pub fn warning(self) -> Option<String> {
        (self < Self::OLDEST)
            .then(|| format!("Graph {self} is old and will stop working; write api_version = \"{}\"", Self::DEFAULT))
    }
}

impl FromStr for ApiVersion {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.strip_prefix('v').and_then(|rest| rest.split_once('.'));
        let plain = |part: &str| part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok()).flatten();
        parts
            .and_then(|(major, minor)| Some(Self { major: plain(major)?, minor: plain(minor)? }))
            .ok_or_else(|| format!("{text:?} is not a Graph version: write it as \"{}\"", Self::DEFAULT))
    }
}

impl TryFrom<String> for ApiVersion {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}.{}", self.major, self.minor)
    }
}

pub(crate) fn default_per_second() -> NonZeroU32 {
    NonZeroU32::new(MESSAGES_PER_SECOND).expect("the constant is not zero")
}

/// The keys as they are written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    phone_number_id: Option<String>,
    #[serde(default)]
    numbers: Vec<String>,
    access_token: Option<Secret>,
    app_secret: Option<Secret>,
    verify_token: Option<Secret>,
    api_version: Option<ApiVersion>,
    graph_url: Option<String>,
    template: Option<Template>,
    pacing: Option<Pacing>,
    messages_per_second: Option<NonZeroU32>,
    daily_budget: Option<u32>,
    standby: Option<Standby>,
}

impl TryFrom<Keys> for Config {
    type Error = String;

    fn try_from(keys: Keys) -> Result<Self, String> {
        let mut problems = Vec::new();
        let numbers = numbers(keys.phone_number_id, keys.numbers, &mut problems);
        let access_token = secret(keys.access_token, "access_token", "calls Graph", &mut problems);
        let app_secret = secret(keys.app_secret, "app_secret", "proves that a webhook is Meta's", &mut problems);
        let verify_token =
            secret(keys.verify_token, "verify_token", "proves at set-up that the callback is yours", &mut problems);
        let graph_url = keys.graph_url.unwrap_or_else(|| GRAPH_URL.to_owned()).trim_end_matches('/').to_owned();
        problems.extend(check_graph_url(&graph_url).err());
        let (Some(access_token), Some(app_secret), Some(verify_token), []) =
            (access_token, app_secret, verify_token, problems.as_slice())
        else {
            // One line for each, so that they can be shown as a list.
            return Err(problems.join("\n"));
        };
        Ok(Self {
            numbers,
            access_token,
            app_secret,
            verify_token,
            api_version: keys.api_version.unwrap_or(ApiVersion::DEFAULT),
            graph_url,
            template: keys.template,
            pacing: keys.pacing.unwrap_or(Pacing::On),
            messages_per_second: keys.messages_per_second.unwrap_or_else(default_per_second),
            daily_budget: keys.daily_budget,
            standby: keys.standby.unwrap_or(Standby::Observe),
        })
    }
}

/// Whether the access token may be sent there. Every call carries it, so it is HTTPS, or stays on this machine.
pub(crate) fn check_graph_url(text: &str) -> Result<url::Url, String> {
    let parsed = url::Url::parse(text).map_err(|error| format!("graph_url {text:?} is not a URL: {error}"))?;
    let is_loopback = match parsed.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    if !parsed.username().is_empty() || parsed.password().is_some() || parsed.query().is_some() {
        return Err("graph_url has a user name, a password or a query: write only scheme, host and path".to_owned());
    }
    match parsed.scheme() {
        "https" => Ok(parsed),
        "http" if is_loopback => Ok(parsed),
        "http" => Err(format!(
            "graph_url {text:?} would send the access token without encryption: write https://, or an address of this \
             machine such as http://127.0.0.1:8080"
        )),
        _ => Err(format!("graph_url {text:?} does not start with https://")),
    }
}

fn numbers(one: Option<String>, several: Vec<String>, problems: &mut Vec<String>) -> Vec<String> {
    let mut numbers: Vec<String> = one.into_iter().chain(several).collect();
    if numbers.is_empty() {
        problems.push(
            "phone_number_id is missing: write phone_number_id = \"…\" (or set WHATSAPP_PHONE_NUMBER_ID); \
             the app shows it under WhatsApp > API Setup"
                .into(),
        );
    }
    for number in &numbers {
        if number.is_empty() || number.len() > 32 || !number.bytes().all(|b| b.is_ascii_digit()) {
            problems.push(format!("{number:?} is not a phone number id: digits only, and not the phone number itself"));
        }
    }
    numbers.sort();
    numbers.dedup();
    numbers
}

fn secret(value: Option<Secret>, key: &str, why: &str, problems: &mut Vec<String>) -> Option<Secret> {
    let value = value.filter(|secret| !secret.expose().trim().is_empty());
    if value.is_none() {
        let variable = format!("WHATSAPP_{}", key.to_uppercase());
        problems.push(format!(
            "{key} is missing, and it {why}: set the environment variable {variable}, or write \
             {key} = {{ env = \"NAME\" }} for another one"
        ));
    }
    value
}

const TEMPLATE_KEYS: &[Key] = &[
    Key::new("name", KeyKind::Text, "Its name.").required(),
    Key::new("language", KeyKind::Text, "Its language, such as `en_US`.").required(),
];

/// The keys as people see them.
pub(crate) const KEYS: &[Key] = &[
    Key::new(
        "phone_number_id",
        KeyKind::Text,
        "The phone number id (not the number itself), from the Meta app's WhatsApp > API Setup.",
    )
    .example("\"500000000000001\"")
    .env("WHATSAPP_PHONE_NUMBER_ID")
    .instead("numbers"),
    Key::new("numbers", KeyKind::List, "More numbers on the same webhook.")
        .default("[]")
        .example("[\"500000000000002\"]"),
    Key::new(
        "access_token",
        KeyKind::Secret,
        "A permanent System User token with whatsapp_business_messaging and whatsapp_business_management.",
    )
    .required()
    .env("WHATSAPP_ACCESS_TOKEN"),
    Key::new("app_secret", KeyKind::Secret, "From the app's Settings > Basic. It signs webhooks.")
        .required()
        .env("WHATSAPP_APP_SECRET"),
    Key::new(
        "verify_token",
        KeyKind::Secret,
        "A word of your own; the same is entered in the app's WhatsApp > Configuration.",
    )
    .required()
    .env("WHATSAPP_VERIFY_TOKEN"),
    Key::new("api_version", KeyKind::Text, "The version of Graph.").default("\"v25.0\"").env("WHATSAPP_API_VERSION"),
    Key::new("graph_url", KeyKind::Url, "Where Graph is.")
        .default("\"https://graph.facebook.com\"")
        .env("WHATSAPP_GRAPH_URL"),
    Key::new(
        "template",
        KeyKind::Table(TEMPLATE_KEYS),
        "An approved template with one parameter in its body, for answers later than 24 hours. Without one they are held.",
    )
    .example("{ name = \"late_answer\", language = \"en_US\" }"),
    Key::new(
        "daily_budget",
        KeyKind::Integer { min: 0, max: U32_LARGEST },
        "Messages of one number on one day (UTC) after which nothing is sent until the next; every message costs.",
    )
    .example("1000"),
    Key::new(
        "messages_per_second",
        KeyKind::Integer { min: 1, max: U32_LARGEST },
        "Messages of one number in a second, both directions together; Meta allows 80, and 1,000 after an upgrade.",
    )
    .default("70"),
    Key::new(
        "pacing",
        KeyKind::Choice(&["on", "off"]),
        "Whether Meta's rates are kept; off is for benchmarks against a simulator.",
    )
    .default("\"on\""),
    Key::new(
        "standby",
        KeyKind::Choice(&["observe", "ignore"]),
        "Whether answers wait while another handler of the number, such as Meta's own agent, has the chat.",
    )
    .default("\"observe\""),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let table: toml::Table = toml::from_str(text).unwrap();
        let got = Config::deserialize(toml::Value::Table(table)).map_or_else(|e| e.to_string(), |c| format!("{c:?}"));
        assert!(got.contains(expected), "{text:?} gave {got:?}, expected {expected:?}");
    }

    /// As they come from whoever looked them up.
    fn secrets() -> String {
        let secret = Secret::new("s3cret").handed_over();
        format!("access_token = {secret}\napp_secret = {secret}\nverify_token = {secret}\n")
    }

    #[test]
    fn all_that_is_missing_is_said_at_once_with_what_to_set() {
        for expected in
            ["phone_number_id is missing", "WHATSAPP_ACCESS_TOKEN", "WHATSAPP_APP_SECRET", "WHATSAPP_VERIFY_TOKEN"]
        {
            check("", expected);
        }
        check("app_secret = \"plain\"", "a secret is written as");
    }

    #[test]
    fn defaults_and_bounds() {
        let full = |rest: &str| format!("phone_number_id = \"111\"\n{}{rest}", secrets());
        check(&full(""), "numbers: [\"111\"], access_token: Secret(…)");
        check(&full(""), "ApiVersion { major: 25, minor: 0 }, graph_url: \"https://graph.facebook.com\"");
        check(&full("numbers = [\"222\", \"111\"]"), "numbers: [\"111\", \"222\"]");
        check(&full("numbers = [\"+1555\"]"), "is not a phone number id");
        check(&full("api_version = \"25\""), "is not a Graph version");
        check(&full("api_version = \"v26.0\""), "major: 26");
        check(&full("graph_url = \"http://127.0.0.1:9/\""), "graph_url: \"http://127.0.0.1:9\"");
        for url in ["http://127.0.0.9:9", "http://[::1]:9", "http://localhost:9", "https://graph.example/v"] {
            check(&full(&format!("graph_url = {url:?}")), &format!("graph_url: {url:?}"));
        }
        let elsewhere =
            ["http://elsewhere", "http://127.0.0.1.elsewhere", "http://10.0.0.1", "http://localhost.example"];
        for url in elsewhere {
            check(&full(&format!("graph_url = {url:?}")), "without encryption");
        }
        check(&full("graph_url = \"ftp://x\""), "does not start with https://");
        check(&full("graph_url = \"graph.facebook.com\""), "is not a URL");
        check(&full("graph_url = \"https://user:word@graph.example\""), "write only scheme, host and path");
        check(&full("pacing = \"off\""), "pacing: Off");
        check(&full("phonenumber = 1"), "unknown field `phonenumber`");
        check(&full("template = { name = \"late\", language = \"en_US\", color = 1 }"), "unknown field `color`");
    }

    #[test]
    fn the_declared_keys_are_those_that_are_read() {
        use greenroom_conformance::schema_conformance::{assert_keys_agree, fields_of};
        assert_keys_agree::<Config>(KEYS);
        assert_eq!(fields_of::<Template>(), TEMPLATE_KEYS.iter().map(|key| key.name).collect::<Vec<_>>());
    }

    #[test]
    fn an_old_version_is_warned_about() {
        assert!("v19.0".parse::<ApiVersion>().unwrap().warning().unwrap().contains("v25.0"));
        assert_eq!(ApiVersion::DEFAULT.warning(), None);
    }
}

//! The adapter's own keys in `[channels.NAME]`.

use crate::limits;
use greenroom_contract::schema::{Key, KeyKind, U32_LARGEST};
use serde::Deserialize;
use std::num::NonZeroU32;
use std::path::PathBuf;

/// Whether an account sends no faster than a person would.
pub use greenroom_contract::capabilities::Pacing;

/// The name under which the phone lists this device, unless the configuration says otherwise.
pub const DEVICE_NAME: &str = "Greenroom";

/// A checked configuration. There are no secrets in it: the keys of an account are made by linking.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Keys")]
pub struct Config {
    /// The name under which the phone lists this device.
    pub device_name: String,
    /// Whether people see that their messages were read, when an answer is being prepared.
    pub read_receipts: bool,
    /// Whether the account is shown as online all the time that it is connected. Otherwise it is so only while an answer is
    /// being prepared, as typing needs. While it is online, its phone shows no notifications.
    pub online: bool,
    /// Whether an account sends no faster than a person would.
    pub pacing: Pacing,
    /// Messages of one account in a second, once a short burst is used up.
    pub messages_per_second: NonZeroU32,
    /// Messages of one account on one day (UTC) after which it sends no more until the next.
    pub daily_budget: Option<u32>,
    /// The WebSocket to connect to instead of WhatsApp's.
    pub socket_url: Option<String>,
    /// Whom to trust as media host, for simulated servers only.
    pub media_certificate: Option<Certificate>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            device_name: DEVICE_NAME.to_owned(),
            read_receipts: true,
            online: false,
            pacing: Pacing::On,
            messages_per_second: NonZeroU32::new(limits::MESSAGES_PER_SECOND).expect("the constant is not zero"),
            daily_budget: None,
            socket_url: None,
            media_certificate: None,
        }
    }
}

/// A certificate in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Certificate {
    /// In this file.
    File(PathBuf),
    /// This text.
    Text(String),
}

/// The keys as they are written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    device_name: Option<String>,
    read_receipts: Option<bool>,
    online: Option<bool>,
    pacing: Option<Pacing>,
    messages_per_second: Option<NonZeroU32>,
    daily_budget: Option<u32>,
    socket_url: Option<String>,
    media_certificate: Option<String>,
}

impl TryFrom<Keys> for Config {
    type Error = String;

    fn try_from(keys: Keys) -> Result<Self, String> {
        let default = Self::default();
        let device_name = keys.device_name.unwrap_or(default.device_name);
        let plain = !device_name.trim().is_empty() && !device_name.chars().any(char::is_control);
        if !plain || device_name.chars().count() > limits::DEVICE_NAME_CHARS_MAX {
            return Err(format!("device_name must have 1 to {} characters on one line", limits::DEVICE_NAME_CHARS_MAX));
        }
        if let Some(url) = &keys.socket_url {
            let scheme = url::Url::parse(url).map(|url| url.scheme().to_owned());
            if !matches!(scheme.as_deref(), Ok("ws" | "wss")) {
                return Err(format!("socket_url {url:?} is not the address of a WebSocket: it begins with wss://"));
            }
        }
        Ok(Self {
            device_name,
            read_receipts: keys.read_receipts.unwrap_or(default.read_receipts),
            online: keys.online.unwrap_or(default.online),
            pacing: keys.pacing.unwrap_or(default.pacing),
            messages_per_second: keys.messages_per_second.unwrap_or(default.messages_per_second),
            daily_budget: keys.daily_budget,
            socket_url: keys.socket_url,
            media_certificate: keys.media_certificate.map(|text| {
                if text.trim_start().starts_with("-----BEGIN") {
                    Certificate::Text(text)
                } else {
                    Certificate::File(PathBuf::from(text))
                }
            }),
        })
    }
}

/// The keys as people see them.
pub(crate) const KEYS: &[Key] = &[
    Key::new("device_name", KeyKind::Text, "As the phone lists this device.").default("\"Greenroom\""),
    Key::new("read_receipts", KeyKind::Boolean, "People see that they were read once an answer is being prepared.")
        .default("true"),
    Key::new(
        "online",
        KeyKind::Boolean,
        "Shown as online all the time, to everybody, and not only while an answer is prepared; the phone then stays silent.",
    )
    .default("false"),
    Key::new(
        "pacing",
        KeyKind::Choice(&["on", "off"]),
        "Whether an account sends no faster than a person would: WhatsApp bans linked devices that do. Off is for \
         simulated servers.",
    )
    .default("\"on\""),
    Key::new(
        "messages_per_second",
        KeyKind::Integer { min: 1, max: U32_LARGEST },
        "Messages of one account in a second, once a short burst is used up.",
    )
    .default("1"),
    Key::new(
        "daily_budget",
        KeyKind::Integer { min: 0, max: U32_LARGEST },
        "Messages of one account on one day (UTC) after which nothing is sent until the next.",
    )
    .example("1000"),
    Key::new("socket_url", KeyKind::Text, "The server, where it is not WhatsApp's own.")
        .example("\"wss://web.whatsapp.com/ws/chat\""),
    Key::new("media_certificate", KeyKind::Text, "Whom to trust as media host, for simulated servers only."),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Config, String> {
        toml::from_str(text).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn nothing_has_to_be_written() {
        assert_eq!(read(""), Ok(Config::default()));
        let socket_url = greenroom_contract::schema::find(KEYS, "socket_url").and_then(Key::shown_value).unwrap();
        let all = Config { socket_url: socket_url.as_str().map(str::to_owned), ..Config::default() };
        assert_eq!(read(&format!("socket_url = {socket_url}")), Ok(all));
    }

    #[test]
    fn the_declared_keys_are_those_that_are_read() {
        greenroom_conformance::schema_conformance::assert_keys_agree::<Config>(KEYS);
    }

    #[test]
    fn wrong_keys_are_refused_with_words() {
        for (text, words) in [
            ("colour = 1", "unknown field"),
            ("device_name = \" \"", "1 to 40 characters"),
            ("device_name = \"a\\nb\"", "one line"),
            ("socket_url = \"https://web.whatsapp.com\"", "WebSocket"),
            ("socket_url = \"nonsense\"", "WebSocket"),
            ("read_receipts = \"yes\"", "boolean"),
            ("pacing = \"sometimes\"", "sometimes"),
            ("messages_per_second = 0", "nonzero"),
        ] {
            let refused = read(text).unwrap_err();
            assert!(refused.contains(words), "{text} gave {refused}");
        }
    }

    #[test]
    fn a_certificate_is_a_file_or_a_text() {
        let certificate = |text: &str| read(&format!("media_certificate = '{text}'")).unwrap().media_certificate;
        assert_eq!(certificate("/tmp/a.pem"), Some(Certificate::File("/tmp/a.pem".into())));
        assert!(matches!(certificate("-----BEGIN CERTIFICATE-----"), Some(Certificate::Text(_))));
    }
}

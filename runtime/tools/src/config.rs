//! The keys of `[tools.NAME]`.

use crate::limits::{
    CALL_SECONDS_MAX, CALLS_AT_ONCE_MAX, OUTPUT_BYTES_DEFAULT, OUTPUT_BYTES_MAX, PATTERNS_MAX, START_SECONDS_MAX,
};
use greenroom_contract::factory::BuildError;
use greenroom_contract::schema::{Key, KeyKind};
use greenroom_contract::secret::Secret;
use greenroom_support::address::is_private;
use serde::Deserialize;
use std::net::IpAddr;
use std::time::Duration;
use url::{Host, Url};

/// A tool server, as it is configured: `[tools.NAME]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToolsConfig {
    /// The program and its arguments, where the server is a program.
    #[serde(default)]
    pub command: Option<Vec<String>>,
    /// The address, where the server is a web service.
    #[serde(default)]
    pub url: Option<String>,
    /// The folder that the program runs in.
    #[serde(default = "here")]
    pub folder: String,
    /// The variables of the environment that the program gets.
    #[serde(default = "path_only")]
    pub env: Vec<String>,
    /// Sent to the web service with each request.
    #[serde(default)]
    pub token: Option<Secret>,
    /// Whether the web service may be on this machine or in its network, and without TLS.
    #[serde(default)]
    pub allow_private: bool,
    /// The tools that may be called; all, where the list is empty.
    #[serde(default)]
    pub allow: Vec<String>,
    /// The tools that may not be called.
    #[serde(default)]
    pub deny: Vec<String>,
    /// Before which calls a person is asked.
    #[serde(default)]
    pub confirm: Confirm,
    /// Whether it is told for whom a call is made.
    #[serde(default)]
    pub tell_person: bool,
    /// How long one call may take.
    #[serde(default = "thirty")]
    pub timeout_seconds: u64,
    /// How long a start may take.
    #[serde(default = "sixty")]
    pub start_seconds: u64,
    /// Bytes of a result's words.
    #[serde(default = "output_bytes")]
    pub output_bytes_max: usize,
    /// Calls that are made at the same time.
    #[serde(default = "four")]
    pub calls_at_once: usize,
}

/// Before which calls a person is asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confirm {
    /// Before those of tools that their server does not call read-only.
    #[default]
    Changes,
    /// Before all.
    Always,
    /// Before none.
    Never,
}

impl Confirm {
    /// Whether a person is asked before a tool is called that says this of itself.
    pub(crate) fn asks(self, is_read_only: bool) -> bool {
        match self {
            Self::Changes => !is_read_only,
            Self::Always => true,
            Self::Never => false,
        }
    }
}

fn here() -> String {
    ".".to_owned()
}

fn path_only() -> Vec<String> {
    vec!["PATH".to_owned()]
}

fn thirty() -> u64 {
    30
}

fn sixty() -> u64 {
    60
}

fn output_bytes() -> usize {
    OUTPUT_BYTES_DEFAULT
}

fn four() -> usize {
    4
}

/// The keys of `[tools.NAME]`.
pub const KEYS: &[Key] = &[
    Key::new(
        "command",
        KeyKind::List,
        "The program that is the server, and its arguments: one that speaks the Model Context Protocol on its standard input \
         and output. It is not sandboxed: it can read and change what Greenroom can. Either this or url.",
    )
    .example("[\"python3\", \"tasks.py\"]"),
    Key::new(
        "url",
        KeyKind::Url,
        "The address of the server, where it is a web service (streamable HTTP). Redirects are not followed. Either this or \
         command.",
    ),
    Key::new("folder", KeyKind::Text, "The folder that the program runs in, seen from this file.").default("\".\""),
    Key::new(
        "env",
        KeyKind::List,
        "The names of the variables of the environment that the program gets; all others are kept from it.",
    )
    .default("[\"PATH\"]"),
    Key::new("token", KeyKind::Secret, "Sent to the web service with each request, as Authorization: Bearer."),
    Key::new(
        "allow_private",
        KeyKind::Boolean,
        "Whether the web service may be on this machine or in its network, and without TLS.",
    )
    .default("false"),
    Key::new("allow", KeyKind::List, "The tools that may be called, such as \"list_*\". Without it, all of them.").default("[]"),
    Key::new("deny", KeyKind::List, "The tools that may not be called, whatever allow says.").default("[]"),
    Key::new(
        "confirm",
        KeyKind::Choice(&["changes", "always", "never"]),
        "Before which calls the person is asked: those of tools that the server does not call read-only, all, or none.",
    )
    .default("\"changes\""),
    Key::new(
        "tell_person",
        KeyKind::Boolean,
        "Whether the server is told for whom, and in which conversation, a call is made: by names that stay the same and say \
         nothing else, no number and no name of a person among them. For servers that keep something of each person.",
    )
    .default("false"),
    Key::new("timeout_seconds", KeyKind::Seconds { min: 1, max: CALL_SECONDS_MAX }, "How long one call may take.").default("30"),
    Key::new(
        "start_seconds",
        KeyKind::Seconds { min: 1, max: START_SECONDS_MAX },
        "How long the server may take until it is ready. Programs that fetch packages when they start need longer.",
    )
    .default("60"),
    Key::new(
        "output_bytes_max",
        KeyKind::Integer { min: 256, max: OUTPUT_BYTES_MAX },
        "Bytes of what a tool says; the rest is cut. Models read about four bytes as one token.",
    )
    .default("32768"),
    Key::new(
        "calls_at_once",
        KeyKind::Integer { min: 1, max: CALLS_AT_ONCE_MAX },
        "How many calls the server is given before it has answered.",
    )
    .default("4"),
];

/// Where a server is.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    /// A program: the program and its arguments.
    Program(String, Vec<String>),
    /// A web service.
    Service(Url),
}

fn refused<T>(path: &str, reason: impl Into<String>) -> Result<T, BuildError> {
    Err(BuildError::Config { path: path.to_owned(), reason: reason.into() })
}

impl ToolsConfig {
    /// How long one call may take.
    pub(crate) fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_seconds)
    }

    /// Where the server is, if nothing in the table is wrong.
    pub(crate) fn checked(&self) -> Result<Place, BuildError> {
        self.check_numbers()?;
        check_patterns("allow", &self.allow)?;
        check_patterns("deny", &self.deny)?;
        match (&self.command, &self.url) {
            (Some(command), None) => self.checked_command(command),
            (None, Some(url)) => self.checked_url(url).map(Place::Service),
            (None, None) => {
                refused("command", "is missing: name the program as command, or the address of a web service as url")
            }
            (Some(_), Some(_)) => {
                refused("url", "is set beside command: a server is either a program or a web service")
            }
        }
    }

    fn checked_command(&self, command: &[String]) -> Result<Place, BuildError> {
        let Some((program, arguments)) = command.split_first().filter(|(program, _)| !program.trim().is_empty()) else {
            return refused("command", "is empty; it is a list such as [\"python3\", \"tasks.py\"]");
        };
        if command.iter().any(|word| word.contains('\0')) {
            return refused("command", "holds a character that no command can have");
        }
        if self.env.iter().any(|name| name.is_empty() || name.contains(['=', '\0'])) {
            let reason = "lists names of variables only, such as [\"PATH\", \"API_KEY\"]; values stay out of the file";
            return refused("env", reason);
        }
        if self.token.is_some() {
            return refused("token", "is for a web service; a program gets its secrets as variables that env names");
        }
        if self.allow_private {
            return refused("allow_private", "is for a web service, and this server is a program");
        }
        Ok(Place::Program(program.clone(), arguments.to_vec()))
    }

    fn checked_url(&self, url: &str) -> Result<Url, BuildError> {
        if self.folder != here() {
            return refused("folder", "is for a program, and this server is a web service");
        }
        if self.env != path_only() {
            return refused("env", "is for a program, and this server is a web service; it gets a token");
        }
        if self.token.as_ref().is_some_and(|token| !is_header(token.expose())) {
            return refused("token", "is empty, or holds characters that no header can have");
        }
        let Ok(url) = Url::parse(url) else {
            return refused("url", "is not an address such as https://tools.example.com/mcp");
        };
        if !url.username().is_empty() || url.password().is_some() {
            return refused("url", "holds a user name or a password; use token instead");
        }
        match (url.scheme(), self.allow_private) {
            ("https", _) | ("http", true) => {}
            ("http", false) => {
                let reason = "begins with http://, and what people write would be readable on its way: use https://, or set \
                              allow_private = true for a service on this machine or in its network";
                return refused("url", reason);
            }
            _ => return refused("url", "begins with neither https:// nor http://"),
        }
        match literal(&url) {
            Some(address) if !self.allow_private && is_private(address) => {
                refused("url", format!("has the private address {address}; if that is meant, set allow_private = true"))
            }
            _ => Ok(url),
        }
    }

    fn check_numbers(&self) -> Result<(), BuildError> {
        for (name, value) in [
            ("timeout_seconds", i64::try_from(self.timeout_seconds)),
            ("start_seconds", i64::try_from(self.start_seconds)),
            ("output_bytes_max", i64::try_from(self.output_bytes_max)),
            ("calls_at_once", i64::try_from(self.calls_at_once)),
        ] {
            let kind = greenroom_contract::schema::find(KEYS, name).map(|key| key.kind);
            if let Some(KeyKind::Seconds { min, max } | KeyKind::Integer { min, max }) = kind
                && !value.is_ok_and(|value| (min..=max).contains(&value))
            {
                return refused(name, format!("is not between {min} and {max}"));
            }
        }
        Ok(())
    }
}

fn check_patterns(path: &str, patterns: &[String]) -> Result<(), BuildError> {
    if patterns.len() > PATTERNS_MAX {
        return refused(path, format!("has more than {PATTERNS_MAX} entries; a * stands for any characters"));
    }
    if patterns.iter().any(|pattern| pattern.trim().is_empty()) {
        return refused(path, "has an empty entry, which is the name of no tool");
    }
    Ok(())
}

/// Whether a text can be sent as a token.
fn is_header(token: &str) -> bool {
    !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The address that is written in the place of a name.
fn literal(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
        Host::Domain(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(table: &str) -> Result<Place, String> {
        let mut table: toml::Table = table.parse().unwrap();
        if let Some(token) = table.get("token").and_then(toml::Value::as_str).map(str::to_owned) {
            table.insert("token".to_owned(), Secret::new(token).handed_over());
        }
        ToolsConfig::deserialize(toml::Value::Table(table)).unwrap().checked().map_err(|error| match error {
            BuildError::Config { path, reason } => {
                assert!(!reason.is_empty() && !reason.contains("hunter2"), "{reason}");
                path
            }
            BuildError::Setup { reason } => reason,
        })
    }

    #[test]
    fn the_declared_keys_are_those_that_are_read() {
        greenroom_conformance::schema_conformance::assert_keys_agree::<ToolsConfig>(KEYS);
    }

    #[test]
    fn a_server_is_a_program_or_a_web_service() {
        assert!(
            matches!(read("command = [\"python3\", \"a.py\"]"), Ok(Place::Program(program, rest)) if program == "python3" && rest == ["a.py"])
        );
        assert!(matches!(read("url = \"https://tools.example.com/mcp\"\ntoken = \"abc\""), Ok(Place::Service(_))));
        assert!(matches!(read("url = \"http://127.0.0.1:8000/mcp\"\nallow_private = true"), Ok(Place::Service(_))));
    }

    #[test]
    fn what_is_wrong_is_refused_by_name() {
        for (table, path) in [
            ("", "command"),
            ("command = []", "command"),
            ("command = [\" \"]", "command"),
            ("command = [\"a\", \"b\\u0000\"]", "command"),
            ("command = [\"a\"]\nurl = \"https://a.example\"", "url"),
            ("command = [\"a\"]\nenv = [\"KEY=hunter2\"]", "env"),
            ("command = [\"a\"]\ntoken = \"hunter2\"", "token"),
            ("command = [\"a\"]\nallow_private = true", "allow_private"),
            ("command = [\"a\"]\ntimeout_seconds = 0", "timeout_seconds"),
            ("command = [\"a\"]\nstart_seconds = 601", "start_seconds"),
            ("command = [\"a\"]\noutput_bytes_max = 255", "output_bytes_max"),
            ("command = [\"a\"]\ncalls_at_once = 0", "calls_at_once"),
            ("command = [\"a\"]\nallow = [\"\"]", "allow"),
            ("command = [\"a\"]\ndeny = [\" \"]", "deny"),
            ("url = \"tools.example.com\"", "url"),
            ("url = \"ftp://tools.example.com\"", "url"),
            ("url = \"http://tools.example.com\"", "url"),
            ("url = \"https://10.0.0.7/mcp\"", "url"),
            ("url = \"https://0x7f000001/\"", "url"),
            ("url = \"https://[::1]/\"", "url"),
            ("url = \"https://user:hunter2@tools.example.com\"", "url"),
            ("url = \"https://tools.example.com\"\nfolder = \"x\"", "folder"),
            ("url = \"https://tools.example.com\"\nenv = [\"KEY\"]", "env"),
            ("url = \"https://tools.example.com\"\ntoken = \"hunter2 and more\"", "token"),
        ] {
            assert_eq!(read(table).map(|_| ()), Err(path.to_owned()), "{table}");
        }
    }

    #[test]
    fn only_what_changes_something_is_asked_about_unless_that_is_configured() {
        let asked = |confirm: Confirm| (confirm.asks(true), confirm.asks(false));
        assert_eq!(asked(Confirm::Changes), (false, true));
        assert_eq!(asked(Confirm::Always), (true, true));
        assert_eq!(asked(Confirm::Never), (false, false));
    }
}

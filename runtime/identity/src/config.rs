//! The keys of `[identity]`.

use crate::limits::SECRET_BYTES_MIN;
use crate::lookup;
use crate::server::Server;
use greenroom_contract::factory::BuildError;
use greenroom_contract::identity::EmailAddress;
use greenroom_contract::ids::AssistantName;
use greenroom_contract::limits;
use greenroom_contract::schema::{Key, KeyKind};
use greenroom_contract::secret::Secret;
use serde::Deserialize;

/// The keys of `[identity]`, to be shown and checked.
pub const KEYS: &[Key] = &[
    Key::new(
        "smtp",
        KeyKind::Text,
        "The mail server that sends codes: smtp://HOST:587 asks for TLS after the greeting (STARTTLS), smtps://HOST speaks TLS \
         from the first byte. Nothing is sent without TLS.",
    )
    .example("\"smtp://mail.example.com:587\""),
    Key::new("from", KeyKind::Text, "The e-mail address that codes come from.").example("\"bot@example.com\""),
    Key::new("user", KeyKind::Text, "Who logs in at the mail server; without it there is no login.")
        .example("\"bot@example.com\""),
    Key::new("password", KeyKind::Secret, "The password of that user.").example("{ env = \"SMTP_PASSWORD\" }"),
    Key::new(
        "secret",
        KeyKind::Secret,
        "Keys the hashes of codes, and signs what is asked of lookup_url (HMAC-SHA256). With another one open codes no longer \
         work.",
    )
    .example("{ env = \"IDENTITY_SECRET\" }"),
    Key::new(
        "offer",
        KeyKind::Boolean,
        "Whether people are told once, behind an answer, that they can be linked. They may always ask for it.",
    )
    .default("true"),
    Key::new(
        "codes_per_hour",
        KeyKind::Integer { min: 1, max: limits::CODES_CONFIGURED_MAX.cast_signed() as i64 },
        "How many codes are sent within an hour altogether. One person and one address get 5.",
    )
    .default("200"),
    Key::new(
        "shared_memory",
        KeyKind::List,
        "Assistants that have one history and one memory for everyone who proved the same e-mail address, on all channels.",
    )
    .default("[]")
    .example("[\"helper\"]"),
    Key::new(
        "lookup_url",
        KeyKind::Url,
        "A web service that is asked, by a signed POST of JSON, what is known of a linked person; assistants are given what it \
         answers. Redirects are not followed.",
    )
    .example("\"https://crm.example.com/people\""),
    Key::new(
        "allow_private",
        KeyKind::Boolean,
        "Whether lookup_url may be on this machine or in its network, and without TLS.",
    )
    .default("false"),
];

/// The keys of `[identity]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentityConfig {
    /// The mail server.
    pub smtp: String,
    /// Where codes come from.
    pub from: String,
    /// Who logs in.
    pub user: Option<String>,
    /// With which password.
    pub password: Option<Secret>,
    /// Keys the hashes of codes, and signs lookups.
    pub secret: Secret,
    /// Whether people are told once that they can be linked.
    #[serde(default = "yes")]
    pub offer: bool,
    /// Codes within an hour altogether.
    #[serde(default = "codes_per_hour")]
    pub codes_per_hour: usize,
    /// Assistants with one memory for all channels of a person.
    #[serde(default)]
    pub shared_memory: Vec<AssistantName>,
    /// What knows more of a person.
    pub lookup_url: Option<String>,
    /// Whether that may be on this machine or in its network.
    #[serde(default)]
    pub allow_private: bool,
}

fn yes() -> bool {
    true
}

fn codes_per_hour() -> usize {
    limits::CODES_MAX
}

impl IdentityConfig {
    /// Whether everything can be made as it is configured. Nothing is made, and no one is asked.
    pub fn check(&self) -> Result<(), BuildError> {
        let refused = |path: &str, reason: String| Err(BuildError::Config { path: path.to_owned(), reason });
        if let Err(reason) = Server::read(&self.smtp) {
            return refused("smtp", reason);
        }
        if let Err(error) = EmailAddress::new(&self.from) {
            return refused("from", error.to_string());
        }
        if self.user.is_some() != self.password.is_some() {
            let path = if self.user.is_some() { "password" } else { "user" };
            return refused(path, "is missing: user and password belong together".to_owned());
        }
        if self.secret.expose().len() < SECRET_BYTES_MIN {
            let reason = format!(
                "has fewer than {SECRET_BYTES_MIN} characters and can be guessed; `openssl rand -hex 32` makes one"
            );
            return refused("secret", reason);
        }
        if !(1..=limits::CODES_CONFIGURED_MAX).contains(&self.codes_per_hour) {
            let reason = format!("is not between 1 and {}", limits::CODES_CONFIGURED_MAX);
            return refused("codes_per_hour", reason);
        }
        self.lookup_url.as_ref().map_or(Ok(()), |url| lookup::checked(url, self.allow_private).map(drop))
    }
}

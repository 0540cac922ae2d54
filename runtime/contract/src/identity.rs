//! Who a person is beyond one network: an e-mail address that the person proved to have.
//!
//! | item | what it is |
//! |---|---|
//! | [`EmailAddress`] | an e-mail address in its one normal form |
//! | [`LinkedPerson`] | what an assistant is told of a person who proved one |
//! | [`Mailer`] | what brings a code to an address |
//! | [`PersonLookup`] | what is known elsewhere of the person with an address |

use crate::cause::Cause;
use crate::ids::IdentityId;
use crate::limits;
use crate::time::Timestamp;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// An e-mail address: one `@`, a domain with a dot, in lower case, ASCII only. Two that differ in their case alone are the
/// same one, as they are for every mail server that people use.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress(Arc<str>);

/// Why a text is no e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// There is no `@` with something on both sides, or there are several.
    #[error("an e-mail address has one @, as in name@example.com")]
    At,
    /// A character that no mail server is sent.
    #[error("an e-mail address holds letters, digits and a few marks only")]
    Character,
    /// The part behind the `@` names no host.
    #[error("the part behind the @ is not a domain, such as example.com")]
    Domain,
    /// It is longer than an address may be.
    #[error("an e-mail address has at most {} bytes", limits::EMAIL_BYTES_MAX)]
    TooLong,
}

impl EmailAddress {
    /// An address as a person writes it; white space around it is ignored.
    pub fn new(text: &str) -> Result<Self, EmailError> {
        let text = text.trim();
        if text.len() > limits::EMAIL_BYTES_MAX {
            return Err(EmailError::TooLong);
        }
        let (local, domain) = text.split_once('@').ok_or(EmailError::At)?;
        if local.is_empty() || domain.is_empty() || domain.contains('@') {
            return Err(EmailError::At);
        }
        let is_atom = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-.".contains(&b);
        let dots = local.starts_with('.') || local.ends_with('.') || local.contains("..");
        if local.len() > limits::EMAIL_LOCAL_BYTES_MAX || !local.bytes().all(is_atom) || dots {
            return Err(EmailError::Character);
        }
        let is_label = |label: &str| {
            let plain = label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
            plain && (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
        };
        let top_is_a_word = domain.rsplit('.').next().is_some_and(|top| top.bytes().any(|b| b.is_ascii_alphabetic()));
        if !domain.contains('.') || !domain.split('.').all(is_label) || !top_is_a_word {
            return Err(EmailError::Domain);
        }
        Ok(Self(text.to_ascii_lowercase().into()))
    }

    /// The address in its normal form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for EmailAddress {
    type Err = EmailError;

    fn from_str(text: &str) -> Result<Self, EmailError> {
        Self::new(text)
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = EmailError;

    fn try_from(text: String) -> Result<Self, EmailError> {
        Self::new(&text)
    }
}

impl From<EmailAddress> for String {
    fn from(address: EmailAddress) -> Self {
        address.0.as_ref().to_owned()
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Hides it: what is printed for debugging ends in logs.
impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailAddress(…)")
    }
}

/// A person who proved to have an e-mail address, as an assistant is told of them.
#[derive(Debug, Clone, PartialEq)]
pub struct LinkedPerson {
    /// The same for everyone who proved the same address, on whichever channel.
    pub id: IdentityId,
    /// The address that was proved last; `None` for an assistant that is told no addresses.
    pub email: Option<EmailAddress>,
    /// The name that the lookup knows, else the one the person goes by.
    pub name: Option<String>,
    /// What the lookup knows besides.
    pub attributes: Attributes,
    /// When the address was proved.
    pub since: Timestamp,
}

/// What a lookup knows of a person, by the names that it gives them.
pub type Attributes = serde_json::Map<String, serde_json::Value>;

/// A message to an e-mail address. It holds a code, so it is never written down.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    /// To whom.
    pub to: EmailAddress,
    /// One line.
    pub subject: String,
    /// Plain text.
    pub text: String,
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mail(…)")
    }
}

/// Brings a message to an e-mail address.
#[async_trait]
pub trait Mailer: Send + Sync + 'static {
    /// Hands the message to a mail server. Ends within [`limits::MAIL_TIMEOUT`]. Tries more than once only while it is
    /// certain that no server has taken the message, so it arrives at most once.
    async fn send(&self, mail: Mail) -> Result<(), MailError>;
}

/// Why a message was not handed to a mail server, named by what the caller can do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MailError {
    /// No server will take it for this address: ask for another one.
    #[error("the mail server refuses the recipient: {reason}")]
    Recipient {
        /// The server's words, without the address.
        #[source]
        reason: Cause,
    },
    /// The server cannot take it now: try later.
    #[error("the mail server cannot be used now: {reason}")]
    Unavailable {
        /// What happened.
        #[source]
        reason: Cause,
    },
    /// It is unknown whether the server took it: do not repeat it.
    #[error("the connection to the mail server ended before it answered: {reason}")]
    Unknown {
        /// What happened.
        #[source]
        reason: Cause,
    },
    /// The server refuses us: the owner has to change the configuration.
    #[error("the mail server refuses this program: {reason}")]
    Setup {
        /// What it said.
        #[source]
        reason: Cause,
    },
}

/// Knows more of the person with an e-mail address, such as a customer number.
#[async_trait]
pub trait PersonLookup: Send + Sync + 'static {
    /// What is known. Ends within [`limits::LOOKUP_TIMEOUT`]. Of whom it does not know it says an empty map.
    async fn look_up(&self, id: IdentityId, email: &EmailAddress) -> Result<Attributes, LookupError>;
}

/// Why a lookup said nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the lookup cannot be asked now: {reason}")]
pub struct LookupError {
    /// What happened.
    #[source]
    pub reason: Cause,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_people_write_as_an_address_is_one_and_nothing_else_is() {
        for (text, normal) in [
            (" Ana@Example.ORG ", Ok("ana@example.org")),
            ("ana.maria+bot@mail.example.co.uk", Ok("ana.maria+bot@mail.example.co.uk")),
            ("ana", Err(EmailError::At)),
            ("@example.org", Err(EmailError::At)),
            ("ana@", Err(EmailError::At)),
            ("ana@b@example.org", Err(EmailError::At)),
            ("ana@example", Err(EmailError::Domain)),
            ("ana@127.0.0.1", Err(EmailError::Domain)),
            ("ana@-a.org", Err(EmailError::Domain)),
            ("ana@example..org", Err(EmailError::Domain)),
            ("ana maria@example.org", Err(EmailError::Character)),
            ("ana\r\nBcc: x@example.org", Err(EmailError::Character)),
            ("\"ana\"@example.org", Err(EmailError::Character)),
            (".ana@example.org", Err(EmailError::Character)),
            ("ána@example.org", Err(EmailError::Character)),
        ] {
            let found = EmailAddress::new(text);
            assert_eq!(found.as_ref().map(EmailAddress::as_str), normal.as_ref().copied(), "{text:?}");
        }
        let long = format!("{}@example.org", "a".repeat(300));
        assert_eq!(EmailAddress::new(&long), Err(EmailError::TooLong));
    }

    #[test]
    fn neither_an_address_nor_a_mail_shows_in_a_log() {
        let to = EmailAddress::new("ana@example.org").unwrap();
        let mail = Mail { to: to.clone(), subject: "12345678".to_owned(), text: "12345678".to_owned() };
        let shown = format!("{to:?} {mail:?}");
        assert!(!shown.contains("ana") && !shown.contains("1234"), "{shown}");
    }

    proptest! {
        #[test]
        fn an_address_reads_the_same_again_and_steers_no_header(text in "[a-zA-Z0-9.@<>,; \r\n\"+_-]{0,40}") {
            let Ok(address) = EmailAddress::new(&text) else { return Ok(()) };
            prop_assert_eq!(EmailAddress::new(address.as_str()), Ok(address.clone()));
            prop_assert!(address.as_str().bytes().all(|b| b.is_ascii_graphic() && !b"<>,;\"".contains(&b)));
        }
    }
}

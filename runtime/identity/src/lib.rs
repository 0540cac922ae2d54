//! Knows people by their e-mail addresses: sends codes by SMTP, and asks a web service who has an address. The only crate that
//! speaks SMTP.
//!
//! What is said, how long a code works and how many are sent is the engine's; here it is brought to its recipient.
//!
//! | module | holds |
//! |---|---|
//! | `config` | the keys of `[identity]` |
//! | `server` | where the mail server is, from `smtp = "…"` |
//! | `mailer` | a mail, with its attempts: [`SmtpMailer`] |
//! | `attempt` | one attempt, and what its failure means |
//! | `lookup` | what a web service knows of a person: [`HttpLookup`] |
//! | [`limits`] | every limit, with its unit and its reason |
#![warn(missing_docs)]

mod attempt;
mod config;
pub mod limits;
mod lookup;
mod mailer;
mod server;

#[cfg(test)]
mod tests;

pub use config::{IdentityConfig, KEYS};
pub use lookup::HttpLookup;
pub use mailer::SmtpMailer;

//! One attempt to hand a mail over, and what its failure means: whether a server may have it, and who can do something.

use crate::limits::{CONNECT_TIMEOUT, LEAVE_TIMEOUT, SERVER_WORDS_BYTES_MAX};
use crate::server::{Server, Tls};
use greenroom_contract::cause::Cause;
use greenroom_contract::identity::{EmailAddress, MailError};
use greenroom_contract::text::{bounded, one_line};
use lettre::Address;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use std::error::Error as _;
use std::future::Future;
use std::io;
use std::time::Duration;

/// How far an attempt was when it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Before the recipient was named: what is refused is us.
    Ours,
    /// The recipient was named.
    Recipient,
    /// The mail was being handed over.
    Mail,
}

/// The way to a mail server.
#[derive(Clone, Copy)]
pub(crate) struct Access<'a> {
    pub(crate) server: &'a Server,
    pub(crate) tls: &'a TlsParameters,
    pub(crate) hello: &'a ClientId,
    pub(crate) login: Option<&'a Credentials>,
    /// How long the server may take for one answer.
    pub(crate) answer: Duration,
}

/// A mail as it is sent.
pub(crate) struct Letter<'a> {
    pub(crate) from: &'a Address,
    pub(crate) to: &'a Address,
    pub(crate) bytes: &'a [u8],
}

impl Access<'_> {
    /// Connects and logs in, and sends nothing.
    pub(crate) async fn reach(self) -> Result<(), MailError> {
        let told = |failure| meaning(Stage::Ours, &failure, None);
        let mut connection = self.connect().await.map_err(told)?;
        let entered = self.log_in(&mut connection).await;
        leave(&mut connection).await;
        entered.map_err(told)
    }

    /// Hands a mail over.
    pub(crate) async fn hand_over(self, letter: &Letter<'_>, recipient: &EmailAddress) -> Result<(), MailError> {
        let told = |(stage, failure): (Stage, Failure)| meaning(stage, &failure, Some(recipient));
        let mut connection = self.connect().await.map_err(|failure| told((Stage::Ours, failure)))?;
        let sent = self.talk(&mut connection, letter).await;
        leave(&mut connection).await;
        sent.map_err(told)
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Failure> {
        let first = (self.server.tls == Tls::FirstByte).then(|| self.tls.clone());
        let place = (self.server.host.as_str(), self.server.port);
        let connecting = AsyncSmtpConnection::connect_tokio1(place, Some(CONNECT_TIMEOUT), self.hello, first, None);
        let mut connection = within(self.answer, connecting).await?;
        if self.server.tls == Tls::StartTls {
            if !connection.can_starttls() {
                return Err(Failure::NoTls);
            }
            within(self.answer, connection.starttls(self.tls.clone(), self.hello)).await?;
        }
        Ok(connection)
    }

    async fn log_in(&self, connection: &mut AsyncSmtpConnection) -> Result<(), Failure> {
        let Some(login) = self.login else { return Ok(()) };
        within(self.answer, connection.auth(DEFAULT_MECHANISMS, login)).await.map(drop)
    }

    async fn talk(&self, connection: &mut AsyncSmtpConnection, letter: &Letter<'_>) -> Result<(), (Stage, Failure)> {
        let at = |stage| move |failure| (stage, failure);
        self.log_in(connection).await.map_err(at(Stage::Ours))?;
        let mail = Mail::new(Some(letter.from.clone()), Vec::new());
        within(self.answer, connection.command(mail)).await.map_err(at(Stage::Ours))?;
        let recipient = Rcpt::new(letter.to.clone(), Vec::new());
        within(self.answer, connection.command(recipient)).await.map_err(at(Stage::Recipient))?;
        within(self.answer, connection.command(Data)).await.map_err(at(Stage::Recipient))?;
        within(self.answer, connection.message(letter.bytes)).await.map_err(at(Stage::Mail))?;
        Ok(())
    }
}

/// Polite, and nothing depends on it.
async fn leave(connection: &mut AsyncSmtpConnection) {
    let _ = tokio::time::timeout(LEAVE_TIMEOUT, connection.abort()).await;
}

/// Why a part of an attempt failed.
enum Failure {
    TooSlow,
    NoTls,
    Smtp(Error),
}

async fn within<T>(most: Duration, part: impl Future<Output = Result<T, Error>>) -> Result<T, Failure> {
    match tokio::time::timeout(most, part).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(Failure::Smtp(error)),
        Err(_) => Err(Failure::TooSlow),
    }
}

fn meaning(stage: Stage, failure: &Failure, recipient: Option<&EmailAddress>) -> MailError {
    let reason = reason(failure, recipient);
    match failure {
        Failure::NoTls => MailError::Setup { reason },
        Failure::Smtp(error) if error.is_tls() || error.is_client() || is_untrusted(error) => {
            MailError::Setup { reason }
        }
        Failure::Smtp(error) if error.is_transient() => MailError::Unavailable { reason },
        Failure::Smtp(error) if error.is_permanent() && stage == Stage::Recipient => MailError::Recipient { reason },
        Failure::Smtp(error) if error.is_permanent() => MailError::Setup { reason },
        // Without an answer to the end of the mail the server may have it.
        _ if stage == Stage::Mail => MailError::Unknown { reason },
        _ => MailError::Unavailable { reason },
    }
}

/// Whether the server speaks TLS in a way that is not accepted here, such as with the certificate of another one.
fn is_untrusted(error: &Error) -> bool {
    let mut below = error.source();
    while let Some(cause) = below {
        // What is wrong in TLS is told as data that is invalid.
        if cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::InvalidData) {
            return true;
        }
        below = cause.source();
    }
    false
}

/// The words of the server in one line, without the address of the person.
fn reason(failure: &Failure, recipient: Option<&EmailAddress>) -> Cause {
    let words = match failure {
        Failure::TooSlow => "it does not answer in time".to_owned(),
        Failure::NoTls => "it offers no TLS (STARTTLS)".to_owned(),
        Failure::Smtp(error) => error.to_string(),
    };
    bounded(&one_line(&without(&words, recipient)), SERVER_WORDS_BYTES_MAX).into()
}

/// Words without an address, however it is written.
fn without(words: &str, address: Option<&EmailAddress>) -> String {
    let mut left = words.to_owned();
    while let Some(address) = address
        && let Some(at) = left.to_ascii_lowercase().find(address.as_str())
    {
        left.replace_range(at..at + address.as_str().len(), "…");
    }
    left
}

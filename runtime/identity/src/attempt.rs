//! One attempt to hand a mail over, and what its failure means: whether a server may have it, and who can do something.

use crate::limits::{CONNECT_TIMEOUT, SERVER_WORDS_BYTES_MAX};
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
use std::future::Future;
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

/// Everything that an attempt needs.
pub(crate) struct Attempt<'a> {
    pub(crate) server: &'a Server,
    pub(crate) tls: &'a TlsParameters,
    pub(crate) hello: &'a ClientId,
    pub(crate) login: Option<&'a Credentials>,
    pub(crate) from: &'a Address,
    pub(crate) to: &'a Address,
    /// The mail as it is sent.
    pub(crate) bytes: &'a [u8],
    /// How long the server may take for one answer.
    pub(crate) answer: Duration,
}

impl Attempt<'_> {
    /// Hands the mail over.
    pub(crate) async fn run(&self, recipient: &EmailAddress) -> Result<(), MailError> {
        let told = |(stage, failure): (Stage, Failure)| meaning(stage, &failure, recipient);
        let mut connection = self.connect().await.map_err(|failure| told((Stage::Ours, failure)))?;
        let sent = self.hand_over(&mut connection).await;
        // Polite, and nothing depends on it.
        let _ = tokio::time::timeout(Duration::from_secs(1), connection.abort()).await;
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

    async fn hand_over(&self, connection: &mut AsyncSmtpConnection) -> Result<(), (Stage, Failure)> {
        let at = |stage| move |failure| (stage, failure);
        if let Some(login) = self.login {
            within(self.answer, connection.auth(DEFAULT_MECHANISMS, login)).await.map_err(at(Stage::Ours))?;
        }
        let mail = Mail::new(Some(self.from.clone()), Vec::new());
        within(self.answer, connection.command(mail)).await.map_err(at(Stage::Ours))?;
        let recipient = Rcpt::new(self.to.clone(), Vec::new());
        within(self.answer, connection.command(recipient)).await.map_err(at(Stage::Recipient))?;
        within(self.answer, connection.command(Data)).await.map_err(at(Stage::Recipient))?;
        within(self.answer, connection.message(self.bytes)).await.map_err(at(Stage::Mail))?;
        Ok(())
    }
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

fn meaning(stage: Stage, failure: &Failure, recipient: &EmailAddress) -> MailError {
    let reason = reason(failure, recipient);
    match failure {
        Failure::NoTls => MailError::Setup { reason },
        Failure::Smtp(error) if error.is_tls() || error.is_client() => MailError::Setup { reason },
        Failure::Smtp(error) if error.is_transient() => MailError::Unavailable { reason },
        Failure::Smtp(error) if error.is_permanent() && stage == Stage::Recipient => MailError::Recipient { reason },
        Failure::Smtp(error) if error.is_permanent() => MailError::Setup { reason },
        // Without an answer to the end of the mail the server may have it.
        _ if stage == Stage::Mail => MailError::Unknown { reason },
        _ => MailError::Unavailable { reason },
    }
}

/// The words of the server in one line, without the address of the person.
fn reason(failure: &Failure, recipient: &EmailAddress) -> Cause {
    let words = match failure {
        Failure::TooSlow => "it does not answer in time".to_owned(),
        Failure::NoTls => "it offers no TLS (STARTTLS)".to_owned(),
        Failure::Smtp(error) => error.to_string(),
    };
    let at = words.to_ascii_lowercase().find(recipient.as_str());
    let words =
        match at.filter(|at| words.is_char_boundary(*at) && words.is_char_boundary(at + recipient.as_str().len())) {
            Some(at) => format!("{}…{}", &words[..at], &words[at + recipient.as_str().len()..]),
            None => words,
        };
    bounded(&one_line(&words), SERVER_WORDS_BYTES_MAX).into()
}

//! A mail to a person, with as many attempts as its code lives.

use crate::attempt::{Access, Letter};
use crate::config::IdentityConfig;
use crate::limits::{ANSWER_TIMEOUT, CONNECTIONS_MAX, RETRIES_MAX, RETRY_PAUSE, RETRY_PAUSE_MAX};
use crate::server::Server;
use async_trait::async_trait;
use backon::{ExponentialBuilder, Retryable};
use greenroom_contract::factory::BuildError;
use greenroom_contract::identity::{Mail, MailError, Mailer};
use greenroom_contract::limits::MAIL_TIMEOUT;
use lettre::message::Mailbox;
use lettre::message::header::{ContentTransferEncoding, ContentType, Header, HeaderName, HeaderValue};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, Message};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// Sends mail by SMTP, through TLS only.
pub struct SmtpMailer {
    server: Server,
    tls: TlsParameters,
    hello: ClientId,
    login: Option<Credentials>,
    from: Address,
    connections: Semaphore,
    patience: Patience,
}

/// How long things may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// One answer of a server, and its connection.
    pub(crate) answer: Duration,
    /// The first pause before another attempt, and the longest.
    pub(crate) pauses: (Duration, Duration),
    /// All of it.
    pub(crate) whole: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { answer: ANSWER_TIMEOUT, pauses: (RETRY_PAUSE, RETRY_PAUSE_MAX), whole: MAIL_TIMEOUT }
    }
}

impl SmtpMailer {
    /// A mailer as it is configured. No one is connected to.
    pub fn new(config: &IdentityConfig) -> Result<Self, BuildError> {
        Self::trusting(config, None, Patience::default())
    }

    /// The same, trusting this certificate beside the usual ones.
    pub(crate) fn trusting(
        config: &IdentityConfig,
        certificate: Option<&str>,
        patience: Patience,
    ) -> Result<Self, BuildError> {
        config.check()?;
        let setup = |reason: String| BuildError::Setup { reason };
        let wrong = |path: &str, reason: String| BuildError::Config { path: path.to_owned(), reason };
        let server = Server::read(&config.smtp).map_err(|reason| wrong("smtp", reason))?;
        let from: Address =
            config.from.trim().parse().map_err(|_| wrong("from", "is not an e-mail address".to_owned()))?;
        // Says what is missing before anything needs it: a provider of TLS, or certificates.
        let own_roots = greenroom_support::tls::has_own_roots().map_err(|error| setup(error.to_string()))?;
        let store = if own_roots { CertificateStore::Default } else { CertificateStore::WebpkiRoots };
        let mut tls = TlsParameters::builder(server.host.clone()).certificate_store(store);
        if let Some(certificate) = certificate {
            let certificate =
                Certificate::from_pem(certificate.as_bytes()).map_err(|error| setup(error.to_string()))?;
            tls = tls.add_root_certificate(certificate);
        }
        let tls = tls.build_rustls().map_err(|error| setup(error.to_string()))?;
        let login = config.user.clone().zip(config.password.as_ref());
        Ok(Self {
            tls,
            hello: ClientId::Domain(from.domain().to_owned()),
            login: login.map(|(user, password)| Credentials::new(user, password.expose().to_owned())),
            server,
            from,
            connections: Semaphore::new(CONNECTIONS_MAX),
            patience,
        })
    }

    /// Whether the mail server can be reached and lets this program in. Sends nothing, and tries once.
    pub async fn reach(&self) -> Result<(), MailError> {
        self.access().reach().await
    }

    fn access(&self) -> Access<'_> {
        Access {
            server: &self.server,
            tls: &self.tls,
            hello: &self.hello,
            login: self.login.as_ref(),
            answer: self.patience.answer,
        }
    }

    fn written(&self, mail: &Mail, to: &Address) -> Result<Vec<u8>, MailError> {
        let unwritten = |reason: String| MailError::Setup { reason: reason.into() };
        let number = getrandom::u64().map_err(|error| unwritten(error.to_string()))?;
        let message = Message::builder()
            .from(Mailbox::new(None, self.from.clone()))
            .to(Mailbox::new(None, to.clone()))
            .subject(mail.subject.clone())
            .message_id(Some(format!("<{number:016x}@{}>", self.from.domain())))
            .header(AutoSubmitted)
            .header(ContentType::TEXT_PLAIN)
            .header(ContentTransferEncoding::Base64)
            .body(mail.text.clone())
            .map_err(|error| unwritten(error.to_string()))?;
        Ok(message.formatted())
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, mail: Mail) -> Result<(), MailError> {
        let Patience { pauses: (first, longest), whole, .. } = self.patience;
        let end = Instant::now() + whole;
        let no_address = |_| MailError::Recipient { reason: "it cannot be written as an address".into() };
        let to: Address = mail.to.as_str().parse().map_err(no_address)?;
        let bytes = self.written(&mail, &to)?;
        let letter = Letter { from: &self.from, to: &to, bytes: &bytes };
        let attempt = || async {
            let _place = self.connections.acquire().await;
            self.access().hand_over(&letter, &mail.to).await
        };
        let pauses = ExponentialBuilder::default()
            .with_min_delay(first)
            .with_max_delay(longest)
            .with_factor(5.0)
            .with_max_times(RETRIES_MAX);
        attempt
            .retry(pauses)
            // Everything else is certain to fail once more, or may have been a success.
            .when(|error| matches!(error, MailError::Unavailable { .. }) && Instant::now() + longest < end)
            .await
    }
}

/// Says that no person wrote the mail, so that no program answers it (RFC 3834).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

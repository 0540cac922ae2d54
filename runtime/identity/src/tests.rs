use crate::config::IdentityConfig;
use crate::mailer::{Patience, SmtpMailer};
use greenroom_contract::factory::BuildError;
use greenroom_contract::identity::{EmailAddress, Mail, MailError, Mailer};
use greenroom_contract::secret::Secret;
use greenroom_simulator_smtp::{Fault, Security, SmtpSimulator};
use std::time::Duration;

const USER: (&str, &str) = ("bot@example.com", "hunter2");

fn config(smtp: &str) -> IdentityConfig {
    IdentityConfig {
        smtp: smtp.to_owned(),
        from: "bot@example.com".to_owned(),
        user: Some(USER.0.to_owned()),
        password: Some(Secret::new(USER.1)),
        secret: Secret::new("a secret of some length"),
        offer: true,
        codes_per_hour: 200,
        shared_memory: Vec::new(),
        lookup_url: None,
        allow_private: false,
    }
}

fn mail() -> Mail {
    Mail {
        to: EmailAddress::new("ana@example.org").unwrap(),
        subject: "Ihr Code für später: 12345678".to_owned(),
        text: "Ihr Code ist 12345678\n.\nGrüße".to_owned(),
    }
}

/// A mailer that waits for milliseconds where another one waits for minutes.
fn mailer(server: &SmtpSimulator, security: Security, change: impl FnOnce(&mut IdentityConfig)) -> SmtpMailer {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let scheme = if security == Security::Tls { "smtps" } else { "smtp" };
    let mut config = config(&format!("{scheme}://localhost:{}", server.address().port()));
    change(&mut config);
    SmtpMailer::trusting(&config, Some(server.certificate()), patience()).unwrap()
}

fn patience() -> Patience {
    Patience {
        answer: Duration::from_millis(400),
        pauses: (Duration::from_millis(5), Duration::from_millis(20)),
        whole: Duration::from_secs(20),
    }
}

async fn server(security: Security) -> SmtpSimulator {
    SmtpSimulator::start(security, Some(USER)).await
}

/// What is in the lines of the body, which is sent as Base64.
fn body(text: &str) -> String {
    let (_, body) = text.split_once("\n\n").unwrap();
    let joined: String = body.split_whitespace().collect();
    String::from_utf8(greenroom_simulator_smtp::decoded(&joined)).unwrap()
}

#[tokio::test]
async fn a_mail_goes_through_tls_with_a_login_however_tls_begins() {
    for security in [Security::StartTls, Security::Tls] {
        let server = server(security).await;
        mailer(&server, security, |_| {}).send(mail()).await.unwrap();
        let received = server.received(1).await.remove(0);
        assert_eq!((received.from.as_str(), received.to.as_str()), ("bot@example.com", "ana@example.org"));
        assert!(received.secure && received.user.as_deref() == Some("bot@example.com"));
        assert_eq!(body(&received.text).replace("\r\n", "\n"), mail().text);
        for header in ["Auto-Submitted: auto-generated", "Message-ID: <", "Date: ", "Subject: Ihr Code =?utf-8?b?"] {
            assert!(received.text.contains(header), "{header}: {}", received.text);
        }
        assert!(received.text.is_ascii(), "any server takes it");
    }
}

#[tokio::test]
async fn one_who_is_greylisted_comes_back_and_the_mail_arrives_once() {
    let server = server(Security::StartTls).await;
    server.fail([Fault::Greylist, Fault::Greylist]);
    mailer(&server, Security::StartTls, |_| {}).send(mail()).await.unwrap();
    assert_eq!((server.mails().len(), server.connections()), (1, 3));
}

#[tokio::test]
async fn what_fails_before_the_mail_is_tried_again_a_bounded_number_of_times() {
    for fault in [Fault::Greylist, Fault::Drop, Fault::Hang] {
        let server = server(Security::StartTls).await;
        server.fail([fault; 20]);
        let error = mailer(&server, Security::StartTls, |_| {}).send(mail()).await.unwrap_err();
        assert!(matches!(error, MailError::Unavailable { .. }), "{fault:?}: {error}");
        assert_eq!((server.mails().len(), server.connections()), (0, 5), "{fault:?}");
    }
}

#[tokio::test]
async fn a_mail_that_may_have_been_taken_is_never_repeated() {
    for fault in [Fault::DropAfterMail, Fault::HangAfterMail] {
        let server = server(Security::StartTls).await;
        server.fail([fault]);
        let error = mailer(&server, Security::StartTls, |_| {}).send(mail()).await.unwrap_err();
        assert!(matches!(error, MailError::Unknown { .. }), "{fault:?}: {error}");
        assert_eq!((server.mails().len(), server.connections()), (1, 1), "{fault:?}");
    }
}

#[tokio::test]
async fn a_refusal_says_whether_the_person_or_the_owner_can_do_something() {
    for (fault, is_setup) in [
        (Fault::NoSuchRecipient, false),
        (Fault::NoSuchLogin, true),
        (Fault::SenderRefused, true),
        (Fault::MailRefused, true),
        (Fault::NoTls, true),
    ] {
        let server = server(Security::StartTls).await;
        server.fail([fault]);
        let error = mailer(&server, Security::StartTls, |_| {}).send(mail()).await.unwrap_err();
        match (&error, is_setup) {
            (MailError::Setup { .. }, true) | (MailError::Recipient { .. }, false) => {}
            _ => panic!("{fault:?}: {error}"),
        }
        assert!(!error.to_string().contains("ana@"), "no address of a person goes into a log: {error}");
        assert_eq!((server.mails().len(), server.connections()), (0, 1), "{fault:?}");
    }
}

#[tokio::test]
async fn nothing_is_told_to_a_server_without_tls_or_with_another_certificate() {
    let plain = SmtpSimulator::start(Security::None, Some(USER)).await;
    let error = mailer(&plain, Security::None, |_| {}).send(mail()).await.unwrap_err();
    assert!(matches!(error, MailError::Setup { .. }) && error.to_string().contains("TLS"), "{error}");
    let (trusted, other) = (server(Security::StartTls).await, server(Security::StartTls).await);
    let _ = rustls::crypto::ring::default_provider().install_default();
    let config = config(&format!("smtp://localhost:{}", other.address().port()));
    let stranger = SmtpMailer::trusting(&config, Some(trusted.certificate()), patience()).unwrap();
    let error = stranger.send(mail()).await.unwrap_err();
    assert!(matches!(error, MailError::Setup { .. }), "{error}");
    assert!(other.mails().is_empty());
}

#[tokio::test]
async fn a_server_is_reached_without_a_mail() {
    let server = server(Security::StartTls).await;
    server.fail([Fault::NoSuchLogin]);
    let mailer = mailer(&server, Security::StartTls, |_| {});
    assert!(matches!(mailer.reach().await, Err(MailError::Setup { .. })));
    mailer.reach().await.unwrap();
    assert!(server.mails().is_empty());
}

#[test]
fn what_is_wrong_in_a_configuration_is_named_and_no_secret_is_shown() {
    type Spoil = &'static dyn Fn(&mut IdentityConfig);
    let good = config("smtp://mail.example.com:587");
    good.check().unwrap();
    let wrong: [(&str, Spoil); 7] = [
        ("smtp", &|config| config.smtp = "mail.example.com".to_owned()),
        ("from", &|config| config.from = "bot".to_owned()),
        ("password", &|config| config.password = None),
        ("user", &|config| config.user = None),
        ("secret", &|config| config.secret = Secret::new("short")),
        ("codes_per_hour", &|config| config.codes_per_hour = 0),
        ("lookup_url", &|config| config.lookup_url = Some("http://127.0.0.1/".to_owned())),
    ];
    for (expected, change) in wrong {
        let mut config = good.clone();
        change(&mut config);
        match config.check() {
            Err(BuildError::Config { path, .. }) => assert_eq!(path, expected),
            other => panic!("{expected}: {other:?}"),
        }
    }
    assert!(!format!("{good:?}").contains("hunter2"));
}

#[test]
fn the_declared_keys_are_those_that_are_read() {
    let declared: Vec<&str> = crate::KEYS.iter().map(|key| key.name).collect();
    let error = toml::from_str::<IdentityConfig>("nothing = 1").unwrap_err().to_string();
    for key in &declared {
        assert!(error.contains(&format!("`{key}`")), "{key}: {error}");
    }
    assert_eq!(error.matches('`').count() / 2, declared.len() + 1, "{error}");
}

//! `[alerts]` is configured whole or not at all.

use super::super::*;

const REST: &str = "[channels.front]\nadapter = \"console\"\n[assistants.echo]\nkind = \"echo\"\n";

fn read(alerts: &str, secret: &str) -> Result<Config, ConfigError> {
    let variables = [("ALERTS_SECRET".into(), secret.into())];
    Config::parse(Origin::Program, &format!("{REST}{alerts}"), variables, &Registry::standard(), &[])
}

const SECRET: &str = "secret = { env = \"ALERTS_SECRET\" }";

#[test]
fn without_the_table_none_are_sent() {
    assert_eq!(read("", "").unwrap().alerts, None);
    let text = format!("[alerts]\nwebhook = \"https://alerts.example.com/\"\n{SECRET}");
    let config = read(&text, "a secret of some length").unwrap();
    assert!(config.alerts.is_some());
    assert!(!format!("{config:?}").contains("some length"), "a secret is shown");
}

#[test]
fn what_is_wrong_is_named_by_its_key_and_shows_no_secret() {
    for (alerts, secret, expected) in [
        (format!("[alerts]\n{SECRET}"), "a secret of some length", "alerts.webhook: this key is missing"),
        ("[alerts]\nwebhook = \"https://alerts.example.com/\"".to_owned(), "", "alerts.secret: this key is missing"),
        (format!("[alerts]\nwebhook = \"https://alerts.example.com/\"\n{SECRET}"), "short", "alerts.secret: has fewer"),
        (
            format!("[alerts]\nwebhook = \"https://127.0.0.1/\"\n{SECRET}"),
            "a secret of some length",
            "alerts.webhook: has the private address",
        ),
        (
            format!("[alerts]\nwebhook = \"https://a.example/\"\nto = \"me\"\n{SECRET}"),
            "a secret of some length",
            "alerts.to: unknown key",
        ),
    ] {
        let error = read(&alerts, secret).unwrap_err().to_string();
        assert!(error.contains(expected), "{alerts}:\n{error}");
        assert!(!error.contains("some length") && !error.contains("short\""), "{error}");
    }
}

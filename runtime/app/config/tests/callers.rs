//! Who may call the gateway, as it is configured.

use super::{SOUND, parsed, problems};
use greenroom_contract::secret::Secret;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

#[test]
fn what_signs_tokens_comes_from_the_environment_and_is_never_shown() {
    let config = parsed(SOUND, &[("AUTH_SECRET", SECRET), ("AUTH_SECRET_PREVIOUS", &SECRET.to_uppercase())]).unwrap();
    let gateway = &config.gateway;
    assert_eq!(gateway.auth_secret.as_ref().map(Secret::expose), Some(SECRET));
    assert!(gateway.auth_secret_previous.is_some() && gateway.audience == "greenroom");
    assert!(!format!("{config:?}").contains(SECRET), "it is shown");
    let named = format!("{SOUND}[gateway]\nauth_secret = {{ env = \"ANOTHER\" }}\naudience = \"bots\"");
    let config = parsed(&named, &[("ANOTHER", SECRET), ("AUTH_SECRET", "not looked at")]).unwrap();
    assert_eq!((config.gateway.auth_secret.is_some(), config.gateway.audience.as_str()), (true, "bots"));
    assert!(parsed(SOUND, &[]).unwrap().gateway.auth_secret.is_none());
}

#[test]
fn a_short_secret_and_one_in_the_file_are_refused() {
    let found = problems(SOUND, &[("AUTH_SECRET", "hunter2")]);
    assert!(found.len() == 1 && found[0].starts_with("gateway.auth_secret: this is too short"), "{found:?}");
    let written = format!("{SOUND}[gateway]\nauth_secret = \"{SECRET}\"");
    let found = problems(&written, &[]);
    assert!(found.len() == 1 && !found[0].contains(SECRET), "{found:?}");
}

#[test]
fn an_address_that_others_reach_needs_a_proxy() {
    let gateway = |text: &str| format!("{SOUND}[gateway]\n{text}");
    for exposed in ["0.0.0.0:8787", "192.168.1.5:8787", "[::]:8787"] {
        let found = problems(&gateway(&format!("listen = \"{exposed}\"")), &[]);
        assert!(found.len() == 1 && found[0].contains("would not be encrypted"), "{found:?}");
        let proxied = gateway(&format!("listen = \"{exposed}\"\ntrusted_proxies = [\"172.17.0.2\"]"));
        assert!(parsed(&proxied, &[]).is_ok(), "{exposed}");
        let off = gateway(&format!("listen = \"{exposed}\"\nenabled = false"));
        assert!(parsed(&off, &[]).is_ok(), "{exposed}");
    }
    for here in ["127.0.0.1:1", "127.8.8.8:1", "[::1]:1", "[::ffff:127.0.0.1]:1"] {
        assert!(parsed(&gateway(&format!("listen = \"{here}\"")), &[]).is_ok(), "{here}");
    }
}

#[test]
fn origins_are_written_without_a_path() {
    let with = |origin: &str| format!("{SOUND}[gateway]\nallowed_origins = [\"{origin}\"]");
    for good in ["https://app.example.com", "http://localhost:3000", "https://[::1]:8443"] {
        assert!(parsed(&with(good), &[]).is_ok(), "{good}");
    }
    for bad in ["*", "app.example.com", "https://app.example.com/", "https://", "null", "https://*.example.com"] {
        assert!(problems(&with(bad), &[])[0].contains("is not an origin"), "{bad}");
    }
}

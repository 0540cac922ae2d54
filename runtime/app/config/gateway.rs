//! `[gateway]`: where it listens, who may call it, and its certificate.

use super::read::Section;
use super::resolve::set;
use super::{GatewayConfig, HttpsConfig, LISTEN};
use crate::built::{BUILT, Built};
use greenroom_engine::SessionLimits;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;

/// For whom tokens are made unless another name is configured.
const AUDIENCE: &str = "greenroom";

/// Shortest secret that signs tokens, in characters: as long as the digest, as RFC 7518 wants it.
const SECRET_CHARS_MIN: usize = 32;

pub(super) fn gateway(mut section: Section, built: Built) -> GatewayConfig {
    let mut gateway = default_gateway();
    if !built.gateway && !section.says_no("enabled") {
        let wanted = ["listen", "public_url", "enabled"].into_iter().find(|key| section.has(key));
        if let Some(key) = wanted {
            section.problem(key, crate::without("gateway"));
        }
    }
    set(&mut gateway.enabled, section.take("enabled"));
    if let Some(listen) = section.take::<String>("listen") {
        match listen.parse() {
            Ok(address) => (gateway.listen, gateway.chosen) = (address, true),
            Err(_) => {
                section.problem("listen", format!("{listen:?} is not an address; write IP:PORT, such as {LISTEN}"));
            }
        }
    }
    gateway.public_url = section.take("public_url");
    gateway.https = https(&mut section, &gateway, built);
    if let (None, Some(HttpsConfig::Acme { name, .. })) = (&gateway.public_url, &gateway.https) {
        gateway.public_url = Some(format!("https://{name}"));
    }
    if let Some(proxies) = section.take::<Vec<String>>("trusted_proxies") {
        gateway.trusted_proxies.clear();
        for proxy in proxies {
            if let Ok(address) = proxy.parse() {
                gateway.trusted_proxies.push(address);
            } else {
                let what =
                    format!("{proxy:?} is not an IP address; write one such as 127.0.0.1, without port and mask");
                section.problem("trusted_proxies", what);
            }
        }
    }
    callers(&mut section, &mut gateway);
    set(&mut gateway.mcp, section.take("mcp"));
    if gateway.mcp && built.gateway && !built.mcp {
        section.problem("mcp", crate::without("mcp"));
    }
    if is_exposed(&gateway) {
        let what = format!(
            "{} can be reached by other machines, and what they send would not be encrypted; listen on 127.0.0.1, or put a \
             proxy that speaks TLS in front and name its address in gateway.trusted_proxies",
            gateway.listen
        );
        section.problem("listen", what);
    }
    set(&mut gateway.sessions.per_owner, section.take("sessions_per_owner_max"));
    set(&mut gateway.sessions.total, section.take("sessions_max"));
    section.finish();
    gateway
}

/// The certificate, where there is one.
fn https(section: &mut Section, gateway: &GatewayConfig, built: Built) -> Option<HttpsConfig> {
    let wanted = ["acme", "certificate", "key"].into_iter().find(|key| section.has(key))?;
    if built.gateway && !built.https {
        section.problem(wanted, crate::without("https"));
    }
    let (contact, directory) = (section.take("acme_contact"), section.take("acme_directory"));
    let files = (section.take::<PathBuf>("certificate"), section.take::<PathBuf>("key"));
    match (section.take::<String>("acme"), files) {
        (Some(_), (Some(_), _) | (_, Some(_))) => {
            section.problem("acme", "a certificate is either ordered or read from files: take one of the two away");
            None
        }
        (Some(name), (None, None)) => {
            if !is_public_name(&name) {
                let what =
                    format!("{name:?} is not a public name; write one such as bot.example.com, without https://");
                section.problem("acme", what);
            } else if !gateway.chosen {
                let what = "the authority asks at port 443 of this name: write listen = \"0.0.0.0:443\", or the address \
                            to which port 443 is led";
                section.problem("acme", what);
            }
            Some(HttpsConfig::Acme { name, contact, directory })
        }
        (None, (Some(certificate), Some(key))) => Some(HttpsConfig::Files { certificate, key }),
        (None, (Some(_), None)) => {
            section.problem("key", "this key is missing: the file with the private key of the certificate");
            None
        }
        (None, (None, Some(_))) => {
            section.problem("certificate", "this key is missing: the file with the certificate of the private key");
            None
        }
        (None, (None, None)) => None,
    }
}

/// A name of at least two labels (RFC 1123) that is no IP address: authorities give certificates for nothing else.
fn is_public_name(name: &str) -> bool {
    let is_label = |label: &str| {
        let inner = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        inner && (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
    };
    let last_is_word = name.rsplit('.').next().is_some_and(|last| last.bytes().any(|byte| byte.is_ascii_alphabetic()));
    name.len() <= 253 && name.contains('.') && last_is_word && name.split('.').all(is_label)
}

/// Who may call it.
fn callers(section: &mut Section, gateway: &mut GatewayConfig) {
    for (key, secret) in
        [("auth_secret", &mut gateway.auth_secret), ("auth_secret_previous", &mut gateway.auth_secret_previous)]
    {
        *secret = section.take_secret(key);
        if secret.as_ref().is_some_and(|secret| secret.expose().len() < SECRET_CHARS_MIN) {
            section.problem(key, format!("this is too short: it needs {SECRET_CHARS_MIN} characters at least"));
        }
    }
    set(&mut gateway.audience, section.take("audience"));
    if gateway.audience.is_empty() {
        section.problem("audience", "this must not be empty");
    }
    for origin in section.take::<Vec<String>>("allowed_origins").unwrap_or_default() {
        let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
        let is_written_so = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
        if !host.is_some_and(|host| !host.is_empty() && host.chars().all(is_written_so)) {
            section.problem(
                "allowed_origins",
                format!("{origin:?} is not an origin; write one such as https://app.example.com, without a path"),
            );
        }
        gateway.allowed_origins.push(origin);
    }
}

/// Whether other machines reach it without a proxy in front of it: it speaks no TLS there.
fn is_exposed(gateway: &GatewayConfig) -> bool {
    let is_here = |address: &IpAddr| address.to_canonical().is_loopback();
    gateway.enabled
        && gateway.https.is_none()
        && !is_here(&gateway.listen.ip())
        && gateway.trusted_proxies.iter().all(is_here)
}

pub(super) fn default_gateway() -> GatewayConfig {
    let listen = LISTEN.parse().expect("the default address is an address");
    GatewayConfig {
        enabled: BUILT.gateway,
        listen,
        chosen: false,
        public_url: None,
        https: None,
        trusted_proxies: vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
        auth_secret: None,
        auth_secret_previous: None,
        audience: AUDIENCE.to_owned(),
        allowed_origins: Vec::new(),
        mcp: false,
        sessions: SessionLimits::default(),
    }
}

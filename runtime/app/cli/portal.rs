//! `portal` and `token`: ways into the gateway, for people and for programs.

use super::admin;
use super::failure::Failure;
use super::report;
use greenroom::config::Config;
use greenroom::contract::ids::OwnerId;
use greenroom::contract::limits;
use greenroom::contract::secret::Secret;
use greenroom::contract::time::Clock;
use greenroom_client::token::{self, Claims};
use std::io::IsTerminal;
use std::time::Duration;

/// Says at the first start how one gets into the portal: on the terminal, or else in a file. Never in a log.
pub(super) fn introduce(running: &greenroom::Running) {
    if std::io::stderr().is_terminal() {
        if let Some(link) = running.portal_link() {
            eprintln!("portal: {link}\n  (for one browser, within ten minutes; greenroom portal makes another link)");
        }
        return;
    }
    match running.write_portal_link() {
        Ok(Some(path)) => eprintln!("the link into the portal is in {}; it is good for ten minutes", path.display()),
        Ok(None) => {}
        Err(error) => eprintln!("warning: {error}"),
    }
}

/// Prints a new link into the portal of the running server.
pub(crate) async fn portal(config: &Config) -> Result<(), Failure> {
    let view = admin::client_of(config)?.portal_link().await?;
    let public = view.public_url.map(|url| format!("{url}\n")).unwrap_or_default();
    report::print(&format!("{}\n{public}", view.url))?;
    eprintln!("for one browser, within ten minutes");
    Ok(())
}

/// What a token shall say.
#[derive(Debug, clap::Args)]
pub(crate) struct TokenArguments {
    /// The owner for whom its bearer acts
    #[arg(long, value_name = "NAME")]
    owner: OwnerId,
    /// What the bearer may do: read, text, send, control, settings, delete, admin
    #[arg(long, value_name = "WORDS", value_delimiter = ',', required = true, value_parser = SCOPES)]
    scope: Vec<String>,
    /// How long it is good: 45s, 15m, or 1h at most
    #[arg(long = "for", value_name = "TIME", default_value = "15m", value_parser = duration)]
    time: Duration,
}

const SCOPES: [&str; 7] = ["read", "text", "send", "control", "settings", "delete", "admin"];

/// The longest time for which the gateway takes a token.
const TIME_MAX: Duration = limits::TOKEN_AHEAD_MAX;

fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let seconds = match unit {
        "s" => Some(1),
        "m" => Some(60),
        "h" => Some(3_600),
        _ => None,
    };
    let wanted = seconds.and_then(|unit: u64| number.parse::<u64>().ok()?.checked_mul(unit)).map(Duration::from_secs);
    match wanted {
        Some(wanted) if !wanted.is_zero() && wanted <= TIME_MAX => Ok(wanted),
        _ => Err("write a time such as 45s, 15m or 1h; one hour is the longest".to_owned()),
    }
}

/// Prints a token, signed by the secret of this configuration.
pub(crate) fn token(config: &Config, arguments: &TokenArguments) -> Result<(), Failure> {
    let secret = secret(config)?;
    let expires = Clock::System.now().plus(arguments.time).0 / 1_000;
    let scope = arguments.scope.join(" ");
    let claims = Claims { owner: arguments.owner.to_string(), scope, expires, begins: None, id: None, csrf: None };
    let signed = token::sign(secret.expose().as_bytes(), &config.gateway.audience, &claims);
    let signed = signed.map_err(|error| Failure::new(format!("no token was made: {error}")))?;
    report::print(&format!("{signed}\n"))
}

fn secret(config: &Config) -> Result<Secret, Failure> {
    if let Some(secret) = &config.gateway.auth_secret {
        return Ok(secret.clone());
    }
    let kept = greenroom_gateway::secret::kept(&config.store.path);
    let kept = kept.map_err(|error| Failure::new(error.to_string()))?;
    kept.ok_or_else(|| {
        Failure::new(format!("nothing signs tokens yet: {} holds no secret", config.store.path.display()))
            .hint("Start greenroom once, which makes one, or set AUTH_SECRET.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_bounded() {
        assert_eq!(duration("45s"), Ok(Duration::from_secs(45)));
        assert_eq!(duration("15m"), Ok(Duration::from_secs(900)));
        assert_eq!(duration("1h"), Ok(TIME_MAX));
        for wrong in ["", "15", "m", "0s", "61m", "2h", "-1s", "1.5h", "99999999999999999999h", "18446744073709551615h"]
        {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}

//! From the head of a request to the caller.

use super::cookie;
use super::links::{Grant, Links, Revoked, random};
use super::{Origin, Principal, Scopes, Ticket, tokens};
use crate::access::Token;
use crate::connections::PeerAddress;
use crate::errors::Refusal;
use crate::limits;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use greenroom_client::token::{self, Claims};
use greenroom_contract::ids::OwnerId;
use greenroom_contract::secret::Secret;
use greenroom_contract::time::{Clock, Timestamp};
use std::fmt;
use std::sync::{Arc, OnceLock};

/// Headers by which proxies tell for whom they ask. With one of them a request does not come from this machine, whatever its
/// address.
const FORWARDING: [&str; 4] = ["forwarded", "x-forwarded-for", "x-real-ip", "via"];

/// The audience of the cookie: no token of a program is good as one, and the other way round.
const PORTAL: &str = "greenroom-portal";

/// What opens the API.
#[derive(Debug)]
pub(crate) struct Keys {
    /// The token in `gateway.json`.
    pub(crate) local: Token,
    /// What signs tokens, and what signed them before; none until it was looked for.
    pub(crate) secrets: OnceLock<Vec<Secret>>,
    /// For whom tokens have to be made.
    pub(crate) audience: String,
    /// The host of the public address, where that is reached by TLS.
    pub(crate) public_host: Option<String>,
    /// The time.
    pub(crate) clock: Clock,
}

/// Knows callers by what they carry.
#[derive(Clone)]
pub(crate) struct Gate(Arc<Inner>);

struct Inner {
    keys: Keys,
    links: Links,
    revoked: Revoked,
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gate(…)")
    }
}

impl Gate {
    pub(crate) fn new(keys: Keys) -> Self {
        Self(Arc::new(Inner { keys, links: Links::default(), revoked: Revoked::default() }))
    }

    pub(crate) fn keys(&self) -> &Keys {
        &self.0.keys
    }

    /// Who calls. The refusal is always the same, so that it tells nothing about how far a guess was right.
    pub(crate) fn principal(&self, parts: &Parts) -> Result<Principal, Refusal> {
        let headers = &parts.headers;
        if !headers.contains_key(AUTHORIZATION) {
            return self.holder(parts);
        }
        if self.0.keys.local.opens(headers) {
            return if comes_from_here(parts) { Ok(local()) } else { Err(Refusal::unauthorized()) };
        }
        let claims = bearer(headers).and_then(|token| self.read(token, &self.0.keys.audience));
        claims.and_then(|claims| tokens::bearer(&claims, self.now())).ok_or_else(Refusal::unauthorized)
    }

    /// By the cookie.
    fn holder(&self, parts: &Parts) -> Result<Principal, Refusal> {
        let token =
            cookie::value(&parts.headers, self.cookie_name(&parts.headers)).ok_or_else(Refusal::unauthorized)?;
        let claims = self.read(&token, PORTAL).ok_or_else(Refusal::unauthorized)?;
        let principal = tokens::holder(claims, self.now()).ok_or_else(Refusal::unauthorized)?;
        let ticket = principal.ticket.as_ref().filter(|ticket| !self.0.revoked.has(&ticket.id));
        cookie::check(&parts.method, &parts.headers, ticket.ok_or_else(Refusal::unauthorized)?)?;
        Ok(principal)
    }

    fn read(&self, token: &str, audience: &str) -> Option<Claims> {
        let secrets = self.0.keys.secrets.get()?;
        let secrets: Vec<&[u8]> = secrets.iter().map(|secret| secret.expose().as_bytes()).collect();
        token::read(token, &secrets, audience).ok()
    }

    /// A code that lets one browser in, once, as the one who asked for it; and until when.
    pub(crate) fn link(&self, grant: Grant) -> Result<(String, Timestamp), Refusal> {
        self.0.links.make(grant, self.now()).map_err(no_random)
    }

    /// Lets a browser in: the header that sets its cookie.
    pub(crate) fn log_in(&self, code: &str, headers: &HeaderMap) -> Result<String, Refusal> {
        let Grant { owner, scopes } = self.0.links.take(code, self.now()).ok_or_else(|| {
            let reason = "the link was used before, or is too old; make a new one";
            Refusal::coded(StatusCode::UNAUTHORIZED, "login-refused", reason)
        })?;
        let claims = Claims {
            owner: owner.to_string(),
            scope: scopes.to_string(),
            expires: self.now().plus(limits::PORTAL_TIMEOUT).0 / 1_000,
            begins: None,
            id: Some(random().map_err(no_random)?),
            csrf: Some(random().map_err(no_random)?),
        };
        let secret = self.0.keys.secrets.get().and_then(|secrets| secrets.first());
        let signed = secret.and_then(|secret| token::sign(secret.expose().as_bytes(), PORTAL, &claims).ok());
        let signed = signed.ok_or_else(|| Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "no secret signs tokens"))?;
        Ok(cookie::set(self.cookie_name(headers), signed))
    }

    /// Takes the cookie of this caller back: the header that says so.
    pub(crate) fn log_out(&self, caller: &Principal, headers: &HeaderMap) -> String {
        if let (Some(ticket), Some(until)) = (&caller.ticket, caller.until) {
            self.0.revoked.add(&ticket.id, until.plus(limits::TOKEN_LEEWAY_MAX), self.now());
        }
        cookie::unset(self.cookie_name(headers))
    }

    /// Whether the log-in of this caller was ended.
    pub(crate) fn is_revoked(&self, caller: &Principal) -> bool {
        caller.ticket.as_ref().is_some_and(|ticket| self.0.revoked.has(&ticket.id))
    }

    fn cookie_name(&self, headers: &HeaderMap) -> &'static str {
        cookie::name(headers, self.0.keys.public_host.as_deref())
    }

    fn now(&self) -> Timestamp {
        self.0.keys.clock.now()
    }
}

/// Whoever can read `gateway.json` runs the server.
fn local() -> Principal {
    Principal {
        owner: OwnerId::local(),
        scopes: Scopes::all(),
        origin: Origin::Local,
        until: None,
        ticket: None::<Ticket>,
    }
}

fn no_random(error: getrandom::Error) -> Refusal {
    tracing::error!(%error, "the system gives no random numbers");
    Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "the system gives no random numbers")
}

/// The token in the one header that may hold it.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(AUTHORIZATION).iter();
    let (only, None) = (all.next()?, all.next()) else { return None };
    let (scheme, token) = only.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

/// Whether a program on this machine asks for itself.
pub(crate) fn comes_from_here(parts: &Parts) -> bool {
    let is_loopback = parts.extensions.get::<PeerAddress>().is_some_and(|peer| peer.0.to_canonical().is_loopback());
    is_loopback && !FORWARDING.iter().any(|name| parts.headers.contains_key(*name))
}

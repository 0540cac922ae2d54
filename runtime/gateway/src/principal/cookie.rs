//! The cookie of the portal, and what a page has to show beside it.

use super::Ticket;
use crate::connections::SCHEME;
use crate::errors::Refusal;
use crate::limits;
use axum::http::header::{COOKIE, HOST};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Method, StatusCode};
use cookie::{Cookie, SameSite};
use subtle::ConstantTimeEq;

/// Its name where it may travel without TLS.
const PLAIN: &str = "greenroom_session";
/// Its name under TLS: a browser takes it from this very host only.
const SECURE: &str = "__Host-greenroom_session";
/// The header in which a page repeats the word of its cookie with each change.
const CSRF: &str = "x-csrf-token";
/// By which a browser says whose page asks. Old ones say nothing.
const SITE: &str = "sec-fetch-site";

/// The name of the cookie for this request: that of TLS where the request came by TLS, or calls the public address of a
/// server that has one. Whoever claims that wrongly gets a cookie that their own browser does not take.
pub(super) fn name(headers: &HeaderMap, public_host: Option<&str>) -> &'static str {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()?.parse::<Authority>().ok());
    let is_public = host.is_some_and(|host| public_host.is_some_and(|public| host.host().eq_ignore_ascii_case(public)));
    let is_encrypted = headers.get(SCHEME).is_some_and(|scheme| scheme.as_bytes().eq_ignore_ascii_case(b"https"));
    if is_public || is_encrypted { SECURE } else { PLAIN }
}

/// Its value, if it came exactly once.
pub(super) fn value(headers: &HeaderMap, name: &str) -> Option<String> {
    let texts = headers.get_all(COOKIE).iter().filter_map(|header| header.to_str().ok());
    let mut found = texts.flat_map(Cookie::split_parse).flatten().filter(|cookie| cookie.name() == name);
    let value = found.next().map(|cookie| cookie.value().to_owned());
    // A second one would be somebody else's idea of who asks.
    value.filter(|_| found.next().is_none())
}

/// The header that sets it.
pub(super) fn set(name: &'static str, value: String) -> String {
    let age = cookie::time::Duration::seconds(limits::PORTAL_TIMEOUT.as_secs().cast_signed());
    built(name, value).max_age(age).build().to_string()
}

/// The header that takes it back.
pub(super) fn unset(name: &'static str) -> String {
    built(name, String::new()).max_age(cookie::time::Duration::ZERO).build().to_string()
}

fn built(name: &'static str, value: String) -> cookie::CookieBuilder<'static> {
    Cookie::build((name, value)).http_only(true).same_site(SameSite::Strict).path("/").secure(name == SECURE)
}

/// Refuses what another page makes a browser do.
pub(super) fn check(method: &Method, headers: &HeaderMap, ticket: &Ticket) -> Result<(), Refusal> {
    let refused = || {
        let reason = "a page of this server has to ask for this itself, with the header X-CSRF-Token";
        Refusal::coded(StatusCode::FORBIDDEN, "csrf", reason)
    };
    let site = headers.get(SITE).map(axum::http::HeaderValue::as_bytes);
    if method.is_safe() {
        // Who types the address into a browser may see what it says.
        return if matches!(site, None | Some(b"same-origin" | b"none")) { Ok(()) } else { Err(refused()) };
    }
    let word = headers.get(CSRF).map(axum::http::HeaderValue::as_bytes).unwrap_or_default();
    let is_own = matches!(site, None | Some(b"same-origin"));
    if is_own && bool::from(word.ct_eq(ticket.csrf.as_bytes())) { Ok(()) } else { Err(refused()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn a_change_needs_the_word_and_a_page_of_this_server() {
        let ticket = Ticket { id: "1".to_owned(), csrf: "word".to_owned() };
        let may = |method: Method, pairs: &[(&'static str, &str)]| check(&method, &headers(pairs), &ticket).is_ok();
        assert!(may(Method::POST, &[(CSRF, "word")]));
        assert!(may(Method::DELETE, &[(CSRF, "word"), (SITE, "same-origin")]));
        for bad in [&[][..], &[(CSRF, "wor")], &[(CSRF, "words")], &[(SITE, "same-origin")]] {
            assert!(!may(Method::POST, bad), "{bad:?}");
        }
        for site in ["same-site", "cross-site", "none", "Same-Origin", ""] {
            assert!(!may(Method::PUT, &[(CSRF, "word"), (SITE, site)]), "{site}");
        }
        assert!(may(Method::GET, &[]) && may(Method::GET, &[(SITE, "none")]));
        assert!(!may(Method::GET, &[(SITE, "cross-site")]) && !may(Method::GET, &[(SITE, "same-site")]));
    }

    #[test]
    fn it_is_read_where_it_came_once_and_named_as_the_way_is() {
        let read = |pairs: &[(&'static str, &str)]| value(&headers(pairs), PLAIN);
        assert_eq!(read(&[("cookie", "a=b; greenroom_session=x.y.z; c=d")]), Some("x.y.z".to_owned()));
        assert_eq!(read(&[("cookie", "greenroom_session=1; greenroom_session=2")]), None);
        assert_eq!(read(&[("cookie", "greenroom_session=1"), ("cookie", "greenroom_session=2")]), None);
        assert_eq!(read(&[("cookie", "xgreenroom_session=1")]), None);
        let named = |host: &str| name(&headers(&[("host", host)]), Some("bot.example.com"));
        assert_eq!(named("BOT.example.com:443"), SECURE);
        assert_eq!(named("127.0.0.1:8787"), PLAIN);
        assert_eq!(name(&headers(&[("host", "bot.example.com")]), None), PLAIN);
    }

    #[test]
    fn no_script_reads_it_and_no_other_site_sends_it() {
        let plain = set(PLAIN, "v".to_owned());
        assert_eq!(plain, "greenroom_session=v; HttpOnly; SameSite=Strict; Path=/; Max-Age=43200");
        assert!(set(SECURE, "v".to_owned()).contains("; Secure"));
        assert!(unset(PLAIN).contains("Max-Age=0"));
    }
}

//! The token that opens everything but health.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use std::fmt;
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// Random bytes in a token. Too many to be guessed, few enough to be pasted.
const TOKEN_BYTES: usize = 32;

/// Made again at every start.
#[derive(Clone)]
pub(crate) struct Token(Arc<str>);

impl Token {
    pub(crate) fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0_u8; TOKEN_BYTES];
        getrandom::fill(&mut bytes)?;
        Ok(Self(hex::encode(bytes).into()))
    }

    /// For `gateway.json`; never for a log.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// Whether a request carries it.
    pub(crate) fn opens(&self, headers: &HeaderMap) -> bool {
        let given = headers.get(AUTHORIZATION).map(axum::http::HeaderValue::as_bytes).unwrap_or_default();
        let Some((scheme, given)) = given.split_at_checked(b"Bearer ".len()) else { return false };
        // The time that comparing takes does not tell how much was right. Only the length may show.
        scheme.eq_ignore_ascii_case(b"Bearer ") && bool::from(given.ct_eq(self.0.as_bytes()))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opens(token: &Token, header: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, header.parse().unwrap());
        token.opens(&headers)
    }

    #[test]
    fn only_the_whole_token_opens() {
        let token = Token::random().unwrap();
        let text = token.expose().to_owned();
        assert_eq!(text.len(), 2 * TOKEN_BYTES);
        assert!(opens(&token, &format!("Bearer {text}")));
        assert!(opens(&token, &format!("bearer {text}")));
        assert!(!opens(&token, &text));
        assert!(!opens(&token, "Bearer "));
        assert!(!opens(&token, &format!("Bearer {}", &text[1..])));
        assert!(!opens(&token, &format!("Bearer {text}0")));
        assert!(!opens(&token, &format!("Bearer {}", Token::random().unwrap().expose())));
        assert!(!token.opens(&HeaderMap::new()));
    }

    #[test]
    fn debug_hides_it() {
        assert_eq!(format!("{:?}", Token::random().unwrap()), "Token(…)");
    }
}

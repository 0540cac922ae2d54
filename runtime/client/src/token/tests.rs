use super::*;

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
const OTHER: &[u8] = b"another-secret-another-secret-01";

fn claims() -> Claims {
    let (owner, scope) = ("olga".to_owned(), "read text".to_owned());
    Claims { owner, scope, expires: 1_800_000_600, begins: None, id: None, csrf: None }
}

#[test]
fn what_was_signed_is_read_by_the_secret_and_for_the_audience_only() {
    let token = sign(SECRET, AUDIENCE, &claims()).unwrap();
    assert_eq!(read(&token, &[SECRET], AUDIENCE), Ok(claims()));
    assert_eq!(read(&token, &[OTHER, SECRET], AUDIENCE), Ok(claims()), "while secrets are changed");
    assert_eq!(read(&token, &[OTHER], AUDIENCE), Err(TokenError::Refused));
    assert_eq!(read(&token, &[], AUDIENCE), Err(TokenError::Refused));
    assert_eq!(read(&token, &[SECRET], "greenroom-portal"), Err(TokenError::Refused));
    assert_eq!(sign(b"short", AUDIENCE, &claims()), Err(TokenError::ShortSecret));
}

/// Made by another implementation (Python's `hmac`, `hashlib` and `base64`).
const FOREIGN: &str = include_str!("foreign.jwt");

#[test]
fn a_token_of_another_implementation_is_read() {
    let expected = Claims { expires: 1_800_000_600, ..claims() };
    assert_eq!(read(FOREIGN.trim(), &[SECRET], AUDIENCE), Ok(expected));
}

#[test]
fn no_byte_of_a_token_can_be_another_one() {
    let token = sign(SECRET, AUDIENCE, &claims()).unwrap();
    for at in 0..token.len() {
        let mut forged = token.clone().into_bytes();
        forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
        let forged = String::from_utf8(forged).unwrap();
        // The last character of a digest carries bits that say nothing.
        let last = at == token.len() - 1;
        assert!(last || read(&forged, &[SECRET], AUDIENCE) == Err(TokenError::Refused), "byte {at}");
    }
}

#[test]
fn other_algorithms_and_missing_claims_are_refused() {
    for token in include_str!("refused.jwt").lines().filter(|line| !line.starts_with('#')) {
        assert_eq!(read(token, &[SECRET], AUDIENCE), Err(TokenError::Refused), "{token}");
    }
}

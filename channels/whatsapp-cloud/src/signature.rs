//! Proofs: that a webhook is Meta's, and at set-up that the callback is ours.

use crate::limits::CHALLENGE_BYTES_MAX;
use greenroom_contract::secret::Secret;
use greenroom_contract::webhook::{WebhookError, WebhookRequest};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The header that carries the signature.
pub const HEADER: &str = "x-hub-signature-256";
const DIGEST_BYTES: usize = 32;

/// Checks `X-Hub-Signature-256` over the raw body. The work is the same whether the header is missing, malformed,
/// wrong or right.
pub fn check(app_secret: &Secret, request: &WebhookRequest) -> Result<(), WebhookError> {
    let claimed = claimed(request);
    let expected = sign(app_secret, &request.body);
    let equal = expected.ct_eq(&claimed.unwrap_or_default());
    if bool::from(equal) && claimed.is_some() { Ok(()) } else { Err(WebhookError::Forbidden) }
}

/// The signature that a request carries, right or wrong: one header in Meta's form. `None` shows before the body is read
/// that the request is not Meta's.
pub fn claimed(request: &WebhookRequest) -> Option<[u8; DIGEST_BYTES]> {
    let mut headers = request.headers.iter().filter(|(name, _)| name == HEADER);
    let claimed = headers.next().and_then(|(_, value)| read(value));
    claimed.filter(|_| headers.next().is_none())
}

/// HMAC-SHA256 of a body.
pub fn sign(app_secret: &Secret, body: &[u8]) -> [u8; DIGEST_BYTES] {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(app_secret.expose().as_bytes()).expect("HMAC takes keys of any length");
    mac.update(body);
    mac.finalize().into_bytes().into()
}

/// Reads `sha256=` and 64 hexadecimal digits.
fn read(value: &[u8]) -> Option<[u8; DIGEST_BYTES]> {
    let digits = value.strip_prefix(b"sha256=")?;
    let mut digest = [0; DIGEST_BYTES];
    hex::decode_to_slice(digits, &mut digest).ok()?;
    Some(digest)
}

/// Answers the verification call: the challenge, if the token is ours.
pub fn handshake(verify_token: &Secret, query: &str) -> Result<String, WebhookError> {
    let (mut mode, mut token, mut challenge) = (None, None, None);
    for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match key.as_ref() {
            "hub.mode" => mode = Some(value.into_owned()),
            "hub.verify_token" => token = Some(value.into_owned()),
            "hub.challenge" => challenge = Some(value.into_owned()),
            _ => {}
        }
    }
    // Digests are compared, so that the time does not even tell the length.
    let ours = Sha256::digest(verify_token.expose().as_bytes());
    let theirs = Sha256::digest(token.as_deref().unwrap_or_default().as_bytes());
    let equal = bool::from(ours.ct_eq(&theirs));
    match challenge {
        Some(challenge)
            if equal
                && mode.as_deref() == Some("subscribe")
                && challenge.len() <= CHALLENGE_BYTES_MAX
                && challenge.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)) =>
        {
            Ok(challenge)
        }
        _ => Err(WebhookError::Forbidden),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use proptest::prelude::*;

    fn request(headers: &[&[u8]], body: &'static [u8]) -> WebhookRequest {
        let headers = headers.iter().map(|value| (HEADER.to_owned(), Bytes::copy_from_slice(value))).collect();
        WebhookRequest { headers, query: String::new(), body: Bytes::from_static(body) }
    }

    const BODY: &[u8] = b"what do ya want for nothing?";
    // Test case 2 of RFC 4231.
    const RIGHT: &[u8] = b"sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";

    #[test]
    fn the_right_signature_and_no_other() {
        let secret = Secret::new("Jefe");
        assert_eq!(check(&secret, &request(&[RIGHT], BODY)), Ok(()));
        assert_eq!(check(&secret, &request(&[&RIGHT.to_ascii_uppercase()], BODY)), Err(WebhookError::Forbidden));
        let zeros = format!("sha256={}", "0".repeat(64));
        let wrong: [&[&[u8]]; 7] =
            [&[], &[b""], &[b"sha256="], &[&RIGHT[7..]], &[&RIGHT[..70]], &[zeros.as_bytes()], &[RIGHT, RIGHT]];
        for headers in wrong {
            let request = request(headers, BODY);
            assert_eq!(check(&secret, &request), Err(WebhookError::Forbidden), "{headers:?}");
            // Only zeros in the right form have to wait for the body.
            assert_eq!(claimed(&request).is_some(), headers == [zeros.as_bytes()], "{headers:?}");
        }
        assert_eq!(check(&secret, &request(&[RIGHT], b"another body")), Err(WebhookError::Forbidden));
        assert_eq!(check(&Secret::new("jefe"), &request(&[RIGHT], BODY)), Err(WebhookError::Forbidden));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]
        #[test]
        fn ten_thousand_wrong_signatures_are_refused(value in proptest::collection::vec(any::<u8>(), 0..100), hex in "[0-9a-f]{64}") {
            let secret = Secret::new("Jefe");
            let signed = format!("sha256={hex}");
            prop_assert!(check(&secret, &request(&[&value], BODY)).is_err());
            prop_assert!(check(&secret, &request(&[signed.as_bytes()], BODY)).is_err());
        }
    }

    #[test]
    fn the_handshake_wants_mode_token_and_challenge() {
        let token = Secret::new("t k+1");
        let ok = |query: &str| handshake(&token, query);
        assert_eq!(
            ok("hub.mode=subscribe&hub.verify_token=t%20k%2B1&hub.challenge=1158201444").as_deref(),
            Ok("1158201444")
        );
        for query in [
            "",
            "hub.mode=subscribe&hub.challenge=1",
            "hub.mode=unsubscribe&hub.verify_token=t%20k%2B1&hub.challenge=1",
            "hub.mode=subscribe&hub.verify_token=t&hub.challenge=1",
            "hub.mode=subscribe&hub.verify_token=t%20k%2B1",
            "hub.mode=subscribe&hub.verify_token=t%20k%2B1&hub.challenge=%3Cscript%3E",
        ] {
            assert_eq!(ok(query), Err(WebhookError::Forbidden), "{query}");
        }
    }
}

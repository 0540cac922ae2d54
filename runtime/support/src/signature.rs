//! The proof that a request comes from here, and when it was made: for web services that are called with a shared secret.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The header with the moment of the request: seconds since 1970-01-01T00:00:00Z.
pub const TIMESTAMP_HEADER: &str = "x-greenroom-timestamp";
/// The header with the signature: `sha256=` and 64 hexadecimal digits.
pub const SIGNATURE_HEADER: &str = "x-greenroom-signature";

/// HMAC-SHA256 over the timestamp as it is in its header, a dot, and the body as it is sent.
#[must_use]
pub fn sign(secret: &[u8], timestamp: u64, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes keys of any length");
    mac.update(timestamp.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by `printf '1795000000.{"v":1}' | openssl dgst -sha256 -hmac 'a secret of some length'`.
    #[test]
    fn it_is_what_other_programs_compute() {
        let secret = b"a secret of some length";
        let signature = sign(secret, 1_795_000_000, br#"{"v":1}"#);
        assert_eq!(signature, "sha256=346943903bc635b684ef35239fc79690a884c2856f6e3bfe41ef6c5bee3187c1");
        assert_ne!(signature, sign(secret, 1_795_000_001, br#"{"v":1}"#), "the moment is signed too");
        assert_ne!(signature, sign(b"another secret", 1_795_000_000, br#"{"v":1}"#));
    }
}

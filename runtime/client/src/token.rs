//! Signed tokens, by which a program acts for an owner: JWT with HS256 and no other algorithm.
//!
//! The algorithm comes from crates that the rest of the program uses too, so that no RSA is built for it.

use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::signature::{self, Signer, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// The audience of a gateway that configures none.
pub const AUDIENCE: &str = "greenroom";

/// Shortest secret, in bytes: as long as the digest, as RFC 7518 wants it.
pub const SECRET_BYTES_MIN: usize = 32;

/// What a token says. Times are seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The owner for whom its bearer acts.
    #[serde(rename = "sub")]
    pub owner: String,
    /// What the bearer may do: words with spaces between them.
    #[serde(default)]
    pub scope: String,
    /// When it stops being good.
    #[serde(rename = "exp", deserialize_with = "seconds")]
    pub expires: u64,
    /// From when on it is good, where that is told.
    #[serde(rename = "nbf", default, deserialize_with = "some_seconds", skip_serializing_if = "Option::is_none")]
    pub begins: Option<u64>,
    /// Its own name, where it can be taken back.
    #[serde(rename = "jti", default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What a page has to repeat with each change, where it is kept in a cookie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub csrf: Option<String>,
}

/// Why there is no token, or why it is worth nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The secret is too short to sign with.
    #[error("the secret is too short: it needs {SECRET_BYTES_MIN} bytes at least")]
    ShortSecret,
    /// It is no token, or was signed by another secret or algorithm, or for another audience, or lacks a claim.
    #[error("the token is not good here")]
    Refused,
}

#[derive(Serialize)]
struct Signed<'a> {
    aud: &'a str,
    #[serde(flatten)]
    claims: &'a Claims,
}

/// Signs these claims for an audience.
pub fn sign(secret: &[u8], audience: &str, claims: &Claims) -> Result<String, TokenError> {
    if secret.len() < SECRET_BYTES_MIN {
        return Err(TokenError::ShortSecret);
    }
    provide();
    let signed = Signed { aud: audience, claims };
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), &signed, &EncodingKey::from_secret(secret))
        .map_err(|_| TokenError::Refused)
}

/// What a token says that one of these secrets signed for this audience. Whether it is its time is not asked.
pub fn read(token: &str, secrets: &[&[u8]], audience: &str) -> Result<Claims, TokenError> {
    provide();
    let mut rules = Validation::new(Algorithm::HS256);
    rules.set_audience(&[audience]);
    rules.set_required_spec_claims(&["exp", "aud", "sub"]);
    // The caller has a clock of its own.
    rules.validate_exp = false;
    let read = |secret: &&[u8]| jsonwebtoken::decode(token, &DecodingKey::from_secret(secret), &rules).ok();
    secrets.iter().find_map(read).map(|data| data.claims).ok_or(TokenError::Refused)
}

/// Numeric dates may have fractions; some programs write them.
fn seconds<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let number = f64::deserialize(deserializer)?;
    if number < 0.0 {
        return Err(serde::de::Error::custom("before 1970"));
    }
    // Saturates, and what is that far ahead is refused.
    Ok(number as u64)
}

fn some_seconds<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    seconds(deserializer).map(Some)
}

/// Gives the library its algorithm. A program that gave it another provider keeps that one: it knows HS256 as well.
fn provide() {
    static PROVIDER: CryptoProvider =
        CryptoProvider { signer_factory: signer, verifier_factory: verifier, key_utils: KeyUtils::new_unimplemented() };
    let _ = PROVIDER.install_default();
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the library's own form")]
fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>, Error> {
    Ok(Box::new(Hs256::new(*algorithm, key.as_bytes())?))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the library's own form")]
fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>, Error> {
    Ok(Box::new(Hs256::new(*algorithm, key.try_get_as_bytes()?)?))
}

struct Hs256(Hmac<Sha256>);

impl Hs256 {
    fn new(algorithm: Algorithm, key: &[u8]) -> Result<Self, Error> {
        if algorithm != Algorithm::HS256 {
            return Err(ErrorKind::InvalidAlgorithm.into());
        }
        Hmac::new_from_slice(key).map(Self).map_err(|_| ErrorKind::InvalidKeyFormat.into())
    }
}

impl Signer<Vec<u8>> for Hs256 {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        let mut mac = self.0.clone();
        mac.update(message);
        Ok(mac.finalize().into_bytes().to_vec())
    }
}

impl JwtSigner for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl Verifier<Vec<u8>> for Hs256 {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        let mut mac = self.0.clone();
        mac.update(message);
        // In a time that does not tell how much of it is right.
        mac.verify_slice(signature).map_err(|_| signature::Error::new())
    }
}

impl JwtVerifier for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

#[cfg(test)]
mod tests;

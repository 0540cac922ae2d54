//! Text that must not be printed: tokens, keys, passwords.

use serde::{Deserialize, Deserializer};
use std::fmt;
use zeroize::Zeroizing;

/// A secret text. `Debug` hides it, the memory is wiped when it is dropped, and it cannot be
/// serialized. In configuration it is written as `{ env = "NAME" }`, never in plain.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Wraps a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text itself. Only for the one place that needs it; never for a log.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reference {
    env: String,
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let reference = Reference::deserialize(deserializer).map_err(|_| {
            serde::de::Error::custom("a secret is written as { env = \"NAME\" }, and NAME is an environment variable")
        })?;
        match std::env::var(&reference.env) {
            Ok(value) if !value.is_empty() => Ok(Self::new(value)),
            _ => Err(serde::de::Error::custom(format!("the environment variable {} is not set", reference.env))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_hides_it() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "Secret(…)");
    }

    #[test]
    fn a_plain_secret_in_a_file_is_refused() {
        let error = serde_json::from_str::<Secret>("\"hunter2\"").unwrap_err().to_string();
        assert!(error.contains("{ env = \"NAME\" }") && !error.contains("hunter2"), "{error}");
    }
}

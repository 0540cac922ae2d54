//! Text that must not be printed: tokens, keys, passwords.

use serde::{Deserialize, Deserializer};
use std::fmt;
use zeroize::Zeroizing;

/// A secret text. `Debug` hides it, the memory is wiped when it is dropped, and it cannot be
/// serialized. In configuration it is written as `{ env = "NAME" }`, never in plain; who reads the
/// configuration looks the variable up and hands its value over with [`Secret::handed_over`].
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

    /// The value that a component reads as this secret. It holds the text: only for a table that goes to a
    /// component and nowhere else.
    pub fn handed_over(&self) -> toml::Value {
        let text = toml::Value::String(self.expose().to_owned());
        toml::Value::Table([(HANDED_OVER.to_owned(), text)].into_iter().collect())
    }
}

/// The key of a looked-up secret, which no configuration can write: it is refused there.
const HANDED_OVER: &str = "looked up";

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What stands for a secret.
#[derive(Deserialize)]
enum Written {
    #[serde(rename = "looked up")]
    HandedOver(String),
    #[serde(rename = "env")]
    Variable(String),
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Written::deserialize(deserializer) {
            Ok(Written::HandedOver(text)) => Ok(Self::new(text)),
            Ok(Written::Variable(name)) => {
                Err(serde::de::Error::custom(format!("the environment variable {name} was not looked up")))
            }
            Err(_) => Err(serde::de::Error::custom(
                "a secret is written as { env = \"NAME\" }, and NAME is an environment variable",
            )),
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

    #[test]
    fn a_secret_that_was_looked_up_is_read_and_a_name_alone_is_not() {
        let secret = Secret::new("hunter2");
        assert_eq!(Secret::deserialize(secret.handed_over()), Ok(secret));
        // This variable is set wherever tests run; reading does no I/O.
        let named: toml::Table = "token = { env = \"PATH\" }".parse().unwrap();
        let error = Secret::deserialize(named["token"].clone()).unwrap_err().to_string();
        assert!(error.contains("PATH was not looked up"), "{error}");
    }
}

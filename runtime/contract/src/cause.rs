//! Why something failed: the error below, kept whole.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::error::Error;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// The reason in an error of this contract: an error from below with everything below it, or plain words.
///
/// Cheap to clone, and sent between actors where the error itself could be neither cloned nor compared. It is made with
/// `into()` from any error, from a `String` or from a `&str`, and it is the [`source`](Error::source) of the error
/// that holds it. It is printed with all its sources, is compared by that text, and is serialized as that text.
#[derive(Clone)]
pub struct Cause(Arc<dyn Error + Send + Sync>);

impl<E: Into<Box<dyn Error + Send + Sync>>> From<E> for Cause {
    fn from(error: E) -> Self {
        let error: Box<dyn Error + Send + Sync> = error.into();
        Self(Arc::from(error))
    }
}

impl Deref for Cause {
    type Target = dyn Error + Send + Sync;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&chain(&*self.0))
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&chain(&*self.0), f)
    }
}

impl PartialEq for Cause {
    fn eq(&self, other: &Self) -> bool {
        chain(&*self.0) == chain(&*other.0)
    }
}

impl Eq for Cause {}

impl Serialize for Cause {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Cause {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

/// An error and all its sources in one line, such as `error sending request: tcp connect error: connection refused`.
/// Sources whose words end what is there already are not repeated: many errors print their source themselves.
pub fn chain(error: &dyn Error) -> String {
    let text = error.to_string();
    let Some(source) = error.source() else { return text };
    let (words, below) = (source.to_string(), chain(source));
    if text.ends_with(&below) {
        return text;
    }
    // It prints its source, but not what lies below that.
    match below.strip_prefix(&words) {
        Some(rest) if text.ends_with(&words) => text + rest,
        _ => text + ": " + &below,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("connection refused")]
    struct Refused;

    #[derive(Debug, thiserror::Error)]
    #[error("builder error")]
    struct Builder(#[source] Refused);

    #[derive(Debug, thiserror::Error)]
    #[error("not sent: {reason}")]
    struct NotSent {
        #[source]
        reason: Cause,
    }

    #[derive(Debug, thiserror::Error)]
    #[error("half: {0}")]
    struct Half(#[source] Builder);

    #[test]
    fn an_error_is_printed_with_its_sources() {
        assert_eq!(Cause::from(Builder(Refused)).to_string(), "builder error: connection refused");
        assert_eq!(Cause::from("no words but these").to_string(), "no words but these");
    }

    #[test]
    fn what_an_error_prints_itself_is_not_repeated() {
        let error = NotSent { reason: Builder(Refused).into() };
        assert_eq!(error.to_string(), "not sent: builder error: connection refused");
        assert_eq!(chain(&error), error.to_string());
        let half = Half(Builder(Refused));
        assert_eq!(chain(&half), "half: builder error: connection refused");
    }

    #[test]
    fn the_error_below_is_still_there() {
        let error = NotSent { reason: Builder(Refused).into() };
        let source = error.source().and_then(<dyn Error>::downcast_ref::<Builder>);
        assert!(source.is_some_and(|builder| builder.source().is_some_and(<dyn Error>::is::<Refused>)));
    }

    #[test]
    fn it_is_compared_and_stored_as_its_text() {
        let cause = Cause::from(Builder(Refused));
        assert_eq!(cause, Cause::from("builder error: connection refused"));
        assert_ne!(cause, Cause::from("builder error"));
        let stored = serde_json::to_string(&cause).unwrap();
        assert_eq!(stored, "\"builder error: connection refused\"");
        assert_eq!(serde_json::from_str::<Cause>(&stored).unwrap(), cause);
    }
}

//! What a caller may do, in words.

use std::fmt;
use std::str::FromStr;

/// One thing that a caller may do. None of them holds another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Word {
    /// See sessions, traces, counts and settings; no text of messages.
    Read,
    /// See what people and the bot said.
    Text,
    /// Send messages.
    Send,
    /// Link, connect, pause and release.
    Control,
    /// Change who is admitted, and how channels are set up.
    Settings,
    /// Disconnect, forget.
    Delete,
    /// See and do that for every owner, and what concerns the whole process.
    Admin,
}

impl Word {
    pub(crate) const ALL: [Self; 7] =
        [Self::Read, Self::Text, Self::Send, Self::Control, Self::Settings, Self::Delete, Self::Admin];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Text => "text",
            Self::Send => "send",
            Self::Control => "control",
            Self::Settings => "settings",
            Self::Delete => "delete",
            Self::Admin => "admin",
        }
    }

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// A set of scopes.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Scopes(u8);

impl Scopes {
    pub(crate) fn all() -> Self {
        Self::of(&Word::ALL)
    }

    pub(crate) fn of(words: &[Word]) -> Self {
        Self(words.iter().fold(0, |set, word| set | word.bit()))
    }

    pub(crate) fn has(self, word: Word) -> bool {
        self.0 & word.bit() != 0
    }

    pub(crate) fn words(self) -> impl Iterator<Item = Word> {
        Word::ALL.into_iter().filter(move |word| self.has(*word))
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, word) in self.words().enumerate() {
            if at > 0 {
                f.write_str(" ")?;
            }
            f.write_str(word.as_str())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scopes({self})")
    }
}

/// A word that is no scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{word:?} is not a scope; there are read, text, send, control, settings, delete and admin")]
pub(crate) struct UnknownScope {
    word: String,
}

impl FromStr for Scopes {
    type Err = UnknownScope;

    /// Words between spaces or commas.
    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        let mut words = text.split([' ', ',']).filter(|word| !word.is_empty());
        words.try_fold(Self::default(), |set, word| {
            let known = Word::ALL.into_iter().find(|known| known.as_str() == word);
            known.map(|known| Self(set.0 | known.bit())).ok_or_else(|| UnknownScope { word: word.to_owned() })
        })
    }
}

/// A scope in a type: what a route demands.
pub(crate) trait Scope: Sync + std::marker::Send + 'static {
    /// The word; `None` where it is enough to be known.
    const WORD: Option<Word>;
}

macro_rules! scopes {
    ($($name:ident $word:expr;)*) => {$(
        #[derive(Debug)]
        pub(crate) enum $name {}

        impl Scope for $name {
            const WORD: Option<Word> = $word;
        }
    )*};
}

scopes! {
    Anything None;
    Read Some(Word::Read);
    Text Some(Word::Text);
    Send Some(Word::Send);
    Control Some(Word::Control);
    Settings Some(Word::Settings);
    Delete Some(Word::Delete);
    Admin Some(Word::Admin);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_set_is_read_as_it_is_written(bits in 0_u8..128) {
            let set = Scopes(bits);
            prop_assert_eq!(set.to_string().parse::<Scopes>(), Ok(set));
            prop_assert_eq!(set.to_string().replace(' ', ",").parse::<Scopes>(), Ok(set));
        }
    }

    #[test]
    fn an_unknown_word_is_told() {
        assert_eq!("read admins".parse::<Scopes>(), Err(UnknownScope { word: "admins".to_owned() }));
        assert_eq!("Read".parse::<Scopes>(), Err(UnknownScope { word: "Read".to_owned() }));
        assert_eq!("".parse::<Scopes>(), Ok(Scopes::default()));
    }
}

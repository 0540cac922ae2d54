//! Linking an account, as a list of steps.
//!
//! A screen renders steps and knows no network. The steps of one linking run come over a bounded
//! channel, each replacing the one before; the run ends with a step that [is the last](LinkStep::is_last).

use crate::cause::Cause;
use crate::limits;
use crate::secret::Secret;
use crate::time::Timestamp;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// What a person should know before the first account of a channel is linked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Linking {
    /// What is synced and processed here, what the network may do about automation, what a compromised
    /// host could do, what is stored and for how long, and what is advised: paragraphs of plain text. It must be
    /// accepted before the first link.
    pub warning: String,
}

/// When the phone behind an account last showed itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhoneSeen {
    /// When.
    pub at: Timestamp,
    /// How long it may stay away before the network unlinks its companions.
    pub absent_max: Duration,
}

/// What the person who links has to do now. A screen that renders these six kinds can link an account of any network: what is
/// to be said about a network's app stands in the sentences of its adapter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
#[non_exhaustive]
pub enum LinkStep {
    /// Show something until it expires or another step comes.
    Show(Showing),
    /// Ask the person, and hand over what was typed with [`Pairing::answer`].
    Ask(Question),
    /// Open a page in a browser; the run goes on by itself once the person is through there.
    Open(Page),
    /// Wait: something goes on here, or the person acts elsewhere.
    Wait {
        /// What goes on, or what to do, in a sentence.
        guidance: String,
        /// When the network stops waiting; `None` where nothing is wanted of the person.
        valid_until: Option<Timestamp>,
    },
    /// Linked.
    Done {
        /// The linked number or name, to be shown.
        label: String,
    },
    /// It did not work. May be started again.
    Failed {
        /// What kind of failure it was, for programs.
        failure: LinkFailure,
        /// Why, in a sentence.
        reason: String,
        /// What to do now, in a sentence.
        next: String,
    },
}

/// Something that is shown while its time runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Showing {
    /// What is shown.
    pub shown: Shown,
    /// What to do with it, in a sentence.
    pub guidance: String,
    /// When it stops working. Never shown after that.
    pub valid_until: Timestamp,
    /// Which rotation this is, from 1.
    pub number: u32,
    /// How many rotations there are before linking must be started again.
    pub of: u32,
}

/// What can be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shown {
    /// The content of a QR code, to be drawn and scanned.
    Qr(String),
    /// A code that is typed elsewhere.
    Text(String),
}

/// What a person is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// What is asked and why, in a sentence. Asked once more, it says what was wrong with the answer.
    pub guidance: String,
    /// What is to be typed, in this order. 1 to [`limits::LINK_FIELDS_MAX`].
    pub fields: Vec<Field>,
    /// When the network stops waiting; `None` if it does not.
    pub valid_until: Option<Timestamp>,
}

/// One thing that is typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// Its name for programs, unique within its question.
    pub name: String,
    /// What stands before the input.
    pub label: String,
    /// Whether it must not be shown while it is typed.
    pub secret: bool,
}

/// A page that is opened in a browser.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// Its address, `https://…`.
    pub address: String,
    /// What to do there, in a sentence.
    pub guidance: String,
    /// When it stops working; `None` if it does not.
    pub valid_until: Option<Timestamp>,
}

/// What kind of failure ended a linking run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LinkFailure {
    /// What was shown or asked was not used in time.
    Expired,
    /// The network allows so many devices on one account, and all places are taken.
    NoRoom {
        /// How many.
        devices_max: u32,
    },
    /// It was cancelled.
    Cancelled,
    /// Anything else; the sentences say it.
    Other,
}

impl LinkStep {
    /// The account was not linked, and may be once the cause is gone.
    pub fn failed(reason: impl Into<String>, next: impl Into<String>) -> Self {
        Self::Failed { failure: LinkFailure::Other, reason: reason.into(), next: next.into() }
    }

    /// What was shown was not used in time.
    pub fn expired() -> Self {
        let reason = "the codes expired before one was used".to_owned();
        Self::Failed { failure: LinkFailure::Expired, reason, next: "link again".to_owned() }
    }

    /// All `devices_max` places of the account are taken.
    pub fn no_room(devices_max: u32) -> Self {
        let reason = format!("{devices_max} devices are linked to this phone, which is all it may have");
        Self::Failed {
            failure: LinkFailure::NoRoom { devices_max },
            reason,
            next: "remove one on the phone, then link again".to_owned(),
        }
    }

    /// Something goes on that wants nothing of the person.
    pub fn wait(guidance: impl Into<String>) -> Self {
        Self::Wait { guidance: guidance.into(), valid_until: None }
    }

    /// The content of the QR code that it shows.
    pub fn qr(&self) -> Option<&str> {
        match self {
            Self::Show(Showing { shown: Shown::Qr(code), .. }) => Some(code),
            _ => None,
        }
    }

    /// The code that it shows, in whatever form.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Show(Showing { shown: Shown::Qr(code) | Shown::Text(code), .. }) => Some(code),
            _ => None,
        }
    }

    /// Whether what was shown or asked was not used in time.
    pub fn is_expired(&self) -> bool {
        matches!(self, Self::Failed { failure: LinkFailure::Expired, .. })
    }

    /// Whether nothing comes after it.
    pub fn is_last(&self) -> bool {
        matches!(self, Self::Done { .. } | Self::Failed { .. })
    }

    /// When what it shows stops working.
    pub fn valid_until(&self) -> Option<Timestamp> {
        match self {
            Self::Show(Showing { valid_until, .. }) => Some(*valid_until),
            Self::Ask(Question { valid_until, .. })
            | Self::Open(Page { valid_until, .. })
            | Self::Wait { valid_until, .. } => *valid_until,
            Self::Done { .. } | Self::Failed { .. } => None,
        }
    }
}

/// What was typed, by the names of the fields. `Debug` hides the values.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Answers(BTreeMap<String, Secret>);

impl Answers {
    /// Collects what was typed. Of two values for one field the last one counts.
    pub fn new(typed: impl IntoIterator<Item = (String, Secret)>) -> Self {
        Self(typed.into_iter().collect())
    }

    /// What was typed into this field. Not empty for a field of the question that was [checked](Question::check).
    pub fn get(&self, field: &str) -> &str {
        self.0.get(field).map_or("", Secret::expose)
    }
}

impl fmt::Debug for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Why answers do not fit a question. Says nothing of what was typed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnswersRefused {
    /// Type something there.
    #[error("{0} is empty")]
    Empty(String),
    /// Type less there.
    #[error("{0} is longer than {max} bytes", max = limits::LINK_ANSWER_MAX)]
    TooLong(String),
    /// Only what was asked can be answered.
    #[error("{name} was not asked; asked: {asked}")]
    NotAsked {
        /// The name that was given, shortened.
        name: String,
        /// The names of the question's fields, with commas.
        asked: String,
    },
}

impl Question {
    /// Whether each field, and nothing else, was answered.
    pub fn check(&self, answers: &Answers) -> Result<(), AnswersRefused> {
        let is_asked = |name: &String| self.fields.iter().any(|field| field.name == *name);
        if let Some(name) = answers.0.keys().find(|name| !is_asked(name)) {
            let asked: Vec<&str> = self.fields.iter().map(|field| field.name.as_str()).collect();
            let name = name.chars().take(limits::LINK_NAME_SHOWN_MAX).collect();
            return Err(AnswersRefused::NotAsked { name, asked: asked.join(", ") });
        }
        for field in &self.fields {
            match answers.get(&field.name) {
                typed if typed.trim().is_empty() => return Err(AnswersRefused::Empty(field.name.clone())),
                typed if typed.len() > limits::LINK_ANSWER_MAX => {
                    return Err(AnswersRefused::TooLong(field.name.clone()));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// How to link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkMethod {
    /// By a QR code that the phone scans.
    Qr,
    /// By a code that is typed on the phone with this number (digits with `+`).
    Code {
        /// The phone number.
        phone: String,
    },
}

/// An ability of a [`crate::channel::Link`]: to be linked by a person.
#[async_trait]
pub trait Pairing: Send + Sync {
    /// Starts or restarts a linking run. Steps arrive on `steps` until the run ends or `stop` is
    /// cancelled. Returns once the run ended. Must not be called while one is under way.
    async fn link(&self, method: LinkMethod, steps: mpsc::Sender<LinkStep>, stop: CancellationToken);

    /// Hands over what was typed for the [question](LinkStep::Ask) that the run asked last; it fits the question. The run goes on with
    /// another step, which is the question once more if the network did not accept the answer. Called while
    /// [`Pairing::link`] runs, and returns without waiting for the network. A network that asks nothing need not have it.
    async fn answer(&self, answers: Answers) {
        drop(answers);
    }

    /// Unlinks: tells the network to remove this device, then forgets the keys.
    async fn logout(&self) -> Result<(), LogoutError>;
}

/// Why unlinking was not completed.
#[derive(Debug, thiserror::Error)]
pub enum LogoutError {
    /// The network could not be told; the keys are kept, so that it can be tried again.
    #[error("the network could not be told: {reason}")]
    Unreachable {
        /// The cause.
        #[source]
        reason: Cause,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn question(names: &[&str]) -> Question {
        let field = |name: &&str| Field { name: (*name).to_owned(), label: "what".to_owned(), secret: true };
        Question { guidance: "type it".to_owned(), fields: names.iter().map(field).collect(), valid_until: None }
    }

    fn answers(typed: &[(&str, &str)]) -> Answers {
        Answers::new(typed.iter().map(|(name, value)| ((*name).to_owned(), Secret::new(*value))))
    }

    #[test]
    fn answers_fit_the_question_or_are_refused_by_name() {
        let asked = question(&["number", "pin"]);
        assert_eq!(asked.check(&answers(&[("pin", "1234"), ("number", "+1555")])), Ok(()));
        assert_eq!(asked.check(&answers(&[("pin", "1234")])), Err(AnswersRefused::Empty("number".to_owned())));
        let blank = asked.check(&answers(&[("number", "+1555"), ("pin", " \n")]));
        assert_eq!(blank, Err(AnswersRefused::Empty("pin".to_owned())));
        let more = asked.check(&answers(&[("number", "+1555"), ("pin", "1"), ("password", "x")]));
        assert_eq!(more.unwrap_err().to_string(), "password was not asked; asked: number, pin");
        let long = "x".repeat(limits::LINK_ANSWER_MAX + 1);
        assert!(matches!(asked.check(&answers(&[("number", &long), ("pin", "1")])), Err(AnswersRefused::TooLong(_))));
    }

    proptest! {
        /// Neither `Debug` nor a refusal tells what was typed.
        #[test]
        fn what_was_typed_is_never_shown(name in "[a-z]{1,8}", canary in "canary[0-9]{12}") {
            let typed = answers(&[(&name, &canary)]);
            let refusal = question(&["other"]).check(&typed).unwrap_err();
            let said = format!("{typed:?} {refusal} {refusal:?}");
            prop_assert!(!said.contains(&canary));
        }
    }
}

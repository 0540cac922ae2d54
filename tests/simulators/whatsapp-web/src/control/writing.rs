//! What a person writes, as the control API takes it.

use super::Answer;
use crate::Simulator;
use crate::people::{Address, Draft, Heard};
use anyhow::{Context as _, Result, bail};
use axum::Json;
use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::json;

/// `POST /control/write`: one of `text`, `image`, `voice`, `document`, `reaction`, `edit`, `revoke`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Writing {
    /// Who writes.
    pub number: String,
    /// To whom: a phone number, `lid:DIGITS`, `ID@g.us`, or `self`.
    pub to: String,
    /// The id of the message, if it should not be a fresh one.
    pub id: Option<String>,
    /// Words; the caption beside `image`, the new words beside `edit`.
    pub text: Option<String>,
    /// A picture in base64.
    pub image: Option<String>,
    /// A voice note in base64.
    pub voice: Option<String>,
    /// How long the voice note is.
    pub seconds: u32,
    /// A file in base64.
    pub document: Option<String>,
    /// An emoji in reaction to the heard message `quote`; empty takes it back.
    pub reaction: Option<String>,
    /// The id of an own message that gets new words.
    pub edit: Option<String>,
    /// The id of an own message that is deleted for everyone.
    pub revoke: Option<String>,
    /// The id of a heard message that this answers.
    pub quote: Option<String>,
    /// Whom it mentions, written as `to`.
    pub mentions: Vec<String>,
}

pub(super) async fn write(State(simulator): State<Simulator>, Json(body): Json<Writing>) -> Answer {
    let phone = simulator.known_phone(&body.number)?;
    let quoted = match &body.quote {
        None => None,
        Some(id) => Some(phone.heard().into_iter().find(|heard| heard.id == *id).context("quote was not heard")?),
    };
    let draft = body.draft(quoted.as_ref())?;
    let id = phone.send(&address(&body.to), draft).await?;
    Ok(Json(json!({"id": id})))
}

impl Writing {
    fn draft(&self, quoted: Option<&Heard>) -> Result<Draft> {
        let decoded = |text: &str| STANDARD.decode(text).context("not base64");
        let mut draft = if let Some(image) = &self.image {
            Draft::image(decoded(image)?, self.text.as_deref())
        } else if let Some(voice) = &self.voice {
            Draft::voice(decoded(voice)?, self.seconds)
        } else if let Some(document) = &self.document {
            Draft::document(decoded(document)?, self.text.as_deref().unwrap_or("file"))
        } else if let Some(emoji) = &self.reaction {
            let quoted = quoted.context("a reaction needs `quote`")?;
            return Ok(self.identified(Draft::reaction(quoted, emoji)));
        } else if let Some(of) = &self.edit {
            Draft::edit(of, self.text.as_deref().context("an edit needs `text`")?)
        } else if let Some(of) = &self.revoke {
            Draft::revoke(of)
        } else if let Some(text) = &self.text {
            Draft::text(text)
        } else {
            bail!("nothing is said");
        };
        if let Some(quoted) = quoted {
            draft = draft.quoting(quoted);
        }
        Ok(self.identified(draft.mentioning(self.mentions.iter().map(|mention| address(mention)))))
    }

    fn identified(&self, draft: Draft) -> Draft {
        match &self.id {
            Some(id) => draft.with_id(id),
            None => draft,
        }
    }
}

/// Whom `to` names.
pub(super) fn address(to: &str) -> Address {
    match to {
        "self" => Address::Myself,
        to if to.ends_with("@g.us") => Address::group(to),
        to => match to.strip_prefix("lid:").or_else(|| to.strip_suffix("@lid")) {
            Some(lid) => Address::lid(lid),
            None => Address::pn(to),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_named_in_four_ways() {
        assert_eq!(address("self"), Address::Myself);
        assert_eq!(address("+1 555 000 1111"), Address::pn("15550001111"));
        assert_eq!(address("lid:77"), Address::lid("77"));
        assert_eq!(address("1203@g.us"), Address::group("1203"));
    }
}

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
use whatsapp_rust::waproto::codec;

/// `POST /control/write`: one of `text`, `image`, `voice`, `document`, `sticker`, `location`, `contact`, `tap`,
/// `reaction`, `edit`, `revoke`, `status`, `raw`.
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
    /// A file in base64; its words are `text`.
    pub document: Option<String>,
    /// The name of the file.
    pub name: Option<String>,
    /// Its media type.
    pub mime: Option<String>,
    /// A sticker in base64.
    pub sticker: Option<String>,
    /// A place: latitude and longitude.
    pub location: Option<(f64, f64)>,
    /// A card: a name and a number.
    pub contact: Option<(String, String)>,
    /// The id of the option that is tapped; its title is `text`.
    pub tap: Option<String>,
    /// An emoji in reaction to the heard message `quote`, or to the own message `of`; empty takes it back.
    pub reaction: Option<String>,
    /// The id of an own message, beside `reaction` or `text`: what it answers, though it was not heard.
    pub of: Option<String>,
    /// The id of an own message that gets new words.
    pub edit: Option<String>,
    /// The id of an own message that is deleted for everyone.
    pub revoke: Option<String>,
    /// Words for everybody named by `to` to see as a status.
    pub status: Option<String>,
    /// Any message, as its protobuf in base64.
    pub raw: Option<String>,
    /// The id of a heard message that this answers.
    pub quote: Option<String>,
    /// Whom it mentions, written as `to`.
    pub mentions: Vec<String>,
    /// Whether it can be viewed once.
    pub view_once: bool,
    /// After how many seconds it disappears.
    pub timer: Option<u32>,
    /// Whether it was forwarded.
    pub forwarded: bool,
    /// Whether an edit is written within another layer.
    pub wrapped: bool,
}

pub(super) async fn write(State(simulator): State<Simulator>, Json(body): Json<Writing>) -> Answer {
    let phone = simulator.known_phone(&body.number)?;
    if let Some(words) = &body.status {
        let id = phone.post_status(&[address(&body.to)], words).await?;
        return Ok(Json(json!({"id": id})));
    }
    let quoted = match &body.quote {
        None => None,
        Some(id) => Some(phone.heard().into_iter().find(|heard| heard.id == *id).context("quote was not heard")?),
    };
    let draft = body.wrapped(body.draft(quoted.as_ref())?);
    let id = phone.send(&address(&body.to), draft).await?;
    Ok(Json(json!({"id": id})))
}

impl Writing {
    fn draft(&self, quoted: Option<&Heard>) -> Result<Draft> {
        let mut draft = if let Some(emoji) = &self.reaction {
            let draft = match (quoted, &self.of) {
                (Some(quoted), _) => Draft::reaction(quoted, emoji),
                (None, Some(own)) => Draft::reaction_to_own(own, emoji),
                (None, None) => bail!("a reaction needs `quote` or `of`"),
            };
            return Ok(self.identified(draft));
        } else if let Some(of) = &self.edit {
            Draft::edit(of, self.text.as_deref().context("an edit needs `text`")?)
        } else if let Some(of) = &self.revoke {
            Draft::revoke(of)
        } else {
            self.content()?
        };
        if let Some(quoted) = quoted {
            draft = draft.quoting(quoted);
        } else if let Some(own) = &self.of {
            draft = draft.quoting_own(own, "something");
        }
        Ok(self.identified(draft.mentioning(self.mentions.iter().map(|mention| address(mention)))))
    }

    fn content(&self) -> Result<Draft> {
        let decoded = |text: &str| STANDARD.decode(text).context("not base64");
        Ok(if let Some(image) = &self.image {
            Draft::image(decoded(image)?, self.text.as_deref())
        } else if let Some(voice) = &self.voice {
            Draft::voice(decoded(voice)?, self.seconds)
        } else if let Some(document) = &self.document {
            let mime = self.mime.as_deref().unwrap_or("application/octet-stream");
            Draft::file(decoded(document)?, self.name.as_deref().unwrap_or("file"), mime, self.text.as_deref())
        } else if let Some(sticker) = &self.sticker {
            Draft::sticker(decoded(sticker)?)
        } else if let Some((latitude, longitude)) = self.location {
            Draft::location(latitude, longitude)
        } else if let Some((name, number)) = &self.contact {
            Draft::contact(name, number)
        } else if let Some(id) = &self.tap {
            Draft::tap(id, self.text.as_deref().unwrap_or(id))
        } else if let Some(raw) = &self.raw {
            Draft::raw(codec::message_decode(&decoded(raw)?).context("not a message")?)
        } else if let Some(text) = &self.text {
            Draft::text(text)
        } else {
            bail!("nothing is said");
        })
    }

    fn wrapped(&self, mut draft: Draft) -> Draft {
        if self.view_once {
            draft = draft.view_once();
        }
        if let Some(seconds) = self.timer {
            draft = draft.disappearing(seconds);
        }
        if self.forwarded {
            draft = draft.forwarded();
        }
        if self.wrapped { draft.wrapped() } else { draft }
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
    fn everything_that_people_write_can_be_ordered() {
        let ordered = |order: serde_json::Value| serde_json::from_value::<Writing>(order).unwrap().draft(None);
        for order in [
            json!({"text": "hi", "timer": 60, "forwarded": true}),
            json!({"image": "AA==", "view_once": true}),
            json!({"sticker": "AA=="}),
            json!({"document": "AA==", "name": "a.pdf", "mime": "application/pdf", "text": "read"}),
            json!({"tap": "a", "text": "A"}),
            json!({"location": [1.5, 2.5]}),
            json!({"contact": ["Ben", "15550000002"]}),
            json!({"reaction": "👍", "of": "A1"}),
            json!({"text": "yes", "of": "A1"}),
            json!({"edit": "A1", "text": "better", "wrapped": true}),
            json!({"raw": STANDARD.encode(b"\x0a\x02hi")}),
        ] {
            assert!(ordered(order.clone()).is_ok(), "{order}");
        }
        for order in [json!({}), json!({"reaction": "👍"}), json!({"raw": "not base64!"}), json!({"edit": "A1"})] {
            assert!(ordered(order.clone()).is_err(), "{order}");
        }
    }

    #[test]
    fn people_are_named_in_four_ways() {
        assert_eq!(address("self"), Address::Myself);
        assert_eq!(address("+1 555 000 1111"), Address::pn("15550001111"));
        assert_eq!(address("lid:77"), Address::lid("77"));
        assert_eq!(address("1203@g.us"), Address::group("1203"));
    }
}

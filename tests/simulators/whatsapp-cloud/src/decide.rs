//! The decision about a send whose form is right: ids, rates, windows. No network here.

use crate::error::GraphError;
use crate::media::{is_document, is_ogg_opus};
use crate::rate::Force;
use crate::settings::{MediaCheck, Number, Rates, Settings, WindowRefusal};
use crate::validate::{Content, Request, Target};
use crate::world::{Delivered, World};

const HOUR_MS: u64 = 60 * 60 * 1000;
const WINDOW_MS: u64 = 24 * HOUR_MS;

/// What became of a send that was not refused.
pub(crate) struct Taken {
    pub(crate) message: Delivered,
    pub(crate) receivers: Vec<usize>,
    /// A failure that is told by status.
    pub(crate) fails: Option<GraphError>,
}

impl World {
    /// Decides about a send whose form is right. Nothing is changed if it is refused.
    pub(crate) fn take(
        &mut self,
        settings: &Settings,
        number_id: &str,
        request: Request,
        now_ms: u64,
    ) -> Result<Taken, GraphError> {
        let number = self.number(number_id)?.clone();
        if self.unregistered.contains(number_id) {
            return Err(GraphError::new(133_010, "the number is not registered"));
        }
        let receivers = self.receivers(&number, &request)?;
        self.check_ids(settings, &request, now_ms)?;
        if settings.rates == Rates::Enforced {
            self.check_rates(number_id, &receivers, &request.to, now_ms)?;
        }
        let fails = self.check_window(number_id, &receivers, &request, now_ms);
        if let (Some(error), WindowRefusal::AtOnce) = (&fails, settings.window_refusal) {
            return Err(error.clone());
        }
        let group = if let Target::Group(id) = &request.to { Some(id.clone()) } else { None };
        let message = Delivered {
            id: self.mint(None),
            from: number_id.to_owned(),
            group,
            context: request.context,
            content: request.content,
            callback_data: request.callback_data,
            at_ms: now_ms,
        };
        self.counters.taken += 1;
        Ok(Taken { message, receivers, fails })
    }

    fn receivers(&self, number: &Number, request: &Request) -> Result<Vec<usize>, GraphError> {
        match &request.to {
            Target::Phone(digits) if *digits == number.display => {
                Err(GraphError::new(131_021, "the recipient is the sender"))
            }
            Target::Phone(digits) => {
                self.by_phone.get(digits).map(|index| vec![*index]).ok_or_else(|| {
                    GraphError::new(131_026, format!("nobody with the number {digits} uses WhatsApp here"))
                })
            }
            Target::Bsuid(bsuid) => self
                .by_bsuid
                .get(bsuid)
                .map(|index| vec![*index])
                .ok_or_else(|| GraphError::new(131_026, format!("there is nobody with the id {bsuid}"))),
            Target::Nowhere(_) => Ok(Vec::new()),
            Target::Group(_) if !number.official => {
                Err(GraphError::new(131_215, "groups need an Official Business Account"))
            }
            Target::Group(id) => self
                .groups
                .get(id)
                .map(|group| group.members.clone())
                .ok_or_else(|| GraphError::invalid(format!("there is no group {id:?}"))),
        }
    }

    fn check_ids(&self, settings: &Settings, request: &Request, now_ms: u64) -> Result<(), GraphError> {
        if let Some(context) = &request.context
            && !self.messages.contains_key(context)
        {
            return Err(GraphError::invalid(format!("context.message_id {context:?} is unknown")));
        }
        match &request.content {
            Content::Reaction { message, .. } if !self.messages.contains_key(message) => {
                Err(GraphError::invalid(format!("reaction.message_id {message:?} is unknown")))
            }
            Content::Image { media, .. } => self.check_media(media, "image/", now_ms),
            Content::Document { media, .. } => self.check_document(media, now_ms),
            Content::Audio { media, voice } => {
                self.check_media(media, "audio/", now_ms)?;
                let opus = self.media.get(media, now_ms).is_some_and(|item| is_ogg_opus(&item.bytes));
                if *voice && !opus && settings.media_check == MediaCheck::Bytes {
                    return Err(GraphError::new(131_053, "a voice note must be Ogg/Opus with one channel"));
                }
                Ok(())
            }
            Content::Template { name, language, parameters } => {
                let known = settings.templates.iter().find(|t| t.name == *name && t.language == *language);
                let Some(template) = known else {
                    return Err(GraphError::new(132_001, format!("the template {name} does not exist in {language}")));
                };
                if template.parameters != parameters.len() {
                    return Err(GraphError::new(132_000, "the number of parameters does not match the template"));
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn check_media(&self, id: &str, kind: &str, now_ms: u64) -> Result<(), GraphError> {
        match self.media.get(id, now_ms) {
            None => Err(GraphError::new(131_053, format!("the medium {id} does not exist or has expired"))),
            Some(item) if !item.mime.starts_with(kind) => {
                Err(GraphError::new(131_053, format!("the medium {id} is {}, not {kind}*", item.mime)))
            }
            Some(_) => Ok(()),
        }
    }

    fn check_document(&self, id: &str, now_ms: u64) -> Result<(), GraphError> {
        self.check_media(id, "", now_ms)?;
        match self.media.get(id, now_ms) {
            Some(item) if !is_document(&item.mime) => {
                Err(GraphError::new(131_053, format!("the medium {id} is {}, which is no document", item.mime)))
            }
            _ => Ok(()),
        }
    }

    fn check_rates(&mut self, number: &str, receivers: &[usize], to: &Target, now_ms: u64) -> Result<(), GraphError> {
        if !self.throughput.take(number, now_ms, Force::No) {
            return Err(GraphError::new(130_429, "more than 80 messages in a second"));
        }
        if let (Target::Phone(_) | Target::Bsuid(_), Some(receiver)) = (to, receivers.first())
            && !self.pairs.take(&format!("{number}/{receiver}"), now_ms, Force::No)
        {
            return Err(GraphError::new(131_056, "too many messages to this person"));
        }
        Ok(())
    }

    fn check_window(&self, number: &str, receivers: &[usize], request: &Request, now_ms: u64) -> Option<GraphError> {
        if matches!(request.content, Content::Template { .. }) || receivers.is_empty() {
            return None;
        }
        let wrote = receivers.iter().filter_map(|person| self.people[*person].wrote_ms.get(number)).max();
        let open = wrote.is_some_and(|at| now_ms.saturating_sub(*at) < WINDOW_MS);
        (!open).then(|| GraphError::new(131_047, "more than 24 hours have passed since the person last wrote"))
    }
}

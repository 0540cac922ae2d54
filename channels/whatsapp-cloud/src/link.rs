//! One number's link: sends, fetches, shows typing. Receiving is the webhook's part.

use crate::config::Template;
use crate::document;
use crate::failure::Class;
use crate::graph::{CallError, Graph};
use crate::limits::{OBSERVED_PAUSE, TYPING_IN_FLIGHT_MAX, TYPING_REMEMBERED, TYPING_RENEWAL, TYPING_TIMEOUT};
use crate::media::Fetcher;
use crate::number::Number;
use crate::request::{self, Recipient};
use async_trait::async_trait;
use greenroom_contract::capabilities::Capabilities;
use greenroom_contract::channel::{BackOff, Ended, Link, MediaError, Receipt, SendError};
use greenroom_contract::event::{EventSink, Sign};
use greenroom_contract::ids::{MessageId, OutboundId};
use greenroom_contract::message::{Media, MediaRef};
use greenroom_contract::outbound::{Outbound, OutboundBody, Route, Window};
use greenroom_contract::presence::Presence;
use greenroom_support::memory::Memory;
use parking_lot::Mutex;
use serde_json::Value;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// One number's link.
pub(crate) struct CloudLink {
    graph: Graph,
    number: Arc<Number>,
    template: Option<Template>,
    capabilities: Capabilities,
    fetcher: Fetcher,
    typing: Mutex<Memory<MessageId, Option<Instant>>>,
    typing_permits: Arc<Semaphore>,
}

impl CloudLink {
    pub(crate) fn new(
        graph: Graph,
        number: Arc<Number>,
        template: Option<Template>,
        capabilities: Capabilities,
    ) -> Self {
        Self {
            graph,
            number,
            template,
            capabilities,
            fetcher: Fetcher::new(),
            typing: Mutex::new(Memory::new(TYPING_REMEMBERED)),
            typing_permits: Arc::new(Semaphore::new(TYPING_IN_FLIGHT_MAX)),
        }
    }

    /// The request for a message; uploads its medium.
    async fn request(&self, outbound: &Outbound, to: &Recipient) -> Result<Value, SendError> {
        if outbound.window == Window::Closed {
            return self.late(outbound, to, "more than 24 hours have passed since the person last wrote");
        }
        let media_id = match &outbound.body {
            OutboundBody::Image { media, .. } => {
                let name =
                    if media.mime.to_ascii_lowercase().starts_with("image/png") { "image.png" } else { "image.jpg" };
                Some(self.upload(media, &media.mime, name).await?)
            }
            OutboundBody::Voice { media, .. } => Some(self.upload(media, "audio/ogg; codecs=opus", "voice.ogg").await?),
            OutboundBody::Document { media, .. } => {
                let (mime, name) = document::as_uploaded(&media.mime);
                Some(self.upload(media, mime, name).await?)
            }
            OutboundBody::Text(_)
            | OutboundBody::Choices(_)
            | OutboundBody::Location(_)
            | OutboundBody::Reaction { .. } => None,
        };
        Ok(request::message(&outbound.id, to, outbound.reply_to.as_ref(), &outbound.body, media_id.as_deref()))
    }

    /// The request for a late answer, if a template can carry it.
    fn late(&self, outbound: &Outbound, to: &Recipient, reason: &str) -> Result<Value, SendError> {
        match (&self.template, request::fits_template(&outbound.body), to) {
            (Some(template), Some(text), Recipient::Phone(_) | Recipient::Bsuid(_)) => {
                Ok(request::template(&outbound.id, to, template, text))
            }
            _ => Err(SendError::WindowClosed { reason: reason.to_owned() }),
        }
    }

    /// Uploads a medium. Whatever happens, no message was sent yet, so every failure may be tried again.
    async fn upload(&self, media: &Media, mime: &str, name: &'static str) -> Result<String, SendError> {
        let mut last = None;
        for _ in 0..2 {
            match self.graph.upload(&self.number.id, mime, name, media.bytes.clone()).await {
                Ok(id) => return Ok(id),
                Err(CallError::Failed(failure)) if failure.class() == Class::MediumLost => last = Some(failure),
                Err(CallError::Failed(failure)) if failure.class() == Class::Unknown => {
                    return Err(retry(failure.reason));
                }
                Err(CallError::Lost(cause)) => return Err(retry(cause.to_string())),
                Err(error) => return Err(self.send_error(error, Duration::ZERO)),
            }
        }
        Err(retry(last.map_or_else(String::new, |failure| failure.reason)))
    }

    /// Posts a message. A medium that was lost on the way is uploaded anew once; a window that turns out to be closed
    /// is answered with the template.
    async fn post(&self, outbound: &Outbound, to: &Recipient, mut body: Value) -> Result<Receipt, SendError> {
        let path = format!("{}/messages", self.number.id);
        let mut again = true;
        loop {
            let error = match self.graph.post(&path, &body).await {
                Ok(answer) => return receipt(&answer),
                Err(error) => error,
            };
            let class = if let CallError::Failed(failure) = &error { Some(failure.class()) } else { None };
            body = match class {
                Some(Class::MediumLost) if again => self.request(outbound, to).await?,
                Some(Class::WindowClosed) if again && body["type"] != "template" => {
                    self.late(outbound, to, &error.words())?
                }
                _ => return Err(self.send_error(error, jitter(&outbound.id))),
            };
            again = false;
        }
    }

    /// As the engine understands it. What concerns the whole account also ends the run.
    fn send_error(&self, error: CallError, jitter: Duration) -> SendError {
        match error {
            CallError::Unreachable(cause) => {
                self.number.end(Ended::Dropped { reason: format!("Graph cannot be reached: {cause}") });
                SendError::NotConnected
            }
            CallError::Lost(reason) => SendError::Uncertain { reason },
            CallError::Failed(failure) => {
                if failure.class() == Class::Weather {
                    // The next run asks again, with growing pauses, until Graph itself answers.
                    self.number.end(Ended::Dropped { reason: format!("Graph cannot be reached: {}", failure.reason) });
                }
                let error = failure.into_send_error(jitter);
                if let SendError::AccountStopped { reason } = &error {
                    self.number.end(Ended::Refused { reason: reason.clone() });
                }
                error
            }
        }
    }

    async fn probe_and_wait(&self) -> Ended {
        if let Err(ended) = self.probe().await {
            return ended;
        }
        self.number.alive(Sign::Connected);
        self.number.ended().await
    }

    /// Asks Graph for the number, which proves address, token and number at once.
    async fn probe(&self) -> Result<(), Ended> {
        match self.graph.get(&self.number.id, &[("fields", "id,display_phone_number")]).await {
            Ok(_) => Ok(()),
            Err(CallError::Unreachable(cause) | CallError::Lost(cause)) => {
                Err(Ended::Dropped { reason: format!("Graph cannot be reached: {cause}") })
            }
            Err(CallError::Failed(failure)) => Err(match failure.class() {
                Class::StopAccount(advice) => Ended::Refused { reason: format!("{advice} ({})", failure.reason) },
                Class::OurBug | Class::Permanent | Class::NoSuchObject => Ended::Refused {
                    reason: format!(
                        "Graph does not know the number {}: check phone_number_id (it is not the phone number itself) \
                         and that the token may see it ({})",
                        self.number.id, failure.reason
                    ),
                },
                Class::Weather => Ended::Dropped { reason: format!("Graph cannot be reached: {}", failure.reason) },
                _ => Ended::Dropped { reason: failure.reason },
            }),
        }
    }
}

#[async_trait]
impl Link for CloudLink {
    async fn run(&self, sink: Arc<dyn EventSink>, stop: CancellationToken) -> Ended {
        let _on_air = self.number.begin(sink);
        tokio::select! {
            () = stop.cancelled() => Ended::Stopped,
            ended = self.probe_and_wait() => ended,
        }
    }

    async fn send(&self, outbound: &Outbound) -> Result<Receipt, SendError> {
        let refused = |reason: String| SendError::Refused { reason };
        let to = Recipient::of(&outbound.route);
        let to = to.ok_or_else(|| refused("the chat has no address to answer to".into()))?;
        self.capabilities.carries(&outbound.body).map_err(|reason| refused(reason.to_string()))?;
        if matches!((&to, &outbound.body), (Recipient::Group(_), OutboundBody::Choices(_))) {
            return Err(refused("Meta takes no buttons and no lists in groups".into()));
        }
        if self.number.is_observed(&outbound.route.chat) {
            let reason = "the chat is with another handler of the number, such as Meta's own agent".into();
            let scope = BackOff::Conversation;
            return Err(SendError::Retry { reason, after: Some(OBSERVED_PAUSE), scope });
        }
        // Noted before the call: what became of it may be told before the call returns.
        self.number.note_send(outbound.id.as_str());
        let body = self.request(outbound, &to).await?;
        let receipt = self.post(outbound, &to, body).await?;
        self.number.note_send(receipt.message.as_str());
        self.number.count(&outbound.route.chat);
        self.number.alive(Sign::Acknowledged);
        Ok(receipt)
    }

    async fn fetch(&self, media: &MediaRef, bytes_max: u64) -> Result<Media, MediaError> {
        self.fetcher.fetch(&self.graph, &self.number, media, bytes_max).await
    }

    fn presence(&self) -> Option<&dyn Presence> {
        Some(self)
    }
}

#[async_trait]
impl Presence for CloudLink {
    async fn typing(&self, route: &Route, message: Option<&MessageId>) {
        let may = !route.kind.is_group() && !self.number.is_observed(&route.chat);
        let Some(message) = message.filter(|_| may) else { return };
        let now = self.number.clock.instant();
        {
            let mut typing = self.typing.lock();
            let last = typing.entry(message, || None);
            if last.is_some_and(|last| now.duration_since(last) < TYPING_RENEWAL) {
                return;
            }
            *last = Some(now);
        }
        let Ok(permit) = self.typing_permits.clone().try_acquire_owned() else { return };
        let (graph, path, body) =
            (self.graph.clone(), format!("{}/messages", self.number.id), request::typing(message));
        tokio::spawn(async move {
            let _permit = permit;
            match tokio::time::timeout(TYPING_TIMEOUT, graph.post(&path, &body)).await {
                Ok(Ok(_)) => {}
                Ok(Err(error)) => tracing::debug!(reason = error.words(), "typing was not shown"),
                Err(_) => tracing::debug!("typing was not shown in time"),
            }
        });
    }

    async fn paused(&self, _route: &Route) {
        // It ends with our answer, or by itself after 25 s.
    }
}

fn receipt(answer: &Value) -> Result<Receipt, SendError> {
    let id = answer["messages"][0]["id"].as_str().and_then(|id| MessageId::new(id).ok());
    id.map(|message| Receipt { message })
        .ok_or_else(|| SendError::Uncertain { reason: "the response names no message".into() })
}

fn retry(reason: String) -> SendError {
    Class::Retry.into_send_error(reason, Duration::ZERO)
}

/// Below a second, different for each message and the same in each attempt, so that what failed together does not
/// come back together.
fn jitter(id: &OutboundId) -> Duration {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    Duration::from_millis(hasher.finish() % 1000)
}

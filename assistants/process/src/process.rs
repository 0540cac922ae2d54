//! The assistant itself.

use crate::config::Process;
use crate::life::{Ask, Lost, Standing, live};
use crate::limits::BUSY_PAUSE;
use async_trait::async_trait;
use greenroom_contract::assistant::{Answer, Assistant, AssistantError, Needs, Turn};
use greenroom_contract::cause::Cause;
use greenroom_documents::needs::is_unasked;
use greenroom_documents::turn::Carrying;
use greenroom_documents::{AnswerDocument, TurnDocument};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

fn away(reason: impl Into<Cause>, after: Option<Duration>) -> AssistantError {
    AssistantError::Unavailable { reason: reason.into(), after }
}

impl Process {
    /// A place at the program, waited for as long as half of the time leaves the other half for the answer.
    async fn place(&self, within: Duration) -> Result<OwnedSemaphorePermit, AssistantError> {
        match timeout(within / 2, Arc::clone(&self.places).acquire_owned()).await {
            Ok(Ok(place)) => Ok(place),
            _ => Err(away("the program is busy with other turns", Some(BUSY_PAUSE))),
        }
    }

    async fn ask(&self, turn: String, line: String, within: Duration) -> Result<Vec<u8>, AssistantError> {
        let until = Instant::now() + within;
        let place = self.place(within).await?;
        let asks = match self.standing.borrow().clone() {
            Standing::Up(asks) => asks,
            Standing::Off => return Err(away("the program has not been started yet", None)),
            Standing::Down { until, reason } => {
                return Err(away(format!("the program is down: {reason}"), Some(Standing::pause(until))));
            }
        };
        let (reply, answer) = oneshot::channel();
        let ended = || away("the program has just ended", None);
        asks.send(Ask { turn, line, until, reply, place }).await.map_err(|_| ended())?;
        match answer.await {
            Ok(Ok(line)) => Ok(line),
            Ok(Err(Lost::NotTaken)) => Err(away(Lost::NotTaken, Some(BUSY_PAUSE))),
            Ok(Err(Lost::Stopped)) => Err(away(Lost::Stopped, None)),
            // It had the turn. What makes a program end each time must not be asked for ever.
            Ok(Err(lost)) => Err(AssistantError::Retry { reason: lost.into(), after: None }),
            Err(_) => Err(ended()),
        }
    }
}

#[async_trait]
impl Assistant for Process {
    fn needs(&self) -> Needs {
        self.needs
    }

    async fn run(&self, stop: CancellationToken) {
        let span = tracing::info_span!("program", assistant = %self.ordered.name);
        live(&self.ordered, &self.standing, &stop).instrument(span).await;
    }

    async fn respond(&self, turn: Turn) -> Result<Answer, AssistantError> {
        if is_unasked(&turn, &self.needs) {
            return Ok(Answer::silence());
        }
        let (document, media) = TurnDocument::of(&turn, &self.needs, Carrying::InDocument);
        let mut line = document.to_line();
        line.push('\n');
        let answer = self.ask(document.turn.clone(), line, turn.answer_within).await?;
        let answer = AnswerDocument::parse(&answer)?;
        if answer.turn.as_ref() != Some(&document.turn) {
            let reason = "the answer does not name the turn that it is for; the key turn goes back as it came".into();
            return Err(AssistantError::Retry { reason, after: None });
        }
        Ok(answer.answer(&media)?)
    }
}

//! One version of a plugin: its manifest and its component.

use super::{answer_of, told};
use crate::calls::Services;
use crate::limits::ANSWER_MARGIN;
use crate::manifest::{Asks, Manifest};
use crate::sandbox::{Job, Loaded};
use greenroom_contract::assistant::{Answer, AssistantError, Turn};
use greenroom_documents::memory;
use std::sync::Arc;
use tokio::time::Instant;

/// One version of a plugin. A turn keeps the one that it began with.
pub(crate) struct Version {
    pub(crate) digest: String,
    /// What its manifest asks for, and its owner agreed to.
    pub(crate) asks: Asks,
    /// Its manifest, with the limits that hold here.
    pub(crate) manifest: Manifest,
    pub(crate) loaded: Arc<Loaded>,
    pub(crate) services: Arc<Services>,
}

impl Version {
    /// Answers a turn in a fresh instance.
    pub(crate) async fn answer(&self, turn: &Turn) -> Result<Answer, AssistantError> {
        let (document, media) = told(turn, &self.manifest.asks);
        let within = turn.answer_within.saturating_sub(ANSWER_MARGIN).max(ANSWER_MARGIN);
        let job = Job {
            plugin: self.manifest.name.to_string(),
            document: document.to_line(),
            media,
            memory: memory::of_state(turn.state.as_ref()),
            services: Arc::clone(&self.services),
            until: Instant::now() + within,
            conversation: Some(turn.conversation),
            person: Some(turn.person),
            bill: turn.bill.clone(),
        };
        let ran = self.loaded.run(job, &self.manifest.asks).await?;
        let answer = answer_of(ran, &self.manifest.asks)?;
        Ok(Answer { usage: turn.bill.take(), ..answer })
    }
}

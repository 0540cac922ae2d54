//! The ways to the supervisors.

use super::{AccountCard, Context};
use crate::decide::blueprint::AssistantPart;
use crate::mailbox::accounts::AccountsMsg;
use crate::mailbox::assistants::{AssistantsMsg, Request};
use crate::mailbox::attempt_counter::AttemptCounter;
use crate::mailbox::conversations::{ConversationsMsg, Ring};
use crate::mailbox::sessions::ChannelsMsg;
use crate::mailbox::voice::{Heard, IntakeError, Job, TranscriptionsMsg};
use greenroom_contract::assistant::{Answer, AssistantError, Turn, TurnFailure};
use greenroom_contract::ids::{AccountId, ConversationId};
use greenroom_contract::message::MediaRef;
use greenroom_contract::time::Timestamp;
use ractor::ActorRef;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tracing::Span;

/// The supervisors. They do no risky work, so these references are never stale; leaves are reached
/// through them, by key.
pub(crate) struct Supervisors {
    pub(crate) transcriptions: ActorRef<TranscriptionsMsg>,
    pub(crate) assistants: ActorRef<AssistantsMsg>,
    pub(crate) conversations: ActorRef<ConversationsMsg>,
    pub(crate) accounts: ActorRef<AccountsMsg>,
    pub(crate) channels: ActorRef<ChannelsMsg>,
}

impl Context {
    /// Tells a conversation that there is something for it. Carries no message: it is in the inbox.
    pub(crate) fn ring(&self, account: &AccountId, conversation: ConversationId, permit: Option<OwnedSemaphorePermit>) {
        let Some(supervisors) = self.supervisors.get() else { return };
        let ring = Ring { busy: self.activity.begin(), permit };
        let message = ConversationsMsg::Ring { account: account.clone(), conversation, ring };
        // A failed send means that the engine is stopping; the row is found at the next start.
        let _ = supervisors.conversations.send_message(message);
    }

    /// Tells the Conversations actor something; a failure means that the engine is stopping.
    pub(crate) fn tell_conversations(&self, message: ConversationsMsg) {
        if let Some(supervisors) = self.supervisors.get() {
            let _ = supervisors.conversations.send_message(message);
        }
    }

    /// Tells the Channels actor something; a failure means that the engine is stopping.
    pub(crate) fn tell_channels(&self, message: ChannelsMsg) {
        if let Some(supervisors) = self.supervisors.get() {
            let _ = supervisors.channels.send_message(message);
        }
    }

    /// Tells the Accounts actor something; a failure means that the engine is stopping.
    pub(crate) fn tell_accounts(&self, message: AccountsMsg) {
        if let Some(supervisors) = self.supervisors.get() {
            let _ = supervisors.accounts.send_message(message);
        }
    }

    /// An account is connected: what waits for that is taken up.
    pub(crate) fn tell_connected(&self, card: &AccountCard) {
        if card.awaited.swap(false, Ordering::SeqCst)
            && let Some(supervisors) = self.supervisors.get()
        {
            let _ = supervisors.conversations.send_message(ConversationsMsg::Connected(card.id().clone()));
        }
    }

    /// A wake-up was stored for that moment.
    pub(crate) fn wake_at(&self, at: Timestamp) {
        if let Some(supervisors) = self.supervisors.get() {
            let _ = supervisors.conversations.send_message(ConversationsMsg::WakeAt(at));
        }
    }

    /// Asks an assistant. Dropping the future gives the turn up.
    pub(crate) async fn ask(
        &self,
        assistant: &Arc<AssistantPart>,
        turn: Turn,
        counter: &Arc<AttemptCounter>,
        place: Option<OwnedSemaphorePermit>,
    ) -> Result<Answer, TurnFailure> {
        let stopping = || AssistantError::Retry { reason: "the runtime is stopping".into(), after: None };
        let supervisors = self.supervisors.get().ok_or_else(stopping)?;
        let (reply, answer) = oneshot::channel();
        let request =
            Request { turn: Box::new(turn), counter: Arc::clone(counter), place, span: Span::current(), reply };
        let message = AssistantsMsg::Respond { assistant: Arc::clone(assistant), request };
        supervisors.assistants.send_message(message).map_err(|_| stopping())?;
        answer.await.unwrap_or_else(|_| Err(TurnFailure::Crashed { reason: "its host went away".to_owned() }))
    }

    /// A place for a turn of an assistant, as soon as there is one; `None` if too many wait, or the engine stops.
    pub(crate) async fn reserve(&self, assistant: &Arc<AssistantPart>) -> Option<OwnedSemaphorePermit> {
        let (reply, place) = oneshot::channel();
        let message = AssistantsMsg::Reserve { assistant: Arc::clone(assistant), reply };
        self.supervisors.get()?.assistants.send_message(message).ok()?;
        place.await.ok()
    }

    /// Hears a voice note. Dropping the future gives the job up.
    pub(crate) async fn hear(
        &self,
        card: &AccountCard,
        media: &MediaRef,
        counter: &Arc<AttemptCounter>,
    ) -> Result<Heard, IntakeError> {
        let link = card.link.lock().clone().ok_or_else(|| IntakeError::Retry("not connected".to_owned()))?;
        let supervisors = self.supervisors.get().ok_or_else(|| IntakeError::Retry("starting".to_owned()))?;
        let (reply, heard) = oneshot::channel();
        let job = Job { link, media: media.clone(), counter: Arc::clone(counter), reply };
        let stopping = |_| IntakeError::Retry("the runtime is stopping".into());
        supervisors.transcriptions.send_message(TranscriptionsMsg::Hear(job)).map_err(stopping)?;
        heard.await.unwrap_or_else(|_| Err(IntakeError::Lost("the transcription crashed".to_owned())))
    }
}

//! What every rule begins with: an assistant that lives, and turns for it.

use super::{PATIENCE, UnderTest};
use crate::turns::{TurnDraft, turn};
use bytes::Bytes;
use greenroom_contract::assistant::{Answer, AssistantError, Receiver, Reply, Turn};
use greenroom_contract::ids::{ConversationId, TurnId};
use greenroom_contract::limits;
use greenroom_contract::outbound::OutboundBody;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;

/// An assistant that lives.
pub struct Stage {
    /// The assistant under test.
    pub assistant: UnderTest,
    /// Ends its life.
    pub stop: CancellationToken,
    /// Its life; ends by itself only if the assistant says so.
    pub life: JoinHandle<()>,
}

/// Pause before an assistant that is starting is asked once more.
const STARTING: Duration = Duration::from_millis(50);

impl Stage {
    /// Begins its life.
    #[must_use]
    pub fn of(assistant: UnderTest) -> Self {
        let stop = CancellationToken::new();
        let (living, told) = (assistant.clone(), stop.clone());
        let life = tokio::spawn(async move { living.run(told).await });
        Self { assistant, stop, life }
    }

    /// Asks, as the engine does: a panic and a long silence break the rule, `Unavailable` and `Retry` mean later.
    pub async fn ask(&self, turn: &Turn) -> Answer {
        let patience = Instant::now() + PATIENCE;
        let mut turn = turn.clone();
        loop {
            let answered = timeout_at(patience, self.assistant.respond(turn.clone())).await;
            let last = match answered {
                Ok(Ok(answer)) => {
                    assert_within_limits(&turn, &answer);
                    return answer;
                }
                Ok(Err(error @ (AssistantError::Unavailable { .. } | AssistantError::Retry { .. }))) => error,
                Ok(Err(error)) => panic!("{error}: {turn:?}"),
                Err(late) => panic!("no answer within {PATIENCE:?} ({late}): {turn:?}"),
            };
            assert!(Instant::now() + STARTING < patience, "not once within {PATIENCE:?}: {last}");
            turn.attempt += u32::from(matches!(last, AssistantError::Retry { .. }));
            sleep(STARTING).await;
        }
    }

    /// Says something in a conversation of this number.
    pub async fn say(&self, conversation: u64, words: &str, state: Option<Bytes>) -> Answer {
        self.ask(&numbered(turn(words), conversation, state)).await
    }
}

/// The turn of a draft in a conversation of its own.
pub(super) fn numbered(draft: TurnDraft, conversation: u64, state: Option<Bytes>) -> Turn {
    let mut turn = draft.build();
    turn.id = TurnId(conversation);
    turn.conversation = ConversationId(conversation);
    turn.state = state;
    turn
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Panics if the engine would have to cut or to refuse something.
fn assert_within_limits(turn: &Turn, answer: &Answer) {
    assert!(answer.replies.len() <= limits::REPLIES_PER_TURN_MAX, "{} replies", answer.replies.len());
    let state = answer.state.as_ref().map_or(0, Bytes::len);
    assert!(state <= limits::ASSISTANT_STATE_BYTES_MAX, "a state of {state} bytes");
    assert!(answer.wake.len() <= limits::WAKES_PER_TURN_MAX, "{} wake-ups", answer.wake.len());
    for wake in &answer.wake {
        assert!(wake.token.len() <= limits::WAKE_TOKEN_BYTES_MAX, "a token of {} bytes", wake.token.len());
    }
    let media: usize = answer.replies.iter().map(media_bytes).sum();
    assert!(media <= limits::MEDIA_PER_TURN_BYTES_MAX, "{media} bytes of media");
    for reply in &answer.replies {
        if let OutboundBody::Choices(choices) = &reply.body {
            let count = choices.options.len();
            assert!((1..=limits::OPTIONS_PER_CHOICE_MAX).contains(&count), "{count} options");
            let ids: std::collections::HashSet<&str> = choices.options.iter().map(|one| one.id.as_str()).collect();
            assert_eq!(ids.len(), count, "two options with one id: {choices:?}");
        }
    }
    let to = answer.hand_over.as_ref().map(|hand_over| &hand_over.to);
    assert_ne!(to, Some(&Receiver::Assistant(turn.assistant.clone())), "it hands over to itself");
}

fn media_bytes(reply: &Reply) -> usize {
    match &reply.body {
        OutboundBody::Image { media, .. }
        | OutboundBody::Voice { media, .. }
        | OutboundBody::Document { media, .. } => media.bytes.len(),
        _ => 0,
    }
}

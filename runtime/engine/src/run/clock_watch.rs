//! Notices when the system's clock is moved, and has what depends on it looked at again.

use crate::context::Context;
use crate::decide::clock_step::StepDetector;
use crate::mailbox::conversations::ConversationsMsg;
use crate::mailbox::sessions::ChannelsMsg;
use crate::run::handle::EngineHandle;
use crate::run::service::{Service, ServiceError};
use async_trait::async_trait;
use greenroom_contract::limits;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Looks at the clocks now and then.
pub(crate) struct ClockWatch {
    pub(crate) context: Arc<Context>,
}

#[async_trait]
impl Service for ClockWatch {
    fn name(&self) -> &'static str {
        "clock watch"
    }

    async fn run(&self, _: EngineHandle, stop: CancellationToken) -> Result<(), ServiceError> {
        let mut detector = StepDetector::default();
        loop {
            let (wall, steady) = (self.context.now(), self.context.steady());
            if let Some(step) = detector.look(wall, steady) {
                tracing::warn!("{step}");
                *self.context.books.clock_step.lock() = Some((step, steady));
                look_again(&self.context);
            }
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = tokio::time::sleep(limits::CLOCK_LOOK_PAUSE) => {}
            }
        }
    }
}

/// Moments of the wall's clock that are kept: due wake-ups, windows of chats, the age of group talk.
fn look_again(context: &Context) {
    context.books.overheard.lock().forget_all();
    if let Some(supervisors) = context.supervisors.get() {
        // A failed send means that the engine is stopping.
        let _ = supervisors.conversations.send_message(ConversationsMsg::Wake);
        let _ = supervisors.channels.send_message(ChannelsMsg::ClockMoved);
    }
}

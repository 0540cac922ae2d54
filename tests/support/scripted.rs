//! An assistant that answers as a test says.

use async_trait::async_trait;
use greenroom_contract::assistant::{Answer, Assistant, AssistantError, Needs, Turn};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

type Answering = Box<dyn Fn(&Turn) -> Result<Answer, AssistantError> + Send + Sync>;

/// Answers by a function, and remembers what it was asked.
pub(crate) struct Scripted {
    needs: Needs,
    answering: Answering,
    turns: Mutex<Vec<(Instant, Turn)>>,
}

/// An assistant that answers so.
pub(crate) fn scripted(
    answering: impl Fn(&Turn) -> Result<Answer, AssistantError> + Send + Sync + 'static,
) -> Arc<Scripted> {
    scripted_with(Needs::default(), answering)
}

/// The same, with these needs.
pub(crate) fn scripted_with(
    needs: Needs,
    answering: impl Fn(&Turn) -> Result<Answer, AssistantError> + Send + Sync + 'static,
) -> Arc<Scripted> {
    Arc::new(Scripted { needs, answering: Box::new(answering), turns: Mutex::default() })
}

/// An echo that is away for so long from now on.
pub(crate) fn away_for(time: Duration) -> Arc<Scripted> {
    let back = Instant::now() + time;
    scripted(move |turn| if Instant::now() < back { Err(away(None)) } else { Ok(Answer::text(turn.text())) })
}

/// That it is away.
pub(crate) fn away(after: Option<Duration>) -> AssistantError {
    AssistantError::Unavailable { reason: "told to be away".into(), after }
}

impl Scripted {
    /// What it was asked.
    pub(crate) fn turns(&self) -> Vec<Turn> {
        self.turns.lock().expect("no panic under this lock").iter().map(|(_, turn)| turn.clone()).collect()
    }

    /// When it was asked.
    pub(crate) fn moments(&self) -> Vec<Instant> {
        self.turns.lock().expect("no panic under this lock").iter().map(|(at, _)| *at).collect()
    }
}

#[async_trait]
impl Assistant for Scripted {
    fn needs(&self) -> Needs {
        self.needs
    }

    async fn respond(&self, turn: Turn) -> Result<Answer, AssistantError> {
        let answer = (self.answering)(&turn);
        self.turns.lock().expect("no panic under this lock").push((Instant::now(), turn));
        answer
    }
}

//! Assistants that behave in one particular way.

use async_trait::async_trait;
use bytes::Bytes;
use greenroom_contract::assistant::{Answer, Assistant, AssistantError, Needs, Reply, Turn};
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::watch;

/// What an assistant does with a turn.
#[derive(Debug, Clone, Copy)]
enum Behaviour {
    Echo,
    Slow(Duration),
    Hanging,
    Failing { times: usize },
    Refusing,
    Panicking { times: usize },
    Silent,
    Flooding { replies: usize },
    RememberingByState,
    RememberingByHistory,
}

/// An assistant that behaves in one particular way, and counts.
///
/// Unless its behaviour says otherwise it answers with the words of the turn. `needs()` asks for no
/// history, except where the history is the point.
pub struct Fake {
    behaviour: Behaviour,
    started: watch::Sender<usize>,
    finished: watch::Sender<usize>,
    running: AtomicUsize,
    most_running: AtomicUsize,
    gate: watch::Sender<bool>,
    turns: Mutex<Vec<Turn>>,
}

/// Turns that a [`Fake`] remembers; a test looks at a few, a benchmark must not pay for more.
const TURNS_KEPT: usize = greenroom_contract::limits::PAGE_ROWS_MAX;

fn fake(behaviour: Behaviour) -> Arc<Fake> {
    Arc::new(Fake {
        behaviour,
        started: watch::Sender::new(0),
        finished: watch::Sender::new(0),
        running: AtomicUsize::new(0),
        most_running: AtomicUsize::new(0),
        gate: watch::Sender::new(true),
        turns: Mutex::default(),
    })
}

/// Says back what was said.
pub fn echo() -> Arc<Fake> {
    fake(Behaviour::Echo)
}

/// The same, after a while.
pub fn slow(pause: Duration) -> Arc<Fake> {
    fake(Behaviour::Slow(pause))
}

/// Never answers.
pub fn hanging() -> Arc<Fake> {
    fake(Behaviour::Hanging)
}

/// Fails in a way that may go away, so many times; then echoes.
pub fn failing(times: usize) -> Arc<Fake> {
    fake(Behaviour::Failing { times })
}

/// Says of every turn that it can never be answered.
pub fn refusing() -> Arc<Fake> {
    fake(Behaviour::Refusing)
}

/// Panics so many times, then echoes. A turn whose words contain `panic` always panics.
pub fn panicking(times: usize) -> Arc<Fake> {
    fake(Behaviour::Panicking { times })
}

/// Says nothing.
pub fn silent() -> Arc<Fake> {
    fake(Behaviour::Silent)
}

/// Says the same so many times.
pub fn flooding(replies: usize) -> Arc<Fake> {
    fake(Behaviour::Flooding { replies })
}

/// Answers `before: X` where X is what was said the time before, or `nothing`. It keeps that in
/// [`Answer::state`].
pub fn remembering_by_state() -> Arc<Fake> {
    fake(Behaviour::RememberingByState)
}

/// The same, read from the history.
pub fn remembering_by_history() -> Arc<Fake> {
    fake(Behaviour::RememberingByHistory)
}

/// Counts a turn as running until it ended, however it ended.
struct Running<'a>(&'a Fake);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
        self.0.finished.send_modify(|finished| *finished += 1);
    }
}

impl Fake {
    /// How often it was asked, attempts counted each.
    pub fn asked(&self) -> usize {
        *self.started.borrow()
    }

    /// Waits until it was asked at least so often.
    pub async fn asked_at_least(&self, turns: usize) {
        let _ = self.started.subscribe().wait_for(|started| *started >= turns).await;
    }

    /// Waits until at least so many attempts ended: answered, failed, panicked or given up.
    pub async fn ended_at_least(&self, turns: usize) {
        let _ = self.finished.subscribe().wait_for(|finished| *finished >= turns).await;
    }

    /// The most turns that ran at the same time.
    pub fn most_running(&self) -> usize {
        self.most_running.load(Ordering::SeqCst)
    }

    /// From now on no turn gets past its beginning.
    pub fn hold(&self) {
        self.gate.send_replace(false);
    }

    /// Lets all turns go on.
    pub fn let_go(&self) {
        self.gate.send_replace(true);
    }

    /// The first thousand turns, as they were asked.
    pub fn turns(&self) -> Vec<Turn> {
        self.turns.lock().map(|turns| turns.clone()).unwrap_or_default()
    }

    fn begin(&self, turn: &Turn) -> (usize, Running<'_>) {
        if let Ok(mut turns) = self.turns.lock()
            && turns.len() < TURNS_KEPT
        {
            turns.push(turn.clone());
        }
        let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_running.fetch_max(running, Ordering::SeqCst);
        let mut before = 0;
        self.started.send_modify(|started| {
            before = *started;
            *started += 1;
        });
        (before, Running(self))
    }
}

fn before(words: &str) -> Answer {
    Answer::text(format!("before: {}", if words.is_empty() { "nothing" } else { words }))
}

#[async_trait]
impl Assistant for Fake {
    fn needs(&self) -> Needs {
        let history_turns = if matches!(self.behaviour, Behaviour::RememberingByHistory) { 5 } else { 0 };
        Needs { history_turns, ..Needs::default() }
    }

    async fn respond(&self, turn: Turn) -> Result<Answer, AssistantError> {
        let (asked_before, _running) = self.begin(&turn);
        let _ = self.gate.subscribe().wait_for(|open| *open).await;
        let words = turn.text();
        match self.behaviour {
            Behaviour::Slow(pause) => {
                tokio::time::sleep(pause).await;
                Ok(Answer::text(words))
            }
            Behaviour::Hanging => std::future::pending().await,
            Behaviour::Failing { times } if asked_before < times => {
                Err(AssistantError::Retry { reason: "told to fail".into(), after: None })
            }
            Behaviour::Refusing => Err(AssistantError::Permanent { reason: "told to refuse".into() }),
            Behaviour::Panicking { times } => {
                assert!(asked_before >= times && !words.contains("panic"), "told to panic");
                Ok(Answer::text(words))
            }
            Behaviour::Echo | Behaviour::Failing { .. } => Ok(Answer::text(words)),
            Behaviour::Silent => Ok(Answer::silence()),
            Behaviour::Flooding { replies } => {
                Ok(Answer { replies: (0..replies).map(|_| Reply::text(words.clone())).collect(), ..Answer::default() })
            }
            Behaviour::RememberingByState => {
                let state = turn.state.clone().unwrap_or_default();
                let answer = before(&String::from_utf8_lossy(&state));
                Ok(Answer { state: Some(Bytes::from(words)), ..answer })
            }
            Behaviour::RememberingByHistory => Ok(before(turn.history.last().map_or("", |past| past.asked.as_str()))),
        }
    }
}

//! What is seen of the pieces before the library reads them: limits, and what it leaves out.

use crate::decide::failure::Failure;
use crate::limits::{STREAM_BYTES_MAX, STREAM_CHUNKS_MAX};
use crate::provider::Provider;
use crate::response::openai_calls::OpenaiCalls;
use genai::chat::{ChatFrameSink, FrameCtx, RawFrameRef, StreamEnd};
use parking_lot::Mutex;
use serde_json::Value;
use std::sync::Arc;
use tokio::sync::Notify;
use tokio::time::Instant;

/// An onlooker of one answer.
pub(crate) struct Watch {
    provider: Provider,
    seen: Mutex<Seen>,
    /// Rung when a limit is passed: the library may read on for long without handing anything over.
    passed: Notify,
}

/// What it has seen.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    chunks: usize,
    bytes: usize,
    last: Option<Instant>,
    /// The first limit that was passed, or what cannot be read.
    pub(crate) failure: Option<Failure>,
    /// The calls of OpenAI's protocol.
    pub(crate) calls: OpenaiCalls,
    /// Whether the model, or a filter, declined in a place that the library does not look at.
    pub(crate) declined: bool,
    /// The code of a failure that the library does not hand over.
    pub(crate) failed: Option<Failure>,
}

impl Watch {
    pub(crate) fn new(provider: Provider) -> Arc<Self> {
        Arc::new(Self { provider, seen: Mutex::default(), passed: Notify::new() })
    }

    /// Waits until a limit is passed.
    pub(crate) async fn passed(&self) -> Failure {
        loop {
            let rung = self.passed.notified();
            if let Some(failure) = self.seen.lock().failure.clone() {
                return failure;
            }
            rung.await;
        }
    }

    /// When the last piece came, once one has. A line without end is none.
    pub(crate) fn last(&self) -> Option<Instant> {
        self.seen.lock().last
    }

    /// Whether anything came, which the provider will have paid.
    pub(crate) fn began(&self) -> bool {
        self.seen.lock().chunks > 0
    }

    /// How many whole pieces came.
    pub(crate) fn pieces(&self) -> usize {
        self.seen.lock().chunks
    }

    /// How many bytes came.
    pub(crate) fn bytes(&self) -> usize {
        self.seen.lock().bytes
    }

    /// What was seen, taken at the end.
    pub(crate) fn take(&self) -> Seen {
        let mut seen = self.seen.lock();
        let (chunks, bytes) = (seen.chunks, seen.bytes);
        std::mem::replace(&mut *seen, Seen { chunks, bytes, ..Seen::default() })
    }

    fn look(&self, seen: &mut Seen, data: &str) -> Result<(), Failure> {
        seen.chunks += 1;
        seen.bytes = seen.bytes.saturating_add(data.len());
        if seen.chunks > STREAM_CHUNKS_MAX || seen.bytes > STREAM_BYTES_MAX {
            return Err(Failure::ENDLESS);
        }
        // Most pieces are not read twice.
        let signs: &[&str] = match self.provider {
            Provider::Openai | Provider::Ollama => &["\"tool_calls\"", "\"refusal\""],
            Provider::OpenaiResponses => &["response.refusal", "response.incomplete", "response.failed"],
            Provider::Gemini => &["blockReason"],
            Provider::Anthropic => &[],
        };
        if !signs.iter().any(|sign| data.contains(sign)) {
            return Ok(());
        }
        // What is not JSON is told by the library.
        let Ok(piece) = serde_json::from_str::<Value>(data) else { return Ok(()) };
        match self.provider {
            Provider::Openai | Provider::Ollama => {
                let refusal = piece.pointer("/choices/0/delta/refusal").and_then(Value::as_str);
                seen.declined |= refusal.is_some_and(|words| !words.is_empty());
                seen.calls.take(&piece)?;
            }
            Provider::OpenaiResponses => responses(seen, &piece),
            Provider::Gemini => {
                seen.declined |= piece.pointer("/promptFeedback/blockReason").is_some_and(Value::is_string);
            }
            Provider::Anthropic => {}
        }
        Ok(())
    }
}

/// What OpenAI's newer protocol tells of an end that is not a success.
fn responses(seen: &mut Seen, piece: &Value) {
    let text = |pointer: &str| piece.pointer(pointer).and_then(Value::as_str);
    match text("/type") {
        Some("response.refusal.delta" | "response.refusal.done") => seen.declined = true,
        Some("response.incomplete") => {
            seen.declined |= text("/response/incomplete_details/reason") == Some("content_filter");
        }
        Some("response.failed") => {
            let error = piece.pointer("/response/error").map(Value::to_string);
            seen.failed = error.map(|error| crate::decide::failure::of_words(&error));
        }
        _ => {}
    }
}

impl ChatFrameSink for Watch {
    fn on_frame(&self, _: &FrameCtx, frame: RawFrameRef<'_>) {
        let mut seen = self.seen.lock();
        seen.last = Some(Instant::now());
        if seen.failure.is_none()
            && let Err(failure) = self.look(&mut seen, frame.data)
        {
            seen.failure = Some(failure);
            self.passed.notify_one();
        }
    }

    fn on_end(&self, _: &FrameCtx, _: &StreamEnd) {}

    fn on_error(&self, _: &FrameCtx, _: &genai::Error) {}
}

/// An onlooker holds what a model said; nothing of it is printed.
impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Watch")
    }
}

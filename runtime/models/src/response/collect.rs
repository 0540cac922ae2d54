//! The whole of an answer, or why there is none.

use crate::decide::cost::Tokens;
use crate::decide::ending::{Told, ended};
use crate::decide::failure::Failure;
use crate::decide::thoughts;
use crate::limits::{ANSWER_BYTES_MAX, CALL_ARGUMENTS_BYTES_MAX, SIGNATURES_BYTES_MAX};
use crate::request::signatures;
use crate::response::calls::checked;
use crate::response::errors::failure;
use crate::response::watch::Watch;
use futures::StreamExt as _;
use genai::chat::{ChatStream, ChatStreamEvent, ContentPart, MessageContent, StreamEnd};
use greenroom_contract::model::{Ended, Said, ToolCall};
use greenroom_contract::time::Timestamp;
use std::time::Duration;
use tokio::time::sleep_until;

/// An answer that came to its end.
#[derive(Debug)]
pub(crate) struct Collected {
    pub(crate) said: Said,
    pub(crate) ended: Ended,
    /// As the provider counts them, where it does.
    pub(crate) tokens: Option<Tokens>,
}

/// Reads an answer to its end. `by` names the model whose answer it is.
pub(crate) async fn collect(
    mut stream: ChatStream,
    watch: &Watch,
    silence: Duration,
    by: &str,
    now: Timestamp,
) -> Result<Collected, Failure> {
    let mut text = String::new();
    let mut thought_bytes = 0;
    loop {
        let event = tokio::select! {
            biased;
            passed = watch.passed() => return Err(passed),
            event = stream.next() => event,
            // The library tells of silence on the line; a line without end is not silent.
            () = silent(watch, silence) => return Err(Failure::SILENT),
        };
        match event {
            None => return Err(Failure::CUT),
            Some(Err(error)) => return declined_or(watch, failure(&error, now)),
            Some(Ok(ChatStreamEvent::Chunk(chunk))) => {
                if text.len() + chunk.content.len() > ANSWER_BYTES_MAX {
                    return Err(Failure::ENDLESS);
                }
                text.push_str(&chunk.content);
            }
            Some(Ok(ChatStreamEvent::ReasoningChunk(chunk) | ChatStreamEvent::ThoughtSignatureChunk(chunk))) => {
                thought_bytes += chunk.content.len();
                if thought_bytes > ANSWER_BYTES_MAX {
                    return Err(Failure::ENDLESS);
                }
            }
            Some(Ok(ChatStreamEvent::ToolCallChunk(chunk))) => {
                let bytes = chunk.tool_call.fn_arguments.as_str().map_or(0, str::len);
                if bytes > CALL_ARGUMENTS_BYTES_MAX {
                    return Err(Failure::ENDLESS);
                }
            }
            Some(Ok(ChatStreamEvent::Start | ChatStreamEvent::Heartbeat)) => {}
            Some(Ok(ChatStreamEvent::End(end))) => return whole(&text, end, watch, by),
        }
    }
}

/// Waits until nothing came for so long, once something has.
async fn silent(watch: &Watch, silence: Duration) {
    loop {
        let Some(last) = watch.last() else {
            tokio::time::sleep(silence).await;
            continue;
        };
        if last.elapsed() >= silence {
            return;
        }
        sleep_until(last + silence).await;
    }
}

/// The library takes some ways to decline for errors, and leaves out why others failed.
fn declined_or(watch: &Watch, failure: Failure) -> Result<Collected, Failure> {
    let seen = watch.take();
    if seen.declined {
        return Ok(Collected { said: Said::default(), ended: Ended::Refused, tokens: None });
    }
    Err(seen.failed.unwrap_or(failure))
}

/// An answer at its end.
fn whole(text: &str, mut end: StreamEnd, watch: &Watch, by: &str) -> Result<Collected, Failure> {
    let mut seen = watch.take();
    if let Some(failure) = seen.failure.take() {
        return Err(failure);
    }
    let parts = end.captured_content.take().map(MessageContent::into_parts).unwrap_or_default();
    let mut calls = std::mem::take(&mut seen.calls).into_calls();
    calls.extend(parts.iter().filter_map(|part| part.as_tool_call()).map(|call| ToolCall {
        id: call.call_id.clone(),
        name: call.fn_name.clone(),
        arguments: call.fn_arguments.clone(),
    }));
    let told = Told { calls: !calls.is_empty(), declined: seen.declined };
    let ended = ended(end.captured_stop_reason.as_ref(), told)?;
    let mut said = Said { text: thoughts::without(text).trim_end().to_owned(), ..Said::default() };
    if ended == Ended::Calls {
        said.calls = checked(calls)?;
        said.signatures = kept(by, &parts, &end, &said.calls);
    }
    Ok(Collected { said, ended, tokens: end.captured_usage.as_ref().and_then(tokens) })
}

/// What is given back with the calls. Too much of it is left out: the model thinks again then.
fn kept(by: &str, parts: &[ContentPart], end: &StreamEnd, calls: &[ToolCall]) -> Vec<String> {
    let mut parts = parts.to_vec();
    // A call that got another id is found by the one it has.
    let made = parts.iter_mut().filter_map(|part| match part {
        ContentPart::ToolCall(call) => Some(call),
        _ => None,
    });
    for (made, call) in made.zip(calls) {
        made.call_id.clone_from(&call.id);
    }
    let thought = end.captured_reasoning_content.clone().map(ContentPart::ReasoningContent);
    if !parts.iter().any(|part| matches!(part, ContentPart::ReasoningContent(_))) {
        parts.extend(thought);
    }
    let kept = signatures::kept(by, &parts);
    if kept.iter().map(String::len).sum::<usize>() > SIGNATURES_BYTES_MAX { Vec::new() } else { kept }
}

/// What the provider counted. Zero is not a count.
fn tokens(usage: &genai::chat::Usage) -> Option<Tokens> {
    let count = |tokens: Option<i32>| u64::try_from(tokens.unwrap_or_default()).unwrap_or_default();
    let kept = usage.prompt_tokens_details.as_ref().and_then(|details| details.cached_tokens);
    let thoughts = usage.completion_tokens_details.as_ref().and_then(|details| details.reasoning_tokens);
    let written = count(usage.completion_tokens).max(count(thoughts));
    let tokens = Tokens { read: count(usage.prompt_tokens), written, kept: count(kept) };
    (tokens.read > 0 || tokens.written > 0).then_some(tokens)
}

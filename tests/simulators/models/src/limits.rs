//! Every limit, with its unit and its reason.

use std::time::Duration;

/// Bytes of one request body, unless [`crate::Settings::body_bytes_max`] says otherwise: Anthropic's 32 MB.
pub(crate) const BODY_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Bytes of a too large body that are read and thrown away, so that the client gets to read the 413.
pub(crate) const DISCARDED_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Bytes of one picture for Anthropic, as its documentation says.
pub(crate) const ANTHROPIC_PICTURE_BYTES_MAX: usize = 5 * 1024 * 1024;
/// Bytes of one picture for OpenAI and Gemini, whose limits are on the whole request; 20 MB is the smaller one.
pub(crate) const PICTURE_BYTES_MAX: usize = 20 * 1024 * 1024;
/// Requests and violations that are remembered; the oldest leave first.
pub(crate) const RECORDED_MAX: usize = 10_000;
/// Bytes of all remembered request bodies together, so that pictures do not fill the memory; the oldest leave first.
pub(crate) const RECORDED_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Characters of a refused body that its violation shows.
pub(crate) const VIOLATION_BODY_CHARS_MAX: usize = 2_000;
/// Planned replies and planned faults that wait for requests.
pub(crate) const PLANNED_MAX: usize = 100_000;
/// Bytes of an oversized text; more would test the memory of this machine.
pub(crate) const OVERSIZED_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Bytes of a line without end before it is only stuck: a client that reads this much has no limit.
pub(crate) const ENDLESS_BYTES_MAX: usize = 512 * 1024 * 1024;
/// Bytes of one piece of a line without end.
pub(crate) const ENDLESS_PIECE_BYTES: usize = 16 * 1024;
/// Bytes of a script.
pub(crate) const SCRIPT_BYTES_MAX: usize = 1024 * 1024;
/// Prompt beginnings that are remembered for counting cached tokens.
pub(crate) const PREFIXES_MAX: usize = 1_000;
/// Characters of a tool's name, in all four protocols.
pub(crate) const TOOL_NAME_CHARS_MAX: usize = 64;
/// Tools in one request to OpenAI.
pub(crate) const OPENAI_TOOLS_MAX: usize = 128;
/// Characters of a call's id in chat completions.
pub(crate) const CHAT_CALL_ID_CHARS_MAX: usize = 40;
/// Characters of a call's id in the Responses API.
pub(crate) const RESPONSES_CALL_ID_CHARS_MAX: usize = 64;
/// Tokens of thinking that Anthropic accepts as the smallest budget.
pub(crate) const ANTHROPIC_THINKING_TOKENS_MIN: u64 = 1024;
/// Tokens from which providers keep a prompt's beginning in their cache.
pub(crate) const CACHED_TOKENS_MIN: u64 = 1024;
/// The longest wait that a script may order, so that a typing mistake does not hang a test run.
pub(crate) const SCRIPTED_WAIT_MAX: Duration = Duration::from_secs(3600);

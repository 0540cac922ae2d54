//! The limits of language models, each with its unit and its reason.

use std::time::Duration;

// --- time -------------------------------------------------------------------------------------

/// How long connecting to a provider may take, its name's look-up and TLS included.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long one ask may take unless `timeout_seconds` says otherwise: below the time of a turn, which is two minutes.
pub const ASK_TIMEOUT: Duration = Duration::from_secs(90);
/// How long a provider may be silent within an answer unless `read_timeout_seconds` says otherwise. Models that think send
/// signs of life more often.
pub const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// By how much an ask ends before its time does, so that the reason is told and not only that it took too long.
pub const ASK_MARGIN: Duration = Duration::from_millis(50);
/// One part in so many of the time is kept for the model that is asked instead.
pub const FALLBACK_SHARE: u32 = 3;
/// The first pause before a request is tried once more; doubled for each further one, and up to twice as long by chance, so
/// that those who wait together do not return together.
pub const RETRY_PAUSE: Duration = Duration::from_millis(400);
/// The longest such pause.
pub const RETRY_PAUSE_MAX: Duration = Duration::from_secs(10);
/// Requests of one ask at one model. Each may cost money.
pub const TRIES_MAX: usize = 4;
/// Models that one ask goes through.
pub const FALLBACKS_MAX: usize = 4;
/// How long a provider is not asked that is busy and does not say for how long.
pub const COOL_DOWN_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause that a provider may ask for. One that says a day is asked every ten minutes.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(10 * 60);
/// By how much those who wait for a busy provider are spread when it takes requests once more.
pub const COOL_DOWN_SPREAD: Duration = Duration::from_millis(500);

// --- connections ------------------------------------------------------------------------------

/// Connections to one provider that are kept open while nothing is asked.
pub const IDLE_CONNECTIONS_MAX: usize = 16;
/// How long such a connection is kept. Shorter than most servers keep theirs, so that no request is lost on a closed one.
pub const IDLE_CONNECTION_TIMEOUT: Duration = Duration::from_secs(20);
/// Requests at the same time to one model unless `calls_at_once` says otherwise.
pub const CALLS_AT_ONCE: u32 = 16;

// --- what is sent -----------------------------------------------------------------------------

/// Longest name of a model in bytes, as its provider calls it; it is part of keys in the store.
pub const MODEL_BYTES_MAX: usize = greenroom_contract::limits::USAGE_MODEL_BYTES_MAX;
/// Longest name of a document that is sent, in bytes.
pub const DOCUMENT_NAME_BYTES_MAX: usize = 128;
/// Longest name of a tool that providers take, in bytes.
pub const TOOL_NAME_BYTES_MAX: usize = 64;
/// Tokens of an Anthropic answer at least where it thinks: it may think with half of them.
pub const THINKING_ANSWER_TOKENS_MIN: u32 = 2_048;

// --- what is answered -------------------------------------------------------------------------

/// Bytes of an answer's words. The longest that a model writes, 128,000 tokens, are half of it.
pub const ANSWER_BYTES_MAX: usize = 1024 * 1024;
/// Bytes of an answer as it is sent, with everything around its words.
pub const STREAM_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Pieces in which an answer is sent. Most providers send one for each token.
pub const STREAM_CHUNKS_MAX: usize = 400_000;
/// Tools that one answer may want called.
pub const CALLS_MAX: usize = 32;
/// Bytes of the arguments of one call.
pub const CALL_ARGUMENTS_BYTES_MAX: usize = 128 * 1024;
/// Bytes of a call's id and of its tool's name; those in use have some dozen.
pub const CALL_NAME_BYTES_MAX: usize = 256;
/// Bytes of what a provider wants back with an answer: signatures of what its model thought.
pub const SIGNATURES_BYTES_MAX: usize = 1024 * 1024;
/// Bytes of a refusal that are looked at. What providers say first is what they refuse.
pub const REFUSAL_BYTES_MAX: usize = 16 * 1024;
/// How often an answer is read on without a whole piece of it: a line, or a refusal, that does not end. The library holds it in
/// memory and lets no one look on; one reading takes what a connection has, some 16 KB and 400 KB at most. That is a line of a
/// megabyte in packets of their smallest size, and 200 MB of the largest.
pub const READINGS_WITHOUT_PIECE_MAX: u32 = 512;
/// How long such readings may keep the thread busy, together. The library copies a line that it has begun with each of them.
pub const READING_WITHOUT_PIECE_TIMEOUT: Duration = Duration::from_secs(1);
/// How deep a refusal is looked into.
pub const REFUSAL_DEPTH_MAX: usize = 6;
/// Bytes of a prompt or an answer for one token, where the provider broke off before it told how many it counts.
pub const TOKEN_BYTES: u64 = 4;
/// Tokens of a picture or a document, for the same.
pub const MEDIUM_TOKENS: u64 = 1_000;

// --- budgets ----------------------------------------------------------------------------------

/// People whose spending of a day is counted apart, for each model; the rest of them share one budget. At about 40 bytes each.
pub const PEOPLE_COUNTED_MAX: usize = 100_000;

//! The limits of the assistant that asks a language model, each with its unit and its reason.

use std::time::Duration;

// --- prompt -------------------------------------------------------------------------------------

/// Largest prompt of an owner, in bytes: some twenty pages. It is sent with every turn.
pub const OWNER_PROMPT_BYTES_MAX: usize = 64 * 1024;
/// How often the file of a prompt is looked at. Whoever edits it expects to see the change in the next message.
pub const PROMPT_FILE_LOOK_PAUSE: Duration = Duration::from_secs(1);
/// Bytes of one message of a person that a model is shown; less where its context is small. A whole short story.
pub const TEXT_SHOWN_BYTES_MAX: usize = 64 * 1024;
/// Bytes of one message that are shown however small the context of a model is.
pub const TEXT_SHOWN_BYTES_MIN: usize = 1024;
/// Bytes of a name, a title or a file name within a mark. It says who speaks, and must not become a speech itself.
pub const LABEL_BYTES_MAX: usize = 80;
/// Bytes of a quoted message that are shown.
pub const QUOTE_SHOWN_BYTES_MAX: usize = 2 * 1024;
/// Contacts of one message that are shown.
pub const CONTACTS_SHOWN_MAX: usize = 10;
/// Messages of the bot that were not delivered and are told.
pub const UNDELIVERED_SHOWN_MAX: usize = 4;
/// How sure a transcript must be, from 0 to 1, not to be marked as doubtful.
pub const CONFIDENCE_LOW_LIMIT: f32 = 0.6;
/// The longest mark in bytes that is taken out of what a model says. Marks are short; what is longer is text.
pub const MARK_BYTES_MAX: usize = 512;

// --- tokens -------------------------------------------------------------------------------------

/// Tokens of history where the configuration says nothing: some thirty turns of usual length.
pub const HISTORY_TOKENS_DEFAULT: u32 = 6_000;
/// Tokens of history that may be configured: the largest contexts.
pub const HISTORY_TOKENS_CONFIGURED_MAX: u32 = 1_000_000;
/// The least that an estimate is multiplied by, in percent. No tokenizer is twice as good as the estimate.
pub const TOKEN_FACTOR_MIN: f64 = 0.5;
/// The most that an estimate is multiplied by. Tokenizers that know a script badly need that much.
pub const TOKEN_FACTOR_MAX: f64 = 3.0;
/// Tokens below which a real count says nothing about the estimate: what providers add weighs too much.
pub const TOKENS_TELLING_MIN: u32 = 200;
/// Tokens of a document of which no more is known than its bytes, at least.
pub const DOCUMENT_TOKENS_MIN: u32 = 1_500;
/// Times that a prompt which was too long is made shorter: half the history, a quarter, none.
pub const SHORTENED_MAX: u32 = 3;

// --- summary ------------------------------------------------------------------------------------

/// Bytes of the summary of what fell out of the history.
pub const SUMMARY_BYTES_MAX: usize = 4 * 1024;
/// Tokens that a model may write for it.
pub const SUMMARY_TOKENS_MAX: u32 = 700;
/// How long making one may take.
pub const SUMMARY_TIMEOUT: Duration = Duration::from_secs(30);
/// How long an answer that is there waits for the summary that is being made beside it. One that takes longer is remembered with
/// the next turn.
pub const SUMMARY_GRACE: Duration = Duration::from_secs(3);
/// Conversations of which a summary is being made or waits to be remembered. Some kilobytes each.
pub const SUMMARIES_MAKING_MAX: usize = 1_024;
/// Turns for which a summary is not tried that came to nothing; doubled each time from two on, and this at most. Each try is paid.
pub const SUMMARY_PAUSE_TURNS_MAX: u32 = 64;
/// Bytes of turns that are summarised in one go; older ones are left out.
pub const SUMMARISED_BYTES_MAX: usize = 48 * 1024;

// --- pictures and documents ----------------------------------------------------------------------

/// Pictures of one turn that a model is shown; each costs as much as two pages of text.
pub const IMAGES_PER_TURN_MAX: usize = 8;
/// Pixels of a picture that is decoded: what phones make. At four bytes each it needs 100 MB for a moment.
pub const IMAGE_PIXELS_MAX: u64 = 25_000_000;
/// Longest side of a picture that is decoded, in pixels.
pub const IMAGE_DECODED_SIDE_MAX: u32 = 16_384;
/// Bytes that decoding one picture may take.
pub const IMAGE_DECODING_BYTES_MAX: u64 = 160 * 1024 * 1024;
/// Pictures that one assistant decodes at the same time.
pub const IMAGE_DECODINGS_MAX: usize = 2;
/// Longest side of a picture that a model is shown, in pixels; providers scale down what is larger.
pub const IMAGE_SIDE_DEFAULT: u32 = 1_568;
/// Shortest such side that may be configured: less shows nothing.
pub const IMAGE_SIDE_CONFIGURED_MIN: u32 = 64;
/// Longest such side that may be configured. Providers refuse more.
pub const IMAGE_SIDE_CONFIGURED_MAX: u32 = 4_096;
/// Quality of the JPEG that a model is shown, in percent.
pub const IMAGE_QUALITY: u8 = 85;
/// Largest document that is handed to a model, in bytes. Providers take 32 MB with everything around it, in base64.
pub const DOCUMENT_SHOWN_BYTES_MAX: usize = 10 * 1024 * 1024;
/// Documents of one turn that a model is shown.
pub const DOCUMENTS_PER_TURN_MAX: usize = 4;

// --- turn ---------------------------------------------------------------------------------------

/// What is kept of the time of a turn for committing it, at most.
pub const TURN_RESERVE_MAX: Duration = Duration::from_secs(3);
/// Time below which a model is not asked: it could not answer.
pub const ASK_TIME_MIN: Duration = Duration::from_millis(500);
/// Rounds of tool calls in one turn where the configuration says nothing.
pub const ROUNDS_DEFAULT: u32 = 8;
/// Rounds that may be configured. A model that needs more is in a loop.
pub const ROUNDS_CONFIGURED_MAX: u32 = 32;
/// Calls of one round; the rest is refused, and the model is told so.
pub const CALLS_PER_ROUND_MAX: usize = 16;
/// Calls of one round that are under way at the same time.
pub const CALLS_IN_FLIGHT_MAX: usize = 8;
/// How long the offers of tool servers are waited for; without them the turn is answered all the same.
pub const OFFERS_TIMEOUT: Duration = Duration::from_secs(5);
/// Tools of servers that a model is offered. With more of them models choose badly, and providers refuse 128.
pub const TOOLS_OFFERED_MAX: usize = 100;
/// Longest name of a tool that providers take, in bytes.
pub const TOOL_NAME_BYTES_MAX: usize = 64;
/// Bytes of what a tool says of itself.
pub const TOOL_ABOUT_BYTES_MAX: usize = 1024;
/// Bytes of the declaration of a tool's arguments. One that is larger is not offered.
pub const TOOL_PARAMETERS_BYTES_MAX: usize = 16 * 1024;
/// Bytes of the arguments of a call.
pub const TOOL_ARGUMENTS_BYTES_MAX: usize = 64 * 1024;
/// Bytes of what a tool returned that a model is shown; less where its context is small.
pub const TOOL_OUTPUT_BYTES_MAX: usize = 16 * 1024;
/// The same, however small the context is.
pub const TOOL_OUTPUT_BYTES_MIN: usize = 512;
/// Pictures and files that tools return in one turn and that can be sent.
pub const FILES_PER_TURN_MAX: usize = 16;
/// Their bytes, together.
pub const FILES_PER_TURN_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Longest words below a file that is sent, in bytes.
pub const CAPTION_BYTES_MAX: usize = 1024;

// --- questions before a call ---------------------------------------------------------------------

/// Calls that one question asks about.
pub const CONFIRMED_CALLS_MAX: usize = 4;
/// Bytes of one argument that the question shows.
pub const ARGUMENT_SHOWN_BYTES_MAX: usize = 160;
/// Arguments of one call that the question shows; of the rest it tells how many there are.
pub const ARGUMENTS_SHOWN_MAX: usize = 6;
/// Bytes of the whole question: what fits above buttons.
pub const QUESTION_BYTES_MAX: usize = 960;
/// How long a question can be answered.
pub const PENDING_AGE_MAX: Duration = greenroom_contract::limits::OPEN_CHOICE_AGE_MAX;
/// Bytes of what is kept until a question is answered.
pub const PENDING_BYTES_MAX: usize = 96 * 1024;
/// Bytes of one earlier output in it, where all of them together are too large.
pub const PENDING_OUTPUT_BYTES_MAX: usize = 1024;

// --- attempts that failed ------------------------------------------------------------------------

/// Turns whose finished calls are remembered for a further attempt; the oldest leave first.
pub const ATTEMPTS_REMEMBERED_MAX: usize = 512;
/// Their bytes, together.
pub const ATTEMPTS_REMEMBERED_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Turns that are known to have been worked on by this process alone; the oldest leave first, and count as unknown if they are
/// tried once more. At 16 bytes each, and looked through at the start of each turn.
pub const ATTEMPTS_SEEN_MAX: usize = 4_096;

// --- reminders ----------------------------------------------------------------------------------

/// Bytes of the words of a reminder. They are part of the wake-up's token, which has room for 1 KB.
pub const REMINDER_BYTES_MAX: usize = 400;
/// Bytes of the name of the one who is reminded.
pub const REMINDER_NAME_BYTES_MAX: usize = 60;
/// How far ahead a reminder may be.
pub const REMINDER_AHEAD_MAX: Duration = Duration::from_secs(5 * 366 * 24 * 3600);
/// Steps of a repeating reminder that are looked through for the next one, beginning shortly before the present moment.
pub const REMINDER_STEPS_MAX: i64 = 64;

// --- state --------------------------------------------------------------------------------------

/// People of one conversation of whom is remembered that they were told about a spent budget.
pub const TOLD_REMEMBERED_MAX: usize = 32;

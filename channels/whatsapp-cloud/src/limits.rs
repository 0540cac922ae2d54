//! The limits of this adapter, each with its unit and its reason. What Meta allows stands here too.

use std::time::Duration;

// --- what Meta allows --------------------------------------------------------------------------

/// Longest text in characters: what Meta takes.
pub const TEXT_CHARS_MAX: usize = 4_096;
/// Longest caption in characters: what Meta takes.
pub const CAPTION_CHARS_MAX: usize = 1_024;
/// Longest parameter of a template in characters: what Meta takes.
pub const PARAMETER_CHARS_MAX: usize = 1_024;
/// Largest picture that is sent, in bytes: Meta takes 5 MB.
pub const IMAGE_BYTES_MAX: u64 = 5 * 1024 * 1024;
/// Largest voice note that is sent, in bytes: Meta takes 16 MB.
pub const VOICE_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Longest question with buttons or a list, in characters. Meta takes 4,096 above a list; one limit for both keeps the form
/// of a question from changing with its length.
pub const QUESTION_CHARS_MAX: usize = 1_024;
/// Buttons of one question: what Meta takes
/// (<https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/interactive-reply-buttons-messages>).
pub const BUTTONS_MAX: usize = 3;
/// Longest title of a button, in characters: what Meta takes.
pub const BUTTON_CHARS_MAX: usize = 20;
/// Rows of one list: what Meta takes, over all its sections
/// (<https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/interactive-list-messages>).
pub const ROWS_MAX: usize = 10;
/// Longest title of a row, in characters: what Meta takes.
pub const ROW_CHARS_MAX: usize = 24;
/// Longest second line of a row, in characters: what Meta takes.
pub const DETAIL_CHARS_MAX: usize = 72;
/// Longest words on the button that opens a list, in characters: what Meta takes.
pub const OPEN_LABEL_CHARS_MAX: usize = 20;
/// Longest id of an option that is sent, in characters: what Meta takes for a row; for a button it takes 256.
pub const ROW_ID_CHARS_MAX: usize = 200;
/// Longest id of an option that is read, in characters: what Meta takes for a button, which may be another program's.
pub const OPTION_ID_CHARS_MAX: usize = 256;
/// Largest document that is sent, in bytes. Meta takes 100 MB; this is what is kept in memory.
pub use greenroom_contract::limits::DOCUMENT_BYTES_MAX;
/// How long free text may follow a person's message. A minute is kept back for the way and for clocks that differ.
pub const WINDOW: Duration = Duration::from_secs(24 * 3600 - 60);

/// How long after it was sent a message may still be delivered. Meta repeats a webhook for seven days; a day is for clocks
/// that differ.
pub const DELIVERED_WITHIN: Duration = Duration::from_secs(8 * 24 * 3600);

// --- rates and pauses --------------------------------------------------------------------------

/// Messages of one number in a second, both directions together. Meta allows 80 ("throughput" in its Cloud API
/// overview); the rest is for clocks that differ.
pub const MESSAGES_PER_SECOND: u32 = 70;
/// One message to one person in this time, once the burst is used up. Meta's pair rate.
pub const PAIR_PERIOD: Duration = Duration::from_secs(6);
/// Messages to one person that may leave at once. Meta is said to allow 45; an answer in several parts needs far fewer.
pub const PAIR_BURST: u32 = 20;
/// How long a number waits after 130429.
pub const THROUGHPUT_PAUSE: Duration = Duration::from_secs(4);
/// How long a conversation waits after 131056: Meta's rate is one message in about six seconds.
pub const PAIR_PAUSE: Duration = Duration::from_secs(12);
/// How long an account waits after a rate limit of calls, which are counted by the hour.
pub const CALLS_PAUSE: Duration = Duration::from_secs(60);
/// How long a chat counts as handled by another after the last sign of it: the time of Meta's window, after which an
/// answer would be too late anyway.
pub const OBSERVED_FOR: Duration = Duration::from_secs(24 * 3600);
/// How long an answer waits before it is asked again whether another still handles its chat.
pub const OBSERVED_PAUSE: Duration = Duration::from_secs(1);
/// How long nothing is tried after a limit that guards people from unwanted messages.
pub const UNWANTED_PAUSE: Duration = Duration::from_secs(60 * 60);
/// How long an account waits after 131057: Meta moves the number to a higher throughput, which takes about a minute.
pub const MAINTENANCE_PAUSE: Duration = Duration::from_secs(60);
/// How long an account waits after an answer that is not Graph's, of a proxy or a captive portal: long enough that ten
/// attempts outlast a short one, short enough that its end is noticed soon.
pub const WEATHER_PAUSE: Duration = Duration::from_secs(30);
/// How long a conversation waits after a code that is not known; the engine's growing pauses follow.
pub const UNCLEAR_PAUSE: Duration = Duration::from_secs(10);
/// Longest pause that an answer may ask for: Graph counts its calls by the hour, and a day would look like silence.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(60 * 60);
/// "Typing …" lasts 25 s at Meta's and is asked for every 10 s by the engine: every second time is enough.
pub const TYPING_RENEWAL: Duration = Duration::from_secs(15);
/// How long one call for typing may take; one that is later would show nothing useful.
pub const TYPING_TIMEOUT: Duration = Duration::from_secs(5);
/// Calls for typing under way at once; more are left out.
pub const TYPING_IN_FLIGHT_MAX: usize = 32;

// --- calls -------------------------------------------------------------------------------------

/// How long one call may take. Shorter than the engine's patience with a send, so that the adapter is the one to say
/// what happened.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(40);
/// How long a connection to Graph may take to be made; a part of [`CALL_TIMEOUT`].
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Largest answer of Graph that is read, in bytes. Real ones are below a few kilobytes.
pub const ANSWER_BYTES_MAX: usize = 1024 * 1024;
/// Redirects that one download follows, each to a host of Meta's; a content network needs one.
pub const DOWNLOAD_REDIRECTS_MAX: usize = 2;
/// Longest answer of a callback that the doctor reads, in bytes. A challenge has about ten.
pub const CALLBACK_BYTES_MAX: usize = 4 * 1024;
/// How long the doctor waits for a callback.
pub const CALLBACK_TIMEOUT: Duration = Duration::from_secs(10);
/// Connections kept open and idle; one for each send in flight would be too many.
pub const IDLE_CONNECTIONS_MAX: usize = 64;
/// Most of a declared size that is reserved at once, in bytes: the rest grows with what really comes.
pub const RESERVE_BYTES_MAX: u64 = 1024 * 1024;
/// Longest challenge that is sent back, in bytes. Meta's have about ten.
pub const CHALLENGE_BYTES_MAX: usize = 256;
/// Tokens that end sooner than this are warned about; those of the App Dashboard live a day.
pub const TOKEN_LEFT_MIN: Duration = Duration::from_secs(3 * 24 * 3600);

// --- what is kept ------------------------------------------------------------------------------

/// Chats of one number whose count of messages is remembered; about 100 bytes each.
pub const CHATS_REMEMBERED: usize = 20_000;
/// Requests that told of standby and are recognised when they come again; about 100 bytes each. Meta repeats a request
/// for days, with growing pauses.
pub const STANDBY_REMEMBERED: usize = 1_024;
/// Messages of one run whose failure is recognised when it is told later; about 100 bytes each, two for one message.
pub const SENDS_REMEMBERED: usize = 8_192;
/// Messages whose typing is remembered.
pub const TYPING_REMEMBERED: usize = 4_096;
/// Ids that are remembered as gone, so that they are not asked for again: failed look-ups are counted by Meta's
/// partners and block everybody after twenty.
pub const GONE_REMEMBERED: usize = 4_096;
/// Longest reason that is kept, in characters.
pub const REASON_CHARS_MAX: usize = 300;
/// Longest kind of message that is kept as a word, in bytes; the longest known one has about twenty.
pub const KIND_BYTES_MAX: usize = 40;
/// How deep the values of a post are read; deeper ones are left out. Meta's lie less than 20 deep, and the parser gives
/// up at 128.
pub const JSON_DEPTH_MAX: usize = 100;
/// Answers of one form that are read; Meta's largest forms have about fifty fields.
pub const FORM_LINES_MAX: usize = 100;
/// How deep the answers of a form are read; lists of choices lie two deep.
pub const FORM_DEPTH_MAX: usize = 8;
/// Unreadable parts of one post that are named one by one, and logged in a line each; more would flood the log and say
/// the same.
pub const UNREADABLE_NAMED_MAX: usize = 32;

// --- what is pasted ----------------------------------------------------------------------------

/// Characters that every access token has; real ones are some 200 long.
pub const PASTED_TOKEN_CHARS_MIN: usize = 60;
/// Characters of a verify token at least, so that no one guesses it.
pub const PASTED_VERIFY_TOKEN_CHARS_MIN: usize = 8;
/// Characters of any value that is pasted, at most: a real one is no longer than a token.
pub const PASTED_VALUE_CHARS_MAX: usize = 1_024;

//! The limits of tool servers, each with its unit and its reason.

use std::time::Duration;

/// Bytes of one line of a program's output: the largest message that is read. A picture of [`MEDIUM_BYTES_MAX`] fits.
pub const LINE_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Bytes of a longer line that are passed over to find its end. A program that writes more without one is ended.
pub const LINE_SKIPPED_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Bytes at each end of a line that cannot be read, in which the number of its request is looked for.
pub const ID_SOUGHT_BYTES_MAX: usize = 128;
/// Lines in a row that are not messages, after which a program is ended: it speaks something else.
pub const STRAY_LINES_MAX: u32 = 1_000;
/// Messages of a program that are read in [`FLOOD_WINDOW`]. One that writes more is ended.
pub const FLOOD_LINES_MAX: u32 = 20_000;
/// See [`FLOOD_LINES_MAX`].
pub const FLOOD_WINDOW: Duration = Duration::from_secs(10);
/// Requests of a program's own that are answered at the same time.
pub const REQUESTS_AT_ONCE_MAX: usize = 16;
/// Bytes of the name by which a server knows a person or a conversation, before they are written in hexadecimal digits: no two
/// people get the same one.
pub const WHOM_BYTES: usize = 16;
/// Bytes of one line of a program's log that are looked through for secrets. The rest of a longer one is not shown.
pub const LOG_LINE_BYTES_MAX: usize = 64 * 1024;
/// Bytes of such a line that are shown.
pub const LOG_SHOWN_BYTES_MAX: usize = 1024;
/// How long the last answers of a program are waited for after it ended. They are in a pipe already.
pub const LAST_LINES_TIMEOUT: Duration = Duration::from_secs(1);
/// Lines of its log that are passed on in [`LOG_WINDOW`]; the rest is counted.
pub const LOG_LINES_MAX: u32 = 200;
/// See [`LOG_LINES_MAX`].
pub const LOG_WINDOW: Duration = Duration::from_secs(10);
/// First pause before a server that ended is started again; doubled each time.
pub const PAUSE_MIN: Duration = Duration::from_millis(200);
/// Longest pause before it is started again.
pub const PAUSE_MAX: Duration = Duration::from_secs(60);
/// A server that ran this long has proven itself; the next pause is short again.
pub const PROVEN_AFTER: Duration = Duration::from_secs(60);
/// How long a program may take to end after its input was closed.
pub const STOP_TIMEOUT: Duration = Duration::from_secs(1);
/// Seconds that a start may be given: some programs fetch packages first.
pub const START_SECONDS_MAX: i64 = 600;
/// How long a list of tools that changed may take, all its pages together.
pub const LIST_TIMEOUT: Duration = Duration::from_secs(30);
/// How soon after a list was read it is read once more, when the server says that it changed. Some say so all the time.
pub const LIST_PAUSE: Duration = Duration::from_secs(2);
/// How long a server may take to say that it is there, before it counts as stuck.
pub const PING_TIMEOUT: Duration = Duration::from_secs(10);
/// How often a program that is not asked anything has to say that it is there.
pub const PING_PAUSE: Duration = Duration::from_secs(60);
/// A server that is started again within this time is waited for; one that is down for longer is away.
pub const SOON_LIMIT: Duration = Duration::from_secs(1);
/// How soon a call is made once more for which its server had no place.
pub const BUSY_PAUSE: Duration = Duration::from_secs(1);
/// Seconds that one call may be given.
pub const CALL_SECONDS_MAX: i64 = 600;
/// Calls that one server may be given before it has answered.
pub const CALLS_AT_ONCE_MAX: i64 = 256;
/// Bytes of the words of one result that may be configured.
pub const OUTPUT_BYTES_MAX: i64 = 1024 * 1024;
/// Bytes of one result's words, where nothing is configured: about 8,000 tokens.
pub const OUTPUT_BYTES_DEFAULT: usize = 32 * 1024;
/// Bytes of the arguments of one call. A model writes less.
pub const ARGUMENTS_BYTES_MAX: usize = 256 * 1024;
/// Pictures and files of one result.
pub const MEDIA_MAX: usize = 4;
/// Bytes of one picture or file, unpacked: the largest picture that networks take.
pub const MEDIUM_BYTES_MAX: usize = 5 * 1024 * 1024;
/// Bytes of a type or of a name of a medium.
pub const MEDIUM_NAME_BYTES_MAX: usize = 120;
/// Bytes of an address in a result.
pub const LINK_BYTES_MAX: usize = 2 * 1024;
/// Tools of one server. Models choose badly among more.
pub const TOOLS_MAX: usize = 128;
/// Pages of a list that are read.
pub const PAGES_MAX: usize = 64;
/// Bytes of a tool's name. The smallest limit among the providers of models.
pub const TOOL_NAME_BYTES_MAX: usize = 64;
/// Bytes of a tool's title, which people are shown.
pub const TITLE_BYTES_MAX: usize = 120;
/// Bytes of what a tool says of itself. What is longer is cut.
pub const ABOUT_BYTES_MAX: usize = 4 * 1024;
/// Bytes of the schema of a tool's arguments. A tool with a longer one is left out.
pub const SCHEMA_BYTES_MAX: usize = 32 * 1024;
/// Bytes of all that a server's tools say of themselves, schemas included. All of it is sent with each question to a model.
pub const OFFERS_BYTES_MAX: usize = 256 * 1024;
/// Tools that are named in a warning about those that are left out.
pub const NAMED_MAX: usize = 5;
/// Bytes of what a server says of a refusal.
pub const REFUSAL_BYTES_MAX: usize = 300;
/// Bytes of what a server is called by itself.
pub const SERVER_NAME_BYTES_MAX: usize = 80;
/// Characters of the value of a variable from which on it is masked in all that comes from the program that got it.
pub const MASKED_CHARS_MIN: usize = 8;
/// Patterns in one list of tools.
pub const PATTERNS_MAX: usize = 256;
/// How long connecting to a server may take, its name's look-up and TLS included.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a server's answer may pause in the middle. Longer than a call may take.
pub const READ_TIMEOUT: Duration = Duration::from_secs(660);
/// Connections to a server that are kept open while no call needs them.
pub const IDLE_CONNECTIONS_MAX: usize = 4;
/// How long such a connection is kept. Shorter than most servers keep theirs, so that no call is lost on a closed one.
pub const IDLE_CONNECTION_TIMEOUT: Duration = Duration::from_secs(4);
/// The longest pause that a server can ask for. One that is away for longer is asked in between.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(3600);

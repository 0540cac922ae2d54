//! The limits of plugins, each with its unit and its reason.

use std::time::Duration;

/// Turns of all plugins together that are computed or wait for the host at the same time. Each has an instance of its own.
pub const INSTANCES_MAX: u32 = 256;
/// Of these places those that instances of one plugin may take: half, so that one whose model is slow leaves some for the others.
pub const INSTANCES_OF_ONE_MAX: u32 = INSTANCES_MAX / 2;
/// Linear memories for which one place has room; JavaScript has two. An instance with more takes several places.
pub const MEMORIES_PER_PLACE: u32 = 2;
/// Tables for which one place has room.
pub const TABLES_PER_PLACE: u32 = 4;
/// Things of the host that a guest may hold at the same time, such as what it waits for. Some dozen are usual; each takes some
/// hundred bytes that do not count as its memory.
pub const RESOURCES_MAX: usize = 4_096;
/// Core modules of one component. Python's toolchain makes about fifty of one plugin.
pub const CORE_INSTANCES_MAX: u32 = 64;
/// Linear memories of one component: its own, and those that toolchains add beside it.
pub const MEMORIES_MAX: u32 = 8;
/// Tables of one component.
pub const TABLES_MAX: u32 = 16;
/// Elements of all tables of one instance. Python needs more than a hundred thousand.
pub const TABLE_ELEMENTS_MAX: usize = 200_000;
/// Bytes of what the machine keeps of one instance beside its memory.
pub const INSTANCE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Bytes of the stack of a guest: how deep its functions may call each other.
pub const STACK_BYTES_MAX: usize = 512 * 1024;
/// Bytes of the stack on which a guest and the functions of the host run together.
pub const ASYNC_STACK_BYTES: usize = 2 * 1024 * 1024;
/// How often a guest that computes is looked at. What it exceeds its time by is at most this.
pub const TICK_PAUSE: Duration = Duration::from_millis(10);

/// Megabytes of linear memory that a manifest may ask for.
pub const MEMORY_MB_MAX: u32 = 1024;
/// Megabytes that a plugin has whose manifest asks for nothing. JavaScript uses a few of them, Python most.
pub const MEMORY_MB_DEFAULT: u32 = 64;
/// Milliseconds of computing that a manifest may ask for, for one turn.
pub const OWN_MS_MAX: u32 = 60_000;
/// Milliseconds of computing of a plugin whose manifest asks for nothing.
pub const OWN_MS_DEFAULT: u32 = 500;
/// Kilobytes of an answer's document that a manifest may ask for.
pub const REPLY_KB_MAX: u32 = 1024;
/// Kilobytes of an answer's document where the manifest asks for nothing.
pub const REPLY_KB_DEFAULT: u32 = 64;
/// Kilobytes that one conversation may remember, at most: what the engine keeps.
pub const STATE_KB_MAX: u32 = (greenroom_contract::limits::ASSISTANT_STATE_BYTES_MAX / 1024) as u32;
/// Kilobytes that one conversation remembers where the manifest asks for nothing.
pub const STATE_KB_DEFAULT: u32 = 32;

/// Bytes that a guest hands over in one call: the largest picture. What is larger ends the turn before it is copied.
pub const TRANSFER_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Bytes of one medium that a guest is handed in one call.
pub const MEDIA_READ_BYTES_MAX: u32 = 4 * 1024 * 1024;
/// Bytes of all media that a guest makes in one turn. A few pictures; what networks take.
pub const MEDIA_MADE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Bytes of the type of a medium.
pub const MIME_BYTES_MAX: usize = 200;
/// Lines that a plugin logs in one turn. The rest is counted.
pub const LOG_LINES_MAX: u32 = 100;
/// Bytes of one line of its log.
pub const LOG_LINE_BYTES_MAX: usize = 1024;
/// Bytes of standard output and error together that are kept of one turn. A trace of an exception fits.
pub const OUTPUT_BYTES_MAX: usize = 8 * 1024;
/// Bytes of a guest's words that are repeated in the reason of a failure.
pub const WORDS_BYTES_MAX: usize = 400;
/// Numbers of random bytes that a guest may ask for at once.
pub const RANDOM_BYTES_MAX: u64 = 64 * 1024;

/// HTTP requests in one turn.
pub const HTTP_REQUESTS_MAX: u32 = 20;
/// How long connecting may take.
pub const HTTP_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of a request's body.
pub const HTTP_REQUEST_BYTES_MAX: usize = 1024 * 1024;
/// Bytes of a response's body.
pub const HTTP_RESPONSE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// The shortest secret in bytes that is taken out of a response. Shorter ones stand in many texts by chance.
pub const HTTP_SECRET_BYTES_MIN: usize = 8;
/// Headers of one request, those of the owner not counted.
pub const HTTP_HEADERS_MAX: usize = 50;
/// Connections to one host that are kept open while no turn needs them.
pub const HTTP_IDLE_CONNECTIONS_MAX: usize = 8;
/// How long such a connection is kept. Shorter than most servers keep theirs, so that no turn is lost on a closed one.
pub const HTTP_IDLE_TIMEOUT: Duration = Duration::from_secs(4);
/// Hosts that one manifest may ask for.
pub const HTTP_HOSTS_MAX: usize = 50;
/// Questions to models in one turn.
pub const MODEL_CALLS_MAX: u32 = 20;
/// Bytes of a prompt's document.
pub const PROMPT_BYTES_MAX: usize = 1024 * 1024;
/// Roles that one manifest may ask for.
pub const ROLES_MAX: usize = 20;

/// Bytes of a component. The largest toolchain makes 20 MB.
pub const COMPONENT_BYTES_MAX: u64 = 128 * 1024 * 1024;
/// Bytes of a manifest.
pub const MANIFEST_BYTES_MAX: u64 = 256 * 1024;
/// Settings that one manifest may declare.
pub const SETTINGS_MAX: usize = 200;
/// Bytes of the settings of one assistant, as JSON.
pub const SETTINGS_BYTES_MAX: usize = 256 * 1024;
/// How long compiling a component may take.
pub const COMPILE_TIMEOUT: Duration = Duration::from_secs(600);
/// How long the dry turn of a plugin that is added may take.
pub const DRY_TURN_TIMEOUT: Duration = Duration::from_secs(20);
/// How often a running plugin looks whether another version was added.
pub const LOOK_PAUSE: Duration = Duration::from_secs(1);
/// How soon a turn is asked once more whose plugin is being loaded.
pub const LOADING_PAUSE: Duration = Duration::from_secs(1);
/// How soon a turn is asked once more for which there was no instance.
pub const BUSY_PAUSE: Duration = Duration::from_secs(1);
/// Pause before a plugin that could not be loaded is tried once more.
pub const RELOAD_PAUSE: Duration = Duration::from_secs(60);
/// By how much a turn of a plugin ends before its deadline, so that the reason is told and not only that it took too long.
pub const ANSWER_MARGIN: Duration = Duration::from_millis(250);
/// How long a build may take in such a folder. The first one of a component in Rust compiles for minutes.
pub const BUILD_TIMEOUT: Duration = Duration::from_secs(30 * 60);
/// How often a folder that is developed in is looked at.
pub const DEV_PAUSE: Duration = Duration::from_millis(300);

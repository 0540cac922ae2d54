//! The limits of this adapter, each with its unit and its reason. What WhatsApp allows stands here too.

use std::time::Duration;

/// What all channels keep alike.
pub(crate) use greenroom_contract::limits::{
    CONTACTS_PER_MESSAGE_MAX, DOCUMENT_BYTES_MAX, DOCUMENT_NAME_BYTES_MAX, EVENTS_PER_EMIT_MAX, FETCH_TIMEOUT,
    IMAGE_BYTES_MAX, LOGOUT_TIMEOUT, NAME_BYTES_MAX, NUMBERS_PER_CONTACT_MAX, STORE_RETRY_PAUSE, TEXT_BYTES_MAX,
    VAULT_NAME_BYTES_MAX, VOICE_BYTES_MAX,
};

// --- what the network allows ------------------------------------------------------------------

/// Longest text in characters. WhatsApp's own limit.
pub const TEXT_CHARS_MAX: usize = 65_536;
/// Longest caption in characters, as phones allow it.
pub const CAPTION_CHARS_MAX: usize = 1_024;
/// Longest name of this device, in characters; phones cut longer ones.
pub const DEVICE_NAME_CHARS_MAX: usize = 40;
/// Companions that WhatsApp allows beside the phone.
pub const DEVICES_MAX: u32 = 4;

// --- how fast is sent ---------------------------------------------------------------------------

/// Messages of one account in a second, once the burst is used up. WhatsApp publishes no figure for linked devices;
/// its temporary bans (reasons 101 to 106 of the protocol: strangers, the same message to many, broadcasts) meet those
/// who send as no person would. One in a second is what a busy person types in short messages.
pub const MESSAGES_PER_SECOND: u32 = 1;
/// Messages of one account that may leave without a gap after a silence: a few chats that are answered at the same
/// time, in a few parts each.
pub const ACCOUNT_BURST: u32 = 15;
/// One message into one chat in this time, once its burst is used up: a person reads no faster.
pub const CHAT_PERIOD: Duration = Duration::from_secs(2);
/// Messages into one chat that may leave without a gap: an answer in several parts.
pub const CHAT_BURST: u32 = 5;
/// How irregular the gaps are, in percent: even gaps are the mark of a machine, and more than a third would only make
/// people wait.
pub const JITTER_PERCENT: u8 = 30;

// --- messages ---------------------------------------------------------------------------------

/// Layers of one message that are taken off. Real ones have two or three.
pub const LAYERS_MAX: usize = 8;
/// Longest id of a tapped option that is read, in characters: what WhatsApp takes for a button.
pub const OPTION_ID_CHARS_MAX: usize = 256;
/// Bytes of one card of an address book that are read. A photo may stand in it, before the numbers.
pub const VCARD_BYTES_MAX: usize = 256 * 1024;
/// Longest path of a medium on its host, in bytes. Real ones have about 200.
pub const PATH_BYTES_MAX: usize = 2_048;

/// Messages of one account whose content is awaited. Strangers can make it grow, so the oldest leave.
pub const MISSING_MAX: usize = 512;
/// How long the content of a message is awaited before its author hears that it cannot be read. Repetitions and answers of
/// the phone come within seconds, from devices that are online.
pub const MISSING_WAIT: Duration = Duration::from_secs(20);
/// Messages without content that wait to be traced. What is beyond it is counted in the log.
pub const UNREAD_QUEUE_MAX: usize = 256;

/// How long the phone may take to upload a medium again. With the two fetches around it below
/// [`FETCH_TIMEOUT`](greenroom_contract::limits::FETCH_TIMEOUT).
pub const UPLOAD_AGAIN_TIMEOUT: Duration = Duration::from_secs(25);

// --- linking ----------------------------------------------------------------------------------

/// News of one run that may wait. A run tells some dozen in all.
pub const PAIRING_NEWS_MAX: usize = 64;
/// Codes that one reference list holds, until the network says how many.
pub const CODES_PER_LIST: u32 = 6;
/// Connections that a linking run may lose before anybody scanned.
pub const LOST_CONNECTIONS_MAX: u32 = 3;
/// How long a linking run goes on after its code has died, in case the phone answers late.
pub const AFTER_CODE: Duration = Duration::from_secs(30);
/// How long settings, which bring the account's name, are waited for after messages flow.
pub const SETTINGS_WAIT: Duration = Duration::from_secs(12);
/// How long a passkey is waited for.
pub const PASSKEY_WAIT: Duration = Duration::from_secs(120);

// --- one connection, its keys and its account ---------------------------------------------------

/// How often the silence of a connection is looked at.
pub const SILENCE_LOOK: Duration = Duration::from_secs(5);
/// Receipts and the like that are stored in one call.
pub const EVIDENCE_PER_EMIT: usize = 256;
/// The longest ban that is believed; a longer one is looked at again after it.
pub const BAN_MAX: Duration = Duration::from_secs(365 * 24 * 3600);
/// How long the title of a group counts as unknown after it was asked for in vain.
pub const GROUP_ASKED_IN_VAIN: Duration = Duration::from_secs(60);
/// A connection that was silent for as long before it ended was dead.
pub const UNANSWERED: Duration = Duration::from_secs(15);

/// Rows of one linked account that were deferred or submitted and are remembered until the store has
/// them. Beyond it the next one is waited for.
pub const UNSTORED_ROWS_MAX: usize = 1_024;
/// Their bytes: what an idle account may hold in memory for it at worst.
pub const UNSTORED_BYTES_MAX: usize = 1024 * 1024;
/// Rows of a linked account that are read at once when all of a table are asked for.
pub const SCAN_ROWS: usize = 256;
/// Days after which what the protocol had to remember of people who are silent is deleted. A quarter: who writes again
/// after it is asked to encrypt once more.
pub const SILENT_DAYS_MAX: u16 = 90;
/// How often that is looked at, by a connection that lasts.
pub const SILENT_LOOK: Duration = Duration::from_secs(24 * 3600);
/// How long a connection lasts before it is looked at first.
pub const SILENT_LOOK_FIRST: Duration = Duration::from_secs(10 * 60);
/// Rows that one commit of a linked account may change, where the rows need not change all at once.
pub const COMMIT_ROWS: usize = 1_000;
/// How long connecting the socket may take, its handshakes included.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);
/// How long one write to the socket may take before the peer counts as dead. Shorter than the minute
/// within which a dead socket must be noticed.
pub const WRITE_TIMEOUT: Duration = Duration::from_secs(20);
/// How long the farewell of a socket may take.
pub const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);
/// Pieces read from the socket that wait for the protocol. Beyond it the peer waits.
pub const SOCKET_QUEUE_MAX: usize = 64;
/// Largest message of the socket in bytes. A frame of the protocol carries its length in three bytes,
/// and a message may hold several frames.
pub const SOCKET_MESSAGE_BYTES_MAX: usize = 17 * 1024 * 1024;
/// Buffer for reading from and writing to a socket, in bytes. Twenty accounts have twenty of them.
pub const SOCKET_BUFFER_BYTES: usize = 16 * 1024;
/// Largest body that is fetched over HTTP: a medium of 16 MB with its padding and checksum.
pub const HTTP_BODY_BYTES_MAX: usize = 16 * 1024 * 1024 + 64 * 1024;
/// How long a connection of the HTTP client may take to be made.
pub const HTTP_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Largest page from which the version of the network's own client is read, in bytes.
pub const VERSION_BODY_BYTES_MAX: usize = 2 * 1024 * 1024;
/// How long reading that version may take. Without an answer the version compiled in is used.
pub const VERSION_TIMEOUT: Duration = Duration::from_secs(10);
/// Redirects of one request that are followed.
pub const HTTP_REDIRECTS_MAX: usize = 3;
/// One-time keys that are made and handed to the network at once. Each new correspondent uses one; the
/// network asks for more in time. The protocol's own client makes 812, which an idle account never needs.
pub const PREKEYS: usize = 200;
/// How long nothing at all may arrive before a connection counts as dead. The client pings an idle
/// connection every 15 to 30 seconds and waits 20 for the answer, so a living one is never silent as long.
pub const SILENCE_MAX: Duration = Duration::from_secs(60);
/// How long a login that was accepted may take until messages flow.
pub const READY_TIMEOUT: Duration = Duration::from_secs(30);
/// How long the network may take to acknowledge a message of ours. Below [`SEND_TIMEOUT`](greenroom_contract::limits::SEND_TIMEOUT).
pub const ACK_TIMEOUT: Duration = Duration::from_secs(20);
/// How often a message is offered to a store that cannot take it before the connection is given up, so
/// that the network delivers it again.
pub const EMIT_ATTEMPTS: u32 = 3;
/// Receipts and other news of one account that wait to be stored. What is beyond it is lost and counted:
/// nothing but evidence depends on it.
pub const EVIDENCE_QUEUE_MAX: usize = 1_024;
/// Inbound messages of one account that can still be quoted whole, read-marked and reacted to by author;
/// between this and twice as many.
pub const MESSAGES_REMEMBERED: usize = 256;
/// Largest message that is kept to be quoted whole, in bytes; a larger one is quoted without its content.
pub const QUOTE_BYTES_MAX: usize = 2 * 1024;
/// Inbound stanzas of one account that are kept as they came, to be asked for again if they cannot be read.
pub const STANZAS_MAX: usize = 256;
/// Bytes of those stanzas: strangers write them, and a frame may have 16 MiB.
pub const STANZAS_BYTES_MAX: usize = 1024 * 1024;
/// Messages of ours, people and groups of one account that are remembered; between this and twice as many.
pub const REMEMBERED: usize = 512;
/// How long the title of a group counts as known without asking again. Changes are told anyway.
pub const GROUP_FRESH: Duration = Duration::from_secs(6 * 3600);
/// How long a message may wait for the title of its group.
pub const GROUP_TIMEOUT: Duration = Duration::from_secs(2);
/// Chats of one account in which typing is shown at the same time; in more it is not shown.
pub const BUSY_CHATS_MAX: usize = 512;
/// How often it is looked at whether an account is shown as online although no answer is being prepared.
pub const ONLINE_LOOK: Duration = Duration::from_secs(20);
/// How long after the library announced the account by itself that is taken back, where it does not say when it did.
pub const ANNOUNCED_WAIT: Duration = Duration::from_secs(2);
/// How long one call that shows typing or a read mark may take.
pub const PRESENCE_TIMEOUT: Duration = Duration::from_secs(5);
/// Such calls of one account under way at once; more are left out.
pub const PRESENCE_MAX: usize = 32;
/// How long a connection may take to end in order: what was received is settled, keys are written.
/// Below [`STOP_TIMEOUT`](greenroom_contract::limits::STOP_TIMEOUT); what is left then ends in the background.
pub const END_TIMEOUT: Duration = Duration::from_millis(2_500);
/// How long a new connection waits for the background end of the one before.
pub const ENDED_WAIT: Duration = Duration::from_secs(15);
/// How long the network may take to show the first code of a linking run.
pub const CODE_TIMEOUT: Duration = Duration::from_secs(40);
/// How long the first login after a scan may take.
pub const FIRST_LOGIN_TIMEOUT: Duration = Duration::from_secs(90);
/// Pairing codes that one linking run may replace when the network asks for it.
pub const CODES_PER_RUN_MAX: u32 = 3;
/// The highest number of a one-time key: the protocol gives it three bytes.
pub const PRE_KEY_ID_MAX: u32 = 0x00FF_FFFF;
/// One-time keys that a copy of the store may have made after it was copied: about a hundred uploads of the library.
pub const PRE_KEYS_LOST_MAX: u32 = 100_000;
/// Pause between two writes of when the phone behind an account was seen.
pub const PHONE_PAUSE: Duration = Duration::from_secs(3600);
/// How long that phone may stay away before WhatsApp unlinks its companions.
pub const PHONE_ABSENT_MAX: Duration = Duration::from_secs(14 * 24 * 3600);
/// A connection that the network asks to restart within this long of the last restart counts as lost, so
/// that it comes back with growing pauses.
pub const RESTART_PAUSE: Duration = Duration::from_secs(10);
/// How long a ban without a stated end is kept before the network is asked again.
pub const BAN_UNKNOWN: Duration = Duration::from_secs(3600);
/// Bytes of a proxy's answer before the connection through it begins; a real one has some hundred.
pub const PROXY_HEAD_BYTES_MAX: usize = 8 * 1024;

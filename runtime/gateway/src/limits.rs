//! The limits of the HTTP server, each with its unit and its reason. What the engine shares, such as the size of a body,
//! is in the limits of the contract.

use std::time::Duration;

// --- connections ------------------------------------------------------------------------------

/// Connections at the same time, however many files may be open. Each costs up to 20 KB; two thirds of them may be streams of
/// events, a proxy needs a few dozen, and when all are taken the one that has used up most of its time makes room.
pub(crate) const CONNECTIONS_MAX: usize = 1_536;
/// Connections at the same time, however few files may be open: one for each pool and a proxy.
pub(crate) const CONNECTIONS_MIN: usize = 8;
/// Files that may be open for each connection: three of four are for the store, the networks, media and libraries.
pub(crate) const FILES_PER_CONNECTION: u64 = 4;
/// Peers that fill all places together: one address has this part of them at most, and beyond it takes places from itself
/// only. Meta's calls come from many addresses and take milliseconds; proxies have no share.
pub(crate) const PEERS_PER_ROOM: usize = 4;
/// Connections of one peer at the same time, however few places there are: a page and its stream of events.
pub(crate) const CONNECTIONS_PER_PEER_MIN: usize = 2;
/// For each of so many connections one more that was asked to make room and has not left yet.
pub(crate) const CONNECTIONS_PER_LEAVING: usize = 4;
/// Connections that the system keeps until they are accepted; one that finds no room there comes a second late.
pub(crate) const ACCEPT_QUEUE_MAX: i32 = 4_096;
/// Pause after the system could not accept a connection, because files or memory ran out.
pub(crate) const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// How long accepting may fail before the gateway is started again, and ends the process if that does not help either.
pub(crate) const ACCEPT_FAILING_MAX: Duration = Duration::from_secs(3);
/// How long the head of a request may take. One segment is enough for a real one.
pub(crate) const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a connection may be kept without a request. Proxies keep theirs for a minute.
pub(crate) const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
/// How long the body of a delivery may take: 3 MiB at 300 KiB a second.
pub(crate) const BODY_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a peer may read nothing of an answer.
pub(crate) const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// How long what a refused peer still sends is thrown away, so that it reads the answer instead of a reset.
pub(crate) const LINGER_TIMEOUT: Duration = Duration::from_secs(1);
/// How much of that, in bytes: a body that is a little too large. Nothing of it is kept.
pub(crate) const LINGER_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Largest head of a request in bytes. Real ones are below 4 KB.
pub(crate) const HEAD_BYTES_MAX: usize = 32 * 1024;
/// Most headers of a request. Meta's posts come with a dozen, proxies add a few.
pub(crate) const HEADERS_MAX: usize = 64;

#[cfg(feature = "https")]
/// How often the files of a certificate are looked at. They change every two months.
pub(crate) const CERTIFICATE_PAUSE: Duration = Duration::from_secs(60);

// --- memory -----------------------------------------------------------------------------------

/// Bytes of heads and bodies that are held for all requests together before they are proven to be a network's. Five of the
/// largest deliveries; when it is used up the request that has used up most of its time makes room.
pub(crate) const BUFFERED_BYTES_MAX: usize = 16 * 1024 * 1024;
/// What is held for each byte of a head, in bytes: the buffer of the HTTP library doubles.
pub(crate) const HELD_PER_HEAD_BYTE: usize = 2;
/// What is reserved for a body at first, in bytes. Most deliveries are smaller.
pub(crate) const BODY_RESERVED_BYTES: usize = 4 * 1024;
/// What is reserved for it from then on, in bytes: pieces of one size are used again by the next body.
pub(crate) const BODY_PIECE_BYTES: usize = 64 * 1024;
/// What the HTTP library reserves while it reads a body that is longer than the first piece, in bytes.
pub(crate) const READ_BUFFER_BYTES: usize = 64 * 1024;
/// Bodies above this size, in bytes, are checked and translated beside everything else, because it takes milliseconds.
pub(crate) const LARGE_BODY_BYTES: usize = 64 * 1024;
/// Such bodies that are checked at the same time.
pub(crate) const LARGE_BODIES_MAX: usize = 2;
/// Largest body of a request to the API in bytes. They hold a few words.
pub(crate) const API_BODY_BYTES_MAX: usize = 64 * 1024;
/// Longest reason of a library that is passed on in an error, in bytes.
pub(crate) const REASON_BYTES_MAX: usize = 1_024;

// --- pools ------------------------------------------------------------------------------------

/// Deliveries that are committed at the same time. They share commits, so more do not wait longer.
pub(crate) const DELIVERIES_MAX: usize = 256;
/// Requests to the API at the same time.
pub(crate) const API_REQUESTS_MAX: usize = 64;
/// Questions that wait for news at the same time: a page for each account that is being linked.
pub(crate) const WAITING_MAX: usize = 64;
/// Requests of those who are not known yet, at the same time: log-ins, and files of the portal.
pub(crate) const OPEN_REQUESTS_MAX: usize = 64;
/// Questions for health at the same time. They are answered from memory.
pub(crate) const HEALTH_REQUESTS_MAX: usize = 32;

// --- health -----------------------------------------------------------------------------------

/// How long an answer about health is given again without a look.
pub(crate) const HEALTH_AGE_MAX: Duration = Duration::from_secs(1);
/// How long looking may take before the answer is that it is not well.
pub(crate) const HEALTH_TIMEOUT: Duration = Duration::from_secs(5);
/// Pause between two lines of log about what was not taken.
pub(crate) const TELL_PAUSE: Duration = Duration::from_secs(60);

// --- events -----------------------------------------------------------------------------------

/// Streams of events at the same time, and never more than two thirds of the connections, because a stream makes room for
/// none. A page has one, and a program that embeds the bot one for each of its users.
pub(crate) const EVENT_STREAMS_MAX: usize = 1_024;
/// How long a stream may last: no token is good for longer, so whoever may not look on any more is not shown more.
pub(crate) const EVENT_STREAM_TIME_MAX: Duration = Duration::from_secs(3_600);
/// Pause after which a stream in which nothing happens carries a comment: proxies close what is silent for a minute, and a
/// page learns soon that its server is gone.
pub(crate) const EVENT_HEARTBEAT_PAUSE: Duration = Duration::from_secs(15);
/// Pause between two batches of events of one stream, so that a busy bot wakes each of a thousand streams four times a second
/// at most.
pub(crate) const EVENTS_PAUSE: Duration = Duration::from_millis(250);
/// Events that one stream has ready at once: a few kilobytes.
pub(crate) const EVENTS_PER_BATCH: usize = 16;

// --- lists ------------------------------------------------------------------------------------

/// Conversations of one answer, unless it is told how many: what a page shows without scrolling for long.
pub(crate) const CONVERSATIONS_PER_PAGE: usize = 50;
/// Conversations of one answer at most: 100 KB.
pub(crate) const CONVERSATIONS_PER_PAGE_MAX: usize = 200;
/// Conversations that are looked through for the people in them.
pub(crate) const PEOPLE_CONVERSATIONS_MAX: usize = 1_000;
/// Turns of one answer, unless it is told how many.
pub(crate) const TURNS_PER_PAGE: usize = 50;
/// Digits of a number: E.164 knows no longer one.
pub(crate) const NUMBER_DIGITS_MAX: usize = 15;

// --- callers ----------------------------------------------------------------------------------

/// By how much the clocks of the two sides may differ.
pub(crate) const TOKEN_LEEWAY_MAX: Duration = Duration::from_secs(30);
/// How long a browser stays in the portal before a new link is needed: a working day.
pub(crate) const PORTAL_TIMEOUT: Duration = Duration::from_secs(12 * 3_600);
/// How long a link into the portal is good: time enough to go to the other room and open it.
pub(crate) const LOGIN_LINK_TIMEOUT: Duration = Duration::from_secs(600);
/// Links into the portal that are good at the same time. People make one and use it.
pub(crate) const LOGIN_LINKS_MAX: usize = 16;
/// Cookies that were given back before their time and are remembered. The oldest one is forgotten beyond that.
pub(crate) const REVOKED_MAX: usize = 1_024;
/// Attempts to log in, for each peer and minute. People need one.
pub(crate) const LOGINS_PER_MINUTE_MAX: u32 = 10;
/// Requests with a token that is wrong or too old, for each peer and minute, before they are refused as too many. A page whose
/// log-in ended asks a dozen times.
pub(crate) const WRONG_TOKENS_PER_MINUTE_MAX: u32 = 60;
/// Peers whose attempts are counted at the same time; those that rest are forgotten first.
pub(crate) const LOGIN_PEERS_MAX: usize = 4_096;

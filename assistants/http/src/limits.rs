//! The limits of the assistant over HTTP, each with its unit and its reason.

use std::time::Duration;

/// How long connecting to the service may take, its name's look-up and TLS included.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// By how much the request ends before the turn does, so that the reason is told and not only that it took too long.
pub const ANSWER_MARGIN: Duration = Duration::from_millis(250);
/// Connections to the service that are kept open while no turn needs them.
pub const IDLE_CONNECTIONS_MAX: usize = 8;
/// How long such a connection is kept. Shorter than most servers keep theirs, so that no turn is lost on a closed one.
pub const IDLE_CONNECTION_TIMEOUT: Duration = Duration::from_secs(4);
/// The longest pause that a service can ask for. Who is away for longer is asked in between.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(3600);
/// Bytes of a refusal that are read for its reason.
pub const REFUSAL_BYTES_MAX: usize = 4 * 1024;
/// Bytes of a header that are repeated in a reason.
pub const HEADER_SHOWN_BYTES_MAX: usize = 200;
/// Bytes of the secret at least. What is shorter can be guessed.
pub const SECRET_BYTES_MIN: usize = 16;

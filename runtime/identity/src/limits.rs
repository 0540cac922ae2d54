//! The limits of mail and of the lookup, each with its unit and its reason.

use std::time::Duration;

/// How long connecting to a mail server may take, with TLS. Every server that works answers within this time.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);
/// How long a mail server may take for one answer. Some hold the greeting back for half a minute against spam.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(45);
/// How long a server may take to say goodbye. Nothing depends on it.
pub const LEAVE_TIMEOUT: Duration = Duration::from_secs(1);
/// The first pause before another attempt.
pub const RETRY_PAUSE: Duration = Duration::from_secs(5);
/// The longest pause between two attempts. Greylisting lets in who comes back after one to five minutes.
pub const RETRY_PAUSE_MAX: Duration = Duration::from_secs(150);
/// Attempts after the first one. With their pauses they end before the code does.
pub const RETRIES_MAX: usize = 4;
/// Connections to the mail server at the same time. Small accounts may have no more.
pub const CONNECTIONS_MAX: usize = 4;
/// Longest words of a server that are shown, in bytes.
pub const SERVER_WORDS_BYTES_MAX: usize = 300;
/// Characters of the secret at least. What is shorter can be guessed.
pub const SECRET_BYTES_MIN: usize = 16;

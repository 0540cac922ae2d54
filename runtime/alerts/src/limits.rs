//! The limits of alerts, each with its unit and its reason.

use std::time::Duration;

/// Pause between two looks at the health. Looking is cheap, and a person does not act within seconds.
pub const LOOK_PAUSE: Duration = Duration::from_secs(15);
/// How long one look may take. It reads a few counts; a disk that needs longer hangs.
pub const LOOK_TIMEOUT: Duration = Duration::from_secs(20);
/// How long a trouble has to be gone until it counts as a new one when it comes back. An account that is lost and comes back
/// every few minutes is one trouble.
pub const EPISODE_QUIET: Duration = Duration::from_secs(15 * 60);
/// Refused posts of one channel that are a trouble. Scanners of the internet send a few to every address.
pub const REFUSED_POSTS_MIN: u64 = 5;
/// How long no post was refused until they are counted from zero again.
pub const REFUSED_QUIET: Duration = Duration::from_secs(3600);
/// Alerts that are on their way at the same time. Each is an episode of one account or of the whole, so more of them are one
/// trouble of the network.
pub const ALERTS_WAITING_MAX: usize = 32;
/// Largest sentence of an alert in bytes; what a network says goes into it.
pub const WHAT_BYTES_MAX: usize = 1_024;
/// How long one attempt may take. A receiver that hands the alert on answers within seconds.
pub const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(15);
/// How long connecting may take. Every server that works accepts within this time.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The first pause between two attempts. A receiver that is restarted is back by then.
pub const RETRY_PAUSE: Duration = Duration::from_secs(5);
/// The longest pause between two attempts: an alert is not older than this when its receiver is back.
pub const RETRY_PAUSE_MAX: Duration = Duration::from_secs(3600);
/// How long attempts are made. A receiver that is away for a day does not look at alerts.
pub const GIVEN_UP_AFTER: Duration = Duration::from_secs(24 * 3600);
/// Characters of the secret at least. What is shorter can be guessed.
pub const SECRET_BYTES_MIN: usize = 16;
/// Largest file of what was told, in bytes. A real one holds a line for each account.
pub const KEPT_BYTES_MAX: u64 = 1024 * 1024;

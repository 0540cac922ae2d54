//! The limits of the assistant that is a program, each with its unit and its reason.

use std::time::Duration;

/// Bytes of one line of the program's output: the largest answer that is read.
pub const LINE_BYTES_MAX: usize = greenroom_documents::limits::ANSWER_BYTES_MAX;
/// Bytes of one line of its log. What is longer is logged in pieces.
pub const LOG_LINE_BYTES_MAX: usize = 1024;
/// Lines of its log that are passed on in [`LOG_WINDOW`]; the rest is counted.
pub const LOG_LINES_MAX: u32 = 200;
/// See [`LOG_LINES_MAX`].
pub const LOG_WINDOW: Duration = Duration::from_secs(10);
/// Turns that one program may be given before it has answered.
pub const PARALLEL_MAX: u32 = 256;
/// Lines of output that were read and are not looked at yet.
pub const LINES_READ_AHEAD_MAX: usize = 4;
/// Bytes of a wrong name of a turn that are logged.
pub const TURN_SHOWN_BYTES_MAX: usize = 64;
/// First pause before a program that ended is started again; doubled each time.
pub const PAUSE_MIN: Duration = Duration::from_millis(200);
/// Longest pause before it is started again.
pub const PAUSE_MAX: Duration = Duration::from_secs(60);
/// A program that ran this long has proven itself; the next pause is short again.
pub const PROVEN_AFTER: Duration = Duration::from_secs(60);
/// How long a program may take to end after its input was closed.
pub const STOP_TIMEOUT: Duration = Duration::from_secs(1);
/// How long its last lines are waited for after it ended. They are in a pipe already.
pub const LAST_LINES_TIMEOUT: Duration = Duration::from_secs(1);
/// How soon a turn is asked once more for which the program had no place.
pub const BUSY_PAUSE: Duration = Duration::from_secs(1);

//! Named lines at which a test may kill the process.
//!
//! With the feature `failpoints` and `GREENROOM_FAIL=settle-committed:3`, the third time that line
//! is reached the process aborts as a kill -9 would end it: no unwinding, no destructors. Without
//! the feature the call is empty.

macro_rules! fail_points {
    ($($(#[$meta:meta])* $name:ident = $text:literal),+ $(,)?) => {
        /// Every line at which a crash is tried. A test fails when one is never hit.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum FailPoint { $($(#[$meta])* $name),+ }

        impl FailPoint {
            /// All of them, in the order of a message's life.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The name used in `GREENROOM_FAIL`.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }
        }
    };
}

fail_points! {
    /// An event was normalized, nothing is stored yet.
    EmitReceived = "emit-received",
    /// The event is durable, the network does not know it yet.
    EmitDurable = "emit-durable",
    /// The writer has a group, nothing is applied.
    WriterBeforeApply = "writer-before-apply",
    /// The writer applied a group, nothing is flushed.
    WriterAfterApply = "writer-after-apply",
    /// The engine flushed a group, the disk was not asked to keep it.
    WriterAfterFlush = "writer-after-flush",
    /// The group is on disk, its callers were not told.
    WriterAfterSync = "writer-after-sync",
    /// A conversation took rows, the attempt is submitted.
    TurnBegun = "turn-begun",
    /// The assistant answered, nothing is settled.
    TurnAnswered = "turn-answered",
    /// The turn is settled, the session was not rung.
    TurnSettled = "turn-settled",
    /// A parcel was taken, the network has not seen it.
    SendStarting = "send-starting",
    /// The network took the parcel, the store does not know.
    SendReturned = "send-returned",
    /// The store knows that the parcel was sent.
    SendMarked = "send-marked",
}

#[cfg(feature = "failpoints")]
mod armed {
    use super::FailPoint;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    struct Armed {
        name: String,
        hits_left: AtomicU64,
    }

    static ARMED: OnceLock<Option<Armed>> = OnceLock::new();

    fn read_environment() -> Option<Armed> {
        let text = std::env::var("GREENROOM_FAIL").ok()?;
        let (name, count) = text.split_once(':').unwrap_or((&text, "1"));
        Some(Armed { name: name.to_owned(), hits_left: AtomicU64::new(count.parse().unwrap_or(1)) })
    }

    /// Counts a hit, and aborts the process when it was the one asked for.
    pub fn hit(point: FailPoint) {
        let Some(armed) = ARMED.get_or_init(read_environment) else { return };
        if armed.name == point.name() && armed.hits_left.fetch_sub(1, Ordering::SeqCst) == 1 {
            std::process::abort();
        }
    }
}

#[cfg(feature = "failpoints")]
pub use armed::hit;

/// Does nothing in a build without the feature.
#[cfg(not(feature = "failpoints"))]
#[inline(always)]
pub fn hit(_: FailPoint) {}

/// Marks a line at which a crash test may end the process: `fail_point!(TurnSettled)`.
#[macro_export]
macro_rules! fail_point {
    ($name:ident) => {
        $crate::failpoint::hit($crate::failpoint::FailPoint::$name)
    };
}

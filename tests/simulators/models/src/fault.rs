//! What goes wrong on demand.

use std::time::Duration;

/// Something that goes wrong with one answer. Several may be combined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Nothing comes for this long, not even a header.
    Slow(Duration),
    /// This long a pause before each piece of the body.
    Pause(Duration),
    /// Nothing comes, not even a header, until [`crate::ModelServer::release`] is called.
    Held,
    /// Nothing ever comes, not even a header.
    Silent,
    /// The body stops after this many bytes and the connection stays open.
    Stuck(usize),
    /// The connection is cut after this many bytes of the body.
    Cut(usize),
    /// The body ends properly after this many events, without a stop reason; a whole body, at half its length.
    EndEarly(usize),
    /// An error in place of the answer.
    Status {
        /// The HTTP status.
        status: u16,
        /// The header Retry-After.
        retry_after: Option<RetryAfter>,
        /// Whether the message repeats the key and what was asked, as careless proxies do.
        echo: bool,
    },
    /// An error inside the stream after this many events; in place of a whole body, as a status 500.
    ErrorEvent(usize),
    /// 200 and JSON that breaks off, inside well-formed events.
    BadJson,
    /// 200 and a page of HTML, as portals and proxies send.
    Html,
    /// 200 and a line (in a whole body: a JSON string) that never ends.
    EndlessLine,
    /// This many bytes of text more than the reply says.
    Oversized(usize),
    /// The answer does not say what it cost.
    NoUsage,
}

/// How a header Retry-After is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAfter {
    /// As a number of seconds.
    Seconds(u64),
    /// As an HTTP date so many seconds from now.
    Date(u64),
}

impl Fault {
    /// An error of this status, without Retry-After.
    pub fn status(status: u16) -> Self {
        Self::Status { status, retry_after: None, echo: false }
    }

    /// Too many requests; come back after so many seconds.
    pub fn busy(seconds: u64) -> Self {
        Self::Status { status: 429, retry_after: Some(RetryAfter::Seconds(seconds)), echo: false }
    }

    /// Whether the client cannot have got the answer, so that a second request is to be expected.
    pub(crate) fn spoils(&self) -> bool {
        !matches!(self, Self::Slow(_) | Self::Pause(_) | Self::Held | Self::NoUsage | Self::Oversized(_))
    }
}

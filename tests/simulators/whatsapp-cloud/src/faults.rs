//! What goes wrong on demand.

use crate::error::GraphError;
use std::collections::VecDeque;
use std::time::Duration;

/// What happens to one of the next sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendFault {
    /// It is refused.
    Refuse(GraphError),
    /// It is answered with this HTTP status and no Graph error, as a proxy before Graph would.
    Status(u16),
    /// It is taken, but the connection is cut before the answer: the outcome is unknown.
    TakeAndCut,
    /// The connection is cut and nothing is taken: to the client the same as [`SendFault::TakeAndCut`].
    CutOnly,
    /// It is taken, and the answer never comes.
    TakeAndHang,
    /// It is taken, and the answer is no JSON.
    TakeAndGarble,
    /// It is taken and answered after a while.
    TakeSlowly(Duration),
    /// It is taken and answered; later a `failed` status comes.
    TakeAndFail(GraphError),
}

/// What is planned, and what holds until it is changed.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    /// For the next sends, in order.
    pub(crate) sends: VecDeque<SendFault>,
    /// For the next uploads, in order.
    pub(crate) uploads: VecDeque<GraphError>,
    /// For the next downloads of media bytes, in order.
    pub(crate) downloads: VecDeque<DownloadFault>,
    /// How often each webhook is posted beside the first time.
    pub(crate) duplicates: u32,
    /// Longest random delay of a webhook; zero keeps the order.
    pub(crate) shuffle: Duration,
}

/// What happens to one of the next downloads of media bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DownloadFault {
    /// The url is treated as expired.
    UrlExpired,
    /// One byte is wrong.
    Damaged,
    /// The connection is cut in the middle.
    Cut,
    /// Far more bytes come than were announced.
    Endless,
}

//! Why the server ends a stream, or does not begin one.

/// Why the server ends a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamError {
    /// 515: restart the connection.
    Restart,
    /// 503: the service is unavailable, come back.
    Unavailable,
    /// 429: too many connections, come back slowly.
    TooMany,
    /// 516: the device was unlinked.
    Unlinked,
    /// Another connection of the same device took over.
    Replaced,
    /// 401: the phone removed the device. The device stays linked here: see [`Simulator::unlink`](crate::Simulator::unlink) for the real thing.
    DeviceRemoved,
    /// Any other code.
    Code(u16),
}

/// Why a login is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginRefusal {
    /// 401: the device is not linked any more.
    LoggedOut,
    /// 402: banned for a time.
    Banned {
        /// Why, as WhatsApp numbers it: 101 spam, 102 too many blocks, 103, 104, 106.
        reason: u16,
        /// For how long.
        seconds: u64,
    },
    /// 403: banned for good.
    Forbidden,
    /// 405: the client is too old.
    Outdated,
    /// 503: come back later.
    Unavailable,
    /// Any other code.
    Code(u16),
}

//! What goes wrong, and when.

/// What goes wrong in one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The recipient is told to come back later, as greylisting does.
    Greylist,
    /// There is no such recipient.
    NoSuchRecipient,
    /// The login is refused.
    NoSuchLogin,
    /// The sender is refused.
    SenderRefused,
    /// The mail is refused once it was read.
    MailRefused,
    /// Nothing is said any more, from the greeting on.
    Hang,
    /// The connection ends before the mail begins.
    Drop,
    /// The connection ends when the mail was read, and it is kept.
    DropAfterMail,
    /// Nothing is said any more when the mail was read, and it is kept.
    HangAfterMail,
    /// TLS is not offered.
    NoTls,
}

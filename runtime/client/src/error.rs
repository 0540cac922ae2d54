//! Why a request was not answered.

use crate::next::NextView;
use std::error::Error;

/// Why a request was not answered, named by what the caller can do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// No server is announced in this folder, or it is gone: start one.
    #[error("no server is running on {folder}")]
    NotRunning {
        /// The data folder, or the address.
        folder: String,
    },
    /// The client is not part of this program.
    #[error(
        "this program was built without gateway, so it cannot ask a running server; build it with --features gateway"
    )]
    NotBuiltIn,
    /// The token is wrong: the server was restarted, or another one listens there. Read the
    /// announcement again.
    #[error("the server refuses the token")]
    Forbidden,
    /// A server on another machine does not answer.
    #[error("the gateway at {url} cannot be reached")]
    Away {
        /// Its address.
        url: String,
        /// What happened.
        #[source]
        reason: Box<dyn Error + Send + Sync>,
    },
    /// A server on another machine does not know who asks.
    #[error("the gateway at {url} refuses the token (401)")]
    Unauthorized {
        /// Its address.
        url: String,
    },
    /// There is no such thing.
    #[error("{reason}")]
    NotFound {
        /// The server's words.
        reason: String,
        /// What to do, where the server says so.
        next: Option<Box<NextView>>,
    },
    /// Show this, and ask again with the acceptance.
    #[error("the channel's warning must be read and accepted first")]
    WarningNotAccepted {
        /// What must be read.
        warning: String,
    },
    /// The server refuses the request, or cannot answer it now.
    #[error("the server says: {reason}")]
    Refused {
        /// Its words.
        reason: String,
        /// What to do, where the server says so.
        next: Option<Box<NextView>>,
    },
    /// Something is wrong between here and there.
    #[error("the server cannot be reached: {reason}")]
    Unreachable {
        /// What.
        #[source]
        reason: Box<dyn Error + Send + Sync>,
    },
}

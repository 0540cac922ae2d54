//! What must not be done twice, told to the engine before it is done.

use crate::cause::Cause;
use async_trait::async_trait;
use std::fmt;
use std::sync::Arc;

/// Remembers that an attempt at a turn did something that must not be done twice. The engine implements it.
#[async_trait]
pub trait ActingBook: Send + Sync + 'static {
    /// Durable on return, and not taken back, whatever becomes of the attempt.
    ///
    /// # Errors
    /// It cannot be written now, or the attempt was given up: nothing may be done.
    async fn begin(&self) -> Result<(), Cause>;
}

/// How an assistant says that it is about to do something that must not be done twice, such as a call that adds to a list.
///
/// An attempt that an outage or the end of the process cut off leaves no trace: the next one is the first one once more. After
/// [`Acting::begin`] it leaves one: each later attempt at the turn has a [`Turn::attempt`](super::Turn::attempt) above 1, in
/// this process and in the next.
#[derive(Clone, Default)]
pub struct Acting(Option<Arc<dyn ActingBook>>);

impl Acting {
    /// One that is written into this book. The default is written nowhere.
    pub fn new(book: Arc<dyn ActingBook>) -> Self {
        Self(Some(book))
    }

    /// Called and waited for before it is done. What needs it several times in a turn calls it each time.
    ///
    /// # Errors
    /// It cannot be kept in mind now: it must not be done.
    pub async fn begin(&self) -> Result<(), Cause> {
        match &self.0 {
            Some(book) => book.begin().await,
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Acting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Acting")
    }
}

/// It says nothing about what is asked.
impl PartialEq for Acting {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

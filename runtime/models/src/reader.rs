//! The thread on which the answers of one model are read.
//!
//! The library reads on for as long as a connection has more to give, without ever letting its task go, and a line without end
//! takes it longer with each piece. On a runtime with several threads the connection always has more, and neither the end of
//! the time nor a dropped future is noticed. Here connections and their readers share one thread: a connection gets its turn only
//! when its reader lets go, so that a reader waits after each piece. The caller waits on the runtime of the program. Each model has a
//! thread of its own, so that one that keeps its thread busy holds up no other one.

use std::future::Future;
use std::io;
use std::thread;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use tokio_util::task::AbortOnDropHandle;

/// The thread. It ends, with everything that it reads, when this is dropped.
pub(crate) struct Reader {
    runtime: Handle,
    _runs: oneshot::Sender<()>,
}

impl Reader {
    /// Starts it.
    pub(crate) fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (runs, stopped) = oneshot::channel();
        let run = move || {
            // It ends when the other end is dropped.
            let _ = runtime.block_on(stopped);
            runtime.shutdown_background();
        };
        thread::Builder::new().name("models".to_owned()).spawn(run)?;
        Ok(Self { runtime: handle, _runs: runs })
    }

    /// Has it read something. Dropped, the reading is given up. `None` if the reader of a protocol panicked.
    pub(crate) async fn read<T: Send + 'static>(&self, reading: impl Future<Output = T> + Send + 'static) -> Option<T> {
        AbortOnDropHandle::new(self.runtime.spawn(reading)).await.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test]
    async fn what_is_read_is_handed_over_and_a_panic_is_none() {
        let reader = Reader::start().unwrap();
        assert_eq!(reader.read(async { 7 }).await, Some(7));
        assert_eq!(reader.read(async { panic!("broken on purpose") }).await, None);
        assert_eq!(reader.read(async { 8 }).await, Some(8), "the thread lives on");
    }

    #[tokio::test]
    async fn what_is_dropped_is_given_up() {
        let reader = Reader::start().unwrap();
        let (alive, gone) = oneshot::channel::<()>();
        let reading = reader.read(async move {
            std::future::pending::<()>().await;
            drop(alive);
        });
        assert!(tokio::time::timeout(Duration::from_millis(50), reading).await.is_err());
        assert!(gone.await.is_err());
    }

    #[tokio::test]
    async fn the_thread_ends_with_its_owner() {
        let reader = Reader::start().unwrap();
        let (alive, gone) = oneshot::channel::<()>();
        reader.runtime.spawn(async move {
            std::future::pending::<()>().await;
            drop(alive);
        });
        drop(reader);
        assert!(gone.await.is_err());
    }
}

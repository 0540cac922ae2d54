//! One thread owns all writes.
//!
//! It takes what waits, up to [`limits::WRITER_GROUP_MAX`] commands and [`limits::WRITER_GROUP_BYTES_MAX`] bytes, runs
//! them one after another against the engine with the group laid over it, applies one batch, flushes, syncs, and only then
//! tells all callers. So many callers share one `fdatasync`.

use crate::memory::shared::Shared;
use crate::write::core::Core;
use crate::write::job::{Job, Operation};
use crate::write::txn::{Fail, Txn};
use greenroom_contract::limits;
use greenroom_contract::store::StoreError;
use parking_lot::{Condvar, Mutex};
use std::collections::VecDeque;
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio::sync::{Semaphore, oneshot};

struct Awaited<O: Operation> {
    operation: O,
    output: Option<O::Output>,
    reply: oneshot::Sender<Result<O::Output, StoreError>>,
}

impl<O: Operation> Job for Awaited<O> {
    fn run(&mut self, txn: &mut Txn<'_>) -> Result<(), Fail> {
        self.output = Some(self.operation.run(txn)?);
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.operation.bytes()
    }

    fn finish(self: Box<Self>, verdict: Result<(), StoreError>) {
        let lost = || StoreError::Unavailable { reason: "the command was lost".into() };
        let Self { output, reply, .. } = *self;
        // A caller that went away does not want to know.
        let _ = reply.send(verdict.and_then(|()| output.ok_or_else(lost)));
    }

    fn is_awaited(&self) -> bool {
        true
    }
}

struct Submitted<O>(O);

impl<O: Operation> Job for Submitted<O> {
    fn run(&mut self, txn: &mut Txn<'_>) -> Result<(), Fail> {
        self.0.run(txn).map(|_| ())
    }

    fn bytes(&self) -> usize {
        self.0.bytes()
    }

    fn finish(self: Box<Self>, verdict: Result<(), StoreError>) {
        if let Err(error) = verdict {
            tracing::warn!(%error, "a submitted command was not carried out");
        }
    }

    fn is_awaited(&self) -> bool {
        false
    }
}

/// Is waited for by nobody, and carried out however often the store fails.
struct Kept<O, F> {
    operation: O,
    done: F,
}

impl<O: Operation, F: FnOnce() + Send> Job for Kept<O, F> {
    fn run(&mut self, txn: &mut Txn<'_>) -> Result<(), Fail> {
        self.operation.run(txn).map(|_| ())
    }

    fn bytes(&self) -> usize {
        self.operation.bytes()
    }

    fn finish(self: Box<Self>, verdict: Result<(), StoreError>) {
        if let Err(error) = verdict {
            tracing::warn!(%error, "a command that was kept was not carried out");
        }
        (self.done)();
    }

    fn is_awaited(&self) -> bool {
        false
    }

    fn is_kept(&self) -> bool {
        true
    }
}

/// Hands operations to whoever carries them out.
pub(crate) enum Writer {
    /// A thread of its own, for engines that touch a disk.
    Thread { queue: Arc<Queue>, thread: Mutex<Option<JoinHandle<()>>> },
    /// The caller itself, for engines without a disk: nothing foreign to wait for, so paused time
    /// stands still.
    Inline(Box<Inline>),
}

/// What a caller needs that is its own writer.
pub(crate) struct Inline {
    core: Mutex<Core>,
    /// Rung after each group.
    #[cfg(any(test, feature = "simulated-disk"))]
    ran: Arc<tokio::sync::Notify>,
}

impl Inline {
    fn run_group(&self, jobs: Vec<Box<dyn Job>>) {
        self.core.lock().run_group(jobs);
        #[cfg(any(test, feature = "simulated-disk"))]
        self.ran.notify_one();
    }
}

impl Writer {
    /// Starts the thread.
    pub(crate) fn spawn(core: Core) -> std::io::Result<Self> {
        let queue = Arc::new(Queue::default());
        let queue_of_thread = queue.clone();
        let thread = std::thread::Builder::new()
            .name("greenroom-store".into())
            .spawn(move || run_thread(core, &queue_of_thread))?;
        Ok(Self::Thread { queue, thread: Mutex::new(Some(thread)) })
    }

    /// Without a thread.
    pub(crate) fn inline(core: Core) -> Self {
        Self::Inline(Box::new(Inline {
            core: Mutex::new(core),
            #[cfg(any(test, feature = "simulated-disk"))]
            ran: Arc::default(),
        }))
    }

    /// Whether commands run in their callers.
    pub(crate) fn is_inline(&self) -> bool {
        matches!(self, Self::Inline(_))
    }

    /// Carries an operation out and returns when it is durable.
    pub(crate) async fn execute<O: Operation>(&self, operation: O) -> Result<O::Output, StoreError> {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Awaited { operation, output: None, reply });
        match self {
            Self::Thread { queue, .. } => {
                let permit = queue.permits.acquire().await.map_err(|_| StoreError::Closed)?;
                if !queue.push(job) {
                    return Err(StoreError::Closed);
                }
                permit.forget();
            }
            Self::Inline(inline) => inline.run_group(vec![job]),
        }
        let lost = |_| StoreError::Unavailable { reason: "the writer of the store ended".into() };
        answer.await.map_err(lost)?
    }

    /// Carries an operation out some time, after everything that came before.
    pub(crate) fn submit<O: Operation>(&self, operation: O) {
        let job = Box::new(Submitted(operation));
        match self {
            Self::Thread { queue, .. } => {
                queue.push_submitted(job);
            }
            Self::Inline(inline) => inline.run_group(vec![job]),
        }
    }

    /// For a writer without a thread: in how long something is to be done although no command comes, and what rings when
    /// that may have changed. `None` once it is closed, and for a thread, which does it by itself.
    #[cfg(any(test, feature = "simulated-disk"))]
    pub(crate) fn due_in(&self) -> Option<(Option<std::time::Duration>, Arc<tokio::sync::Notify>)> {
        let Self::Inline(inline) = self else { return None };
        let core = inline.core.lock();
        (!core.is_closed()).then(|| (core.due_in(), inline.ran.clone()))
    }

    /// Does what is due, in the caller.
    #[cfg(any(test, feature = "simulated-disk"))]
    pub(crate) fn do_what_is_due(&self) {
        if let Self::Inline(inline) = self {
            inline.core.lock().run_group(Vec::new());
        }
    }

    /// The same, tried again until the store works. `done` is called when it is on the disk, or cannot be.
    pub(crate) fn submit_kept<O: Operation>(&self, operation: O, done: impl FnOnce() + Send + 'static) {
        let job = Box::new(Kept { operation, done });
        match self {
            Self::Thread { queue, .. } => {
                queue.push_submitted(job);
            }
            Self::Inline(inline) => inline.run_group(vec![job]),
        }
    }

    /// Puts a job of a test's own into the queue.
    #[cfg(test)]
    pub(crate) fn hand_over(&self, job: Box<dyn Job>) {
        match self {
            Self::Thread { queue, .. } => {
                queue.push_submitted(job);
            }
            Self::Inline(inline) => inline.run_group(vec![job]),
        }
    }

    /// Finishes everything that was handed over, brings it to the disk and ends.
    pub(crate) fn stop(&self) {
        match self {
            Self::Thread { .. } => self.stopper()(),
            Self::Inline(inline) => inline.core.lock().close(),
        }
    }

    /// The same for a thread, as something that may be run elsewhere: it waits.
    pub(crate) fn stopper(&self) -> impl FnOnce() + Send + 'static {
        let stopped = match self {
            Self::Thread { queue, thread } => {
                queue.close();
                thread.lock().take()
            }
            Self::Inline(_) => None,
        };
        move || {
            if let Some(thread) = stopped {
                // A writer that panicked has told its callers already.
                let _ = thread.join();
            }
        }
    }
}

/// Commands that wait for the writer. Bounded: awaited ones by permits, submitted ones by number.
pub(crate) struct Queue {
    state: Mutex<Waiting>,
    ready: Condvar,
    space: Condvar,
    permits: Semaphore,
}

#[derive(Default)]
struct Waiting {
    jobs: VecDeque<Box<dyn Job>>,
    submitted: usize,
    closed: bool,
}

impl Waiting {
    /// How many commands the next group takes: at least one, and no more than its limits allow.
    fn group(&self) -> usize {
        let mut bytes = 0_usize;
        let jobs = self.jobs.iter().take(limits::WRITER_GROUP_MAX);
        let fits = jobs.take_while(|job| {
            let first = bytes == 0;
            bytes = bytes.saturating_add(job.bytes());
            first || bytes <= limits::WRITER_GROUP_BYTES_MAX
        });
        fits.count()
    }
}

impl Default for Queue {
    fn default() -> Self {
        Self {
            state: Mutex::default(),
            ready: Condvar::new(),
            space: Condvar::new(),
            permits: Semaphore::new(limits::WRITER_QUEUE_MAX),
        }
    }
}

impl Queue {
    fn push(&self, job: Box<dyn Job>) -> bool {
        let mut state = self.state.lock();
        if state.closed {
            return false;
        }
        state.jobs.push_back(job);
        self.ready.notify_one();
        true
    }

    /// Waits, without a runtime, while too many submitted commands wait. That is back-pressure of
    /// last resort: the writer takes a thousand at once.
    fn push_submitted(&self, job: Box<dyn Job>) {
        let mut state = self.state.lock();
        while state.submitted >= limits::WRITER_QUEUE_MAX && !state.closed {
            self.space.wait(&mut state);
        }
        if state.closed {
            return;
        }
        state.submitted += 1;
        state.jobs.push_back(job);
        self.ready.notify_one();
    }

    fn close(&self) {
        self.state.lock().closed = true;
        self.permits.close();
        self.ready.notify_all();
        self.space.notify_all();
    }

    /// The next group; empty when `wait_max` passed first, `None` when the queue is closed and empty.
    fn take(&self, wait_max: Option<std::time::Duration>) -> Option<Vec<Box<dyn Job>>> {
        let mut state = self.state.lock();
        if state.jobs.is_empty() && !state.closed {
            match wait_max {
                Some(wait_max) => {
                    self.ready.wait_for(&mut state, wait_max);
                }
                None => self.ready.wait(&mut state),
            }
        }
        if state.jobs.is_empty() {
            return if state.closed { None } else { Some(Vec::new()) };
        }
        let taken = state.group();
        let group: Vec<_> = state.jobs.drain(..taken).collect();
        let awaited = group.iter().filter(|job| job.is_awaited()).count();
        state.submitted -= group.len() - awaited;
        if !state.closed {
            self.permits.add_permits(awaited);
        }
        self.space.notify_all();
        Some(group)
    }
}

/// Closes the queue even if the thread panics, so that nobody waits for ever.
struct CloseOnDrop<'a> {
    queue: &'a Queue,
    shared: Arc<Shared>,
}

impl Drop for CloseOnDrop<'_> {
    fn drop(&mut self) {
        self.queue.close();
        if std::thread::panicking() {
            let reason = "the writer of the store ended by a bug, so nothing can be stored any more; start again";
            tracing::error!("{reason}");
            self.shared.give_up(reason);
        }
        let left = std::mem::take(&mut self.queue.state.lock().jobs);
        for job in left {
            job.finish(Err(StoreError::Closed));
        }
    }
}

fn run_thread(mut core: Core, queue: &Queue) {
    let _guard = CloseOnDrop { queue, shared: core.shared() };
    while let Some(group) = queue.take(core.wait_max()) {
        core.run_group(group);
    }
    core.close();
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Large(usize);

    impl Operation for Large {
        type Output = ();

        fn bytes(&self) -> usize {
            self.0
        }

        fn run(&self, _: &mut Txn<'_>) -> Result<(), Fail> {
            Ok(())
        }
    }

    fn groups(sizes: &[usize]) -> Vec<usize> {
        let queue = Queue::default();
        for size in sizes {
            queue.push_submitted(Box::new(Submitted(Large(*size))));
        }
        queue.close();
        std::iter::from_fn(|| queue.take(None)).map(|group| group.len()).collect()
    }

    #[test]
    fn a_group_is_bounded_in_commands_and_in_bytes() {
        let (most, half) = (limits::WRITER_GROUP_BYTES_MAX, limits::WRITER_GROUP_BYTES_MAX / 2);
        assert_eq!(groups(&[0; limits::WRITER_GROUP_MAX + 1]), [limits::WRITER_GROUP_MAX, 1]);
        assert_eq!(groups(&[half, half, 1, 1]), [2, 2]);
        assert_eq!(groups(&[most + 1, most + 1, 0, 5]), [1, 1, 2], "one that is too large goes, alone");
        assert_eq!(groups(&[5, most + 1, 5]), [1, 1, 1]);
    }
}

//! Keeping the store small, healthy and closed in order.

use crate::format::keys;
use crate::format::records::MovedRecord;
use crate::reads::snapshot::SnapshotOf;
use crate::reads::sweeper;
use crate::store::GreenroomStore;
use crate::write::commands::moved::SetMoved;
use async_trait::async_trait;
use greenroom_contract::store::{Fence, Maintenance, Snapshot, StoreError, SweepReport};
use greenroom_contract::time::Timestamp;
use std::sync::atomic::Ordering;
use std::time::Duration;

#[async_trait]
impl Maintenance for GreenroomStore {
    async fn sweep(&self, now: Timestamp) -> Result<SweepReport, StoreError> {
        sweeper::sweep(self, now).await
    }

    async fn sweep_after(&self, now: Timestamp, lived: Duration) -> Result<SweepReport, StoreError> {
        sweeper::sweep_after(self, now, lived).await
    }

    fn store_health(&self) -> Result<(), String> {
        self.writable()?;
        let uncounted = self.shared.index.lock().marks.values().filter(|mark| mark.failed).count();
        if uncounted > 0 {
            return Err(format!(
                "the attempts at {uncounted} message(s) cannot be counted on the disk, so one that kills the process would be \
                 tried again after each start; stop, and look at the store with `greenroom store verify`"
            ));
        }
        if let Some(what) = self.shared.unreadable.lock().as_ref() {
            return Err(format!(
                "a part of the store's files cannot be read ({what}); stop, look at it with `greenroom store verify`, \
                 and restore a copy or an export"
            ));
        }
        let not_understood = self.shared.not_understood.lock().len();
        if not_understood > 0 {
            return Err(format!(
                "{not_understood} record(s) were written by a newer version of this program; they stay, and their chats wait, \
                 until that version runs; `greenroom store verify` lists them"
            ));
        }
        if let Some(sentence) = self.shared.unproved.lock().as_ref() {
            return Err(sentence.clone());
        }
        match self.shared.index.lock().damaged {
            0 if self.shared.accepts_damage.load(Ordering::Relaxed) => Err(
                "the store was opened with store.accept_damage = true, which switches off every check for losses; take it \
                 out of the configuration now that the loss is accepted"
                    .into(),
            ),
            0 => Ok(()),
            damaged => Err(format!(
                "the store works, but {damaged} damaged record(s) were set aside; `greenroom store verify` lists them"
            )),
        }
    }

    fn writable(&self) -> Result<(), String> {
        if self.shared.closed.load(Ordering::Acquire) {
            return Err("the store is closed".into());
        }
        if let Some(reason) = self.shared.gone.borrow().as_ref() {
            return Err(reason.clone());
        }
        self.shared.engine().map(|_| ()).map_err(|error| format!("{error}; it is tried again every second"))
    }

    async fn gone(&self) -> String {
        let mut gone = self.shared.gone.subscribe();
        let reason = gone.wait_for(Option::is_some).await.ok().and_then(|reason| reason.clone());
        // The sender lives as long as this store.
        reason.unwrap_or_default()
    }

    async fn fence(&self) -> Result<Fence, StoreError> {
        let moved = self.read(|reader| reader.load::<MovedRecord>(keys::MOVED))?;
        Ok(Fence {
            instance: self.shared.instance.clone(),
            number: self.shared.fence,
            moved_at: moved.map(|moved| Timestamp(moved.at)),
        })
    }

    async fn set_moved(&self, moved_at: Option<Timestamp>) -> Result<(), StoreError> {
        self.execute(SetMoved(moved_at)).await
    }

    fn snapshot(&self) -> Result<Box<dyn Snapshot>, StoreError> {
        Ok(Box::new(SnapshotOf::begin(&self.shared)?))
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.shared.closed.store(true, Ordering::Release);
        if !self.writer.is_inline() {
            let writer = self.writer.stopper();
            let lost = |_| StoreError::Unavailable { reason: "the writer of the store ended".into() };
            return tokio::task::spawn_blocking(writer).await.map_err(lost);
        }
        self.writer.stop();
        Ok(())
    }
}

//! Counting attempts.
//!
//! A first attempt is only noted in memory, and written a moment later unless the turn is settled
//! first: most turns are, and then it costs nothing. A turn that kills the process within that
//! moment is not counted once; one that kills it later is.

use crate::format::envelope::Sealing;
use crate::format::keys;
use crate::format::records::InboxRecord;
use crate::memory::index::{Mark, RowName};
use crate::write::job::Operation;
use crate::write::txn::{Fail, Txn};
use greenroom_contract::ids::Sequence;
use greenroom_contract::limits;
use greenroom_contract::store::Begin;
use tokio::time::Instant;

/// One more attempt, written at once.
pub(crate) struct BeginNow(pub(crate) Begin);

impl Operation for BeginNow {
    type Output = ();

    fn run(&self, txn: &mut Txn<'_>) -> Result<(), Fail> {
        for row in rows(txn, &self.0)? {
            let noted = txn.index.marks_of(row);
            txn.set_mark(row, None);
            change(txn, row, |attempts| attempts.saturating_add(1).saturating_add(noted))?;
        }
        Ok(())
    }
}

/// A first attempt, noted.
pub(crate) struct BeginSoon(pub(crate) Begin);

impl Operation for BeginSoon {
    type Output = ();

    fn run(&self, txn: &mut Txn<'_>) -> Result<(), Fail> {
        for row in rows(txn, &self.0)? {
            let before = txn.index.marks.get(&row).copied();
            let mark = match before {
                Some(mark) => Mark { count: mark.count.saturating_add(1), ..mark },
                None => Mark { count: 1, due: Instant::now() + limits::STORE_MARK_PAUSE, failed: false },
            };
            txn.set_mark(row, Some(mark));
        }
        Ok(())
    }
}

/// An attempt that does not count after all.
pub(crate) struct Withdraw(pub(crate) Begin);

impl Operation for Withdraw {
    type Output = ();

    fn run(&self, txn: &mut Txn<'_>) -> Result<(), Fail> {
        for row in rows(txn, &self.0)? {
            match txn.index.marks.get(&row).copied() {
                Some(mark) if mark.count > 1 => txn.set_mark(row, Some(Mark { count: mark.count - 1, ..mark })),
                Some(_) => txn.set_mark(row, None),
                None => change(txn, row, |attempts| attempts.saturating_sub(1))?,
            }
        }
        Ok(())
    }
}

/// Writes what was noted of one row.
pub(crate) struct WriteMark(pub(crate) RowName);

impl Operation for WriteMark {
    type Output = ();

    fn run(&self, txn: &mut Txn<'_>) -> Result<(), Fail> {
        let Some(mark) = txn.index.marks.get(&self.0).copied() else { return Ok(()) };
        txn.set_mark(self.0, None);
        change(txn, self.0, |attempts| attempts.saturating_add(mark.count))
    }
}

/// Keeps what was noted of a row that cannot be written now. It counts in memory for as long as this process lives.
pub(crate) struct PutOff(pub(crate) RowName);

impl Operation for PutOff {
    type Output = ();

    fn run(&self, txn: &mut Txn<'_>) -> Result<(), Fail> {
        if let Some(mark) = txn.index.marks.get(&self.0).copied() {
            let due = Instant::now() + limits::STORE_MARK_RETRY_PAUSE;
            txn.set_mark(self.0, Some(Mark { due, failed: true, ..mark }));
        }
        Ok(())
    }
}

/// The rows that are meant, all of which must wait.
fn rows(txn: &Txn<'_>, begin: &Begin) -> Result<Vec<RowName>, Fail> {
    let conversation = txn.index.conversations.follow(begin.conversation);
    let waiting = txn.index.rows.get(&conversation);
    let check = |sequence: Sequence| {
        if waiting.is_some_and(|rows| rows.contains(&sequence)) {
            return Ok((conversation, sequence));
        }
        Err(Fail::not_found(format!("row {sequence} of conversation {conversation}")))
    };
    begin.rows.iter().map(|sequence| check(*sequence)).collect()
}

fn change(txn: &mut Txn<'_>, row: RowName, change: impl FnOnce(u32) -> u32) -> Result<(), Fail> {
    let key = keys::inbox(row.0, row.1);
    if let Some(mut loaded) = txn.load::<InboxRecord>(&key)? {
        loaded.record.attempts = change(loaded.record.attempts);
        txn.put_over(key, &loaded.record, Sealing::Plain, loaded.parts)?;
    }
    Ok(())
}

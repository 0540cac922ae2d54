//! Another key for all secrets, crash-safe.
//!
//! | step | on the disk after it |
//! |---|---|
//! | the new key is made, in a file beside the old one | both keys; whoever opens the store knows both |
//! | the secrets are sealed with it, some at a time | both keys, each secret under one of them |
//! | the record of the store names it | both keys, everything under the new one |
//! | its file takes the name of the old one | the new key |
//!
//! A process that is killed between two of them leaves a store that opens, and the next attempt continues with the key that
//! is there. Where the key comes from the environment only the middle two are done: the owner has given the new key first, and
//! the older ones behind it, and takes these away afterwards.

use crate::engines::{Batch, Engine, Range};
use crate::format::envelope::{self, Sealing};
use crate::format::keys::{self, kind};
use crate::format::seal::Sealer;
use crate::memory::loading;
use crate::memory::shared::{collect, whole};
use crate::open::engine_of::open_engine;
use crate::open::key_file::{NewKey, begin_rotation};
use crate::open::manifest::{self, ManifestFile};
use crate::open::options::OpenOptions;
use crate::open::renewal;
use crate::tools::transfer::{TransferError, missing};
use greenroom_contract::limits;
use serde::Serialize;
use std::ops::ControlFlow;
use zeroize::Zeroizing;

/// Rows that are looked at together.
const PAGE_ROWS: usize = 200;

/// What was sealed anew.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RotateReport {
    /// How many records.
    pub sealed: u64,
    /// How many were under the key already.
    pub kept: u64,
    /// How many cannot be opened with the keys at hand; then the old key stays beside the new one.
    pub closed: u64,
    /// The first of these.
    pub first: Vec<String>,
    /// Whether the old key is of no use any more.
    pub finished: bool,
}

/// Seals every secret of a store that no process uses with another key: a new one where the key is a file, the first one
/// where the environment gives several.
pub fn rotate_key(options: &OpenOptions) -> Result<RotateReport, TransferError> {
    rotate_in_steps(options, &mut |_| ControlFlow::Continue(()))
}

/// A place between two steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    KeyMade,
    PageSealed,
    StoreNamesIt,
    KeyInPlace,
}

/// The same; `after` is told of each step and may end it there, as the end of the process would.
pub(crate) fn rotate_in_steps(
    options: &OpenOptions,
    after: &mut dyn FnMut(Step) -> ControlFlow<()>,
) -> Result<RotateReport, TransferError> {
    let lock = manifest::lock(&options.path)?;
    let data = manifest::data_directory(&options.path, options.engine);
    if !data.exists() {
        return Err(missing(&options.path).into());
    }
    let (sealer, key) = begin_rotation(&options.path, &options.seal)?;
    let mut report = RotateReport::default();
    if after(Step::KeyMade).is_break() {
        return Ok(report);
    }
    let engine = open_engine(&data, options.engine)?;
    let found = loading::load(&*engine, &sealer)?;
    let no_sentinel = || TransferError::Source("no row says which store it is".into());
    let mut sentinel = found.ok_or_else(no_sentinel)?.sentinel;
    // What an orderly closing noted of the files is not so any more.
    let manifest = ManifestFile::new(&options.path, options.engine, &sentinel, lock);
    manifest.write()?;
    for (kind, _) in kind::ALL.iter().filter(|(kind, _)| !matches!(*kind, kind::PART | kind::DAMAGED)) {
        if seal_kind(&*engine, &sealer, *kind, &mut report, after)?.is_break() {
            return Ok(report);
        }
    }
    if report.closed > 0 {
        return Ok(report);
    }
    sentinel.seal_key = sealer.current().to_vec();
    renewal::write(&*engine, &sealer, &sentinel)?;
    drop(engine);
    if after(Step::StoreNamesIt).is_break() {
        return Ok(report);
    }
    key.as_ref().map_or(Ok(()), NewKey::put_in_place)?;
    let _ = after(Step::KeyInPlace);
    report.finished = true;
    Ok(report)
}

fn seal_kind(
    engine: &dyn Engine,
    sealer: &Sealer,
    kind: u8,
    report: &mut RotateReport,
    after: &mut dyn FnMut(Step) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, TransferError> {
    let mut range = Range::prefix(&[kind]);
    loop {
        let page = collect(engine, &range, PAGE_ROWS)?;
        let Some((last, _)) = page.last() else { return Ok(ControlFlow::Continue(())) };
        range = range.after(last);
        let mut batch = Batch::new();
        for (key, value) in page.iter().filter(|(_, value)| envelope::is_sealed(value)) {
            let whole = whole(engine, key, value.clone())?.unwrap_or_default();
            match sealed_anew(sealer, key, &whole) {
                Sealed::Already => report.kept += 1,
                Sealed::Anew(wrapped) => {
                    report.sealed += 1;
                    // As long as before: the parts are the same in number.
                    batch.extend(
                        wrapped.parts.into_iter().zip(0..).map(|(part, number)| (keys::part(key, number), Some(part))),
                    );
                    batch.insert(key.clone(), Some(wrapped.value));
                }
                Sealed::Closed => {
                    report.closed += 1;
                    if report.first.len() < limits::STORE_DAMAGED_NAMED_MAX {
                        report.first.push(keys::describe(key));
                    }
                }
            }
        }
        if !batch.is_empty() {
            engine.apply(&batch)?;
            engine.flush()?;
            engine.sync()?;
            if after(Step::PageSealed).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
    }
}

enum Sealed {
    Already,
    Anew(envelope::Wrapped),
    Closed,
}

fn sealed_anew(sealer: &Sealer, key: &[u8], whole: &[u8]) -> Sealed {
    if envelope::seal_of(whole).is_some_and(|id| id == sealer.current()) {
        return Sealed::Already;
    }
    let opened = envelope::unwrap(key, whole, sealer, |payload| Ok(Zeroizing::new(payload.to_vec())));
    let anew = opened.ok().and_then(|payload| envelope::wrap(key, &payload, Sealing::Sealed, sealer));
    anew.map_or(Sealed::Closed, Sealed::Anew)
}

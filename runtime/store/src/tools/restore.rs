//! Putting records back that were set aside as damaged and can be read after all.
//!
//! An earlier version set records aside that a newer one had written. With the newer program they can be read, and belong
//! where they were.

use crate::engines::{Batch, Engine, Range};
use crate::format::envelope;
use crate::format::keys::{self, kind};
use crate::format::records::SentinelRecord;
use crate::format::seal::Sealer;
use crate::format::understood::understand;
use crate::memory::loading;
use crate::memory::shared::{Read, collect, read};
use crate::open::engine_of::open_engine;
use crate::open::key_file::find_sealer;
use crate::open::manifest;
use crate::open::options::OpenOptions;
use crate::tools::transfer::{TransferError, missing};
use greenroom_contract::limits;
use serde::Serialize;

/// Records that are looked at together.
const PAGE_ROWS: usize = 100;

/// What became of the records that lay set aside.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RestoreReport {
    /// How many were put back.
    pub restored: u64,
    /// How many stay where they are.
    pub left: u64,
    /// The first of these, each with the reason.
    pub reasons: Vec<String>,
}

/// Puts back what can be read. The rest, and what was replaced since, stays where it is.
pub fn restore_damaged(options: &OpenOptions) -> Result<RestoreReport, TransferError> {
    let _lock = manifest::lock(&options.path)?;
    let data = manifest::data_directory(&options.path, options.engine);
    if !data.exists() {
        return Err(missing(&options.path).into());
    }
    let sealer = find_sealer(&options.path, &options.seal, true)?;
    let engine = open_engine(&data, options.engine)?;
    let mut report = RestoreReport::default();
    let mut range = Range::prefix(&[kind::DAMAGED]);
    loop {
        let page = collect(&*engine, &range, PAGE_ROWS)?;
        let Some((last, _)) = page.last() else { break };
        range = range.after(last);
        for (place, value) in page.iter().filter(|(place, _)| place.get(1) != Some(&kind::PART)) {
            restore(&*engine, &sealer, place, value, &mut report)?;
        }
    }
    Ok(report)
}

fn restore(
    engine: &dyn Engine,
    sealer: &Sealer,
    place: &[u8],
    value: &[u8],
    report: &mut RestoreReport,
) -> Result<(), TransferError> {
    let key = &place[1..];
    let batch = match way_back(engine, sealer, key, value)? {
        Ok(batch) => batch,
        Err(reason) => {
            report.left += 1;
            if report.reasons.len() < limits::STORE_DAMAGED_NAMED_MAX {
                report.reasons.push(format!("{}: {reason}", keys::describe(key)));
            }
            return Ok(());
        }
    };
    engine.apply(&batch)?;
    engine.flush()?;
    engine.sync()?;
    report.restored += 1;
    Ok(())
}

/// The writes that put a record back, or why it stays.
fn way_back(
    engine: &dyn Engine,
    sealer: &Sealer,
    key: &[u8],
    value: &[u8],
) -> Result<Result<Batch, String>, TransferError> {
    if engine.get(key)?.is_some() {
        return Ok(Err("another record is in its place by now".into()));
    }
    let mut batch = Batch::from([(key.to_vec(), Some(value.to_vec())), (keys::damaged(key), None)]);
    let mut whole = value.to_vec();
    for number in 0..envelope::part_count(value) {
        let part = keys::part(key, number);
        let aside = keys::damaged(&part);
        let Some(bytes) = engine.get(&aside)? else { return Ok(Err(format!("part {number} is missing"))) };
        whole.extend_from_slice(&bytes);
        batch.insert(part, Some(bytes));
        batch.insert(aside, None);
    }
    if let Err(damage) = understand(key, &whole, sealer) {
        return Ok(Err(damage.to_string()));
    }
    if key.first() == Some(&kind::PARCEL)
        && let Read::Found(sentinel) = read::<SentinelRecord>(engine, sealer, keys::SENTINEL)?
    {
        // Unsent parcels are looked for from the low-water mark on, and this one may lie below it.
        let sentinel = SentinelRecord { low_water: 0, low_water_of: Vec::new(), ..sentinel };
        batch.insert(keys::SENTINEL.to_vec(), Some(loading::sentinel_value(&sentinel, sealer)));
    }
    Ok(Ok(batch))
}

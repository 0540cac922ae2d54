//! From the layout of an earlier version to the one of this program, step by step.

use crate::engines::{Engine, EngineError};
use crate::format::keys;
use crate::format::records::SentinelRecord;
use crate::format::seal::Sealer;
use crate::memory::loading::{self, Loading};
use crate::open::options::SCHEMA;
use std::collections::BTreeMap;

/// Brings the rows of one layout into the next. It may have been carried out before, whole or in part: its end is written
/// after it.
type Step = fn(&dyn Engine, &Sealer) -> Result<(), EngineError>;

/// The step from each layout to the next, the first one first.
const STEPS: [Step; SCHEMA as usize - 1] = [nothing_to_rewrite];

/// Layout 2 holds what layout 1 held, where it lay. Its number keeps programs away that would not understand what this one may
/// write, and would not find messages that were seen: they lie in periods now.
#[expect(clippy::unnecessary_wraps, reason = "a step that rewrites something can fail")]
fn nothing_to_rewrite(_engine: &dyn Engine, _sealer: &Sealer) -> Result<(), EngineError> {
    Ok(())
}

/// Carries out the steps that a store lacks, and reads it again if there were any.
pub(crate) fn to_this_layout(engine: &dyn Engine, sealer: &Sealer, found: Loading) -> Result<Loading, EngineError> {
    let from = found.sentinel.schema.max(1);
    if from >= SCHEMA {
        return Ok(found);
    }
    for (step, reached) in STEPS.iter().skip(from as usize - 1).zip(from + 1..) {
        step(engine, sealer)?;
        let sentinel = SentinelRecord { schema: reached, ..found.sentinel.clone() };
        let value = loading::sentinel_value(&sentinel, sealer);
        engine.apply(&BTreeMap::from([(keys::SENTINEL.to_vec(), Some(value))]))?;
        engine.flush()?;
        engine.sync()?;
        tracing::info!(layout = reached, "the store was brought to the next layout");
    }
    loading::load(engine, sealer)?.ok_or_else(|| EngineError::Damaged("the sentinel record is missing".into()))
}

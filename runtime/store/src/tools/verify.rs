//! Looking at every record of a store that no process uses, and changing none.

use crate::engines::{Engine, Range};
use crate::format::envelope::Damage;
use crate::format::keys::{self, kind};
use crate::format::records::SentinelRecord;
use crate::format::seal::Sealer;
use crate::format::understood::understand;
use crate::memory::shared::{Read, collect, whole};
use crate::open::engine_of::open_engine;
use crate::open::key_file::find_sealer;
use crate::open::manifest;
use crate::open::options::{OpenOptions, SCHEMA};
use crate::tools::transfer::{TransferError, missing};
use greenroom_contract::limits;
use serde::Serialize;

/// Rows that are read at once.
const PAGE_ROWS: usize = 1_000;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VerifyReport {
    /// Which store this is.
    pub instance: Option<String>,
    /// The last commit that is known for certain.
    pub commit: Option<u64>,
    /// The last commit that the file beside the data knows.
    pub commit_expected: Option<u64>,
    /// Whether it was closed in order.
    pub closed: bool,
    /// Counts by kind of record.
    pub kinds: Vec<KindReport>,
    /// The first damaged records, each with what is wrong.
    pub damaged: Vec<String>,
    /// What is wrong with the store as a whole, in sentences.
    pub problems: Vec<String>,
}

/// Records of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KindReport {
    /// Its name.
    pub name: &'static str,
    /// How many there are.
    pub rows: u64,
    /// Their values, in bytes.
    pub bytes: u64,
    /// How many of them cannot be read.
    pub damaged: u64,
}

impl VerifyReport {
    /// Whether everything can be read and nothing is missing.
    pub fn is_sound(&self) -> bool {
        self.problems.is_empty() && self.kinds.iter().all(|kind| kind.damaged == 0)
    }
}

/// Reads everything.
pub fn verify(options: &OpenOptions) -> Result<VerifyReport, TransferError> {
    let _lock = manifest::lock(&options.path)?;
    let expected = manifest::read(&options.path)?;
    let data = manifest::data_directory(&options.path, options.engine);
    if !data.exists() {
        return Err(missing(&options.path).into());
    }
    let sealer = find_sealer(&options.path, &options.seal, true)?;
    let engine = open_engine(&data, options.engine)?;
    let mut report = VerifyReport {
        instance: None,
        commit: None,
        commit_expected: expected.as_ref().map(|manifest| manifest.commit),
        closed: expected.as_ref().is_some_and(|manifest| manifest.closed.is_some()),
        kinds: Vec::new(),
        damaged: Vec::new(),
        problems: Vec::new(),
    };
    for (kind, name) in kind::ALL {
        verify_kind(&*engine, &sealer, *kind, name, &mut report);
    }
    sentinel(&*engine, &sealer, &mut report);
    Ok(report)
}

fn sentinel(engine: &dyn Engine, sealer: &Sealer, report: &mut VerifyReport) {
    match crate::memory::shared::read::<SentinelRecord>(engine, sealer, keys::SENTINEL) {
        Ok(Read::Found(sentinel)) => {
            report.instance = Some(hex::encode(&sentinel.instance));
            report.commit = Some(sentinel.commit);
            if let Some(expected) = report.commit_expected
                && sentinel.commit < expected
            {
                let missing = format!("The log ends at commit {}, but commit {expected} was made.", sentinel.commit);
                report.problems.push(missing);
            }
            if sentinel.schema > SCHEMA {
                let newer = format!("It has layout {}, this program knows up to {SCHEMA}.", sentinel.schema);
                report.problems.push(newer);
            }
            if !sealer.knows(&sentinel.seal_key) {
                report.problems.push("The master key is not the one that sealed the secrets.".into());
            }
        }
        Ok(Read::Missing) => report.problems.push("The record that says which store this is is missing.".into()),
        Ok(Read::Damaged(damage)) => {
            report.problems.push(format!("The record that says which store this is: {damage}."));
        }
        Err(error) => report.problems.push(format!("The engine cannot read it: {error}.")),
    }
}

fn verify_kind(engine: &dyn Engine, sealer: &Sealer, kind: u8, name: &'static str, report: &mut VerifyReport) {
    let mut counted = KindReport { name, rows: 0, bytes: 0, damaged: 0 };
    let mut range = Range::prefix(&[kind]);
    loop {
        let page = match collect(engine, &range, PAGE_ROWS) {
            Ok(page) => page,
            Err(error) => {
                report.problems.push(format!("The engine cannot read all {name}: {error}."));
                break;
            }
        };
        let Some((last, _)) = page.last() else { break };
        range = range.after(last);
        for (key, value) in page {
            counted.rows += 1;
            counted.bytes += value.len() as u64;
            if let Err(damage) = check(engine, sealer, &key, value) {
                counted.damaged += 1;
                if report.damaged.len() < limits::STORE_DAMAGED_NAMED_MAX {
                    report.damaged.push(format!("{}: {damage}", keys::describe(&key)));
                }
            }
        }
    }
    if kind == kind::DAMAGED && counted.rows > 0 {
        report.problems.push(format!(
            "{} damaged record(s) were set aside earlier; what can be read by now is put back by `greenroom store restore-damaged`.",
            counted.rows
        ));
    }
    report.kinds.push(counted);
}

/// Whether a record can be read as what its key says it is.
fn check(engine: &dyn Engine, sealer: &Sealer, key: &[u8], value: Vec<u8>) -> Result<(), Damage> {
    if matches!(key.first(), Some(&kind::PART | &kind::DAMAGED)) {
        return Ok(());
    }
    match whole(engine, key, value) {
        Ok(whole) => understand(key, &whole?, sealer),
        Err(error) => Err(Damage::Unread(error.to_string())),
    }
}

//! Writing a capsule, from its beginning to its end.

use crate::VERSION;
use crate::error::CapsuleError;
use crate::frames::{self, Header, MAGIC, Totals, kind};
use crate::keys::Lock;
use crate::limits;
use age::stream::StreamWriter;
use greenroom_contract::store::StoredRow;
use std::io::Write;
use std::iter;

/// Writes a capsule. One that is dropped before [`CapsuleWriter::finish`] leaves a file that no reader takes for a whole one.
pub struct CapsuleWriter<W: Write> {
    out: StreamWriter<W>,
    totals: Totals,
}

impl<W: Write> CapsuleWriter<W> {
    /// Begins one. With a passphrase it takes about half a second.
    pub fn new(out: W, lock: &Lock, header: &Header) -> Result<Self, CapsuleError> {
        let encryptor = match lock {
            Lock::Passphrase(passphrase) => {
                let mut recipient = age::scrypt::Recipient::new(passphrase.clone());
                recipient.set_work_factor(limits::PASSPHRASE_WORK_LOG);
                age::Encryptor::with_recipients(iter::once(&recipient as &dyn age::Recipient))
            }
            Lock::Recipients(keys) => {
                age::Encryptor::with_recipients(keys.iter().map(|key| key as &dyn age::Recipient))
            }
        };
        let encryptor = encryptor.map_err(|_| CapsuleError::BadKey("no file can be made for these keys"))?;
        let mut out = encryptor.wrap_output(out).map_err(CapsuleError::File)?;
        begin(&mut out, header)?;
        Ok(Self { out, totals: Totals::default() })
    }

    /// Puts a file in, by a name without a root.
    pub fn file(&mut self, name: &str, bytes: &[u8]) -> Result<(), CapsuleError> {
        if !frames::is_plain_name(name) {
            return Err(CapsuleError::TooLong("the name of a file"));
        }
        self.totals.files += 1;
        let length = frames::length_of(name.as_bytes())?;
        frames::write_frame(&mut self.out, kind::FILE, &[&length, name.as_bytes(), bytes])
    }

    /// Puts a record in.
    pub fn row(&mut self, row: &StoredRow) -> Result<(), CapsuleError> {
        self.totals.rows += 1;
        frames::write_row(row, &mut self.out)
    }

    /// Writes the end, and gives back what was written to.
    pub fn finish(mut self) -> Result<(W, Totals), CapsuleError> {
        end(&mut self.out, self.totals)?;
        let out = self.out.finish().map_err(CapsuleError::File)?;
        Ok((out, self.totals))
    }
}

fn begin(out: &mut dyn Write, header: &Header) -> Result<(), CapsuleError> {
    out.write_all(MAGIC).map_err(CapsuleError::File)?;
    out.write_all(&VERSION.to_be_bytes()).map_err(CapsuleError::File)?;
    let header = serde_json::to_vec(header).map_err(|error| CapsuleError::File(error.into()))?;
    frames::write_frame(out, kind::HEADER, &[&header])
}

fn end(out: &mut dyn Write, totals: Totals) -> Result<(), CapsuleError> {
    let totals = serde_json::to_vec(&totals).map_err(|error| CapsuleError::File(error.into()))?;
    frames::write_frame(out, kind::END, &[&totals])
}

/// What a capsule holds without its lock, for tests of its reader.
pub fn unlocked(header: &Header, files: &[(&str, &[u8])], rows: &[StoredRow]) -> Result<Vec<u8>, CapsuleError> {
    let mut out = Vec::new();
    begin(&mut out, header)?;
    for (name, bytes) in files {
        frames::write_frame(&mut out, kind::FILE, &[&frames::length_of(name.as_bytes())?, name.as_bytes(), bytes])?;
    }
    rows.iter().try_for_each(|row| frames::write_row(row, &mut out))?;
    end(&mut out, Totals { files: files.len() as u64, rows: rows.len() as u64 })?;
    Ok(out)
}

//! Reading a capsule. What it says is believed once its end was read, and not before.

use crate::VERSION;
use crate::error::CapsuleError;
use crate::frames::{self, Entry, Header, MAGIC, Totals, kind};
use crate::keys::Key;
use crate::limits;
use age::stream::StreamReader;
use std::io::{BufRead, Read};
use std::iter;

/// Reads a capsule, one entry at a time.
pub struct CapsuleReader<R> {
    from: R,
    header: Header,
    totals: Totals,
    ended: bool,
}

impl<R: BufRead> CapsuleReader<StreamReader<R>> {
    /// Opens one and reads what it says of itself.
    pub fn open(from: R, key: &Key) -> Result<Self, CapsuleError> {
        let locked = age::Decryptor::new_buffered(from)?;
        let opened = match key {
            Key::Passphrase(passphrase) => {
                let mut identity = age::scrypt::Identity::new(passphrase.clone());
                identity.set_max_work_factor(limits::PASSPHRASE_WORK_LOG_MAX);
                locked.decrypt(iter::once(&identity as &dyn age::Identity))?
            }
            Key::Identities(keys) => locked.decrypt(keys.iter().map(|key| key as &dyn age::Identity))?,
        };
        Self::of_unlocked(opened)
    }
}

impl<R: Read> CapsuleReader<R> {
    /// Reads what is inside, already opened.
    pub fn of_unlocked(mut from: R) -> Result<Self, CapsuleError> {
        let mut begin = [0; MAGIC.len() + 2];
        from.read_exact(&mut begin).map_err(CapsuleError::reading)?;
        let (magic, version) = begin.split_at(MAGIC.len());
        if magic != MAGIC {
            return Err(CapsuleError::NotACapsule);
        }
        match u16::from_be_bytes([version[0], version[1]]) {
            VERSION => {}
            0 => return Err(CapsuleError::damaged("it has no version")),
            newer => return Err(CapsuleError::Newer(newer)),
        }
        let (kind, payload) = frames::read_frame(&mut from)?;
        if kind != kind::HEADER {
            return Err(CapsuleError::damaged("it does not say what it is"));
        }
        let header = serde_json::from_slice(&payload);
        let header = header.map_err(|error| CapsuleError::damaged(format!("what it says of itself: {error}")))?;
        Ok(Self { from, header, totals: Totals::default(), ended: false })
    }

    /// What it says of itself.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The next entry; `None` at an end that fits what came before, behind which is nothing.
    pub fn next_entry(&mut self) -> Result<Option<Entry>, CapsuleError> {
        if self.ended {
            return Ok(None);
        }
        let (kind, payload) = frames::read_frame(&mut self.from)?;
        match kind {
            kind::ROW => {
                self.totals.rows += 1;
                frames::read_row(&payload).map(Some)
            }
            kind::FILE => {
                self.totals.files += 1;
                frames::read_file(&payload).map(Some)
            }
            kind::END => self.end(&payload).map(|()| None),
            _ => Err(CapsuleError::damaged("a part of it is of a kind that is not known")),
        }
    }

    /// How much was read so far.
    pub fn totals(&self) -> Totals {
        self.totals
    }

    fn end(&mut self, payload: &[u8]) -> Result<(), CapsuleError> {
        let told: Totals =
            serde_json::from_slice(payload).map_err(|error| CapsuleError::damaged(format!("its end: {error}")))?;
        if told != self.totals {
            return Err(CapsuleError::damaged("parts of it are missing"));
        }
        let mut more = [0];
        match self.from.read(&mut more).map_err(CapsuleError::reading)? {
            0 => self.ended = true,
            _ => return Err(CapsuleError::damaged("something follows its end")),
        }
        Ok(())
    }
}

//! The parts of a capsule, as bytes.

use crate::error::CapsuleError;
use crate::limits;
use greenroom_contract::store::StoredRow;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io::{Read, Write};
use zeroize::Zeroizing;

/// What the inside begins with, before its version.
pub(crate) const MAGIC: &[u8] = b"greenroom capsule\n";

/// The kinds of frames.
pub(crate) mod kind {
    pub(crate) const HEADER: u8 = b'H';
    pub(crate) const FILE: u8 = b'F';
    pub(crate) const ROW: u8 = b'R';
    pub(crate) const END: u8 = b'E';
}

/// What the row held was sealed, and is to be sealed where it is put.
const SEALED: u8 = 1;
/// The value is that of the store's files, as it lay there.
const AS_STORED: u8 = 2;

/// What a capsule says of itself. A reader passes over what it does not know.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// When it was made, in milliseconds since 1970.
    pub made_at_ms: u64,
    /// The version of the program that made it.
    pub made_by: String,
    /// Which store it was made of, as hexadecimal digits.
    pub instance: String,
    /// The layout of that store.
    pub schema: u32,
    /// The fencing number of that store: how often, and when, it was restored.
    pub fence: u64,
    /// Whether the store that it was made of stopped for good, so that there is no copy that runs.
    #[serde(default)]
    pub moved: bool,
}

/// What comes after the header.
#[derive(Clone, PartialEq, Eq)]
pub enum Entry {
    /// A file, by its name.
    File {
        /// Its name.
        name: String,
        /// What it holds.
        bytes: Zeroizing<Vec<u8>>,
    },
    /// A record.
    Row(StoredRow),
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { name, bytes } => write!(f, "File({name:?}, {} bytes)", bytes.len()),
            Self::Row(row) => row.fmt(f),
        }
    }
}

/// How much was written, or read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Totals {
    /// Files.
    pub files: u64,
    /// Records.
    pub rows: u64,
}

/// Writes a frame whose payload is these parts together.
pub(crate) fn write_frame(out: &mut dyn Write, kind: u8, parts: &[&[u8]]) -> Result<(), CapsuleError> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let within = u32::try_from(length).ok().filter(|_| length <= limits::FRAME_BYTES_MAX);
    let length = within.ok_or(CapsuleError::TooLong("a record or a file"))?;
    out.write_all(&[kind]).map_err(CapsuleError::File)?;
    out.write_all(&length.to_be_bytes()).map_err(CapsuleError::File)?;
    parts.iter().try_for_each(|part| out.write_all(part)).map_err(CapsuleError::File)
}

/// Reads a frame. It takes the memory of what is there, not of what its length promises.
pub(crate) fn read_frame(from: &mut dyn Read) -> Result<(u8, Zeroizing<Vec<u8>>), CapsuleError> {
    let mut head = [0; 5];
    from.read_exact(&mut head).map_err(CapsuleError::reading)?;
    let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]);
    if length as usize > limits::FRAME_BYTES_MAX {
        return Err(CapsuleError::damaged("a part of it is longer than any can be"));
    }
    let mut payload = Zeroizing::new(Vec::new());
    let read = from.take(u64::from(length)).read_to_end(&mut payload).map_err(CapsuleError::reading)?;
    if read as u64 != u64::from(length) {
        return Err(CapsuleError::damaged("its end is missing"));
    }
    Ok((head[0], payload))
}

/// A text or a key with its length before it.
pub(crate) fn length_of(bytes: &[u8]) -> Result<[u8; 2], CapsuleError> {
    let length = u16::try_from(bytes.len()).map_err(|_| CapsuleError::TooLong("the name of a record or of a file"))?;
    Ok(length.to_be_bytes())
}

/// Writes a record.
pub(crate) fn write_row(row: &StoredRow, out: &mut dyn Write) -> Result<(), CapsuleError> {
    let flags = if row.sealed { SEALED } else { 0 } | if row.as_stored { AS_STORED } else { 0 };
    write_frame(out, kind::ROW, &[&length_of(&row.key)?, &row.key, &[flags], &row.value])
}

/// The record of a frame.
pub(crate) fn read_row(payload: &[u8]) -> Result<Entry, CapsuleError> {
    let (key, rest) = named(payload)?;
    let (flags, value) = rest.split_first().ok_or_else(|| CapsuleError::damaged("a record has no value"))?;
    if flags & !(SEALED | AS_STORED) != 0 {
        return Err(CapsuleError::damaged("a record is of a kind that is not known"));
    }
    Ok(Entry::Row(StoredRow {
        key: key.to_vec(),
        sealed: flags & SEALED != 0,
        as_stored: flags & AS_STORED != 0,
        value: Zeroizing::new(value.to_vec()),
    }))
}

/// A file of a frame: a plain name and its bytes.
pub(crate) fn read_file(payload: &[u8]) -> Result<Entry, CapsuleError> {
    let (name, bytes) = named(payload)?;
    let name = std::str::from_utf8(name).ok().filter(|name| is_plain_name(name));
    let name = name.ok_or_else(|| CapsuleError::damaged("a file has a name that leads elsewhere"))?.to_owned();
    Ok(Entry::File { name, bytes: Zeroizing::new(bytes.to_vec()) })
}

fn named(payload: &[u8]) -> Result<(&[u8], &[u8]), CapsuleError> {
    let short = || CapsuleError::damaged("a part of it is shorter than its name");
    let (length, rest) = payload.split_first_chunk::<2>().ok_or_else(short)?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length))).ok_or_else(short)
}

/// Whether a name is that of a file in a folder or in folders below it, and of nothing outside.
pub(crate) fn is_plain_name(name: &str) -> bool {
    let part = |part: &str| !part.is_empty() && part != "." && part != ".." && !part.contains(['\\', ':', '\0']);
    name.len() <= limits::FILE_NAME_BYTES_MAX && name.split('/').all(part)
}

//! Rows as bytes: one version byte, the day on which it was written, then the value.
//!
//! What the library hands over as bytes is kept as it is. What it hands over as its own small types is written as a
//! record of ours, so that a new version of the library cannot change what lies in a store. Only the device and the
//! state of a collection are written as the library's own JSON: they grow with every version of it, and their own
//! defaults fill what an older row lacks.

use super::error::{BackendError, Result};
use bytes::{BufMut, Bytes, BytesMut};
use prost::Message;
use serde::Serialize;
use serde::de::DeserializeOwned;
use whatsapp_rust::wacore::store::traits::{DeviceInfo, DeviceListRecord, LidPnMappingEntry, TcTokenEntry};
use whatsapp_rust::wacore::time::now_secs;

/// The version without a day: what earlier versions wrote, and the library's own types.
const UNDATED: u8 = 1;
/// The version with a day, in two bytes.
const DATED: u8 = 2;
/// Bytes before the value of a dated row.
const DATED_BYTES: usize = 3;

/// The number of this day, since 1970.
pub(super) fn today() -> u16 {
    u16::try_from(now_secs() / (24 * 3600)).unwrap_or(u16::MAX)
}

/// When a row was written, if it says so.
pub(super) fn day_of(row: &[u8]) -> Option<u16> {
    match row {
        [DATED, high, low, ..] => Some(u16::from_be_bytes([*high, *low])),
        _ => None,
    }
}

fn dated(value_bytes: usize) -> BytesMut {
    let mut row = BytesMut::with_capacity(DATED_BYTES + value_bytes);
    row.put_u8(DATED);
    row.put_u16(today());
    row
}

/// Bytes as a row.
pub(super) fn raw(value: &[u8]) -> Bytes {
    let mut row = dated(value.len());
    row.put_slice(value);
    row.freeze()
}

/// The bytes of a row.
pub(super) fn open(row: &Bytes) -> Result<Bytes> {
    match row.first() {
        Some(&UNDATED) => Ok(row.slice(1..)),
        Some(&DATED) if row.len() >= DATED_BYTES => Ok(row.slice(DATED_BYTES..)),
        Some(&DATED) => Err(damaged("a row ends before its value".into())),
        Some(other) => Err(damaged(format!("a row has the unknown version {other}"))),
        None => Err(damaged("a row is empty".into())),
    }
}

/// The bytes of a row of a certain length.
pub(super) fn open_sized<const LENGTH: usize>(row: &Bytes) -> Result<[u8; LENGTH]> {
    let bytes = open(row)?;
    let sized = bytes.as_ref().try_into();
    sized.map_err(|_| damaged(format!("a row of {LENGTH} bytes has {}", bytes.len())))
}

/// A record as a row.
pub(super) fn encode(record: &impl Message) -> Bytes {
    let mut row = dated(record.encoded_len());
    record.encode_raw(&mut row);
    row.freeze()
}

/// The record of a row.
pub(super) fn decode<R: Message + Default>(row: &Bytes) -> Result<R> {
    R::decode(open(row)?).map_err(|error| BackendError::Serialization(Box::new(error)))
}

/// A type of the library as a row.
pub(super) fn encode_json(value: &impl Serialize) -> Result<Bytes> {
    let mut row = vec![UNDATED];
    serde_json::to_writer(&mut row, value).map_err(|error| BackendError::Serialization(Box::new(error)))?;
    Ok(Bytes::from(row))
}

/// The library's type of a row.
pub(super) fn decode_json<T: DeserializeOwned>(row: &Bytes) -> Result<T> {
    serde_json::from_slice(&open(row)?).map_err(|error| BackendError::Serialization(Box::new(error)))
}

/// A part of a key as text.
pub(super) fn text(bytes: Option<&[u8]>) -> Result<String> {
    let text = bytes.and_then(|bytes| std::str::from_utf8(bytes).ok());
    text.map(str::to_owned).ok_or_else(|| damaged("the name of a row is not text".into()))
}

pub(super) fn damaged(what: String) -> BackendError {
    BackendError::Validation(what)
}

/// A key of synchronized settings.
#[derive(Clone, PartialEq, Message)]
pub(super) struct SyncKeyRecord {
    #[prost(bytes = "bytes", tag = "1")]
    pub(super) key_data: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    pub(super) fingerprint: Bytes,
    #[prost(int64, tag = "3")]
    pub(super) timestamp: i64,
}

/// A hidden identity and its phone number.
#[derive(Clone, PartialEq, Message)]
pub(super) struct MappingRecord {
    #[prost(string, tag = "1")]
    lid: String,
    #[prost(string, tag = "2")]
    phone: String,
    #[prost(int64, tag = "3")]
    created_at: i64,
    #[prost(int64, tag = "4")]
    updated_at: i64,
    #[prost(string, tag = "5")]
    source: String,
}

impl From<&LidPnMappingEntry> for MappingRecord {
    fn from(entry: &LidPnMappingEntry) -> Self {
        Self {
            lid: entry.lid.clone(),
            phone: entry.phone_number.clone(),
            created_at: entry.created_at,
            updated_at: entry.updated_at,
            source: entry.learning_source.clone(),
        }
    }
}

impl From<MappingRecord> for LidPnMappingEntry {
    fn from(record: MappingRecord) -> Self {
        Self {
            lid: record.lid,
            phone_number: record.phone,
            created_at: record.created_at,
            updated_at: record.updated_at,
            learning_source: record.source,
        }
    }
}

/// The devices of a person.
#[derive(Clone, PartialEq, Message)]
pub(super) struct DeviceListRow {
    #[prost(string, tag = "1")]
    user: String,
    #[prost(message, repeated, tag = "2")]
    devices: Vec<DeviceRow>,
    #[prost(int64, tag = "3")]
    timestamp: i64,
    #[prost(string, optional, tag = "4")]
    phash: Option<String>,
    #[prost(uint32, optional, tag = "5")]
    raw_id: Option<u32>,
}

/// One of them.
#[derive(Clone, PartialEq, Message)]
pub(super) struct DeviceRow {
    #[prost(uint32, tag = "1")]
    id: u32,
    #[prost(uint32, optional, tag = "2")]
    key_index: Option<u32>,
    #[prost(bool, tag = "3")]
    hosted: bool,
}

impl From<DeviceListRecord> for DeviceListRow {
    fn from(list: DeviceListRecord) -> Self {
        let row = |device: &DeviceInfo| DeviceRow {
            id: device.device_id,
            key_index: device.key_index,
            hosted: device.is_hosted,
        };
        Self {
            devices: list.devices.iter().map(row).collect(),
            user: list.user,
            timestamp: list.timestamp,
            phash: list.phash,
            raw_id: list.raw_id,
        }
    }
}

impl From<DeviceListRow> for DeviceListRecord {
    fn from(row: DeviceListRow) -> Self {
        let device = |device: DeviceRow| DeviceInfo::new(device.id, device.key_index).with_hosting(device.hosted);
        Self {
            user: row.user,
            devices: row.devices.into_iter().map(device).collect(),
            timestamp: row.timestamp,
            phash: row.phash,
            raw_id: row.raw_id,
        }
    }
}

/// What a contact trusts us with.
#[derive(Clone, PartialEq, Message)]
pub(super) struct TokenRecord {
    #[prost(bytes = "vec", tag = "1")]
    pub(super) token: Vec<u8>,
    #[prost(int64, tag = "2")]
    pub(super) received_at: i64,
    #[prost(int64, optional, tag = "3")]
    pub(super) given_at: Option<i64>,
    /// Whose it is: the name of the row does not tell.
    #[prost(string, tag = "4")]
    pub(super) jid: String,
}

/// Whether a device has our sender key of a group.
#[derive(Clone, PartialEq, Message)]
pub(super) struct SenderKeyDeviceRecord {
    /// Which device: the name of the row does not tell.
    #[prost(string, tag = "1")]
    pub(super) device: String,
    #[prost(bool, tag = "2")]
    pub(super) has_key: bool,
}

impl TokenRecord {
    pub(super) fn of(jid: &str, entry: &TcTokenEntry) -> Self {
        let (token, jid) = (entry.token.clone(), jid.to_owned());
        Self { token, received_at: entry.token_timestamp, given_at: entry.sender_timestamp, jid }
    }
}

impl From<TokenRecord> for TcTokenEntry {
    fn from(record: TokenRecord) -> Self {
        Self { token: record.token, token_timestamp: record.received_at, sender_timestamp: record.given_at }
    }
}

/// A message that is kept for a while, sent or received.
#[derive(Clone, PartialEq, Message)]
pub(super) struct KeptMessage {
    /// Unix seconds.
    #[prost(int64, tag = "1")]
    pub(super) kept_at: i64,
    #[prost(bytes = "bytes", tag = "2")]
    pub(super) message: Bytes,
    /// It was handed over; only that it was is remembered.
    #[prost(bool, tag = "3")]
    pub(super) handed_over: bool,
}

/// The secret of a message.
#[derive(Clone, PartialEq, Message)]
pub(super) struct SecretRecord {
    #[prost(bytes = "bytes", tag = "1")]
    pub(super) secret: Bytes,
    /// Unix seconds; zero is never.
    #[prost(int64, tag = "2")]
    pub(super) expires_at: i64,
    /// Unix seconds; zero is unknown.
    #[prost(int64, tag = "3")]
    pub(super) message_at: i64,
}

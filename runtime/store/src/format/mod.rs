//! What stands in the files: how rows are named, what they hold, how they are checked and sealed, and how they are
//! turned into the vocabulary of the contract and back.

pub(crate) mod billed_key;
pub(crate) mod envelope;
pub(crate) mod ids;
pub(crate) mod inbox_codec;
pub(crate) mod keys;
pub(crate) mod names;
pub(crate) mod outbox_codec;
pub(crate) mod records;
#[cfg(test)]
pub(crate) mod sample;
pub(crate) mod seal;
pub(crate) mod seen_key;
pub(crate) mod settings_codec;
pub(crate) mod trace_codec;
pub(crate) mod understood;
pub(crate) mod usage_key;

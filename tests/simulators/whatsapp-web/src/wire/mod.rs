//! From bytes on a socket to stanzas, and back.

pub(crate) mod certificate;
pub(crate) mod noise;
pub(crate) mod socket;

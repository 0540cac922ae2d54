//! Who is who on the network: numbers, hidden identities, and the names of our own messages.

pub(crate) mod address;
pub(crate) mod own_message;

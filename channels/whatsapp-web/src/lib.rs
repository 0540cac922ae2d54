//! WhatsApp through the multi-device protocol of WhatsApp Web.
#![warn(missing_docs)]

mod address;
pub mod backend;
pub mod http;
pub mod loopback;
mod media;
pub mod normalize;
pub mod transport;

pub use address::Person;

//! The assistant that is a web service: `kind = "http"`.
//!
//! Each turn is posted as JSON (`plugins/documents.md`), signed, and the response is the answer. Anything that can answer a
//! POST can be an assistant, in any language and on any machine.
//!
//! | module | holds |
//! |---|---|
//! | `config` | the keys of its table |
//! | `service` | the assistant itself: one POST for each turn |
//! | `signature` | the proof that a turn comes from here |
//! | `outcome` | what a response means |
//! | `limits` | every limit, with its unit and its reason |
#![warn(missing_docs)]

mod config;
pub mod limits;
mod outcome;
mod service;
pub mod signature;

pub use config::HttpConfig;
pub use service::Http;

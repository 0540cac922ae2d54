//! The language models of Greenroom: `[models.NAME]`.
//!
//! The one crate that speaks to providers. Others ask through the port of the contract, `LanguageModel`; what they are told is
//! a whole answer or an error in our own words. What a provider sends is bounded, nothing of a request or an answer is logged,
//! and an answer counts only when its model said why it stopped.
//!
//! A line without end and the body of a refusal are bounded by how often, and for how long, they are read without a whole piece.
//!
//! | module | holds |
//! |---|---|
//! | `config` | the keys of a model's table |
//! | `check` | whether they can work |
//! | `models` | all that are configured |
//! | `ask` | what is asked of a model, and of those that are asked instead |
//! | `model` | one model: what is known of its provider, and one try |
//! | `account` | what a request costs, counted once however it ends |
//! | `provider` | the protocols, and where each takes requests |
//! | `request` | a prompt, as it is sent |
//! | `response` | an answer, as it comes |
//! | `decide` | what follows, as values |
//! | `client` | the HTTP clients |
//! | `near` | which addresses are on this machine or in its network |
//! | `reader` | the thread on which the answers of one model are read |
//! | `limits` | every limit, with its unit and its reason |
#![warn(missing_docs)]

mod account;
mod ask;
mod check;
mod client;
mod config;
mod decide;
pub mod limits;
mod model;
mod models;
mod near;
mod provider;
mod reader;
mod request;
mod response;

pub use config::{KEYS, ModelConfig};
pub use models::{ConfiguredModels, SpentBefore, build, check};
pub use provider::Provider;

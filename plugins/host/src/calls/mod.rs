//! What a guest may ask of its host: the functions of the interfaces in `plugins/wit/plugin.wit`.
//!
//! | module | holds |
//! |---|---|
//! | `bindings` | what is made from the interface |
//! | `state` | what the host keeps of one turn: [`TurnState`] |
//! | `basics` | log, random numbers, settings |
//! | `memory` | what is remembered of the conversation |
//! | `media` | pictures, sounds and files by number |
//! | `http` | requests to granted hosts: [`HttpCalls`] |
//! | `masks` | secrets that are taken out of what comes back |
//! | `models` | questions to granted models: [`ModelCalls`] |
//! | `refusal` | what ends a turn because a guest went too far: [`Refusal`] |

mod basics;
mod bindings;
mod http;
mod masks;
mod media;
mod memory;
mod models;
mod refusal;
mod state;

pub(crate) use bindings::{Plugin, PluginPre};
pub(crate) use http::HttpCalls;
pub(crate) use models::ModelCalls;
pub(crate) use refusal::Refusal;
pub(crate) use state::{Away, Services, TurnState};

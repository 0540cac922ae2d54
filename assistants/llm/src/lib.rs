//! The assistant that asks a language model: `kind = "llm"`.
//!
//! It builds what the model is asked, has tools called, reminds, and makes one answer of it. It knows neither providers nor
//! protocols, and never touches the network: models and tool servers are ports of the contract.
//!
//! What people, networks and tools say is never part of the instructions nor of the model's own words: it is cleaned, put
//! into frames that it cannot imitate, and told as data.
//!
//! | module | holds |
//! |---|---|
//! | `config` | the keys of its table |
//! | `assistant` | the assistant itself |
//! | `turn` | a turn: asking, calling, asking again, until there is an answer |
//! | `prompt` | what a model is asked; pure |
//! | `tools` | what a model may call |
//! | `owner` | what the owner wants, in a text or a file |
//! | `state` | what is remembered of a conversation |
//! | `round` | one round of calls |
//! | `reminders` | reminders and when they are due; pure |
//! | `moment` | moments as people read them |
//! | `picture` | pictures, made small enough |
//! | `tokens` | estimates of tokens, corrected by what providers count |
//! | `phrases` | what is said without a model |
//! | `limits` | every limit, with its unit and its reason |
#![warn(missing_docs)]

mod assistant;
mod config;
pub mod limits;
mod moment;
mod owner;
mod phrases;
mod picture;
mod prompt;
mod reminders;
mod round;
mod state;
mod tokens;
mod tools;
mod turn;

pub use assistant::Llm;
pub use config::LlmConfig;

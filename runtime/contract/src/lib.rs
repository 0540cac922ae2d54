//! The vocabulary of Greenroom.
//!
//! Everything that two components must agree on stands here: what a message is, what a channel,
//! an assistant, a transcriber and a store can do, how they fail, and how large anything may get.
//! This crate does no I/O, knows no network, no database and no actor library, and depends on no
//! other crate of ours.
//!
//! # Layout
//!
//! | module | holds |
//! |---|---|
//! | [`ids`] | opaque identifiers, made and read only by whoever owns them |
//! | [`address`] | addresses of people (`+E164`, `lid:`, `bsuid:`, `@username`) and entries of allow-lists |
//! | [`message`] | what arrives: [`message::Inbound`] |
//! | [`outbound`] | what leaves: [`outbound::Outbound`] |
//! | [`event`] | everything an adapter may report, and the durable sink that takes it |
//! | [`channel`] | adapters: [`channel::Channel`] per configured channel, [`channel::Link`] per account |
//! | [`capabilities`] | what a network can do, as data |
//! | [`choices`] | questions with options |
//! | [`cause`] | why something failed, with the error below |
//! | [`identity`] | who a person is beyond one network |
//! | [`linking`], [`webhook`], [`presence`], [`directory`] | abilities that a link or a channel may have |
//! | [`assistant`] | what answers turns |
//! | [`model`] | language models: what is asked of them, and what they say |
//! | [`tools`] | tools that an assistant may have called |
//! | [`transcriber`] | speech to text |
//! | [`voice`] | any audio to a voice note |
//! | [`audio`] | what can be wrong with audio, for both |
//! | [`store`] | the durable queues and tables |
//! | [`trace`] | why a message was, or was not, answered |
//! | [`factory`] | from configuration to component |
//! | [`schema`] | what can be configured, declared once |
//! | [`policy`] | whom a channel admits, and what it expects in groups |
//! | [`money`] | amounts, as they are shown |
//! | [`limits`] | every limit, with its unit and its reason |
//! | [`text`] | text of others, cut to a limit and made safe to show |
//! | [`time`] | milliseconds since 1970, and the clock they are read from |
//! | [`secret`] | text that must not be printed |
//!
//! The conformance suites that hold these rules, and fakes of these traits, are the crate
//! `greenroom-conformance`.
#![warn(missing_docs)]

pub mod address;
pub mod assistant;
pub mod audio;
pub mod capabilities;
pub mod cause;
pub mod channel;
pub mod choices;
pub mod directory;
pub mod event;
pub mod factory;
pub mod identity;
pub mod ids;
pub mod limits;
pub mod linking;
pub mod message;
pub mod model;
pub mod money;
pub mod outbound;
pub mod policy;
pub mod presence;
pub mod schema;
pub mod secret;
pub mod store;
pub mod text;
pub mod time;
pub mod tools;
pub mod trace;
pub mod transcriber;
pub mod voice;
pub mod webhook;

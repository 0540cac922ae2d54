//! Conformance suites for channels, assistants and stores, and fakes by behaviour.
//!
//! | module | for whom |
//! |---|---|
//! | [`messages`] | every test: messages in one line |
//! | [`turns`] | tests of an assistant: a [`turn`] in one line |
//! | [`assistants`] | tests of the engine: slow, failing, panicking, silent, flooding, remembering |
//! | [`transcribers`] | the same for hearing |
//! | [`sink`], [`vault`] | tests of an adapter: what the engine gives it |
//! | [`faulty_store`] | tests of the engine: a store that fails when it is told to |
//! | [`store_conformance`](mod@store_conformance) | authors of stores: every rule of [`greenroom_contract::store`], one test each |
//! | [`channel_conformance`](mod@channel_conformance) | authors of adapters: every rule of [`greenroom_contract::channel`], one test each |
//! | [`assistant_conformance`](mod@assistant_conformance) | authors of assistants: every rule of [`greenroom_contract::assistant::Assistant`], one test each |
//! | [`schema_conformance`](mod@schema_conformance) | authors of components that declare keys of a configuration |
//!
//! Nothing here is meant for a running bot; an adapter or a store names this crate among its
//! dev-dependencies. A program that embeds the runtime reaches it as `greenroom::testing` as well,
//! with the feature `testing`.
#![warn(missing_docs)]

pub mod assistant_conformance;
pub mod assistants;
pub mod channel_conformance;
pub mod faulty_store;
pub mod messages;
pub mod schema_conformance;
pub mod sink;
pub mod store_conformance;
pub mod transcribers;
pub mod turns;
pub mod vault;

pub use turns::turn;

use std::future::Future;

/// Runs one test on a runtime of its own, with real time. Used by the suites' macros, so that
/// their users need no runtime among the dev-dependencies.
pub fn run<T>(test: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).enable_all();
    builder.build().expect("a runtime can be made").block_on(test)
}

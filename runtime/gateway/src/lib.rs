//! The HTTP interface of a running Greenroom. The only crate that knows axum.
//!
//! | path | who | what |
//! |---|---|---|
//! | `GET /healthz` | everyone | whether the process answers and the store can be written; for restarts |
//! | `GET /readyz` | everyone | whether messages are taken and an account has a link; for load balancers |
//! | `GET /api/v1/health` | everyone; details with the token | whether anything waits for a person, and what |
//! | `GET /api/v1/why`, `GET /api/v1/why/{message}` | token | what was decided about messages |
//! | `GET /api/v1/quarantine`, `POST /api/v1/quarantine/{sequence}/release` | token | messages that failed too often |
//! | `POST /api/v1/conversations/{number}/release` | token | ends a hand-over that stays |
//! | `GET /api/v1/wakes`, `DELETE /api/v1/wakes/{number}` | token | wake-ups that are not due yet; takes one back |
//! | `GET /api/v1/outbox`, `POST /api/v1/outbox/release` | token | messages of the bot that are not sent; all that are held are let go |
//! | `POST /api/v1/outbox/{id}/release`, `POST /api/v1/outbox/{id}/drop` | token | one of them is let go, or given up |
//! | `GET /api/v1/usage?from=DAY&to=DAY&by=WHAT` | token | what answers cost, by day, assistant, model, conversation or person, and which messages networks billed |
//! | `GET /api/v1/accounts` | token | every account, how far it is, and what to do |
//! | `POST /api/v1/channels/{channel}/accounts` | token | begins to link an account |
//! | `GET`, `POST`, `DELETE /api/v1/accounts/{account}/login` | token | what to do now (waits for news), fresh codes, cancel |
//! | `POST /api/v1/accounts/{account}/login/answers` | token | answers what linking asks |
//! | `POST /api/v1/accounts/{account}/reconnect`, `disconnect` | token | a new connection; unlink |
//! | `DELETE /api/v1/accounts/{account}`, `POST /api/v1/accounts/clean` | token | forget one that is not linked; all that never were |
//! | `GET /api/v1/allow`, `PUT`, `DELETE /api/v1/channels/{channel}/allow/{entry}` | token | who is admitted |
//!
//! Conversations (list, turns, pause, resume, forget, messages), allow-lists of channels and sessions, events, codes, parts
//! (channels, assistants, models, tools, plugins), actors and `reload` are described, like all of these, in
//! `GET /api/openapi.json`.
//!
//! Everything but health needs `Authorization: Bearer TOKEN`. The token is made again at every start
//! and written, with the address, to `gateway.json` in the data folder, readable by its owner only.
//!
//! `GET` and `POST /api/channels/{channel}` are the webhooks of networks: no token, because the channel checks the
//! signature. They are the only paths that have to be reachable from outside.
//!
//! The API is called by an IP address, `localhost` or the host of the public address, and by no other name (`421`), so that
//! no page of another site reaches it through a browser. Every refusal, whichever layer makes it, is JSON with a sentence
//! (`error`) and a word for programs (`code`).
//!
//! Connections, their time and the memory for what they send are limited before anything is known about them; whoever is
//! slowest makes room for whoever is new.
//!
//! Where something can be done about what an answer says, it holds `next`: an `action`, a word for programs that does
//! not change, with what the action needs, and a `sentence` that says the same to people and names no command.
//!
//! # Layout
//!
//! | module | holds |
//! |---|---|
//! | `server` | `Gateway`: the bound address and the service that the engine runs |
//! | `connections` | the accept loop, and who may stay for how long |
//! | `errors` | refusals, in one shape |
//! | `access` | the token |
//! | `announce` | `gateway.json` |
//! | `numbers` | entries of allow-lists, looked at with the numbering plans of all countries |
//! | `principal` | who calls, and what they may do |
//! | [`Program`] | what only the program around the gateway knows, and can do |
//! | `routes` | the paths, below their limits |
//! | [`usage`] | what answers cost, added up |
//! | [`view`] | from the engine's types to the wire's |
//!
//! Without the feature `server` there are [`usage`] and [`view`] only, for commands that read a store themselves.

#[cfg(feature = "server")]
mod access;
#[cfg(feature = "server")]
mod announce;
#[cfg(feature = "server")]
mod connections;
#[cfg(feature = "server")]
mod errors;
#[cfg(feature = "server")]
mod limits;
#[cfg(feature = "server")]
mod numbers;
#[cfg(feature = "server")]
mod principal;
#[cfg(feature = "server")]
mod private;
#[cfg(feature = "server")]
mod program;
#[cfg(feature = "server")]
mod routes;
#[cfg(feature = "server")]
pub mod secret;
#[cfg(feature = "server")]
mod server;
pub mod usage;
pub mod view;

#[cfg(feature = "server")]
pub use greenroom_client::{PartView, ReloadedView};
#[cfg(feature = "server")]
pub use program::{ConfiguredParts, NoProgram, Program};
#[cfg(feature = "server")]
pub use server::{Access, BindError, Gateway, Options, is_exposed};

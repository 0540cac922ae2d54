//! The HTTP interface of a running Greenroom. The only crate that knows axum.
//!
//! | path | who | what |
//! |---|---|---|
//! | `GET /healthz` | everyone | whether the process answers and the store can be written; for restarts |
//! | `GET /readyz` | everyone | whether messages are taken and an account has a link; for load balancers |
//! | `GET /api/v1/health` | everyone; details with the token | whether anything waits for a person, and what |
//! | `GET /api/openapi.json` | everyone | the description of every other route of the API, with the scope that it demands |
//! | `/api/v1/…` | callers with a scope | sessions, allow-lists, traces, what waits, what it cost |
//! | `GET /metrics` | this machine, or `admin` | counters, durations and queue depths as Prometheus reads them |
//! | `POST /mcp` | callers with a scope; only where it is turned on | conversations as tools for agents (feature `mcp`) |
//! | `POST /api/v1/login` | everyone, a few times | lets a browser in by a code that is good once |
//! | `/portal/…` | everyone | the files of the portal |
//!
//! Who calls is told by one of three things: the token that is made again at every start and written, with the address, to
//! `gateway.json` in the data folder, readable by its owner only and good from this machine only; a signed token, which names
//! an owner and scopes; or the cookie of the portal. What belongs to another owner answers like what does not exist.
//!
//! `GET` and `POST /api/channels/{channel}` are the webhooks of networks: no token, because the channel checks the
//! signature. They are the only paths that have to be reachable from outside.
//!
//! The API is called by an IP address, `localhost` or the host of the public address, and by no other name (`421`), so that
//! no page of another site reaches it through a browser. Every refusal, whichever layer makes it, is problem details as in
//! RFC 9457, with a sentence (`detail`) and words for programs (`code`).
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
//! | `https` | TLS, with a certificate from files or one that is ordered |
//! | `errors` | refusals, in one shape |
//! | `access` | the token of a run |
//! | `announce` | `gateway.json` |
//! | `numbers` | entries of allow-lists, looked at with the numbering plans of all countries |
//! | `outcomes` | how it ended with a message |
//! | [`private`] | files for the owner only |
//! | `secret` | what signs tokens |
//! | `principal` | who calls, and what they may do |
//! | `program` | [`Program`]: what only the program around the gateway knows, and can do |
//! | `routes` | the paths, below their limits |
//! | [`explained`] | the same as [`view`], for who is admitted, what was refused, and when nothing could arrive |
//! | [`person`] | everything that is kept of one person |
//! | [`usage`] | what answers cost, added up |
//! | [`view`] | from the engine's types to the wire's |
//! | [`way`] | the way of a message, stage by stage, from its trace |
//!
//! Without the feature `server` there are [`explained`], [`usage`], [`view`] and [`way`] only, for commands that read a store themselves.

#[cfg(feature = "server")]
mod access;
#[cfg(feature = "server")]
mod announce;
#[cfg(feature = "server")]
mod connections;
#[cfg(feature = "server")]
mod errors;
pub mod explained;
#[cfg(feature = "server")]
mod https;
#[cfg(feature = "server")]
mod limits;
#[cfg(feature = "server")]
mod numbers;
mod outcomes;
pub mod person;
#[cfg(feature = "server")]
mod principal;
#[cfg(feature = "server")]
pub mod private;
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
pub mod way;

#[cfg(feature = "server")]
pub use greenroom_client::{
    BackupBody, CheckView, FieldProblemView, PartView, ReloadedView, SettingOriginView, SettingView, SettingsBody,
    SettingsView, VerdictView,
};
#[cfg(feature = "server")]
pub use https::{Https, HttpsError};
#[cfg(feature = "server")]
pub use program::{ConfiguredParts, NoProgram, Piece, Pieces, Program, SettingsRefused};
#[cfg(feature = "server")]
pub use server::{Access, BindError, Gateway, Options, is_exposed};

//! The store behind each of the contract's traits, one file per trait.

mod accounts;
mod billed;
mod conversations;
mod forgetting;
mod history;
mod inbox;
mod maintenance;
mod outbox;
mod people;
mod said;
mod snapshot;
mod statuses;
mod sweeper;
mod traces;
mod usage;
mod vault;

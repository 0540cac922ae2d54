//! The store behind each of the contract's traits, one file per trait.

mod accounts;
mod history;
mod inbox;
mod maintenance;
mod outbox;
mod people;
mod sweeper;
mod traces;
mod vault;

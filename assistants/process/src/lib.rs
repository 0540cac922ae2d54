//! The assistant that is a program of yours: `kind = "process"`.
//!
//! The program is started once and kept running. It reads turns from its standard input, one line of JSON each
//! (`plugins/documents.md`), and writes answers to its standard output in the same way. Any language will do.
//!
//! **It is not sandboxed**: it runs with the rights of this program, and can read and write what this program can. It gets
//! the named variables of the environment and no others, and is ended together with everything that it started.
//!
//! | module | holds |
//! |---|---|
//! | `config` | the keys of its table |
//! | `asked` | the turns that wait for the program, and what is done about those that wait too long; pure |
//! | `program` | the program as a process, and its pipes |
//! | `life` | the program's life: started, asked, ended, started again |
//! | `process` | the assistant itself |
//! | `limits` | every limit, with its unit and its reason |
#![warn(missing_docs)]

mod config;
pub mod limits;

#[cfg(unix)]
mod asked;
#[cfg(unix)]
mod life;
#[cfg(unix)]
mod process;
#[cfg(unix)]
mod program;

pub use config::{Process, ProcessConfig};

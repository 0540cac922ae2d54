//! The gateway's API from the other side: wire types and a typed client.
//!
//! The CLI, tests and programs that look after a running Greenroom speak to it through
//! [`Client`]. The wire types stand alone: they say what the API says, and do not change when
//! something inside does.
//!
//! The client uses rustls without a provider of its own: install one before the first [`Client`] is
//! made (`rustls::crypto::ring::default_provider().install_default()`), as `main` of the program does.

mod accounts;
mod client;
mod next;
mod wire;

pub use accounts::{AccountView, LinkBody, LinkingView, LoginProgress, LoginStepView, RefreshBody};
pub use client::{Client, ClientError};
pub use next::{NextActionView, NextView};
pub use wire::{
    AllowView, Announcement, ErrorView, HealthDetails, HealthView, ParcelView, ProblemView, QuarantinedView, StepView,
    TraceView,
};

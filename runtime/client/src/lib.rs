//! The gateway's API from the other side: wire types and a typed client.
//!
//! The CLI, tests and programs that look after a running Greenroom speak to it through
//! [`Client`]. The wire types stand alone: they say what the API says, and do not change when
//! something inside does.
//!
//! The client speaks plain HTTP, for a server on the same machine. For `https` a program adds the feature
//! `rustls-no-provider` of reqwest and installs a provider before the first [`Client`] is made
//! (`rustls::crypto::ring::default_provider().install_default()`), as `main` of the program does.
//!
//! With the feature `schema` the wire types describe themselves for an OpenAPI document.
//!
//! With the feature `token` there is [`token`], which signs and reads the tokens by which programs act for an owner.
//!
//! With the feature `remote` there is [`remote`]: a server on another machine, as the environment names it.
//!
//! Without the feature `http` there are the wire types, and a [`Client`] that cannot be made.

#[cfg(not(feature = "http"))]
mod absent;
mod access;
#[cfg(feature = "http")]
mod calls;
#[cfg(feature = "http")]
mod client;
mod data;
mod error;
mod explained;
#[cfg(feature = "token")]
mod fence;
mod happenings;
mod lists;
mod next;
mod parts;
mod people;
#[cfg(feature = "remote")]
pub mod remote;
mod sessions;
mod settings;
mod talks;
#[cfg(feature = "token")]
pub mod token;
mod usage;
mod wire;

#[cfg(not(feature = "http"))]
pub use absent::Client;
pub use access::{LoginBody, MeView, PortalLinkView};
#[cfg(feature = "http")]
pub use client::Client;
pub use data::{BackupBody, ForgotPersonView, KeptConversationView, KeptPersonView, KeptStateView, KeptTurnView};
pub use error::ClientError;
pub use explained::{AccessPlaceView, AccessRuleView, AccessView, GapView, NearestView, RefusedCountView, StageView};
#[cfg(feature = "token")]
pub use fence::FenceBody;
pub use happenings::{EventView, QrView};
pub use lists::{EntriesBody, EntryView};
pub use next::{NextActionView, NextView};
pub use parts::{ActorView, ChannelKindView, ChannelView, LinkMethodView, PartView, ReloadedView};
pub use people::{PeopleView, PersonView};
pub use sessions::{
    AnswersBody, CodeForm, FieldView, ForgottenView, LinkBody, LinkFailureView, LinkProgress, LinkStepView,
    LinkingView, RefreshBody, SessionView,
};
pub use settings::{
    CheckView, FieldProblemView, SettingOriginView, SettingView, SettingsBody, SettingsView, VerdictView,
};
pub use talks::{
    ConversationView, ConversationsView, MessageBody, PauseBody, QueuedView, SaidByView, SaidView, TurnsView,
};
pub use usage::{BilledView, TokensView, UsageBy, UsageSumView, UsageView};
pub use wire::{
    AllowView, Announcement, HealthDetails, HealthProblemView, HealthView, ParcelView, ProblemView, QuarantinedView,
    RejectionView, ReleasedView, SignView, StepView, TraceStateView, TraceView, UnsentView, WakeView,
};

//! The client of a program that was built without it: it cannot be made, and says so.
// The same methods as those of the client that is left out, so that callers are the same.
#![allow(clippy::unused_async)]

use crate::access::{MeView, PortalLinkView};
use crate::data::{BackupBody, ForgotPersonView, KeptPersonView};
use crate::error::ClientError;
use crate::explained::{AccessView, RefusedCountView};
use crate::sessions::{AnswersBody, LinkBody, LinkProgress, LinkingView, RefreshBody, SessionView};
use crate::usage::{UsageBy, UsageView};
use crate::wire::{AllowView, HealthView, QuarantinedView, ReleasedView, SignView, TraceView, UnsentView, WakeView};
use std::convert::Infallible;
use std::path::Path;

/// Cannot be made: `of_folder` and `new` say so, and the rest is never reached.
#[derive(Clone)]
pub struct Client(Infallible);

impl Client {
    /// The server that runs on a data folder, by its `gateway.json`.
    pub fn of_folder(_folder: &Path) -> Result<Self, ClientError> {
        Err(ClientError::NotBuiltIn)
    }

    /// A server by its address, such as `http://127.0.0.1:8787`. Without a token only health answers.
    pub fn new(_base: &str, _token: Option<String>) -> Result<Self, ClientError> {
        Err(ClientError::NotBuiltIn)
    }

    /// Whether the process answers and its store can be written.
    pub async fn alive(&self) -> Result<SignView, ClientError> {
        match self.0 {}
    }

    /// Whether messages are taken.
    pub async fn ready(&self) -> Result<SignView, ClientError> {
        match self.0 {}
    }

    /// Whether it works, and with a token how.
    pub async fn health(&self) -> Result<HealthView, ClientError> {
        match self.0 {}
    }

    /// Everything known about a message, newest last; empty if nothing is.
    pub async fn why(&self, _message: &str) -> Result<Vec<TraceView>, ClientError> {
        match self.0 {}
    }

    /// The newest messages, newest first.
    pub async fn latest(&self, _traces_max: usize) -> Result<Vec<TraceView>, ClientError> {
        match self.0 {}
    }

    /// Messages that failed too often.
    pub async fn quarantine(&self) -> Result<Vec<QuarantinedView>, ClientError> {
        match self.0 {}
    }

    /// Who the caller is.
    pub async fn me(&self) -> Result<MeView, ClientError> {
        match self.0 {}
    }

    /// A link that lets one browser into the portal, once.
    pub async fn portal_link(&self) -> Result<PortalLinkView, ClientError> {
        match self.0 {}
    }

    /// Puts such a message back to work.
    pub async fn release(&self, _sequence: u64) -> Result<(), ClientError> {
        match self.0 {}
    }

    /// Ends the silence of the bot in a conversation, and what an assistant that stayed there began.
    pub async fn release_conversation(&self, _conversation: u64) -> Result<(), ClientError> {
        match self.0 {}
    }

    /// Wake-ups that are not due yet, the earliest first.
    pub async fn wakes(&self) -> Result<Vec<WakeView>, ClientError> {
        match self.0 {}
    }

    /// Takes one of them back.
    pub async fn cancel_wake(&self, _number: u64) -> Result<(), ClientError> {
        match self.0 {}
    }

    /// Messages of the bot that are not sent, those that are held first.
    pub async fn outbox(&self) -> Result<Vec<UnsentView>, ClientError> {
        match self.0 {}
    }

    /// What answers cost on these days, such as `2026-11-28`; up to today and thirty days where they are not told.
    pub async fn usage(&self, _from: Option<&str>, _to: Option<&str>, _by: UsageBy) -> Result<UsageView, ClientError> {
        match self.0 {}
    }

    /// Lets a held message of the bot be sent.
    pub async fn release_unsent(&self, _id: &str) -> Result<(), ClientError> {
        match self.0 {}
    }

    /// Lets all of them be sent.
    pub async fn release_all_unsent(&self) -> Result<ReleasedView, ClientError> {
        match self.0 {}
    }

    /// Gives up a message of the bot that is not sent.
    pub async fn drop_unsent(&self, _id: &str) -> Result<(), ClientError> {
        match self.0 {}
    }

    /// How many messages were refused on the last days, by day, session and cause.
    pub async fn refusals(&self, _days: u32) -> Result<Vec<RefusedCountView>, ClientError> {
        match self.0 {}
    }

    /// Which rule admits or refuses someone.
    pub async fn explain_access(
        &self,
        _who: &str,
        _channel: Option<&str>,
        _group: Option<&str>,
    ) -> Result<AccessView, ClientError> {
        match self.0 {}
    }

    /// All entries of all allow-lists.
    pub async fn allow_list(&self) -> Result<Vec<AllowView>, ClientError> {
        match self.0 {}
    }

    /// Admits an entry to a channel.
    pub async fn allow(&self, _channel: &str, _entry: &str) -> Result<(), ClientError> {
        match self.0 {}
    }

    /// Takes a stored entry away.
    pub async fn disallow(&self, _channel: &str, _entry: &str) -> Result<(), ClientError> {
        match self.0 {}
    }

    /// A capsule of everything that the server keeps, piece by piece.
    pub async fn backup(
        &self,
        _body: &BackupBody,
        _take: &mut (dyn FnMut(&[u8]) -> bool + Send),
    ) -> Result<(), ClientError> {
        match self.0 {}
    }

    /// Everything that is kept of a person, in each channel that knows the address.
    pub async fn export_person(&self, _who: &str, _channel: Option<&str>) -> Result<Vec<KeptPersonView>, ClientError> {
        match self.0 {}
    }

    /// Forgets a person, in each channel that knows the address.
    pub async fn forget_person(&self, _who: &str, _channel: Option<&str>) -> Result<ForgotPersonView, ClientError> {
        match self.0 {}
    }

    /// Every session.
    pub async fn sessions(&self) -> Result<Vec<SessionView>, ClientError> {
        match self.0 {}
    }

    /// Begins to link a session; returns its id. [`Client::link_progress`] shows what to do.
    pub async fn link(&self, _body: &LinkBody) -> Result<LinkingView, ClientError> {
        match self.0 {}
    }

    /// How far linking is, as soon as that is not what `after` names; the same again after some seconds.
    pub async fn link_progress(&self, _session: &str, _after: Option<u64>) -> Result<LinkProgress, ClientError> {
        match self.0 {}
    }

    /// Begins the linking run again, for fresh codes or another method.
    pub async fn refresh_link(&self, _session: &str, _body: &RefreshBody) -> Result<(), ClientError> {
        match self.0 {}
    }

    /// Answers what the linking run asks.
    pub async fn answer_link(&self, _session: &str, _body: &AnswersBody) -> Result<(), ClientError> {
        match self.0 {}
    }

    /// Ends the linking run.
    pub async fn cancel_link(&self, _session: &str) -> Result<(), ClientError> {
        match self.0 {}
    }

    /// Connects a session again, immediately.
    pub async fn reconnect(&self, _session: &str) -> Result<(), ClientError> {
        match self.0 {}
    }

    /// Unlinks a session; what was said stays.
    pub async fn disconnect(&self, _session: &str) -> Result<(), ClientError> {
        match self.0 {}
    }

    /// Forgets a session that is not linked.
    pub async fn forget_session(&self, _session: &str) -> Result<(), ClientError> {
        match self.0 {}
    }

    /// Forgets all sessions that were never linked; returns their ids.
    pub async fn forget_pending(&self) -> Result<Vec<String>, ClientError> {
        match self.0 {}
    }
}

//! Calls about conversations, lists and parts.

use crate::client::{Client, escaped};
use crate::{
    ActorView, ChannelView, CheckView, ClientError, ConversationView, ConversationsView, EntriesBody, EntryView,
    MessageBody, PartView, PauseBody, PeopleView, QueuedView, RejectionView, ReloadedView, SettingsBody, SettingsView,
    TurnsView,
};
use reqwest::Method;

impl Client {
    /// Conversations, the one with the newest activity first; behind `before`, which an earlier answer gave as `next`.
    pub async fn conversations(
        &self,
        session: Option<&str>,
        before: Option<&str>,
    ) -> Result<ConversationsView, ClientError> {
        let asked = [("session", session), ("before", before)];
        let asked = asked.into_iter().filter_map(|(key, value)| Some(format!("{key}={}", escaped(value?))));
        let asked = asked.collect::<Vec<_>>().join("&");
        self.ask(Method::GET, &format!("/api/v1/conversations?{asked}")).await
    }

    /// One conversation.
    pub async fn conversation(&self, conversation: u64) -> Result<ConversationView, ClientError> {
        self.ask(Method::GET, &format!("/api/v1/conversations/{conversation}")).await
    }

    /// What was said in a conversation, the oldest first; before a moment, which an earlier answer gave as `next`.
    pub async fn turns(&self, conversation: u64, before: Option<u64>) -> Result<TurnsView, ClientError> {
        let before = before.map(|before| format!("?before={before}")).unwrap_or_default();
        self.ask(Method::GET, &format!("/api/v1/conversations/{conversation}/turns{before}")).await
    }

    /// Silences the bot in a conversation, until then or until it is resumed.
    pub async fn pause(&self, conversation: u64, until_ms: Option<u64>) -> Result<(), ClientError> {
        let path = format!("/api/v1/conversations/{conversation}/pause");
        self.tell(Method::POST, &path, &PauseBody { until_ms }).await
    }

    /// Ends every silence in a conversation.
    pub async fn resume(&self, conversation: u64) -> Result<(), ClientError> {
        self.ask(Method::POST, &format!("/api/v1/conversations/{conversation}/resume")).await
    }

    /// Forgets a conversation.
    pub async fn forget_conversation(&self, conversation: u64) -> Result<(), ClientError> {
        self.ask(Method::DELETE, &format!("/api/v1/conversations/{conversation}")).await
    }

    /// Sends a message that answers nothing, once for each key: a call whose outcome is unknown can be repeated.
    pub async fn send_message(&self, conversation: u64, key: &str, text: &str) -> Result<QueuedView, ClientError> {
        let path = format!("/api/v1/conversations/{conversation}/messages");
        self.tell_once(&path, key, &MessageBody { text: text.to_owned() }).await
    }

    /// The people who wrote last.
    pub async fn people(&self) -> Result<PeopleView, ClientError> {
        self.ask(Method::GET, "/api/v1/people").await
    }

    /// Who is admitted to a session.
    pub async fn session_list(&self, session: &str) -> Result<Vec<EntryView>, ClientError> {
        self.ask(Method::GET, &format!("/api/v1/sessions/{}/allow", escaped(session))).await
    }

    /// Replaces what was added to the list of a session, as a whole or not at all.
    pub async fn replace_session_list(
        &self,
        session: &str,
        entries: Vec<String>,
    ) -> Result<Vec<EntryView>, ClientError> {
        let path = format!("/api/v1/sessions/{}/allow", escaped(session));
        self.tell(Method::PUT, &path, &EntriesBody { entries }).await
    }

    /// Every channel.
    pub async fn channels(&self) -> Result<Vec<ChannelView>, ClientError> {
        self.ask(Method::GET, "/api/v1/channels").await
    }

    /// How a channel is set up, without its secrets.
    pub async fn settings(&self, channel: &str) -> Result<SettingsView, ClientError> {
        self.ask(Method::GET, &format!("/api/v1/channels/{}/settings", escaped(channel))).await
    }

    /// Saves values of a channel and runs it with them.
    pub async fn save_settings(&self, channel: &str, body: &SettingsBody) -> Result<SettingsView, ClientError> {
        self.tell(Method::PUT, &format!("/api/v1/channels/{}/settings", escaped(channel)), body).await
    }

    /// Asks the network whether values of a channel work; nothing is saved.
    pub async fn check_settings(&self, channel: &str, body: &SettingsBody) -> Result<Vec<CheckView>, ClientError> {
        self.tell(Method::POST, &format!("/api/v1/channels/{}/settings/check", escaped(channel)), body).await
    }

    /// Every assistant.
    pub async fn assistants(&self) -> Result<Vec<PartView>, ClientError> {
        self.ask(Method::GET, "/api/v1/assistants").await
    }

    /// The tree of actors.
    pub async fn actors(&self) -> Result<ActorView, ClientError> {
        self.ask(Method::GET, "/api/v1/actors").await
    }

    /// What came from outside and was not taken.
    pub async fn refused(&self) -> Result<Vec<RejectionView>, ClientError> {
        self.ask(Method::GET, "/api/v1/refused").await
    }

    /// Has the server read its configuration again.
    pub async fn reload(&self) -> Result<ReloadedView, ClientError> {
        self.ask(Method::POST, "/api/v1/reload").await
    }
}

//! The tree of actors as it is now, for people.

use super::handle::EngineHandle;
use super::root::RootMsg;
use crate::mailbox::assistants::AssistantsMsg;
use crate::mailbox::conversations::ConversationsMsg;
use crate::mailbox::sessions::ChannelsMsg;
use crate::supervision::{Described, Describing, state};
use greenroom_contract::limits;
use greenroom_contract::time::Timestamp;
use ractor::{ActorCell, ActorRef};
use tokio::sync::oneshot;
use tokio::time::Instant;

/// An actor and those below it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ActorView {
    /// What people call it.
    pub name: String,
    /// Of what kind it is, in one word: `supervisor`, `assistant`, `shard`, `conversations`, `session` or `service`.
    pub kind: &'static str,
    /// How far it is, in one word: `starting`, `running`, `stopping`, `stopped`; `busy` if it does not say in time which
    /// actors are below it.
    pub state: &'static str,
    /// What waits for it in its durable queue, or as turns that are not answered; `None` where it has none of its own.
    pub mailbox: Option<u64>,
    /// How often it crashed and was started again.
    pub restarts: u64,
    /// Since when it runs.
    pub since: Timestamp,
    /// The actors below it, by name.
    pub children: Vec<ActorView>,
}

impl EngineHandle {
    /// Every actor that runs now, from the root on. The conversations of an account are one entry with their number, because
    /// there may be very many. `None` while the engine starts, or once it has ended.
    pub async fn actors(&self) -> Option<ActorView> {
        let (root, supervisors) = (self.root.get()?, self.context.supervisors.get()?);
        let inbox = self.context.store.rows_waiting().await.ok();
        let (assistants, conversations, sessions, services) = tokio::join!(
            described(&supervisors.assistants, AssistantsMsg::Describe),
            described(&supervisors.conversations, ConversationsMsg::Describe),
            described(&supervisors.channels, ChannelsMsg::Describe),
            self.services(root),
        );
        let supervisor = |name: &str, actor: ActorCell, children: Option<Vec<ActorView>>| ActorView {
            name: name.to_owned(),
            kind: "supervisor",
            state: if children.is_some() { state(&actor) } else { "busy" },
            mailbox: None,
            restarts: 0,
            since: self.context.started_at,
            children: children.unwrap_or_default(),
        };
        let below = |described: Option<Vec<Described>>| {
            let mut children: Vec<_> = described?.into_iter().map(|one| self.view(one)).collect();
            children.sort_by(|one, other| one.name.cmp(&other.name));
            Some(children)
        };
        let conversations = supervisor("conversations", supervisors.conversations.get_cell(), below(conversations));
        let services = ActorView { kind: "services", ..supervisor("services", root.get_cell(), services) };
        let children = vec![
            supervisor("transcriptions", supervisors.transcriptions.get_cell(), Some(Vec::new())),
            supervisor("assistants", supervisors.assistants.get_cell(), below(assistants)),
            ActorView { mailbox: inbox, ..conversations },
            supervisor("accounts", supervisors.accounts.get_cell(), Some(Vec::new())),
            supervisor("channels", supervisors.channels.get_cell(), below(sessions)),
            services,
        ];
        Some(supervisor("root", root.get_cell(), Some(children)))
    }

    fn view(&self, described: Described) -> ActorView {
        let Described { name, kind, actor, since, restarts, waiting } = described;
        let since = self.began(since);
        // Of a shard: its conversations, as far as they are in memory.
        let conversations = if kind == "shard" { actor.get_children().len() } else { 0 };
        let children = (conversations > 0).then(|| ActorView {
            name: format!("{conversations} conversations"),
            kind: "conversations",
            state: "running",
            mailbox: None,
            restarts: 0,
            since,
            children: Vec::new(),
        });
        let state = state(&actor);
        ActorView { name, kind, state, mailbox: waiting, restarts, since, children: children.into_iter().collect() }
    }

    fn began(&self, since: Instant) -> Timestamp {
        self.context.now().minus(self.context.clock.instant().duration_since(since))
    }

    async fn services(&self, root: &ActorRef<RootMsg>) -> Option<Vec<ActorView>> {
        let (reply, services) = oneshot::channel();
        root.send_message(RootMsg::Describe(reply)).ok()?;
        let services = tokio::time::timeout(limits::DESCRIBE_TIMEOUT, services).await.ok()?.ok()?;
        let view = |(name, restarts): (&str, u64)| ActorView {
            name: name.to_owned(),
            kind: "service",
            state: "running",
            mailbox: None,
            restarts,
            since: self.context.started_at,
            children: Vec::new(),
        };
        Some(services.into_iter().map(view).collect())
    }
}

/// What a supervisor says; `None` if it does not in time.
async fn described<M: ractor::Message>(
    supervisor: &ActorRef<M>,
    ask: impl FnOnce(Describing) -> M,
) -> Option<Vec<Described>> {
    let (reply, told) = oneshot::channel();
    supervisor.send_message(ask(reply)).ok()?;
    tokio::time::timeout(limits::DESCRIBE_TIMEOUT, told).await.ok()?.ok()
}

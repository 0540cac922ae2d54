//! A real server over a network in this process.

use greenroom_channel_loopback::{LoopbackNetwork, Options, Said, loopback};
use greenroom_client::{Client, LinkBody};
use greenroom_conformance::transcribers;
use greenroom_contract::audio::AudioError;
use greenroom_contract::limits;
use greenroom_contract::linking::Linking;
use greenroom_contract::message::Media;
use greenroom_contract::policy::ChannelPolicy;
use greenroom_contract::time::Clock;
use greenroom_contract::transcriber::Abort;
use greenroom_contract::voice::{VoiceEncoder, VoiceNote};
use greenroom_doctor::{Facts, Finding, ask, examine};
use greenroom_engine::{AssistantPart, ChannelPart, EngineHandle, Parts, Service, SessionLimits};
use greenroom_gateway::{Access, Gateway, NoProgram};
use std::sync::Arc;
use std::time::Duration;

pub(crate) const ANA: &str = "+15551234567";
pub(crate) const STRANGER: &str = "+15559990000";
/// Sessions that there may be.
pub(crate) const SESSIONS_MAX: u32 = 2;

struct NoVoice;

impl VoiceEncoder for NoVoice {
    fn encode(&self, _: &Media, _: &Abort) -> Result<VoiceNote, AudioError> {
        Err(AudioError::Aborted)
    }
}

/// A server, and the network behind its one channel.
pub(crate) struct Server {
    pub(crate) handle: EngineHandle,
    pub(crate) network: LoopbackNetwork,
    gateway: Arc<Gateway>,
}

impl Server {
    /// One whose account is configured.
    pub(crate) async fn of(admitted: &[&str]) -> Self {
        Self::start(Options::default(), admitted).await
    }

    /// One on which accounts are linked.
    pub(crate) async fn that_links(admitted: &[&str]) -> Self {
        let linking = Some(Linking { warning: "use a second number".to_owned() });
        Self::start(Options { accounts: Vec::new(), linking, ..Options::default() }, admitted).await
    }

    async fn start(options: Options, admitted: &[&str]) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (channel, network) = loopback(options);
        let mut policy = ChannelPolicy::new("echo".parse().expect("a name"));
        policy.allow_from = admitted.iter().map(|entry| entry.parse().expect("an entry")).collect();
        let options = greenroom_gateway::Options {
            listen: "127.0.0.1:0".parse().expect("an address"),
            folder: None,
            public_url: None,
            trusted_proxies: Vec::new(),
            https: None,
            mcp: false,
            access: Access::default(),
            version: "0".to_owned(),
            currency: "EUR".to_owned(),
            clock: Clock::System,
            program: Arc::new(NoProgram),
        };
        let gateway = Arc::new(Gateway::bind(options).expect("a free port"));
        let assistant = Arc::new(greenroom_assistant_echo::Echo::default());
        let echo = AssistantPart {
            name: "echo".parse().expect("a name"),
            assistant,
            turns_max: 4,
            timeout: Duration::from_secs(10),
        };
        let part =
            ChannelPart { name: "front".parse().expect("a name"), adapter: "loopback".to_owned(), channel, policy };
        let parts = Parts {
            store: greenroom_store::memory(),
            channels: vec![part],
            assistants: vec![echo],
            transcriber: transcribers::hears("hello"),
            voice_encoder: Arc::new(NoVoice),
            voice_workers: 1,
            clock: Clock::System,
            services: vec![Arc::clone(&gateway) as Arc<dyn Service>],
            conversation_idle: limits::CONVERSATION_IDLE,
            session_limits: SessionLimits { per_owner: SESSIONS_MAX, total: SESSIONS_MAX },
            identity: None,
        };
        let handle = greenroom_engine::start(parts).await.expect("it starts");
        Self { handle, network, gateway }
    }

    fn client_with(&self, token: String) -> Client {
        let address = self.gateway.announcement().address;
        Client::new(&format!("http://{address}"), Some(token)).expect("a client")
    }

    fn client(&self) -> Client {
        self.client_with(self.gateway.announcement().token)
    }

    /// A client whom the server does not know.
    pub(crate) fn with_another_token(&self) -> Client {
        self.client_with("0".repeat(64))
    }

    /// Begins to link a session, and gives its id.
    pub(crate) async fn begin_link(&self) -> String {
        let body = LinkBody { channel: "front".to_owned(), accept_risk: true, ..LinkBody::default() };
        self.client().link(&body).await.expect("it may be linked").session
    }

    /// Delivers something and waits until it is durable.
    pub(crate) async fn hears(&self, said: Said) {
        self.network.deliver("main", said).await.acknowledged().await.expect("it is taken");
    }

    /// How often the connection of the first session was lost.
    pub(crate) async fn losses(&self) -> usize {
        self.client().sessions().await.expect("it answers").first().map_or(0, |session| session.gaps.len())
    }

    /// What is found now.
    pub(crate) async fn findings(&self) -> Vec<Finding> {
        let mut facts = Facts { now_ms: Clock::System.now().0, ..Facts::default() };
        ask(&self.client(), &mut facts).await;
        examine(&facts)
    }
}

//! What an engine of a test is made of.

use greenroom_conformance::messages::id;
use greenroom_conformance::transcribers;
use greenroom_contract::assistant::Assistant;
use greenroom_contract::audio::AudioError;
use greenroom_contract::channel::Channel;
use greenroom_contract::limits;
use greenroom_contract::message::Media;
use greenroom_contract::policy::ChannelPolicy;
use greenroom_contract::store::Store;
use greenroom_contract::time::Clock;
use greenroom_contract::transcriber::Abort;
use greenroom_contract::voice::{VoiceEncoder, VoiceNote};
use greenroom_engine::{AssistantPart, ChannelPart, Parts, SessionLimits};
use std::sync::Arc;
use std::time::Duration;

struct NoVoice;

impl VoiceEncoder for NoVoice {
    fn encode(&self, _: &Media, _: &Abort) -> Result<VoiceNote, AudioError> {
        Err(AudioError::Aborted)
    }
}

/// One channel, called `front`, and one assistant, called `helper`.
pub(crate) fn parts(
    store: Arc<dyn Store>,
    channel: Arc<dyn Channel>,
    policy: ChannelPolicy,
    assistant: Arc<dyn Assistant>,
    clock: Clock,
) -> Parts {
    let helper = AssistantPart { name: id("helper"), assistant, turns_max: 4, timeout: Duration::from_secs(60) };
    let part = ChannelPart { name: id("front"), adapter: "loopback".to_owned(), channel, policy };
    Parts {
        store,
        channels: vec![part],
        assistants: vec![helper],
        transcriber: transcribers::hears("hello"),
        voice_encoder: Arc::new(NoVoice),
        voice_workers: 1,
        clock,
        services: Vec::new(),
        conversation_idle: limits::CONVERSATION_IDLE,
        session_limits: SessionLimits::default(),
        identity: None,
    }
}

//! An engine whose turns are run by hand, and what a new step needs: one `impl Step`, and one line among the others. Here it is a command of the house.

mod linking;

use super::{Draft, Ending, Phase, STEPS, Step, StepOutcome, Steps};
use crate::conversations::order::Order;
use crate::conversations::turn;
use crate::decide::answers::Answers;
use crate::decide::linking_rules::SessionLimits;
use crate::mailbox::conversations::TurnEnd;
use crate::{AssistantPart, ChannelPart, EngineHandle, Identity, Parts};
use async_trait::async_trait;
use greenroom_channel_loopback::{LoopbackNetwork, Options, loopback};
use greenroom_conformance::assistants::{self, Fake};
use greenroom_conformance::messages::{Refine, START, id, scope, text_from};
use greenroom_conformance::transcribers;
use greenroom_contract::assistant::{Answer, Assistant, AssistantError, Turn, Usage, assistant_fn};
use greenroom_contract::audio::AudioError;
use greenroom_contract::ids::{AccountId, ConversationId};
use greenroom_contract::limits;
use greenroom_contract::message::{Body, Inbound, Media};
use greenroom_contract::policy::ChannelPolicy;
use greenroom_contract::store::{Accepted, ConversationSettings, EntryKind, Store};
use greenroom_contract::time::Clock;
use greenroom_contract::transcriber::Abort;
use greenroom_contract::voice::{VoiceEncoder, VoiceNote};
use std::sync::Arc;

const ANA: &str = "+15550000001";

/// `/language TAG`: answered without an assistant, and remembered for the conversation.
struct LanguageCommand;

#[async_trait]
impl Step for LanguageCommand {
    async fn apply(&self, draft: &mut Draft<'_>) -> StepOutcome {
        let EntryKind::Message(inbound) = &draft.first().kind else { return StepOutcome::Continue };
        let Body::Text(text) = &inbound.body else { return StepOutcome::Continue };
        let Some(tag) = text.strip_prefix("/language ") else { return StepOutcome::Continue };
        draft.settings.language = Some(tag.to_owned());
        Ending::from(Answers::from(Answer::text(format!("We speak {tag} now.")))).into()
    }
}

/// The steps of every turn with the command before the rows are gathered.
fn with_command() -> Vec<(Phase, &'static dyn Step)> {
    let (before, behind) = STEPS.split_at(8);
    [before, &[(Phase::Decide, &LanguageCommand as &dyn Step)], behind].concat()
}

struct NoVoice;

impl VoiceEncoder for NoVoice {
    fn encode(&self, _: &Media, _: &Abort) -> Result<VoiceNote, AudioError> {
        Err(AudioError::Aborted)
    }
}

/// An engine that runs no turn by itself, because nothing rings it.
struct House {
    handle: EngineHandle,
    network: LoopbackNetwork,
    account: AccountId,
    /// What was asked, where the assistant tells it.
    fake: Option<Arc<Fake>>,
}

impl House {
    async fn of(assistant: Arc<dyn Assistant>) -> Self {
        Self::made((assistant, None), greenroom_store::memory(), None, |_| {}).await
    }

    async fn new() -> Self {
        Self::with(greenroom_store::memory(), None, |_| {}).await
    }

    /// One over this store, which knows people like this, in a channel with this policy.
    async fn with(store: Arc<dyn Store>, identity: Option<Identity>, refine: impl FnOnce(&mut ChannelPolicy)) -> Self {
        Self::answered_by(assistants::echo(), store, identity, refine).await
    }

    /// The same with an assistant that tells what it was asked.
    async fn answered_by(
        assistant: Arc<Fake>,
        store: Arc<dyn Store>,
        identity: Option<Identity>,
        refine: impl FnOnce(&mut ChannelPolicy),
    ) -> Self {
        Self::made((assistant.clone(), Some(assistant)), store, identity, refine).await
    }

    async fn made(
        (assistant, fake): (Arc<dyn Assistant>, Option<Arc<Fake>>),
        store: Arc<dyn Store>,
        identity: Option<Identity>,
        refine: impl FnOnce(&mut ChannelPolicy),
    ) -> Self {
        let clock = Clock::tokio(START);
        let (channel, network) = loopback(Options { clock, ..Options::default() });
        let mut policy = ChannelPolicy::new(id("helper"));
        policy.allow_from = vec![id(ANA)];
        refine(&mut policy);
        let parts = Parts {
            store,
            channels: vec![ChannelPart { name: scope().channel, adapter: "loopback".to_owned(), channel, policy }],
            assistants: vec![AssistantPart {
                name: id("helper"),
                assistant,
                turns_max: 1,
                timeout: limits::TURN_TIMEOUT,
            }],
            transcriber: transcribers::hears_nothing(),
            voice_encoder: Arc::new(NoVoice),
            voice_workers: 1,
            clock,
            services: Vec::new(),
            conversation_idle: limits::CONVERSATION_IDLE,
            session_limits: SessionLimits::default(),
            identity,
        };
        let handle = crate::start(parts).await.expect("it starts");
        network.connected("main").await;
        handle.settled().await;
        let account = handle.accounts().await.expect("healthy").remove(0).id;
        Self { handle, network, account, fake }
    }

    /// Accepts a message and runs its turn; returns its conversation and how the turn ended.
    async fn hears(&self, words: &str, steps: &Steps) -> (ConversationId, TurnEnd) {
        self.hears_message(text_from(ANA, words), steps).await
    }

    /// The same for any message.
    async fn hears_message(&self, inbound: Inbound, steps: &Steps) -> (ConversationId, TurnEnd) {
        let message = inbound.in_account(self.account.as_str()).admitted();
        let accepted = self.handle.context.store.accept(vec![message]).await.expect("healthy").remove(0);
        let Accepted::New { conversation, .. } = accepted else { panic!("a new message was {accepted:?}") };
        (conversation, self.runs(conversation, steps).await)
    }

    /// Runs the turn that waits in a conversation.
    async fn runs(&self, conversation: ConversationId, steps: &Steps) -> TurnEnd {
        let card = self.handle.context.account(&self.account).expect("it runs");
        let wiring = self.handle.context.wiring.load_full();
        let order = Order {
            conversation,
            gather: false,
            debounced: false,
            debounce: Arc::default(),
            interruptible: false,
            rang: Arc::default(),
            wiring,
        };
        turn::run_through(steps, &self.handle.context, &card, &order).await
    }
}

/// An outage takes its attempt back, except where something was begun that must not be done twice: a process after this one could
/// not tell.
#[tokio::test]
async fn an_outage_takes_back_no_attempt_that_acted_and_uses_up_one_at_most() {
    for (acts, expected) in [(false, 0), (true, 1)] {
        let house = House::of(Arc::new(assistant_fn(move |turn: Turn| async move {
            if acts {
                turn.acting.begin().await.map_err(|reason| AssistantError::Unavailable { reason, after: None })?;
            }
            Err(AssistantError::Unavailable { reason: "the model is away".into(), after: None })
        })))
        .await;
        let (conversation, end) = house.hears("add milk", STEPS).await;
        assert!(matches!(end, TurnEnd::Away { .. }), "{end:?}");
        for _ in 0..5 {
            let entry = house.handle.context.store.waiting(conversation, 1).await.expect("healthy").remove(0);
            assert_eq!(entry.attempts, expected);
            let end = house.runs(conversation, STEPS).await;
            assert!(matches!(end, TurnEnd::Away { .. }), "no outage quarantines: {end:?}");
        }
    }
}

/// Of three attempts one is given up in the middle, one is told to come later and one fails for good: all of it was paid.
#[tokio::test]
async fn what_attempts_without_an_answer_spent_is_in_the_books() {
    let house = House::of(Arc::new(assistant_fn(|turn: Turn| async move {
        turn.bill.add(Usage { model: Some("large".to_owned()), tokens_in: 5, ..Usage::default() });
        match turn.text().as_str() {
            "wait" if turn.attempt == 1 => std::future::pending::<()>().await,
            _ if turn.attempt < 3 => return Err(AssistantError::Retry { reason: "later".into(), after: None }),
            _ => {}
        }
        Err(AssistantError::Permanent { reason: "never".into() })
    })))
    .await;
    let hearing = tokio::time::timeout(std::time::Duration::from_millis(300), house.hears("wait", STEPS)).await;
    assert!(hearing.is_err(), "it was given up");
    let waiting = house.handle.context.store.conversations_waiting(None, 1).await.expect("healthy").remove(0);
    let ends = [house.runs(waiting.conversation, STEPS).await, house.runs(waiting.conversation, STEPS).await];
    assert!(matches!(ends[0], TurnEnd::Again { .. }) && matches!(ends[1], TurnEnd::Settled { .. }), "{ends:?}");
    let sums = house.handle.context.store.usage(0..=u32::MAX, 9).await.expect("healthy");
    let [sum] = sums.as_slice() else { panic!("{sums:?}") };
    assert_eq!((sum.assistant.clone(), sum.usage.tokens_in), (id("helper"), 15));
}

#[tokio::test]
async fn a_step_answers_for_itself_and_remembers() {
    let assistant = assistants::echo();
    let house = House::of(assistant.clone()).await;
    let steps = with_command();
    let (conversation, end) = house.hears("/language de", &steps).await;
    assert_eq!(end, TurnEnd::Settled { more: false });
    house.network.sent_count_reached(1).await;
    assert_eq!(house.network.words_to(ANA), ["We speak de now."]);
    assert_eq!(assistant.asked(), 0, "no assistant was asked");
    let expected = ConversationSettings { language: Some("de".to_owned()), ..ConversationSettings::default() };
    assert_eq!(house.handle.conversation_settings(&scope(), conversation).await, Ok(expected.clone()));

    let (_, end) = house.hears("hello", &steps).await;
    assert_eq!(end, TurnEnd::Settled { more: false });
    house.network.sent_count_reached(2).await;
    assert_eq!(house.network.words_to(ANA), ["We speak de now.", "hello"], "what it lets continue is answered");
    assert_eq!(house.handle.conversation_settings(&scope(), conversation).await, Ok(expected), "and changes nothing");
}

#[tokio::test]
async fn without_the_step_the_assistant_is_asked() {
    let house = House::of(assistants::echo()).await;
    let (conversation, _) = house.hears("/language de", STEPS).await;
    house.network.sent_count_reached(1).await;
    assert_eq!(house.network.words_to(ANA), ["/language de"]);
    let settings = house.handle.conversation_settings(&scope(), conversation).await;
    assert_eq!(settings, Ok(ConversationSettings::default()));
}

#[test]
fn what_decides_comes_before_what_prepares() {
    assert!(STEPS.is_sorted_by_key(|(phase, _)| *phase));
    assert!(with_command().is_sorted_by_key(|(phase, _)| *phase));
}

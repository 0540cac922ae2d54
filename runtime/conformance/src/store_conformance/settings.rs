//! Rules of how conversations are treated.

use super::{Subject, accept, accept_new, later, settlement, waiting, waiting_texts};
use crate::messages::{id, scope, text_from};
use bytes::Bytes;
use greenroom_contract::ids::{ConversationId, Sequence};
use greenroom_contract::limits;
use greenroom_contract::store::{
    Arrival, ConversationSettings, OpenChoice, Scope, Settlement, StoreError, UNTIL_RELEASED, UNTIL_STARTED,
};

const ANA: &str = "+15550000001";
const BEN: &str = "+15550000002";
const LID: &str = "lid:777";

/// Settings with one thing set.
pub(super) fn bound_to(assistant: &str) -> ConversationSettings {
    ConversationSettings { assistant: Some(id(assistant)), ..ConversationSettings::default() }
}

/// Settings with everything set.
fn full() -> ConversationSettings {
    ConversationSettings {
        assistant: Some(id("helper")),
        paused_until: Some(later(60)),
        language: Some("de-AT".to_owned()),
        open_choice: Some(OpenChoice(Bytes::from_static(b"tea or coffee"))),
    }
}

/// The settings of a conversation.
pub(super) async fn of(store: &Subject, conversation: ConversationId) -> ConversationSettings {
    store.settings(&scope(), conversation).await.expect("a known conversation")
}

async fn set(store: &Subject, conversation: ConversationId, settings: ConversationSettings) {
    store.set_settings(&scope(), conversation, settings).await.expect("a known conversation");
}

async fn become_one(store: &Subject) {
    accept(store, Arrival::SamePerson { scope: scope(), addresses: vec![id(ANA), id(LID)], admitted: false }).await;
}

pub async fn a_conversation_is_treated_as_configured_until_it_is_set(store: Subject) {
    let (conversation, _) = accept_new(&store, text_from(ANA, "hi")).await;
    assert_eq!(of(&store, conversation).await, ConversationSettings::default());
    assert_eq!(waiting(&store, conversation).await[0].settings, ConversationSettings::default());
}

pub async fn settings_are_read_with_every_row_that_waits(store: Subject) {
    let (conversation, _) = accept_new(&store, text_from(ANA, "one")).await;
    let (other, _) = accept_new(&store, text_from(BEN, "hi")).await;
    set(&store, conversation, full()).await;
    accept_new(&store, text_from(ANA, "two")).await;
    let rows = waiting(&store, conversation).await;
    assert_eq!(rows.iter().map(|row| row.settings.clone()).collect::<Vec<_>>(), [full(), full()]);
    assert_eq!(waiting(&store, other).await[0].settings, ConversationSettings::default(), "others have their own");
}

pub async fn settings_are_replaced_whole_and_removed_by_the_default(store: Subject) {
    let (conversation, _) = accept_new(&store, text_from(ANA, "hi")).await;
    set(&store, conversation, full()).await;
    assert_eq!(of(&store, conversation).await, full());
    set(&store, conversation, bound_to("other")).await;
    assert_eq!(of(&store, conversation).await, bound_to("other"), "nothing of before is left");
    set(&store, conversation, ConversationSettings::default()).await;
    assert_eq!(of(&store, conversation).await, ConversationSettings::default());
    assert_eq!(waiting(&store, conversation).await[0].settings, ConversationSettings::default());
}

pub async fn settings_are_reached_through_their_scope_only(store: Subject) {
    let (conversation, _) = accept_new(&store, text_from(ANA, "hi")).await;
    let other_channel = Scope { channel: id("elsewhere"), owner: scope().owner };
    let other_owner = Scope { channel: scope().channel, owner: id("olga") };
    let unknown = ConversationId(conversation.0 + 1_000_000);
    for (scope, conversation) in [(&other_channel, conversation), (&other_owner, conversation), (&scope(), unknown)] {
        let written = store.set_settings(scope, conversation, full()).await;
        assert!(matches!(written, Err(StoreError::NotFound { .. })), "{scope:?} gave {written:?}");
        let read = store.settings(scope, conversation).await;
        assert!(matches!(read, Err(StoreError::NotFound { .. })), "{scope:?} gave {read:?}");
    }
    assert_eq!(of(&store, conversation).await, ConversationSettings::default());
}

pub async fn settling_writes_settings_with_the_rest_or_not_at_all(store: Subject) {
    let (conversation, one) = accept_new(&store, text_from(ANA, "one")).await;
    let unknown = Sequence(one.0 + 1_000_000);
    let end = |rows: &[Sequence], settings| Settlement { settings, ..settlement(conversation, rows) };
    let refused = store.settle(end(&[one, unknown], Some(full()))).await;
    assert!(matches!(refused, Err(StoreError::NotFound { .. })), "{refused:?}");
    assert_eq!(of(&store, conversation).await, ConversationSettings::default(), "a refused turn changes nothing");
    store.settle(end(&[one], Some(full()))).await.expect("a waiting row");
    assert_eq!(of(&store, conversation).await, full());
    let (_, two) = accept_new(&store, text_from(ANA, "two")).await;
    store.settle(end(&[two], None)).await.expect("a waiting row");
    assert_eq!(of(&store, conversation).await, full(), "a turn that does not mention them leaves them");
    let (_, three) = accept_new(&store, text_from(ANA, "three")).await;
    store.settle(end(&[three], Some(ConversationSettings::default()))).await.expect("a waiting row");
    assert_eq!(of(&store, conversation).await, ConversationSettings::default());
}

pub async fn settings_beyond_their_limits_are_refused(store: Subject) {
    let (conversation, sequence) = accept_new(&store, text_from(ANA, "hi")).await;
    let language = Some("x".repeat(limits::LANGUAGE_BYTES_MAX + 1));
    let choice = Some(OpenChoice(vec![0; limits::OPEN_CHOICE_BYTES_MAX + 1].into()));
    for settings in
        [ConversationSettings { language, ..full() }, ConversationSettings { open_choice: choice, ..full() }]
    {
        let refused = store.set_settings(&scope(), conversation, settings.clone()).await;
        assert!(matches!(refused, Err(StoreError::Invalid { .. })), "{refused:?}");
        let end = Settlement { settings: Some(settings), ..settlement(conversation, &[sequence]) };
        let refused = store.settle(end).await;
        assert!(matches!(refused, Err(StoreError::Invalid { .. })), "{refused:?}");
    }
    assert_eq!(of(&store, conversation).await, ConversationSettings::default());
    let language = Some("x".repeat(limits::LANGUAGE_BYTES_MAX));
    let choice = Some(OpenChoice(vec![0; limits::OPEN_CHOICE_BYTES_MAX].into()));
    let longest = ConversationSettings { language, open_choice: choice, ..full() };
    set(&store, conversation, longest.clone()).await;
    assert_eq!(of(&store, conversation).await, longest);
}

pub async fn a_pause_changes_nothing_else_and_outlives_a_turn_under_way(store: Subject) {
    let (conversation, sequence) = accept_new(&store, text_from(ANA, "hi")).await;
    set(&store, conversation, bound_to("helper")).await;
    let before = waiting(&store, conversation).await[0].settings.clone();
    store.set_pause(&scope(), conversation, Some(later(60))).await.expect("a known conversation");
    let paused = ConversationSettings { paused_until: Some(later(60)), ..bound_to("helper") };
    assert_eq!(of(&store, conversation).await, paused);
    // The turn read the settings before the pause, and asks a question.
    let question = Some(OpenChoice(Bytes::from_static(b"tea or coffee")));
    let ended = ConversationSettings { open_choice: question.clone(), ..before.clone() };
    let end =
        Settlement { settings: Some(ended), settings_before: Some(before), ..settlement(conversation, &[sequence]) };
    store.settle(end).await.expect("a waiting row");
    assert_eq!(of(&store, conversation).await, ConversationSettings { open_choice: question.clone(), ..paused });
    store.set_pause(&scope(), conversation, None).await.expect("a known conversation");
    assert_eq!(of(&store, conversation).await, ConversationSettings { open_choice: question, ..bound_to("helper") });
    let elsewhere = Scope { channel: scope().channel, owner: id("olga") };
    let refused = store.set_pause(&elsewhere, conversation, None).await;
    assert!(matches!(refused, Err(StoreError::NotFound { .. })), "{refused:?}");
}

pub async fn of_two_settings_those_of_the_older_conversation_stay(store: Subject) {
    let (older, _) = accept_new(&store, text_from(ANA, "one")).await;
    let (newer, _) = accept_new(&store, text_from(LID, "two")).await;
    set(&store, older, bound_to("of-older")).await;
    set(&store, newer, full()).await;
    become_one(&store).await;
    let merged = ConversationSettings { paused_until: full().paused_until, ..bound_to("of-older") };
    assert_eq!(of(&store, older).await, merged, "only the pause of the newer one is added");
    assert_eq!(of(&store, newer).await, merged, "the newer id leads there");
    set(&store, newer, ConversationSettings::default()).await;
    assert_eq!(of(&store, older).await, ConversationSettings::default(), "nothing of the newer one comes back");
}

pub async fn no_merge_ends_a_pause(store: Subject) {
    let (older, _) = accept_new(&store, text_from(ANA, "one")).await;
    let (newer, _) = accept_new(&store, text_from(LID, "two")).await;
    let set_to = |paused_until, assistant| ConversationSettings { paused_until, ..bound_to(assistant) };
    set(&store, older, set_to(Some(later(60)), "of-older")).await;
    set(&store, newer, set_to(Some(UNTIL_STARTED), "of-newer")).await;
    become_one(&store).await;
    assert_eq!(of(&store, older).await, set_to(Some(UNTIL_STARTED), "of-older"));
}

pub async fn the_silence_that_a_person_asked_for_is_not_shortened(store: Subject) {
    let (conversation, _) = accept_new(&store, text_from(ANA, "stop")).await;
    let asked = ConversationSettings { paused_until: Some(UNTIL_STARTED), ..ConversationSettings::default() };
    set(&store, conversation, asked.clone()).await;
    for until in [later(60), UNTIL_RELEASED] {
        store.set_pause(&scope(), conversation, Some(until)).await.expect("a known conversation");
        assert_eq!(of(&store, conversation).await, asked);
    }
    store.set_pause(&scope(), conversation, None).await.expect("a known conversation");
    assert_eq!(of(&store, conversation).await, ConversationSettings::default(), "the owner may end every silence");
}

pub async fn the_older_conversation_takes_settings_it_does_not_have(store: Subject) {
    let (older, _) = accept_new(&store, text_from(ANA, "one")).await;
    let (newer, _) = accept_new(&store, text_from(LID, "two")).await;
    set(&store, newer, full()).await;
    become_one(&store).await;
    assert_eq!(of(&store, older).await, full());
    let rows = waiting(&store, newer).await;
    assert_eq!(waiting_texts(&store, older).await, ["one", "two"]);
    assert!(rows.iter().all(|row| row.settings == full()), "rows of both are treated alike: {rows:?}");
}

pub async fn a_forgotten_history_takes_the_settings_with_it(store: Subject) {
    let (conversation, _) = accept_new(&store, text_from(ANA, "hi")).await;
    let (other, _) = accept_new(&store, text_from(BEN, "hi")).await;
    set(&store, conversation, full()).await;
    set(&store, other, bound_to("helper")).await;
    store.forget(waiting(&store, conversation).await[0].history).await.expect("healthy");
    assert_eq!(of(&store, conversation).await, ConversationSettings::default());
    assert_eq!(of(&store, other).await, bound_to("helper"), "others keep theirs");
}

pub async fn a_forgotten_person_takes_the_settings_along(store: Subject) {
    let (conversation, _) = accept_new(&store, text_from(ANA, "hi")).await;
    let person = waiting(&store, conversation).await[0].person;
    set(&store, conversation, full()).await;
    store.forget_person(person).await.expect("the person is known");
    let gone = store.settings(&scope(), conversation).await;
    assert!(matches!(gone, Err(StoreError::NotFound { .. })), "{gone:?}");
    let (again, _) = accept_new(&store, text_from(ANA, "hi again")).await;
    assert_eq!(of(&store, again).await, ConversationSettings::default());
}

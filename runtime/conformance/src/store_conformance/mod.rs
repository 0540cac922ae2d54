//! Every rule of [`greenroom_contract::store`], one test each.
//!
//! A store passes when, in its tests, this compiles and is green:
//!
//! ```ignore
//! async fn fresh() -> (Arc<dyn Store>, TempDir) { … }      // an empty store, and what must outlive it
//! greenroom_conformance::store_conformance!(fresh);
//!
//! async fn open(folder: &Path) -> Arc<dyn Store> { … }      // the store in that folder, made if there is none
//! greenroom_conformance::store_reopen_conformance!(open, || TempDir::new().unwrap());
//! ```
//!
//! The rules are plain functions over `Arc<dyn Store>`, so that a failing one can be called alone.
//! They use the clock of the messages only; no rule waits for time to pass.

// The name of a rule is its sentence; a doc comment could only say it again.
#![allow(missing_docs)]

pub mod accounts;
pub mod anything;
pub mod billed;
pub mod content;
pub mod inbox;
pub mod links;
pub mod outbox;
pub mod people;
pub mod reopen;
pub mod said;
pub mod settings;
pub mod settle;
pub mod traces;
pub mod usage;
pub mod vault;
pub mod wakes;

use super::messages::{START, sender};
use greenroom_contract::assistant::PastTurn;
use greenroom_contract::ids::{ConversationId, Sequence};
use greenroom_contract::limits;
use greenroom_contract::message::Inbound;
use greenroom_contract::outbound::{OutboundBody, Route};
use greenroom_contract::store::{
    Accepted, Arrival, Begin, Entry, HistoryKey, Outcome, Parcel, ParcelDraft, ParcelKey, ParcelKind, Settlement, Store,
};
use greenroom_contract::time::Timestamp;
use std::sync::Arc;
use std::time::Duration;

/// A store under test.
pub type Subject = Arc<dyn Store>;

/// Makes one test of each rule. `$make` is an async function without arguments that returns an empty
/// store and a value that is kept until the test ended, such as its temporary folder.
#[macro_export]
macro_rules! store_conformance {
    ($make:expr) => {
        $crate::store_conformance!(@module $make; inbox;
            results_are_in_the_order_of_the_batch
            the_same_message_is_accepted_once
            the_same_message_is_accepted_once_within_a_batch
            the_same_message_is_accepted_once_by_concurrent_callers
            another_chat_sender_or_account_is_another_message
            a_settled_message_is_still_recognised
            a_refused_message_leaves_a_trace_and_nothing_else
            a_refused_message_is_not_admitted_by_a_second_delivery
            rows_are_handed_out_in_the_order_of_acceptance
            sequences_grow_across_conversations
            a_row_carries_the_message_as_it_came
            every_kind_of_body_survives
            conversations_waiting_are_listed_by_id_in_pages
            a_begun_attempt_is_counted
            a_submitted_attempt_is_counted_before_what_follows
            a_withdrawn_attempt_is_not_counted
            a_full_conversation_refuses_and_others_do_not
            a_deleted_message_leaves_the_inbox
            a_deleted_message_leaves_the_history
            nobody_deletes_or_edits_the_message_of_another
            an_edit_replaces_the_text_of_a_waiting_message
            an_edit_after_the_turn_changes_nothing
            what_concerns_an_unknown_message_is_taken_and_harmless
        );
        $crate::store_conformance!(@module $make; content;
            a_message_whose_content_comes_later_is_no_repetition
            a_message_that_was_given_up_is_answered_when_its_content_comes
            what_is_missing_is_noted_once
            missing_content_never_takes_the_place_of_a_message
        );
        $crate::store_conformance!(@module $make; anything;
            whatever_is_accepted_can_be_read_back
        );
        $crate::store_conformance!(@module $make; settle;
            settling_takes_the_rows_out_and_keeps_the_rest
            settling_writes_history_state_wakes_and_parcels_together
            settling_twice_is_refused_and_changes_nothing
            settling_an_unknown_row_is_refused_and_changes_nothing
            settling_what_is_not_a_prefix_is_refused
            a_turn_over_several_rows_settles_them_all
            parcels_are_numbered_in_the_order_of_their_drafts
            history_is_read_oldest_first_and_bounded
            what_an_assistant_remembers_is_its_own
            what_an_assistant_remembers_is_replaced_kept_and_deleted
            several_assistants_remember_in_one_turn
            a_turn_that_forgets_keeps_what_it_brings
            a_person_forgets_in_all_their_chats_at_once
            a_wake_up_waits_until_it_is_due_and_fires_once
            due_wake_ups_are_moved_in_bounded_steps
            a_wake_up_is_a_row_like_any_other
            a_quarantined_turn_leaves_the_chat_free
            a_released_row_waits_again_with_no_attempts
            releasing_what_is_not_there_is_refused
        );
        $crate::store_conformance!(@module $make; usage;
            what_answers_cost_is_added_up
            sums_are_read_by_days_and_bounded
            a_turn_costs_however_it_ends
            models_without_end_make_sums_with_an_end
            people_without_end_make_sums_with_an_end
            conversations_that_become_one_add_up
            a_forgotten_person_leaves_sums_without_a_conversation
            a_forgotten_person_leaves_sums_of_a_group_without_a_person
            sums_agree_whatever_they_are_of
            sums_go_when_they_are_old
        );
        $crate::store_conformance!(@module $make; billed;
            a_billed_message_counts_once_and_when_it_is_delivered
            a_status_that_is_evidence_counts_its_message
            billed_messages_are_told_by_day_account_and_category
            categories_without_end_make_sums_with_an_end
            sums_of_billed_messages_stay_until_they_are_old
        );
        $crate::store_conformance!(@module $make; said;
            a_turn_of_history_names_its_messages
            what_was_asked_is_known_by_its_id
            what_was_answered_is_known_by_both_ids
            what_was_said_elsewhere_is_not_told
            what_the_bot_said_without_a_turn_is_known_as_its_own
            quotes_lead_across_merges
            what_is_forgotten_is_not_quoted
            an_old_answer_is_known_while_its_turn_is
        );
        $crate::store_conformance!(@module $make; wakes;
            a_wake_up_takes_the_place_of_the_one_with_its_token
            a_wake_up_is_taken_back_by_its_token_and_by_its_number
            so_many_wake_ups_wait_in_a_conversation_and_no_more
            wake_ups_go_with_their_conversation
        );
        $crate::store_conformance!(@module $make; settings;
            a_conversation_is_treated_as_configured_until_it_is_set
            settings_are_read_with_every_row_that_waits
            settings_are_replaced_whole_and_removed_by_the_default
            settings_are_reached_through_their_scope_only
            settling_writes_settings_with_the_rest_or_not_at_all
            settings_beyond_their_limits_are_refused
            a_pause_changes_nothing_else_and_outlives_a_turn_under_way
            no_merge_ends_a_pause
            the_silence_that_a_person_asked_for_is_not_shortened
            of_two_settings_those_of_the_older_conversation_stay
            the_older_conversation_takes_settings_it_does_not_have
            a_forgotten_history_takes_the_settings_with_it
            a_forgotten_person_takes_the_settings_along
        );
        $crate::store_conformance!(@module $make; outbox;
            pending_parcels_are_listed_in_order_and_in_pages
            a_stored_parcel_is_what_was_drafted
            every_parcel_has_a_name_of_its_own_in_the_agreed_form
            a_parcel_that_is_sent_without_waiting_is_as_good_as_sent
            a_sent_parcel_is_not_pending_and_says_nothing
            own_messages_are_found_by_the_chosen_and_by_the_network_id
            a_retry_counts_an_attempt_only_when_there_was_one
            an_uncertain_parcel_stays_pending
            sends_without_an_outcome_are_counted_until_the_parcel_is_released
            a_held_parcel_waits_for_its_release
            a_dropped_parcel_is_gone_from_the_queue_and_says_nothing
            a_status_is_evidence_for_its_parcel
            a_large_picture_survives_until_it_is_sent
            an_own_send_is_a_parcel_like_any_other
            a_send_begins_the_conversation_that_is_missing
            a_send_with_a_name_is_stored_once
            a_send_that_breaks_a_rule_stores_nothing
            what_is_listed_as_pending_says_what_an_order_needs
            the_parcels_of_one_conversation_are_found_without_the_others
            unsent_and_held_parcels_are_listed_without_what_they_say
            a_released_parcel_begins_again
            what_the_network_has_is_sent_also_if_it_was_given_up
        );
        $crate::store_conformance!(@module $make; links;
            an_address_is_linked_with_its_evidence_in_the_commit_of_its_turn
            who_proves_one_address_shares_one_identity_across_channels
            a_number_of_a_link_is_never_given_to_another_one
            a_person_has_a_bounded_number_of_links
            what_is_remembered_for_linking_is_kept_replaced_and_deleted
            what_is_shared_goes_to_the_last_one_who_leaves
            a_turn_that_ends_after_its_person_left_writes_into_no_identity
            who_forgets_deletes_what_was_shared
            a_turn_that_forgets_forgets_what_is_shared
            two_people_who_become_one_have_the_links_of_both
        );
        $crate::store_conformance!(@module $make; people;
            a_direct_chat_is_the_history_of_its_person
            members_of_a_group_are_separate_persons_in_one_conversation
            lid_first_and_phone_later_is_one_conversation
            two_conversations_of_one_person_are_merged_and_the_older_wins
            what_the_newer_conversation_held_is_held_by_the_older
            a_message_is_recognised_under_either_address
            one_person_in_two_accounts_has_one_history
            scopes_do_not_share_people
            people_without_addresses_are_told_apart_by_their_id
            an_address_is_added_to_what_is_known
            a_verified_email_is_set_and_removed
            a_forgotten_person_leaves_nothing_but_deduplication_keys
            a_forgotten_person_is_not_woken
            strangers_leave_no_one_behind
            one_who_is_known_is_completed_by_another_address
            conversations_are_listed_by_what_was_said_last
            conversations_are_listed_in_pages_and_by_owner_and_account
        );
        $crate::store_conformance!(@module $make; accounts;
            a_configured_account_is_made_once
            accounts_are_listed_in_the_order_in_which_they_were_made
            the_state_of_an_account_is_kept
            an_account_knows_when_it_was_last_linked
            an_accepted_warning_is_kept_per_channel_and_owner
            a_deleted_account_takes_its_vault_with_it
            allow_entries_are_kept_once_per_scope
            a_list_is_replaced_as_a_whole
        );
        $crate::store_conformance!(@module $make; vault;
            values_are_read_back_and_deleted
            keys_are_scanned_by_prefix_in_order_and_in_pages
            vaults_do_not_see_each_other
            clearing_a_vault_leaves_the_others
            a_submitted_write_is_seen_after_the_next_commit
            large_values_survive
            a_long_value_is_read_whole_while_it_is_written
        );
        $crate::store_conformance!(@module $make; traces;
            why_tells_the_life_of_a_message
            why_finds_the_cause_of_our_own_message
            why_is_asked_for_one_account_or_for_all
            why_never_holds_what_was_said
            the_latest_messages_come_first
            sweeping_removes_by_age_only
            sweeping_never_touches_what_waits
            history_is_cut_to_its_limit
            a_store_is_healthy_until_it_is_closed
        );
    };
    (@module $make:expr; $module:ident; $($rule:ident)*) => {
        $(
            #[test]
            fn $rule() {
                $crate::run(async {
                    let (store, _guard) = $make().await;
                    $crate::store_conformance::$module::$rule(store).await;
                });
            }
        )*
    };
}

/// Makes one test of each rule that needs the store to be closed and opened again. `$open` is an
/// async function that takes a `&Path` and returns the store in that folder; `$folder` makes a
/// temporary folder with a `path()`, and removes it when it is dropped.
#[macro_export]
macro_rules! store_reopen_conformance {
    ($open:expr, $folder:expr) => {
        $crate::store_reopen_conformance!(@rules $open; $folder;
            waiting_rows_survive
            settled_rows_stay_settled
            parcels_survive_with_their_names
            history_state_and_wakes_survive
            usage_and_quotes_survive
            billed_messages_survive
            settings_survive
            people_and_redirects_survive
            accounts_entries_and_vaults_survive
            quarantine_and_traces_survive
            names_of_sends_survive
            ids_are_never_given_twice
        );
    };
    (@rules $open:expr; $folder:expr; $($rule:ident)*) => {
        $(
            #[test]
            fn $rule() {
                $crate::run(async {
                    let folder = $folder();
                    let path = folder.path().to_owned();
                    let open = || async { $open(&path).await };
                    let before = open().await;
                    let kept = $crate::store_conformance::reopen::$rule::before(&before).await;
                    before.close().await.expect("a healthy store closes");
                    drop(before);
                    let after = open().await;
                    $crate::store_conformance::reopen::$rule::after(&after, kept).await;
                });
            }
        )*
    };
}

/// Makes one test of each rule about records that are damaged. `$make` is as in [`store_conformance!`](crate::store_conformance);
/// `$spoil` is an async function that takes its second value, an `AccountId` and the name of a secret, and damages the
/// stored record of that secret, so that its checksum does not fit.
#[macro_export]
macro_rules! store_damage_conformance {
    ($make:expr, $spoil:expr) => {
        #[test]
        fn a_damaged_secret_is_told_each_time() {
            $crate::run(async {
                let (store, guard) = $make().await;
                let spoil = |account, name| $spoil(&guard, account, name);
                $crate::store_conformance::vault::a_damaged_secret_is_told_each_time(store, spoil).await;
            });
        }
    };
}

/// Makes the one slow test: an inbox that is full to the last row.
#[macro_export]
macro_rules! store_full_conformance {
    ($make:expr) => {
        #[test]
        fn a_full_inbox_stores_nothing_and_says_so() {
            $crate::run(async {
                let (store, _guard) = $make().await;
                $crate::store_conformance::inbox::a_full_inbox_stores_nothing_and_says_so(store).await;
            });
        }
    };
}

// --- what the rules share -----------------------------------------------------------------------

async fn accept(store: &Subject, arrival: Arrival) -> Accepted {
    let mut accepted = store.accept(vec![arrival]).await.expect("the store is healthy");
    assert_eq!(accepted.len(), 1, "one arrival gives one result");
    accepted.remove(0)
}

/// Accepts a message that must be new.
async fn accept_new(store: &Subject, inbound: Inbound) -> (ConversationId, Sequence) {
    use super::messages::Refine;
    match accept(store, inbound.admitted()).await {
        Accepted::New { conversation, sequence } => (conversation, sequence),
        other => panic!("a new message was {other:?}"),
    }
}

async fn waiting(store: &Subject, conversation: ConversationId) -> Vec<Entry> {
    store.waiting(conversation, limits::PAGE_ROWS_MAX).await.expect("the store is healthy")
}

async fn waiting_sequences(store: &Subject, conversation: ConversationId) -> Vec<Sequence> {
    waiting(store, conversation).await.iter().map(|entry| entry.sequence).collect()
}

async fn waiting_texts(store: &Subject, conversation: ConversationId) -> Vec<String> {
    waiting(store, conversation).await.iter().map(text_of).collect()
}

fn text_of(entry: &Entry) -> String {
    use greenroom_contract::message::Body;
    use greenroom_contract::store::EntryKind;
    match &entry.kind {
        EntryKind::Message(inbound) => match &inbound.body {
            Body::Text(text) => text.clone(),
            other => format!("{other:?}"),
        },
        EntryKind::Wake { token, .. } => format!("wake {token}"),
    }
}

fn begin(conversation: ConversationId, rows: &[Sequence]) -> Begin {
    Begin { conversation, rows: rows.to_vec() }
}

/// The end of a turn that said nothing and left nothing behind.
fn settlement(conversation: ConversationId, rows: &[Sequence]) -> Settlement {
    Settlement {
        conversation,
        rows: rows.to_vec(),
        outcome: Outcome::Answered,
        steps: Vec::new(),
        parcels: Vec::new(),
        history: None,
        states: Vec::new(),
        forget: false,
        usage: Vec::new(),
        settings: None,
        settings_before: None,
        identity: None,
        wakes: Vec::new(),
        at: START,
    }
}

fn draft(to: &Inbound, words: &str) -> ParcelDraft {
    let route = Route { account: to.key.account.clone(), chat: to.key.chat.clone(), kind: to.chat.clone() };
    ParcelDraft {
        kind: ParcelKind::Reply,
        route,
        recipient: sender(to.sender.id.as_str()),
        reply_to: Some(to.key.message.clone()),
        opened_at: to.sent_at,
        speaks_first: false,
        body: OutboundBody::Text(words.to_owned()),
    }
}

/// Accepts a message and answers it; returns its conversation and the parcels.
async fn answer(store: &Subject, inbound: Inbound, replies: &[&str]) -> (ConversationId, Vec<ParcelKey>) {
    let (conversation, sequence) = accept_new(store, inbound.clone()).await;
    let parcels = replies.iter().map(|words| draft(&inbound, words)).collect();
    let settled = store.settle(Settlement { parcels, ..settlement(conversation, &[sequence]) }).await;
    (conversation, settled.expect("a waiting row can be settled").parcels)
}

async fn parcel(store: &Subject, key: &ParcelKey) -> Parcel {
    store.parcel(key).await.expect("the store is healthy").expect("the parcel is there")
}

fn past(asked: &str, answered: &str) -> PastTurn {
    PastTurn {
        at: START,
        name: None,
        asked: asked.to_owned(),
        answered: answered.to_owned(),
        worded_by: Some(super::messages::id("helper")),
        ..PastTurn::default()
    }
}

/// What a history tells, without the names of its turns and messages.
async fn told(store: &Subject, history: HistoryKey) -> Vec<PastTurn> {
    let turns = store.recent(history, limits::HISTORY_TURNS_MAX).await.expect("the store is healthy");
    turns.into_iter().map(|turn| PastTurn { messages: Vec::new(), turn: None, ..turn }).collect()
}

fn later(seconds: u64) -> Timestamp {
    START.plus(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests;

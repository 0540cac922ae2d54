//! Every rule of [`greenroom_contract::channel`], one test each.
//!
//! Whoever writes an adapter writes one [`ChannelWorld`]: the other side of the network, as a test
//! plays it (a simulator, a fake server, two ends of a pipe). Then, in the adapter's tests:
//!
//! ```ignore
//! async fn world() -> Arc<dyn ChannelWorld> { Arc::new(MyWorld::start().await) }
//! greenroom_conformance::channel_conformance!(world);
//! ```
//!
//! Each rule gets a world of its own. A rule that needs what the network does not have
//! ([`greenroom_contract::capabilities`]) or what the world cannot play ([`Plays`]) prints that it is skipped, and
//! why; `cargo test -- --nocapture` shows it. Nothing waits longer than [`PATIENCE`].
//!
//! The rules check what an adapter promises: it translates, it does not decide. It drops nobody's
//! message, acknowledges nothing before `emit` returned, gives every message the id that the network
//! gave, sends under the id that it is told, and says truthfully how a send or a connection ended.

// The name of a rule is its sentence; a doc comment could only say it again.
#![allow(missing_docs)]

pub mod connecting;
pub mod receiving;
pub mod sending;
mod stage;

pub use stage::Stage;

use super::vault::MemoryVault;
use async_trait::async_trait;
use bytes::Bytes;
use greenroom_contract::address::Address;
use greenroom_contract::capabilities::Support;
use greenroom_contract::channel::Channel;
use greenroom_contract::choices::Choices;
use greenroom_contract::event::EventSink;
use greenroom_contract::ids::MessageId;
use greenroom_contract::message::Location;
use greenroom_contract::store::AccountRow;
use std::sync::Arc;
use std::time::Duration;

/// How long anything may take before a rule fails. Generous: a busy machine is no broken rule.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// The other side of the network, played by a test.
///
/// One linked account exists from the start; the network accepts its connection. Methods with a
/// default belong to what a world need not play; see [`ChannelWorld::plays`].
#[async_trait]
pub trait ChannelWorld: Send + Sync + 'static {
    /// The adapter under test; the same at every call.
    fn channel(&self) -> Arc<dyn Channel>;

    /// The row of the linked account.
    fn account(&self) -> AccountRow;

    /// The vault, holding what linking left there.
    fn vault(&self) -> Arc<MemoryVault>;

    /// What this world can play. Must be the same at every call.
    fn plays(&self) -> Plays;

    /// For adapters whose events come by a webhook: where the world, as the gateway would, puts what
    /// `decode` gave. Called before anything is said.
    fn events_go_to(&self, _sink: Arc<dyn EventSink>) {}

    /// Somebody says something to the account, or in a group with it. Returns the id that the network
    /// gave the message, without waiting for an acknowledgement.
    async fn says(&self, saying: Saying) -> MessageId;

    /// The address under which a person is known on this network, if there are addresses.
    fn address_of(&self, who: Who) -> Option<Address>;

    /// Everything that people saw of us so far, in order. A message that was sent twice and is shown
    /// once stands here once.
    fn seen(&self) -> Vec<Seen>;

    /// Whether the network holds this message as acknowledged. Asked only with [`Plays::acknowledgements`].
    fn is_acknowledged(&self, _message: &MessageId) -> bool {
        false
    }

    /// Delivers everything that is not acknowledged again, as the network does after a while.
    async fn deliver_again(&self) {}

    /// Breaks the connection.
    async fn cut(&self) {}

    /// The network refuses the next message of ours; nobody sees it.
    async fn refuse_next_send(&self) {}

    /// The connection breaks, or the answer is lost, after the next message of ours was written.
    async fn lose_next_outcome(&self) {}

    /// The owner writes something in the chat with [`Who::Ana`], on another device of the account.
    async fn owner_says(&self, _text: &str) {}

    /// Takes all media off the network.
    async fn lose_media(&self) {}
}

/// What a world can play. What it cannot is skipped.
#[derive(Debug, Clone, Copy)]
pub struct Plays {
    /// The network has acknowledgements, and the world sees them.
    pub acknowledgements: Support,
    /// The network delivers again what was not acknowledged.
    pub redelivery: Support,
    /// There is a connection that can be cut.
    pub connection: Support,
    /// The network can refuse a send.
    pub refusals: Support,
    /// The outcome of a send can be lost.
    pub lost_outcomes: Support,
    /// There are other devices of the same account, and the adapter hears them.
    pub own_devices: Support,
    /// People can send media.
    pub media: Support,
    /// Media can vanish from the network.
    pub lost_media: Support,
    /// People can react to messages.
    pub reactions: Support,
    /// People can visibly answer a message.
    pub quotes: Support,
    /// There are kinds that the adapter does not understand.
    pub strange_kinds: Support,
    /// One message can have several lines.
    pub lines: Support,
    /// People see which message of theirs a message of ours answers, and the world sees it too.
    pub sees_replies: Support,
    /// The world sees pictures, voice notes and reactions of ours as they are, not a word in their place.
    pub sees_media: Support,
    /// People can send documents, and see ours as they are.
    pub documents: Support,
    /// People can send places, and see ours as they are.
    pub places: Support,
    /// People can send contacts.
    pub contacts: Support,
    /// People see questions of ours with their options, and can tap one.
    pub taps: Support,
}

impl Plays {
    /// A world that can play everything.
    pub const EVERYTHING: Self = Self {
        acknowledgements: Support::Yes,
        redelivery: Support::Yes,
        connection: Support::Yes,
        refusals: Support::Yes,
        lost_outcomes: Support::Yes,
        own_devices: Support::Yes,
        media: Support::Yes,
        lost_media: Support::Yes,
        reactions: Support::Yes,
        quotes: Support::Yes,
        strange_kinds: Support::Yes,
        lines: Support::Yes,
        sees_replies: Support::Yes,
        sees_media: Support::Yes,
        documents: Support::Yes,
        places: Support::Yes,
        contacts: Support::Yes,
        taps: Support::Yes,
    };

    /// A world that can only say words and see what was sent; begin here.
    pub const WORDS_ONLY: Self = Self {
        acknowledgements: Support::No,
        redelivery: Support::No,
        connection: Support::No,
        refusals: Support::No,
        lost_outcomes: Support::No,
        own_devices: Support::No,
        media: Support::No,
        lost_media: Support::No,
        reactions: Support::No,
        quotes: Support::No,
        strange_kinds: Support::No,
        lines: Support::Yes,
        sees_replies: Support::Yes,
        sees_media: Support::Yes,
        documents: Support::No,
        places: Support::No,
        contacts: Support::No,
        taps: Support::No,
    };
}

/// Somebody on the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Writes in direct chats and in the group.
    Ana,
    /// Another member of the group.
    Ben,
    /// Somebody of whom nobody has heard before.
    Stranger,
}

/// Where something is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the direct chat.
    Direct,
    /// In the one group, to nobody in particular.
    Group,
    /// In the group, mentioning the account.
    GroupMentioningUs,
}

/// What is said.
#[derive(Debug, Clone, PartialEq)]
pub struct Saying {
    /// By whom.
    pub who: Who,
    /// Where.
    pub place: Place,
    /// In visible answer to this message, one of ours or of somebody else.
    pub quoting: Option<MessageId>,
    /// What.
    pub what: What,
}

/// The content of a [`Saying`].
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// Words.
    Text(String),
    /// A picture.
    Image {
        /// Its bytes.
        bytes: Bytes,
        /// The words below it.
        caption: Option<String>,
    },
    /// A voice note.
    Voice {
        /// Its bytes.
        bytes: Bytes,
    },
    /// An emoji below a message.
    Reaction {
        /// The message.
        to: MessageId,
        /// The emoji.
        emoji: String,
    },
    /// A document.
    Document {
        /// Its bytes.
        bytes: Bytes,
        /// Its name.
        name: String,
        /// The words below it.
        caption: Option<String>,
    },
    /// A place.
    Place(Location),
    /// A person from an address book.
    Contact {
        /// The name.
        name: String,
        /// The number.
        phone: String,
    },
    /// A question of ours, as somebody sees it.
    Question(Choices),
    /// A tap on an option of a question of ours.
    Tap {
        /// The question.
        of: MessageId,
        /// The option's id.
        id: String,
        /// The option's title.
        title: String,
    },
    /// A kind that the adapter does not understand.
    Strange {
        /// The words that come with it.
        caption: String,
    },
}

impl Saying {
    /// Words in the direct chat.
    pub fn text(who: Who, words: impl Into<String>) -> Self {
        Self { who, place: Place::Direct, quoting: None, what: What::Text(words.into()) }
    }

    /// The same, elsewhere.
    #[must_use]
    pub fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }

    /// The same, in answer to a message.
    #[must_use]
    pub fn quoting(self, message: &MessageId) -> Self {
        Self { quoting: Some(message.clone()), ..self }
    }
}

/// A message of ours, as somebody saw it.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// Its id on the network.
    pub message: MessageId,
    /// The message it visibly answers.
    pub reply_to: Option<MessageId>,
    /// What it says.
    pub what: What,
}

/// Makes one test of each rule. `$make` is an async function that returns an `Arc<dyn ChannelWorld>`.
#[macro_export]
macro_rules! channel_conformance {
    ($make:expr) => {
        $crate::channel_conformance!(@module $make; receiving;
            a_text_arrives_as_it_was_said
            a_picture_arrives_and_can_be_fetched
            a_voice_note_arrives_and_can_be_fetched
            a_document_arrives_and_can_be_fetched
            a_place_arrives
            a_contact_arrives
            a_tap_keeps_the_id_of_its_option
            a_reaction_arrives
            a_strange_kind_is_no_error
            a_quote_names_the_quoted_message
            group_talk_is_overheard
            a_mention_addresses_us
            an_answer_to_our_message_addresses_us
            a_stranger_arrives_like_everybody
            no_name_in_the_vault_tells_who_wrote
            messages_of_one_chat_keep_their_order
            nothing_is_acknowledged_before_it_is_durable
            a_failed_emit_is_not_acknowledged_and_comes_again
            what_the_owner_writes_elsewhere_is_marked_as_our_own
            media_are_fetched_within_bounds
            unknown_media_are_gone
        );
        $crate::channel_conformance!(@module $make; sending;
            words_are_sent
            the_longest_words_are_sent_whole
            a_visible_reply_is_sent
            a_picture_is_sent
            a_voice_note_is_sent
            a_document_is_sent
            a_place_is_sent
            a_question_is_sent
            a_reaction_is_sent
            words_are_sent_into_a_group
            a_message_sent_twice_is_seen_once
            a_refused_message_is_not_seen_and_not_uncertain
            a_lost_outcome_is_uncertain
            a_send_does_not_wait_to_keep_a_rate
            typing_is_there_where_it_is_declared
        );
        $crate::channel_conformance!(@module $make; connecting;
            the_table_of_capabilities_makes_sense
            identities_are_distinct_and_stable
            a_connection_gives_a_sign_of_life
            nothing_is_sent_without_a_connection
            a_stop_ends_the_connection_soon
            a_lost_connection_says_so
            a_connection_can_be_made_again
            a_closed_sink_ends_the_connection
            nothing_is_written_into_another_vault
        );
    };
    (@module $make:expr; $module:ident; $($rule:ident)*) => {
        $(
            #[test]
            fn $rule() {
                $crate::run(async {
                    let world = $make().await;
                    $crate::channel_conformance::$module::$rule(world).await;
                });
            }
        )*
    };
}

#[cfg(test)]
mod tests {
    /// A rule that is written but not named in the macro would never run.
    #[test]
    fn every_rule_is_named_in_the_macro() {
        let macros = include_str!("mod.rs");
        let files = [include_str!("receiving.rs"), include_str!("sending.rs"), include_str!("connecting.rs")];
        for line in files.iter().flat_map(|file| file.lines()) {
            let Some(rest) = line.strip_prefix("pub async fn ") else { continue };
            let name = rest.split('(').next().unwrap_or_default();
            assert!(macros.contains(name), "the rule {name} is in no macro");
        }
    }
}

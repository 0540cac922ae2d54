//! The labels, each a word that does not change between versions.

/// An enum of words, with all of them.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $one:ident = $word:literal,)* }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$doc])* $one,)*
        }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$one,)*];

            /// The word.
            pub fn word(self) -> &'static str {
                match self {
                    $(Self::$one => $word,)*
                }
            }
        }
    };
}

words! {
    /// What became of something that a network handed over.
    Arrival {
        /// A message that waits for its turn.
        Taken = "taken",
        /// Something that is known now and needs no turn: a refused message, a status.
        Noted = "noted",
        /// A copy of what was there.
        Duplicate = "duplicate",
    }
}

words! {
    /// How a turn, or an attempt at one, ended.
    TurnEnd {
        /// It was answered, perhaps with silence.
        Answered = "answered",
        /// It needed no answer, or got a notice.
        Ignored = "ignored",
        /// It failed too often and waits for the owner.
        Quarantined = "quarantined",
        /// It failed, and another attempt follows.
        Retried = "retried",
        /// Its assistant is away; it waits.
        Away = "away",
    }
}

words! {
    /// How an attempt to send a message ended.
    SendEnd {
        /// The network has it.
        Sent = "sent",
        /// It is not known whether the network has it.
        Uncertain = "uncertain",
        /// It is tried again later.
        Retried = "retried",
        /// The network refuses it for good.
        Refused = "refused",
        /// It waits until its person writes.
        Window = "window_closed",
        /// There is no connection.
        NotConnected = "not_connected",
        /// The network stopped the account.
        AccountStopped = "account_stopped",
    }
}

words! {
    /// Where a message spends its time.
    Stage {
        /// From its event to its commit: what a network waits for.
        Accept = "accept",
        /// From its commit to the moment at which its assistant is asked.
        Inbox = "inbox",
        /// A voice note is fetched and heard.
        Transcription = "transcription",
        /// The assistant answers; asking language models and tools is a part of it.
        Assistant = "assistant",
        /// The commit of an answer.
        Settle = "settle",
        /// From the commit of an answer to its send.
        Outbox = "outbox",
        /// The network takes a message.
        Send = "send",
        /// The store applies a group of commits, flushes and syncs.
        Flush = "flush",
    }
}

words! {
    /// Where something waits.
    Queue {
        /// Messages that wait for their turn.
        Inbox = "inbox",
        /// Messages that failed too often.
        Quarantine = "quarantine",
        /// Messages of the bot that wait to be sent.
        Outbox = "outbox",
        /// Messages of the bot that wait for the owner.
        Held = "held",
        /// Conversations in memory.
        Conversations = "conversations",
        /// Voice notes that wait to be heard.
        Transcription = "transcription",
    }
}

words! {
    /// Tokens of language models.
    Tokens {
        /// Read, those of a cache included.
        In = "in",
        /// Those of them that came from a cache.
        Cached = "cached",
        /// Written.
        Out = "out",
    }
}

words! {
    /// What became of an alert.
    AlertEnd {
        /// It was taken.
        Delivered = "delivered",
        /// It was not taken, and is tried again.
        Retried = "retried",
        /// It was given up.
        GivenUp = "given_up",
    }
}

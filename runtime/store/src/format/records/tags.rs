//! The numbers by which records say of which kind they are. They stand in files: a number is never used twice, and a record
//! with one that is not known was written by a newer program.

use crate::format::envelope::Damage;

/// An enumeration with the number of each variant, and what it is called when a number is not one of them.
macro_rules! tags {
    ($($(#[$meta:meta])* $name:ident, $what:literal { $($(#[$of:meta])* $variant:ident = $number:literal,)* })*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum $name {
            $($(#[$of])* $variant,)*
        }

        impl $name {
            /// The number that is stored.
            pub(crate) fn number(self) -> u32 {
                match self {
                    $(Self::$variant => $number,)*
                }
            }

            /// What a stored number stands for.
            pub(crate) fn read(number: u32) -> Result<Self, Damage> {
                match number {
                    $($number => Ok(Self::$variant),)*
                    _ => Err(Damage::Content(concat!("unknown ", $what).to_owned())),
                }
            }
        }
    )*
        /// Each enumeration, with the number of its variants.
        #[cfg(test)]
        pub(crate) const COUNTED: &[(&str, usize)] =
            &[$((stringify!($name), [$(stringify!($variant),)*].len()),)*];
    };
}

tags! {
    /// Whose device wrote an inbound message.
    OriginTag, "origin" {
        Person = 0,
        OwnDevice = 1,
        /// An own device, in the chat with itself.
        OwnDeviceToSelf = 2,
    }

    /// How an inbound message is addressed.
    AddressingTag, "addressing" {
        Direct = 0,
        Mentioned = 1,
        Replied = 2,
        Overheard = 3,
    }

    /// What an inbound message holds.
    BodyTag, "kind of body" {
        Text = 1,
        Image = 2,
        Voice = 3,
        Reaction = 4,
        Unsupported = 5,
        Unreadable = 6,
        Event = 7,
        Choice = 8,
        Document = 9,
        Location = 10,
        Contacts = 11,
    }

    /// Whether what a message says has come. An unknown number counts as [`Known`](Self::Known).
    ContentTag, "state of content" {
        Known = 0,
        /// It may still come.
        Waiting = 1,
        /// It may still come, but nothing is done for it.
        Missing = 2,
    }

    /// What an outbound message holds.
    OutboundTag, "kind of body" {
        Text = 1,
        Image = 2,
        Voice = 3,
        Reaction = 4,
        Choices = 5,
        Document = 6,
        Location = 7,
    }

    /// Why a parcel was made.
    ParcelTag, "kind of parcel" {
        Reply = 1,
        Notice = 2,
        OwnSend = 3,
    }

    /// How far a parcel is.
    StateTag, "state of a parcel" {
        Waiting = 1,
        Uncertain = 2,
        Held = 3,
        Sent = 4,
        Dropped = 5,
    }

    /// What the network said of a parcel.
    StatusTag, "status" {
        Sent = 1,
        Delivered = 2,
        Read = 3,
        Played = 4,
        Failed = 5,
    }

    /// What follows from a failure that was told later; that of older records is not known.
    ConsequenceTag, "consequence of a failure" {
        GivenUp = 0,
        TriedAgain = 1,
        PersonWrites = 2,
        AccountStops = 3,
    }

    /// A decision in a trace.
    StepTag, "kind of step" {
        /// Any decision that has no number of its own.
        Json = 0,
        Admitted = 1,
        Asked = 2,
        Answered = 3,
        Queued = 4,
        Sent = 5,
    }

    /// How an e-mail address was proved.
    EvidenceTag, "evidence" {
        Code = 1,
    }

    /// How far an account is.
    AccountTag, "state of an account" {
        Pending = 1,
        Expired = 2,
        Linked = 3,
        Stopped = 4,
        LoggedOut = 5,
    }
}

impl BodyTag {
    /// Whether such a body has words that an edit replaces. A voice note and a reaction have none.
    pub(crate) fn has_words(self) -> bool {
        matches!(self, Self::Text | Self::Image | Self::Unsupported | Self::Document)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_reads_back_and_an_unknown_one_is_not_understood() {
        for number in 1..=5 {
            assert_eq!(StateTag::read(number).map(StateTag::number), Ok(number));
        }
        assert_eq!(StateTag::read(0), Err(Damage::Content("unknown state of a parcel".into())));
        assert!(AddressingTag::read(4).is_err());
    }

    #[test]
    fn text_picture_and_unsupported_kinds_have_words() {
        let with_words: Vec<u32> =
            (1..=11).filter(|number| BodyTag::read(*number).is_ok_and(BodyTag::has_words)).collect();
        assert_eq!(with_words, [1, 2, 5, 9]);
    }
}

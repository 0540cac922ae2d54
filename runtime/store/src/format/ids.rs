//! Ids as numbers: as keys and records hold them.

use greenroom_contract::ids::{ConversationId, PersonId, Sequence};

/// Stands for an id that is not known, or that does not exist: the author of a refused message, the person of a group.
/// A store counts from one, so it is never an id itself.
const NONE: u64 = 0;

/// An id that the store mints.
pub(crate) trait StoredId: Copy {
    /// The id with this number.
    fn of(number: u64) -> Self;

    /// Its number.
    fn number(self) -> u64;
}

macro_rules! stored_id {
    ($($name:ident),*) => {$(
        impl StoredId for $name {
            fn of(number: u64) -> Self {
                Self(number)
            }

            fn number(self) -> u64 {
                self.0
            }
        }
    )*};
}

stored_id!(ConversationId, PersonId, Sequence);

/// The number that is stored for an id.
pub(crate) fn stored<I: StoredId>(id: Option<I>) -> u64 {
    id.map_or(NONE, StoredId::number)
}

/// The id that a stored number stands for.
pub(crate) fn known<I: StoredId>(number: u64) -> Option<I> {
    (number != NONE).then(|| I::of(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_stored_for_an_id_that_is_not_known() {
        assert_eq!(stored::<PersonId>(None), 0);
        assert_eq!(known::<PersonId>(0), None);
        assert_eq!(known::<Sequence>(stored(Some(Sequence(7)))), Some(Sequence(7)));
    }
}

//! What the network said about the numbers of an allow-list, and what follows. Pure.
//!
//! A number that the network writes in another way, or that no one has, makes a person silent without a trace: nothing
//! ever comes from it. So entries are looked up, once a day at most.

use greenroom_contract::address::Address;
use greenroom_contract::limits;
use greenroom_contract::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is known of the numbers of one account's allow-list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DirectoryBook {
    numbers: BTreeMap<Address, Answer>,
}

/// What the network said about one number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Answer {
    at: Timestamp,
    /// How the network writes it; `None` if no one has it.
    known_as: Option<Address>,
}

/// Why an entry admits no one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Misnamed {
    /// Messages of this person come from another address, which is not admitted.
    Otherwise { entry: Address, known_as: Address },
    /// No one has this number on the network.
    Nowhere { entry: Address },
}

impl DirectoryBook {
    /// Those of the listed numbers that are to be asked for now. Numbers that are not listed any more are forgotten.
    pub(crate) fn due(&mut self, listed: &[Address], now: Timestamp) -> Vec<Address> {
        let listed = listed.get(..limits::DIRECTORY_ENTRIES_MAX).unwrap_or(listed);
        self.numbers.retain(|number, _| listed.contains(number));
        // An answer from the future is one of a clock that was wrong.
        let holds = |answer: &Answer| answer.at <= now && now.since(answer.at) < limits::DIRECTORY_AGE_MAX;
        listed.iter().filter(|number| !self.numbers.get(number).is_some_and(holds)).cloned().collect()
    }

    /// What the network answered.
    pub(crate) fn note(&mut self, number: Address, known_as: Option<Address>, at: Timestamp) {
        self.numbers.insert(number, Answer { at, known_as });
    }

    /// Listed numbers that admit no one, because the network has another address for them or none at all.
    pub(crate) fn misnamed(&self, listed: &[Address], is_admitted: impl Fn(&Address) -> bool) -> Vec<Misnamed> {
        let of_number = |(number, answer): (&Address, &Answer)| {
            if !listed.contains(number) {
                return None;
            }
            let entry = number.clone();
            match &answer.known_as {
                None => Some(Misnamed::Nowhere { entry }),
                Some(known_as) if is_admitted(known_as) => None,
                Some(known_as) => Some(Misnamed::Otherwise { entry, known_as: known_as.clone() }),
            }
        };
        self.numbers.iter().filter_map(of_number).collect()
    }
}

impl std::fmt::Display for Misnamed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Otherwise { entry, known_as } => write!(
                f,
                "the network knows {entry} of the allow-list as {known_as}, which is not on it, so messages from there are \
                 not answered"
            ),
            Self::Nowhere { entry } => {
                write!(f, "the network says that no one has the number {entry} of the allow-list: is it complete?")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const START: Timestamp = Timestamp(1_800_000_000_000);
    const DAY: Duration = limits::DIRECTORY_AGE_MAX;

    fn numbers(count: usize) -> Vec<Address> {
        (0..count).map(|n| format!("+1202555{n:04}").parse().unwrap()).collect()
    }

    #[test]
    fn each_number_is_asked_for_once_a_day_and_only_so_many() {
        let listed = numbers(limits::DIRECTORY_ENTRIES_MAX + 5);
        let mut book = DirectoryBook::default();
        let due = book.due(&listed, START);
        assert_eq!(due.len(), limits::DIRECTORY_ENTRIES_MAX);
        for number in due {
            book.note(number.clone(), Some(number), START);
        }
        assert_eq!(book.due(&listed, START.plus(DAY).minus(Duration::from_secs(1))), []);
        assert_eq!(book.due(&listed, START.plus(DAY)).len(), limits::DIRECTORY_ENTRIES_MAX);
        assert_eq!(
            book.due(&listed, START.minus(DAY)).len(),
            limits::DIRECTORY_ENTRIES_MAX,
            "a clock that was set back"
        );
        assert_eq!(book.due(&listed[..1], START), []);
        assert_eq!(book.numbers.len(), 1, "what is not listed is forgotten");
    }

    #[test]
    fn it_is_kept_as_json() {
        let [one, other] = numbers(2).try_into().unwrap();
        let mut book = DirectoryBook::default();
        book.note(one.clone(), Some(other.clone()), START);
        book.note(other, None, START);
        let json = serde_json::to_vec(&book).unwrap();
        assert_eq!(serde_json::from_slice::<DirectoryBook>(&json).unwrap(), book);
    }

    #[test]
    fn only_what_admits_no_one_is_told() {
        let [same, other, nowhere, gone] = numbers(4).try_into().unwrap();
        let known_as: Address = "+12025559999".parse().unwrap();
        let mut book = DirectoryBook::default();
        book.note(same.clone(), Some(same.clone()), START);
        book.note(other.clone(), Some(known_as.clone()), START);
        book.note(nowhere.clone(), None, START);
        book.note(gone, None, START);
        let listed = [same, other.clone(), nowhere.clone()];
        let found = book.misnamed(&listed, |address| listed.contains(address));
        let nowhere = Misnamed::Nowhere { entry: nowhere };
        assert_eq!(found, [Misnamed::Otherwise { entry: other, known_as: known_as.clone() }, nowhere.clone()]);
        assert!(found[0].to_string().contains("as +12025559999, which is not on it"), "{}", found[0]);
        assert_eq!(book.misnamed(&listed, |_| true), [nowhere], "the other spelling is admitted too");
    }
}

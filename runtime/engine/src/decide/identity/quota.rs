//! How many codes are sent: to one person, to one address, and altogether. In memory; what counts for a person is kept with
//! the person as well.

use greenroom_contract::identity::EmailAddress;
use greenroom_contract::ids::PersonId;
use greenroom_contract::limits;
use greenroom_contract::time::Timestamp;
use std::collections::{BTreeMap, HashMap, VecDeque};

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Who {
    Person(PersonId),
    Email(EmailAddress),
}

/// When codes were sent lately.
#[derive(Debug, Default)]
pub(crate) struct CodeBook {
    sent: HashMap<Who, (u64, VecDeque<Timestamp>)>,
    /// Everyone by the last look.
    order: BTreeMap<u64, Who>,
    looks: u64,
    all: VecDeque<Timestamp>,
}

impl CodeBook {
    /// Whether one more code may be sent now; if so it counts. Steady time.
    pub(crate) fn take(&mut self, person: PersonId, email: &EmailAddress, codes_max: usize, now: Timestamp) -> bool {
        let whose = [
            (Who::Person(person), limits::CODES_PER_PERSON_MAX),
            (Who::Email(email.clone()), limits::CODES_PER_EMAIL_MAX),
        ];
        drop_old(&mut self.all, now);
        if self.all.len() >= codes_max || whose.iter().any(|(who, most)| self.sent_to(who, now).len() >= *most) {
            return false;
        }
        self.all.push_back(now);
        for (who, _) in &whose {
            self.sent_to(who, now).push_back(now);
        }
        true
    }

    fn sent_to(&mut self, who: &Who, now: Timestamp) -> &mut VecDeque<Timestamp> {
        if let Some((look, _)) = self.sent.get(who) {
            self.order.remove(look);
        } else if self.sent.len() >= limits::CODES_REMEMBERED_MAX
            && let Some((_, silent_longest)) = self.order.pop_first()
        {
            self.sent.remove(&silent_longest);
        }
        self.looks += 1;
        self.order.insert(self.looks, who.clone());
        let (look, sent) = self.sent.entry(who.clone()).or_default();
        *look = self.looks;
        drop_old(sent, now);
        sent
    }
}

fn drop_old(sent: &mut VecDeque<Timestamp>, now: Timestamp) {
    while sent.front().is_some_and(|at| now.since(*at) >= limits::CODES_WINDOW) {
        sent.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn email(number: u64) -> EmailAddress {
        EmailAddress::new(&format!("a{number}@example.org")).unwrap()
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp(1_000_000).plus(Duration::from_secs(seconds))
    }

    #[test]
    fn a_person_an_address_and_all_together_are_bounded_for_an_hour() {
        let mut book = CodeBook::default();
        let of_person: Vec<_> = (0..7).map(|n| book.take(PersonId(1), &email(n), 100, at(n))).collect();
        assert_eq!(of_person, [true, true, true, true, true, false, false]);
        let to_address: Vec<_> = (0..7).map(|n| book.take(PersonId(10 + n), &email(99), 100, at(n))).collect();
        assert_eq!(to_address, [true, true, true, true, true, false, false]);
        assert!(!book.take(PersonId(50), &email(50), 10, at(8)), "ten were sent altogether");
        assert!(book.take(PersonId(1), &email(0), 100, at(3601)), "after an hour there is room");
    }

    #[test]
    fn a_refusal_counts_nothing_and_the_book_is_bounded() {
        let mut book = CodeBook::default();
        for n in 0..5 {
            assert!(book.take(PersonId(1), &email(n), usize::MAX, at(0)));
            assert!(!book.take(PersonId(2), &email(200 + n), 0, at(0)));
        }
        assert!(book.take(PersonId(2), &email(200), usize::MAX, at(0)));
        for n in 0..limits::CODES_REMEMBERED_MAX as u64 {
            book.take(PersonId(1_000 + n), &email(1_000 + n), usize::MAX, at(1));
        }
        assert!(book.sent.len() <= limits::CODES_REMEMBERED_MAX && book.order.len() == book.sent.len());
    }
}

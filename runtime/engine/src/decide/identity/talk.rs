//! What is said to a person who wants to be linked, and what changes.

use super::code::{Compared, OpenCode, code};
use super::notes::{Notes, Open};
use super::standing::{can_be_linked, standing};
use super::words::{Heard, Request};
use crate::decide::house_texts::linking::{ADDRESSES, CODE, EMAIL, LEFT, LinkingTexts, NAME};
use crate::decide::open_choice::Asked as Moment;
use greenroom_contract::address::Address;
use greenroom_contract::identity::{EmailAddress, Mail};
use greenroom_contract::limits;
use greenroom_contract::store::{LinkChange, Person};

/// Who talks, and what is known of them.
pub(crate) struct Talk<'a> {
    /// The person, with the links.
    pub(crate) person: &'a Person,
    /// The addresses of the message.
    pub(crate) addresses: &'a [Address],
    /// What is remembered, without what is too old.
    pub(crate) notes: Notes,
    /// In which language is spoken.
    pub(crate) says: &'a LinkingTexts,
    /// What codes are hashed with.
    pub(crate) secret: &'a [u8],
    /// Two random numbers.
    pub(crate) random: [u64; 2],
    /// Now.
    pub(crate) now: Moment,
}

/// What follows a message.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Said {
    /// What is said.
    pub(crate) words: String,
    /// What is remembered from now on.
    pub(crate) notes: Notes,
    /// What happens to the links.
    pub(crate) links: Option<LinkChange>,
    /// What is sent once all of this is on disk.
    pub(crate) mail: Option<Mail>,
    /// Whether everything that was said is forgotten.
    pub(crate) forget: bool,
    /// The word of the trace.
    pub(crate) traced: &'static str,
}

impl Talk<'_> {
    /// What follows a message; `None` if it is for the assistant. `may_send` says whether one more code may be sent to an
    /// address, and counts it.
    pub(crate) fn answer(mut self, heard: &Heard, may_send: impl FnOnce(&EmailAddress) -> bool) -> Option<Said> {
        match heard {
            Heard::Request(wish) => self.wish(*wish),
            Heard::Email(email) => {
                matches!(self.notes.open, Some(Open::Email(_) | Open::Code(_))).then_some(())?;
                Some(self.send(email.clone(), may_send))
            }
            Heard::AlmostEmail => {
                matches!(self.notes.open, Some(Open::Email(_))).then_some(())?;
                let words = self.says.not_an_email.to_owned();
                Some(self.said(words, "no e-mail address"))
            }
            Heard::Code(code) => {
                let Some(Open::Code(open)) = self.notes.open.take() else { return None };
                Some(self.compare(open, code))
            }
            Heard::Words => None,
        }
    }

    fn said(self, words: String, traced: &'static str) -> Said {
        Said { words, notes: self.notes, links: None, mail: None, forget: false, traced }
    }

    fn wish(mut self, wish: Request) -> Option<Said> {
        let says = self.says;
        let words = match wish {
            Request::Link if !can_be_linked(self.addresses) => return None,
            Request::Link => {
                self.notes.open = Some(Open::Email(self.now));
                says.ask_email.to_owned()
            }
            Request::WhoAmI => self.who_am_i(),
            Request::Unlink => {
                self.notes.open = None;
                // Whoever was given the number of another person learns nothing of that person's links.
                if standing(&self.person.links, self.addresses).is_some() {
                    let said = self.said(says.unlinked.to_owned(), wish.code());
                    return Some(Said { links: Some(LinkChange::Removed), ..said });
                }
                says.not_linked.to_owned()
            }
            Request::ForgetMe if matches!(self.notes.open, Some(Open::Forget(_))) => {
                // What keeps too many codes from being sent is kept, without the person.
                let codes = std::mem::take(&mut self.notes.codes);
                self.notes = Notes { offered: true, codes, ..Notes::default() };
                let said = self.said(says.forgotten.to_owned(), wish.code());
                return Some(Said { links: Some(LinkChange::Forgotten), forget: true, ..said });
            }
            Request::ForgetMe => {
                self.notes.open = Some(Open::Forget(self.now));
                says.ask_forget.to_owned()
            }
            Request::Cancel => {
                self.notes.open.take()?;
                says.cancelled.to_owned()
            }
        };
        Some(self.said(words, wish.code()))
    }

    fn who_am_i(&self) -> String {
        let says = self.says;
        let name = self.person.name.as_deref().map(|name| says.you_are.replace(NAME, name));
        let shown: Vec<String> = self.addresses.iter().map(ToString::to_string).collect();
        let known_by = (!shown.is_empty()).then(|| says.known_by.replace(ADDRESSES, &shown.join(", ")));
        let counts = |link: &&greenroom_contract::store::PersonLink| {
            standing(std::slice::from_ref(*link), self.addresses).is_some()
        };
        let mut links: Vec<String> = self
            .person
            .links
            .iter()
            .filter(counts)
            .map(|link| says.linked_with.replace(EMAIL, link.email.as_str()))
            .collect();
        if links.is_empty() {
            links.push(says.not_linked.to_owned());
        }
        name.into_iter().chain(known_by).chain(links).collect::<Vec<_>>().join("\n")
    }

    /// The same whether the address is known or not.
    fn send(mut self, email: EmailAddress, may_send: impl FnOnce(&EmailAddress) -> bool) -> Said {
        if self.notes.codes.len() >= limits::CODES_PER_PERSON_MAX || !may_send(&email) {
            let words = self.says.too_many_codes.to_owned();
            return self.said(words, "too many codes");
        }
        let [random, salt] = self.random;
        let code = code(random);
        let mail = Mail {
            to: email.clone(),
            subject: self.says.mail_subject.replace(CODE, &code),
            text: self.says.mail_text.replace(CODE, &code),
        };
        let words = self.says.code_sent.replace(EMAIL, email.as_str());
        self.notes.open = Some(Open::Code(OpenCode::new(email, &code, salt, self.secret, self.now)));
        self.notes.codes.push(self.now);
        Said { mail: Some(mail), ..self.said(words, "e-mail address") }
    }

    fn compare(mut self, mut open: OpenCode, code: &str) -> Said {
        match open.compare(code, self.secret, &self.now) {
            Compared::Right => {
                let words = self.says.linked.replace(EMAIL, open.email.as_str());
                // Also what is known of the person besides what this message shows.
                let mut by = self.addresses.to_vec();
                let of_other_kind =
                    |known: &&Address| !self.addresses.iter().any(|one| one.namespace() == known.namespace());
                by.extend(self.person.addresses.iter().filter(of_other_kind).cloned());
                self.notes = Notes { offered: true, codes: std::mem::take(&mut self.notes.codes), ..Notes::default() };
                Said { links: Some(LinkChange::Proved { email: open.email, by }), ..self.said(words, "right code") }
            }
            Compared::Wrong { left } => {
                self.notes.open = Some(Open::Code(open));
                let words = self.says.wrong_code.replace(LEFT, &left.to_string());
                self.said(words, "wrong code")
            }
            Compared::Last => {
                let words = self.says.too_many_tries.to_owned();
                self.said(words, "wrong code too often")
            }
            Compared::Expired => {
                let words = self.says.code_expired.to_owned();
                self.said(words, "code too old")
            }
        }
    }
}

#[cfg(test)]
mod tests;

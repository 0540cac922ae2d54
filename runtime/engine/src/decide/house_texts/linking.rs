//! What is said of linking an e-mail address, and the words by which people ask for it.

/// What is said of linking, in one language. In the lists: what people write, in lower case and without marks at the end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct LinkingTexts {
    /// Wishes to be linked.
    pub(crate) link: &'static [&'static str],
    /// Asks who the bot takes one for.
    pub(crate) who_am_i: &'static [&'static str],
    /// Ends every link.
    pub(crate) unlink: &'static [&'static str],
    /// Wishes to be forgotten.
    pub(crate) forget_me: &'static [&'static str],
    /// Ends a question.
    pub(crate) cancel: &'static [&'static str],
    /// That one can be linked, said once.
    pub(crate) offer: &'static str,
    /// That an earlier proof no longer counts, said once.
    pub(crate) anew: &'static str,
    /// Asks for the address.
    pub(crate) ask_email: &'static str,
    /// What was written is none.
    pub(crate) not_an_email: &'static str,
    /// A code is on its way; [`EMAIL`] stands for where to. The same whether the address is known or not.
    pub(crate) code_sent: &'static str,
    /// No more codes for now.
    pub(crate) too_many_codes: &'static str,
    /// The mail could not be sent.
    pub(crate) mail_failed: &'static str,
    /// Another code is right; [`LEFT`] stands for how often one may try.
    pub(crate) wrong_code: &'static str,
    /// The code was right, too long ago.
    pub(crate) code_expired: &'static str,
    /// The code was wrong too often.
    pub(crate) too_many_tries: &'static str,
    /// It worked; [`EMAIL`] stands for the address.
    pub(crate) linked: &'static str,
    /// A question was ended.
    pub(crate) cancelled: &'static str,
    /// Who one is; [`NAME`] stands for the name.
    pub(crate) you_are: &'static str,
    /// By what one is known; [`ADDRESSES`] stands for it.
    pub(crate) known_by: &'static str,
    /// With what one is linked; [`EMAIL`] stands for it.
    pub(crate) linked_with: &'static str,
    /// One is linked with nothing.
    pub(crate) not_linked: &'static str,
    /// Every link was ended.
    pub(crate) unlinked: &'static str,
    /// Asks whether to forget.
    pub(crate) ask_forget: &'static str,
    /// One is forgotten.
    pub(crate) forgotten: &'static str,
    /// Not in a group.
    pub(crate) only_direct: &'static str,
    /// Not in a group: it continues in the direct chat.
    pub(crate) moved: &'static str,
    /// The subject of the mail; [`CODE`] stands for the code.
    pub(crate) mail_subject: &'static str,
    /// The text of the mail; [`CODE`] stands for the code.
    pub(crate) mail_text: &'static str,
}

/// Stands for an e-mail address.
pub(crate) const EMAIL: &str = "%email%";
/// Stands for the attempts that are left.
pub(crate) const LEFT: &str = "%left%";
/// Stands for a name.
pub(crate) const NAME: &str = "%name%";
/// Stands for addresses.
pub(crate) const ADDRESSES: &str = "%addresses%";
/// Stands for a code.
pub(crate) const CODE: &str = "%code%";

#[cfg(test)]
impl LinkingTexts {
    /// Everything that is said.
    pub(crate) fn all(&self) -> [&'static str; 23] {
        [
            self.offer,
            self.anew,
            self.ask_email,
            self.not_an_email,
            self.code_sent,
            self.too_many_codes,
            self.mail_failed,
            self.wrong_code,
            self.code_expired,
            self.too_many_tries,
            self.linked,
            self.cancelled,
            self.you_are,
            self.known_by,
            self.linked_with,
            self.not_linked,
            self.unlinked,
            self.ask_forget,
            self.forgotten,
            self.only_direct,
            self.moved,
            self.mail_subject,
            self.mail_text,
        ]
    }
}

//! Whether words address the bot. Pure.
//!
//! Adapters decide by identity; this adds what only words can tell: a name, a command prefix.

use greenroom_contract::message::Addressing;
use greenroom_contract::policy::ChannelPolicy;

/// Whose the quoted message is, as far as it is known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum QuotedAuthor {
    /// The bot sent it.
    Bot,
    /// It arrived: a person wrote it, or the owner of the account by hand.
    Person,
    /// It is too old, or never came here.
    Unknown,
}

/// How a message in a group concerns us that quotes another one. Whose a quoted message is, its writer claims on some
/// networks; what was sent and what arrived is known, and counts before that.
pub(crate) fn with_quote(claimed: Addressing, author: QuotedAuthor) -> Addressing {
    match (claimed, author) {
        (Addressing::Overheard | Addressing::Replied, QuotedAuthor::Bot) => Addressing::Replied,
        (Addressing::Replied, QuotedAuthor::Person) => Addressing::Overheard,
        (claimed, _) => claimed,
    }
}

/// Whether the text calls the bot by one of its names, or begins with its command prefix.
pub(crate) fn calls_us(policy: &ChannelPolicy, text: &str) -> bool {
    let prefixed = policy.command_prefix.as_deref().is_some_and(|prefix| {
        !prefix.is_empty() && text.trim_start().strip_prefix(prefix).is_some_and(|rest| !rest.trim().is_empty())
    });
    prefixed || policy.names.iter().any(|name| contains_word(text, name))
}

/// Whether `name` stands in `text` as whole words, whatever the case.
fn contains_word(text: &str, name: &str) -> bool {
    let name = name.trim().to_lowercase();
    if name.is_empty() {
        return false;
    }
    let text = text.to_lowercase();
    text.match_indices(&name).any(|(start, found)| {
        let before = text[..start].chars().next_back();
        let after = text[start + found.len()..].chars().next();
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_of_a_quote_counts_before_what_is_claimed() {
        use Addressing::{Direct, Mentioned, Overheard, Replied};
        use QuotedAuthor::{Bot, Person, Unknown};
        for (claimed, author, expected) in [
            (Overheard, Bot, Replied),
            (Replied, Bot, Replied),
            (Replied, Person, Overheard),
            (Overheard, Person, Overheard),
            // Traces are forgotten before conversations are.
            (Replied, Unknown, Replied),
            (Overheard, Unknown, Overheard),
            (Mentioned, Person, Mentioned),
            (Direct, Person, Direct),
        ] {
            assert_eq!(with_quote(claimed, author), expected, "{claimed:?} {author:?}");
        }
    }
    use greenroom_contract::ids::AssistantName;

    fn check(text: &str, expected: bool) {
        let mut policy = ChannelPolicy::new(AssistantName::new("helper").unwrap());
        policy.names = vec!["Robo".into(), "Ægir Bot".into()];
        policy.command_prefix = Some("!".into());
        assert_eq!(calls_us(&policy, text), expected, "{text:?}");
    }

    #[test]
    fn a_name_is_a_whole_word_in_any_case() {
        check("robo, what time is it?", true);
        check("hey ROBO!", true);
        check("@robo hi", true);
        check("ÆGIR BOT, hello", true);
        check("robot", false);
        check("microbo", false);
        check("", false);
    }

    #[test]
    fn a_prefix_needs_something_behind_it() {
        check("  !help", true);
        check("!", false);
        check("wow!", false);
    }
}

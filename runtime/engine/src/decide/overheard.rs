//! Recent group talk that was not for us: in memory only, bounded in lines, in age and in groups.

use greenroom_contract::assistant::OverheardLine;
use greenroom_contract::ids::{AccountId, ChatId};
use greenroom_contract::limits;
pub(crate) use greenroom_contract::text::truncate;
use greenroom_contract::time::Timestamp;
use std::collections::{HashMap, VecDeque};

type Group = (AccountId, ChatId);

/// What was overheard lately.
#[derive(Debug, Default)]
pub(crate) struct OverheardBuffer {
    groups: HashMap<Group, VecDeque<OverheardLine>>,
}

impl OverheardBuffer {
    /// Remembers a line.
    pub(crate) fn push(&mut self, account: &AccountId, chat: &ChatId, mut line: OverheardLine) {
        let key = (account.clone(), chat.clone());
        if !self.groups.contains_key(&key) && self.groups.len() >= limits::OVERHEARD_GROUPS_MAX {
            self.forget_the_most_silent();
        }
        truncate(&mut line.text, limits::OVERHEARD_LINE_BYTES_MAX);
        let lines = self.groups.entry(key).or_default();
        if lines.len() >= limits::OVERHEARD_LINES_MAX {
            lines.pop_front();
        }
        lines.push_back(line);
    }

    /// What was overheard in a group since its last turn.
    pub(crate) fn lines(&self, account: &AccountId, chat: &ChatId, now: Timestamp) -> Vec<OverheardLine> {
        let lines = self.groups.get(&(account.clone(), chat.clone())).into_iter().flatten();
        lines.filter(|line| now.since(line.at) <= limits::OVERHEARD_AGE_MAX).cloned().collect()
    }

    /// A turn that was given the lines up to `until` is settled: they are not given again.
    pub(crate) fn forget_given(&mut self, account: &AccountId, chat: &ChatId, until: Timestamp) {
        let key = (account.clone(), chat.clone());
        if let Some(lines) = self.groups.get_mut(&key) {
            lines.retain(|line| line.at > until);
            if lines.is_empty() {
                self.groups.remove(&key);
            }
        }
    }

    /// Forgets everything.
    pub(crate) fn forget_all(&mut self) {
        *self = Self::default();
    }

    /// Forgets lines that are too old. Called now and then.
    pub(crate) fn forget_old(&mut self, now: Timestamp) {
        self.groups.retain(|_, lines| {
            lines.retain(|line| now.since(line.at) <= limits::OVERHEARD_AGE_MAX);
            !lines.is_empty()
        });
    }

    fn forget_the_most_silent(&mut self) {
        let silent =
            self.groups.iter().min_by_key(|(_, lines)| lines.back().map(|line| line.at)).map(|(key, _)| key.clone());
        if let Some(key) = silent {
            self.groups.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(at: u64, text: &str) -> OverheardLine {
        OverheardLine { at: Timestamp(at), name: None, text: text.to_owned() }
    }

    #[test]
    fn it_is_bounded_in_lines_in_bytes_and_in_age_and_given_once() {
        let (account, chat) = (AccountId::new("a").unwrap(), ChatId::new("g").unwrap());
        let mut buffer = OverheardBuffer::default();
        for n in 0..80 {
            buffer.push(&account, &chat, line(n, &"ä".repeat(2000)));
        }
        let lines = buffer.lines(&account, &chat, Timestamp(79));
        assert_eq!(lines.len(), limits::OVERHEARD_LINES_MAX);
        assert!(lines.iter().all(|line| line.text.len() <= limits::OVERHEARD_LINE_BYTES_MAX));
        assert_eq!(buffer.lines(&account, &chat, Timestamp(79)), lines, "a second attempt sees the same");
        buffer.forget_given(&account, &chat, Timestamp(78));
        assert_eq!(buffer.lines(&account, &chat, Timestamp(79)).len(), 1, "what came meanwhile is kept");
        buffer.forget_given(&account, &chat, Timestamp(79));
        assert!(buffer.lines(&account, &chat, Timestamp(79)).is_empty());
        buffer.push(&account, &chat, line(0, "old"));
        assert!(buffer.lines(&account, &chat, Timestamp(31 * 60_000)).is_empty());
    }

    #[test]
    fn the_number_of_groups_is_bounded() {
        let account = AccountId::new("a").unwrap();
        let mut buffer = OverheardBuffer::default();
        for n in 0..=limits::OVERHEARD_GROUPS_MAX as u64 {
            buffer.push(&account, &ChatId::new(format!("g{n}")).unwrap(), line(n, "x"));
        }
        assert_eq!(buffer.groups.len(), limits::OVERHEARD_GROUPS_MAX);
        assert!(buffer.lines(&account, &ChatId::new("g0").unwrap(), Timestamp(0)).is_empty());
    }
}

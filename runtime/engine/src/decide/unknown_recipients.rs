//! Events that came for identities that are not configured: counted and shown, never silent.

use greenroom_contract::ids::ChannelName;
use greenroom_contract::limits;
use std::collections::BTreeMap;

/// How many events came for whom. Bounded: identities can be invented only by a party whose signature is accepted.
#[derive(Debug, Default)]
pub(crate) struct UnknownRecipients {
    counts: BTreeMap<(ChannelName, String), u64>,
}

impl UnknownRecipients {
    /// Counts events.
    pub(crate) fn note(&mut self, channel: &ChannelName, identity: &str, events: usize) {
        let key = (channel.clone(), identity.to_owned());
        if self.counts.contains_key(&key) || self.counts.len() < limits::UNPLACED_IDENTITIES_MAX {
            *self.counts.entry(key).or_default() += events as u64;
        }
    }

    /// One sentence for each identity.
    pub(crate) fn sentences(&self) -> Vec<String> {
        let sentence = |((channel, identity), count): (&(ChannelName, String), &u64)| {
            format!("channel {channel}: {count} event(s) came for {identity}, which is not configured there")
        };
        self.counts.iter().map(sentence).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_are_counted_and_bounded() {
        let channel = ChannelName::new("whatsapp").unwrap();
        let mut unknown_recipients = UnknownRecipients::default();
        for number in 0..2 * limits::UNPLACED_IDENTITIES_MAX {
            unknown_recipients.note(&channel, &number.to_string(), 1);
        }
        unknown_recipients.note(&channel, "0", 2);
        assert_eq!(unknown_recipients.sentences().len(), limits::UNPLACED_IDENTITIES_MAX);
        assert_eq!(
            unknown_recipients.sentences()[0],
            "channel whatsapp: 3 event(s) came for 0, which is not configured there"
        );
    }
}

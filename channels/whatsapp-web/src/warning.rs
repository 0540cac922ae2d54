//! What a person should know before the first account is linked.

/// Paragraphs of plain text.
pub(crate) const WARNING: &str = "\
Linking makes this machine a device of your WhatsApp account, like WhatsApp in a browser. From then on it receives \
every message that the account receives and can send messages in its name, in every chat and group.

What is synchronized: new messages of all chats, their senders' numbers and names, group titles and members, and \
settings such as your profile name. Your chat history is not fetched. Messages are decrypted here. Those of people on \
the allow-list are handed to the assistant that you configured, which may send them on to a language model; those of \
everybody else are dropped without being stored or answered. What the protocol itself must keep about their senders \
(keys, and which number belongs to which hidden identity) is sealed, has no readable name, and goes after 90 days \
of silence.

What others see: nothing, until an answer for a person on the allow-list is prepared; then your account is shown as online \
and typing for that time. For a moment it may also be shown as online when it connects. With `online = true` it is shown \
as online to everybody for as long as this program runs, and your phone then shows no notifications of new messages.

What is stored: the keys of this device, sealed, until you unlink it; the conversation of admitted people, the last 200 \
turns of each; copies of messages that were sent, for two hours, for devices that could not read them; the fact that \
something happened, without content, for seven days. Pictures and voice notes that arrive are never written to disk.

WhatsApp does not allow automation with personal accounts. It may suspend or ban the account at any time, in \
particular if it writes to people who did not write first, to many people, or very fast. There is no guarantee \
that it will not. This program is not made or endorsed by WhatsApp.

Anyone who controls this machine, or gets hold of its data together with its master key, can read new messages and \
write as you until you remove the device on the phone: WhatsApp, Settings, Linked devices. Removing it there always \
works, and takes effect immediately. The phone must be online at least every 14 days, or WhatsApp unlinks its devices.

Advice: use a second number for the bot, not your own. Then nothing of yours is at risk, and messages that you write \
to yourself stay private.";

#[cfg(test)]
mod tests {
    use super::WARNING;

    #[test]
    fn nothing_is_left_out() {
        for word in [
            "synchronized",
            "suspend",
            "controls this machine",
            "stored",
            "second number",
            "14 days",
            "online = true",
            "notifications",
        ] {
            assert!(WARNING.contains(word), "{word}");
        }
        assert!(WARNING.split("\n\n").count() >= 5 && !WARNING.contains('\t'));
    }
}

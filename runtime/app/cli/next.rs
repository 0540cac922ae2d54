//! What to do now, with the command that does it.

use greenroom_client::{NextActionView, NextView};

/// What to do, in a sentence that names the command to type, if there is one.
pub(crate) fn as_command(next: &NextView) -> String {
    let link = |channel: &str, account: &str| format!("greenroom link {channel} --account {account}");
    let reconnect = |account: &str| format!("greenroom accounts reconnect {account}");
    match &next.action {
        NextActionView::Link { channel, account: Some(account) } => format!("link it: {}", link(channel, account)),
        NextActionView::Link { channel, account: None } => format!("link one: greenroom link {channel}"),
        NextActionView::LinkAgain { channel, account } => format!("link it again: {}", link(channel, account)),
        NextActionView::RemoveDevice { channel, account } => {
            format!("remove a device on the phone, then link again: {}", link(channel, account))
        }
        NextActionView::StopOtherClient { account } => {
            format!("stop the other client, then run: {}", reconnect(account))
        }
        NextActionView::Reconnect { account } => format!("fix that, then run: {}", reconnect(account)),
        NextActionView::ReportBug { account: Some(account) } => {
            format!("report this bug, then run: {}", reconnect(account))
        }
        NextActionView::Update => "update greenroom and start it again".to_owned(),
        NextActionView::AllowSomeone { channel } => {
            format!("set channels.{channel}.allow_from, or run: greenroom allow +15551234567 --channel {channel}")
        }
        NextActionView::AllowEntry { channel, entry } => {
            format!("admit that address too: greenroom allow {entry} --channel {channel}")
        }
        NextActionView::Disconnect { account } => format!("unlink it first: greenroom accounts disconnect {account}"),
        NextActionView::FreeSession { limit_key } => {
            format!("disconnect one with greenroom accounts disconnect ACCOUNT, or raise {limit_key}")
        }
        NextActionView::ReviewQuarantine => "look at them with greenroom quarantine list, then release them".to_owned(),
        NextActionView::ReviewOutbox => "look at them with greenroom outbox list, then release or drop them".to_owned(),
        NextActionView::ReleaseConversation { conversation } => {
            format!("answer there by hand, then run: greenroom conversation release {conversation}")
        }
        // No command does it.
        _ => next.sentence.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(action: NextActionView) -> String {
        as_command(&NextView { action, sentence: "a sentence".to_owned() })
    }

    #[test]
    fn what_a_command_does_is_said_with_the_command() {
        let (channel, account) = (|| "front".to_owned(), || "acc-1".to_owned());
        assert_eq!(
            said(NextActionView::Link { channel: channel(), account: Some(account()) }),
            "link it: greenroom link front --account acc-1"
        );
        assert_eq!(said(NextActionView::Link { channel: channel(), account: None }), "link one: greenroom link front");
        assert_eq!(
            said(NextActionView::RemoveDevice { channel: channel(), account: account() }),
            "remove a device on the phone, then link again: greenroom link front --account acc-1"
        );
        assert_eq!(
            said(NextActionView::AllowEntry { channel: channel(), entry: "+15551234567".to_owned() }),
            "admit that address too: greenroom allow +15551234567 --channel front"
        );
        assert_eq!(
            said(NextActionView::Reconnect { account: account() }),
            "fix that, then run: greenroom accounts reconnect acc-1"
        );
    }

    #[test]
    fn what_no_command_does_is_said_as_the_server_says_it() {
        for action in [NextActionView::ScanCode, NextActionView::TryAgain, NextActionView::Other] {
            assert_eq!(said(action), "a sentence");
        }
    }
}

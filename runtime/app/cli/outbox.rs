//! Messages of the bot that are not sent: looked at, released, dropped.

use super::admin;
use super::args::OutboxCommand;
use super::failure::Failure;
use super::report::{self, local, until};
use super::shown::cleaned;
use greenroom::config::Config;
use greenroom::contract::time::Clock;
use greenroom_client::UnsentView;
use jiff::tz::TimeZone;
use std::fmt::Write;

/// Carries one of the commands out; without one, the list.
pub(crate) async fn carry_out(config: &Config, command: Option<OutboxCommand>) -> Result<(), Failure> {
    let admin = admin::open(config).await?;
    let done = match command.unwrap_or(OutboxCommand::List { json: false }) {
        OutboxCommand::List { json: false } => {
            let now = Clock::System.now().0;
            admin.outbox().await.map(|messages| listed(&messages, now, &TimeZone::system()))
        }
        OutboxCommand::List { json: true } => admin.outbox().await.and_then(|messages| {
            let text = serde_json::to_string_pretty(&messages).map_err(|error| Failure::new(error.to_string()))?;
            Ok(format!("{text}\n"))
        }),
        // The parser asks for an id unless all are meant.
        OutboxCommand::Release { id: None, .. } => {
            admin.release_all_unsent().await.map(|released| format!("{released} message(s) released\n"))
        }
        OutboxCommand::Release { id: Some(id), .. } => {
            admin.release_unsent(&id).await.map(|()| format!("{id} is released\n"))
        }
        OutboxCommand::Drop { id } => admin.drop_unsent(&id).await.map(|()| format!("{id} is dropped\n")),
    };
    admin.close().await?;
    report::print(&done.map_err(|failure| failure.or_hint("`greenroom outbox` shows what is not sent, with the ids."))?)
}

/// What is not sent.
fn listed(messages: &[UnsentView], now_ms: u64, zone: &TimeZone) -> String {
    if messages.is_empty() {
        return "everything is sent\n".to_owned();
    }
    let mut text = String::new();
    for message in messages.iter().filter_map(cleaned) {
        let at = local(message.made_at_ms, zone).map(|at| at.strftime("%Y-%m-%d %H:%M:%S").to_string());
        let until = until(message.until_ms, now_ms, zone);
        let _ = writeln!(
            text,
            "{}  {}  {} in chat {}, {}{until}: {}",
            message.id,
            at.unwrap_or_default(),
            message.kind,
            message.chat,
            message.state,
            message.reason
        );
    }
    text.push_str("greenroom outbox release ID sends one that is held, greenroom outbox drop ID gives one up\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_says_why_and_until_when_and_lets_no_stranger_command_the_terminal() {
        let message = UnsentView {
            id: "3EB0".to_owned(),
            account: "acc-1".to_owned(),
            chat: "a\u{1b}[2Jb".to_owned(),
            kind: "answer".to_owned(),
            state: "waiting".to_owned(),
            reason: "busy".to_owned(),
            until_ms: Some(90_000),
            attempts: 1,
            made_at_ms: 0,
        };
        let text = listed(&[message], 0, &TimeZone::UTC);
        let line = text.lines().next().expect("one message");
        assert!(line.starts_with("3EB0  1970-01-01 00:00:00  answer in chat "), "{line}");
        assert!(line.ends_with(", waiting until 1970-01-01 00:01:30: busy") && !line.contains('\u{1b}'), "{line}");
        assert_eq!(listed(&[], 0, &TimeZone::UTC), "everything is sent\n");
    }
}

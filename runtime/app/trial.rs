//! One dry turn of each assistant, and a look at the mail server, for a command that looks whether they work. No channel
//! connects, and nothing is stored.

use crate::config::{AssistantConfig, Config};
use crate::making;
use crate::runtime::Runtime;
use greenroom_contract::assistant::{Assistant, AssistantError, Content, Turn, TurnMessage};
use greenroom_contract::ids::{
    AccountId, AssistantName, ChatId, ConversationId, MessageId, PersonId, SenderId, TurnId,
};
use greenroom_contract::limits;
use greenroom_contract::message::{Chat, Sender};
use greenroom_contract::outbound::Route;
use greenroom_contract::time::Clock;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// What came of the dry turn of an assistant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DryTurn {
    /// The assistant.
    pub name: AssistantName,
    /// Its kind.
    pub kind: String,
    /// How long it took; `None` if it was not asked, because its answer costs something or leaves this machine.
    pub outcome: Result<Option<Duration>, String>,
}

/// Makes what is configured and asks each assistant one thing. Those that ask a model, a web service or a program are
/// left out unless that is wanted. Fails with everything that keeps them from being made.
pub async fn dry_turns(config: &Config, all: bool) -> Result<Vec<DryTurn>, Vec<String>> {
    let mut config = config.clone();
    config.gateway.enabled = false;
    let said = |error: &dyn std::fmt::Display| vec![error.to_string()];
    let runtime = Runtime::builder().config(config).build().map_err(|error| said(&error))?;
    let made = making::all(&runtime, None).await;
    let made = made.map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>())?;
    let mut turns = Vec::new();
    for part in &made.assistants {
        let Some(of) = runtime.config.assistants.iter().find(|of| of.name == part.name) else { continue };
        let outcome = if all || is_free(of) { asked(&part.assistant, of).await.map(Some) } else { Ok(None) };
        turns.push(DryTurn { name: part.name.clone(), kind: of.kind.clone(), outcome });
    }
    Ok(turns)
}

/// Whether the mail server of `[identity]` can be reached and lets this program in; `None` where none is configured. Nothing is
/// sent.
pub async fn mail_works(config: &Config) -> Option<Result<(), String>> {
    crate::identity::mail_works(config).await
}

/// Whether its answer costs nothing and stays on this machine.
fn is_free(config: &AssistantConfig) -> bool {
    matches!(config.kind.as_str(), "echo" | "script" | "router" | "plugin")
}

async fn asked(assistant: &Arc<dyn Assistant>, config: &AssistantConfig) -> Result<Duration, String> {
    let stop = CancellationToken::new();
    let _ends_with_this = stop.clone().drop_guard();
    let life = tokio::spawn({
        let (assistant, stop) = (Arc::clone(assistant), stop.clone());
        async move { assistant.run(stop).await }
    });
    let begun = Instant::now();
    let within = config.timeout.min(limits::TRIAL_TIMEOUT);
    let answers = async {
        loop {
            let (asked, turn) = (Arc::clone(assistant), turn(&config.name));
            // In a task of its own, so that a panic of it is an outcome.
            let answer = tokio::spawn(async move { asked.respond(turn).await }).await;
            let answer = answer.map_err(|panic| format!("it crashed: {panic}"))?;
            match answer {
                Ok(_) => return Ok(begun.elapsed()),
                // It begins to work: a plugin is compiled, a program started.
                Err(AssistantError::Unavailable { after, .. }) if begun.elapsed() < within => {
                    tokio::time::sleep(after.unwrap_or(limits::RESTART_PAUSE_MIN)).await;
                }
                Err(error) => return Err(error.to_string()),
            }
        }
    };
    let outcome = tokio::time::timeout(within, answers).await;
    stop.cancel();
    // It was told to end; whatever became of it.
    let _ = tokio::time::timeout(limits::RESTART_PAUSE_MAX, life).await;
    outcome.unwrap_or_else(|_| Err(format!("it did not answer within {} s", within.as_secs())))
}

/// A greeting of no one, in a chat that there is not.
fn turn(assistant: &AssistantName) -> Turn {
    const WORD: &str = "dry-turn";
    let account: AccountId = WORD.parse().expect("a short word is an id");
    let chat: ChatId = WORD.parse().expect("a short word is an id");
    let message: MessageId = WORD.parse().expect("a short word is an id");
    let id = TurnId(0);
    let sender: SenderId = WORD.parse().expect("a short word is an id");
    let said =
        TurnMessage { message, sent_at: Clock::System.now(), quote: None, content: Content::Text("hello".to_owned()) };
    let route = Route { account, chat, kind: Chat::Direct };
    let sender = Sender { id: sender, addresses: Vec::new(), name: None };
    Turn::new(id, assistant.clone(), ConversationId(0), PersonId(0), route, sender, vec![said])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Origin;
    use crate::registry::Registry;

    fn config(text: &str) -> Config {
        Config::parse(Origin::Program, text, [], &Registry::standard(), &[]).expect("a sound configuration")
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_free_is_asked_and_the_rest_is_left_out() {
        let text = "[channels.console]\nadapter = \"console\"\nassistant = \"echo\"\n[assistants.echo]\nkind = \"echo\"\n\
                    [assistants.away]\nkind = \"process\"\ncommand = [\"/nowhere/at/all\"]\n";
        let turns = dry_turns(&config(text), false).await.expect("all of it can be made");
        let of = |name: &str| {
            turns.iter().find(|turn| turn.name.as_str() == name).expect("it is configured").outcome.clone()
        };
        assert!(matches!(of("echo"), Ok(Some(_))), "{turns:?}");
        assert_eq!(of("away"), Ok(None));
    }
}

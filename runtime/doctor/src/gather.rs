//! Asks a running server for what it knows. Changes nothing there.

use crate::facts::{Facts, ServerFact};
use crate::limits;
use greenroom_client::{Client, ClientError};

/// Puts what a server says into the facts. What it does not answer stays missing.
pub async fn ask(client: &Client, facts: &mut Facts) {
    let health = match client.health().await {
        Ok(health) => health,
        Err(error) => {
            facts.server = away(&error);
            return;
        }
    };
    facts.server = ServerFact::Runs;
    facts.health = health.details;
    match client.sessions().await {
        Ok(sessions) => facts.sessions = sessions,
        Err(error @ (ClientError::Forbidden | ClientError::Unauthorized { .. })) => facts.server = away(&error),
        Err(_) => {}
    }
    facts.channels = client.channels().await.unwrap_or_default();
    facts.refused = client.refusals(1).await.unwrap_or_default();
    facts.traces = client.latest(limits::ANSWERS_LOOKED_AT).await.unwrap_or_default();
}

fn away(error: &ClientError) -> ServerFact {
    match error {
        ClientError::NotRunning { .. } => ServerFact::Rests,
        ClientError::Forbidden | ClientError::Unauthorized { .. } => ServerFact::Refused { reason: error.to_string() },
        _ => ServerFact::Away { reason: error.to_string() },
    }
}

//! Posting webhooks: signed, at least once, with growing pauses, in no promised order.

use crate::hub::Hub;
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use std::sync::Arc;
use std::time::Duration;

/// After this long Meta gives a webhook up.
const GIVE_UP_AFTER_MS: u64 = 7 * 24 * 3600 * 1000;

/// The value of `X-Hub-Signature-256` for a body.
pub fn signature(app_secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(app_secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(body);
    format!("sha256={:x}", Bytes::copy_from_slice(&mac.finalize().into_bytes()))
}

/// One change of the field `messages`, ready to be put in a post.
pub(crate) fn change(hub: &Hub, number: &str, field: &str, content: &[(&str, Value)]) -> Value {
    let display = hub.world.lock().number(number).map(|n| n.display.clone()).unwrap_or_default();
    let mut value = json!({"messaging_product": "whatsapp",
        "metadata": {"display_phone_number": display, "phone_number_id": number}});
    for (key, part) in content {
        value[*key] = part.clone();
    }
    json!({"field": field, "value": value})
}

/// The body of a post with these changes.
pub(crate) fn envelope(hub: &Hub, changes: &[Value]) -> Bytes {
    let body = json!({"object": "whatsapp_business_account",
        "entry": [{"id": hub.settings.waba_id, "changes": changes}]});
    Bytes::from(body.to_string())
}

/// Posts a body until it is answered 200, with the planned duplicates beside it. Returns after the first 200, or when
/// it was given up or the simulator ended.
pub(crate) async fn deliver(hub: Arc<Hub>, body: Bytes) {
    let (duplicates, shuffle) = {
        let mut world = hub.world.lock();
        world.counters.webhooks += 1;
        (world.faults.duplicates, world.faults.shuffle)
    };
    for _ in 0..duplicates {
        tokio::spawn(post_until_taken(hub.clone(), body.clone(), shuffle));
    }
    post_until_taken(hub, body, shuffle).await;
}

async fn post_until_taken(hub: Arc<Hub>, body: Bytes, shuffle: Duration) {
    if !shuffle.is_zero() {
        tokio::time::sleep(Duration::from_millis(hub.random(shuffle.as_millis() as u64))).await;
    }
    let given_up_ms = hub.clock.now_ms() + GIVE_UP_AFTER_MS;
    let mut pause = hub.settings.retry_pause_min;
    let signature = signature(&hub.settings.app_secret, &body);
    loop {
        if hub.is_closed() {
            return;
        }
        let taken = post_once(&hub, &body, &signature).await;
        {
            let mut world = hub.world.lock();
            world.counters.posts += 1;
            if taken {
                world.counters.acknowledged += 1;
            } else {
                world.counters.rejected += 1;
            }
        }
        hub.changed.notify_waiters();
        if taken {
            return;
        }
        if hub.clock.now_ms() >= given_up_ms {
            hub.world.lock().counters.given_up += 1;
            return;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(hub.settings.retry_pause_max);
    }
}

async fn post_once(hub: &Hub, body: &Bytes, signature: &str) -> bool {
    let Some(url) = hub.callback.lock().clone() else { return false };
    let Ok(_permit) = hub.posts.acquire().await else { return false };
    let request = hub
        .http
        .post(url)
        .header("content-type", "application/json")
        .header("x-hub-signature-256", signature)
        .body(body.clone());
    match request.send().await {
        Ok(response) => response.status() == 200,
        Err(error) => {
            tracing::debug!(%error, "webhook not delivered");
            false
        }
    }
}

/// Why a callback was not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandshakeFailed {
    /// What it answered.
    pub answer: String,
}

/// Meta's verification call. The callback must answer 200 with exactly the challenge.
pub(crate) async fn handshake(hub: &Hub, url: &str) -> Result<(), HandshakeFailed> {
    let challenge = format!("{}", 1_000_000_000 + hub.random(1_000_000_000));
    let query =
        [("hub.mode", "subscribe"), ("hub.verify_token", &hub.settings.verify_token), ("hub.challenge", &challenge)];
    let separator = if url.contains('?') { '&' } else { '?' };
    let encoded: Vec<String> = query.iter().map(|(key, value)| format!("{key}={}", percent(value))).collect();
    let response = hub.http.get(format!("{url}{separator}{}", encoded.join("&"))).send().await;
    let response = response.map_err(|error| HandshakeFailed { answer: error.to_string() })?;
    let status = response.status();
    let answer = response.text().await.unwrap_or_default();
    if status == 200 && answer == challenge {
        Ok(())
    } else {
        Err(HandshakeFailed { answer: format!("{status}: {answer}") })
    }
}

fn percent(text: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(byte);
    let written = text.bytes().map(|byte| if plain(&byte) { char::from(byte).into() } else { format!("%{byte:02X}") });
    written.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_hmac_sha256_of_the_raw_bytes() {
        // Test case 2 of RFC 4231.
        assert_eq!(
            signature("Jefe", b"what do ya want for nothing?"),
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}

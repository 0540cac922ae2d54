//! Access tokens: what they may do, and until when.

use crate::error::GraphError;
use serde_json::{Value, json};
use std::collections::HashMap;

/// The scope for sending, receiving and media.
pub const MESSAGING: &str = "whatsapp_business_messaging";
/// The scope for numbers, subscriptions and templates.
pub const MANAGEMENT: &str = "whatsapp_business_management";

/// One token.
#[derive(Debug, Clone)]
pub struct Token {
    /// What it may do.
    pub scopes: Vec<String>,
    /// When it ends, in seconds since 1970; never, if `None`.
    pub expires_at: Option<u64>,
}

impl Token {
    /// Both scopes, no end: a system user's token.
    pub fn permanent() -> Self {
        Self { scopes: vec![MESSAGING.into(), MANAGEMENT.into()], expires_at: None }
    }

    fn expired(&self, now_seconds: u64) -> bool {
        self.expires_at.is_some_and(|end| end <= now_seconds)
    }
}

/// All tokens.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    pub(crate) by_text: HashMap<String, Token>,
}

impl Tokens {
    /// The token of an `Authorization` header, if it may do that.
    pub(crate) fn check(&self, header: Option<&str>, scope: &str, now_seconds: u64) -> Result<(), GraphError> {
        let Some(header) = header else {
            return Err(GraphError::token(None, "an access token is required to request this resource"));
        };
        let Some(text) = header.strip_prefix("Bearer ") else {
            return Err(GraphError::token(None, "the Authorization header does not start with Bearer"));
        };
        let Some(token) = self.by_text.get(text) else {
            return Err(GraphError::token(None, "invalid OAuth access token: cannot parse access token"));
        };
        if token.expired(now_seconds) {
            return Err(GraphError::token(Some(463), "the session has expired"));
        }
        if !token.scopes.iter().any(|s| s == scope) {
            return Err(GraphError::new(200, format!("the token lacks the permission {scope}")));
        }
        Ok(())
    }

    /// What `debug_token` says about a token.
    pub(crate) fn describe(&self, text: &str, app_id: &str, waba_id: &str, now_seconds: u64) -> Value {
        let Some(token) = self.by_text.get(text) else {
            return json!({"data": {"is_valid": false, "scopes": [],
                "error": {"code": 190, "message": "The access token could not be decrypted"}}});
        };
        let granular: Vec<Value> =
            token.scopes.iter().map(|scope| json!({"scope": scope, "target_ids": [waba_id]})).collect();
        json!({"data": {
            "app_id": app_id, "type": "SYSTEM_USER", "application": "Simulated",
            "expires_at": token.expires_at.unwrap_or(0), "is_valid": !token.expired(now_seconds),
            "scopes": token.scopes, "granular_scopes": granular,
        }})
    }
}

//! Graph's errors.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// An error as Graph words it. Clients are to branch on `code` alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphError {
    /// The number.
    pub code: u32,
    /// A finer number, for tokens.
    pub subcode: Option<u32>,
    /// What this simulator found wrong.
    pub details: String,
}

impl GraphError {
    /// An error with its reason.
    pub fn new(code: u32, details: impl Into<String>) -> Self {
        Self { code, subcode: None, details: details.into() }
    }

    pub(crate) fn missing(field: &str) -> Self {
        Self::new(131_008, format!("the parameter {field} is required"))
    }

    pub(crate) fn invalid(details: impl Into<String>) -> Self {
        Self::new(131_009, details)
    }

    pub(crate) fn token(subcode: Option<u32>, details: &str) -> Self {
        Self { code: 190, subcode, details: details.into() }
    }

    /// The HTTP status that goes with the code.
    pub fn status(&self) -> StatusCode {
        match self.code {
            0 | 190 => StatusCode::UNAUTHORIZED,
            10 | 200..=299 | 368 | 130_497 | 131_005 | 131_031 => StatusCode::FORBIDDEN,
            3 | 131_000 | 131_045 => StatusCode::INTERNAL_SERVER_ERROR,
            2 | 131_016 => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// A short title.
    pub fn title(&self) -> &'static str {
        match self.code {
            0 | 190 => "Error validating access token",
            2 | 131_016 => "Service temporarily unavailable",
            3 => "API method",
            4 => "Application request limit reached",
            10 | 200..=299 | 131_005 => "Permission denied",
            100 => "Invalid parameter",
            368 => "Temporarily blocked for policies violations",
            80_007 => "Rate limit issues",
            130_429 => "Rate limit hit",
            130_497 => "Business account is restricted from messaging users in this country",
            131_000 => "Something went wrong",
            131_008 => "Required parameter is missing",
            131_009 => "Parameter value is not valid",
            131_021 => "Recipient cannot be sender",
            131_026 => "Message undeliverable",
            131_030 => "Recipient phone number not in allowed list",
            131_031 => "Account has been locked",
            131_042 => "Business eligibility payment issue",
            131_045 => "Incorrect certificate",
            131_047 => "Re-engagement message",
            131_048 => "Spam rate limit hit",
            131_049 => "This message was not delivered to maintain healthy ecosystem engagement",
            131_050 => "User has stopped marketing messages",
            131_051 => "Unsupported message type",
            131_052 => "Media download error",
            131_053 => "Media upload error",
            131_056 => "Pair rate limit hit",
            131_062 => "Recipient identifier not allowed for this message",
            131_064 => "Messaging limit reached",
            132_000..=132_999 => "Template error",
            133_010 => "Phone number not registered",
            137_000 => "Identity key changed",
            _ => "Error",
        }
    }

    /// The element of `errors` in a webhook.
    pub(crate) fn in_webhook(&self) -> Value {
        json!({"code": self.code, "title": self.title(), "message": self.title(),
               "error_data": {"details": self.details}})
    }

    fn body(&self) -> Value {
        let mut error = json!({
            "message": format!("(#{}) {}", self.code, self.title()),
            "type": "OAuthException",
            "code": self.code,
            "fbtrace_id": "SimulatedTrace",
            "error_data": {"messaging_product": "whatsapp", "details": self.details},
        });
        if let Some(subcode) = self.subcode {
            error["error_subcode"] = json!(subcode);
        }
        json!({ "error": error })
    }
}

impl IntoResponse for GraphError {
    fn into_response(self) -> Response {
        (self.status(), Json(self.body())).into_response()
    }
}

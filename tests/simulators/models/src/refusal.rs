//! What a provider refuses, in its own shape.

use crate::asked::Protocol;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// A refused request, before it is written in a provider's shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) message: String,
    /// Where the mistake is; only OpenAI has a field for it.
    pub(crate) param: Option<String>,
    /// A word for programs; only OpenAI has a field for it.
    pub(crate) code: Option<&'static str>,
}

/// A request that was refused because a real provider would refuse it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The protocol.
    pub protocol: Protocol,
    /// The status it was answered with.
    pub status: u16,
    /// Why.
    pub message: String,
    /// The beginning of the body.
    pub body: String,
}

impl Refusal {
    pub(crate) fn new(status: u16, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), param: None, code: None }
    }

    /// A mistake in the request.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, message)
    }

    pub(crate) fn at(mut self, param: impl Into<String>) -> Self {
        self.param = Some(param.into());
        self
    }

    pub(crate) fn code(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }

    pub(crate) fn unknown_model(protocol: Protocol, model: &str) -> Self {
        match protocol {
            Protocol::OpenAiChat | Protocol::OpenAiResponses => {
                let message = format!("The model `{model}` does not exist or you do not have access to it.");
                Self::new(404, message).code("model_not_found")
            }
            Protocol::Anthropic => Self::new(404, format!("model: {model}")),
            Protocol::Gemini => Self::new(
                404,
                format!(
                    "models/{model} is not found for API version v1beta, or is not supported for generateContent. \
                     Call ListModels to see the list of available models and their supported methods."
                ),
            ),
        }
    }

    pub(crate) fn body(&self, protocol: Protocol) -> Value {
        match protocol {
            Protocol::OpenAiChat | Protocol::OpenAiResponses => json!({"error": {
                "message": self.message,
                "type": openai_type(self.status),
                "param": self.param,
                "code": self.code,
            }}),
            Protocol::Anthropic => json!({
                "type": "error",
                "error": {"type": anthropic_type(self.status), "message": self.message},
                "request_id": "req_scripted",
            }),
            Protocol::Gemini => json!({"error": {
                "code": self.status,
                "message": self.message,
                "status": gemini_status(self.status),
            }}),
        }
    }

    pub(crate) fn response(&self, protocol: Protocol) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, self.body(protocol).to_string()).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    }
}

fn openai_type(status: u16) -> &'static str {
    match status {
        429 => "rate_limit_error",
        500.. => "server_error",
        _ => "invalid_request_error",
    }
}

fn anthropic_type(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        504 => "timeout_error",
        529 => "overloaded_error",
        500.. => "api_error",
        _ => "invalid_request_error",
    }
}

fn gemini_status(status: u16) -> &'static str {
    match status {
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        429 => "RESOURCE_EXHAUSTED",
        503 | 529 => "UNAVAILABLE",
        504 => "DEADLINE_EXCEEDED",
        500.. => "INTERNAL",
        _ => "INVALID_ARGUMENT",
    }
}

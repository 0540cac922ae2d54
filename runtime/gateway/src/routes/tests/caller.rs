//! Someone who calls the API with a token, as any program would.

use super::Server;
use super::callers::token;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::Value;

/// A caller for one owner.
pub(super) struct Caller {
    http: reqwest::Client,
    base: String,
    token: String,
}

impl Server {
    /// Whoever runs the process.
    pub(super) fn admin(&self) -> Caller {
        Caller { http: reqwest::Client::new(), base: self.base.clone(), token: self.token.clone() }
    }

    /// A program that acts for an owner, with every scope but `admin`.
    pub(super) fn owner(&self, owner: &str) -> Caller {
        self.with_scopes(owner, "read text send control settings delete")
    }

    pub(super) fn with_scopes(&self, owner: &str, scopes: &str) -> Caller {
        Caller { token: token(owner, scopes), ..self.admin() }
    }
}

impl Caller {
    pub(super) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base)).bearer_auth(&self.token)
    }

    pub(super) async fn get(&self, path: &str) -> (u16, Value) {
        read(self.request(Method::GET, path).send().await.unwrap()).await
    }

    pub(super) async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        read(self.request(Method::POST, path).json(&body).send().await.unwrap()).await
    }

    pub(super) async fn put(&self, path: &str, body: Value) -> (u16, Value) {
        read(self.request(Method::PUT, path).json(&body).send().await.unwrap()).await
    }

    pub(super) async fn delete(&self, path: &str) -> (u16, Value) {
        read(self.request(Method::DELETE, path).send().await.unwrap()).await
    }
}

/// The status and the body, which is `null` where there is none.
pub(super) async fn read(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    let body = response.bytes().await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

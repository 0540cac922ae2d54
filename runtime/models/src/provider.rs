//! The providers, and where each takes requests.

use genai::adapter::AdapterKind;
use genai::resolver::{AuthData, Endpoint};
use genai::{Headers, ModelIden, ServiceTarget};
use greenroom_contract::secret::Secret;
use serde::Deserialize;
use url::Url;

/// Which protocol a model is asked by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Provider {
    /// The protocol that most servers speak: OpenAI's chat completions.
    Openai,
    /// OpenAI's newer protocol.
    OpenaiResponses,
    /// Anthropic's messages.
    Anthropic,
    /// Google's Gemini.
    Gemini,
    /// Ollama, by the protocol of OpenAI.
    Ollama,
}

impl Provider {
    /// The words for all of them.
    pub(crate) const WORDS: &'static [&'static str] = &["openai", "openai-responses", "anthropic", "gemini", "ollama"];

    /// Where it is, unless the configuration says otherwise.
    pub(crate) fn usual_url(self) -> &'static str {
        match self {
            Self::Openai | Self::OpenaiResponses => "https://api.openai.com/v1",
            Self::Anthropic => "https://api.anthropic.com/v1",
            Self::Gemini => "https://generativelanguage.googleapis.com/v1beta",
            Self::Ollama => "http://127.0.0.1:11434/v1",
        }
    }

    /// The protocol, as the library calls it. It is never guessed from the name of a model.
    pub(crate) fn adapter(self) -> AdapterKind {
        match self {
            Self::Openai | Self::Ollama => AdapterKind::OpenAI,
            Self::OpenaiResponses => AdapterKind::OpenAIResp,
            Self::Anthropic => AdapterKind::Anthropic,
            Self::Gemini => AdapterKind::Gemini,
        }
    }

    /// Whether its models look at pictures and read documents, where it is the provider itself and not another server that
    /// speaks its protocol.
    pub(crate) fn sees(self) -> bool {
        self != Self::Ollama
    }

    /// Where this model takes requests.
    fn place(self, mut url: Url, model: &str) -> Url {
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty();
            match self {
                Self::Openai | Self::Ollama => path.extend(["chat", "completions"]),
                Self::OpenaiResponses => path.push("responses"),
                Self::Anthropic => path.push("messages"),
                Self::Gemini => path.push("models").push(&format!("{model}:streamGenerateContent")),
            };
        }
        if self == Self::Gemini {
            url.query_pairs_mut().append_pair("alt", "sse");
        }
        url
    }

    /// What proves to it who asks.
    fn headers(self, key: Option<&Secret>) -> Headers {
        let mut headers: Vec<(String, String)> = Vec::new();
        if self == Self::Anthropic {
            headers.push(("anthropic-version".to_owned(), "2023-06-01".to_owned()));
        }
        if let Some(key) = key {
            headers.push(match self {
                Self::Openai | Self::OpenaiResponses | Self::Ollama => {
                    ("authorization".to_owned(), format!("Bearer {}", key.expose()))
                }
                Self::Anthropic => ("x-api-key".to_owned(), key.expose().to_owned()),
                Self::Gemini => ("x-goog-api-key".to_owned(), key.expose().to_owned()),
            });
        }
        Headers::from(headers)
    }

    /// Everything about where a request goes. Nothing of it is left to the library, which would guess the protocol from the
    /// name of the model, take a part of that name for something else, and look for a key in the environment.
    pub(crate) fn target(self, url: &Url, model: &str, key: Option<&Secret>) -> ServiceTarget {
        let url = self.place(url.clone(), model).to_string();
        ServiceTarget {
            endpoint: Endpoint::from_owned(url.clone()),
            auth: AuthData::RequestOverride { url, headers: self.headers(key) },
            model: ModelIden::new(self.adapter(), model.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(provider: Provider, url: &str) -> String {
        provider.place(Url::parse(url).unwrap(), "a-model").to_string()
    }

    #[test]
    fn each_protocol_has_its_place_below_the_address() {
        for (provider, url, expected) in [
            (Provider::Openai, "https://api.openai.com/v1", "https://api.openai.com/v1/chat/completions"),
            (Provider::Openai, "http://[::1]:8080/v1/", "http://[::1]:8080/v1/chat/completions"),
            (Provider::Openai, "http://localhost:8080", "http://localhost:8080/chat/completions"),
            (Provider::Ollama, "http://127.0.0.1:11434/v1", "http://127.0.0.1:11434/v1/chat/completions"),
            (Provider::OpenaiResponses, "https://a.example/v1?x=1", "https://a.example/v1/responses?x=1"),
            (Provider::Anthropic, "https://api.anthropic.com/v1", "https://api.anthropic.com/v1/messages"),
            (
                Provider::Gemini,
                "https://g.example/v1beta",
                "https://g.example/v1beta/models/a-model:streamGenerateContent?alt=sse",
            ),
        ] {
            assert_eq!(place(provider, url), expected);
        }
    }

    #[test]
    fn the_name_of_a_model_cannot_leave_its_place() {
        let url = Url::parse("https://g.example/v1beta").unwrap();
        for name in ["../../admin", "a/../b", "a?key=b", "a#b", "a%2f..", ".."] {
            let place = Provider::Gemini.place(url.clone(), name);
            assert!(place.path().starts_with("/v1beta/models/"), "{place}");
            assert_eq!((place.path_segments().unwrap().count(), place.query()), (3, Some("alt=sse")), "{place}");
        }
    }

    #[test]
    fn a_key_is_in_no_address_and_in_no_debug() {
        let key = Secret::new("canary");
        for provider in [Provider::Openai, Provider::OpenaiResponses, Provider::Anthropic, Provider::Gemini] {
            let url = Url::parse(provider.usual_url()).unwrap();
            let target = provider.target(&url, "a-model", Some(&key));
            assert!(!format!("{target:?}").contains("canary"));
            assert!(!target.endpoint.base_url().contains("canary"));
        }
    }
}

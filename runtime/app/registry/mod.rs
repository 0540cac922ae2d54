//! THE list of everything that a configuration can name. Nothing registers itself: what is not
//! written here is not in the program.

mod abilities;

use greenroom_assistant_echo::Echo;
use greenroom_assistant_process::Process;
use greenroom_assistant_router::Router;
use greenroom_assistant_script::Scripted;
use greenroom_channel_console::Console;
use greenroom_channel_loopback::Loopback;
#[cfg(feature = "whatsapp-cloud")]
use greenroom_channel_whatsapp_cloud::WhatsAppCloud;
use greenroom_contract::capabilities::Capabilities;
use greenroom_contract::factory::{AssistantKind, ChannelKind, Erased, ErasedAssistantKind, ErasedChannelKind};
use greenroom_contract::schema::find;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The channel kinds and assistant kinds that a configuration can name.
#[derive(Clone)]
pub struct Registry {
    channels: Vec<ChannelEntry>,
    assistants: Vec<Arc<dyn ErasedAssistantKind>>,
}

/// An adapter of the list.
#[derive(Clone)]
pub struct ChannelEntry {
    /// The adapter.
    pub kind: Arc<dyn ErasedChannelKind>,
    /// The person who started the program, on a channel where nobody else can write: admitted
    /// without an `allow_from`, and not limited to so many turns a minute.
    pub local_person: Option<&'static str>,
    /// The name of the channel that the environment variables of its keys configure where there is no file.
    pub named: Option<&'static str>,
}

impl Registry {
    /// What the program `greenroom` is made of.
    pub fn standard() -> Self {
        let mut registry = Self::empty();
        registry.add_channel(channel::<Console>(Some(greenroom_channel_console::LOCAL_PERSON)));
        registry.add_channel(channel::<Loopback>(None));
        #[cfg(feature = "whatsapp-cloud")]
        registry.add_channel(ChannelEntry { named: Some("whatsapp"), ..channel::<WhatsAppCloud>(None) });
        #[cfg(feature = "whatsapp-web")]
        registry.add_channel(channel::<greenroom_channel_whatsapp_web::WhatsAppWeb>(None));
        registry.add_assistant(assistant::<Echo>());
        registry.add_assistant(assistant::<Scripted>());
        registry.add_assistant(assistant::<Router>());
        registry.add_assistant(assistant::<Process>());
        #[cfg(feature = "models")]
        registry.add_assistant(assistant::<greenroom_assistant_llm::Llm>());
        #[cfg(feature = "plugins")]
        registry.add_assistant(assistant::<greenroom_plugins::Plugin>());
        #[cfg(feature = "assistant-http")]
        registry.add_assistant(assistant::<greenroom_assistant_http::Http>());
        registry
    }

    /// No kinds at all.
    pub fn empty() -> Self {
        Self { channels: Vec::new(), assistants: Vec::new() }
    }

    /// Adds an adapter; one of the same name is replaced.
    pub fn add_channel(&mut self, entry: ChannelEntry) {
        self.channels.retain(|known| known.kind.kind() != entry.kind.kind());
        self.channels.push(entry);
    }

    /// Adds a sort of assistant; one of the same name is replaced.
    pub fn add_assistant(&mut self, kind: Arc<dyn ErasedAssistantKind>) {
        self.assistants.retain(|known| known.kind() != kind.kind());
        self.assistants.push(kind);
    }

    /// All adapters, in the order of the list.
    pub fn channels(&self) -> &[ChannelEntry] {
        &self.channels
    }

    /// All sorts of assistants, in the order of the list.
    pub fn assistants(&self) -> &[Arc<dyn ErasedAssistantKind>] {
        &self.assistants
    }

    /// The adapter with this name.
    pub fn channel(&self, kind: &str) -> Option<&ChannelEntry> {
        self.channels.iter().find(|entry| entry.kind.kind() == kind)
    }

    /// The adapter that declares this key as one of its own.
    pub fn adapter_with(&self, key: &str) -> Option<&'static str> {
        self.channels.iter().find(|entry| find(entry.kind.keys(), key).is_some()).map(|entry| entry.kind.kind())
    }

    /// The sort of assistant with this name.
    pub fn assistant(&self, kind: &str) -> Option<&Arc<dyn ErasedAssistantKind>> {
        self.assistants.iter().find(|known| known.kind() == kind)
    }
}

/// The adapters that a program may have been built without.
pub(crate) const OF_FEATURES: [&str; 2] = ["whatsapp-web", "whatsapp-cloud"];

/// Why a kind that exists is not in the registry, and what to do.
pub fn absent(kind: &str) -> Option<String> {
    match kind {
        "whatsapp-web" => Some(
            "WhatsApp Web is not in this program, which was built without the feature whatsapp-web: build it with \
             `cargo build --release --features whatsapp-web`, or use whatsapp-cloud"
                .to_owned(),
        ),
        "whatsapp-cloud" => Some(crate::without("whatsapp-cloud")),
        _ => None,
    }
}

/// The same for a kind of assistant.
pub(crate) fn absent_assistant(kind: &str) -> Option<String> {
    match kind {
        "http" => Some(crate::without("assistant-http")),
        "llm" => Some(crate::without("models")),
        "plugin" => Some(crate::without("plugins")),
        _ => None,
    }
}

/// What each adapter's network can do, as a table in Markdown.
pub fn abilities(registry: &Registry) -> String {
    abilities::table(able(registry))
}

/// The same by the name of the adapter.
pub fn abilities_by_kind(registry: &Registry) -> BTreeMap<&'static str, Capabilities> {
    able(registry).collect()
}

fn able(registry: &Registry) -> impl Iterator<Item = (&'static str, Capabilities)> {
    registry.channels().iter().filter_map(|entry| Some((entry.kind.kind(), entry.kind.capabilities()?)))
}

/// An adapter as the list holds it.
pub fn channel<K: ChannelKind>(local_person: Option<&'static str>) -> ChannelEntry {
    ChannelEntry { kind: Arc::new(Erased::<K>::new()), local_person, named: None }
}

/// A sort of assistant as the list holds it.
pub fn assistant<K: AssistantKind>() -> Arc<dyn ErasedAssistantKind> {
    Arc::new(Erased::<K>::new())
}

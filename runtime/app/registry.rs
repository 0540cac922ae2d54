//! THE list of everything that a configuration can name. Nothing registers itself: what is not
//! written here is not in the program.

use greenroom_assistant_echo::Echo;
use greenroom_channel_console::Console;
use greenroom_channel_loopback::Loopback;
#[cfg(feature = "whatsapp-cloud")]
use greenroom_channel_whatsapp_cloud::{WhatsAppCloud, config as whatsapp_cloud};
use greenroom_contract::factory::{AssistantKind, ChannelKind, Erased, ErasedAssistantKind, ErasedChannelKind};
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
    /// The environment variables that stand for keys of the adapter, if it has some.
    pub variables: Option<Variables>,
}

/// Environment variables that fill keys which a configuration leaves out.
#[derive(Debug, Clone, Copy)]
pub struct Variables {
    /// The channel that they configure where there is no file.
    pub channel: &'static str,
    /// Variable and key.
    pub plain: &'static [(&'static str, &'static str)],
    /// The same for secrets; the table refers to the variable and never holds its value.
    pub secret: &'static [(&'static str, &'static str)],
    /// A key, and the other key that says the same and goes before its variable.
    pub instead: (&'static str, &'static str),
}

impl Variables {
    /// The names of all of them.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.plain.iter().chain(self.secret).map(|(variable, _)| *variable)
    }
}

impl Registry {
    /// What the program `greenroom` is made of.
    pub fn standard() -> Self {
        let mut registry = Self::empty();
        registry.add_channel(channel::<Console>(Some(greenroom_channel_console::LOCAL_PERSON)));
        registry.add_channel(channel::<Loopback>(None));
        #[cfg(feature = "whatsapp-cloud")]
        registry.add_channel(ChannelEntry { variables: Some(WHATSAPP), ..channel::<WhatsAppCloud>(None) });
        #[cfg(feature = "whatsapp-web")]
        registry.add_channel(channel::<greenroom_channel_whatsapp_web::WhatsAppWeb>(None));
        registry.add_assistant(assistant::<Echo>());
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

    /// The adapter whose example shows this key as one of its own.
    pub fn adapter_with(&self, key: &str) -> Option<&'static str> {
        let shows = |example: &str| {
            let names = example.lines().filter_map(|line| line.trim_start_matches("# ").split_once(" = "));
            names.into_iter().any(|(name, _)| name == key)
        };
        self.channels.iter().find(|entry| shows(entry.kind.example())).map(|entry| entry.kind.kind())
    }

    /// The sort of assistant with this name.
    pub fn assistant(&self, kind: &str) -> Option<&Arc<dyn ErasedAssistantKind>> {
        self.assistants.iter().find(|known| known.kind() == kind)
    }
}

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

/// What each adapter's network can do, as a table in Markdown.
pub fn abilities(registry: &Registry) -> String {
    crate::abilities::table(registry)
}

#[cfg(feature = "whatsapp-cloud")]
const WHATSAPP: Variables = Variables {
    channel: "whatsapp",
    plain: &whatsapp_cloud::ENVIRONMENT,
    secret: &whatsapp_cloud::ENVIRONMENT_SECRETS,
    instead: ("phone_number_id", "numbers"),
};

/// An adapter as the list holds it.
pub fn channel<K: ChannelKind>(local_person: Option<&'static str>) -> ChannelEntry {
    ChannelEntry { kind: Arc::new(Erased::<K>::new()), local_person, variables: None }
}

/// A sort of assistant as the list holds it.
pub fn assistant<K: AssistantKind>() -> Arc<dyn ErasedAssistantKind> {
    Arc::new(Erased::<K>::new())
}

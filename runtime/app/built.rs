//! What this program was built with, and the sentence about what it lacks.

/// The features that a section of the configuration asks for. Those of adapters show in the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is a feature of its own")]
pub(crate) struct Built {
    /// `[gateway]`.
    pub(crate) gateway: bool,
    /// HTTPS in `[gateway]`.
    pub(crate) https: bool,
    /// `gateway.mcp`.
    pub(crate) mcp: bool,
    /// `[voice]`.
    pub(crate) voice: bool,
    /// `[models.NAME]`.
    pub(crate) models: bool,
    /// `[tools.NAME]`.
    pub(crate) tools: bool,
    /// `store.engine = "fjall"`.
    pub(crate) fjall: bool,
    /// `log.otlp`.
    pub(crate) otlp: bool,
}

/// This program.
pub(crate) const BUILT: Built = Built {
    gateway: cfg!(feature = "gateway"),
    https: cfg!(feature = "https"),
    mcp: cfg!(feature = "mcp"),
    voice: cfg!(feature = "voice"),
    models: crate::sections::MODELS.is_built,
    tools: crate::sections::TOOLS.is_built,
    fjall: greenroom_store::EngineKind::Fjall.is_built_in(),
    otlp: cfg!(feature = "otlp"),
};

/// Why something that exists is not in this program, and what to do.
pub fn without(feature: &str) -> String {
    format!("this program was built without {feature}; build it with --features {feature}")
}

//! What is made from the interface.

#![allow(missing_docs, clippy::pedantic, unreachable_pub, unused_qualifications, reason = "made by a macro")]

wasmtime::component::bindgen!({
    path: "wit",
    world: "plugin",
    imports: {
        "greenroom:plugin/http.send": async | trappable,
        "greenroom:plugin/models.ask": async | trappable,
        default: trappable,
    },
    exports: { default: async },
});

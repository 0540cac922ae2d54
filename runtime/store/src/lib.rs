//! greenroom-store

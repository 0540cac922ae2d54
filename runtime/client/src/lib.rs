//! greenroom-client

//! greenroom-gateway

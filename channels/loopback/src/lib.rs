//! greenroom-channel-loopback

//! greenroom-channel-console

//! greenroom-assistant-echo

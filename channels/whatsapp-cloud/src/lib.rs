//! WhatsApp Cloud.

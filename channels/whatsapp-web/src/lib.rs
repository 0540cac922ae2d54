//! WhatsApp through the multi-device protocol of WhatsApp Web.

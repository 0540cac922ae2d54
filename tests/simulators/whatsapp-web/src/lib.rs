//! A simulated WhatsApp Web server with phones and people, for tests.

//! A stand-in of the server for this module's own tests.

//! Conformance suites for channels and stores, and fakes by behaviour.

//! Voice notes to words and back, in memory.

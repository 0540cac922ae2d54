//! Who a person is beyond one network: by a code to an e-mail address that comes back in the chat. Pure.
//!
//! | module | decides |
//! |---|---|
//! | `words` | what a message asks for |
//! | `notes` | what is remembered of a person between two messages |
//! | `code` | how a code is made, kept and compared |
//! | `quota` | how many codes are sent |
//! | `standing` | whether an earlier proof still counts |
//! | `talk` | what is said, and what changes |

pub(crate) mod code;
pub(crate) mod notes;
pub(crate) mod quota;
pub(crate) mod standing;
pub(crate) mod talk;
pub(crate) mod words;

//! What to do, as values. Pure: no time is read here, and nothing is sent.
//!
//! | module | decides |
//! |---|---|
//! | `failure` | why a request came to nothing, from a status and the words of a refusal |
//! | `follow_up` | what follows: another try, another model, or the end |
//! | `cool_down` | how long a busy provider is left alone |
//! | `spending` | what was spent in a day, and whether that is too much |
//! | `cost` | what tokens cost |
//! | `ending` | what the reason means for which a model stopped |
//! | `thoughts` | which words of an answer are thoughts |

pub(crate) mod cool_down;
pub(crate) mod cost;
pub(crate) mod ending;
pub(crate) mod failure;
pub(crate) mod follow_up;
pub(crate) mod spending;
pub(crate) mod thoughts;

//! Tells the owner what needs a person: an account that was logged out, banned or stopped (a token that expired), messages in
//! quarantine, a conversation that waits for a human, a store that cannot be written, posts that were refused.
//!
//! Each trouble is told once for as long as it lasts (an episode), as JSON, by a POST to the address in `[alerts] webhook`:
//!
//! ```json
//! {"version": 1, "id": "…", "kind": "logged_out", "at_ms": 1795000000000, "channel": "front", "account": "acc-1",
//!  "what": "channel front: logged out: …", "next": {"action": "link_again", "sentence": "link it again"}}
//! ```
//!
//! `id` is the same in every attempt and in the header `idempotency-key`, so a receiver that saw it already can leave it out.
//! The request is signed: `x-greenroom-timestamp` holds the seconds since 1970, and `x-greenroom-signature` holds `sha256=`
//! and the HMAC-SHA256 of the timestamp, a dot and the body, with the secret in `[alerts] secret` as the key. What does not
//! answer with a status from 200 to 299 is asked again after pauses that grow, for a day; redirects are not followed, and
//! private addresses are refused unless `allow_private` is set.
//!
//! | module | holds |
//! |---|---|
//! | `troubles` | what of the engine's health needs a person. Pure |
//! | `episodes` | which of it was not told yet. Pure |
//! | `refusals` | when refused posts are a trouble. Pure |
//! | `alert` | what is sent |
//! | `webhook` | one attempt to send it |
//! | `kept` | what was told, across restarts |
//! | `service` | looks from time to time, and sends |
//! | `limits` | every limit, with its unit and its reason |
#![warn(missing_docs)]

mod alert;
mod episodes;
mod kept;
pub mod limits;
mod refusals;
mod service;
mod troubles;
mod webhook;

pub use alert::{Alert, Kind, Next};
pub use service::{Alerts, Options};
pub use webhook::{KEYS, Webhook, WebhookConfig};

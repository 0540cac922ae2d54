//! Pure decisions: values in, values out. What an actor does is decided here and carried out there.

pub(crate) mod addressing;
pub(crate) mod admission;
pub(crate) mod blueprint;
pub(crate) mod budget;
pub(crate) mod clock_step;
pub(crate) mod gate;
pub(crate) mod health;
pub(crate) mod house_texts;
pub(crate) mod link_end;
pub(crate) mod linking_rules;
pub(crate) mod next_action;
pub(crate) mod notices;
pub(crate) mod overheard;
pub(crate) mod pacing;
pub(crate) mod rates;
pub(crate) mod reconcile;
pub(crate) mod reconnect;
pub(crate) mod refused;
pub(crate) mod render;
pub(crate) mod restart;
pub(crate) mod session_phase;
pub(crate) mod split;
pub(crate) mod status;
pub(crate) mod unknown_recipients;
pub(crate) mod window;

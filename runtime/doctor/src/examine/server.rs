//! Whether a server runs and can be asked.

use crate::facts::{Facts, ServerFact};
use crate::finding::Finding;

const AREA: &str = "server";

pub(super) fn examine(facts: &Facts) -> Option<Finding> {
    Some(match &facts.server {
        ServerFact::Unknown => return None,
        ServerFact::Rests => Finding::warning("not-running", AREA, "no greenroom runs here", "greenroom run"),
        ServerFact::Mute => Finding::error(
            "gateway-off",
            AREA,
            "a greenroom runs here without a gateway, so it cannot be asked",
            "set gateway.enabled = true (GREENROOM_GATEWAY__ENABLED=true) and start it again",
        ),
        ServerFact::NotConfigured { reason } => Finding::error(
            "gateway-not-configured",
            AREA,
            reason,
            "export WHATSAPP_GATEWAY_URL=https://YOUR-HOST and AUTH_SECRET with the same value as there",
        ),
        ServerFact::Away { reason } => Finding::error(
            "gateway-unreachable",
            AREA,
            reason,
            "greenroom health on the machine where it runs; let proxies and firewalls between pass this one",
        ),
        ServerFact::Refused { reason } => Finding::error(
            "gateway-refuses",
            AREA,
            reason,
            "compare AUTH_SECRET, the clocks and gateway.audience of the two sides",
        ),
        ServerFact::Runs => {
            let what = match &facts.health {
                Some(health) => format!(
                    "greenroom {} runs, {} conversation(s) active, {} restart(s) of its actors",
                    health.version, health.conversations_active, health.restarts
                ),
                None => "it runs".to_owned(),
            };
            Finding::ok("running", AREA, what)
        }
    })
}

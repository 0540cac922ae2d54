//! One message is handed to the network: apart from everything else, within its time, and counted.

use crate::decide::counted;
use crate::supervision::isolate;
use greenroom_contract::cause::Cause;
use greenroom_contract::channel::{Link, Receipt, SendError};
use greenroom_contract::limits;
use greenroom_contract::outbound::Outbound;
use greenroom_support::fail_point;
use greenroom_support::metrics::words::Stage;
use greenroom_support::metrics::{Happened, count, took};
use std::time::Instant;
use tracing::Instrument as _;

/// Hands it over. A crash of the adapter, and an answer that does not come, leave unknown whether it was sent.
pub(super) async fn handed(link: &dyn Link, outbound: &Outbound) -> Result<Receipt, SendError> {
    fail_point!(SendStarting);
    let begun = Instant::now();
    let span = tracing::info_span!("send", account = %outbound.route.account, id = %outbound.id);
    let send = isolate("send", link.send(outbound)).instrument(span);
    let result = tokio::time::timeout(limits::SEND_TIMEOUT, send).await;
    fail_point!(SendReturned);
    let result = match result {
        Ok(Ok(result)) => result,
        Ok(Err(panic)) => {
            let reason: Cause = format!("the adapter crashed: {panic}").into();
            tracing::error!(id = %outbound.id, %reason, "a send crashed");
            Err(SendError::Uncertain { reason })
        }
        Err(_) => Err(SendError::Uncertain { reason: "the network did not answer".into() }),
    };
    took(Stage::Send, begun.elapsed());
    count(Happened::Send(counted::send(&result)));
    result
}

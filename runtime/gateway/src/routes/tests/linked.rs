//! Servers with sessions that were linked at run time, of several owners.

use super::{Server, server_on};
use greenroom_channel_loopback::Options;
use greenroom_contract::ids::AccountId;
use greenroom_contract::linking::{LinkMethod, LinkStep, Linking, Shown};
use greenroom_engine::LinkRequest;
use std::time::Duration;

/// A server whose channel links accounts, and has none yet.
pub(super) async fn linked() -> Server {
    let linking = Some(Linking { warning: "use a second number".to_owned() });
    server_on(Options { accounts: Vec::new(), linking, ..Options::default() }).await
}

/// The session of an owner that is being linked; it shows a code.
pub(super) async fn begun(server: &Server, owner: &str) -> AccountId {
    let (channel, owner) = ("front".parse().unwrap(), owner.parse().unwrap());
    let request = LinkRequest { channel, owner, account: None, method: LinkMethod::Qr, accepted: true };
    let account = server.handle.begin_link(request).await.unwrap();
    code(server, &account).await;
    account
}

/// The code that is shown.
pub(super) async fn code(server: &Server, account: &AccountId) -> String {
    let mut steps = server.handle.link_steps(account).unwrap();
    let shows = steps.wait_for(|view| matches!(&view.step, Some(LinkStep::Show(_))));
    let view = tokio::time::timeout(Duration::from_secs(10), shows).await.unwrap().unwrap().clone();
    match view.step {
        Some(LinkStep::Show(showing)) => match showing.shown {
            Shown::Qr(code) | Shown::Text(code) => code,
        },
        other => panic!("{other:?}"),
    }
}

/// A session of an owner, linked to this number and connected.
pub(super) async fn owned(server: &Server, owner: &str, phone: &str) -> String {
    let account = begun(server, owner).await;
    assert!(server.network.scan(&code(server, &account).await, phone));
    let connected = server.network.connected(account.as_str());
    tokio::time::timeout(Duration::from_secs(10), connected).await.unwrap();
    account.to_string()
}

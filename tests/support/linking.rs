//! A bot to which people link accounts.

use super::setup::{Bot, Setup};
use greenroom::{AccountHealth, LinkRefused, LinkRequest, LinkView};
use greenroom_conformance::assistants;
use greenroom_conformance::messages::id;
use greenroom_contract::ids::{AccountId, OwnerId};
use greenroom_contract::linking::{LinkMethod, LinkStep, Linking};
use greenroom_contract::store::AccountRow;
use std::time::Duration;

pub(crate) const WARNING: &str = "the account may be suspended; use a second number";
pub(crate) const PHONE: &str = "+15557770001";

/// An echo bot on a network that lets accounts be linked.
pub(crate) fn linkable() -> Setup {
    let mut setup = Setup::new(assistants::echo());
    setup.options.linking = Some(Linking { warning: WARNING.to_owned() });
    setup
}

/// The wish for a new account of whoever runs the server, with the warning accepted.
pub(crate) fn wish() -> LinkRequest {
    wish_of("local")
}

pub(crate) fn wish_of(owner: &str) -> LinkRequest {
    LinkRequest { channel: id("loopback"), owner: id(owner), account: None, method: LinkMethod::Qr, accepted: true }
}

impl Bot {
    pub(crate) async fn link(&self, request: LinkRequest) -> Result<AccountId, LinkRefused> {
        self.running.handle().begin_link(request).await
    }

    /// Links an account as [`PHONE`] does it: by the first code that is shown.
    pub(crate) async fn linked(&self, owner: &str) -> AccountId {
        let account = self.link(wish_of(owner)).await.expect("it may be linked");
        self.scanned(&account).await;
        account
    }

    /// Scans the code that is shown, and waits until the account is connected.
    pub(crate) async fn scanned(&self, account: &AccountId) {
        let code = self.code(account).await;
        assert!(self.network.scan(&code, PHONE), "the code that is shown works");
        self.step(account, |view| matches!(view.step, Some(LinkStep::Done { .. }))).await;
        self.network.connected(account.as_str()).await;
        self.status_is(account, "connected").await;
    }

    /// Waits for a step like that.
    pub(crate) async fn step(&self, account: &AccountId, wanted: impl FnMut(&LinkView) -> bool) -> LinkView {
        let mut steps = self.running.handle().link_steps(account).expect("the account is there");
        let hour = Duration::from_secs(3_600);
        let seen = tokio::time::timeout(hour, steps.wait_for(wanted)).await;
        seen.expect("it comes within the hour").expect("the account is there").clone()
    }

    /// Waits for a code and returns it.
    pub(crate) async fn code(&self, account: &AccountId) -> String {
        let view = self.step(account, |view| code_of(view).is_some()).await;
        code_of(&view).expect("just seen")
    }

    /// The account as people see it.
    pub(crate) async fn account(&self, account: &AccountId) -> AccountHealth {
        let list = self.running.handle().account_list().await.expect("healthy");
        list.into_iter().find(|one| one.account == *account).expect("the account is listed")
    }

    /// The account as it is stored.
    pub(crate) async fn row(&self, account: &AccountId) -> Option<AccountRow> {
        self.store.accounts().await.expect("healthy").into_iter().find(|row| row.id == *account)
    }

    /// Waits until the account is shown so.
    pub(crate) async fn status_is(&self, account: &AccountId, word: &str) -> AccountHealth {
        for _ in 0..36_000 {
            let seen = self.account(account).await;
            if seen.status.word() == word {
                return seen;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("it never was {word:?}: {:?}", self.account(account).await);
    }
}

pub(crate) fn local() -> OwnerId {
    OwnerId::local()
}

/// The code that a view shows.
pub(crate) fn code_of(view: &LinkView) -> Option<String> {
    view.step.as_ref().and_then(LinkStep::code).map(str::to_owned)
}

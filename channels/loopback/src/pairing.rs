//! Linking an account at run time.

use crate::link::LoopbackLink;
use crate::phone::LoginPlan;
use async_trait::async_trait;
use bytes::Bytes;
use greenroom_contract::linking::{LoginMethod, LoginStep, LogoutError, Pairing};
use greenroom_contract::store::{AccountVault, StoreError, VaultWrite};
use std::time::Duration;
use tokio::sync::mpsc::Sender;
use tokio_util::sync::CancellationToken;

/// Where an account keeps its key.
const KEY: &[u8] = b"device";

/// The keys of an account that was linked at run time.
pub(crate) struct Device(AccountVault);

impl Device {
    pub(crate) fn new(vault: AccountVault) -> Self {
        Self(vault)
    }

    /// Whether there are keys.
    pub(crate) async fn is_linked(&self) -> Result<bool, StoreError> {
        Ok(self.0.get(KEY).await?.is_some())
    }

    async fn link(&self, number: &str) -> Result<(), StoreError> {
        let value = Bytes::copy_from_slice(number.as_bytes());
        self.0.write(vec![VaultWrite::Put { key: Bytes::from_static(KEY), value }]).await
    }
}

/// Ends a run, however it ends.
struct Running<'a>(&'a LoopbackLink);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.network.phones().end_run(self.0.id.as_str());
    }
}

/// A code stops working when nobody shows it any more.
struct Offered<'a> {
    link: &'a LoopbackLink,
    code: &'a str,
}

impl Drop for Offered<'_> {
    fn drop(&mut self) {
        self.link.network.phones().withdraw(self.code);
    }
}

#[async_trait]
impl Pairing for LoopbackLink {
    async fn login(&self, method: LoginMethod, steps: Sender<LoginStep>, stop: CancellationToken) {
        let phones = self.network.phones();
        if !phones.begin_run(self.id.as_str()) {
            self.network.promise_broken(format!("two linking runs at the same time for {}", self.id));
        }
        let _running = Running(self);
        let plan = phones.plan();
        if plan == LoginPlan::Hang {
            std::future::pending::<()>().await;
        }
        tokio::select! {
            () = stop.cancelled() => {}
            // Nobody listens any more: the engine is gone.
            _ = self.carry_out_login(plan, method, &steps) => {}
        }
    }

    async fn logout(&self) -> Result<(), LogoutError> {
        if !self.network.phones().remove(self.id.as_str()) {
            return Err(LogoutError::Unreachable { reason: "the wire is cut".into() });
        }
        let Some(device) = &self.device else { return Ok(()) };
        device.0.clear().await.map_err(|error| LogoutError::Unreachable { reason: error.into() })
    }
}

/// The end of a run whose steps nobody takes.
struct NobodyListens;

impl LoopbackLink {
    async fn carry_out_login(
        &self,
        plan: LoginPlan,
        method: LoginMethod,
        steps: &Sender<LoginStep>,
    ) -> Result<(), NobodyListens> {
        let next = "try again".to_owned();
        let end = match plan {
            LoginPlan::Codes { of, first, later, gap } => self.codes(method, steps, (of, first, later, gap)).await?,
            LoginPlan::Passkey { stands } => self.passkey(steps, stands).await?,
            LoginPlan::SlotsFull { devices_max } => LoginStep::SlotsFull { devices_max },
            LoginPlan::Fail { reason } => LoginStep::Failed { reason, next },
            LoginPlan::Hang => return Ok(()),
            LoginPlan::Panic => panic!("this linking run was told to panic"),
        };
        say(steps, end).await
    }

    /// Shows one code after another until one is scanned.
    async fn codes(
        &self,
        method: LoginMethod,
        steps: &Sender<LoginStep>,
        (of, first, later, gap): (u32, Duration, Duration, Duration),
    ) -> Result<LoginStep, NobodyListens> {
        for number in 1..=of {
            let works = if number == 1 { first } else { later };
            let valid_until = self.network.clock().now().plus(works);
            let (code, scanned) = self.network.phones().offer(if method == LoginMethod::Qr { "qr" } else { "code" });
            let offered = Offered { link: self, code: &code };
            let step = match method {
                LoginMethod::Qr => LoginStep::Qr { code: code.clone(), valid_until, number, of },
                LoginMethod::Code { .. } => LoginStep::Code { code: code.clone(), valid_until },
            };
            say(steps, step).await?;
            if let Ok(Ok(phone)) = tokio::time::timeout(works, scanned).await {
                return self.finish(steps, &phone).await;
            }
            drop(offered);
            tokio::time::sleep(gap).await;
        }
        Ok(LoginStep::Expired)
    }

    async fn passkey(&self, steps: &Sender<LoginStep>, stands: Duration) -> Result<LoginStep, NobodyListens> {
        let valid_until = self.network.clock().now().plus(stands);
        let guidance = "open this network in a browser and confirm with your passkey".to_owned();
        say(steps, LoginStep::Passkey { guidance, valid_until }).await?;
        match tokio::time::timeout(stands, self.network.phones().passkey()).await {
            Ok(()) => self.finish(steps, "+15550009999").await,
            Err(_) => Ok(LoginStep::Expired),
        }
    }

    async fn finish(&self, steps: &Sender<LoginStep>, phone: &str) -> Result<LoginStep, NobodyListens> {
        say(steps, LoginStep::Finishing).await?;
        let Some(device) = &self.device else { return Ok(LoginStep::Expired) };
        if let Err(error) = device.link(phone).await {
            return Ok(LoginStep::Failed { reason: error.to_string(), next: "try again".to_owned() });
        }
        self.network.phones().link(self.id.as_str(), phone);
        Ok(LoginStep::Done { label: phone.to_owned() })
    }
}

async fn say(steps: &Sender<LoginStep>, step: LoginStep) -> Result<(), NobodyListens> {
    steps.send(step).await.map_err(|_| NobodyListens)
}

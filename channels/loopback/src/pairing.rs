//! Linking an account at run time.

use crate::link::LoopbackLink;
use crate::phone::LinkPlan;
use async_trait::async_trait;
use bytes::Bytes;
use greenroom_contract::linking::{
    Answers, Field, LinkMethod, LinkStep, LogoutError, Page, Pairing, Question, Showing, Shown,
};
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
    async fn link(&self, method: LinkMethod, steps: Sender<LinkStep>, stop: CancellationToken) {
        let phones = self.network.phones();
        if !phones.begin_run(self.id.as_str()) {
            self.network.promise_broken(format!("two linking runs at the same time for {}", self.id));
        }
        let _running = Running(self);
        let plan = phones.plan();
        if plan == LinkPlan::Hang {
            std::future::pending::<()>().await;
        }
        tokio::select! {
            () = stop.cancelled() => {}
            // Nobody listens any more: the engine is gone.
            _ = self.carry_out_link(plan, method, &steps) => {}
        }
    }

    async fn answer(&self, answers: Answers) {
        if !self.network.phones().hand_over(self.id.as_str(), answers) {
            self.network.promise_broken(format!("an answer that was not asked for reached {}", self.id));
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
    async fn carry_out_link(
        &self,
        plan: LinkPlan,
        method: LinkMethod,
        steps: &Sender<LinkStep>,
    ) -> Result<(), NobodyListens> {
        let end = match plan {
            LinkPlan::Codes { of, first, later, gap } => self.codes(method, steps, (of, first, later, gap)).await?,
            LinkPlan::Elsewhere { page, stands } => self.elsewhere(steps, page, stands).await?,
            LinkPlan::Questions { secret, stands } => self.questions(steps, &secret, stands).await?,
            LinkPlan::SlotsFull { devices_max } => LinkStep::no_room(devices_max),
            LinkPlan::Fail { reason } => LinkStep::failed(reason, "try again"),
            LinkPlan::Hang => return Ok(()),
            LinkPlan::Panic => panic!("this linking run was told to panic"),
        };
        say(steps, end).await
    }

    /// Shows one code after another until one is scanned.
    async fn codes(
        &self,
        method: LinkMethod,
        steps: &Sender<LinkStep>,
        (of, first, later, gap): (u32, Duration, Duration, Duration),
    ) -> Result<LinkStep, NobodyListens> {
        for number in 1..=of {
            let works = if number == 1 { first } else { later };
            let valid_until = self.network.clock().now().plus(works);
            let (code, scanned) = self.network.phones().offer(if method == LinkMethod::Qr { "qr" } else { "code" });
            let offered = Offered { link: self, code: &code };
            let (shown, guidance) = match method {
                LinkMethod::Qr => (Shown::Qr(code.clone()), "scan this code with a phone of this network"),
                LinkMethod::Code { .. } => (Shown::Text(code.clone()), "type this code on a phone of this network"),
            };
            let guidance = guidance.to_owned();
            say(steps, LinkStep::Show(Showing { shown, guidance, valid_until, number, of })).await?;
            if let Ok(Ok(phone)) = tokio::time::timeout(works, scanned).await {
                return self.finish(steps, &phone).await;
            }
            drop(offered);
            tokio::time::sleep(gap).await;
        }
        Ok(LinkStep::expired())
    }

    /// Waits until the person has confirmed elsewhere.
    async fn elsewhere(
        &self,
        steps: &Sender<LinkStep>,
        page: Option<String>,
        stands: Duration,
    ) -> Result<LinkStep, NobodyListens> {
        let valid_until = Some(self.network.clock().now().plus(stands));
        let guidance = "open this network in a browser and confirm there".to_owned();
        let step = match page {
            Some(address) => LinkStep::Open(Page { address, guidance, valid_until }),
            None => LinkStep::Wait { guidance, valid_until },
        };
        say(steps, step).await?;
        match tokio::time::timeout(stands, self.network.phones().confirmed()).await {
            Ok(()) => self.finish(steps, "+15550009999").await,
            Err(_) => Ok(LinkStep::expired()),
        }
    }

    /// Asks for the number and a secret until they are right.
    async fn questions(
        &self,
        steps: &Sender<LinkStep>,
        secret: &str,
        stands: Duration,
    ) -> Result<LinkStep, NobodyListens> {
        let mut typed = self.network.phones().hear_answers(self.id.as_str());
        let mut guidance = "this network wants to know whose number it is";
        loop {
            let valid_until = Some(self.network.clock().now().plus(stands));
            let field = |(name, label, secret): (&str, &str, bool)| Field {
                name: name.to_owned(),
                label: label.to_owned(),
                secret,
            };
            let fields = [("number", "Your number", false), ("secret", "The secret", true)].map(field).into();
            say(steps, LinkStep::Ask(Question { guidance: guidance.to_owned(), fields, valid_until })).await?;
            match tokio::time::timeout(stands, typed.recv()).await {
                Ok(Some(answers)) if answers.get("secret") == secret => {
                    return self.finish(steps, answers.get("number")).await;
                }
                Ok(Some(_)) => guidance = "that secret is wrong; type both once more",
                Ok(None) | Err(_) => return Ok(LinkStep::expired()),
            }
        }
    }

    async fn finish(&self, steps: &Sender<LinkStep>, phone: &str) -> Result<LinkStep, NobodyListens> {
        say(steps, LinkStep::wait("the phone agreed; keys are being stored ...")).await?;
        let Some(device) = &self.device else { return Ok(LinkStep::expired()) };
        if let Err(error) = device.link(phone).await {
            return Ok(LinkStep::failed(error.to_string(), "try again"));
        }
        self.network.phones().link(self.id.as_str(), phone);
        Ok(LinkStep::Done { label: phone.to_owned() })
    }
}

async fn say(steps: &Sender<LinkStep>, step: LinkStep) -> Result<(), NobodyListens> {
    steps.send(step).await.map_err(|_| NobodyListens)
}

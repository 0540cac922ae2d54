//! `link`: from a configured channel to a linked account.
//!
//! `choose` finds the channel that is meant, `prompt` reads what is typed.

mod choose;
mod prompt;

use crate::cli::admin::{self, Admin, Begun, Bot};
use crate::cli::failure::Failure;
use crate::cli::logging::{self, Reader};
use crate::cli::screen::{Screen, Size, Style};
use crate::cli::serve::Signals;
use crate::cli::{near, remote, report};
use greenroom::config::Config;
use greenroom::contract::time::Clock;
use greenroom::registry::Registry;
use greenroom_client::{LinkBody, LinkFailureView, LinkStepView};
use prompt::{Form, Prompt};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::time::Duration;

/// What was written on the command line.
pub(crate) struct LinkArguments {
    pub(crate) channel: Option<String>,
    pub(crate) code: Option<String>,
    pub(crate) account: Option<String>,
    pub(crate) yes: bool,
}

/// How long an account may take to connect after it was linked, before the command ends all the same.
const CONNECTING: Duration = Duration::from_secs(15);

/// Links an account.
pub(crate) async fn carry_out(config: &Config, registry: &Registry, arguments: LinkArguments) -> Result<(), Failure> {
    logging::install(config, Reader::Talk)?;
    let mut signals = Signals::install()?;
    let channel = match (remote::client(config)?, arguments.channel.as_deref()) {
        (None, name) => choose::chosen(config, registry, name).await?,
        // What is configured here says nothing about a gateway elsewhere.
        (Some(_), Some(name)) => name.to_owned(),
        (Some(_), None) => return Err(Failure::usage("name the channel of the gateway: greenroom link CHANNEL")),
    };
    let admin = admin::open_channel(config, &channel).await?;
    let begun = RefCell::new(None);
    let linked = tokio::select! {
        linked = linking(admin.as_ref(), &channel, &arguments, &begun) => linked,
        () = signals.next() => Err(Failure::interrupted("linking was cancelled")),
    };
    if linked.is_err() {
        tidy_up(admin.as_ref(), &arguments, begun.into_inner()).await;
    }
    let closed = admin.close().await;
    linked.and(closed)
}

/// Ends what goes on, and leaves no account behind that nobody will come back to.
async fn tidy_up(admin: &dyn Admin, arguments: &LinkArguments, begun: Option<String>) {
    let Some(account) = begun else { return };
    // It may have ended by itself, and then is kept as what it became.
    if admin.cancel_link(&account).await.is_ok() && arguments.account.is_none() {
        let _ = admin.forget(&account).await;
    }
}

async fn linking(
    admin: &dyn Admin,
    channel: &str,
    arguments: &LinkArguments,
    begun: &RefCell<Option<String>>,
) -> Result<(), Failure> {
    let (session, phone) = (arguments.account.clone(), arguments.code.clone());
    let mut body = LinkBody { channel: channel.to_owned(), session, phone, ..LinkBody::default() };
    let account = match admin.link(&body).await? {
        Begun::Linking(account) => account,
        Begun::Warned(warning) => {
            accept(&warning, arguments.yes).await?;
            body.accept_risk = true;
            match admin.link(&body).await? {
                Begun::Linking(account) => account,
                Begun::Warned(_) => return Err(Failure::new("the warning has changed since it was shown; try again")),
            }
        }
    };
    begun.replace(Some(account.clone()));
    report::print("Use a second number for the bot, not your own. Ctrl-C cancels.\n")?;
    follow(admin, channel, &account, &again(channel, &account, arguments.code.as_deref())).await
}

/// The command that links this account once more, in the same way.
fn again(channel: &str, account: &str, code: Option<&str>) -> String {
    let code = code.map(|phone| format!(" --code \"{phone}\"")).unwrap_or_default();
    format!("Try again with: greenroom link {channel} --account {account}{code}")
}

/// Terminals are at least this wide, and longer lines are hard to read.
const WARNING_COLUMNS: usize = 78;

/// Prints the warning, and asks unless `--yes` was written.
async fn accept(warning: &str, yes: bool) -> Result<(), Failure> {
    report::print(&format!("{}\n\n", textwrap::fill(warning.trim_end(), WARNING_COLUMNS)))?;
    if yes {
        return report::print("You accepted this with --yes.\n\n");
    }
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage("this must be accepted before the first link")
            .hint("Read it, then run the command again with --yes."));
    }
    if confirmed("Type yes if you accept this").await {
        return report::print("\n");
    }
    Err(Failure::new("not accepted, so nothing was linked"))
}

/// Asks on the terminal; anything but a yes is a no, an input that ended too.
pub(super) async fn confirmed(question: &str) -> bool {
    let typed = Prompt::default().line(question, false).await.unwrap_or_default();
    matches!(typed.trim().to_lowercase().as_str(), "yes" | "y")
}

/// Shows every step until the last one, and asks what must be typed.
async fn follow(admin: &dyn Admin, channel: &str, account: &str, again: &str) -> Result<(), Failure> {
    let by_code = format!("greenroom link {channel} --account {account} --code +NUMBER");
    let mut screen = Screen::new(std::io::stdout(), Style::of_stdout(), Size::of_stdout, by_code);
    let mut prompt = Prompt::default();
    let mut form = None;
    let mut seconds = tokio::time::interval(Duration::from_secs(1));
    let mut after = None;
    loop {
        let news = admin.link_progress(account, after);
        tokio::pin!(news);
        let progress = loop {
            tokio::select! {
                progress = &mut news => break progress?,
                typed = filled(&mut form, &mut prompt) => {
                    admin.answer_link(account, typed?).await?;
                    form = None;
                }
                _ = seconds.tick() => screen.tick(now_ms())?,
            }
        };
        let is_new = after.replace(progress.sequence) != Some(progress.sequence);
        if let Some(LinkStepView::Ask { guidance, fields, .. }) = &progress.step {
            if is_new {
                screen.clear()?;
                report::print(&format!("{}\n", textwrap::fill(guidance, WARNING_COLUMNS)))?;
                form = Some(Form::new(fields.clone()));
            }
            continue;
        }
        form = None;
        screen.show(&progress, now_ms())?;
        if progress.running {
            continue;
        }
        let Some(last) = progress.step else { continue };
        screen.clear()?;
        return conclude(admin, channel, account, last, again).await;
    }
}

/// What was typed for a question; never ready where nothing is asked.
async fn filled(form: &mut Option<Form>, prompt: &mut Prompt) -> Result<BTreeMap<String, String>, Failure> {
    match form {
        Some(form) => form.fill(prompt).await,
        None => std::future::pending().await,
    }
}

async fn conclude(
    admin: &dyn Admin,
    channel: &str,
    account: &str,
    last: LinkStepView,
    again: &str,
) -> Result<(), Failure> {
    match last {
        LinkStepView::Done { label } => {
            report::print(&format!("linked: {label} is account {account} of channel {channel}\n"))?;
            // What cannot be told is not worth a failure: the account is linked.
            let entries = admin.allow_list().await.unwrap_or_default();
            if let Some(said) = near::own_number(&label, channel, account, &entries) {
                report::print(&said)?;
            }
            let connected = connected(admin, account).await;
            let words = match (connected, admin.bot() == Bot::Runs) {
                (true, true) => "it is connected, and the bot answers there from now on",
                (true, false) => "it works; start the bot with: greenroom run",
                (false, true) => "it is being connected; greenroom accounts shows its state",
                (false, false) => "start the bot with: greenroom run",
            };
            report::print(&format!("{words}\n"))
        }
        LinkStepView::Failed { failure: LinkFailureView::Expired, reason, .. } => Err(Failure::new(reason).hint(again)),
        LinkStepView::Failed { failure: LinkFailureView::NoRoom { .. }, reason, .. } => {
            Err(Failure::new(reason).hint(format!("Remove one on the phone. {again}")))
        }
        LinkStepView::Failed { reason, next, .. } => {
            Err(Failure::new(format!("not linked: {reason}")).hint(format!("Next: {next}. {again}")))
        }
        LinkStepView::Show { .. }
        | LinkStepView::Ask { .. }
        | LinkStepView::Open { .. }
        | LinkStepView::Wait { .. } => Err(Failure::new("linking ended without a result").hint(again)),
    }
}

/// Whether the account connects soon.
async fn connected(admin: &dyn Admin, account: &str) -> bool {
    let waiting = async {
        let mut pauses = tokio::time::interval(Duration::from_millis(200));
        loop {
            pauses.tick().await;
            if admin
                .accounts()
                .await
                .is_ok_and(|all| all.iter().any(|one| one.session == account && one.code == "connected"))
            {
                return;
            }
        }
    };
    tokio::time::timeout(CONNECTING, waiting).await.is_ok()
}

fn now_ms() -> u64 {
    let _ = std::io::stdout().flush();
    Clock::System.now().0
}

#[cfg(test)]
mod tests {
    use super::again;

    #[test]
    fn trying_again_keeps_the_way_that_was_chosen() {
        assert_eq!(again("wa", "acc-1", None), "Try again with: greenroom link wa --account acc-1");
        let by_code = "Try again with: greenroom link wa --account acc-1 --code \"+1 202 5550123\"";
        assert_eq!(again("wa", "acc-1", Some("+1 202 5550123")), by_code);
    }
}

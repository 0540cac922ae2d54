//! The one account of a console.

use crate::command::{self, Command};
use crate::input::Input;
use crate::media::{self, Sort};
use crate::screen::Screen;
use crate::talk::{Manner, Talk};
use async_trait::async_trait;
use greenroom_contract::channel::{Ended, Link, MediaError, Receipt, SendError};
use greenroom_contract::event::{ChannelEvent, EventSink, Sign, SinkError};
use greenroom_contract::ids::MessageId;
use greenroom_contract::limits;
use greenroom_contract::message::{Body, Media, MediaRef};
use greenroom_contract::outbound::{Outbound, Route};
use greenroom_contract::presence::Presence;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// How a bot is asked what it can do.
const BOT_HELP: &str = "/help";

/// Lines in, answers out.
pub(crate) struct ConsoleLink {
    input: Arc<Input>,
    screen: Arc<Mutex<Screen>>,
    talk: Mutex<Talk>,
    /// Messages that nobody answered yet, as far as one can see from here.
    unanswered: AtomicUsize,
    answered: Notify,
    /// Whether a turn runs.
    at_work: AtomicBool,
    /// Whoever read the output has gone.
    unread: CancellationToken,
}

/// What follows from a line.
enum Step {
    Emit(Option<MessageId>, ChannelEvent),
    Note(String),
    Nothing,
    Quit,
}

impl ConsoleLink {
    pub(crate) fn new(input: Arc<Input>, screen: Arc<Mutex<Screen>>, talk: Talk) -> Self {
        Self {
            input,
            screen,
            talk: Mutex::new(talk),
            unanswered: AtomicUsize::new(0),
            answered: Notify::new(),
            at_work: AtomicBool::new(false),
            unread: CancellationToken::new(),
        }
    }

    fn screen(&self) -> MutexGuard<'_, Screen> {
        self.screen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn talk(&self) -> MutexGuard<'_, Talk> {
        self.talk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes lines until the input ends or somebody wants to leave.
    async fn converse(&self, sink: &dyn EventSink) -> Ended {
        loop {
            let prompt = self.talk().prompt();
            self.screen().ask(&prompt);
            let Some(line) = self.input.line().await else { return Ended::Finished };
            self.screen().answered();
            sink.alive(Sign::Frame);
            match self.step(&line).await {
                Step::Emit(id, event) => match emit(sink, event).await {
                    Ok(()) => {
                        if let Some(id) = id {
                            self.screen().taken(id.as_str());
                            self.pace().await;
                        }
                    }
                    Err(SinkError::Closed) => return Ended::Stopped,
                    Err(error) => self.screen().note(&format!("the message was not accepted: {error}")),
                },
                Step::Note(text) => self.screen().note(&text),
                Step::Nothing => {}
                Step::Quit => return Ended::Finished,
            }
        }
    }

    /// What a line asks for. Mistakes become notes at once.
    async fn step(&self, line: &str) -> Step {
        let command = match command::parse(line) {
            Ok(command) => command,
            Err(mistake) => return Step::Note(mistake),
        };
        match self.carry_out(command).await {
            Ok(step) => step,
            Err(mistake) => Step::Note(mistake),
        }
    }

    async fn carry_out(&self, command: Command) -> Result<Step, String> {
        let said = |(id, event)| Step::Emit(Some(id), event);
        match command {
            Command::Nothing => Ok(Step::Nothing),
            Command::OwnHelp => Ok(Step::Note(command::HELP.to_owned())),
            Command::BotHelp => {
                self.screen().note(command::OWN_HELP);
                self.talk().message(Body::Text(BOT_HELP.to_owned()), Manner::Plain).map(said)
            }
            Command::Quit => Ok(Step::Quit),
            Command::Say(text) => self.talk().message(Body::Text(text), Manner::Plain).map(said),
            Command::Reply(text) => self.talk().message(Body::Text(text), Manner::Reply).map(said),
            Command::Mention(text) => self.talk().message(Body::Text(text), Manner::Mention).map(said),
            Command::React(emoji) => self.talk().reaction(emoji).map(said),
            Command::Image { path, caption } => {
                let media = media::refer(&path, Sort::Image, limits::IMAGE_BYTES_MAX).await?;
                self.talk().message(Body::Image { media, caption }, Manner::Plain).map(said)
            }
            Command::Voice { path } => {
                let media = media::refer(&path, Sort::Voice, limits::VOICE_BYTES_MAX).await?;
                self.talk().message(Body::Voice { media, duration: None }, Manner::Plain).map(said)
            }
            Command::File { path, caption } => {
                let media = media::refer(&path, Sort::Document, limits::DOCUMENT_BYTES_MAX).await?;
                let name = media::name(&media);
                self.talk().message(Body::Document { media, name, caption }, Manner::Plain).map(said)
            }
            Command::Location(location) => self.talk().message(Body::Location(location), Manner::Plain).map(said),
            Command::Contact(contact) => self.talk().message(Body::Contacts(vec![contact]), Manner::Plain).map(said),
            Command::Pick(number) => self.talk().pick(number).map(said),
            Command::Edit(text) => self.talk().change(Some(text)).map(|event| Step::Emit(None, event)),
            Command::Delete => self.talk().change(None).map(|event| Step::Emit(None, event)),
            Command::Group(name) => {
                self.talk().enter(Some(&name))?;
                Ok(Step::Note(format!("you are in the group {name}; /mention TEXT addresses the bot, /direct leaves")))
            }
            Command::Direct => self.talk().enter(None).map(|()| Step::Nothing),
            Command::As(person) => {
                let note = format!(
                    "you write as {person}; a person who is not on the allow-list gets no answer; `greenroom why` says so"
                );
                self.talk().speak_as(Some(person));
                Ok(Step::Note(note))
            }
            Command::Me => {
                self.talk().speak_as(None);
                Ok(Step::Nothing)
            }
        }
    }

    /// Reads on, unless so many messages wait for an answer that the next ones could be refused.
    async fn pace(&self) {
        let waiting = self.unanswered.fetch_add(1, Ordering::Relaxed) + 1;
        if waiting < limits::CONSOLE_UNANSWERED_MAX {
            return;
        }
        if tokio::time::timeout(limits::CONSOLE_ANSWER_WAIT, self.answered.notified()).await.is_ok() {
            return;
        }
        if self.at_work.load(Ordering::Relaxed) {
            self.forget_one();
        } else {
            // Silence is an answer, too: from whoever is not admitted, or by an assistant's choice. Nobody works on these.
            self.unanswered.store(0, Ordering::Relaxed);
        }
    }

    /// A message of ours is dealt with.
    fn one_less(&self) {
        self.forget_one();
        self.answered.notify_one();
    }

    fn forget_one(&self) {
        let less = |waiting: usize| Some(waiting.saturating_sub(1));
        let _ = self.unanswered.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }
}

/// Hands an event over; a store that cannot take it now is asked again, as a network would.
async fn emit(sink: &dyn EventSink, event: ChannelEvent) -> Result<(), SinkError> {
    for _ in 0..limits::LINE_ATTEMPTS_MAX {
        match sink.emit(vec![event.clone()]).await {
            Err(SinkError::Unavailable { reason }) => {
                tracing::warn!(%reason, "the store cannot accept a line now; trying again");
                tokio::time::sleep(limits::SEND_RETRY_PAUSE).await;
            }
            other => return other,
        }
    }
    sink.emit(vec![event]).await
}

#[async_trait]
impl Link for ConsoleLink {
    async fn run(&self, sink: Arc<dyn EventSink>, stop: CancellationToken) -> Ended {
        sink.alive(Sign::Connected);
        let ended = tokio::select! {
            biased;
            () = stop.cancelled() => Ended::Stopped,
            // As for any program in a pipe: without a reader there is no point in reading on.
            () = self.unread.cancelled() => Ended::Finished,
            ended = self.converse(sink.as_ref()) => ended,
        };
        self.screen().end();
        ended
    }

    async fn send(&self, outbound: &Outbound) -> Result<Receipt, SendError> {
        let chat = &outbound.route.chat;
        let place = {
            let talk = self.talk();
            (!talk.is_here(chat)).then(|| chat.as_str().to_owned())
        };
        let (screen, body) = (Arc::clone(&self.screen), outbound.body.clone());
        // Whoever reads the output may be slow; that must not hold up a worker of the runtime.
        let written = tokio::task::spawn_blocking(move || {
            screen.lock().unwrap_or_else(PoisonError::into_inner).answer(place.as_deref(), &body)
        });
        match written.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                self.unread.cancel();
                self.one_less();
                return Err(SendError::Refused { reason: format!("the output cannot be written: {error}") });
            }
            Err(error) => return Err(SendError::Uncertain { reason: error.into() }),
        }
        let message =
            MessageId::new(outbound.id.as_str()).map_err(|error| SendError::Refused { reason: error.to_string() })?;
        self.talk().heard(chat, message.clone(), &outbound.body);
        self.one_less();
        Ok(Receipt { message })
    }

    async fn fetch(&self, media: &MediaRef, bytes_max: u64) -> Result<Media, MediaError> {
        media::fetch(media, bytes_max).await
    }

    fn presence(&self) -> Option<&dyn Presence> {
        Some(self)
    }
}

#[async_trait]
impl Presence for ConsoleLink {
    async fn typing(&self, _route: &Route, _message: Option<&MessageId>) {
        self.at_work.store(true, Ordering::Relaxed);
        self.screen().typing(true);
    }

    async fn paused(&self, _route: &Route) {
        self.at_work.store(false, Ordering::Relaxed);
        self.screen().typing(false);
    }
}

#[cfg(test)]
mod tests;

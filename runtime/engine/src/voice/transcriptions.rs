//! The Transcriptions supervisor: a bounded queue and few workers. One job is one actor, never
//! restarted: the asker decides what follows.

use crate::mailbox::attempt_counter::AttemptCounter;
use crate::mailbox::voice::{Heard, IntakeError, Job, TranscriptionsMsg};
use crate::supervision::{isolate, panic_message};
use crate::voice::encode::RaisedOnDrop;
use crate::voice::fetch::{WipedMedia, fetch};
use greenroom_contract::channel::Link;
use greenroom_contract::limits;
use greenroom_contract::message::MediaRef;
use greenroom_contract::transcriber::{Abort, TranscribeError, Transcriber};
use greenroom_support::metrics::words::{Queue, Stage};
use greenroom_support::metrics::{depth, took};
use ractor::{Actor, ActorId, ActorProcessingErr, ActorRef, SupervisionEvent};
use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Instant;

/// Supervises the jobs.
pub(crate) struct Transcriptions;

pub(crate) struct TranscriptionsState {
    transcriber: Arc<dyn Transcriber>,
    /// How many notes are heard at the same time, at least one.
    workers_max: usize,
    queue: VecDeque<Job>,
    running: HashSet<ActorId>,
}

impl Actor for Transcriptions {
    type Msg = TranscriptionsMsg;
    type State = TranscriptionsState;
    type Arguments = (Arc<dyn Transcriber>, usize);

    async fn pre_start(
        &self,
        _: ActorRef<TranscriptionsMsg>,
        (transcriber, workers): Self::Arguments,
    ) -> Result<TranscriptionsState, ActorProcessingErr> {
        let workers_max = workers.max(1);
        Ok(TranscriptionsState { transcriber, workers_max, queue: VecDeque::new(), running: HashSet::new() })
    }

    async fn handle(
        &self,
        myself: ActorRef<TranscriptionsMsg>,
        TranscriptionsMsg::Hear(job): TranscriptionsMsg,
        state: &mut TranscriptionsState,
    ) -> Result<(), ActorProcessingErr> {
        state.queue.retain(|waiting| !waiting.reply.is_closed());
        if state.queue.len() >= limits::TRANSCRIPTION_QUEUE_MAX {
            let _ = job.reply.send(Err(IntakeError::Busy));
            return Ok(());
        }
        state.queue.push_back(job);
        state.start_next(&myself).await?;
        depth(Queue::Transcription, state.queue.len() as u64);
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        myself: ActorRef<TranscriptionsMsg>,
        event: SupervisionEvent,
        state: &mut TranscriptionsState,
    ) -> Result<(), ActorProcessingErr> {
        let ended = match event {
            SupervisionEvent::ActorFailed(who, error) => {
                tracing::error!(%error, "a transcription crashed");
                who
            }
            SupervisionEvent::ActorTerminated(who, ..) => who,
            _ => return Ok(()),
        };
        if state.running.remove(&ended.get_id()) {
            state.start_next(&myself).await?;
            depth(Queue::Transcription, state.queue.len() as u64);
        }
        Ok(())
    }
}

impl TranscriptionsState {
    async fn start_next(&mut self, myself: &ActorRef<TranscriptionsMsg>) -> Result<(), ActorProcessingErr> {
        while self.running.len() < self.workers_max {
            let Some(job) = self.queue.pop_front() else { break };
            let transcriber = Arc::clone(&self.transcriber);
            let (worker, _) = Actor::spawn_linked(None, Transcription, (transcriber, job), myself.get_cell()).await?;
            self.running.insert(worker.get_id());
        }
        Ok(())
    }
}

/// One job: fetch, transcribe, reply, forget.
struct Transcription;

/// The job ended.
struct Ended;

struct TranscriptionState {
    /// Asks the blocking thread to end when this actor does, however it does.
    _abort: RaisedOnDrop,
}

impl Actor for Transcription {
    type Msg = Ended;
    type State = TranscriptionState;
    type Arguments = (Arc<dyn Transcriber>, Job);

    async fn pre_start(
        &self,
        myself: ActorRef<Ended>,
        (transcriber, job): Self::Arguments,
    ) -> Result<TranscriptionState, ActorProcessingErr> {
        let abort = Abort::default();
        let flag = abort.clone();
        tokio::spawn(async move {
            let Job { link, media, counter, mut reply } = job;
            // The adapter's fetch may panic; that ends this job and nothing else.
            let work = isolate("hearing", hear(transcriber, link, media, &counter, flag));
            let heard = tokio::select! {
                () = reply.closed() => None,
                heard = tokio::time::timeout(limits::TRANSCRIPTION_TIMEOUT, work) => Some(match heard {
                    Ok(Ok(heard)) => heard,
                    Ok(Err(panic)) => Err(IntakeError::Lost(panic)),
                    Err(_) => Err(IntakeError::Lost("it took too long".to_owned())),
                }),
            };
            if let Some(heard) = heard {
                let _ = reply.send(heard);
            }
            let _ = myself.send_message(Ended);
        });
        Ok(TranscriptionState { _abort: RaisedOnDrop(abort) })
    }

    async fn handle(
        &self,
        myself: ActorRef<Ended>,
        _: Ended,
        _: &mut TranscriptionState,
    ) -> Result<(), ActorProcessingErr> {
        myself.stop(None);
        Ok(())
    }
}

/// Counts how long hearing took, however it ends.
struct TookOnDrop(Instant);

impl Drop for TookOnDrop {
    fn drop(&mut self) {
        took(Stage::Transcription, self.0.elapsed());
    }
}

async fn hear(
    transcriber: Arc<dyn Transcriber>,
    link: Arc<dyn Link>,
    media: MediaRef,
    counter: &AttemptCounter,
    abort: Abort,
) -> Result<Heard, IntakeError> {
    transcriber.ready().map_err(|reason| TranscribeError::NotReady { reason })?;
    counter.count().await.map_err(|error| IntakeError::Retry(error.to_string()))?;
    let begun = Instant::now();
    let _took = TookOnDrop(begun);
    let audio = WipedMedia(fetch(link.as_ref(), &media, limits::VOICE_BYTES_MAX).await?);
    drop(link);
    let job = tokio::task::spawn_blocking(move || transcriber.transcribe(&audio.0, &abort));
    match job.await {
        Ok(heard) => Ok(Heard { transcript: heard?, took: begun.elapsed() }),
        Err(error) if error.is_panic() => Err(IntakeError::Lost(panic_message(error.into_panic().as_ref()))),
        Err(error) => Err(IntakeError::Lost(error.to_string())),
    }
}

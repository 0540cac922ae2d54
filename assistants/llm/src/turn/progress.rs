//! What a turn did so far.

use crate::limits::{FILES_PER_TURN_BYTES_MAX, FILES_PER_TURN_MAX};
use crate::round::Round;
use greenroom_contract::assistant::{HandOver, Note, Reply, Wake};
use greenroom_contract::limits::NOTES_PER_TURN_MAX;
use greenroom_contract::tools::ToolMedium;

/// What a turn did so far; all of it is kept for a further attempt.
#[derive(Debug, Clone, Default)]
pub(crate) struct Progress {
    /// The rounds of calls.
    pub(crate) rounds: Vec<Round>,
    /// What is told of it.
    pub(crate) notes: Vec<Note>,
    /// What the calls did that becomes part of the answer.
    pub(crate) effects: Effects,
    /// Pictures and files that tools returned.
    pub(crate) files: Vec<ToolMedium>,
}

/// What calls of the assistant's own tools did.
#[derive(Debug, Clone, Default)]
pub(crate) struct Effects {
    pub(crate) wakes: Vec<Wake>,
    pub(crate) cancelled: Vec<String>,
    pub(crate) sent: Vec<Reply>,
    pub(crate) reaction: Option<String>,
    pub(crate) hand_over: Option<HandOver>,
    pub(crate) is_silent: bool,
}

impl Effects {
    /// Whether the turn ends with them.
    pub(crate) fn end_the_turn(&self) -> bool {
        self.is_silent || self.hand_over.is_some()
    }

    /// Whether there is something to see without words.
    pub(crate) fn are_seen(&self) -> bool {
        self.reaction.is_some() || !self.sent.is_empty()
    }
}

impl Progress {
    /// Adds a note, if there is room.
    pub(crate) fn note(&mut self, note: Note) {
        if self.notes.len() < NOTES_PER_TURN_MAX && !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Adds a call, also one that is like another.
    pub(crate) fn called(&mut self, call: Note) {
        if self.notes.len() < NOTES_PER_TURN_MAX {
            self.notes.push(call);
        }
    }

    /// Adds a remark.
    pub(crate) fn remark(&mut self, what: impl Into<String>) {
        self.note(Note::Remark(what.into()));
    }

    /// Keeps a file that a tool returned, and gives its number; `None` if there is no room.
    pub(crate) fn keep(&mut self, file: ToolMedium) -> Option<usize> {
        let held: usize = self.files.iter().map(|file| file.media.bytes.len()).sum();
        let fits = self.files.len() < FILES_PER_TURN_MAX && held + file.media.bytes.len() <= FILES_PER_TURN_BYTES_MAX;
        fits.then(|| {
            self.files.push(file);
            self.files.len()
        })
    }

    /// The round whose calls have not all come to an end.
    pub(crate) fn open_round(&mut self) -> Option<&mut Round> {
        self.rounds.last_mut().filter(|round| !round.is_complete())
    }

    /// About how many bytes it has.
    pub(crate) fn bytes(&self) -> usize {
        let rounds: usize = self.rounds.iter().map(Round::bytes).sum();
        let files: usize = self.files.iter().map(|file| file.media.bytes.len()).sum();
        rounds + files + 1024
    }
}

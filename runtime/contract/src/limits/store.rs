//! Limits of the store: rows, bytes and how long what is kept stays.

use std::time::Duration;

/// Pause before a store that failed is asked again whether it works.
pub const STORE_RETRY_PAUSE: Duration = Duration::from_secs(1);
/// How long a store that is opened again in one process waits until the engine before has let go of its files.
pub const STORE_ENGINE_LOCK_WAIT: Duration = Duration::from_secs(10);
/// Commands that wait for the writer. Beyond it callers wait.
pub const WRITER_QUEUE_MAX: usize = 4_096;
/// Commands that one group commit may carry.
pub const WRITER_GROUP_MAX: usize = 1_024;
/// Bytes that the commands of one group may write together; they are in memory about three times until the commit. A
/// command that is larger alone goes alone.
pub const WRITER_GROUP_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Largest value in bytes; a larger one is split. sled moves values over 128 KB into files of their own.
pub const STORE_VALUE_BYTES_MAX: usize = 16 * 1024;
/// Rows that a maintenance step looks at before it lets others work.
pub const SWEEP_ROWS_PER_STEP: usize = 2_000;
/// How often the janitor works.
pub const SWEEP_PAUSE: Duration = Duration::from_secs(10 * 60);
/// How long a message is recognised when the network delivers it again; a day longer at most. Meta repeats for seven days.
pub const DEDUP_AGE_MAX: Duration = Duration::from_secs(14 * 24 * 3600);
/// How long `why` can explain a message; a day less at most.
pub const TRACE_AGE_MAX: Duration = Duration::from_secs(7 * 24 * 3600);
/// Bytes of history that one turn is given; the newest turns come first, and the newest is always there. More than a model
/// reads, and 100 turns that wait keep 50 MiB.
pub const HISTORY_BYTES_MAX: usize = 512 * 1024;
/// Turns of history kept for one person or group.
pub const HISTORY_TURNS_MAX: usize = 200;
/// Rows that one page of any listing may hold.
pub const PAGE_ROWS_MAX: usize = 1_000;

/// Repetitions of a send whose outcome is unknown, where the receiver would see each of them: one, because a network that
/// lost the first answer may well have lost the message too; after that it is held, and its owner decides.
pub const VISIBLE_REPETITIONS_MAX: u32 = 1;
/// How long at most after a connection was made a network that calls the gateway may be silent before that says something.
/// What it kept back meanwhile comes first; a network that has nothing to say never calls.
pub const CALLS_RESUME_TIMEOUT: Duration = Duration::from_secs(15 * 60);

/// Rows that are remembered as let go by a turn, so that a turn of a merged conversation which read them before looks
/// again. More than turns can end between a reading and the next line of code.
pub const CLAIMS_ENDED_MAX: usize = 1_024;
/// Merged conversations whose late doorbells are led to the one that stays, in each account. A bell is late by moments.
pub const MERGES_LED_MAX: usize = 4_096;

/// Numbers that are skipped when a loss was accepted or a store was restored: more messages than one deployment answers in
/// years, and few enough that names last for tens of thousands of restores.
pub const STORE_NUMBERS_LOST_MAX: u64 = 1 << 24;
/// Rows whose parcels can still be named: five bytes of an id.
pub const STORE_SEQUENCE_MAX: u64 = (1 << 40) - 1;
/// Histories that are remembered as grown since the last sweep. What is beyond it is trimmed when
/// it grows again.
pub const STORE_HISTORIES_GROWN_MAX: usize = 100_000;
/// Damaged records that a report names; it counts all of them.
pub const STORE_DAMAGED_NAMED_MAX: usize = 100;
/// How long a first attempt's mark may wait for a group that is committed anyway. Most turns are
/// settled earlier, and then it is never written.
pub const STORE_MARK_PAUSE: Duration = Duration::from_millis(50);
/// Pause before an attempt that could not be counted on disk is written again. It counts in memory meanwhile.
pub const STORE_MARK_RETRY_PAUSE: Duration = Duration::from_secs(60);
/// Pause between two tries to open a broken engine.
pub const STORE_REOPEN_PAUSE: Duration = Duration::from_secs(1);
/// How soon after an answer a message counts as a reaction of a program. Reading and writing take a person longer.
pub const LOOP_REACTION_MAX: Duration = Duration::from_secs(2);
/// Reactions in a row after which a chat counts as two programs that answer each other.
pub const LOOP_REACTIONS_MAX: u32 = 10;
/// The same where each of them says what the answer had said.
pub const LOOP_REPETITIONS_MAX: u32 = 3;
/// Turns a minute above which a limit of the operator is meant for programs, and loops are not looked for.
pub const LOOP_RATE_PER_MINUTE_MAX: u32 = 120;
/// How long such a chat is paused: long enough that a loop costs nothing, short enough for a person who was taken for a program.
pub const LOOP_PAUSE: Duration = Duration::from_secs(10 * 60);
/// Chats whose last answer is remembered for it.
pub const LOOPS_REMEMBERED_MAX: usize = 10_000;
/// Chats that are paused for it and shown to the owner; more of them say nothing new.
pub const LOOPS_SHOWN_MAX: usize = 16;
/// Characters of an answer that are compared.
pub const LOOP_WORDS_COMPARED_MAX: usize = 200;
/// Messages that a network took and did not deliver and that are remembered, for the owner and for the next turn; about
/// 200 bytes each.
pub const UNDELIVERED_REMEMBERED_MAX: usize = 1_000;
/// How long such a message is a problem in the health.
pub const UNDELIVERED_SHOWN: Duration = Duration::from_secs(24 * 3600);
/// How long a store that writes nothing may take to notice that its folder is gone. One look costs a microsecond.
pub const STORE_LOOK_PAUSE: Duration = Duration::from_secs(1);
/// Pause between two writes of the proof beside the store.
pub const STORE_PROOF_PAUSE: Duration = Duration::from_secs(1);
/// Accounts that have a low-water mark of their own in the sentinel.
pub const STORE_LOW_WATER_ACCOUNTS_MAX: usize = 256;
/// Damaged records that one command may meet before it is refused.
pub const STORE_DAMAGED_PER_COMMAND_MAX: usize = 16;
/// Steps that one record keeps; the first and the last ones, when there are more. A parcel that
/// waits for a connection for days must not grow without end.
pub const STORE_STEPS_MAX: usize = 64;
/// Rows that one step of maintenance removes or rewrites before others are served: some milliseconds of the writer.
pub const STORE_STEP_ROWS_MAX: usize = 100;
/// How long what a network tells of a message that is sent may wait to be written. `delivered` and `read` mostly follow
/// within it, and are one write.
pub const STORE_STATUS_PAUSE: Duration = Duration::from_secs(5);
/// Sent parcels whose statuses wait to be written, at about 300 bytes each. Beyond it the network waits for the disk.
pub const STORE_STATUSES_POSTPONED_MAX: usize = 10_000;
/// Rows whose meaning the writer remembers, in each of two generations: address, chat and row of 100,000 people. An entry
/// takes 25 bytes, so both together stay below 32 MiB.
pub const STORE_KNOWN_ENTRIES_MAX: usize = 300_000;
/// Repairs whose leftovers may lie beside the data.
pub const STORE_REPAIRS_KEPT_MAX: u32 = 1_000;
/// By how much the clock may be off what the store lived through before it is doubted: what a time server corrects in
/// passing, and a short stop.
pub const CLOCK_DRIFT_MAX: Duration = Duration::from_secs(10 * 60);
/// How long a clock must be off in use before retention follows it: longer than a machine runs until a time server answers,
/// and short beside the days for which things are kept.
pub const CLOCK_BELIEVED_AFTER: Duration = Duration::from_secs(24 * 3600);
/// Longest sleep of what waits for a moment on the wall: timers stand still while the machine sleeps.
pub const WALL_SLEEP_MAX: Duration = Duration::from_secs(60);
/// Shortest pause between two passes through one table.
pub const STORE_PASS_PAUSE: Duration = Duration::from_secs(60 * 60);
/// Longest name of a secret in bytes; it is a part of a key.
pub const VAULT_NAME_BYTES_MAX: usize = 4_096;
/// Addresses that one person may collect. A number that changes hands must not grow a row for ever.
pub const ADDRESSES_PER_PERSON_MAX: usize = 64;
/// Messages with one id in one account that are compared; networks make ids unique per chat.
pub const STORE_SAME_ID_MAX: usize = 64;
/// How long messages that are seen go into one period. A period is dropped as a whole [`DEDUP_AGE_MAX`] after its last
/// message, and loses its traces [`TRACE_AGE_MAX`] after its first one.
pub const STORE_SEEN_PERIOD: Duration = Duration::from_secs(24 * 3600);
/// Periods beyond which a crowd of refused messages opens no further ones; time alone makes sixteen.
pub const STORE_SEEN_PERIODS_MAX: usize = 24;
/// Messages of strangers, and overheard ones, whose key and trace are kept: about 50 MB. The oldest go first, and would be
/// refused once more if their network delivered them now.
pub const STORE_REFUSED_ROWS_MAX: u64 = 200_000;
/// Refused messages after which their number is written down; a crash may miscount so many.
pub const STORE_REFUSED_UNWRITTEN_MAX: u64 = 1_024;
/// Rows that are looked at to make room for one refused message.
pub const STORE_REFUSED_LOOKED_AT_MAX: usize = 16;
/// Histories whose number of turns is remembered between sweeps, at about 50 bytes each; beyond it they are counted once
/// more.
pub const STORE_HISTORIES_COUNTED_MAX: usize = 100_000;
/// Statuses that one parcel keeps. There are five kinds; failures may differ in their reason.
pub const STATUSES_PER_PARCEL_MAX: usize = 16;
/// Sums of usage that are read to tell what was spent for one person.
pub const PERSON_SUMS_READ_MAX: usize = 1_000_000;
/// Bytes of the files beside the store that a capsule holds: plugins, mostly. They are kept in memory while it is read.
pub const CAPSULE_FILES_BYTES_MAX: u64 = 512 * 1024 * 1024;
/// Folders in folders that are looked into for such files.
pub const CAPSULE_FOLDERS_DEEP_MAX: u32 = 4;
/// Bytes of a file that holds a passphrase or keys.
pub const CAPSULE_KEY_BYTES_MAX: u64 = 64 * 1024;
/// Bytes of a capsule that are handed to a client at once.
pub const CAPSULE_PIECE_BYTES: usize = 64 * 1024;
/// Such pieces that wait for a slow client.
pub const CAPSULE_PIECES_MAX: usize = 8;
/// How often a bot compares its fencing number with that of whoever answers at its public address. Two copies run beside each
/// other for so long at most.
pub const FENCE_LOOK_PAUSE: Duration = Duration::from_secs(60);
/// How long a bot that is moved may take to end: what [`DRAIN_TIMEOUT`](super::DRAIN_TIMEOUT) allows it, and a start of it that
/// came in between.
pub const STOPPED_WAIT: Duration = Duration::from_secs(90);
/// How often it is looked whether it has ended.
pub const STOPPED_LOOK: Duration = Duration::from_millis(200);
/// Rows that a backup reads at once. The writer waits for so many at most: some milliseconds.
pub const BACKUP_ROWS_AT_ONCE: usize = 256;
/// Memory for what is overwritten while a backup is read. A backup of a store that changes by more in the time it takes is
/// given up.
pub const BACKUP_KEPT_BYTES_MAX: usize = 256 * 1024 * 1024;

//! The limits that the engine keeps or that several crates share, each with its unit and its reason. What one channel
//! keeps for itself stands in the `limits` of its crate. Nothing that grows stands outside such a file.

use std::time::Duration;

mod identity;
mod journal;
mod store;

pub use identity::*;
pub use journal::*;
pub use store::*;

// --- identifiers and text --------------------------------------------------------------------

/// Longest id in bytes. The longest seen in the field are Cloud message ids of about 130 bytes;
/// ids are parts of store keys, which must stay small.
pub const ID_BYTES_MAX: usize = 512;
/// Longest value of an address in bytes. Names have up to 160 bytes as networks write them, and making them lower case
/// can add half of that.
pub const ADDRESS_BYTES_MAX: usize = 240;
/// Longest WhatsApp LID in digits. Those in the field have up to 15.
pub const LID_DIGITS_MAX: usize = 32;
/// Longest namespace of addresses in bytes. The longest in sight, `google-chat`, has 11.
pub const NAMESPACE_BYTES_MAX: usize = 24;
/// Longest inbound text in bytes. WhatsApp allows 65,536 characters; what is longer is cut and marked.
pub const TEXT_BYTES_MAX: usize = 256 * 1024;
/// Longest display name in bytes; it is shown to assistants and must not crowd out the message.
pub const NAME_BYTES_MAX: usize = 256;
/// Addresses one sender may carry. The known kinds are four; the rest is head-room.
pub const ADDRESSES_MAX: usize = 8;
/// Events that one `emit` may carry. A Cloud post holds at most some hundred.
pub const EVENTS_PER_EMIT_MAX: usize = 1024;

// --- media ------------------------------------------------------------------------------------

/// Largest picture that is fetched or sent, in bytes. Cloud's limit is 5 MB, Web's is 16 MB.
pub const IMAGE_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Largest voice note that is fetched, in bytes. Both networks allow 16 MB.
pub const VOICE_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Longest voice note that is transcribed. Longer ones get a kind sentence.
pub const VOICE_DURATION_MAX: Duration = Duration::from_secs(5 * 60);
/// Bytes of fetched pictures that all turns of a process may hold at once. A turn may wait for its assistant, and hundreds
/// of people may send pictures in the same minute.
pub const MEDIA_HELD_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// How long fetching one medium may take.
pub const FETCH_TIMEOUT: Duration = Duration::from_secs(60);

// --- inbox ------------------------------------------------------------------------------------

/// Rows that wait in the whole inbox before channels are made to wait. At about 1 KB a row this is
/// a few hundred megabytes of disk and eight hours of one message a second for every tenth chat.
pub const INBOX_ROWS_MAX: u64 = 200_000;
/// Rows of one conversation that wait. One person cannot fill the inbox for everybody: the excess
/// is settled as refused, with a trace.
pub const INBOX_ROWS_PER_CONVERSATION_MAX: u64 = 1_000;
/// Rows that one turn may cover under the `collect` policy.
pub const ROWS_PER_TURN_MAX: usize = 32;
/// Attempts after which a turn is quarantined.
pub const ATTEMPTS_MAX: u32 = 3;
/// Rows kept in quarantine; the oldest leave first.
pub const QUARANTINE_ROWS_MAX: usize = 10_000;
/// How long a channel waits before it tries a full inbox again, when nobody rang earlier.
pub const INBOX_FULL_PAUSE: Duration = Duration::from_millis(250);

// --- conversations ----------------------------------------------------------------------------

/// Conversations in memory, at about 7 KiB each; beyond it those that were silent longest leave before their idle time.
pub const CONVERSATIONS_ACTIVE_MAX: u64 = 100_000;
/// Conversations that come into memory before a crowded account looks for such that can leave.
pub const CONVERSATIONS_CROWD_STEP: usize = 1_024;
/// How long an idle conversation stays in memory.
pub const CONVERSATION_IDLE: Duration = Duration::from_secs(10 * 60);
/// Conversations that are started from the backlog before the next page is read at start-up.
pub const BACKLOG_PAGE: usize = 512;
/// Conversations of the backlog that are worked on at once, so that new messages are not behind them.
pub const BACKLOG_ACTIVE_MAX: usize = 64;
/// Longest wait for more messages of the same sender, whatever is configured.
pub const DEBOUNCE_MAX: Duration = Duration::from_secs(30);
/// Pause before a failed turn is tried again; doubled for each further attempt.
pub const TURN_RETRY_PAUSE: Duration = Duration::from_secs(1);
/// How long a turn may take, all of it, unless the assistant's table says otherwise.
pub const TURN_TIMEOUT: Duration = Duration::from_secs(120);
/// How long a message waits for a picture or voice note that cannot be fetched now. Then the person
/// gets a kind sentence.
pub const INTAKE_AGE_MAX: Duration = Duration::from_secs(10 * 60);
/// Turns that one configured assistant works on at once, unless its table says otherwise.
pub const ASSISTANT_TURNS_MAX: usize = 64;
/// Turns that wait for one assistant. They also wait in the inbox; this bounds memory only.
pub const ASSISTANT_QUEUE_MAX: usize = 100_000;
/// Hand-overs from assistant to assistant within one turn.
pub const HAND_OVERS_MAX: u32 = 4;
/// Replies of one turn. A model in a loop must not flood a chat.
pub const REPLIES_PER_TURN_MAX: usize = 16;
/// Bytes of pictures and voice notes in the replies of one turn; they are committed together. What does not fit is left
/// out, and the trace says so.
pub const MEDIA_PER_TURN_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Parts into which one turn's replies may be split altogether.
pub const PARCELS_PER_TURN_MAX: usize = 64;
/// Wake-ups that one turn may ask for.
pub const WAKES_PER_TURN_MAX: usize = 16;
/// Wake-ups that may wait in one conversation: as many as a person keeps apart, and few enough that an assistant which was
/// talked into asking for more and more stays with these.
pub const WAKES_PER_CONVERSATION_MAX: usize = 64;
/// The soonest wake-up: what is due immediately is a loop.
pub const WAKE_AFTER_MIN: Duration = Duration::from_secs(1);
/// Bytes of what a wake-up reminds of. Each is kept in memory; what is longer belongs into the assistant's state.
pub const WAKE_TOKEN_BYTES_MAX: usize = 1024;
/// Bytes of an assistant's own state for one conversation.
pub const ASSISTANT_STATE_BYTES_MAX: usize = 256 * 1024;
/// Longest language tag of a conversation, in bytes. BCP 47 asks for room for 35; the rest is head-room.
pub const LANGUAGE_BYTES_MAX: usize = 64;
/// Entries of one stored allow-list. Who wants more admits everybody, or decides in a program of their own.
pub const ALLOW_ENTRIES_MAX: usize = 1_000;
/// Bytes of one open choice of a conversation: the ids and titles of its options.
pub const OPEN_CHOICE_BYTES_MAX: usize = 12 * 1024;
/// Options of one question. More fit neither on a screen nor into a list of any network; the rest is left out and traced.
pub const OPTIONS_PER_CHOICE_MAX: usize = 20;
/// How long a number or a title that is typed counts as an answer to the last question. Native buttons work for longer.
pub const OPEN_CHOICE_AGE_MAX: Duration = Duration::from_secs(24 * 3600);
/// Largest document that is fetched or sent, in bytes. The Cloud API allows 100 MB; this is what fits into memory many times.
pub const DOCUMENT_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Longest name of a document, in bytes: what file systems allow.
pub const DOCUMENT_NAME_BYTES_MAX: usize = 255;
/// Longest name or address of a place, in bytes. Maps know none that is longer.
pub const PLACE_BYTES_MAX: usize = 1_024;
/// Longest ending that the name of a document keeps when it is cut, in bytes: `.sqlite3`, and some more.
pub const DOCUMENT_ENDING_BYTES_MAX: usize = 16;
/// Contacts of one message that are read.
pub const CONTACTS_PER_MESSAGE_MAX: usize = 20;
/// Phone numbers of one contact that are read.
pub const NUMBERS_PER_CONTACT_MAX: usize = 5;
/// How long an assistant may be away before its person is told that the answer takes longer.
pub const AWAY_TOLD_AFTER: Duration = Duration::from_secs(10 * 60);
/// Longest pause before an assistant that is away is asked once more.
pub const AWAY_PAUSE_MAX: Duration = Duration::from_secs(60);
/// Longest wait that an assistant which is away may ask for. More than providers ask for, and a mistake ends the same day.
pub const AWAY_AFTER_MAX: Duration = Duration::from_secs(60 * 60);
/// Conversations that are remembered as waiting for an assistant which is away; about 100 bytes each. One that is forgotten
/// waits all the same.
pub const AWAY_WAITING_MAX: usize = 50_000;
/// Conversations that wait for a human and are shown to the owner; more of them say nothing new.
pub const HUMANS_SHOWN_MAX: usize = 16;
/// Conversations that are remembered as waiting for a human; the oldest leave first.
pub const HUMANS_REMEMBERED_MAX: usize = 1_000;
/// How long a supervisor may take to say which actors are below it. It does no work of its own, so it answers in moments.
pub const DESCRIBE_TIMEOUT: Duration = Duration::from_secs(2);
/// Events that are kept for whoever looks on and was away for a moment, such as a page that is reloaded: 300 KB.
pub const EVENTS_KEPT_MAX: usize = 1_000;
/// How many numbers of events belong to each millisecond of the clock, so that those of a later run are higher.
pub const EVENT_NUMBERS_PER_MS: u64 = 1_000;
/// Turns whose message carries the reaction that shows it was received; the oldest leave first. Beside those that are
/// worked on there are only such as were deleted by their author.
pub const ACKS_REMEMBERED_MAX: usize = 10_000;
/// Longest command of the house, in characters. It is typed by hand.
pub const COMMAND_CHARS_MAX: usize = 32;
/// Longest acknowledging reaction, in bytes: one emoji with its modifiers. Flags of regions have 28.
pub const ACK_BYTES_MAX: usize = 64;
/// Bytes of what an assistant says of itself for the command that helps.
pub const OFFERS_BYTES_MAX: usize = 2 * 1024;
/// Notes of one answer that its trace keeps: the tools that a turn may call, and some remarks.
pub const NOTES_PER_TURN_MAX: usize = 64;
/// Bytes of one note: a name, or a sentence.
pub const NOTE_BYTES_MAX: usize = 512;
/// Models that one turn may have asked, for its sums and its trace; the rest is added to the last one.
pub const USAGE_PER_TURN_MAX: usize = 16;
/// Turns that are not settled and of which is remembered what they spent; the oldest leave first. Some hundred bytes each.
pub const BILLS_OPEN_MAX: usize = 4_096;
/// Bytes of a model's name that are kept in the sums.
pub const USAGE_MODEL_BYTES_MAX: usize = 128;
/// How long the bot is silent in a conversation that was handed to a human once. Who answers by hand does so within it.
pub const HUMAN_PAUSE: Duration = Duration::from_secs(60 * 60);
/// The longest silence after words of the owner that may be configured, in seconds: a week.
pub const OWNER_PAUSE_SECONDS_CONFIGURED_MAX: u64 = 7 * 24 * 3600;
/// How long the start of a turn waits for more messages, where its assistant is a model or a remote one: people write one
/// thought in two or three messages, and each answer costs something.
pub const DEBOUNCE_OF_REMOTE: Duration = Duration::from_millis(1_500);
/// How long the sums of what answers cost are kept: a year, and a month to compare it with.
pub const USAGE_AGE_MAX: Duration = Duration::from_secs(400 * 24 * 3600);
/// Sums of one conversation on one day that name no person: assistants times models. What is beyond it counts without the
/// name of its model.
pub const USAGE_SUMS_PER_CONVERSATION_DAY_MAX: usize = 32;
/// Sums of one conversation on one day that name a person: in a large group, more people than ask the bot on most days. What
/// is beyond it counts without its person.
pub const USAGE_SUMS_OF_PEOPLE_PER_CONVERSATION_DAY_MAX: usize = 128;
/// Sums of one day that are read at once: 100,000 conversations with one assistant and one model each.
pub const USAGE_SUMS_PER_DAY_READ_MAX: usize = 100_000;
/// Categories under which messages of one account are billed on one day. Networks have fewer than ten; what is beyond it
/// counts as `other`.
pub const BILLED_CATEGORIES_PER_DAY_MAX: usize = 16;
/// Bytes of such a category.
pub const BILLED_CATEGORY_BYTES_MAX: usize = 64;
/// Sums of billed messages that are read at once: a thousand accounts for a month, with three categories each.
pub const BILLED_SUMS_READ_MAX: usize = 100_000;
/// Days whose cost is shown where no others are asked for: a month.
pub const USAGE_DAYS_SHOWN: u32 = 30;
/// Bytes of one message that are kept beside a turn of several, so that a quote of it can be told from the others.
pub const QUOTED_BYTES_MAX: usize = 1024;
/// Lines of overheard group talk kept in memory for one group.
pub const OVERHEARD_LINES_MAX: usize = 50;
/// How long an overheard line is kept in memory.
pub const OVERHEARD_AGE_MAX: Duration = Duration::from_secs(30 * 60);
/// Groups whose overheard talk is kept in memory at once; the one silent longest leaves first.
pub const OVERHEARD_GROUPS_MAX: usize = 1_000;
/// Bytes of one overheard line that are kept.
pub const OVERHEARD_LINE_BYTES_MAX: usize = 1_024;
/// Turns of one person in a minute.
pub const TURNS_PER_PERSON_MINUTE_MAX: u32 = 20;
/// Turns of one person in a day.
pub const TURNS_PER_PERSON_DAY_MAX: u32 = 1_000;
/// Turns of one group in a minute.
pub const TURNS_PER_GROUP_MINUTE_MAX: u32 = 40;
/// Turns of one group in a day.
pub const TURNS_PER_GROUP_DAY_MAX: u32 = 2_000;
/// People and groups whose rate is remembered; the one silent longest leaves first.
pub const RATES_REMEMBERED_MAX: usize = 100_000;
/// One notice of one cause per conversation and this long.
pub const NOTICE_PAUSE: Duration = Duration::from_secs(60 * 60);

// --- typing -----------------------------------------------------------------------------------

/// How long a turn runs before typing is shown; an answer that comes at once needs none.
pub const TYPING_DELAY: Duration = Duration::from_millis(300);
/// How often a conversation renews its typing lease.
pub const TYPING_RENEWAL: Duration = Duration::from_secs(10);
/// When a lease that nobody renewed ends.
pub const TYPING_LEASE: Duration = Duration::from_secs(15);

// --- transcription ----------------------------------------------------------------------------

/// Voice notes that wait for a worker.
pub const TRANSCRIPTION_QUEUE_MAX: usize = 32;
/// How long one transcription may take, fetching included.
pub const TRANSCRIPTION_TIMEOUT: Duration = Duration::from_secs(180);
/// Packets of one audio file that are looked at: five minutes of the shortest packets of Opus
/// (2.5 ms), and head-room for packets without sound.
pub const AUDIO_PACKETS_MAX: usize = 200_000;
/// Recordings in one audio file, one behind the other. A voice note is one; a few are joined by hand.
pub const AUDIO_STREAMS_MAX: usize = 256;
/// How far into an audio file its beginning is looked for, in bytes, if it does not begin with one. A frame has 2 KB.
pub const AUDIO_BEGINNING_BYTES_MAX: usize = 64 * 1024;
/// Tags before the sound of one audio file that are passed over. Programs write one or two.
pub const AUDIO_TAGS_MAX: usize = 8;
/// The longest beginning of Opus that is left out, in positions: 120 ms. Encoders need 80 ms at most to settle, and
/// what claims more would silence what was said.
pub const OPUS_SKIP_POSITIONS_MAX: u16 = 120 * 48;
/// Pages of one audio file that cannot be read. Looking at each costs up to 64 KB of checksums.
pub const AUDIO_PAGES_UNREADABLE_MAX: usize = 1_000;
/// Longest voice note that may be configured, in seconds. An hour of 16 kHz sound is 230 MB.
pub const VOICE_SECONDS_CONFIGURED_MAX: u64 = 3_600;
/// Threads that one transcription may be configured to use. More only wait for each other.
pub const VOICE_THREADS_CONFIGURED_MAX: u64 = 64;
/// Largest file of a speech model, in bytes. The largest known one has 3.1 GB.
pub const MODEL_BYTES_MAX: u64 = 8 * 1024 * 1024 * 1024;
/// How long a server of models may be silent before a download is given up; it goes on where it was.
pub const MODEL_FETCH_SILENCE: Duration = Duration::from_secs(60);
/// Longest name of a tensor in a model file, in bytes. The longest known one has about 40.
pub const MODEL_NAME_BYTES_MAX: u64 = 256;
/// Longest audio that an assistant may answer with. Encoding takes a fiftieth of that.
pub const VOICE_REPLY_DURATION_MAX: Duration = Duration::from_secs(5 * 60);
/// How long turning one voice reply into a voice note may take.
pub const VOICE_ENCODE_TIMEOUT: Duration = Duration::from_secs(60);
/// Voice replies that are encoded at once, so that they leave threads for voice notes.
pub const VOICE_ENCODINGS_MAX: usize = 2;

// --- sessions and outbox ----------------------------------------------------------------------

/// First pause before a dropped link is connected again.
pub const RECONNECT_PAUSE_MIN: Duration = Duration::from_secs(1);
/// Longest pause between two attempts to connect.
pub const RECONNECT_PAUSE_MAX: Duration = Duration::from_secs(5 * 60);
/// A link that has been up this long has proven itself; the next pause starts small again.
pub const RECONNECT_PROVEN: Duration = Duration::from_secs(30);
/// Parcels of one account that are remembered in memory as waiting; beyond it the store is asked again.
pub const OUTBOX_WINDOW: usize = 4_096;
/// Sends of one account under way at once; never two in one chat.
pub const SENDS_IN_FLIGHT_MAX: usize = 256;
/// Chats of one account whose rate is remembered, before those that were silent longest are forgotten; about 50 bytes
/// each. A chat that sent its burst is full again long before so many others sent.
pub const CHATS_PACED: usize = 20_000;
/// Chats of one account whose last message is remembered, for networks with a window; about 100 bytes each. For a
/// forgotten one the message that is answered counts.
pub const CHATS_HEARD: usize = 20_000;
/// Texts of one account that are kept after they were sent, sealed, in case their network tells later that it did not take
/// them; at most 16 KB each, and it tells within seconds.
pub const SENT_REMEMBERED: usize = 256;
/// How long a send that was refused waits at most before it is tried again: until the next day's budget.
pub const SEND_WAIT_MAX: Duration = Duration::from_secs(24 * 3600);
/// By how much the system's clock must be off from one look to the next to count as moved. Time servers correct less
/// than that little by little.
pub const CLOCK_STEP_MIN: Duration = Duration::from_secs(5);
/// How often the clocks are compared. Nothing that is answered waits for it.
pub const CLOCK_LOOK_PAUSE: Duration = Duration::from_secs(5);
/// How long a clock that was moved stays a warning in the health.
pub const CLOCK_STEP_SHOWN: Duration = Duration::from_secs(24 * 3600);
/// How long one send may take before it counts as uncertain.
pub const SEND_TIMEOUT: Duration = Duration::from_secs(60);
/// How old an answer may become that its network refuses for now, unless the configuration says otherwise; then it is
/// held and shown. Networks are away for hours, and an answer of yesterday answers nobody.
pub const ANSWERS_EXPIRE_AFTER: Duration = Duration::from_secs(24 * 3600);
/// The longest such age that may be configured, in seconds: a week.
pub const ANSWERS_EXPIRE_SECONDS_CONFIGURED_MAX: u64 = 7 * 24 * 3600;
/// Refusals without which no parcel counts as refused for long, whatever its age is by a clock that may be wrong. With
/// the pauses between them they take eight minutes.
pub const SEND_ATTEMPTS_MIN: u32 = 10;
/// How long a message that no one asked for waits until its person writes. A reminder that is older reminds of nothing.
/// Shorter than [`TRACE_AGE_MAX`], so that what became of it can still be seen.
pub const SPEAKS_FIRST_WAIT_MAX: Duration = Duration::from_secs(5 * 24 * 3600);
/// How often messages are looked for that wait too long for their person. An hour more or less changes nothing.
pub const EXPIRY_LOOK_PAUSE: Duration = Duration::from_secs(3600);
/// Attempts at handing a typed line to the store before its writer is told that it was not taken.
pub const LINE_ATTEMPTS_MAX: u32 = 10;
/// Chats of one account whose sends fail one after the other before the account as a whole waits. One or two chats may
/// have trouble of their own.
pub const BREAKER_CHATS_MAX: usize = 3;
/// Longest pause of an account whose sends all fail. One try a minute burdens no network, and an answer to somebody else is
/// not much later when it works again.
pub const BREAKER_PAUSE_MAX: Duration = Duration::from_secs(60);
/// First pause before a refused-for-now parcel is tried again; doubled each time.
pub const SEND_RETRY_PAUSE: Duration = Duration::from_secs(1);
/// Longest pause between two attempts at one parcel.
pub const SEND_RETRY_PAUSE_MAX: Duration = Duration::from_secs(5 * 60);
/// How long a send of unknown outcome waits for a status, an echo or a receipt.
pub const RECONCILE: Duration = Duration::from_secs(60);

// --- linking ----------------------------------------------------------------------------------

/// Accounts of one owner that are linked or being linked, unless the configuration says otherwise.
pub const SESSIONS_PER_OWNER_MAX: u32 = 5;
/// The same of all owners together. An idle WhatsApp Web account takes some megabytes.
pub const SESSIONS_MAX: u32 = 20;
/// More sessions than may be configured; one process would not serve them well.
pub const SESSIONS_CONFIGURED_MAX: u64 = 1_000;
/// Steps of one linking run that wait to be shown. A newer one replaces them anyway.
pub const LINK_STEPS_MAX: usize = 16;
/// Fields of one question of a linking run. A form on one screen; no network asks more than three.
pub const LINK_FIELDS_MAX: usize = 8;
/// Bytes of one answer in a linking run. Tokens of networks have some hundred.
pub const LINK_ANSWER_MAX: usize = 4 * 1024;
/// Characters of a wrong field's name that a refusal repeats. Enough to recognize it.
pub const LINK_NAME_SHOWN_MAX: usize = 40;
/// How long one linking run may take, all codes together. A run counts as a session, so it must end.
pub const LINK_RUN_MAX: Duration = Duration::from_secs(10 * 60);
/// How long a linking run may take to end after it was told to.
pub const LINK_STOP_TIMEOUT: Duration = Duration::from_secs(5);
/// How long unlinking may take. Below [`REQUEST_TIMEOUT`], so that its outcome is still told.
pub const LOGOUT_TIMEOUT: Duration = Duration::from_secs(20);
/// How long the gateway holds a question for the next step of a linking run. Below [`REQUEST_TIMEOUT`].
pub const LINK_POLL_MAX: Duration = Duration::from_secs(25);
/// Absence of the phone behind a companion that is warned of. WhatsApp unlinks companions after 14 days.
pub const PHONE_ABSENCE_WARNED: Duration = Duration::from_secs(10 * 24 * 3600);

// --- directory --------------------------------------------------------------------------------

/// How long after a connection was made the network is first asked for entries of the allow-list. Messages come first.
pub const DIRECTORY_FIRST_PAUSE: Duration = Duration::from_secs(10);
/// Pause between two questions about an entry. A person who adds contacts by hand is no faster.
pub const DIRECTORY_PAUSE: Duration = Duration::from_secs(2);
/// How long one question may take.
pub const DIRECTORY_TIMEOUT: Duration = Duration::from_secs(30);
/// How long an answer about an entry holds: each is asked for once a day at most, whatever the number of restarts.
pub const DIRECTORY_AGE_MAX: Duration = Duration::from_secs(24 * 3600);
/// Pause after which entries that were added, or are due again, are looked for.
pub const DIRECTORY_ROUND_PAUSE: Duration = Duration::from_secs(60 * 60);
/// Entries of an account that its network is asked for. Numbers in bulk are what spammers ask for.
pub const DIRECTORY_ENTRIES_MAX: usize = 64;
/// Warnings about such entries that are shown for one account; the rest is counted.
pub const DIRECTORY_WARNINGS_MAX: usize = 8;

// --- supervision ------------------------------------------------------------------------------

/// Restarts of one actor within [`RESTART_WINDOW`] before it is shown as failed and started rarely.
pub const RESTARTS_MAX: u32 = 5;
/// The window in which restarts are counted.
pub const RESTART_WINDOW: Duration = Duration::from_secs(60);
/// First pause before a crashed actor is restarted; doubled each time.
pub const RESTART_PAUSE_MIN: Duration = Duration::from_millis(100);
/// Longest pause before a crashed actor is restarted.
pub const RESTART_PAUSE_MAX: Duration = Duration::from_secs(30);
/// Pause before an actor is started again that crashed too often. What made it crash may be over after minutes, and nobody
/// may be there who starts it by hand.
pub const RESTART_RARE_PAUSE: Duration = Duration::from_secs(5 * 60);
/// How long running turns may finish after a stop was asked for.
pub const DRAIN_TIMEOUT: Duration = Duration::from_secs(20);

/// How often the engine looks whether the last turn of a replaced or removed assistant has ended. It may hold much
/// memory, and looking costs nothing.
pub const EARLIER_PARTS_PAUSE: Duration = Duration::from_secs(1);
/// How long a connection may take to end after it was told to.
pub const STOP_TIMEOUT: Duration = Duration::from_secs(3);
/// How many times one turn is given up for newer messages before it is let through.
pub const INTERRUPTS_MAX: u32 = 8;
/// One notice of an unsupported kind per chat and this long.
pub const UNSUPPORTED_NOTICE_PAUSE: Duration = Duration::from_secs(24 * 60 * 60);
/// Notices that are remembered as given; the oldest leave first.
pub const NOTICES_REMEMBERED_MAX: usize = 50_000;
/// Wake-ups that are moved into the inbox at once.
pub const WAKES_PER_STEP: usize = 256;

// --- gateway ----------------------------------------------------------------------------------

/// Largest request body in bytes, webhooks included. Meta's posts stay under 3 MB.
pub const REQUEST_BYTES_MAX: usize = 3 * 1024 * 1024;
/// Kinds of things that are not taken and are counted one by one, such as identities that are not configured here; the rest
/// is counted together.
pub const UNPLACED_IDENTITIES_MAX: usize = 64;
/// How long a request may take.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Values in the waveform of a voice note: what WhatsApp's clients draw.
pub const WAVEFORM_BYTES: usize = 64;

// --- console ----------------------------------------------------------------------------------

/// Typed or piped lines that were read and wait for the inbox.
pub const CONSOLE_LINES_MAX: usize = 16;
/// Messages of a console that are neither answered nor known to get no answer, before it reads more
/// slowly. Well below [`INBOX_ROWS_PER_CONVERSATION_MAX`], so that no piped line is refused.
pub const CONSOLE_UNANSWERED_MAX: usize = 32;
/// How long a console waits for an answer before it reads on, once so many are missing.
pub const CONSOLE_ANSWER_WAIT: Duration = Duration::from_secs(1);
/// Chats in which a console remembers the last messages, for `/reply`, `/edit` and `/delete`.
pub const CONSOLE_CHATS_MAX: usize = 64;

// --- configuration and program ----------------------------------------------------------------

/// Turns that one assistant may be configured to work on at once. More would only wait elsewhere.
pub const ASSISTANT_TURNS_CONFIGURED_MAX: u64 = 10_000;
/// The longest turn that may be configured, in seconds. What takes longer is a job, not an answer.
pub const TURN_SECONDS_CONFIGURED_MAX: u64 = 3_600;
/// The longest wait for evidence of a send that may be configured, in seconds: a day.
pub const RECONCILE_SECONDS_CONFIGURED_MAX: u64 = 86_400;
/// Characters of the word for a currency: it stands above a column.
pub const CURRENCY_CHARS_MAX: usize = 16;
/// The longest name of a channel or assistant, in characters: it is part of URLs and of variables.
pub const NAME_CHARS_MAX: usize = 64;
/// How long requests to the gateway may finish after a stop was asked for.
pub const GATEWAY_STOP_TIMEOUT: Duration = Duration::from_secs(5);
/// How far ahead the end of a signed token may lie. A program that needs longer makes another one.
pub const TOKEN_AHEAD_MAX: Duration = Duration::from_secs(3_600);

// --- commands that try things out ---------------------------------------------------------------

/// How long a model or a tool server may take that is tried out: one has to be loaded into memory first, another one fetches
/// its packages at its first start.
pub const TRIAL_TIMEOUT: Duration = Duration::from_secs(60);
/// Bytes of what a model, a tool server or a plugin says of itself that a command shows: two lines of a terminal.
pub const TRIED_SHOWN_BYTES_MAX: usize = 200;
/// Bytes of the file of a turn with which a plugin is tried: a turn with a picture.
pub const TRIED_TURN_BYTES_MAX: u64 = 16 * 1024 * 1024;

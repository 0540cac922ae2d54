//! Every limit of a script, with its unit and its reason.

/// Largest script, in bytes. A person who writes one reads it, too.
pub(crate) const SCRIPT_BYTES_MAX: u64 = 512 * 1024;
/// Nodes of one script.
pub(crate) const NODES_MAX: usize = 1_000;
/// Slots of all forms of one script together. With the longest answers they stay within what an assistant may remember.
pub(crate) const SLOTS_MAX: usize = 64;
/// Longest name of a node, a slot or an option, in bytes: three of them make the id of a choice, which networks cut at 200.
pub(crate) const NAME_BYTES_MAX: usize = 60;
/// Longest answer that a slot keeps, in characters: an address or a short letter.
pub(crate) const ANSWER_CHARS_MAX: usize = 500;
/// Bytes of a message that are compared with patterns. Commands and greetings are shorter; a novel is none of them.
pub(crate) const COMPARED_BYTES_MAX: usize = 4 * 1024;
/// Longest text that one reply may grow to when what people said is filled in, in bytes.
pub(crate) const REPLY_BYTES_MAX: usize = 64 * 1024;
/// People of one group whose answers are remembered; the one silent longest leaves first.
pub(crate) const PEOPLE_PER_GROUP_MAX: usize = 32;
/// Bytes of pictures and documents of one script; they are kept in memory.
pub(crate) const FILES_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Times that one question of a form may be asked in vain, as configured. More would only annoy.
pub(crate) const TRIES_CONFIGURED_MAX: u32 = 100;
/// How long a question stays open that is not answered, in minutes, unless the script says otherwise: a day.
pub(crate) const FORGET_AFTER_MINUTES: u64 = 24 * 60;
/// Mistakes of a script that are named together; more are a list that is not read.
pub(crate) const PROBLEMS_SHOWN_MAX: usize = 20;

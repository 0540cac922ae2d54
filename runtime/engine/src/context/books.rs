//! What is remembered about people and groups, in memory and bounded.

use super::away::AwayBook;
use super::bills::BillBook;
use crate::decide::acks::AckBook;
use crate::decide::clock_step::ClockStep;
use crate::decide::humans::HumanBook;
use crate::decide::loops::LoopBook;
use crate::decide::notices::NoticeBook;
use crate::decide::overheard::OverheardBuffer;
use crate::decide::rates::RateBook;
use crate::decide::rejections::Rejections;
use crate::decide::undelivered::UndeliveredBook;
use greenroom_contract::time::Timestamp;
use parking_lot::Mutex;

/// The books of one engine. Lost with the process, which makes nothing wrong.
#[derive(Debug, Default)]
pub(crate) struct Books {
    /// How often each person and group was answered lately.
    pub(crate) rates: Mutex<RateBook>,
    /// Which chats were answered lately, for programs that answer each other.
    pub(crate) loops: Mutex<LoopBook>,
    /// Which notices were said lately.
    pub(crate) notices: Mutex<NoticeBook>,
    /// Which assistants are away, and what waits for them.
    pub(crate) away: Mutex<AwayBook>,
    /// What turns spent that are not settled yet.
    pub(crate) bills: Mutex<BillBook>,
    /// Which conversations wait for a human.
    pub(crate) humans: Mutex<HumanBook>,
    /// Which messages carry the reaction that shows they were received.
    pub(crate) acks: Mutex<AckBook>,
    /// What networks took and did not deliver.
    pub(crate) undelivered: Mutex<UndeliveredBook>,
    /// Group talk that was not for the bot.
    pub(crate) overheard: Mutex<OverheardBuffer>,
    /// What came from outside and was not taken.
    pub(crate) rejections: Mutex<Rejections>,
    /// The last time the clock was moved, and when that was noticed, in steady time.
    pub(crate) clock_step: Mutex<Option<(ClockStep, Timestamp)>>,
}

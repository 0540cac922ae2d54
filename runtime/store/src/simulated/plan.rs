//! What goes wrong with a simulated disk: on demand, for as long as asked, or by chance.

/// A moment at which a simulated disk can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DiskPoint {
    /// A row or a range is read.
    Read,
    /// A batch is handed to the engine.
    Apply,
    /// The engine hands what it holds to the operating system.
    Flush,
    /// The operating system is asked to write it to the platter.
    Sync,
    /// The engine is opened.
    Open,
    /// After a failure everything that may only be in the page cache is written again.
    Rewrite,
    /// The side file is replaced.
    SideFile,
}

impl DiskPoint {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Read, Self::Apply, Self::Flush, Self::Sync, Self::Open, Self::Rewrite, Self::SideFile];
}

/// How a simulated disk fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskFault {
    /// An error. Of a sync that failed so, a part may be on the platter; the rest is in the page cache, and counts as
    /// clean there.
    Fails,
    /// It is done, and an error is reported nevertheless: whether it happened is unclear to the caller.
    FailsDone,
    /// The engine panics before anything is done. At [`DiskPoint::Read`] and [`DiskPoint::SideFile`] an error.
    Panics,
}

/// How often a simulated disk fails by chance.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DiskPlan {
    chances: [u32; DiskPoint::ALL.len()],
}

impl DiskPlan {
    /// Nothing fails.
    pub fn calm() -> Self {
        Self::default()
    }

    /// Everything but reads fails so often in 10,000 times.
    pub fn stormy(chance: u32) -> Self {
        Self { chances: [chance; DiskPoint::ALL.len()] }.at(DiskPoint::Read, 0)
    }

    /// The same plan with another chance at one point, in 10,000 times.
    #[must_use]
    pub fn at(mut self, point: DiskPoint, chance: u32) -> Self {
        self.chances[point as usize] = chance;
        self
    }

    pub(super) fn chance(&self, point: DiskPoint) -> u32 {
        self.chances[point as usize]
    }
}

/// Numbers that depend on nothing but their seed (SplitMix64).
#[derive(Debug)]
pub(super) struct Dice(pub(super) u64);

impl Dice {
    /// From 0 up to, and without, `end`; 0 if that is 0.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end.max(1)
    }
}

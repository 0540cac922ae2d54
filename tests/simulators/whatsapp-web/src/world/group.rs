//! A group chat.

#[derive(Debug, Clone)]
pub(crate) struct Group {
    /// Without `@g.us`.
    pub(crate) id: String,
    pub(crate) subject: String,
    pub(crate) subject_at: u64,
    pub(crate) subject_by: usize,
    pub(crate) creator: usize,
    pub(crate) created_at: u64,
    pub(crate) members: Vec<Member>,
    /// Whether members are written by LID (as all new groups are) or by phone number.
    pub(crate) by_lid: bool,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Member {
    pub(crate) account: usize,
    pub(crate) rank: Rank,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rank {
    Member,
    Admin,
    Creator,
}

impl Group {
    pub(crate) fn has(&self, account: usize) -> bool {
        self.members.iter().any(|member| member.account == account)
    }
}

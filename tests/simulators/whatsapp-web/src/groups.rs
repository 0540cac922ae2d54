//! Group chats, as a test makes and changes them.

use crate::Simulator;
use crate::people::Phone;
use crate::server::{Change, change_group, create_group};
use std::sync::Arc;

/// A group chat.
#[derive(Clone)]
pub struct Group {
    hub: Arc<crate::hub::Hub>,
    id: String,
}

impl Simulator {
    /// A group with this subject; the first member makes it. Members are written by LID, as in all new groups.
    ///
    /// `None` without members.
    pub fn group(&self, subject: &str, members: &[&Phone]) -> Option<Group> {
        self.group_in(subject, members, true)
    }

    /// A group of the old kind, whose members are written by phone number.
    pub fn group_by_number(&self, subject: &str, members: &[&Phone]) -> Option<Group> {
        self.group_in(subject, members, false)
    }

    /// The group with this id, with or without `@g.us`.
    pub fn find_group(&self, id: &str) -> Option<Group> {
        let id = id.trim_end_matches("@g.us");
        self.hub.world.lock().groups.contains_key(id).then(|| Group { hub: self.hub.clone(), id: id.to_owned() })
    }

    fn group_in(&self, subject: &str, members: &[&Phone], by_lid: bool) -> Option<Group> {
        let now = self.hub.clock.now();
        let id = self.hub.change(|world| {
            let numbers = members.iter().map(|phone| phone.number().to_owned());
            let accounts: Vec<usize> = numbers.filter_map(|number| world.by_number.get(&number).copied()).collect();
            create_group(world, now, subject, &accounts, by_lid)
        })?;
        Some(Group { hub: self.hub.clone(), id })
    }
}

/// Each change is told to the members, also to those it removes. The answer says whether the group still exists.
impl Group {
    /// Its id without `@g.us`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its address: the id with `@g.us`.
    pub fn jid(&self) -> String {
        format!("{}@g.us", self.id)
    }

    /// The phone numbers of its members.
    pub fn members(&self) -> Vec<String> {
        let world = self.hub.world.lock();
        let members = world.groups.get(&self.id).map(|group| group.members.clone()).unwrap_or_default();
        members.into_iter().map(|member| world.accounts[member.account].number.clone()).collect()
    }

    /// `by` changes the subject.
    pub fn set_subject(&self, by: &Phone, subject: &str) -> bool {
        self.change(by, &[], |_| Change::Subject(subject.to_owned()))
    }

    /// `by` adds members.
    pub fn add(&self, by: &Phone, members: &[&Phone]) -> bool {
        self.change(by, members, Change::Add)
    }

    /// `by` removes members, perhaps themself.
    pub fn remove(&self, by: &Phone, members: &[&Phone]) -> bool {
        self.change(by, members, Change::Remove)
    }

    /// `by` makes members admins.
    pub fn promote(&self, by: &Phone, members: &[&Phone]) -> bool {
        self.change(by, members, Change::Promote)
    }

    /// `by` makes admins members.
    pub fn demote(&self, by: &Phone, members: &[&Phone]) -> bool {
        self.change(by, members, Change::Demote)
    }

    fn change(&self, by: &Phone, members: &[&Phone], what: impl FnOnce(Vec<usize>) -> Change) -> bool {
        let now = self.hub.clock.now();
        self.hub.change(|world| {
            let Some(&by) = world.by_number.get(by.number()) else { return false };
            let accounts = members.iter().filter_map(|phone| world.by_number.get(phone.number()).copied()).collect();
            change_group(world, now, &self.id, by, &what(accounts))
        })
    }
}

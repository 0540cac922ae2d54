//! Groups: what they are, and telling their members what changed.

use super::context::Context;
use super::messages::space;
use super::notify::notification;
use super::outbox::deliver;
use crate::stanza::{children, jid, refusal, result, text};
use crate::world::group::{Group, Member, Rank};
use crate::world::queue::Class;
use crate::world::{DeviceId, World};
use whatsapp_rust::wacore_binary::builder::NodeBuilder;
use whatsapp_rust::wacore_binary::{Jid, Node, Server};

/// What can happen to a group.
#[derive(Debug, Clone)]
pub(crate) enum Change {
    Subject(String),
    Add(Vec<usize>),
    Remove(Vec<usize>),
    Promote(Vec<usize>),
    Demote(Vec<usize>),
}

/// Makes a group of these accounts; the first one made it. Returns its id.
pub(crate) fn create(world: &mut World, now: u64, subject: &str, accounts: &[usize], by_lid: bool) -> Option<String> {
    let &creator = accounts.first()?;
    let id = format!("1203630{:011}", world.next());
    let members = accounts.iter().enumerate().map(|(index, &account)| {
        let rank = if index == 0 { Rank::Creator } else { Rank::Member };
        Member { account, rank }
    });
    let group = Group {
        id: id.clone(),
        subject: subject.to_owned(),
        subject_at: now,
        subject_by: creator,
        creator,
        created_at: now,
        members: members.collect(),
        by_lid,
    };
    let child = NodeBuilder::new("create").attr("type", "new").children([describe(world, &group)]).build();
    world.groups.insert(id.clone(), group);
    tell(world, now, &id, creator, &child, &[]);
    Some(id)
}

/// Changes a group and tells its members; whether there was such a group.
pub(crate) fn change(world: &mut World, now: u64, id: &str, by: usize, change: &Change) -> bool {
    let Some(group) = world.groups.get_mut(id) else { return false };
    let mut gone: &[usize] = &[];
    let (tag, accounts): (&'static str, &[usize]) = match change {
        Change::Subject(subject) => {
            group.subject.clone_from(subject);
            group.subject_at = now;
            group.subject_by = by;
            ("subject", &[])
        }
        Change::Add(accounts) => {
            let new: Vec<usize> = accounts.iter().copied().filter(|&account| !group.has(account)).collect();
            group.members.extend(new.into_iter().map(|account| Member { account, rank: Rank::Member }));
            ("add", accounts)
        }
        Change::Remove(accounts) => {
            group.members.retain(|member| !accounts.contains(&member.account));
            gone = accounts;
            ("remove", accounts)
        }
        Change::Promote(accounts) | Change::Demote(accounts) => {
            let promoted = matches!(change, Change::Promote(_));
            for member in group.members.iter_mut().filter(|member| accounts.contains(&member.account)) {
                member.rank = if promoted { Rank::Admin } else { Rank::Member };
            }
            (if promoted { "promote" } else { "demote" }, accounts)
        }
    };
    let group = group.clone();
    let builder = NodeBuilder::new(tag);
    let child = if tag == "subject" {
        let owner = address(world, by, space(&group));
        builder.attr("subject", group.subject.as_str()).attr("s_t", now).attr("s_o", owner).build()
    } else {
        builder.children(accounts.iter().map(|&account| participant(world, account, None, &group))).build()
    };
    tell(world, now, id, by, &child, gone);
    true
}

fn tell(world: &mut World, now: u64, id: &str, by: usize, child: &Node, gone: &[usize]) {
    let Some(group) = world.groups.get(id).cloned() else { return };
    let space = space(&group);
    let author = address(world, by, space);
    let alias = address(world, by, if space == Server::Lid { Server::Pn } else { Server::Lid });
    let name = world.accounts[by].name.clone();
    let accounts: Vec<usize> = group.members.iter().map(|member| member.account).chain(gone.iter().copied()).collect();
    for account in accounts {
        for device in world.accounts[account].devices.keys().copied().collect::<Vec<_>>() {
            let mut builder = notification(world, now, Jid::group(id), "w:gp2")
                .attr("participant", author.clone())
                .attr("notify", name.as_str());
            if group.by_lid {
                builder = builder.attr("addressing_mode", "lid").attr("participant_pn", alias.clone());
            }
            let node = builder.children([child.clone()]).build();
            deliver(world, DeviceId { account, device }, Class::Notification, node);
        }
    }
}

fn address(world: &World, account: usize, space: Server) -> Jid {
    world.jid(DeviceId { account, device: 0 }, space)
}

fn participant(world: &World, account: usize, rank: Option<Rank>, group: &Group) -> Node {
    let builder = NodeBuilder::new("participant").attr("jid", address(world, account, space(group)));
    let builder = match space(group) {
        Server::Lid => builder.attr("phone_number", address(world, account, Server::Pn)),
        _ => builder.attr("lid", address(world, account, Server::Lid)),
    };
    match rank {
        Some(Rank::Creator) => builder.attr("type", "superadmin").build(),
        Some(Rank::Admin) => builder.attr("type", "admin").build(),
        Some(Rank::Member) | None => builder.build(),
    }
}

fn describe(world: &World, group: &Group) -> Node {
    let space = space(group);
    let participants = group.members.iter().map(|member| participant(world, member.account, Some(member.rank), group));
    NodeBuilder::new("group")
        .attr("id", group.id.as_str())
        .attr("subject", group.subject.as_str())
        .attr("s_t", group.subject_at)
        .attr("s_o", address(world, group.subject_by, space))
        .attr("s_o_pn", address(world, group.subject_by, Server::Pn))
        .attr("creation", group.created_at)
        .attr("creator", address(world, group.creator, space))
        .attr("creator_pn", address(world, group.creator, Server::Pn))
        .attr("addressing_mode", if group.by_lid { "lid" } else { "pn" })
        .attr("size", group.members.len())
        .children(participants)
        .build()
}

pub(crate) fn request(world: &mut World, context: &Context<'_>, from: DeviceId, node: &Node, kind: &str) -> Node {
    let Some(child) = children(node).first() else { return refusal(node, 400, "bad-request") };
    let to = jid(node, "to").unwrap_or_default();
    if kind == "get" && child.tag == "participating" {
        let groups = world.groups.values().filter(|group| group.has(from.account));
        let groups: Vec<Node> = groups.map(|group| describe(world, group)).collect();
        return result(node, vec![NodeBuilder::new("groups").children(groups).build()]);
    }
    if kind == "set" && child.tag == "create" {
        return created(world, context, from, node, child);
    }
    if kind == "set" && child.tag == "leave" {
        let asked: Vec<Jid> = children(child).iter().filter_map(|group| jid(group, "id")).collect();
        for group in asked {
            change(world, context.now, &group.user, from.account, &Change::Remove(vec![from.account]));
        }
        return result(node, Vec::new());
    }
    let Some(group) = world.groups.get(to.user.as_str()) else { return refusal(node, 404, "item-not-found") };
    if !group.has(from.account) {
        return refusal(node, 403, "forbidden");
    }
    if kind == "get" {
        return result(node, vec![describe(world, group)]);
    }
    let rank = group.members.iter().find(|member| member.account == from.account).map(|member| member.rank);
    let named: Vec<usize> =
        children(child).iter().filter_map(|child| jid(child, "jid")).filter_map(|jid| world.account_of(&jid)).collect();
    let what = match child.tag.as_ref() {
        "subject" => {
            let subject = child.content_as_string().map(|text| text.to_string()).unwrap_or_default();
            Change::Subject(text(child, "subject").unwrap_or(subject))
        }
        "add" => Change::Add(named),
        "remove" => Change::Remove(named),
        "promote" => Change::Promote(named),
        "demote" => Change::Demote(named),
        other => {
            world.record.unknown(format!("iq w:g2 set <{other}>"));
            return result(node, Vec::new());
        }
    };
    if rank == Some(Rank::Member) && !matches!(what, Change::Subject(_)) {
        return refusal(node, 403, "forbidden");
    }
    change(world, context.now, &to.user, from.account, &what);
    result(node, vec![child.clone()])
}

fn created(world: &mut World, context: &Context<'_>, from: DeviceId, node: &Node, child: &Node) -> Node {
    let named = children(child).iter().filter(|child| child.tag == "participant").filter_map(|child| jid(child, "jid"));
    let mut accounts = vec![from.account];
    accounts.extend(named.filter_map(|jid| world.account_of(&jid)).filter(|&account| account != from.account));
    let subject = text(child, "subject").unwrap_or_default();
    let group = create(world, context.now, &subject, &accounts, true);
    match group.and_then(|id| world.groups.get(&id)) {
        Some(group) => result(node, vec![describe(world, group)]),
        None => refusal(node, 400, "bad-request"),
    }
}

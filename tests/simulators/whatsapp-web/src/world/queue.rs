//! What a device has not acknowledged yet.

use std::collections::VecDeque;
use whatsapp_rust::wacore_binary::Node;

/// Stanzas in the order they were made. One leaves only when the device acknowledged it.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    parcels: VecDeque<Parcel>,
}

#[derive(Debug)]
pub(crate) struct Parcel {
    pub(crate) class: Class,
    pub(crate) id: String,
    pub(crate) node: Node,
    /// Whether it was written to the present connection.
    pub(crate) written: bool,
    /// Whether it waits for the next connection.
    pub(crate) withheld: bool,
    /// How often it was written in all.
    pub(crate) writings: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Message,
    Receipt,
    Notification,
}

impl Class {
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Receipt => "receipt",
            Self::Notification => "notification",
        }
    }

    pub(crate) fn of(tag: &str) -> Option<Self> {
        [Self::Message, Self::Receipt, Self::Notification].into_iter().find(|class| class.tag() == tag)
    }
}

impl Queue {
    pub(crate) fn push(&mut self, parcel: Parcel) {
        self.parcels.push_back(parcel);
    }

    pub(crate) fn len(&self) -> usize {
        self.parcels.len()
    }

    pub(crate) fn count(&self, class: Class) -> usize {
        self.parcels.iter().filter(|parcel| parcel.class == class).count()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Parcel> {
        self.parcels.iter_mut()
    }

    /// Takes out the oldest written stanza of this class and id; whether there was one.
    pub(crate) fn acknowledge(&mut self, class: Class, id: &str) -> bool {
        let found = self.parcels.iter().position(|p| p.written && p.class == class && p.id == id);
        found.and_then(|index| self.parcels.remove(index)).is_some()
    }

    /// A new connection begins: nothing was written to it.
    pub(crate) fn rewind(&mut self) {
        for parcel in &mut self.parcels {
            parcel.written = false;
            parcel.withheld = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parcel(id: &str) -> Parcel {
        let node = Node::default();
        Parcel { class: Class::Message, id: id.into(), node, written: true, withheld: false, writings: 1 }
    }

    #[test]
    fn only_an_acknowledgement_takes_a_stanza_out() {
        let mut queue = Queue::default();
        queue.push(parcel("a"));
        queue.push(parcel("a"));
        queue.push(parcel("b"));
        assert!(!queue.acknowledge(Class::Receipt, "a"));
        assert!(queue.acknowledge(Class::Message, "a"));
        assert_eq!(queue.len(), 2, "the second delivery of the same id still waits");
        queue.rewind();
        assert!(!queue.acknowledge(Class::Message, "b"), "it was not written to this connection");
        assert_eq!(queue.count(Class::Message), 2);
    }
}

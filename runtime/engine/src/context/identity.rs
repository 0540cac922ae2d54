//! What the engine needs to know people by their e-mail addresses, and what is under way of it.

use crate::decide::identity::quota::CodeBook;
use greenroom_contract::identity::{Attributes, LinkedPerson, Mail, Mailer, PersonLookup};
use greenroom_contract::ids::{AssistantName, IdentityId, Sequence};
use greenroom_contract::limits;
use greenroom_contract::secret::Secret;
use greenroom_contract::store::{ParcelDraft, Scope};
use greenroom_contract::time::Timestamp;
use parking_lot::Mutex;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// How people are known beyond one network.
#[derive(Clone)]
pub struct Identity {
    /// What brings codes to e-mail addresses.
    pub mailer: Arc<dyn Mailer>,
    /// What knows more of a person than the address.
    pub lookup: Option<Arc<dyn PersonLookup>>,
    /// What codes are hashed with. One that changes makes open codes void.
    pub secret: Secret,
    /// Whether people are told once that they can be linked.
    pub offer: bool,
    /// How many codes are sent within [`limits::CODES_WINDOW`] altogether.
    pub codes_max: usize,
    /// Assistants that have one history and one memory for everyone who proved the same address.
    pub shared_memory: BTreeSet<AssistantName>,
}

/// The same, with what is under way.
pub(crate) struct Identities {
    pub(crate) parts: Identity,
    pub(crate) codes: Mutex<CodeBook>,
    /// Mail of turns that are not on disk yet, by their first rows.
    prepared: Mutex<HashMap<Sequence, Prepared>>,
    looked_up: Mutex<HashMap<IdentityId, (Timestamp, Attributes)>>,
}

/// A mail that is sent when its turn is on disk.
pub(crate) struct Prepared {
    pub(crate) mail: Mail,
    pub(crate) scope: Scope,
    /// What is said if it cannot be sent.
    pub(crate) failed: ParcelDraft,
}

impl Identities {
    pub(crate) fn new(parts: Identity) -> Self {
        Self { parts, codes: Mutex::default(), prepared: Mutex::default(), looked_up: Mutex::default() }
    }

    /// Keeps the mail of a turn until it is on disk. That of an earlier attempt at the turn is replaced.
    pub(crate) fn prepare(&self, row: Sequence, prepared: Prepared) {
        self.prepared.lock().insert(row, prepared);
    }

    /// The mail of a turn, handed out once.
    pub(crate) fn prepared(&self, row: Sequence) -> Option<Prepared> {
        self.prepared.lock().remove(&row)
    }

    /// Adds what the lookup knows of a person. What cannot be asked now is missing; the turn goes on without.
    pub(crate) async fn complete(&self, person: &mut LinkedPerson, now: Timestamp) {
        let (Some(lookup), Some(email)) = (&self.parts.lookup, &person.email) else { return };
        let kept = self.looked_up.lock().get(&person.id).cloned();
        let attributes = if let Some((_, attributes)) = kept.filter(|(at, _)| now.since(*at) < limits::LOOKUP_AGE_MAX) {
            attributes
        } else {
            let asked = tokio::time::timeout(limits::LOOKUP_TIMEOUT, lookup.look_up(person.id, email)).await;
            match asked {
                Ok(Ok(attributes)) => self.keep(person.id, now, attributes),
                Ok(Err(error)) => {
                    tracing::warn!(identity = %person.id, %error, "nothing is known of a linked person");
                    return;
                }
                Err(_) => {
                    tracing::warn!(identity = %person.id, "the lookup of linked people takes too long");
                    return;
                }
            }
        };
        if let Some(name) = attributes.get("name").and_then(serde_json::Value::as_str) {
            person.name = Some(name.to_owned());
        }
        person.attributes = attributes;
    }

    fn keep(&self, id: IdentityId, now: Timestamp, attributes: Attributes) -> Attributes {
        let mut looked_up = self.looked_up.lock();
        if looked_up.len() >= limits::LOOKUP_REMEMBERED_MAX {
            looked_up.retain(|_, (at, _)| now.since(*at) < limits::LOOKUP_AGE_MAX);
        }
        // A full book of fresh answers is asked more often, and stays as large as it is.
        if looked_up.len() < limits::LOOKUP_REMEMBERED_MAX {
            looked_up.insert(id, (now, attributes.clone()));
        }
        attributes
    }
}

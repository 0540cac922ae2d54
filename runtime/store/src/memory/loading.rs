//! From the disk to memory: what is read at every opening.
//!
//! Rows that wait and parcels that are unsent are found by their keys. Parcels that were sent stay
//! where they are, so the scan starts at the low-water mark that the sentinel holds.

use crate::engines::{Engine, EngineError, Range, Rows};
use crate::format::envelope::{self, Damage, Sealing};
use crate::format::keys::{self, Reader, kind};
use crate::format::names::Names;
use crate::format::outbox_codec;
use crate::format::records::{ParcelRecord, PointerRecord, SentinelRecord, WakeRecord};
use crate::format::seal::Sealer;
use crate::format::seen_key::{Place, period_of};
use crate::format::understood::understand;
use crate::memory::index::{Change, Delta, Index, Merged, WakeName};
use crate::memory::shared::{Read, decode, read, whole};
use greenroom_contract::ids::{AccountId, ConversationId, PersonId, Sequence};
use greenroom_contract::store::ParcelKey;
use prost::Message;
use std::collections::HashMap;
use std::ops::ControlFlow;

/// What was found.
pub(crate) struct Loading {
    pub(crate) index: Index,
    pub(crate) sentinel: SentinelRecord,
    /// Records that must be set aside.
    pub(crate) damaged: Vec<(Vec<u8>, Damage)>,
    /// Records of a newer program.
    pub(crate) not_understood: Vec<(Vec<u8>, Damage)>,
}

/// Reads what must be known before the store serves. `None` if there is no sentinel.
pub(crate) fn load(engine: &dyn Engine, sealer: &Sealer) -> Result<Option<Loading>, EngineError> {
    let sentinel = match read::<SentinelRecord>(engine, sealer, keys::SENTINEL)? {
        Read::Found(sentinel) => sentinel,
        Read::Missing => return Ok(None),
        Read::Damaged(damage) if damage.is_not_understood() => {
            return Err(EngineError::NotUnderstood(format!("the record that says which store it is: {damage}")));
        }
        Read::Damaged(damage) => return Err(EngineError::Damaged(format!("the sentinel record: {damage}"))),
    };
    let mut loading = Loading::of(sentinel);
    loading.load_redirects(engine, sealer)?;
    loading.load_rows(engine)?;
    loading.load_settings(engine)?;
    loading.load_periods(engine)?;
    loading.load_parcels(engine, sealer)?;
    loading.load_held(engine, sealer)?;
    loading.load_wakes(engine, sealer)?;
    loading.look_at_what_waits(engine, sealer)?;
    engine.scan(&Range::prefix(&[kind::DAMAGED]), &mut |key, _| {
        if key.get(1) != Some(&kind::PART) {
            loading.index.damaged += 1;
        }
        ControlFlow::Continue(())
    })?;
    Ok(Some(loading))
}

/// The sentinel as it is written.
pub(crate) fn sentinel_value(sentinel: &SentinelRecord, sealer: &Sealer) -> Vec<u8> {
    envelope::wrap(keys::SENTINEL, &sentinel.encode_to_vec(), Sealing::Plain, sealer)
        .map(|wrapped| wrapped.value)
        .expect("a plain record of some kilobytes always fits")
}

impl Loading {
    /// Of a store in which nothing else is.
    pub(crate) fn of(sentinel: SentinelRecord) -> Self {
        Self { index: Index::default(), sentinel, damaged: Vec::new(), not_understood: Vec::new() }
    }

    fn load_redirects(&mut self, engine: &dyn Engine, sealer: &Sealer) -> Result<(), EngineError> {
        for (key, value) in rows_of(engine, kind::REDIRECT)? {
            let mut reader = Reader::new(&key);
            let merged: fn(u64, u64) -> Merged = match reader.byte() {
                Some(b'p') => |from, to| Merged::Person { from: PersonId(from), to: PersonId(to) },
                Some(b'c') => |from, to| Merged::Conversation { from: ConversationId(from), to: ConversationId(to) },
                _ => continue,
            };
            let Some(from) = reader.number() else { continue };
            match decode::<PointerRecord>(engine, sealer, &key, value)? {
                Read::Found(record) => {
                    self.index.apply(&Delta::Redirect { merged: merged(from, record.to), change: Change::Came });
                }
                Read::Missing => {}
                Read::Damaged(damage) => self.take_damaged(key, damage),
            }
        }
        Ok(())
    }

    /// Rows are known by their keys; whether they can be read shows when they are.
    fn load_rows(&mut self, engine: &dyn Engine) -> Result<(), EngineError> {
        let index = &mut self.index;
        engine.scan(&Range::prefix(&[kind::INBOX]), &mut |key, _| {
            let mut reader = Reader::new(key);
            if let (Some(conversation), Some(sequence)) = (reader.number(), reader.number()) {
                let (conversation, sequence) = (ConversationId(conversation), Sequence(sequence));
                index.apply(&Delta::Row { conversation, sequence, change: Change::Came });
            }
            ControlFlow::Continue(())
        })
    }

    /// Which conversations have settings is known by their keys, as it is for rows.
    fn load_settings(&mut self, engine: &dyn Engine) -> Result<(), EngineError> {
        let index = &mut self.index;
        engine.scan(&Range::prefix(&[kind::SETTINGS]), &mut |key, _| {
            if let Some(conversation) = Reader::new(key).number().map(ConversationId) {
                index.apply(&Delta::Settings { conversation, change: Change::Came });
            }
            ControlFlow::Continue(())
        })
    }

    /// Periods are known by the first key of each. How young their rows are is not read: at most as old as the period.
    fn load_periods(&mut self, engine: &dyn Engine) -> Result<(), EngineError> {
        let mut next = Range::prefix(&[kind::SEEN]);
        while let Some((key, _)) = crate::memory::shared::collect(engine, &next, 1)?.pop() {
            let Some(period) = period_of(&key) else {
                next = next.after(&key);
                continue;
            };
            self.index.periods.insert(period, period.end());
            let Some(behind) = Range::prefix(&Place::In(period).all()).until else { break };
            next = next.starting(behind);
        }
        let early = Range::prefix(&Place::Early.all());
        self.index.has_early_rows = !crate::memory::shared::collect(engine, &early, 1)?.is_empty();
        self.index.refused = self.sentinel.refused;
        Ok(())
    }

    /// Each account's parcels, from its low-water mark on.
    fn load_parcels(&mut self, engine: &dyn Engine, sealer: &Sealer) -> Result<(), EngineError> {
        let low_water_of: HashMap<_, _> =
            self.sentinel.low_water_of.iter().map(|low| (low.account.clone(), low.sequence)).collect();
        let mut next = Range::prefix(&[kind::PARCEL]);
        while let Some(account) = first_account(engine, &next)? {
            let low = low_water_of.get(account.as_str()).copied().unwrap_or(self.sentinel.low_water);
            let of_account = keys::Key::new(kind::PARCEL).text(account.as_str()).done();
            let all = Range::prefix(&of_account);
            next.from = all.until.clone().unwrap_or_default();
            let unsent = all.starting(keys::parcels_from(kind::PARCEL, &account, Sequence(low)));
            self.load_parcels_in(engine, sealer, &unsent)?;
        }
        Ok(())
    }

    fn load_parcels_in(&mut self, engine: &dyn Engine, sealer: &Sealer, range: &Range) -> Result<(), EngineError> {
        let mut long = Vec::new();
        engine.scan(range, &mut |key, value| {
            if envelope::part_count(value) > 0 {
                long.push((key.to_vec(), value.to_vec()));
                return ControlFlow::Continue(());
            }
            let record = envelope::unwrap(key, value, sealer, envelope::read_record::<ParcelRecord>);
            self.take_parcel(key, record);
            ControlFlow::Continue(())
        })?;
        for (key, value) in long {
            let record = match decode::<ParcelRecord>(engine, sealer, &key, value)? {
                Read::Found(record) => Ok(record),
                Read::Damaged(damage) => Err(damage),
                Read::Missing => continue,
            };
            self.take_parcel(&key, record);
        }
        Ok(())
    }

    fn take_parcel(&mut self, key: &[u8], record: Result<ParcelRecord, Damage>) {
        match (record, keys::read_parcel(key)) {
            (Ok(record), Some(parcel)) if outbox_codec::is_pending(&record) => {
                if let Err(damage) = understand_parcel(&parcel, &record) {
                    self.take_damaged(key.to_vec(), damage);
                }
                let conversation = self.index.conversations.follow(ConversationId(record.conversation));
                let unsent = outbox_codec::unsent(&record, conversation);
                self.index.apply(&Delta::Pending { key: parcel, parcel: unsent, change: Change::Came });
            }
            (Err(damage), _) => self.take_damaged(key.to_vec(), damage),
            (Ok(record), _) => {
                if let Err(damage) = outbox_codec::state(record.state.as_ref()) {
                    self.take_damaged(key.to_vec(), damage);
                }
            }
        }
    }

    /// What waits or is needed at once is understood, or the store is not opened. What is damaged there shows when it is read.
    fn look_at_what_waits(&mut self, engine: &dyn Engine, sealer: &Sealer) -> Result<(), EngineError> {
        for kind in [kind::ACCOUNT, kind::SETTINGS, kind::INBOX, kind::QUARANTINE, kind::WAKE] {
            let (mut long, mut strange) = (Vec::new(), Vec::new());
            engine.scan(&Range::prefix(&[kind]), &mut |key, value| {
                if envelope::part_count(value) > 0 {
                    long.push((key.to_vec(), value.to_vec()));
                } else if let Err(damage) = understand(key, value, sealer) {
                    strange.push((key.to_vec(), damage));
                }
                ControlFlow::Continue(())
            })?;
            for (key, value) in long {
                if let Err(damage) = whole(engine, &key, value)?.and_then(|whole| understand(&key, &whole, sealer)) {
                    strange.push((key, damage));
                }
            }
            self.not_understood.extend(strange.into_iter().filter(|(_, damage)| damage.is_not_understood()));
        }
        Ok(())
    }

    /// What only lacks its key, or is of a newer program, stays where it is.
    fn take_damaged(&mut self, key: Vec<u8>, damage: Damage) {
        if damage.is_not_understood() {
            self.not_understood.push((key, damage));
        } else if damage == Damage::Seal {
            tracing::error!(record = %keys::describe(&key), "{damage}");
        } else {
            self.damaged.push((key, damage));
        }
    }

    fn load_wakes(&mut self, engine: &dyn Engine, sealer: &Sealer) -> Result<(), EngineError> {
        for (key, value) in rows_of(engine, kind::WAKE)? {
            match (decode::<WakeRecord>(engine, sealer, &key, value)?, keys::read_wake(&key)) {
                (Read::Found(record), Some(place)) => {
                    let conversation = self.index.conversations.follow(ConversationId(record.conversation));
                    let name = WakeName { assistant: record.assistant, token: record.token };
                    self.index.apply(&Delta::Wake { conversation, place, name, change: Change::Came });
                }
                (Read::Damaged(damage), _) => self.take_damaged(key, damage),
                _ => {}
            }
        }
        Ok(())
    }

    fn load_held(&mut self, engine: &dyn Engine, sealer: &Sealer) -> Result<(), EngineError> {
        for (key, value) in rows_of(engine, kind::HELD)? {
            match (decode::<ParcelRecord>(engine, sealer, &key, value)?, keys::read_parcel(&key)) {
                (Read::Found(record), Some(parcel)) => {
                    let conversation = self.index.conversations.follow(ConversationId(record.conversation));
                    self.index.apply(&Delta::Held { key: parcel, conversation, change: Change::Came });
                }
                (Read::Damaged(damage), _) => self.take_damaged(key, damage),
                _ => {}
            }
        }
        Ok(())
    }
}

/// Whether a parcel that waits can be sent by this program.
fn understand_parcel(key: &ParcelKey, record: &ParcelRecord) -> Result<(), Damage> {
    let conversation = ConversationId(record.conversation);
    // Which store it is of plays no part in whether it is understood.
    outbox_codec::parcel(&Names::of(&[], &[]), key.clone(), conversation, record.clone()).map(|_| ())
}

/// All rows of a kind of which there are few.
fn rows_of(engine: &dyn Engine, kind: u8) -> Result<Rows, EngineError> {
    crate::memory::shared::collect(engine, &Range::prefix(&[kind]), usize::MAX)
}

/// The account of the first parcel in a range.
fn first_account(engine: &dyn Engine, range: &Range) -> Result<Option<AccountId>, EngineError> {
    let mut range = range.clone();
    let mut account = None;
    while account.is_none() {
        let mut seen = None;
        engine.scan(&range, &mut |key, _| {
            seen = Some(key.to_vec());
            ControlFlow::Break(())
        })?;
        let Some(key) = seen else { return Ok(None) };
        account = keys::read_parcel(&key).map(|parcel| parcel.account);
        range = range.after(&key);
    }
    Ok(account)
}

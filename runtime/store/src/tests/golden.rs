//! The bytes of every record, as files: a store that was written once must be readable for ever.
//!
//! `UPDATE_GOLDEN=1` writes files that are missing. An existing one is never changed by a test run:
//! delete it, and think about the stores out there.

use super::draft;
use crate::format::billed_key::BilledKey;
use crate::format::envelope::{self, Sealing};
use crate::format::inbox_codec::{inbound_record, route_record, sender_record};
use crate::format::keys;
use crate::format::names::{NameForm, Names};
use crate::format::outbox_codec;
use crate::format::records::{
    AcceptedRecord, AccountRecord, AllowRecord, BilledRecord, BytesRecord, CauseRecord, ConversationRecord,
    DirectRecord, EmailRecord, HistoryRecord, InboxRecord, LifeRecord, LinkRecord, LowWaterRecord, MovedRecord,
    OwnRecord, ParcelRecord, PersonRecord, PointerRecord, QuarantineRecord, SaidRecord, SeenRecord, SentinelRecord,
    SettingsRecord, UsageRecord, WakeRecord,
};
use crate::format::sample;
use crate::format::seal::{SealKey, Sealer};
use crate::format::seen_key::{Period, Place};
use crate::format::trace_codec;
use crate::format::usage_key::UsageKey;
use greenroom_contract::choices::{Choice, Choices};
use greenroom_contract::event::{Consequence, DeliveryStatus};
use greenroom_contract::ids::{AccountId, ConversationId, PersonId, Sequence};
use greenroom_contract::message::{Location, Media};
use greenroom_contract::outbound::OutboundBody;
use greenroom_contract::store::ParcelDraft;
use greenroom_contract::time::Timestamp;
use greenroom_contract::trace::{Decision, Ignored, Step};
use prost::Message;
use std::fmt::Debug;
use std::path::PathBuf;

fn check<T: Message + Default + PartialEq + Debug>(name: &str, key: &[u8], record: &T) {
    let sealer = Sealer::new(&SealKey::from_hex(&"42".repeat(32)).unwrap(), &[]);
    let wrapped = envelope::wrap(key, &record.encode_to_vec(), Sealing::Plain, &sealer).unwrap();
    assert_eq!(wrapped.parts.len(), 0);
    let text = format!("{}\n{}\n", hex::encode(key), hex::encode(&wrapped.value));
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("{name}.hex"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() && !path.exists() {
        std::fs::write(&path, &text).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut lines = golden.lines().map(|line| hex::decode(line).unwrap());
    let (golden_key, golden_value) = (lines.next().unwrap(), lines.next().unwrap());
    assert_eq!(hex::encode(&golden_key), hex::encode(key), "{name}: its key changed");
    let read = envelope::unwrap(&golden_key, &golden_value, &sealer, envelope::read_record::<T>);
    assert_eq!(read.as_ref(), Ok(record), "{name}: an old record reads differently now");
    assert_eq!(golden, text, "{name}: it is written differently now");
}

fn account() -> AccountId {
    AccountId::new("acc-1").unwrap()
}

fn row() -> InboxRecord {
    let mut inbound = sample::inbound("acc-1", "wamid.1", "+15551234567", "hello");
    inbound.body = sample::bodies("a caption")[1].clone();
    inbound.sender.name = Some("Ana".into());
    InboxRecord {
        person: 2,
        channel: "whatsapp".into(),
        owner: "local".into(),
        attempts: 1,
        accepted_at: 1_700_000_000_000,
        message: Some(inbound_record(&inbound)),
        wake: None,
        seen_conversation: 3,
        seen_person: 2,
        turn_tag: 0,
    }
}

fn wake() -> WakeRecord {
    let draft = draft("x");
    WakeRecord {
        conversation: 3,
        route: Some(route_record(&draft.route)),
        sender: Some(sender_record(&draft.recipient)),
        assistant: "helper".into(),
        token: "tea".into(),
        person: 2,
        channel: "whatsapp".into(),
        owner: "local".into(),
        opened_at: 0,
    }
}

#[test]
fn queues() {
    let message = sample::inbound("acc-1", "wamid.1", "+15551234567", "").key.message;
    check("inbox", &keys::inbox(ConversationId(3), Sequence(4)), &row());
    let with_turn_tag = InboxRecord { turn_tag: 0x00AB_CDEF, ..row() };
    check("inbox_turn_tag", &keys::inbox(ConversationId(3), Sequence(4)), &with_turn_tag);
    check("wake", &keys::wake(Timestamp(1_700_000_000_000), 9), &wake());
    let quarantined =
        QuarantineRecord { row: Some(row()), conversation: 3, reason: "it crashed".into(), at: 1_700_000_000_001 };
    check("quarantine", &keys::quarantine(Sequence(4)), &quarantined);
    let refused = Decision::Ignored { reason: Ignored::Stranger { known_as: vec!["+15551234567".into()] } };
    let seen = SeenRecord {
        at: 1_700_000_000_000,
        chat: Some("chat".into()),
        sequence: 4,
        turn: 0,
        fingerprint: 0x0102_0304_0506_0708,
        steps: trace_codec::records(&[
            Step::new(Timestamp(1), Decision::Admitted { by: "* (file)".into() }),
            Step::new(Timestamp(2), refused),
        ]),
        earlier: vec![1],
        content: 0,
        name_tag: None,
    };
    let posted = SeenRecord { name_tag: Some(0x00AB_CDEF), ..seen.clone() };
    let early = Place::Early.seen(&message, &account(), Some(ConversationId(3)), Some(PersonId(2)));
    check("seen_post", &early, &posted);
    for (name, place) in [("seen", Place::Early), ("seen_in_period", Place::In(Period(29_000_000)))] {
        check(name, &place.seen(&message, &account(), Some(ConversationId(3)), Some(PersonId(2))), &seen);
    }
    let key = outbox_codec::key(&account(), Sequence(4), 0);
    let names = Names::of(b"salt", b"epoch");
    let mut parcel =
        outbox_codec::new_record(&names, &key, ConversationId(3), &draft("the answer"), Timestamp(1_700_000_000_000));
    parcel.statuses = vec![outbox_codec::status_record(&DeliveryStatus::Failed {
        reason: "131047".into(),
        // As records have it that are older than codes.
        code: None,
        then: Consequence::GivenUp,
    })];
    parcel.turn_steps = trace_codec::records(&[Step::new(Timestamp(3), Decision::Answered { took_ms: 5, parcels: 1 })]);
    parcel.cause = Some(CauseRecord { account: "acc-1".into(), message: "wamid.1".into(), conversation: 3, person: 2 });
    check::<ParcelRecord>("parcel_mixed", &keys::parcel(&key), &parcel);
    // As an earlier version named it.
    (parcel.tag, parcel.name_form) = (names.plain_tag(&key), NameForm::Plain as u32);
    check::<ParcelRecord>("parcel", &keys::parcel(&key), &parcel);
    check("held", &keys::held(&key), &parcel);
    check("own", &keys::own(&account(), &message), &OwnRecord { sequence: 4, part: 0 });
}

/// One of each kind of body that came after the first ones, as rows and as parcels.
#[test]
fn kinds_of_bodies() {
    let kinds = [(7, "choice"), (8, "document"), (9, "location"), (10, "contacts")];
    for (which, name) in kinds {
        let mut inbound = sample::inbound("acc-1", "wamid.1", "+15551234567", "");
        inbound.body = sample::bodies("words")[which].clone();
        let row = InboxRecord { message: Some(inbound_record(&inbound)), ..row() };
        check(&format!("inbox_{name}"), &keys::inbox(ConversationId(3), Sequence(4)), &row);
    }
    let options = vec![Choice::new("large", "Large"), Choice { detail: Some("26 cm".into()), ..Choice::new("s", "S") }];
    let media = Media { mime: "application/pdf".into(), bytes: "%PDF".into() };
    let bodies = [
        (
            "choices",
            OutboundBody::Choices(Choices { text: "Which size?".into(), options, open_label: Some("Sizes".into()) }),
        ),
        ("document", OutboundBody::Document { media, name: "bill.pdf".into(), caption: Some("please pay".into()) }),
        (
            "location",
            OutboundBody::Location(Location {
                latitude: -46.25,
                longitude: 6.5,
                name: Some("the harbour".into()),
                address: Some("Quay 1".into()),
            }),
        ),
    ];
    let (key, names) = (outbox_codec::key(&account(), Sequence(4), 0), Names::of(b"salt", b"epoch"));
    for (name, body) in bodies {
        let draft = ParcelDraft { body, ..draft("") };
        let parcel = outbox_codec::new_record(&names, &key, ConversationId(3), &draft, Timestamp(1_700_000_000_000));
        let sealed = outbox_codec::sealing(&parcel) == Sealing::Sealed;
        assert_eq!(sealed, name == "document", "{name}: media are sealed while they wait");
        check::<ParcelRecord>(&format!("parcel_{name}"), &keys::parcel(&key), &parcel);
    }
}

#[test]
#[allow(clippy::too_many_lines, reason = "a list of records")]
fn people_and_chats() {
    let scope = sample::scope();
    let chat = greenroom_contract::ids::ChatId::new("120363@g.us").unwrap();
    let person = PersonRecord {
        channel: "whatsapp".into(),
        owner: "local".into(),
        addresses: vec!["+15551234567".into(), "lid:7".into()],
        senders: vec!["somebody".into()],
        name: Some("Ana".into()),
        email: Some("ana@example.org".into()),
        chats: vec![DirectRecord { account: "acc-1".into(), conversation: 3 }],
        // As people have it who were written before there were links.
        links: Vec::new(),
        links_made: 0,
        linking_notes: None,
    };
    check("person", &keys::person(PersonId(2)), &person);
    let link = LinkRecord {
        number: 2,
        email: "ana@example.org".into(),
        identity: 8,
        evidence: 1,
        at: 1_700_000_000_000,
        proved_by: vec!["+15551234567".into(), "lid:7".into()],
    };
    let linked = PersonRecord { links: vec![link], links_made: 2, linking_notes: Some("asked".into()), ..person };
    check("person_linked", &keys::person(PersonId(2)), &linked);
    check("email", &keys::email("local", "ana@example.org"), &EmailRecord { identity: 8, people: vec![2, 5] });
    let conversation = ConversationRecord {
        account: "acc-1".into(),
        channel: "whatsapp".into(),
        owner: "local".into(),
        person: 2,
        chat: "chat".into(),
    };
    check("conversation", &keys::conversation(ConversationId(3)), &conversation);
    let settings = SettingsRecord {
        assistant: Some("helper".into()),
        paused_until: Some(1_700_000_000_000),
        language: Some("de-AT".into()),
        open_choice: Some("tea or coffee".into()),
    };
    check("settings", &keys::settings(ConversationId(3)), &settings);
    check("alias", &keys::alias(&scope, &"+15551234567".parse().unwrap()), &PointerRecord { to: 2 });
    let sender = greenroom_contract::ids::SenderId::new("somebody").unwrap();
    check("alias_of_sender", &keys::alias_of_sender(&scope, &sender), &PointerRecord { to: 2 });
    check("direct_chat", &keys::direct_chat(&account(), PersonId(2)), &PointerRecord { to: 3 });
    check("group_chat", &keys::group_chat(&account(), &chat), &PointerRecord { to: 5 });
    check("redirect", &keys::redirect_of_person(PersonId(9)), &PointerRecord { to: 2 });
    let history = greenroom_contract::store::HistoryKey::Person(PersonId(2));
    let turn = HistoryRecord {
        at: 1_700_000_000_000,
        name: Some("Ana".into()),
        asked: "hello".into(),
        answered: "the answer".into(),
        said: vec![SaidRecord { message: "wamid.1".into(), sender: "+15551234567".into(), words: None }],
        // As turns have it that are older than quotes.
        turn_tag: None,
        parts: Vec::new(),
        worded_by: None,
        by_owner: false,
    };
    check("history", &keys::history_turn(history, Sequence(4)), &turn);
    let quotable = HistoryRecord {
        said: vec![
            SaidRecord { words: Some("hello".into()), ..turn.said[0].clone() },
            SaidRecord { message: "wamid.2".into(), sender: "+15551234567".into(), words: None },
        ],
        turn_tag: Some(0x00AB_CDEF),
        parts: vec!["the answer".into(), "and more".into()],
        ..turn
    };
    check("history_quotable", &keys::history_turn(history, Sequence(4)), &quotable);
    let of_turn = |model: Option<&str>, person| UsageKey {
        day: 20_833,
        conversation: ConversationId(3),
        assistant: "helper".parse().unwrap(),
        model: model.map(str::to_owned),
        person,
    };
    let usage = UsageRecord { turns: 2, tokens_in: 1_000, tokens_out: 300, tokens_cached: 40, cost_millionths: 0 };
    check("usage", &of_turn(Some("large"), None).bytes(), &usage);
    check("usage_no_model", &of_turn(None, None).bytes(), &usage);
    let priced = UsageRecord { cost_millionths: 12_345, ..usage };
    check("usage_person", &of_turn(Some("large"), Some(PersonId(7))).bytes(), &priced);
    check("usage_person_no_model", &of_turn(None, Some(PersonId(7))).bytes(), &priced);
    let billed = BilledKey { day: 20_833, account: account(), category: "service".into() };
    check("billed", &billed.bytes(), &BilledRecord { messages: 300 });
    check("state", &keys::state(ConversationId(3), "helper"), &BytesRecord { bytes: "memory".into() });
}

#[test]
fn accounts_and_the_store_itself() {
    let record = AccountRecord {
        number: 1,
        id: "acc-1".into(),
        channel: "whatsapp".into(),
        owner: "local".into(),
        configured_key: Some("number".into()),
        label: Some("+15550000000".into()),
        state: 4,
        reason: "the token expired".into(),
        created_at: 1_700_000_000_000,
        changed_at: 1_700_000_000_001,
        adapter: None,
        linked_at: None,
    };
    check("account", &keys::account(&account()), &record);
    let linked = AccountRecord {
        configured_key: None,
        state: 3,
        reason: String::new(),
        adapter: Some("whatsapp-web".into()),
        linked_at: Some(1_700_000_000_001),
        ..record
    };
    check("account_linked", &keys::account(&account()), &linked);
    let channel = greenroom_contract::ids::ChannelName::new("whatsapp").unwrap();
    check("configured", &keys::configured(&channel, "number"), &PointerRecord { to: 1 });
    let whatsapp = channel.clone();
    let scope = greenroom_contract::store::ListScope::Channel(channel);
    let allow = AllowRecord { entry: "+15551234567".into(), by: "owner".into(), at: 1_700_000_000_000 };
    check("allow", &keys::allow(&scope, "+15551234567"), &allow);
    let owner = greenroom_contract::ids::OwnerId::local();
    let accepted = AcceptedRecord { text: "beware".into(), at: 1_700_000_000_000 };
    check("accepted", &keys::accepted(&whatsapp, &owner), &accepted);
    let sentinel = SentinelRecord {
        schema: 1,
        instance: vec![1; 16],
        salt: vec![2; 16],
        commit: 77,
        numbers_reserved: 4_097,
        seal_key: vec![3; 4],
        low_water: 40,
        low_water_of: vec![LowWaterRecord { account: "acc-1".into(), sequence: 12 }],
        epoch: Vec::new(),
        fence: 0,
        refused: 0,
    };
    check("life", keys::LIFE, &LifeRecord { at: 1_700_000_000_000, doubt_ms: 3_600_000 });
    check("sentinel", keys::SENTINEL, &sentinel);
    check("sentinel_epoch", keys::SENTINEL, &SentinelRecord { epoch: vec![4; 16], ..sentinel.clone() });
    check("sentinel_fence", keys::SENTINEL, &SentinelRecord { fence: 1_700_000_000_000, ..sentinel });
    check("moved", keys::MOVED, &MovedRecord { at: 1_700_000_000_000 });
}

/// A sealed record cannot be compared byte by byte, because its nonce is random; it must be opened.
#[test]
fn a_sealed_record_of_old_opens() {
    let sealer = Sealer::new(&SealKey::from_hex(&"42".repeat(32)).unwrap(), &[]);
    let key = keys::vault(&account(), b"token");
    let record = BytesRecord { bytes: "hunter2".into() };
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/vault.hex");
    if std::env::var_os("UPDATE_GOLDEN").is_some() && !path.exists() {
        let wrapped = envelope::wrap(&key, &record.encode_to_vec(), Sealing::Sealed, &sealer).unwrap();
        std::fs::write(&path, format!("{}\n{}\n", hex::encode(&key), hex::encode(&wrapped.value))).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<Vec<u8>> = golden.lines().map(|line| hex::decode(line).unwrap()).collect();
    assert_eq!(lines[0], key);
    let read = envelope::unwrap(&lines[0], &lines[1], &sealer, envelope::read_record::<BytesRecord>);
    assert_eq!(read, Ok(record));
}

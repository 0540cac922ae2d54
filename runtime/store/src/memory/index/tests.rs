use super::*;

use greenroom_contract::time::Timestamp;

#[test]
fn what_is_undone_leaves_nothing_behind() {
    let key = ParcelKey { account: AccountId::new("a").unwrap(), sequence: Sequence(4), part: 0 };
    let (conversation, sequence) = (ConversationId(1), Sequence(2));
    let (from, to) = (PersonId(8), PersonId(3));
    let parcel = Unsent { conversation, made_at: Timestamp(1), not_before: Timestamp(2), speaks_first: true };
    let mark = Mark { count: 1, due: Instant::now(), failed: false };
    let deltas = [
        Delta::Row { conversation, sequence, change: Change::Came },
        Delta::Pending { key: key.clone(), parcel, change: Change::Came },
        Delta::Held { key, conversation, change: Change::Came },
        Delta::Settings { conversation, change: Change::Came },
        Delta::Mark { row: (conversation, sequence), before: None, after: Some(mark) },
        Delta::Wake {
            conversation,
            place: (Timestamp(9), 3),
            name: WakeName { assistant: "helper".into(), token: "tea".into() },
            change: Change::Came,
        },
        Delta::Loose { conversation, before: None, after: Some(sequence) },
        Delta::Redirect { merged: Merged::Person { from, to }, change: Change::Came },
        Delta::Seen { key: vec![1] },
        Delta::Period { period: Period(7), before: None, after: Some(Timestamp(9)) },
        Delta::Refused { change: Change::Came },
        Delta::Damaged,
        Delta::Replaced,
        Delta::Damaged,
    ];
    let mut index = Index::default();
    for delta in &deltas {
        index.apply(delta);
    }
    assert_eq!(index.rows_of(conversation), 1);
    assert_eq!(index.people.follow(from), to);
    assert_eq!(index.people.merged_into(to), [from]);
    for delta in deltas.iter().rev() {
        index.undo(delta);
    }
    assert_eq!(format!("{index:?}"), format!("{:?}", Index::default()));
}

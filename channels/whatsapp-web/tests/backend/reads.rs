//! Everything that can be asked of a storage, as text.

use std::fmt::Debug;
use whatsapp_rust::wacore::store::traits::*;

/// Names that begin like others, hold separators, or are empty.
pub(crate) const NAMES: [&str; 9] =
    ["1@s.whatsapp.net", "1:2@s.whatsapp.net", "12@s.whatsapp.net", "1", "1:", "", "a/b", "\u{0}\u{1}", "schön@lid"];
const USERS: [&str; 5] = ["1", "12", "schön", "2", ""];

/// An answer as text.
#[allow(clippy::needless_pass_by_value, reason = "it is always called with what was just returned")]
pub(crate) fn told(answer: Result<impl Debug, impl Debug>) -> String {
    format!("{answer:?}")
}

fn sorted<T: Debug>(answer: Result<Vec<T>, impl Debug>) -> Vec<String> {
    let mut rows: Vec<_> = answer.expect("the storage answers").iter().map(|row| format!("{row:?}")).collect();
    rows.sort();
    rows
}

/// Everything that can be asked.
pub(crate) async fn everything(on: &dyn Backend) -> Vec<String> {
    let mut told = vec![
        told(on.get_max_prekey_id().await),
        told(on.get_latest_sync_key_id().await),
        told(on.exists().await),
        format!("{:?}", on.load().await.unwrap().map(|device| serde_json::to_string(&device).unwrap())),
        format!("{:?}", sorted(on.load_all_signed_prekeys().await)),
        format!("{:?}", sorted(on.get_all_lid_mappings().await)),
        format!("{:?}", sorted(on.get_all_tc_token_jids().await)),
        format!("{:?}", sorted(on.load_prekeys_batch(&[0, 1, 2, 3, 4, 5, 6, 7]).await)),
    ];
    for number in 0..7 {
        told.push(self::told(on.load_prekey(number).await));
        told.push(self::told(on.load_signed_prekey(number).await));
    }
    for user in USERS {
        told.push(self::told(on.has_signal_state_for_user(user).await));
    }
    for name in NAMES {
        one_name(on, name, &mut told).await;
        for other in NAMES {
            two_names(on, name, other, &mut told).await;
        }
    }
    told
}

async fn one_name(on: &dyn Backend, name: &str, answers: &mut Vec<String>) {
    answers.extend([
        told(on.load_identity(name).await),
        told(on.get_session(name).await),
        told(on.has_session(name).await),
        told(on.get_sender_key(name).await),
        told(on.get_sync_key(name.as_bytes()).await),
        format!("{:?}", serde_json::to_value(on.get_version(name).await.unwrap()).unwrap()),
        format!("{:?}", sorted(on.get_sender_key_devices(name).await)),
        told(on.get_lid_mapping(name).await),
        told(on.get_pn_mapping(name).await),
        told(on.get_devices(name).await),
        told(on.get_group_metadata(name).await),
        told(on.get_tc_token(name).await),
    ]);
    let every: Vec<_> = (0..=u8::MAX).map(|byte| [byte; 32]).collect();
    let macs = on.get_mutation_macs(name, &every).await.unwrap();
    answers.push(format!("{:?}", macs.into_iter().collect::<std::collections::BTreeMap<_, _>>()));
}

async fn two_names(on: &dyn Backend, name: &str, other: &str, answers: &mut Vec<String>) {
    answers.push(told(on.has_same_base_key(name, other, b"").await));
    for id in NAMES {
        answers.push(told(on.get_pending_inbound(name, other, id).await));
        answers.push(told(on.get_msg_secret(name, other, id).await));
        answers.push(told(on.get_msg_secret_with_ts(name, other, id).await));
    }
}

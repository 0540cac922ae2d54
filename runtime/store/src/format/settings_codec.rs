//! Settings of a conversation as a record.

use crate::format::envelope::Damage;
use crate::format::records::SettingsRecord;
use greenroom_contract::ids::AssistantName;
use greenroom_contract::store::{ConversationSettings, OpenChoice};
use greenroom_contract::time::Timestamp;

pub(crate) fn record(settings: &ConversationSettings) -> SettingsRecord {
    let ConversationSettings { assistant, paused_until, language, open_choice } = settings;
    SettingsRecord {
        assistant: assistant.as_ref().map(|name| name.as_str().to_owned()),
        paused_until: paused_until.map(|until| until.0),
        language: language.clone(),
        open_choice: open_choice.as_ref().map(|choice| choice.0.clone()),
    }
}

pub(crate) fn settings(record: SettingsRecord) -> Result<ConversationSettings, Damage> {
    Ok(ConversationSettings {
        assistant: record.assistant.map(AssistantName::new).transpose()?,
        paused_until: record.paused_until.map(Timestamp),
        language: record.language,
        open_choice: record.open_choice.map(OpenChoice),
    })
}

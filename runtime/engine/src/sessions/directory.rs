//! Asks the network of an account how it writes the numbers of the allow-list, while it is connected.

use super::session::AbortOnDrop;
use crate::context::{AccountCard, Context};
use crate::decide::directory::DirectoryBook;
use crate::supervision::isolate;
use bytes::Bytes;
use greenroom_contract::address::Address;
use greenroom_contract::channel::Link;
use greenroom_contract::directory::Directory;
use greenroom_contract::limits;
use greenroom_contract::store::VaultWrite;
use std::sync::Arc;

/// Where the answers are kept, so that a restart asks nothing twice.
const KEY: &[u8] = b"engine/directory";

/// Begins to ask, if the network can be asked; ends when what is returned is dropped.
pub(super) fn begin(context: &Arc<Context>, card: &Arc<AccountCard>) -> Option<AbortOnDrop> {
    let link = card.link.lock().clone()?;
    link.directory()?;
    let (context, card) = (Arc::clone(context), Arc::clone(card));
    let task = tokio::spawn(async move { look_up(&context, &card, link.as_ref()).await });
    Some(AbortOnDrop(task.abort_handle()))
}

async fn look_up(context: &Context, card: &AccountCard, link: &dyn Link) {
    let Some(directory) = link.directory() else { return };
    tokio::time::sleep(limits::DIRECTORY_FIRST_PAUSE).await;
    if let Ok(Some(bytes)) = context.store.vault_get(card.id(), KEY).await
        && let Ok(book) = serde_json::from_slice::<DirectoryBook>(&bytes)
    {
        *card.directory.lock() = book;
    }
    loop {
        let numbers = context.wiring.load().admission.numbers(&card.channel.name, card.id());
        let due = card.directory.lock().due(&numbers, context.now());
        for number in due {
            // The network may not want to be asked now.
            let Some(known_as) = ask(directory, &number).await else { break };
            note(context, card, &number, known_as);
            tokio::time::sleep(limits::DIRECTORY_PAUSE).await;
        }
        tokio::time::sleep(limits::DIRECTORY_ROUND_PAUSE).await;
    }
}

/// What the network answers; nothing if it does not.
async fn ask(directory: &dyn Directory, number: &Address) -> Option<Option<Address>> {
    let asking = isolate("directory", directory.look_up(number));
    let reason = match tokio::time::timeout(limits::DIRECTORY_TIMEOUT, asking).await {
        Ok(Ok(Ok(known_as))) => return Some(known_as),
        Ok(Ok(Err(reason))) => reason.to_string(),
        Ok(Err(panic)) => panic,
        Err(_) => "no answer".to_owned(),
    };
    tracing::debug!(%reason, "the network cannot be asked for a number now");
    None
}

/// Keeps an answer, and says once a day which entry admits no one.
fn note(context: &Context, card: &AccountCard, number: &Address, known_as: Option<Address>) {
    if let Some(other) = known_as.as_ref().filter(|other| *other != number) {
        tracing::info!(account = %card.id(), "the network knows {number} of the allow-list as {other}");
    }
    let (book, misnamed) = {
        let mut book = card.directory.lock();
        book.note(number.clone(), known_as, context.now());
        let admission = &context.wiring.load().admission;
        let is_admitted = |address: &Address| {
            admission.listed(&card.channel.name, card.id(), std::slice::from_ref(address)).is_some()
        };
        (book.clone(), book.misnamed(std::slice::from_ref(number), is_admitted))
    };
    for misnamed in misnamed {
        tracing::warn!(account = %card.id(), channel = %card.channel.name, "{misnamed}");
    }
    if let Ok(bytes) = serde_json::to_vec(&book) {
        let write = VaultWrite::Put { key: Bytes::from_static(KEY), value: bytes.into() };
        // Losing it asks the same once more.
        context.store.vault_submit(card.id(), vec![write]);
    }
}

//! Fetching media into memory, with a deadline.

use crate::mailbox::voice::IntakeError;
use greenroom_contract::channel::{Link, MediaError};
use greenroom_contract::limits;
use greenroom_contract::message::{Media, MediaRef};
use zeroize::Zeroize;

/// A medium whose bytes are overwritten when it is dropped, also by a panic. Where somebody else still
/// holds them, they stay.
pub(crate) struct WipedMedia(pub(crate) Media);

impl Drop for WipedMedia {
    fn drop(&mut self) {
        if let Ok(mut bytes) = std::mem::take(&mut self.0.bytes).try_into_mut() {
            bytes.as_mut().zeroize();
        }
    }
}

/// Fetches a medium. What the network declares as too large is not even asked for.
pub(crate) async fn fetch(link: &dyn Link, media: &MediaRef, bytes_max: u64) -> Result<Media, IntakeError> {
    if media.size_bytes.is_some_and(|size| size > bytes_max) {
        return Err(IntakeError::TooLarge { bytes_max });
    }
    match tokio::time::timeout(limits::FETCH_TIMEOUT, link.fetch(media, bytes_max)).await {
        Ok(Ok(media)) if media.bytes.len() as u64 <= bytes_max => Ok(media),
        Ok(Ok(_) | Err(MediaError::TooLarge { .. })) => Err(IntakeError::TooLarge { bytes_max }),
        Ok(Err(MediaError::Retry { reason })) => Err(IntakeError::Retry(reason.to_string())),
        Ok(Err(gone)) => Err(IntakeError::Lost(gone.to_string())),
        Err(_) => Err(IntakeError::Retry("fetching took too long".to_owned())),
    }
}

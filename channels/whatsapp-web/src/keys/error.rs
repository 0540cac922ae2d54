//! The errors of the library's storage.

use greenroom_contract::store::StoreError;

/// The errors and results of the library's storage.
pub(super) type Result<T> = whatsapp_rust::wacore::store::error::Result<T>;
/// What went wrong, in the library's words.
pub(super) type BackendError = whatsapp_rust::wacore::store::error::StoreError;

/// A failure of the store in the library's words.
pub(super) fn unavailable(error: StoreError) -> BackendError {
    BackendError::Database(Box::new(error))
}

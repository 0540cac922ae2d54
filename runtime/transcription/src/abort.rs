//! The flag that ends a running transcription.
//!
//! The only `unsafe` code of Greenroom. The library's own safe way to pass a closure here calls it
//! through the wrong type, so the flag is passed as the C interface wants it: a function and a pointer.
#![allow(unsafe_code)] // two setters and one read of a pointer, each with its reason beside it

use greenroom_contract::transcriber::Abort;
use std::ffi::c_void;
use std::sync::atomic::{AtomicBool, Ordering};
use whisper_rs::{FullParams, WhisperError, WhisperState};

/// Runs the model over the samples until it is done or the flag is raised. The flag is looked at
/// between the steps of the computation; one step is the encoding of half a minute, or one word.
pub(crate) fn run(
    state: &mut WhisperState,
    mut parameters: FullParams<'_, '_>,
    samples: &[f32],
    abort: &Abort,
) -> Result<(), WhisperError> {
    let flag: *const AtomicBool = abort.flag();
    // SAFETY: `is_raised` matches the declared signature, expects the pointer that is set with it, and
    // cannot unwind. The pointer is only read by `state.full` below, which consumes the parameters and
    // keeps no copy: whisper.cpp calls the function from `whisper_full` and nowhere else. `abort` is
    // borrowed until that call returns, so the flag outlives every read of it.
    unsafe {
        parameters.set_abort_callback(Some(is_raised));
        parameters.set_abort_callback_user_data(flag.cast_mut().cast::<c_void>());
    }
    state.full(parameters, samples)
}

unsafe extern "C" fn is_raised(flag: *mut c_void) -> bool {
    // SAFETY: the pointer is that of an `AtomicBool` which `run` borrows for as long as this can be
    // called; it is only read, through a shared reference, which an atomic allows from any thread.
    let flag = unsafe { &*flag.cast::<AtomicBool>() };
    flag.load(Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_callback_reads_the_flag_that_it_is_given() {
        let abort = Abort::default();
        let pointer = std::ptr::from_ref(abort.flag()).cast_mut().cast::<c_void>();
        // SAFETY: as in `run`: the flag lives until the end of this test.
        assert!(!unsafe { is_raised(pointer) });
        abort.raise();
        // SAFETY: as above.
        assert!(unsafe { is_raised(pointer) });
    }
}

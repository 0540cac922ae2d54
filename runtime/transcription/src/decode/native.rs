//! Whether a file is what WhatsApp itself records, to the letter.

use super::ogg::{self, Recording};
use greenroom_contract::message::Media;

/// Who made the file, as the phone application signs it.
pub(crate) const VENDOR: &[u8] = b"WhatsApp";
/// The rate that the head names, in hertz.
pub(crate) const RATE_HZ: u32 = 16_000;
/// The first two bytes of each packet: speech at 16 kHz in one channel, three frames of 20 ms. The second
/// one also says whether the frames differ in length, and whether there is padding, which is left open.
const FIRST: u8 = 9 << 3 | 3;
const FRAMES: u8 = 3;

/// Whether the audio is a voice note as WhatsApp records it: Ogg/Opus with one channel of 16 kHz, three
/// frames of 20 ms in each packet, signed by the application, and undamaged.
pub(crate) fn is_native(audio: &Media) -> bool {
    let Ok(recordings) = ogg::recordings(&audio.bytes) else { return false };
    matches!(&recordings[..], [only] if is_native_recording(only))
}

fn is_native_recording(recording: &Recording) -> bool {
    let head = recording.head.as_ref().is_ok_and(|head| head.channels == 1 && head.rate_hz == RATE_HZ);
    let packets = recording.packets.iter().all(|packet| {
        matches!(packet.bytes[..], [FIRST, second, _, ..] if second & 0x3f == FRAMES) && !packet.doubtful
    });
    head && packets && recording.whole && recording.ended && vendor(&recording.tags) == Some(VENDOR)
}

/// The first text of the tags.
fn vendor(tags: &[u8]) -> Option<&[u8]> {
    let length = u32::from_le_bytes(tags.get(8..12)?.try_into().ok()?) as usize;
    tags.get(12..)?.get(..length)
}

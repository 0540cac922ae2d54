//! Where the frames of MP3 and AAC begin in a stream that was cut out of a longer one.

/// Frames in a row that make a beginning certain.
const FRAMES: usize = 3;
/// Kilobits a second, by the number in a header: of MPEG 1, and of MPEG 2 and 2.5.
const BITRATES: [[usize; 14]; 2] = [
    [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
    [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
];
/// Samples a second of MPEG 1; MPEG 2 has half of them, MPEG 2.5 a quarter.
const RATES: [usize; 3] = [44_100, 48_000, 32_000];

/// The first place with several frames of one kind in a row.
pub(super) fn first(bytes: &[u8]) -> Option<usize> {
    (0..bytes.len()).find(|at| bytes[*at] == 0xff && in_a_row(&bytes[*at..]))
}

fn in_a_row(bytes: &[u8]) -> bool {
    let (mut at, mut kind) = (0, None);
    for _ in 0..FRAMES {
        let Some((length, its)) = bytes.get(at..).and_then(frame) else { return false };
        if kind.is_some_and(|kind| kind != its) {
            return false;
        }
        kind = Some(its);
        at += length;
    }
    true
}

/// How long a frame is, and what all frames of its stream have in common.
fn frame(bytes: &[u8]) -> Option<(usize, [u8; 2])> {
    let head = bytes.get(..6).filter(|head| head[0] == 0xff && head[1] & 0xe0 == 0xe0)?;
    let kind = [head[1], head[2] & 0x0c];
    let rate = usize::from(head[2] >> 2 & 3);
    match (head[1] >> 3 & 3, head[1] >> 1 & 3) {
        // AAC with its own headers; of the numbers of rates, 13 and above mean nothing.
        (2 | 3, 0) if head[1] & 0xf0 == 0xf0 && head[2] >> 2 & 0xf < 13 => {
            let length = usize::from(head[3] & 3) << 11 | usize::from(head[4]) << 3 | usize::from(head[5] >> 5);
            (length > 7).then_some((length, kind))
        }
        // Layer III of the versions 2.5, 2 and 1.
        (version @ (0 | 2 | 3), 1) => {
            let table = BITRATES[usize::from(version != 3)];
            let bitrate = table.get(usize::from(head[2] >> 4).checked_sub(1)?)? * 1_000;
            let rate = RATES.get(rate)? / [4, 1, 2, 1][usize::from(version)];
            let bytes_a_rate = if version == 3 { 144 } else { 72 };
            Some((bytes_a_rate * bitrate / rate + usize::from(head[2] >> 1 & 1), kind))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_as_long_as_their_headers_say() {
        // 64 kbit/s at 22,050 Hz with padding, 128 kbit/s at 44,100 Hz, and AAC of 300 bytes.
        assert_eq!(frame(&[0xff, 0xf3, 0x82, 0, 0, 0]).unwrap().0, 209);
        assert_eq!(frame(&[0xff, 0xfb, 0x90, 0, 0, 0]).unwrap().0, 417);
        assert_eq!(frame(&[0xff, 0xf1, 0x50, 0x80, 0x25, 0x80]).unwrap().0, 300);
        // No bitrate, no rate, layer II, a version that is not one.
        for none in [[0xff, 0xfb, 0x00], [0xff, 0xfb, 0x9c], [0xff, 0xfd, 0x90], [0xff, 0xeb, 0x90]] {
            assert_eq!(frame(&[&none[..], &[0; 3]].concat()), None);
        }
    }

    #[test]
    fn several_frames_in_a_row_are_a_beginning() {
        let mut stream = vec![0xff, 0xfb, 1, 2, 3];
        for _ in 0..3 {
            stream.extend([0xff, 0xfb, 0x90, 0]);
            stream.resize(stream.len() + 413, 9);
        }
        assert_eq!(first(&stream), Some(5));
        assert_eq!(first(&stream[..5 + 417 * 2]), None, "two of them may be an accident");
    }
}

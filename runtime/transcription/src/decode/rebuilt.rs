//! WAV, CAF and Ogg as a strict reader wants them: programs that write into a pipe leave lengths empty, a
//! file may end early, and a page may be damaged.

use super::pages::Pages;
use zeroize::Zeroizing;

/// A file whose chunks say how long they are. Recordings are copied, so the copy is overwritten.
type Rebuilt = Zeroizing<Vec<u8>>;

/// A WAV file with its format and all samples that are there; `None` if it has no such parts.
pub(super) fn wave(file: &[u8]) -> Option<Rebuilt> {
    let mut rest = file.get(12..)?;
    let mut format = None;
    loop {
        let length = u32::from_le_bytes(rest.get(4..8)?.try_into().ok()?) as usize;
        let (name, body) = (&rest[..4], &rest[8..]);
        if name == b"data" {
            let samples = if length == 0 { body } else { &body[..length.min(body.len())] };
            return Some(wave_of(format?, samples));
        }
        if name == b"fmt " {
            format = Some(body.get(..length)?);
        }
        // Chunks begin at even places.
        rest = body.get(length.checked_add(length & 1)?..)?;
    }
}

fn wave_of(format: &[u8], samples: &[u8]) -> Rebuilt {
    let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes();
    let mut wave = Zeroizing::new(Vec::with_capacity(28 + format.len() + 1 + samples.len()));
    // The largest length means that the file ends where it ends.
    wave.extend(b"RIFF\xff\xff\xff\xffWAVEfmt ");
    wave.extend(length(format));
    wave.extend(format);
    wave.extend(&[0][..format.len() % 2]);
    wave.extend(b"data");
    wave.extend(length(samples));
    wave.extend(samples);
    wave
}

/// An Ogg file of the pages that can be read, each with the right checksum.
pub(super) fn ogg(file: &[u8]) -> Rebuilt {
    let mut rebuilt = Zeroizing::new(Vec::with_capacity(file.len()));
    Pages::new(file).for_each(|page| page.write(&mut rebuilt));
    rebuilt
}

/// A CAF file with the sound as its last part, as much of it as is there; `None` if it has none.
pub(super) fn caf(file: &[u8]) -> Option<Rebuilt> {
    let mut rebuilt = Zeroizing::new(Vec::with_capacity(file.len() + 12));
    rebuilt.extend(file.get(..8)?);
    let (mut rest, mut sound) = (&file[8..], None);
    while let Some(length) = rest.get(4..12) {
        let length = i64::from_be_bytes(length.try_into().ok()?);
        let body = &rest[12..];
        // Only the sound may have no length, and then it is the last part.
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let whole = body.get(..length);
        match (&rest[..4], whole) {
            (b"data", _) => sound = Some(whole.unwrap_or(body)),
            (b"desc" | b"pakt" | b"kuki" | b"chan", Some(body)) => {
                rebuilt.extend(&rest[..12]);
                rebuilt.extend(body);
            }
            _ => {}
        }
        rest = body.get(length..).unwrap_or_default();
    }
    let sound = sound?;
    rebuilt.extend(b"data");
    rebuilt.extend((sound.len() as u64).to_be_bytes());
    rebuilt.extend(sound);
    Some(rebuilt)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wave_file_has_the_samples_that_are_there() {
        let file = |length: u32, more: &[u8]| {
            let head = [b"RIFF\0\0\0\0WAVELIST\x03\0\0\0abc\0fmt \x04\0\0\0form".as_slice(), b"data"].concat();
            [&head[..], &length.to_le_bytes(), more].concat()
        };
        let data = |file: &[u8]| wave(file).map(|wave| wave[28..].to_vec());
        assert_eq!(data(&file(0, b"abcd")).unwrap(), b"\x04\0\0\0abcd");
        assert_eq!(data(&file(u32::MAX, b"abcd")).unwrap(), b"\x04\0\0\0abcd");
        assert_eq!(data(&file(2, b"abcd")).unwrap(), b"\x02\0\0\0ab");
        assert_eq!(data(&file(0, b"")).unwrap(), b"\0\0\0\0");
        assert_eq!(data(b"RIFF\0\0\0\0WAVEdata\0\0\0\0"), None, "without a format");
        assert_eq!(data(b"RIFF\0\0\0\0WAVE"), None);
    }

    #[test]
    fn a_caf_file_has_its_sound_at_the_end() {
        let chunk = |name: &[u8], length: i64, body: &[u8]| [name, &length.to_be_bytes(), body].concat();
        let head = b"caff\0\x01\0\0".to_vec();
        let file =
            [head.clone(), chunk(b"data", 3, b"abc"), chunk(b"free", 2, b".."), chunk(b"pakt", 1, b"p")].concat();
        let expected = [head.clone(), chunk(b"pakt", 1, b"p"), chunk(b"data", 3, b"abc")].concat();
        assert_eq!(caf(&file).unwrap()[..], expected);
        assert_eq!(caf(&[&file[..], b"junk"].concat()).unwrap()[..], expected);
        let open = [head.clone(), chunk(b"pakt", 1, b"p"), chunk(b"data", -1, b"abc")].concat();
        assert_eq!(caf(&open).unwrap()[..], expected);
        let cut = [head.clone(), chunk(b"pakt", 1, b"p"), chunk(b"data", 300, b"abc")].concat();
        assert_eq!(caf(&cut).unwrap()[..], expected);
        assert!(caf(&head).is_none());
    }
}

//! The models that are known by name: OpenAI's Whisper, in the format of whisper.cpp.

/// Where the models are fetched from, unless told otherwise. `/FILE` is put behind it.
pub const BASE_URL: &str = "https://huggingface.co/ggerganov/whisper.cpp/resolve/main";

/// A model that is known by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// Its name, such as `base` or `small.en`.
    pub name: &'static str,
    /// Its size in MiB, rounded as its publisher does.
    pub mebibytes: u32,
    /// Its checksum as the publisher states it: SHA-1, which tells damage but no forgery.
    pub sha1: Option<&'static str>,
    /// Whether it was trained for several languages.
    pub multilingual: bool,
}

impl Known {
    /// The name of its file.
    pub fn file_name(&self) -> String {
        format!("ggml-{}.bin", self.name)
    }
}

/// The model that is fetched when nobody says which: small enough for two cores to keep up with a
/// talk, and for several languages.
pub const DEFAULT: &str = "base";

const fn known(name: &'static str, mebibytes: u32, multilingual: bool, sha1: &'static str) -> Known {
    Known { name, mebibytes, sha1: Some(sha1), multilingual }
}

const fn unproven(name: &'static str, mebibytes: u32, multilingual: bool) -> Known {
    Known { name, mebibytes, sha1: None, multilingual }
}

/// All of them, the smallest first. Sizes and checksums are those of whisper.cpp's own list.
pub const MODELS: &[Known] = &[
    known("tiny", 75, true, "bd577a113a864445d4c299885e0cb97d4ba92b5f"),
    known("tiny.en", 75, false, "c78c86eb1a8faa21b369bcd33207cc90d64ae9df"),
    // Published like the others, but without a checksum in that list.
    unproven("base-q5_1", 57, true),
    known("base", 142, true, "465707469ff3a37a2b9b8d8f89f2f99de7299dac"),
    known("base.en", 142, false, "137c40403d78fd54d454da0f9bd998f78703390c"),
    unproven("small-q5_1", 181, true),
    known("small", 466, true, "55356645c2b361a969dfd0ef2c5a50d530afd8d5"),
    known("small.en", 466, false, "db8a495a91d927739e50b3fc1cc4c6b8f6c2d022"),
    known("large-v3-turbo-q5_0", 547, true, "e050f7970618a659205450ad97eb95a18d69c9ee"),
    known("large-v2-q5_0", 1_126, true, "00e39f2196344e901b3a2bd5814807a769bd1630"),
    known("large-v3-q5_0", 1_126, true, "e6e2ed78495d403bef4b7cff42ef4aaadcfea8de"),
    known("medium", 1_536, true, "fd9727b6e1217c2f614f9b698455c4ffd82463b4"),
    known("medium.en", 1_536, false, "8c30f0e44ce9560643ebd10bbe50cd20eafd3723"),
    known("large-v3-turbo", 1_536, true, "4af2b29d7ec73d781377bfd1758ca957a807e941"),
    known("large-v1", 2_970, true, "b1caaf735c4cc1429223d5a74f0f4d0b9b59a299"),
    known("large-v2", 2_970, true, "0f4c8e34f21cf1a914c59d8b3ce882345ad349d6"),
    known("large-v3", 2_970, true, "ad82bf6a9043ceed055076d0fd39f5f186ff8062"),
];

/// The model with this name.
pub fn find(name: &str) -> Option<&'static Known> {
    MODELS.iter().find(|known| known.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_checksums_look_like_checksums() {
        for (place, model) in MODELS.iter().enumerate() {
            assert!(MODELS[..place].iter().all(|other| other.name != model.name), "{}", model.name);
            assert_eq!(model.multilingual, model.name.strip_suffix(".en").is_none(), "{}", model.name);
            if let Some(sum) = model.sha1 {
                let hexadecimal = sum.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'));
                assert!(sum.len() == 40 && hexadecimal, "{}", model.name);
                assert!(MODELS[..place].iter().all(|other| other.sha1 != Some(sum)), "{}", model.name);
            }
        }
        assert!(find(DEFAULT).is_some());
    }
}

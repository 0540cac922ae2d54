//! The models that are known by name: OpenAI's Whisper, in the format of whisper.cpp.

/// Where the models are fetched from, unless told otherwise. `/FILE` is put behind it. One revision, not a branch: what is
/// there stays what it is.
pub const BASE_URL: &str =
    "https://huggingface.co/ggerganov/whisper.cpp/resolve/5359861c739e955e79d9a303bcbc70fb988958b1";

/// A model that is known by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// Its name, such as `base` or `small.en`.
    pub name: &'static str,
    /// Its size in MiB, rounded as its publisher does.
    pub mebibytes: u32,
    /// Its checksum, SHA-256 in hexadecimal digits: damage and forgery are told apart from the model.
    pub sha256: &'static str,
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

const fn known(name: &'static str, mebibytes: u32, multilingual: bool, sha256: &'static str) -> Known {
    Known { name, mebibytes, sha256, multilingual }
}

/// All of them, the smallest first. Sizes are those of whisper.cpp's own list, checksums those of the
/// revision in [`BASE_URL`].
pub const MODELS: &[Known] = &[
    known("tiny", 75, true, "be07e048e1e599ad46341c8d2a135645097a538221678b7acdd1b1919c6e1b21"),
    known("tiny.en", 75, false, "921e4cf8686fdd993dcd081a5da5b6c365bfde1162e72b08d75ac75289920b1f"),
    known("base-q5_1", 57, true, "422f1ae452ade6f30a004d7e5c6a43195e4433bc370bf23fac9cc591f01a8898"),
    known("base", 142, true, "60ed5bc3dd14eea856493d334349b405782ddcaf0028d4b5df4088345fba2efe"),
    known("base.en", 142, false, "a03779c86df3323075f5e796cb2ce5029f00ec8869eee3fdfb897afe36c6d002"),
    known("small-q5_1", 181, true, "ae85e4a935d7a567bd102fe55afc16bb595bdb618e11b2fc7591bc08120411bb"),
    known("small", 466, true, "1be3a9b2063867b937e64e2ec7483364a79917e157fa98c5d94b5c1fffea987b"),
    known("small.en", 466, false, "c6138d6d58ecc8322097e0f987c32f1be8bb0a18532a3f88f734d1bbf9c41e5d"),
    known("large-v3-turbo-q5_0", 547, true, "394221709cd5ad1f40c46e6031ca61bce88931e6e088c188294c6d5a55ffa7e2"),
    known("large-v2-q5_0", 1_126, true, "3a214837221e4530dbc1fe8d734f302af393eb30bd0ed046042ebf4baf70f6f2"),
    known("large-v3-q5_0", 1_126, true, "d75795ecff3f83b5faa89d1900604ad8c780abd5739fae406de19f23ecd98ad1"),
    known("medium", 1_536, true, "6c14d5adee5f86394037b4e4e8b59f1673b6cee10e3cf0b11bbdbee79c156208"),
    known("medium.en", 1_536, false, "cc37e93478338ec7700281a7ac30a10128929eb8f427dda2e865faa8f6da4356"),
    known("large-v3-turbo", 1_536, true, "1fc70f774d38eb169993ac391eea357ef47c88757ef72ee5943879b7e8e2bc69"),
    known("large-v1", 2_970, true, "7d99f41a10525d0206bddadd86760181fa920438b6b33237e3118ff6c83bb53d"),
    known("large-v2", 2_970, true, "9a423fe4d40c82774b6af34115b8b935f34152246eb19e80e376071d3f999487"),
    known("large-v3", 2_970, true, "64d182b440b98d5203c4f9bd541544d84c605196c4f7b845dfa11fb23594d1e2"),
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
            let hexadecimal = model.sha256.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'));
            assert!(model.sha256.len() == 64 && hexadecimal, "{}", model.name);
            assert!(MODELS[..place].iter().all(|other| other.sha256 != model.sha256), "{}", model.name);
        }
        assert!(find(DEFAULT).is_some());
        let revision = BASE_URL.rsplit('/').next().unwrap_or_default();
        assert!(revision.len() == 40 && revision.bytes().all(|b| b.is_ascii_hexdigit()), "a branch moves: {BASE_URL}");
    }
}

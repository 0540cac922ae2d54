//! Pictures, voice notes and documents from files.

use bytes::Bytes;
use greenroom_contract::channel::MediaError;
use greenroom_contract::message::{Media, MediaRef};
use std::path::{Path, PathBuf};
use tokio::io::AsyncReadExt;

/// What a file is sent as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    Image,
    Voice,
    Document,
}

impl Sort {
    fn word(self) -> &'static str {
        match self {
            Self::Image => "picture",
            Self::Voice => "voice note",
            Self::Document => "document",
        }
    }

    /// The type of a file; the endings of names that are possible if it has none.
    fn type_of(self, path: &Path) -> Result<String, String> {
        let Some(types) = self.types() else {
            return Ok(mime_guess::from_path(path).first_or_octet_stream().essence_str().to_owned());
        };
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_lowercase();
        let found = types.iter().find(|(known, _)| *known == ending);
        let known = || types.iter().map(|(ending, _)| *ending).collect::<Vec<_>>().join(", ");
        found.map(|(_, mime)| (*mime).to_owned()).ok_or_else(known)
    }

    /// Types by the ending of the file's name; `None` if every file will do.
    fn types(self) -> Option<&'static [(&'static str, &'static str)]> {
        match self {
            Self::Image => Some(&[
                ("jpg", "image/jpeg"),
                ("jpeg", "image/jpeg"),
                ("png", "image/png"),
                ("webp", "image/webp"),
                ("gif", "image/gif"),
            ]),
            Self::Voice => Some(&[
                ("ogg", "audio/ogg; codecs=opus"),
                ("oga", "audio/ogg; codecs=opus"),
                ("opus", "audio/ogg; codecs=opus"),
                ("mp3", "audio/mpeg"),
                ("m4a", "audio/mp4"),
                ("aac", "audio/aac"),
                ("amr", "audio/amr"),
                ("wav", "audio/wav"),
            ]),
            Self::Document => None,
        }
    }
}

/// Looks at a file, so that whoever typed its path hears at once what is wrong with it.
pub(crate) async fn refer(text: &str, sort: Sort, bytes_max: u64) -> Result<MediaRef, String> {
    let path = expanded(text);
    let shown = path.display();
    let found = tokio::fs::metadata(&path).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => format!("there is no file {shown}"),
        _ => format!("{shown} cannot be read: {error}"),
    })?;
    if !found.is_file() {
        return Err(format!("{shown} is not a file"));
    }
    if found.len() > bytes_max {
        return Err(format!("{shown} has {} bytes; a {} may have {bytes_max}", found.len(), sort.word()));
    }
    let not_it = |known| format!("{shown} is not a {}; its name must end in one of {known}", sort.word());
    let mime = sort.type_of(&path).map_err(not_it)?;
    // The message may be taken up by a later run of the program, from another folder.
    let path = tokio::fs::canonicalize(&path).await.map_err(|error| format!("{shown} cannot be read: {error}"))?;
    let path = path.to_str().ok_or_else(|| format!("the path {shown} is not UTF-8"))?;
    Ok(MediaRef { mime, size_bytes: Some(found.len()), token: serde_json::json!({ "path": path }) })
}

/// The name of the file that a reference names.
pub(crate) fn name(media: &MediaRef) -> Option<String> {
    let path = media.token.get("path").and_then(serde_json::Value::as_str)?;
    Some(Path::new(path).file_name()?.to_str()?.to_owned())
}

/// Reads the file that a reference names.
pub(crate) async fn fetch(media: &MediaRef, bytes_max: u64) -> Result<Media, MediaError> {
    let gone = |reason: String| MediaError::Gone { reason: reason.into() };
    let path = media.token.get("path").and_then(serde_json::Value::as_str);
    let path = path.ok_or_else(|| gone("the reference names no file".to_owned()))?;
    let file = tokio::fs::File::open(path).await.map_err(|error| gone(format!("{path}: {error}")))?;
    let mut bytes = Vec::new();
    // One byte more than allowed is enough to know, whatever the file grew to since.
    let read = file.take(bytes_max.saturating_add(1)).read_to_end(&mut bytes).await;
    read.map_err(|error| MediaError::Retry { reason: format!("{path}: {error}").into() })?;
    if bytes.len() as u64 > bytes_max {
        return Err(MediaError::TooLarge { bytes_max });
    }
    Ok(Media { mime: media.mime.clone(), bytes: Bytes::from(bytes) })
}

/// `~/` is what a shell makes of it.
fn expanded(text: &str) -> PathBuf {
    match (text.strip_prefix("~/"), std::env::var_os("HOME")) {
        (Some(rest), Some(home)) => Path::new(&home).join(rest),
        _ => PathBuf::from(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_bad_path_is_refused_with_its_reason() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        std::fs::write(at("a.png"), [0; 10]).unwrap();
        std::fs::write(at("a.txt"), [0; 10]).unwrap();
        let refused = async |path: String, bytes_max| refer(&path, Sort::Image, bytes_max).await.unwrap_err();
        assert!(refused(at("none.png"), 10).await.starts_with("there is no file"));
        assert!(refused(at(""), 10).await.ends_with("is not a file"));
        assert!(refused(at("a.png"), 9).await.ends_with("has 10 bytes; a picture may have 9"));
        assert!(refused(at("a.txt"), 10).await.contains("its name must end in one of jpg, jpeg, png"));
    }

    #[tokio::test]
    async fn every_file_is_a_document_under_its_name() {
        let folder = tempfile::tempdir().unwrap();
        for (file, mime) in
            [("bill.pdf", "application/pdf"), ("a.txt", "text/plain"), ("x", "application/octet-stream")]
        {
            let path = folder.path().join(file);
            std::fs::write(&path, b"x").unwrap();
            let media = refer(path.to_str().unwrap(), Sort::Document, 10).await.unwrap();
            assert_eq!((media.mime.as_str(), name(&media).as_deref()), (mime, Some(file)));
        }
    }

    #[tokio::test]
    async fn reading_stops_at_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.PNG");
        std::fs::write(&path, [7; 10]).unwrap();
        let media = refer(path.to_str().unwrap(), Sort::Image, 10).await.unwrap();
        assert_eq!(media.mime, "image/png");
        assert_eq!(fetch(&media, 10).await.unwrap().bytes.len(), 10);
        assert_eq!(fetch(&media, 9).await, Err(MediaError::TooLarge { bytes_max: 9 }));
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(fetch(&media, 10).await, Err(MediaError::Gone { .. })));
    }
}

//! From a file to a script, or to everything that is wrong with it.

use crate::check;
use crate::limits;
use crate::script::Script;
use bytes::Bytes;
use greenroom_contract::ids::AssistantName;
use greenroom_contract::limits::{DOCUMENT_BYTES_MAX, DOCUMENT_NAME_BYTES_MAX, IMAGE_BYTES_MAX};
use greenroom_contract::message::Media;
use std::fmt;
use std::path::{Component, Path};
use toml::Spanned;

/// Why a text cannot be a script: everything that is wrong, each with its place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", listed(.0))]
pub struct ScriptError(Vec<Mistake>);

impl ScriptError {
    /// What is wrong, from the beginning of the file to its end; never empty.
    pub fn mistakes(&self) -> &[Mistake] {
        &self.0
    }
}

/// Something that is wrong with a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong, and what to write.
    pub what: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.what)
    }
}

fn listed(mistakes: &[Mistake]) -> String {
    let shown = mistakes.iter().take(limits::PROBLEMS_SHOWN_MAX).map(Mistake::to_string);
    let rest = mistakes.len().saturating_sub(limits::PROBLEMS_SHOWN_MAX);
    let more = (rest > 0).then(|| format!("and {rest} more"));
    shown.chain(more).collect::<Vec<_>>().join("; ")
}

/// What is around a script.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Around<'a> {
    /// The folder of its files; `None` where it can have none.
    pub(crate) folder: Option<&'a Path>,
    /// The assistant that it is, and those to whom it may hand over; `None` where any name will do.
    pub(crate) assistants: Option<(&'a AssistantName, &'a [AssistantName])>,
}

/// Mistakes as they are found, each with the place in the text, in bytes.
#[derive(Debug, Default)]
pub(crate) struct Found(Vec<(usize, String)>);

impl Found {
    pub(crate) fn at(&mut self, place: usize, what: impl Into<String>) {
        self.0.push((place, what.into()));
    }
}

/// Reads a script and the files beside it.
pub(crate) fn script(text: &str, around: Around<'_>) -> Result<Script, ScriptError> {
    let mut found = Found::default();
    match toml::from_str::<Script>(text) {
        Ok(mut script) => {
            script.put_together();
            check::everything(&script, around, &mut found);
            if let Some(folder) = around.folder {
                files(&mut script, folder, &mut found);
            }
            if found.0.is_empty() {
                return Ok(script);
            }
        }
        Err(error) => found.at(error.span().map_or(0, |span| span.start), error.message()),
    }
    let mut found = found.0;
    found.sort();
    found.dedup();
    let placed = |(at, what): (usize, String)| {
        let before = &text[..text.floor_char_boundary(at)];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Mistake { line, column, what }
    };
    Err(ScriptError(found.into_iter().map(placed).collect()))
}

/// Reads what pictures and documents are sent.
fn files(script: &mut Script, folder: &Path, found: &mut Found) {
    let named: Vec<(Spanned<String>, bool)> = check::sayings(script)
        .filter_map(|saying| Some((saying.file()?.clone(), matches!(saying, crate::say::Saying::Image { .. }))))
        .collect();
    let mut room = limits::FILES_BYTES_MAX;
    for (file, is_image) in named {
        if script.files.contains_key(file.get_ref()) {
            continue;
        }
        match medium(folder, file.get_ref(), is_image, room) {
            Ok(media) => {
                room = room.saturating_sub(media.bytes.len() as u64);
                script.files.insert(file.into_inner(), media);
            }
            Err(what) => found.at(file.span().start, what),
        }
    }
}

fn medium(folder: &Path, name: &str, is_image: bool, room: u64) -> Result<Media, String> {
    let path = Path::new(name);
    if name.is_empty() || !path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
        return Err(format!("{name:?} is not beside the script; write the name of a file in its folder"));
    }
    if path.file_name().is_some_and(|name| name.len() > DOCUMENT_NAME_BYTES_MAX) {
        return Err(format!("{name:?} is too long a name"));
    }
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_lowercase();
    let mime = type_of(&ending);
    if is_image && !mime.starts_with("image/") {
        return Err(format!(
            "{name:?} is not a picture by its name; send it as a document, or use .png, .jpg or .webp"
        ));
    }
    let path = folder.join(path);
    let unread = |error: std::io::Error| format!("{} cannot be read: {error}", path.display());
    let about = std::fs::metadata(&path).map_err(unread)?;
    if !about.is_file() {
        return Err(format!("{} is not a file", path.display()));
    }
    let bytes_max = if is_image { IMAGE_BYTES_MAX } else { DOCUMENT_BYTES_MAX };
    if about.len() == 0 || about.len() > bytes_max.min(room) {
        return Err(format!(
            "{} has {} bytes; 1 to {bytes_max} can be sent, and {} by all files of a script together",
            path.display(),
            about.len(),
            limits::FILES_BYTES_MAX
        ));
    }
    let bytes = std::fs::read(&path).map_err(unread)?;
    Ok(Media { mime: mime.to_owned(), bytes: Bytes::from(bytes) })
}

/// The type of a file by the end of its name.
fn type_of(ending: &str) -> &'static str {
    match ending {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "gif" => "image/gif",
        "pdf" => "application/pdf",
        "txt" => "text/plain",
        "csv" => "text/csv",
        "html" => "text/html",
        "ics" => "text/calendar",
        "json" => "application/json",
        "zip" => "application/zip",
        "doc" => "application/msword",
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xls" => "application/vnd.ms-excel",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "pptx" => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "odt" => "application/vnd.oasis.opendocument.text",
        _ => "application/octet-stream",
    }
}

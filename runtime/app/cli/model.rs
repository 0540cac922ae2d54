//! `model list`, `fetch`, `verify`: the speech models.

use super::args::ModelCommand;
use super::failure::Failure;
use super::{fetching, report};
use greenroom::config::Config;
use greenroom::transcription::catalogue::{self, Known};
use greenroom::transcription::model::examine;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

pub(crate) async fn carry_out(config: &Config, command: ModelCommand) -> Result<(), Failure> {
    match command {
        ModelCommand::List { json } => list(config, json),
        ModelCommand::Fetch { name, sha256 } => fetch(config, &name, sha256.as_deref()).await,
        ModelCommand::Verify { name, sha256 } => verify(config, name.as_deref(), sha256.as_deref()),
    }
}

fn folder(config: &Config) -> PathBuf {
    config.voice.folder(&config.store.path)
}

fn list(config: &Config, json: bool) -> Result<(), Failure> {
    let folder = folder(config);
    let used = config.voice.model_file(&config.store.path).ok();
    let state = |known: &Known| {
        let file = folder.join(known.file_name());
        match file.exists() {
            true if used.as_ref() == Some(&file) => "in use",
            true => "here",
            false if fetching::part_of(&file).exists() => "half fetched",
            false => "",
        }
    };
    if json {
        let model = |known: &Known| {
            json!({
                "name": known.name,
                "mebibytes": known.mebibytes,
                "multilingual": known.multilingual,
                "state": Some(state(known)).filter(|state| !state.is_empty()),
            })
        };
        let models: Vec<serde_json::Value> = catalogue::MODELS.iter().map(model).collect();
        return report::json(&json!({ "folder": folder, "in_use": used, "models": models }));
    }
    let mut text = String::new();
    for known in catalogue::MODELS {
        let state = state(known);
        let languages = if known.multilingual { "many languages" } else { "English only" };
        let line = format!("{:<20} {:>5} MiB  {languages:<14}  {state}", known.name, known.mebibytes);
        let _ = writeln!(text, "{}", line.trim_end());
    }
    match &used {
        Some(file) => {
            let _ = writeln!(text, "voice notes are heard with {}", file.display());
        }
        None => text.push_str("voice notes are not heard yet; `greenroom doctor voice` says why\n"),
    }
    report::print(&text)
}

async fn fetch(config: &Config, name: &str, own_sum: Option<&str>) -> Result<(), Failure> {
    let known = named(name)?;
    let sum = own_sum.unwrap_or(known.sha256);
    let file = folder(config).join(known.file_name());
    if file.exists() && whole(&file, Some(sum)).is_ok() {
        return report::print(&format!("{} is already here and complete\n{}", file.display(), next(config, known)));
    }
    let url = format!("{}/{}", config.voice.url, known.file_name());
    fetching::fetch(&url, &file, u64::from(known.mebibytes) * 1024 * 1024).await?;
    let part = fetching::part_of(&file);
    if let Err(reason) = whole(&part, Some(sum)) {
        // Going on with it would not make it right.
        let _ = std::fs::remove_file(&part);
        return Err(Failure::new(format!("what came from {url} is not the model {name}: {reason}")).hint(
            "It was deleted. Try again, or look at voice.url. A model of your own is fetched with --sha256 HEX.",
        ));
    }
    let moved = std::fs::rename(&part, &file);
    moved.map_err(|error| Failure::new(format!("{} cannot be written: {error}", file.display())))?;
    report::print(&format!("{} is here; its checksum is right\n{}", file.display(), next(config, known)))
}

/// What remains to be done before the model is used.
fn next(config: &Config, known: &Known) -> String {
    let used = config.voice.model_file(&config.store.path);
    if used.is_ok_and(|used| used == folder(config).join(known.file_name())) {
        return "voice notes are heard with it from the next start on\n".to_owned();
    }
    format!("set voice.model = \"{0}\" (or GREENROOM_VOICE__MODEL={0}) to use it\n", known.name)
}

fn verify(config: &Config, name: Option<&str>, own_sum: Option<&str>) -> Result<(), Failure> {
    let folder = folder(config);
    let mut wanted: Vec<(PathBuf, Option<&str>)> = Vec::new();
    if let Some(name) = name {
        let known = named(name)?;
        let file = folder.join(known.file_name());
        if !file.exists() {
            return Err(Failure::new(format!("the model {name} was not fetched yet, so there is nothing to verify"))
                .hint(format!("This fetches it: greenroom model fetch {name}")));
        }
        wanted.push((file, Some(own_sum.unwrap_or(known.sha256))));
    } else {
        let here = catalogue::MODELS.iter().map(|known| (folder.join(known.file_name()), Some(known.sha256)));
        wanted.extend(here.filter(|(file, _)| file.exists()));
        let used = config.voice.model_file(&config.store.path).ok();
        wanted.extend(used.filter(|used| !wanted.iter().any(|(file, _)| file == used)).map(|used| (used, None)));
    }
    if wanted.is_empty() {
        return report::print(&format!("there is no model in {}\n", folder.display()));
    }
    let mut broken = 0;
    let mut text = String::new();
    for (file, sum) in wanted {
        let found = match (whole(&file, sum), sum) {
            (Ok(()), Some(_)) => "complete, its checksum is right".to_owned(),
            (Ok(()), None) => "looks complete; it is a model of your own, so no checksum is known".to_owned(),
            (Err(reason), _) => {
                broken += 1;
                format!("BROKEN: {reason}")
            }
        };
        let _ = writeln!(text, "{}: {found}", file.display());
    }
    report::print(&text)?;
    if broken == 0 {
        return Ok(());
    }
    Err(Failure::new(format!("{broken} model(s) are broken")).hint("Delete them and fetch them again."))
}

fn named(name: &str) -> Result<&'static Known, Failure> {
    catalogue::find(name).ok_or_else(|| {
        let names = catalogue::MODELS.iter().map(|known| known.name).collect::<Vec<_>>().join(", ");
        Failure::usage(format!("there is no model {name:?}")).hint(format!("There are {names}."))
    })
}

/// Whether a file is a whole model, and the one that it should be.
fn whole(file: &Path, sum: Option<&str>) -> Result<(), String> {
    examine(file).map_err(|error| error.to_string())?;
    let Some(expected) = sum else { return Ok(()) };
    let found = checksum(file).map_err(|error| error.to_string())?;
    if found == expected { Ok(()) } else { Err(format!("its checksum is {found} and should be {expected}")) }
}

fn checksum(file: &Path) -> std::io::Result<String> {
    let mut file = File::open(file)?;
    let mut hasher = Sha256::new();
    let mut bytes = vec![0; 1 << 20];
    loop {
        let read = file.read(&mut bytes)?;
        if read == 0 {
            break;
        }
        hasher.update(&bytes[..read]);
    }
    Ok(hasher.finalize().iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checksum_is_the_one_that_everybody_computes() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("abc");
        std::fs::write(&file, "abc").unwrap();
        assert_eq!(checksum(&file).unwrap(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn a_model_is_whole_if_its_form_and_its_checksum_are_right() {
        let model = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/voice/ggml-micro.en.bin"));
        let sum = checksum(model).unwrap();
        assert_eq!(whole(model, None), Ok(()));
        assert_eq!(whole(model, Some(&sum)), Ok(()));
        assert!(whole(model, Some(&"0".repeat(64))).unwrap_err().contains(&sum));
        assert!(whole(Path::new("none.bin"), Some(&sum)).is_err());
    }

    #[test]
    fn a_mistyped_name_is_answered_with_the_names_that_there_are() {
        assert!(format!("{:?}", named("bas").unwrap_err()).contains("base"));
    }
}

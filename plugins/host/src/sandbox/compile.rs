//! Compiling in a process of its own.
//!
//! Compiling takes seconds of a processor and hundreds of megabytes for a large component, and is the part of the engine
//! that works on what a stranger wrote. A program that has a way to do it elsewhere says so once, with [`use_child`]; its
//! child runs [`child_main`]. What is compiled is handed over in the folder of compiled code, which is its owner's alone.

use super::engine::{Sandbox, SandboxError};
use super::loaded::Loaded;
use crate::limits::{COMPILE_TIMEOUT, WORDS_BYTES_MAX};
use greenroom_contract::text;
use sha2::{Digest as _, Sha256};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, OnceLock};

/// A program, and its arguments before those of [`child_main`].
#[derive(Debug, Clone)]
pub struct Child {
    /// The program, usually this one.
    pub program: PathBuf,
    /// Its arguments, such as the name of a hidden command.
    pub arguments: Vec<OsString>,
}

static CHILD: OnceLock<Child> = OnceLock::new();

/// From now on components are compiled by this program. Only the first call counts.
pub fn use_child(child: Child) {
    let _ = CHILD.set(child);
}

/// What the child does: compiles the component in the file `arguments[1]` into the folder `arguments[0]`. Returns the code
/// with which it is to end; why it failed stands on standard error.
#[must_use]
pub fn child_main(arguments: &[OsString]) -> i32 {
    let [cache, component] = arguments else {
        eprintln!("a folder and a component are needed");
        return 2;
    };
    let compiled = std::fs::read(component).map_err(|error| error.to_string()).and_then(|component| {
        let sandbox = Sandbox::of(Path::new(cache)).map_err(|error| error.to_string())?;
        Loaded::new(&sandbox, "", &component).map_err(|error| error.to_string())
    });
    match compiled {
        Ok(_) => 0,
        Err(error) => {
            eprintln!("{error}");
            1
        }
    }
}

/// The digest of a component.
pub(crate) fn sum_of(component: &[u8]) -> String {
    hex::encode(Sha256::digest(component))
}

/// Compiles a component, elsewhere if that is possible, and loads it. Its file has this digest, or is refused.
pub(crate) async fn load(
    sandbox: &Arc<Sandbox>,
    cache: &Path,
    digest: &str,
    (file, sum): (&Path, &str),
) -> Result<Arc<Loaded>, SandboxError> {
    if let Some(known) = sandbox.known(digest) {
        return Ok(known);
    }
    if let Some(child) = CHILD.get() {
        in_child(child, cache, file).await?;
    }
    let (sandbox, digest, file, sum) = (Arc::clone(sandbox), digest.to_owned(), file.to_owned(), sum.to_owned());
    let loading = tokio::task::spawn_blocking(move || {
        let component = std::fs::read(&file).map_err(|error| SandboxError::Compile(error.to_string()))?;
        // What is kept by this digest is used for as long as it is loaded.
        if sum_of(&component) != sum {
            return Err(SandboxError::Compile("its file was changed while it was loaded".to_owned()));
        }
        Loaded::new(&sandbox, &digest, &component)
    });
    loading.await.map_err(|error| SandboxError::Compile(error.to_string()))?
}

async fn in_child(child: &Child, cache: &Path, file: &Path) -> Result<(), SandboxError> {
    let mut command = tokio::process::Command::new(&child.program);
    command
        .args(&child.arguments)
        .args([cache.as_os_str(), file.as_os_str()])
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let failed = |reason: String| SandboxError::Compile(reason);
    let ended = tokio::time::timeout(COMPILE_TIMEOUT, command.output()).await;
    let output = ended
        .map_err(|_| failed(format!("it takes longer than {} s", COMPILE_TIMEOUT.as_secs())))?
        .map_err(|error| failed(format!("the compiler cannot be started: {error}")))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said = text::one_line(text::bounded(said.trim(), WORDS_BYTES_MAX).as_str()).into_owned();
    Err(SandboxError::Child(if said.is_empty() { format!("the compiler ended with {}", output.status) } else { said }))
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// A compiler that is this script; `$1` is the folder of compiled code.
    async fn compiled_by(script: &str, cache: &Path) -> Result<(), String> {
        let arguments = ["-c", script, "compiler"].map(OsString::from).to_vec();
        let child = Child { program: "/bin/sh".into(), arguments };
        in_child(&child, cache, Path::new("guest.wasm")).await.map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn a_compiler_that_fails_or_is_killed_says_why_in_a_line() {
        let cache = Path::new("/cache");
        assert_eq!(compiled_by("test \"$1 $2\" = '/cache guest.wasm'", cache).await, Ok(()));
        // Nothing of this process is told to the one that works on what a stranger wrote.
        assert_eq!(compiled_by("test -z \"$CARGO_MANIFEST_DIR$HOME\"", cache).await, Ok(()));
        let failed = compiled_by("echo 'first\x1b[2J'; echo 'bad magic\x1b[2J' >&2; exit 1", cache).await.unwrap_err();
        assert!(failed.contains("bad magic") && !failed.contains('\x1b') && !failed.contains("first"), "{failed:?}");
        let long = compiled_by("head -c 100000 /dev/zero | tr '\\0' x >&2; exit 1", cache).await.unwrap_err();
        assert!(long.len() <= WORDS_BYTES_MAX, "{} bytes", long.len());
        let killed = compiled_by("kill -9 $$", cache).await.unwrap_err();
        assert!(killed.contains("the compiler ended with") && killed.contains('9'), "{killed}");
        let none = Child { program: "/nowhere/compiler".into(), arguments: Vec::new() };
        let none = in_child(&none, cache, Path::new("a")).await.unwrap_err().to_string();
        assert!(none.contains("the compiler cannot be started"), "{none}");
    }

    /// It does not go on computing for nothing.
    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_compiler_that_takes_too_long_is_ended() {
        let folder = tempfile::tempdir().unwrap();
        let cache = folder.path().to_owned();
        let compiling =
            tokio::spawn(async move { compiled_by("echo $$ > \"$1/pid\"; exec sleep 1000000", &cache).await });
        let pid = loop {
            let written = std::fs::read_to_string(folder.path().join("pid")).unwrap_or_default();
            if written.ends_with('\n') {
                break written.trim().to_owned();
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        };
        tokio::time::pause();
        tokio::time::advance(COMPILE_TIMEOUT).await;
        let error = compiling.await.unwrap().unwrap_err();
        tokio::time::resume();
        assert!(error.contains("it takes longer than 600 s"), "{error}");
        // One that was killed and not waited for yet has no command line.
        while std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| !line.is_empty()) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

//! Files that may be in the page cache only are written again.
//!
//! After a write-back that failed, Linux shows the pages as they should be and counts them as written: the next sync
//! succeeds and writes nothing. So an error of flush or sync leaves files that read well and may be gone after a power
//! loss. Writing the same bytes once more makes the pages dirty, and the sync after it means something.
//!
//! What the cache no longer holds is read from the disk; then the engine finds what is there, and nothing of it was
//! served since.

use crate::engines::{EngineError, lock};
use crate::open::engine_of::lock_file;
use crate::open::options::EngineKind;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

/// Bytes that are written at once.
const CHUNK_BYTES: usize = 1024 * 1024;

/// Writes all files of an engine again, while none is open.
pub(crate) fn rewrite_engine(data: &Path, engine: EngineKind) -> Result<(), EngineError> {
    let lock_file = data.join(lock_file(engine));
    let held = lock::hold(&lock_file);
    if held.is_none() && lock_file.exists() {
        return Err(EngineError::Broken("its files are in doubt, and an earlier reader still uses them".into()));
    }
    let written = rewrite(data).map_err(|error| {
        EngineError::Broken(format!("after a failure its files must be written again, and that fails: {error}"))
    });
    drop(held);
    written
}

/// Writes every file below a directory again, byte for byte, and syncs it.
fn rewrite(directory: &Path) -> std::io::Result<()> {
    let mut chunk = vec![0; CHUNK_BYTES];
    rewrite_below(directory, &mut chunk)
}

fn rewrite_below(directory: &Path, chunk: &mut [u8]) -> std::io::Result<()> {
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            rewrite_below(&entry.path(), chunk)?;
        } else if kind.is_file() {
            rewrite_file(&entry.path(), chunk)?;
        }
    }
    File::open(directory)?.sync_all()
}

fn rewrite_file(path: &Path, chunk: &mut [u8]) -> std::io::Result<()> {
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    loop {
        let at = file.stream_position()?;
        let read = file.read(chunk)?;
        if read == 0 {
            break;
        }
        file.seek(SeekFrom::Start(at))?;
        file.write_all(&chunk[..read])?;
    }
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, SystemTime};

    #[test]
    fn every_file_is_written_again_and_none_is_changed() {
        let folder = tempfile::tempdir().unwrap();
        let files = [("empty", 0), ("small", 10), ("exact", CHUNK_BYTES), ("below/long", 2 * CHUNK_BYTES + 7)];
        std::fs::create_dir(folder.path().join("below")).unwrap();
        let content = |bytes: usize| (0..bytes).map(|at| (at % 251) as u8).collect::<Vec<_>>();
        let old = SystemTime::now() - Duration::from_secs(3_600);
        for (name, bytes) in files {
            let path = folder.path().join(name);
            std::fs::write(&path, content(bytes)).unwrap();
            File::options().write(true).open(path).unwrap().set_modified(old).unwrap();
        }
        rewrite(folder.path()).unwrap();
        for (name, bytes) in files {
            let path = folder.path().join(name);
            assert_eq!(std::fs::read(&path).unwrap(), content(bytes), "{name}");
            let written = std::fs::metadata(&path).unwrap().modified().unwrap();
            assert!(bytes == 0 || written > old + Duration::from_secs(60), "{name} was not written");
        }
        assert!(rewrite(&folder.path().join("nowhere")).is_err());
    }
}

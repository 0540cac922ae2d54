//! Looks at the disk, the permissions and the limits of this machine. Changes nothing.

use crate::facts::{Machine, Space};
use crate::limits;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// What is to be seen of the machine around a data folder, which need not exist.
pub fn look(folder: &Path) -> Machine {
    let files = files_of(folder);
    Machine {
        space: space(nearest(folder)),
        unwritable: unwritable(folder),
        exposed: std::iter::once(folder.to_owned()).chain(files.clone()).filter(|path| is_exposed(path)).collect(),
        open_files: open_files(),
        newest_ms: files.iter().filter_map(|path| written_ms(path)).max(),
    }
}

/// The folder, or the nearest one above it that exists.
fn nearest(folder: &Path) -> &Path {
    let exists = |path: &&Path| path.is_dir();
    let named = folder.ancestors().filter(|path| !path.as_os_str().is_empty());
    named.take(64).find(exists).unwrap_or(Path::new("."))
}

/// The files in a folder and one below it, as many as are looked at.
fn files_of(folder: &Path) -> Vec<PathBuf> {
    let inside = |folder: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).into_iter().flatten();
        entries.filter_map(|entry| Some(entry.ok()?.path())).take(limits::FILES_LOOKED_AT_MAX).collect()
    };
    let top = inside(folder);
    let below: Vec<PathBuf> = top.iter().filter(|path| path.is_dir()).flat_map(|path| inside(path)).collect();
    top.into_iter().chain(below).take(limits::FILES_LOOKED_AT_MAX).collect()
}

fn written_ms(path: &Path) -> Option<u64> {
    let written = std::fs::symlink_metadata(path).ok()?.modified().ok()?;
    u64::try_from(written.duration_since(UNIX_EPOCH).ok()?.as_millis()).ok()
}

/// Why nothing can be written there. Asked of the system, so that nothing is written for it.
#[cfg(unix)]
fn unwritable(folder: &Path) -> Option<String> {
    use rustix::fs::{Access, StatVfsMountFlags, access, statvfs};
    let folder = nearest(folder);
    if statvfs(folder).is_ok_and(|disk| disk.f_flag.contains(StatVfsMountFlags::RDONLY)) {
        return Some("the disk is mounted read-only".to_owned());
    }
    access(folder, Access::WRITE_OK | Access::EXEC_OK).err().map(|error| error.to_string())
}

#[cfg(not(unix))]
fn unwritable(folder: &Path) -> Option<String> {
    let metadata = std::fs::metadata(nearest(folder)).ok()?;
    metadata.permissions().readonly().then(|| "the folder is read-only".to_owned())
}

#[cfg(unix)]
fn space(folder: &Path) -> Option<Space> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    let bytes = |blocks: u64| blocks.saturating_mul(disk.f_frsize);
    Some(Space { free: bytes(disk.f_bavail), total: bytes(disk.f_blocks) })
}

#[cfg(not(unix))]
fn space(_: &Path) -> Option<Space> {
    None
}

/// Whether others may read or change it. What is below a folder that is shut to others is out of their reach.
#[cfg(unix)]
fn is_exposed(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    let open = |path: &Path, bits: u32| {
        std::fs::symlink_metadata(path).is_ok_and(|found| !found.is_symlink() && found.permissions().mode() & bits != 0)
    };
    let is_shut =
        |folder: &Path| std::fs::symlink_metadata(folder).is_ok_and(|found| found.permissions().mode() & 0o011 == 0);
    // A name alone has no folders above it that could be looked at.
    let path = &std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    open(path, 0o077) && !path.ancestors().skip(1).take(2).any(is_shut)
}

#[cfg(not(unix))]
fn is_exposed(_: &Path) -> bool {
    false
}

#[cfg(unix)]
fn open_files() -> Option<u64> {
    // A server raises its own limit as far as it may.
    rlimit::Resource::NOFILE.get_hard().ok()
}

#[cfg(not(unix))]
fn open_files() -> Option<u64> {
    None
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{Permissions, create_dir, set_permissions, write};
    use std::os::unix::fs::PermissionsExt as _;

    fn chmod(path: &Path, mode: u32) {
        set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_file_that_others_may_read_is_named_unless_its_folder_is_shut() {
        let all = tempfile::tempdir().unwrap();
        chmod(all.path(), 0o755);
        let folder = all.path().join("data");
        create_dir(&folder).unwrap();
        chmod(&folder, 0o755);
        let secret = folder.join("gateway.json");
        write(&secret, "{}").unwrap();
        chmod(&secret, 0o644);
        assert_eq!(look(&folder).exposed, [folder.clone(), secret.clone()]);
        chmod(&secret, 0o600);
        assert_eq!(look(&folder).exposed, std::slice::from_ref(&folder));
        chmod(&secret, 0o644);
        chmod(&folder, 0o700);
        assert_eq!(look(&folder).exposed, Vec::<PathBuf>::new(), "no one else gets there");
    }

    #[test]
    fn a_disk_has_room_and_a_folder_that_is_not_there_is_looked_at_through_the_one_above() {
        let all = tempfile::tempdir().unwrap();
        let seen = look(&all.path().join("not/yet/there"));
        let space = seen.space.unwrap();
        assert!(space.total > 0 && space.free <= space.total, "{space:?}");
        assert_eq!((seen.unwritable, seen.newest_ms), (None, None));
        assert!(seen.open_files.unwrap() > 0);
        write(all.path().join("f"), "x").unwrap();
        assert!(look(all.path()).newest_ms.is_some());
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_told() {
        // Whoever runs this as root may write everywhere, except to what the kernel keeps.
        let seen = look(Path::new("/proc/self"));
        assert!(
            !cfg!(target_os = "linux") || seen.unwritable.is_some() || seen.space.is_some_and(|space| space.total == 0),
            "{seen:?}"
        );
    }
}

#![cfg(unix)]

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
fn a_path_without_its_beginning_is_looked_at_like_the_whole_one() {
    let all = tempfile::tempdir_in(".").unwrap();
    chmod(all.path(), 0o755);
    let name = Path::new(all.path().file_name().unwrap());
    assert_eq!(look(name).exposed, look(&std::path::absolute(name).unwrap()).exposed);
    assert_eq!(look(name).exposed.len(), 1, "the folder itself");
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

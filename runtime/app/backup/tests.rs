use super::*;
use greenroom_contract::ids::AccountId;
use greenroom_contract::store::{Maintenance, Vault, VaultWrite};
use std::sync::Arc;

const NOW: Timestamp = Timestamp(1_800_000_000_000);

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn pair() -> (Lock, Key) {
    let (public, secret) = greenroom_capsule::keys::generate();
    (Lock::recipients(&[public]).unwrap(), Key::identities(&secret).unwrap())
}

fn account() -> AccountId {
    AccountId::new("acc-1").unwrap()
}

/// A store with a secret, and what lies beside it.
fn lived(folder: &Path) -> Arc<greenroom_store::GreenroomStore> {
    let store = greenroom_store::open(OpenOptions::at(folder)).unwrap();
    let put = |name: &'static [u8]| VaultWrite::Put { key: name.into(), value: vec![7; 9_000].into() };
    run(store.vault_write(&account(), vec![put(b"token"), put(b"other")])).unwrap();
    put_file(&folder.join("auth_secret"), b"signs tokens").unwrap();
    put_file(&folder.join("plugins/added/timer/grant.json"), b"{}").unwrap();
    put_file(&folder.join("plugins/compiled/x"), b"made anew").unwrap();
    put_file(&folder.join("models/ggml.bin"), b"fetched anew").unwrap();
    store
}

fn capsule_of(store: &dyn Store, folder: &Path, lock: &Lock) -> Vec<u8> {
    let source = Source {
        made_at: NOW,
        fence: run(store.fence()).unwrap(),
        moved: false,
        config: Some(Secret::new("[store]\npath = \"elsewhere\"\n")),
        folder: Some(folder.to_owned()),
    };
    write(store, lock, &source, Vec::new()).unwrap().0
}

/// Every file below a folder with what it holds.
fn tree(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            found.extend(tree(&entry.path()));
        } else {
            found.push((entry.path(), fs::read(entry.path()).unwrap()));
        }
    }
    found.sort();
    found
}

#[test]
fn what_is_the_owners_comes_back_and_what_is_made_anew_does_not() {
    let (old, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = lived(old.path());
    let (lock, key) = pair();
    let file = capsule_of(&*store, old.path(), &lock);
    let opened = open(file.as_slice(), &key).unwrap();
    assert_eq!(opened.config(), Some("[store]\npath = \"elsewhere\"\n"));
    assert_eq!((opened.header().fence, opened.header().moved), (0, false));
    let folder = new.path().join("data");
    let restored = opened.into_folder(&OpenOptions::at(&folder), NOW).unwrap();
    assert_eq!(restored.files, 2);
    assert_eq!(fs::read(folder.join("auth_secret")).unwrap(), b"signs tokens");
    assert_eq!(fs::read(folder.join("plugins/added/timer/grant.json")).unwrap(), b"{}");
    assert!(!folder.join("plugins/compiled").exists() && !folder.join("models").exists());
    let copy = greenroom_store::open(OpenOptions::at(&folder)).unwrap();
    assert_eq!(run(copy.vault_get(&account(), b"token")).unwrap().unwrap(), vec![7; 9_000]);
    let fence = run(copy.fence()).unwrap();
    assert_eq!((fence.number, fence.instance), (NOW.0, run(store.fence()).unwrap().instance));
    assert_eq!(check(file.as_slice(), &key).unwrap().rows, restored.rows);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        for (path, _) in tree(&folder) {
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            let private = ["auth_secret", "master.key"].iter().any(|name| path.ends_with(name));
            assert!(!private || mode.trailing_zeros() >= 6, "{}: {mode:o}", path.display());
        }
    }
}

#[test]
fn a_capsule_that_was_cut_or_changed_changes_nothing() {
    let (old, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = lived(old.path());
    let (lock, key) = pair();
    let file = capsule_of(&*store, old.path(), &lock);
    put_file(&new.path().join("theirs.txt"), b"is theirs").unwrap();
    let before = tree(new.path());
    let folder = new.path().join("data");
    let tried = |bytes: &[u8]| -> bool {
        let put = open(bytes, &key).and_then(|opened| opened.into_folder(&OpenOptions::at(&folder), NOW));
        assert_eq!(tree(new.path()), before);
        put.is_ok()
    };
    for at in (0..file.len()).step_by(file.len() / 60 + 1).chain(file.len() - 40..file.len()) {
        assert!(!tried(&file[..at]), "{at} of {} bytes", file.len());
        let mut flipped = file.clone();
        flipped[at] ^= 0x10;
        assert!(!tried(&flipped), "a flipped bit in byte {at}");
    }
    let other = pair().1;
    assert!(open(file.as_slice(), &other).is_err());
    open(file.as_slice(), &key).unwrap().into_folder(&OpenOptions::at(&folder), NOW).unwrap();
}

#[test]
fn a_capsule_brings_no_file_that_is_not_its_own_to_bring() {
    for name in ["auth_secret", "plugins/added/a/grant.json"] {
        assert!(is_kept(name), "{name}");
    }
    for name in ["master.key", "sled/db", "store.json", "plugins/addedx", "auth_secret2", "plugins", "gateway.json"] {
        assert!(!is_kept(name), "{name}");
    }
}

use super::*;
use crate::state::tests::Scratch;

#[test]
fn a_file_is_whole_or_not_there() {
    let scratch = Scratch::new("whole");
    let folder = Folder::open(scratch.path(), "venue").unwrap();
    assert_eq!(folder.read("a", 100).unwrap(), None);
    folder.write("a", b"first").unwrap();
    folder.write("a", b"second").unwrap();
    assert_eq!(folder.read("a", 100).unwrap().as_deref(), Some(&b"second"[..]));
    assert_eq!(folder.names().unwrap(), ["a", "lock"], "nothing is left beside it");
    // One that died in the middle of writing leaves its half, which is no file.
    fs::write(folder.path().join("a.77.unfinished"), b"ha").unwrap();
    let folder = Folder::open(scratch.path(), "venue").unwrap();
    assert_eq!(folder.read("a", 100).unwrap().as_deref(), Some(&b"second"[..]));
    assert_eq!(folder.names().unwrap(), ["a", "lock"]);
}

#[cfg(unix)]
#[test]
fn nobody_else_reads_it() {
    use std::os::unix::fs::PermissionsExt;

    let scratch = Scratch::new("private");
    let dir = scratch.path().join("of").join("mine");
    fs::create_dir_all(dir.join("venue")).unwrap();
    fs::set_permissions(dir.join("venue"), fs::Permissions::from_mode(0o755)).unwrap();
    for name in ["venue", "other"] {
        let folder = Folder::open(&dir, name).unwrap();
        folder.write("a", b"text").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(folder.path()), 0o700);
        assert_eq!(mode(&folder.path().join("a")), 0o600);
        assert_eq!(mode(&folder.path().join("lock")), 0o600);
    }
}

#[test]
fn what_is_too_long_is_cut_and_so_no_document() {
    let scratch = Scratch::new("long");
    let folder = Folder::open(scratch.path(), "venue").unwrap();
    folder.write("a", &[b'x'; 1_000]).unwrap();
    assert_eq!(folder.read("a", 10).unwrap().unwrap().len(), 11);
}

#[test]
fn a_lock_is_held_by_one_and_given_back_with_its_file() {
    let scratch = Scratch::new("lock");
    let folder = Folder::open(scratch.path(), "venue").unwrap();
    let held = folder.try_lock("a").unwrap();
    assert!(held.is_some());
    assert!(folder.try_lock("a").unwrap().is_none());
    assert!(folder.try_lock("b").unwrap().is_some());
    drop(held);
    assert!(folder.try_lock("a").unwrap().is_some());
}

#[test]
fn a_folder_that_was_tidied_away_is_made_again() {
    let scratch = Scratch::new("tidied");
    let folder = Folder::open(scratch.path(), "venue").unwrap();
    fs::remove_dir_all(folder.path()).unwrap();
    folder.write("a", b"text").unwrap();
    assert!(folder.read("a", 100).unwrap().is_some());
}

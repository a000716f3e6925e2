//! Everything that can be wrong with a journal when it is opened: one clear error each, nothing
//! changed, and never a start from nothing.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use rusqlite::Connection;
use tradewind_engine::journal::{Answer, Append, AppendId, FaultKind, Record};

use super::steps;
use super::support::{Desk, Folder};
use crate::sqlite::SqliteStorage;
use crate::storage::Storage;
use crate::{DiskJournal, Journal, OpenError, SyncMode};

/// Some life.
fn life() -> Vec<Record> {
    (1..=800).map(|n| steps::record(n, steps::lived(n))).collect()
}

/// A folder with a journal of some life in it.
fn lived_in() -> Folder {
    static MODEL: OnceLock<(Vec<u8>, Vec<u8>)> = OnceLock::new();
    let (database, marker) = MODEL.get_or_init(|| {
        let folder = Folder::new("model");
        let (mut desk, _) = Desk::open(&folder).unwrap();
        desk.write(&life());
        desk.journal.close().unwrap();
        (fs::read(folder.database()).unwrap(), fs::read(folder.file("journal.id")).unwrap())
    });
    let folder = Folder::new("damage");
    fs::write(folder.database(), database).unwrap();
    fs::write(folder.file("journal.id"), marker).unwrap();
    folder
}

/// Opens a journal that must not open: the error names the file and says what to do, and the file
/// is as it was.
fn refused(folder: &Folder, names: &str, says: &[&str]) -> OpenError {
    let before = fs::read(folder.database()).ok();
    let error = Desk::open(folder).map(|_| ()).unwrap_err();
    let text = error.to_string();
    assert!(text.contains(&folder.file(names).display().to_string()), "{text}");
    for word in says {
        assert!(text.contains(word), "{word:?} is not in: {text}");
    }
    assert!(!text.contains('\n') && text.len() < 500, "one line of a size to read: {text}");
    assert!(fs::read(folder.database()).ok() == before, "the file was changed");
    // The way out does not depend on how often it is tried.
    assert_eq!(Desk::open(folder).map(|_| ()).unwrap_err().to_string(), text);
    error
}

fn altered(folder: &Folder, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(folder.database()).unwrap();
    change(&mut bytes);
    fs::write(folder.database(), bytes).unwrap();
}

fn sql(path: &Path, statements: &str) {
    Connection::open(path).unwrap().execute_batch(statements).unwrap();
}

#[test]
fn a_folder_without_a_journal_is_a_first_start_and_the_next_one_is_not() {
    let folder = Folder::new("first");
    let nested = Folder::new("nested");
    fs::remove_dir(nested.path()).unwrap();
    for folder in [&folder, &nested] {
        Desk::open(folder).unwrap();
        let id = fs::read_to_string(folder.file("journal.id")).unwrap();
        assert!(id.starts_with("tradewind journal "), "{id}");
        Desk::open(folder).unwrap();
        assert_eq!(fs::read_to_string(folder.file("journal.id")).unwrap(), id);
    }
}

#[cfg(unix)]
#[test]
fn what_it_makes_is_for_its_user_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new("modes");
    fs::remove_dir(folder.path()).unwrap();
    let (_desk, _) = Desk::open(&folder).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(folder.path()), 0o700);
    for name in ["journal.db", "journal.db-wal", "journal.db-shm", "journal.id", "journal.lock"] {
        assert_eq!(mode(&folder.file(name)), 0o600, "{name}");
    }
}

#[test]
fn a_journal_that_is_gone_is_missing_and_not_new() {
    let folder = lived_in();
    fs::remove_file(folder.database()).unwrap();
    let error = refused(&folder, "journal.db", &["missing", "journal.id", "put it back"]);
    assert!(matches!(error, OpenError::Missing { .. }));
    assert!(!folder.database().exists(), "nothing was made in its place");
    fs::remove_file(folder.file("journal.id")).unwrap();
    Desk::open(&folder).expect("the way out leads out");
}

#[test]
fn a_log_without_its_database_says_that_there_was_one() {
    let folder = Folder::new("orphan");
    let (mut desk, _) = Desk::open(&folder).unwrap();
    desk.write(&life());
    let copy = super::support::copy_of(&folder);
    fs::remove_file(copy.database()).unwrap();
    fs::remove_file(copy.file("journal.id")).unwrap();
    let error = refused(&copy, "journal.db", &["missing", "journal.db-wal"]);
    assert!(matches!(error, OpenError::Missing { .. }));
}

#[test]
fn a_marker_that_cannot_be_read_still_says_that_there_was_a_journal() {
    let folder = lived_in();
    fs::write(folder.file("journal.id"), "").unwrap();
    let error = refused(&folder, "journal.db", &["cannot be read", "remove"]);
    assert!(matches!(error, OpenError::Stranger { .. }));
    fs::remove_file(folder.database()).unwrap();
    assert!(matches!(refused(&folder, "journal.db", &["missing"]), OpenError::Missing { .. }));
}

#[test]
fn an_empty_file_is_no_journal_with_or_without_its_marker() {
    for has_marker in [true, false] {
        let folder = lived_in();
        altered(&folder, Vec::clear);
        if !has_marker {
            fs::remove_file(folder.file("journal.id")).unwrap();
        }
        let error = refused(&folder, "journal.db", &["is empty", "from a copy"]);
        assert!(matches!(error, OpenError::NotAJournal { .. }));
    }
}

#[test]
fn a_file_that_is_cut_short_is_damaged_wherever_it_is_cut() {
    let whole = lived_in();
    let length = fs::metadata(whole.database()).unwrap().len();
    for cut in [1, 15, 99, 512, 4_095, 4_096, 5_000, length / 2, length - 4_096, length - 1] {
        let folder = lived_in();
        altered(&folder, |bytes| bytes.truncate(usize::try_from(cut).unwrap()));
        let error = refused(&folder, "journal.db", &[]);
        assert_eq!(error.kind(), FaultKind::Damaged, "cut at {cut}: {error}");
    }
}

#[test]
fn a_page_of_garbage_is_damage_unless_nothing_was_on_it() {
    let pages = fs::metadata(lived_in().database()).unwrap().len() / 4_096;
    assert!(pages > 40, "the journal has many pages");
    let expected = super::reference::recovered(&life());
    let mut damaged = 0;
    for page in 0..pages {
        let folder = lived_in();
        altered(&folder, |bytes| {
            let start = usize::try_from(page * 4_096).unwrap();
            for (n, byte) in bytes[start..start + 4_096].iter_mut().enumerate() {
                *byte = u8::try_from(n * 31 % 251).unwrap();
            }
        });
        match Desk::open(&folder) {
            // A page that is free.
            Ok((_, found)) => assert!(found == expected, "page {page} held something"),
            Err(error) => {
                assert_eq!(error.kind(), FaultKind::Damaged, "page {page}: {error}");
                damaged += 1;
            }
        }
    }
    assert!(damaged * 10 > pages * 8, "only {damaged} of {pages} pages hold something");
}

#[test]
fn a_file_of_another_kind_is_named_as_such() {
    let folder = lived_in();
    altered(&folder, |bytes| *bytes = b"{\"orders\": []}\n".repeat(1_000));
    refused(&folder, "journal.db", &["not an SQLite database", "from a copy"]);
    fs::remove_file(folder.database()).unwrap();
    sql(&folder.database(), "CREATE TABLE candles (price TEXT)");
    refused(&folder, "journal.db", &["database of another program"]);
    fs::remove_file(folder.database()).unwrap();
    fs::create_dir(folder.database()).unwrap();
    refused(&folder, "journal.db", &["is not a file"]);
}

#[test]
fn a_journal_of_a_newer_version_is_left_to_the_program_that_wrote_it() {
    let folder = lived_in();
    sql(&folder.database(), "PRAGMA user_version = 7");
    let error = refused(&folder, "journal.db", &["version 7", "the program that wrote it"]);
    assert!(matches!(error, OpenError::Newer { found: 7, .. }));
}

#[test]
fn the_journal_of_another_folder_is_a_stranger() {
    let folder = lived_in();
    let marker = folder.file("journal.id");
    let other = fs::read_to_string(&marker).unwrap().replacen("journal ", "journal ab", 1);
    fs::write(&marker, other).unwrap();
    let error = refused(&folder, "journal.db", &["journal.id", "go on with this one"]);
    assert!(matches!(error, OpenError::Stranger { .. }));
    fs::remove_file(&marker).unwrap();
    Desk::open(&folder).expect("the way out leads out");
    assert!(marker.exists(), "and is noted");
}

#[test]
fn a_value_that_we_cannot_have_written_is_damage_with_its_table_and_column() {
    for (change, table) in [
        ("UPDATE fills SET price = 'abc'", "price"),
        ("UPDATE fills SET fee = '1e400'", "fee"),
        ("UPDATE live_orders SET kind = '{\"limit\":'", "kind"),
        ("UPDATE live_orders SET side = 'both'", "side"),
        ("UPDATE live_orders SET tag = -1", "tag"),
        ("UPDATE live_orders SET pair = 'x', other = NULL", "pair"),
        ("UPDATE live_orders SET amended_qty = 'less'", "amended_qty"),
        ("UPDATE closed_orders SET ending = 'vanished'", "ending"),
        ("UPDATE turnovers SET bought = ''", "bought"),
        ("UPDATE state SET record = 'null'", "record"),
        ("UPDATE state SET kind = 'mood'", "kind"),
        ("UPDATE slots SET slot = slot + 70000", "slot"),
    ] {
        let folder = lived_in();
        sql(&folder.database(), change);
        let error = refused(&folder, "journal.db", &["damaged", table]);
        assert_eq!(error.kind(), FaultKind::Damaged, "{change}: {error}");
    }
}

#[test]
fn tables_that_are_missing_are_damage() {
    for change in ["DROP TABLE slots", "DROP TABLE meta", "DELETE FROM meta", "DROP TABLE fills"] {
        let folder = lived_in();
        sql(&folder.database(), change);
        let error = refused(&folder, "journal.db", &["damaged"]);
        assert_eq!(error.kind(), FaultKind::Damaged, "{change}: {error}");
    }
}

#[test]
fn a_log_that_is_none_is_damage_and_a_torn_one_is_not() {
    let folder = Folder::new("wal");
    let (mut storage, _) = SqliteStorage::open(folder.path(), super::support::START).unwrap();
    let records: Vec<_> = (1..=60).map(|n| steps::record(n, steps::lived(n))).collect();
    for part in records.chunks(10) {
        let mut group = [Append { id: AppendId(1), records: part.to_vec() }];
        storage.commit(&mut group, SyncMode::Normal).unwrap();
    }
    let copy = super::support::copy_of(&folder);
    let log = copy.file("journal.db-wal");
    let whole = fs::read(&log).unwrap();
    fs::write(&log, &whole[..whole.len() - 1_000]).unwrap();
    let (_, found) = Desk::open(&copy).expect("a torn tail is what a crash leaves");
    assert_eq!(found, super::reference::recovered(&records[..50]));
    let copy = super::support::copy_of(&folder);
    let garbage: Vec<_> = whole.iter().map(|byte| byte ^ 0x5a).collect();
    fs::write(copy.file("journal.db-wal"), garbage).unwrap();
    let error = refused(&copy, "journal.db-wal", &["damaged"]);
    assert_eq!(error.kind(), FaultKind::Damaged);
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_cannot_be_written_to_or_has_no_room_is_named() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    // A folder of the kernel's own lets nobody make files in it, the superuser included.
    let (tell, _) = super::support::telling();
    let kernels = Path::new("/sys/kernel");
    let error = DiskJournal::open(kernels, SyncMode::Normal, super::support::START, tell)
        .map(|_| ())
        .unwrap_err();
    assert_eq!(error.kind(), FaultKind::ReadOnly, "{error}");
    let text = error.to_string();
    assert!(text.contains("/sys/kernel") && text.contains("choose another folder"), "{text}");
    // A device that is always full stands in for a disk that is.
    let folder = Folder::new("no-room");
    symlink("/dev/full", folder.file("journal.lock")).unwrap();
    let error = refused(&folder, "journal.lock", &["no space", "make room"]);
    assert_eq!(error.kind(), FaultKind::NoSpace);
    // Whoever may write everywhere cannot be kept from this one.
    let folder = lived_in();
    let read_only = fs::Permissions::from_mode(0o500);
    fs::set_permissions(folder.path(), read_only).unwrap();
    if fs::write(folder.file("probe"), b"").is_err() {
        assert_eq!(Desk::open(&folder).map(|_| ()).unwrap_err().kind(), FaultKind::ReadOnly);
    }
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn a_limit_on_the_size_of_files_is_a_fault_and_no_crash() {
    // The shell sets the limit (in blocks of 512 or 1,024 bytes) and keeps it from being a signal.
    let folder = lived_in();
    let test = "tests::damage::a_process_that_finds_its_journal_full";
    let status = std::process::Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 100; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--include-ignored", "--nocapture"])
        .env(FULL, folder.path())
        .stdout(std::process::Stdio::null())
        .status()
        .unwrap();
    assert!(status.success(), "{status}");
    let (_, found) = Desk::open(&folder).expect("without the limit it opens");
    let written = super::kills::written(folder.path());
    assert!(written > 800, "{written}: some more were durable before the limit was hit");
    let records: Vec<_> = (1..=written).map(|n| steps::record(n, steps::lived(n))).collect();
    assert_eq!(found, super::reference::recovered(&records));
}

/// Where a process that finds its journal full has its folder.
const FULL: &str = "TRADEWIND_FULL_JOURNAL_OF_A_TEST";

#[test]
#[ignore = "is run, under a limit, by another test"]
fn a_process_that_finds_its_journal_full() {
    let Some(path) = std::env::var_os(FULL) else { return };
    let (tell, answers) = super::support::telling();
    let (journal, _) =
        DiskJournal::open(Path::new(&path), SyncMode::Normal, super::support::START, tell).unwrap();
    for n in 801.. {
        let records = vec![steps::record(n, steps::lived(n))];
        journal.append(Append { id: AppendId(n), records }).unwrap();
        match answers.recv().unwrap() {
            Answer::Durable(_) => {}
            Answer::Failed(fault) => {
                assert!(matches!(fault.kind, FaultKind::NoSpace | FaultKind::Io), "{fault}");
                assert!(fault.message.contains("journal.db"), "{fault}");
                return;
            }
            other => panic!("{other:?}"),
        }
    }
}

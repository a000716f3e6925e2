//! What is durable, and in no table yet.

use std::time::Duration;

use tradewind_engine::journal::{Append, AppendId, Record};

use super::reference;
use super::steps::{self, Says, Step};
use super::support::{Folder, START};
use crate::SyncMode;
use crate::sqlite::SqliteStorage;
use crate::storage::Storage;

fn history(count: u64) -> Vec<Record> {
    (1..=count).map(|n| steps::record(n, steps::lived(n))).collect()
}

fn commit(storage: &mut SqliteStorage, records: &[Record]) {
    let group = [Append { id: AppendId(1), records: records.to_vec() }];
    storage.commit(&group, SyncMode::Normal).unwrap();
}

fn count(storage: &SqliteStorage, table: &str) -> i64 {
    let query = format!("SELECT count(*) FROM {table}");
    storage.connection().query_row(&query, [], |row| row.get(0)).unwrap()
}

#[test]
fn a_start_and_a_look_from_outside_take_from_the_log_what_no_table_says_yet() {
    let folder = Folder::new("unfiled");
    let all = history(300);
    let (mut storage, _) = SqliteStorage::open(folder.path(), START).unwrap();
    commit(&mut storage, &all[..200]);
    for _ in 0..5 {
        storage.file().unwrap();
    }
    commit(&mut storage, &all[200..]);
    assert_eq!(storage.unfiled(), 300 - 5 * 16, "some are filed, and most are not");
    let expected = reference::recovered(&all);
    assert_eq!(crate::inspect(folder.path()).unwrap().unwrap(), expected);
    drop(storage);
    let (mut storage, recovered) = SqliteStorage::open(folder.path(), START).unwrap();
    assert_eq!((recovered, storage.unfiled()), (expected.clone(), 300 - 5 * 16));
    while storage.unfiled() > 0 {
        storage.file().unwrap();
    }
    drop(storage);
    let (storage, recovered) = SqliteStorage::open(folder.path(), START).unwrap();
    assert_eq!((recovered, storage.unfiled()), (expected, 0));
}

#[test]
fn a_log_from_which_everything_was_removed_goes_on_where_it_was() {
    let folder = Folder::new("emptied");
    let remembered = |n| Step { order: 0, says: Says::Remembered(Some(n)) };
    let all: Vec<_> = (0..40).map(remembered).collect();
    let (mut storage, _) = SqliteStorage::open(folder.path(), START).unwrap();
    commit(&mut storage, &steps::records(0, &all));
    let much_later = START + Duration::from_secs(86_400);
    while storage.compact(much_later).unwrap().has_more {}
    assert_eq!(count(&storage, "events"), 1, "the last that is filed stays");
    // What comes now must not take the numbers of what is gone: it would count as filed.
    commit(&mut storage, &steps::records(41, &[remembered(41)]));
    drop(storage);
    let (storage, recovered) = SqliteStorage::open(folder.path(), START).unwrap();
    assert_eq!(storage.unfiled(), 1);
    let [value] =
        recovered.stores.values().flat_map(|store| store.values()).collect::<Vec<_>>()[..]
    else {
        panic!("{:?}", recovered.stores)
    };
    assert_eq!(value, "41");
}

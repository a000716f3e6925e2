//! What is durable, and in no table yet.

use std::time::Duration;

use rusqlite::Connection;
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
    let mut group = [Append { id: AppendId(1), records: records.to_vec() }];
    storage.commit(&mut group, SyncMode::Normal).unwrap();
}

/// The log without its numbers: when, what, of which order, and all of it.
fn log(connection: &Connection) -> Vec<[Option<String>; 4]> {
    let query = "SELECT at, kind, client_order_id, record FROM log";
    let mut statement = connection.prepare(query).unwrap();
    let rows =
        statement.query_map([], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?]));
    rows.unwrap().map(Result::unwrap).collect()
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
    assert_eq!(count(&storage, "events"), 0);
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

#[test]
fn the_log_says_the_same_of_a_record_whether_it_is_filed_or_not() {
    let folder = Folder::new("log");
    let (mut storage, _) = SqliteStorage::open(folder.path(), START).unwrap();
    let all = steps::records(0, &steps::one_of_each());
    commit(&mut storage, &all);
    let before = log(storage.connection());
    assert_eq!((before.len(), count(&storage, "events")), (all.len(), 0));
    while storage.unfiled() > 0 {
        storage.file().unwrap();
    }
    assert_eq!(log(storage.connection()), before);
    assert_eq!(count(&storage, "fresh"), 0);
}

#[test]
fn a_file_of_the_version_before_goes_on_where_its_tables_were() {
    let folder = Folder::new("older");
    let all = history(30);
    let (mut storage, _) = SqliteStorage::open(folder.path(), START).unwrap();
    commit(&mut storage, &all);
    while storage.unfiled() > 0 {
        storage.file().unwrap();
    }
    let expected = reference::recovered(&all);
    // As version 2 left it when it was killed: everything in the log, and the last in no table.
    // What the tables say of it already changes nothing when it is filed again.
    storage
        .connection()
        .execute_batch(
            "DROP VIEW log; DROP TABLE fresh; PRAGMA user_version = 2;
             CREATE VIEW log AS SELECT * FROM events;
             INSERT INTO meta (name, value) SELECT 'filed', max(seq) - 9 FROM events;",
        )
        .unwrap();
    drop(storage);
    let (mut storage, recovered) = SqliteStorage::open(folder.path(), START).unwrap();
    assert_eq!((recovered, storage.unfiled()), (expected.clone(), 9));
    while storage.unfiled() > 0 {
        storage.file().unwrap();
    }
    assert_eq!(count(&storage, "events"), 30);
    drop(storage);
    let (storage, recovered) = SqliteStorage::open(folder.path(), START).unwrap();
    assert_eq!((recovered, storage.unfiled()), (expected, 0));
}

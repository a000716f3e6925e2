//! A storage that fails while it is in use.

use std::collections::BTreeMap;
use std::fs;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tradewind_engine::journal::{
    Answer, Append, AppendId, FaultKind, Record, Recovered, StorageFault,
};
use tradewind_model::id::ClientOrderId;
use tradewind_model::time::Timestamp;

use super::steps::{self, Says, Step};
use super::support::{Desk, Folder, START, telling};
use crate::inbox::WAITING_MAX;
use crate::memory::Remains;
use crate::sqlite::SqliteStorage;
use crate::storage::{Committed, Compacted, Filed, Storage};
use crate::{AppendError, DiskJournal, Journal, SyncMode};

/// What is to go wrong with a storage, and the lock that each commit takes.
#[derive(Debug, Default)]
pub(super) struct Faults(Mutex<Plan>);

#[derive(Debug, Default)]
struct Plan {
    commits: u64,
    /// What each commit was to survive.
    syncs: Vec<SyncMode>,
    faults: BTreeMap<u64, (FaultKind, Remains)>,
}

impl Faults {
    pub(super) fn fail_commit(&self, nth: u64, kind: FaultKind, remains: Remains) {
        let mut plan = self.plan();
        let number = plan.commits + nth;
        plan.faults.insert(number, (kind, remains));
    }

    /// Does something while no commit is under way.
    pub(super) fn between_commits<T>(&self, work: impl FnOnce() -> T) -> T {
        let _plan = self.plan();
        work()
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The real storage, with faults.
struct Faulty {
    inner: SqliteStorage,
    faults: Arc<Faults>,
}

impl Storage for Faulty {
    fn commit(&mut self, group: &[Append], sync: SyncMode) -> Result<Committed, StorageFault> {
        let mut plan = self.faults.plan();
        plan.commits += 1;
        plan.syncs.push(sync);
        let number = plan.commits;
        let Some((kind, remains)) = plan.faults.remove(&number) else {
            return self.inner.commit(group, sync);
        };
        if remains == Remains::Everything {
            self.inner.commit(group, sync)?;
        }
        Err(StorageFault { kind, message: "as asked for".to_owned() })
    }

    fn reopen(&mut self) -> Result<(), StorageFault> {
        self.inner.reopen()
    }

    fn check(&mut self) -> Result<(), StorageFault> {
        self.inner.check()
    }

    fn file(&mut self) -> Result<Filed, StorageFault> {
        self.inner.file()
    }

    fn unfiled(&self) -> usize {
        self.inner.unfiled()
    }

    fn compact(&mut self, before: Timestamp) -> Result<Compacted, StorageFault> {
        self.inner.compact(before)
    }
}

/// Opens the journal of a folder over a storage that can be told to fail.
pub(super) fn faulty(folder: &Folder) -> (Desk, Arc<Faults>, Recovered) {
    let (inner, recovered) = SqliteStorage::open(folder.path(), START).unwrap();
    let faults = Arc::new(Faults::default());
    let storage = Box::new(Faulty { inner, faults: Arc::clone(&faults) });
    let (tell, answers) = telling();
    let journal = DiskJournal::start(storage, SyncMode::Normal, tell).unwrap();
    (Desk::of(journal, answers), faults, recovered)
}

fn intents(count: u32) -> Vec<Record> {
    let steps: Vec<_> = (0..count).map(|order| Step { order, says: Says::Intent(1) }).collect();
    steps::records(0, &steps)
}

/// The failure that comes next, with all that it says.
fn failure(desk: &Desk) -> StorageFault {
    match desk.answer() {
        Answer::Failed(fault) => fault,
        other => panic!("a failure was expected, and {other:?} came"),
    }
}

/// Writes until the failure is said; that may be before the records are answered, or after.
fn noticed(desk: &mut Desk, records: &[Record]) -> StorageFault {
    let id = desk.append(records);
    match desk.answer() {
        Answer::Failed(fault) => {
            assert_eq!(desk.answer(), Answer::Refused(id, fault.clone()));
            fault
        }
        answer => {
            assert_eq!(answer, Answer::Durable(id));
            failure(desk)
        }
    }
}

#[test]
fn a_decision_waits_for_the_disk_and_what_comes_after_it_does_not() {
    let folder = Folder::new("sync");
    let (mut desk, faults, _) = faulty(&folder);
    let step = |order, says| steps::records(0, &[Step { order, says }]);
    desk.write(&step(0, Says::Intent(1)));
    desk.write(&step(0, Says::Trading(2)));
    desk.write(&step(0, Says::Ended(2)));
    desk.write(&step(0, Says::Ended(5)));
    let syncs = faults.plan().syncs.clone();
    assert_eq!(syncs, [SyncMode::Normal, SyncMode::Full, SyncMode::Full, SyncMode::Normal]);
}

#[test]
fn a_commit_that_is_to_survive_a_loss_of_power_is_synced() {
    let folder = Folder::new("pragma");
    let (mut storage, _) = SqliteStorage::open(folder.path(), START).unwrap();
    let group = [Append { id: AppendId(1), records: intents(1) }];
    // SQLite's numbers: 1 is NORMAL, 2 is FULL.
    for (sync, number) in [(SyncMode::Normal, 1), (SyncMode::Full, 2), (SyncMode::Normal, 1)] {
        storage.commit(&group, sync).unwrap();
        let set = |row: &rusqlite::Row<'_>| row.get::<_, i64>(0);
        let found = storage.connection().query_row("PRAGMA synchronous", [], set).unwrap();
        assert_eq!(found, number);
    }
}

#[test]
fn a_full_database_fails_with_the_name_of_the_file_and_goes_on_when_there_is_room() {
    let folder = Folder::new("quota");
    let (storage, _) = SqliteStorage::open(folder.path(), START).unwrap();
    storage.connection().pragma_update(None, "max_page_count", 60).unwrap();
    let (tell, answers) = telling();
    let journal = DiskJournal::start(Box::new(storage), SyncMode::Normal, tell).unwrap();
    let mut desk = Desk::of(journal, answers);
    let records = intents(2_000);
    let mut durable = 0;
    let fault = loop {
        let id = desk.append(&records[durable..durable + 10]);
        match desk.answer() {
            Answer::Durable(_) => durable += 10,
            Answer::Failed(fault) => {
                assert_eq!(desk.answer(), Answer::Refused(id, fault.clone()));
                break fault;
            }
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(fault.kind, FaultKind::NoSpace);
    assert!(fault.message.contains("journal.db") && fault.message.contains("make room"));
    // What opens it again sets no limit.
    desk.journal.retry();
    assert_eq!(desk.answer(), Answer::Restored);
    desk.write(&records[durable..]);
    drop(desk);
    let (_, recovered) = Desk::open(&folder).unwrap();
    assert_eq!(recovered, super::reference::recovered(&records));
}

#[test]
fn a_file_that_is_deleted_or_replaced_while_it_is_open_is_noticed() {
    for name in ["journal.db", "journal.db-wal"] {
        for is_replaced in [false, true] {
            let folder = Folder::new("gone");
            let (mut desk, _) = Desk::open(&folder).unwrap();
            let records = intents(20);
            desk.write(&records[..10]);
            let file = folder.file(name);
            if is_replaced {
                let bytes = fs::read(&file).unwrap();
                fs::remove_file(&file).unwrap();
                fs::write(&file, bytes).unwrap();
            } else {
                fs::remove_file(&file).unwrap();
            }
            let fault = noticed(&mut desk, &records[10..15]);
            assert_eq!(fault.kind, FaultKind::Missing);
            assert!(fault.message.contains(name), "{fault}");
            let id = desk.append(&records[15..]);
            assert_eq!(desk.answer(), Answer::Refused(id, fault));
        }
    }
}

#[test]
fn a_log_that_was_deleted_while_it_was_open_costs_nothing_once_the_journal_is_tried_again() {
    let folder = Folder::new("log");
    let (mut desk, _) = Desk::open(&folder).unwrap();
    let records = intents(20);
    desk.write(&records[..10]);
    fs::remove_file(folder.file("journal.db-wal")).unwrap();
    noticed(&mut desk, &records[10..15]);
    desk.journal.retry();
    assert_eq!(desk.answer(), Answer::Restored);
    desk.write(&records[15..]);
    drop(desk);
    let (_, recovered) = Desk::open(&folder).unwrap();
    let all: Vec<_> = records[..10].iter().chain(&records[15..]).cloned().collect();
    let kept = |name: &ClientOrderId| recovered.orders.contains_key(name);
    let names = |records: &[Record]| -> Vec<_> {
        records.iter().filter_map(|record| record.entry.client_order_id()).collect()
    };
    assert!(names(&all).iter().all(kept), "what was answered as durable is there");
}

#[test]
fn a_database_that_was_deleted_stays_an_error_when_it_is_tried_again() {
    let folder = Folder::new("deleted");
    let (mut desk, _) = Desk::open(&folder).unwrap();
    desk.write(&intents(1));
    fs::remove_file(folder.database()).unwrap();
    noticed(&mut desk, &intents(1));
    desk.journal.retry();
    assert_eq!(failure(&desk).kind, FaultKind::Missing);
    assert!(!folder.database().exists(), "nothing was made in its place");
}

#[test]
fn another_program_that_writes_is_waited_for_and_then_named() {
    let folder = Folder::new("locked");
    let (mut desk, _) = Desk::open(&folder).unwrap();
    let other = rusqlite::Connection::open(folder.database()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    desk.append(&intents(1));
    let fault = failure(&desk);
    assert_eq!(fault.kind, FaultKind::Locked);
    assert!(fault.message.contains("another program"), "{fault}");
    other.execute_batch("COMMIT").unwrap();
    assert!(matches!(desk.answer(), Answer::Refused(..)));
    desk.journal.retry();
    assert_eq!(desk.answer(), Answer::Restored);
    desk.write(&intents(1));
}

#[test]
fn past_half_of_the_inbox_new_risk_is_turned_away_and_what_has_happened_is_not() {
    let folder = Folder::new("full");
    let (desk, faults, _) = faulty(&folder);
    let (intents, news) = (intents(256), {
        let steps: Vec<_> = (0..256).map(|order| Step { order, says: Says::Sent }).collect();
        steps::records(0, &steps)
    });
    faults.between_commits(|| {
        let append = |records: &[_]| {
            desk.journal.append(Append { id: AppendId(1), records: records.to_vec() })
        };
        let mut taken = 0;
        while append(&intents).is_ok() {
            taken += 1;
        }
        // One group may be on its way already.
        assert!((WAITING_MAX / 512..=WAITING_MAX / 512 + 1).contains(&taken), "{taken}");
        assert!(matches!(append(&intents), Err(AppendError::Full(_))));
        while append(&news).is_ok() {
            taken += 1;
        }
        assert!((WAITING_MAX / 256..=WAITING_MAX / 256 + 1).contains(&taken), "{taken}");
    });
    // What has happened could not be kept: that is a gap, and no retry closes it.
    let fault = loop {
        if let Answer::Failed(fault) = desk.answer() {
            break fault;
        }
    };
    assert_eq!(fault.kind, FaultKind::Gap);
    desk.journal.retry();
    let again = loop {
        match desk.answer() {
            Answer::Failed(fault) => break fault,
            Answer::Refused(_, fault) => assert_eq!(fault.kind, FaultKind::Gap),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(again, fault);
}

#[test]
fn a_journal_that_is_closed_gives_back_what_it_does_not_take() {
    let folder = Folder::new("closed");
    let (mut desk, _) = Desk::open(&folder).unwrap();
    desk.write(&intents(3));
    let before = desk.journal.health();
    assert_eq!((before.records, before.groups, before.waiting), (3, 1, 0));
    desk.journal.close().unwrap();
    assert!(!folder.file("journal.db-wal").exists(), "all of it is in one file");
}

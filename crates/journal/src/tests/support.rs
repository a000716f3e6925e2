//! Folders that go away by themselves, and journals whose answers can be waited for.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use tradewind_engine::journal::{Answer, Append, AppendId, Record, Recovered};
use tradewind_model::time::Timestamp;

use crate::disk::Tell;
use crate::{DiskJournal, Journal, OpenError, SyncMode};

pub(super) const START: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// Longer than anything takes on a busy machine: only a test that fails waits so long.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where folders are made: in memory where that can be done. What a process leaves behind when it
/// is killed is in memory too, whatever the disk, and a busy disk takes seconds to sync.
fn base() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() { memory } else { std::env::temp_dir() }
}

/// A folder of the test's own.
#[derive(Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new(name: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let process = std::process::id();
        let path = base().join(format!("tradewind-{name}-{process}-{number}"));
        std::fs::remove_dir_all(&path).ok();
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(super) fn database(&self) -> PathBuf {
        self.file("journal.db")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

/// An open journal, and its answers.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) journal: DiskJournal,
    answers: Receiver<Answer>,
    next: u64,
}

impl Desk {
    pub(super) fn open(folder: &Folder) -> Result<(Self, Recovered), OpenError> {
        let (tell, answers) = telling();
        let (journal, recovered) = DiskJournal::open(folder.path(), SyncMode::Normal, START, tell)?;
        Ok((Self { journal, answers, next: 0 }, recovered))
    }

    pub(super) fn of(journal: DiskJournal, answers: Receiver<Answer>) -> Self {
        Self { journal, answers, next: 0 }
    }

    /// Asks for records to be written; tells under which number.
    pub(super) fn append(&mut self, records: &[Record]) -> AppendId {
        self.next += 1;
        let id = AppendId(self.next);
        self.journal.append(Append { id, records: records.to_vec() }).unwrap();
        id
    }

    /// The next answer.
    pub(super) fn answer(&self) -> Answer {
        self.answers.recv_timeout(PATIENCE).expect("every append is answered")
    }

    /// Writes records and waits until they are durable.
    pub(super) fn write(&mut self, records: &[Record]) {
        let id = self.append(records);
        assert_eq!(self.answer(), Answer::Durable(id));
    }

    /// Writes records and waits until the tables say what they come to.
    pub(super) fn write_and_file(&mut self, records: &[Record]) {
        self.write(records);
        until_filed(&self.journal);
    }
}

/// Waits until nothing stands in the log alone.
pub(super) fn until_filed(journal: &dyn Journal) {
    while journal.health().unfiled > 0 {
        std::thread::yield_now();
    }
}

/// A way for answers.
pub(super) fn telling() -> (Tell, Receiver<Answer>) {
    let (sender, answers) = channel();
    (Box::new(move |answer| drop(sender.send(answer))), answers)
}

/// Copies what a process that is killed now would leave behind.
pub(super) fn copy_of(folder: &Folder) -> Folder {
    let copy = Folder::new("copy");
    // The database before its log: what is moved from one to the other meanwhile is in both.
    for name in ["journal.id", "journal.db", "journal.db-wal"] {
        if folder.file(name).exists() {
            std::fs::copy(folder.file(name), copy.file(name)).unwrap();
        }
    }
    copy
}

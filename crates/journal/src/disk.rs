//! The journal that is written to disk: a thread of its own around the database.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tradewind_engine::journal::{Answer, Append, FaultKind, Recovered, StorageFault};
use tradewind_model::time::Timestamp;

use crate::inbox::{Inbox, Patience};
use crate::journal::{AppendError, Health, Journal, SyncMode};
use crate::open_error::OpenError;
use crate::sqlite::SqliteStorage;
use crate::storage::Storage;
use crate::writer::Writer;

/// The least age of what is removed: until then late news of an order may come.
pub(crate) const COMPACTION_AGE_MIN: Duration = Duration::from_secs(86_400);

/// Where answers go. It is called on the journal's thread, between one group and the next, and
/// must not wait.
pub type Tell = Box<dyn FnMut(Answer) + Send>;

/// A journal in a folder. Dropping it writes what is left and closes it.
#[derive(Debug)]
pub struct DiskJournal {
    inbox: Arc<Inbox>,
    health: Arc<Mutex<Health>>,
    thread: Option<JoinHandle<Option<StorageFault>>>,
}

impl DiskJournal {
    /// Opens the journal in `folder`, or makes one there if there never was one, and gives what
    /// its records come to.
    ///
    /// # Errors
    /// When it cannot be opened, or not all of it can be read. Nothing has been changed then;
    /// whoever starts all the same must take no new risk.
    pub fn open(
        folder: &Path,
        sync: SyncMode,
        now: Timestamp,
        tell: Tell,
    ) -> Result<(Self, Recovered), OpenError> {
        let (storage, recovered) = SqliteStorage::open(folder, now)?;
        let journal = Self::start(Box::new(storage), sync, tell)
            .map_err(|source| OpenError::Io { path: folder.to_owned(), source: source.into() })?;
        Ok((journal, recovered))
    }

    pub(crate) fn start(
        storage: Box<dyn Storage>,
        sync: SyncMode,
        mut tell: Tell,
    ) -> std::io::Result<Self> {
        let inbox = Arc::new(Inbox::default());
        let health = Arc::new(Mutex::new(Health::default()));
        let mut writer = Writer::new(storage, sync, Arc::clone(&health));
        let own = CloseAtEnd(Arc::clone(&inbox));
        let thread = std::thread::Builder::new().name("journal".to_owned()).spawn(move || {
            let (mut group, mut has_paused) = (Vec::new(), false);
            loop {
                // What can wait is begun in a pause, and left as soon as somebody comes.
                let patience = match writer.is_busy() {
                    false => Patience::Wait,
                    true if has_paused => Patience::Return,
                    true => Patience::Pause,
                };
                let Some(errands) = own.0.take(&mut group, patience) else {
                    return writer.end(&mut tell);
                };
                has_paused = group.is_empty();
                writer.turn(errands, &mut group, &mut tell);
            }
        })?;
        Ok(Self { inbox, health, thread: Some(thread) })
    }

    /// Writes what is left and closes the journal.
    ///
    /// # Errors
    /// With what was wrong with the storage: records of the past may be missing then.
    pub fn close(mut self) -> Result<(), StorageFault> {
        self.end().map_or(Ok(()), Err)
    }

    fn end(&mut self) -> Option<StorageFault> {
        self.inbox.close();
        self.thread.take().and_then(|thread| thread.join().unwrap_or_else(|_| Some(died())))
    }
}

/// A panic of the journal's thread is a bug of ours, and printed as any panic.
fn died() -> StorageFault {
    let message = "the journal's thread has panicked; restart, and report what it printed";
    StorageFault { kind: FaultKind::Io, message: message.to_owned() }
}

impl Drop for DiskJournal {
    fn drop(&mut self) {
        self.end();
    }
}

impl Journal for DiskJournal {
    fn append(&self, append: Append) -> Result<(), AppendError> {
        self.inbox.push(append)
    }

    fn retry(&self) {
        self.inbox.ask(|errands| errands.retry = true);
    }

    fn compact(&self, now: Timestamp, age: Duration) {
        let before = now - age.max(COMPACTION_AGE_MIN);
        self.inbox.ask(|errands| errands.compact = Some(before));
    }

    fn health(&self) -> Health {
        let noted = self.health.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Health { waiting: self.inbox.waiting(), ..noted }
    }
}

/// Closes the inbox when the thread ends, however it ends: nobody waits for it then.
struct CloseAtEnd(Arc<Inbox>);

impl Drop for CloseAtEnd {
    fn drop(&mut self) {
        self.0.close();
    }
}

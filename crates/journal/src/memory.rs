//! A journal without a disk, for virtual worlds.
//!
//! It has the inbox and the writer of the real one and differs in what lies under them, so that
//! groups, refusals and what is kept after a failure are the same. Time passes in it when the
//! world says so: [`MemoryJournal::turn`] writes one group and gives the answers. What has not had
//! its turn when the journal is dropped is lost, as when a process is killed.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tradewind_engine::journal::{
    Answer, Append, Applied, FaultKind, Record, Recovered, StorageFault,
};
use tradewind_model::time::Timestamp;

use crate::disk::COMPACTION_AGE_MIN;
use crate::inbox::{Inbox, Patience};
use crate::journal::{AppendError, Health, Journal, SyncMode};
use crate::open_error::OpenError;
use crate::sqlite::CLOSED_MAX;
use crate::storage::{Committed, Compacted, Filed, Storage};
use crate::writer::Writer;

/// Records that are not safe from a loss of power at the most: then the checkpoint comes.
const UNSYNCED_MAX: usize = 512;

/// A disk of a virtual world: what is left when a process is killed. Its clones are the same disk.
#[derive(Clone, Debug, Default)]
pub struct MemoryDisk(Arc<Mutex<Contents>>);

#[derive(Debug, Default)]
struct Contents {
    /// What survives the death of the process.
    written: Recovered,
    /// What a loss of power would leave; none while nobody asks for that.
    power: Option<Power>,
    commits: u64,
    /// Commits that fail, by number.
    faults: BTreeMap<u64, (FaultKind, Remains)>,
    /// Why nothing can be written, until it is repaired.
    broken: Option<FaultKind>,
    is_held: bool,
}

/// What has reached the disk itself, and what came after that.
#[derive(Debug)]
struct Power {
    synced: Recovered,
    unsynced: Vec<Record>,
}

/// What is left of a commit that was said to have failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remains {
    /// Nothing.
    Nothing,
    /// All of it: the disk had it when the error came, and it is found at the next start.
    Everything,
}

impl MemoryDisk {
    /// An empty disk.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens the journal on it, and gives what its records come to.
    ///
    /// # Errors
    /// When another journal of this disk is open, or the disk is broken.
    pub fn open(&self, sync: SyncMode) -> Result<(MemoryJournal, Recovered), OpenError> {
        let mut contents = self.contents();
        if contents.is_held {
            let pid = Some(std::process::id());
            return Err(OpenError::Held { folder: place(), pid });
        }
        if let Some(kind) = contents.broken {
            return Err(broken(kind));
        }
        contents.is_held = true;
        let mut recovered = contents.written.clone();
        recovered.keep_closed(CLOSED_MAX);
        drop(contents);
        let health = Arc::new(Mutex::new(Health::default()));
        let storage = Box::new(MemoryStorage(self.clone()));
        let writer = Mutex::new(Writer::new(storage, sync, Arc::clone(&health)));
        let hold = Hold(self.clone());
        Ok((MemoryJournal { inbox: Inbox::default(), writer, health, _hold: hold }, recovered))
    }

    /// Lets a commit fail: 1 is the next one.
    pub fn fail_commit(&self, nth: u64, kind: FaultKind, remains: Remains) {
        let mut contents = self.contents();
        let number = contents.commits + nth;
        contents.faults.insert(number, (kind, remains));
    }

    /// Lets every commit and opening fail, until it is repaired.
    pub fn damage(&self, kind: FaultKind) {
        self.contents().broken = Some(kind);
    }

    /// Ends all faults that were asked for.
    pub fn repair(&self) {
        let mut contents = self.contents();
        contents.broken = None;
        contents.faults.clear();
    }

    /// Brings what is written to the disk itself, as the system does after a while. From the first
    /// time on, what comes later is kept apart, which costs as much again.
    pub fn sync(&self) {
        let mut contents = self.contents();
        let synced = contents.written.clone();
        contents.power = Some(Power { synced, unsynced: Vec::new() });
    }

    /// Loses what had not reached the disk itself: nothing, when it was never asked to
    /// [`sync`](Self::sync). The journal on it must have been dropped.
    pub fn lose_power(&self) {
        let mut contents = self.contents();
        let Some(power) = &mut contents.power else { return };
        power.unsynced.clear();
        contents.written = power.synced.clone();
    }

    fn contents(&self) -> MutexGuard<'_, Contents> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Contents {
    fn write(&mut self, group: &[Append], sync: SyncMode) -> Committed {
        let mut committed = Committed::default();
        for record in group.iter().flat_map(|append| &append.records) {
            committed.strays += u64::from(self.written.apply(record) == Applied::Stray);
            committed.records += 1;
            if let Some(power) = &mut self.power {
                power.unsynced.push(record.clone());
            }
        }
        if let Some(power) = &mut self.power
            && (sync == SyncMode::Full || power.unsynced.len() >= UNSYNCED_MAX)
        {
            for record in power.unsynced.drain(..) {
                power.synced.apply(&record);
            }
        }
        // A long day has many orders; what is over for long is forgotten here.
        if self.written.closed.len() > 2 * CLOSED_MAX {
            self.written.keep_closed(CLOSED_MAX);
            if let Some(power) = &mut self.power {
                power.synced.keep_closed(CLOSED_MAX);
            }
        }
        committed
    }
}

/// The journal on a [`MemoryDisk`].
pub struct MemoryJournal {
    inbox: Inbox,
    writer: Mutex<Writer>,
    health: Arc<Mutex<Health>>,
    _hold: Hold,
}

impl MemoryJournal {
    /// Writes one group of what waits, and gives the answers to it, in order.
    pub fn turn(&self) -> Vec<Answer> {
        let (mut group, mut answers) = (Vec::new(), Vec::new());
        if let Some(errands) = self.inbox.take(&mut group, Patience::Return) {
            let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
            writer.turn(errands, &mut group, &mut |answer| answers.push(answer));
        }
        answers
    }

    /// Whether a [`turn`](Self::turn) would do something.
    #[must_use]
    pub fn is_due(&self) -> bool {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        !self.inbox.is_idle() || writer.is_busy()
    }

    /// Writes all that waits and closes the journal; gives the answers.
    #[must_use]
    pub fn close(self) -> Vec<Answer> {
        let mut answers = Vec::new();
        while self.is_due() {
            answers.extend(self.turn());
        }
        answers
    }
}

impl Journal for MemoryJournal {
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

impl fmt::Debug for MemoryJournal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryJournal").field("health", &self.health()).finish_non_exhaustive()
    }
}

/// Keeps others from opening the same disk.
struct Hold(MemoryDisk);

impl Drop for Hold {
    fn drop(&mut self) {
        self.0.contents().is_held = false;
    }
}

struct MemoryStorage(MemoryDisk);

impl Storage for MemoryStorage {
    fn commit(&mut self, group: &[Append], sync: SyncMode) -> Result<Committed, StorageFault> {
        let mut contents = self.0.contents();
        contents.commits += 1;
        let number = contents.commits;
        let whole = contents.broken.map(|kind| (kind, Remains::Nothing));
        let Some((kind, remains)) = whole.or_else(|| contents.faults.remove(&number)) else {
            return Ok(contents.write(group, sync));
        };
        if remains == Remains::Everything {
            contents.write(group, sync);
        }
        Err(broken(kind).into())
    }

    fn reopen(&mut self) -> Result<(), StorageFault> {
        self.0.contents().broken.map_or(Ok(()), |kind| Err(broken(kind).into()))
    }

    fn check(&mut self) -> Result<(), StorageFault> {
        Ok(())
    }

    /// There are no tables.
    fn file(&mut self) -> Result<Filed, StorageFault> {
        Ok(Filed::default())
    }

    fn unfiled(&self) -> usize {
        0
    }

    /// There is no log of records, so none are removed.
    fn compact(&mut self, before: Timestamp) -> Result<Compacted, StorageFault> {
        let mut contents = self.0.contents();
        if let Some(power) = &mut contents.power {
            power.synced.compact(before);
        }
        let orders = u64::try_from(contents.written.compact(before).len()).unwrap_or(u64::MAX);
        Ok(Compacted { orders, ..Compacted::default() })
    }
}

fn place() -> PathBuf {
    PathBuf::from("memory")
}

/// The error that a real disk with this fault would give.
fn broken(kind: FaultKind) -> OpenError {
    let path = place();
    match kind {
        FaultKind::NoSpace => OpenError::NoSpace { path },
        FaultKind::ReadOnly => OpenError::NotWritable { path, source: "as asked for".into() },
        FaultKind::Locked => OpenError::Locked { path },
        FaultKind::Missing => OpenError::Missing { database: path.clone(), marker: path },
        FaultKind::Damaged => OpenError::Damaged { path, problem: "as asked for".to_owned() },
        FaultKind::Io | FaultKind::Busy | FaultKind::Gap => {
            OpenError::Io { path, source: "as asked for".into() }
        }
    }
}

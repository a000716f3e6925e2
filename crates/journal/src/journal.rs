//! The seam: what an engine's driver sees of a journal, whatever it is written on.

use std::time::Duration;

use tradewind_engine::journal::{Answer, Append, FaultKind, StorageFault};
use tradewind_model::time::Timestamp;

/// Something that makes records durable.
///
/// Nothing here waits: what is asked goes into a bounded inbox, and the answers come the way that
/// the journal was given when it was opened, one [`Answer`] for each append that was taken, in order.
pub trait Journal: Send + Sync {
    /// Asks for records to be made durable.
    ///
    /// # Errors
    /// When they were not taken; they come back, and no answer will.
    fn append(&self, append: Append) -> Result<(), AppendError>;

    /// After a failure: asks the storage to be opened again and, if that goes well, what had been
    /// kept to be written. The answer is `Restored` or another `Failed`.
    fn retry(&self);

    /// Asks for orders that are over for longer than `age`, a day at least, and their part of the
    /// log to be removed, a little at a time and when nothing else is to be done. What they traded
    /// stays counted. The answer is `Compacted`.
    fn compact(&self, now: Timestamp, age: Duration);

    /// How it stands.
    fn health(&self) -> Health;
}

/// Why records were not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// The storage is slower than what is asked of it. An order must not leave unwritten, so it is
    /// denied.
    #[error("the journal's inbox is full; wait for earlier records to be written")]
    Full(Append),
    /// The journal has been closed.
    #[error("the journal is closed; start again")]
    Closed(Append),
}

impl AppendError {
    /// The answer to records that were not taken.
    #[must_use]
    pub fn into_answer(self) -> Answer {
        let message = self.to_string();
        let (Self::Full(append) | Self::Closed(append)) = self;
        Answer::Refused(append.id, StorageFault { kind: FaultKind::Busy, message })
    }
}

/// How a journal stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// What is wrong with the storage; none when nothing is.
    pub fault: Option<StorageFault>,
    /// Records that wait to be written.
    pub waiting: usize,
    /// Records of the past that are kept until the storage works again.
    pub owed: usize,
    /// Records that are durable, and in the log alone so far.
    pub unfiled: usize,
    /// Records written.
    pub records: u64,
    /// Commits: records over commits is how many share one.
    pub groups: u64,
    /// Records that named an order which has no intent here. Each is an error of whoever made it.
    pub strays: u64,
}

/// What a commit survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum SyncMode {
    /// The process may be killed at any moment. A loss of power can cost the last moments; what
    /// was decided (a kill, a verdict) survives that too.
    #[default]
    Normal,
    /// A loss of power, for every record. Each commit waits for the disk.
    Full,
}

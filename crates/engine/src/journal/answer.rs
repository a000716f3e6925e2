//! What is asked of whoever holds the disk, and what comes back.

use super::entry::{Durability, Record};

/// The number of one append: what an answer says it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct AppendId(pub u64);

impl std::fmt::Display for AppendId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "append-{}", self.0)
    }
}

/// Records to be made durable together, all of them or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Append {
    /// Its number.
    pub id: AppendId,
    /// The records, in order.
    pub records: Vec<Record>,
}

impl Append {
    /// The strictest that its records ask for.
    #[must_use]
    pub fn durability(&self) -> Durability {
        let each = self.records.iter().map(|record| record.entry.durability());
        each.max().unwrap_or(Durability::Behind)
    }
}

/// What became of what was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// These records are durable. What waited for that may happen.
    Durable(AppendId),
    /// These are not, and nothing may rest on them. What they tell of the past is kept in memory
    /// and written first once the storage works again; an intent or a decision among them is
    /// dropped.
    Refused(AppendId, StorageFault),
    /// The storage has failed: said once, and everything is refused from here on until it is told
    /// to try again. No new risk may be taken.
    Failed(StorageFault),
    /// The storage works again, and what had been kept is durable.
    Restored,
    /// Old orders have been removed.
    Compacted {
        /// How many.
        orders: u64,
        /// How many records of the log.
        records: u64,
    },
}

/// What is wrong with the storage.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct StorageFault {
    /// What kind of thing.
    pub kind: FaultKind,
    /// Which file, what is wrong with it and the way out.
    pub message: String,
}

/// What can be wrong with a storage, by what an operator does about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FaultKind {
    /// The disk, or a quota, is full.
    NoSpace,
    /// It may not be written to.
    ReadOnly,
    /// Another program holds it.
    Locked,
    /// A file is gone, or not the one that was opened.
    Missing,
    /// What it holds cannot be right.
    Damaged,
    /// Reading or writing fails.
    Io,
    /// It is slower than what is asked of it. Nothing is wrong with what it holds.
    Busy,
    /// More has happened than could be kept while the storage was slow or failing. The log has a
    /// gap that only a restart closes, by asking the venue.
    Gap,
}

impl std::fmt::Display for FaultKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::NoSpace => "no space",
            Self::ReadOnly => "read-only",
            Self::Locked => "locked",
            Self::Missing => "missing",
            Self::Damaged => "damaged",
            Self::Io => "input or output",
            Self::Busy => "busy",
            Self::Gap => "gap",
        })
    }
}

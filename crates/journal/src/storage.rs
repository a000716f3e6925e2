//! What a group of records is written to.

use tradewind_engine::journal::{Append, StorageFault};
use tradewind_model::time::Timestamp;

use crate::journal::SyncMode;

/// Something that keeps records.
pub(crate) trait Storage: Send {
    /// Makes a group durable: all of it, or none.
    ///
    /// # Errors
    /// When it cannot; then nothing else is asked until [`reopen`](Self::reopen) went well.
    fn commit(&mut self, group: &[Append], sync: SyncMode) -> Result<Committed, StorageFault>;

    /// Lets go of everything and begins anew from what is durable.
    ///
    /// # Errors
    /// When that cannot be opened.
    fn reopen(&mut self) -> Result<(), StorageFault>;

    /// Does some of what can wait until whoever waits was answered.
    ///
    /// # Errors
    /// As for [`commit`](Self::commit).
    fn file(&mut self) -> Result<Filed, StorageFault>;

    /// Records for which [`file`](Self::file) is to be called yet.
    fn unfiled(&self) -> usize;

    /// Looks whether what is written to is still there; asked after each group.
    ///
    /// # Errors
    /// When it is not.
    fn check(&mut self) -> Result<(), StorageFault>;

    /// Removes a part of what ended before `before`.
    ///
    /// # Errors
    /// As for [`commit`](Self::commit).
    fn compact(&mut self, before: Timestamp) -> Result<Compacted, StorageFault>;
}

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Committed {
    pub(crate) records: u64,
    pub(crate) strays: u64,
}

/// What was filed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filed {
    /// Records of orders that nobody knows.
    pub(crate) strays: u64,
}

/// What was removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Compacted {
    pub(crate) orders: u64,
    pub(crate) records: u64,
    /// Whether there may be more.
    pub(crate) has_more: bool,
}

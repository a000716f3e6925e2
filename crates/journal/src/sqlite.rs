//! The journal's database.
//!
//! One transaction holds a group of records, in a single row of `fresh`. They move on to `events`,
//! and what they come to into the tables beside it, as soon as nobody waits (`filing`): those tables
//! are what an operator asks and what a start reads, with the last moments that are not in them
//! yet. What they hold is worked out by the engine's own fold, of which a mirror is kept here, so
//! that both say the same by construction.
//!
//! The file is in WAL mode: a commit appends to `journal.db-wal` and waits for no disk unless it
//! has to survive a loss of power. Moving that into the database is the checkpointer's, which has
//! a thread and a connection of its own; a commit never waits for it. SQLite's own locks are kept
//! short, so that any client may read while the bot runs.

mod checkpoint;
mod column;
mod compaction;
mod fault;
mod filing;
mod mirror;
mod open;
mod read;
mod schema;
mod watch;
mod write;

use std::path::Path;

use rusqlite::Connection;
use tradewind_engine::journal::{Append, Record, Recovered, StorageFault};
use tradewind_model::time::Timestamp;

use crate::folder::Folder;
use crate::journal::SyncMode;
use crate::open_error::OpenError;
use crate::storage::{Committed, Compacted, Filed, Storage};
use checkpoint::Checkpointer;
use compaction::Progress;
use fault::Fault;
use filing::{FILED_AT_ONCE, Unfiled};
use mirror::Mirror;
use watch::Watch;

pub(crate) use mirror::CLOSED_MAX;

/// What a database comes to at this moment, whoever writes to it.
pub(crate) fn inspect(database: &Path, marker: &Path) -> Result<Recovered, OpenError> {
    let connection = open::to_read(database, marker)?;
    let known = || {
        let mut mirror = Mirror::new(read::recovered(&connection)?);
        Unfiled::read(&connection)?.tell(&connection, &mut mirror)?;
        Ok(mirror.known)
    };
    known().map_err(|fault: Fault| fault.at_opening(database))
}

/// A database that is open for writing. The folder is let go of after everything in it.
pub(crate) struct SqliteStorage {
    /// None between a failure and the next opening.
    open: Option<Open>,
    folder: Folder,
}

/// What there is while it is open. The order of fields is the order of closing: the last
/// connection to close cleans up behind all.
struct Open {
    checkpointer: Checkpointer,
    watch: Watch,
    mirror: Mirror,
    unfiled: Unfiled,
    /// What the connection is set to.
    sync: SyncMode,
    progress: Option<Progress>,
    connection: Connection,
}

impl SqliteStorage {
    /// Opens the journal of a folder, or makes it.
    pub(crate) fn open(path: &Path, now: Timestamp) -> Result<(Self, Recovered), OpenError> {
        let folder = Folder::take(path)?;
        let connection = open::open_or_make(&folder, now)?;
        let open = Open::begin(&folder, connection)?;
        let recovered = open.recovered().map_err(|fault| fault.at_opening(&folder.database()))?;
        Ok((Self { open: Some(open), folder }, recovered))
    }

    /// The connection, for tests that set it up otherwise.
    #[cfg(test)]
    pub(crate) fn connection(&self) -> &Connection {
        &self.open.as_ref().unwrap().connection
    }
}

impl Storage for SqliteStorage {
    fn commit(&mut self, group: &mut [Append], sync: SyncMode) -> Result<Committed, StorageFault> {
        let database = self.folder.database();
        let open = self.open.as_mut().ok_or_else(|| fault::closed(&database))?;
        open.commit(group, sync).map_err(|fault| fault.of(&database))
    }

    fn reopen(&mut self) -> Result<(), StorageFault> {
        // The file may have been put right by hand, so nothing of the old connections may live.
        self.open = None;
        let connection = open::open(&self.folder)?;
        self.open = Some(Open::begin(&self.folder, connection)?);
        Ok(())
    }

    fn check(&mut self) -> Result<(), StorageFault> {
        let database = self.folder.database();
        let open = self.open.as_mut().ok_or_else(|| fault::closed(&database))?;
        open.watch.check()?;
        open.help_checkpointer().map_err(|fault| fault.of(&database))
    }

    fn file(&mut self) -> Result<Filed, StorageFault> {
        let database = self.folder.database();
        let open = self.open.as_mut().ok_or_else(|| fault::closed(&database))?;
        open.file_some().map_err(|fault| fault.of(&database))
    }

    fn unfiled(&self) -> usize {
        self.open.as_ref().map_or(0, |open| open.unfiled.len())
    }

    fn compact(&mut self, before: Timestamp) -> Result<Compacted, StorageFault> {
        let database = self.folder.database();
        let open = self.open.as_mut().ok_or_else(|| fault::closed(&database))?;
        open.compact(before).map_err(|fault| fault.of(&database))
    }
}

impl Open {
    fn begin(folder: &Folder, connection: Connection) -> Result<Self, OpenError> {
        let database = folder.database();
        let failed = |fault: Fault| fault.at_opening(&database);
        let known = read::recovered(&connection).map_err(failed)?;
        Ok(Self {
            checkpointer: Checkpointer::start(&database)?,
            watch: Watch::of(&database)?,
            mirror: Mirror::new(known),
            unfiled: Unfiled::read(&connection).map_err(failed)?,
            sync: SyncMode::Normal,
            progress: None,
            connection,
        })
    }

    /// What the tables and the log come to.
    fn recovered(&self) -> Result<Recovered, Fault> {
        let mut mirror = Mirror::new(self.mirror.known.clone());
        self.unfiled.tell(&self.connection, &mut mirror)?;
        Ok(mirror.known)
    }

    fn commit(&mut self, group: &mut [Append], sync: SyncMode) -> Result<Committed, Fault> {
        self.set_sync(sync)?;
        let records: Vec<&Record> = group.iter().flat_map(|append| &append.records).collect();
        let count = records.len();
        let mut places = Vec::with_capacity(count.div_ceil(FILED_AT_ONCE));
        self.transaction(|open| {
            for row in records.chunks(FILED_AT_ONCE) {
                places.push((write::fresh(&open.connection, row)?, row.len()));
            }
            Ok(())
        })?;
        let mut records = group.iter_mut().flat_map(|append| std::mem::take(&mut append.records));
        for (place, count) in places {
            self.unfiled.add(place, records.by_ref().take(count).collect());
        }
        let committed = Committed { records: count as u64, strays: 0 };
        self.checkpointer.written(committed.records);
        Ok(committed)
    }

    /// Sets how far a commit goes. It may not change inside a transaction.
    fn set_sync(&mut self, sync: SyncMode) -> Result<(), Fault> {
        if sync != self.sync {
            self.connection.execute_batch(open::synchronous(sync))?;
            self.sync = sync;
        }
        Ok(())
    }

    fn help_checkpointer(&mut self) -> Result<(), Fault> {
        if self.checkpointer.wants_help() {
            checkpoint::once(&self.connection)?;
        }
        self.checkpointer.check()
    }

    /// Does `work` whole or not at all.
    fn transaction(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        let done = work(self)
            .and_then(|()| Ok(self.connection.prepare_cached("COMMIT")?.execute([]).map(drop)?));
        if done.is_err() {
            // Where SQLite has rolled back by itself there is nothing left to roll back.
            self.connection.execute_batch("ROLLBACK").ok();
        }
        done
    }
}

//! Moves what was committed from the log into the database, out of the way of commits.
//!
//! It takes milliseconds and waits for the disk twice, so it is done by a thread with a connection
//! of its own: SQLite lets a passive checkpoint and a commit happen at once. When the log has been
//! moved entirely, the next commit begins it anew. Should commits come so fast that this never
//! happens, the writer does it itself once the log is large, which then takes a moment.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use rusqlite::{Connection, ErrorCode};

use super::fault::Fault;
use super::open;
use crate::open_error::OpenError;

/// Records between two checkpoints: at two pages each, a log of some four megabytes.
const EVERY: u64 = 512;
/// How often to go on with what came in meanwhile.
const ROUNDS: u32 = 3;
/// Pages of the log from which on the writer helps: 64 megabytes.
const LARGE: u64 = 16_384;
/// Records between two times that it does: somebody who reads for long keeps the log large.
const HELP_EVERY: u64 = 8_192;

/// The thread, and what is known of its work.
pub(super) struct Checkpointer {
    /// None when it is to end.
    wanted: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
    found: Arc<Found>,
    written: u64,
    written_since_help: u64,
}

#[derive(Default)]
struct Found {
    /// Pages in the log.
    log: AtomicU64,
    fault: Mutex<Option<Fault>>,
}

impl Checkpointer {
    /// Starts the thread.
    pub(super) fn start(database: &Path) -> Result<Self, OpenError> {
        let connection = open::connect(database).map_err(|fault| fault.at_opening(database))?;
        let (wanted, receiver) = sync_channel(1);
        let found = Arc::new(Found::default());
        let own = Arc::clone(&found);
        let thread = std::thread::Builder::new()
            .name("journal-checkpoint".to_owned())
            .spawn(move || work(&connection, &receiver, &own))
            .map_err(|error| OpenError::from_io(database, error))?;
        Ok(Self {
            wanted: Some(wanted),
            thread: Some(thread),
            found,
            written: 0,
            written_since_help: 0,
        })
    }

    /// So many records more are in the log.
    pub(super) fn written(&mut self, records: u64) {
        self.written += records;
        self.written_since_help += records;
        if self.written >= EVERY {
            self.written = 0;
            if let Some(wanted) = &self.wanted {
                // When there is one to be done already, it will see these too.
                wanted.try_send(()).ok();
            }
        }
    }

    /// Whether the writer should move the log itself, between two commits.
    pub(super) fn wants_help(&mut self) -> bool {
        let wants =
            self.found.log.load(Ordering::Relaxed) > LARGE && self.written_since_help >= HELP_EVERY;
        if wants {
            self.written_since_help = 0;
        }
        wants
    }

    /// Whether all went well so far.
    pub(super) fn check(&self) -> Result<(), Fault> {
        let mut fault = self.found.fault.lock().unwrap_or_else(PoisonError::into_inner);
        fault.take().map_or(Ok(()), Err)
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.wanted = None;
        if let Some(thread) = self.thread.take() {
            // A panic there is a bug and has been printed.
            thread.join().ok();
        }
    }
}

fn work(connection: &Connection, wanted: &Receiver<()>, found: &Found) {
    while wanted.recv().is_ok() {
        for _ in 0..ROUNDS {
            match once(connection) {
                Ok((log, moved)) => {
                    found.log.store(log, Ordering::Relaxed);
                    if moved >= log {
                        break;
                    }
                }
                Err(fault) => {
                    *found.fault.lock().unwrap_or_else(PoisonError::into_inner) = Some(fault);
                    break;
                }
            }
        }
    }
}

/// Moves what can be moved without waiting for anybody; gives the pages in the log, and how many
/// of them are in the database too.
pub(super) fn once(connection: &Connection) -> Result<(u64, u64), Fault> {
    let moved = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| {
        Ok((row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
    });
    match moved {
        // Negative when there is no log.
        Ok((log, moved)) => {
            Ok((u64::try_from(log).unwrap_or(0), u64::try_from(moved).unwrap_or(0)))
        }
        // Somebody else moves it at the moment.
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => Ok((0, 0)),
        Err(error) => Err(error.into()),
    }
}

//! Opening the database, or making it, and everything that can be wrong with it then.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension};
use tradewind_model::time::Timestamp;

use super::fault::Fault;
use super::schema::{self, APPLICATION_ID, STEPS};
use super::watch::log_of;
use crate::folder::Folder;
use crate::journal::SyncMode;
use crate::open_error::OpenError;

/// What every SQLite file begins with (sqlite.org/fileformat2.html, section 1.3).
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
/// What the log of one begins with, by the order of bytes in its checksums (section 4.1 there).
const LOG_MAGIC: [&[u8]; 2] = [&[0x37, 0x7f, 0x06, 0x82], &[0x37, 0x7f, 0x06, 0x83]];
/// How long to wait for another program to let go of its lock. A client that reads never holds
/// one for long; one that writes is a mistake.
const LOCK_PATIENCE: Duration = Duration::from_secs(2);
/// How many statements are kept prepared: all that there are.
const STATEMENTS: usize = 64;

/// Opens the journal of a folder; where there never was one, makes it.
pub(super) fn open_or_make(folder: &Folder, now: Timestamp) -> Result<Connection, OpenError> {
    let database = folder.database();
    let is_there = fs::exists(&database).map_err(|error| OpenError::from_io(&database, error))?;
    if is_there || folder.made_here()?.is_some() {
        return open(folder);
    }
    // A log without its database would be taken for the log of whatever is made in its place.
    let log = log_of(&database);
    if fs::metadata(&log).is_ok_and(|about| about.len() > 0) {
        return Err(OpenError::Missing { database, marker: log });
    }
    let unfinished = folder.unfinished()?;
    let id = format!("{:x}", now.as_nanos());
    make(&unfinished, &id, now).map_err(|fault| fault.at_opening(&unfinished))?;
    folder.finish(&unfinished)?;
    folder.mark(&id)?;
    open(folder)
}

fn make(path: &Path, id: &str, now: Timestamp) -> Result<(), Fault> {
    let connection = connect(path)?;
    connection.execute_batch("PRAGMA synchronous = FULL")?;
    schema::migrate(&connection, &STEPS)?;
    let meta = "INSERT INTO meta (name, value) VALUES ('id', ?1), ('created', ?2)";
    connection.execute(meta, [id, &now.to_string()])?;
    Ok(())
}

/// Opens the journal of a folder in which there was one.
pub(super) fn open(folder: &Folder) -> Result<Connection, OpenError> {
    let (database, marker) = (folder.database(), folder.marker());
    let made_here = folder.made_here()?;
    if let Some(problem) = wrong_with(&database)? {
        return Err(match problem {
            Problem::Missing => OpenError::Missing { database, marker },
            Problem::Other(problem) => OpenError::NotAJournal { path: database, problem, marker },
        });
    }
    let (connection, id) = prove(&database, &marker)?;
    match made_here {
        Some(expected) if expected != id => {
            Err(OpenError::Stranger { database, marker, expected, found: id })
        }
        Some(_) => Ok(connection),
        None => {
            // Its maker was stopped just before it could.
            folder.mark(&id)?;
            Ok(connection)
        }
    }
}

enum Problem {
    Missing,
    Other(String),
}

/// What can be seen to be wrong with a file from outside.
fn wrong_with(database: &Path) -> Result<Option<Problem>, OpenError> {
    let failed = |error| OpenError::from_io(database, error);
    if !fs::exists(database).map_err(failed)? {
        return Ok(Some(Problem::Missing));
    }
    let about = fs::metadata(database).map_err(failed)?;
    if !about.is_file() {
        return Ok(Some(Problem::Other("is not a file".to_owned())));
    }
    if about.len() == 0 {
        return Ok(Some(Problem::Other("is empty, which no journal is".to_owned())));
    }
    let mut head = Vec::new();
    File::open(database).and_then(|file| file.take(18).read_to_end(&mut head)).map_err(failed)?;
    let Some((magic, [high, low])) = head.split_first_chunk::<16>() else {
        return Ok(Some(Problem::Other("is cut off in its first line".to_owned())));
    };
    if magic != MAGIC {
        return Ok(Some(Problem::Other("is not an SQLite database".to_owned())));
    }
    let log = log_of(database);
    wrong_with_log(&log)?;
    // A part of a page is what a checkpoint leaves that was killed. Then the page is in the log.
    let page = u64::from(u16::from_be_bytes([*high, *low])).max(512);
    let has_log = fs::metadata(&log).is_ok_and(|about| about.len() > 0);
    if !about.len().is_multiple_of(page) && !has_log {
        return Ok(Some(Problem::Other("is cut off in the middle of a page".to_owned())));
    }
    Ok(None)
}

/// SQLite takes a log that does not begin as one for an empty one, and would go on without all
/// that it held.
fn wrong_with_log(log: &Path) -> Result<(), OpenError> {
    let mut head = Vec::new();
    match File::open(log).and_then(|file| file.take(4).read_to_end(&mut head)) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(OpenError::from_io(log, error)),
        Ok(_) => {}
    }
    // Fewer bytes than that are the first write of a log, torn before it held anything.
    if head.len() < 4 || LOG_MAGIC.contains(&head.as_slice()) {
        return Ok(());
    }
    let problem = "it does not begin as the log of a database".to_owned();
    Err(OpenError::Damaged { path: log.to_owned(), problem })
}

/// Connects to a file that should be a journal, makes sure that it is one and that all of it can
/// be read, and gives its name.
fn prove(database: &Path, marker: &Path) -> Result<(Connection, String), OpenError> {
    let failed = |fault: Fault| fault.at_opening(database);
    let connection = connect(database).map_err(failed)?;
    recognize(&connection, database, marker)?;
    check(&connection).map_err(failed)?;
    schema::migrate(&connection, &STEPS).map_err(failed)?;
    configure(&connection).map_err(failed)?;
    let id = name_of(&connection).map_err(failed)?;
    Ok((connection, id))
}

/// A connection that sees one moment of a journal and changes nothing.
pub(super) fn to_read(database: &Path, marker: &Path) -> Result<Connection, OpenError> {
    let failed = |fault: Fault| fault.at_opening(database);
    if let Some(Problem::Other(problem)) = wrong_with(database)? {
        let (path, marker) = (database.to_owned(), marker.to_owned());
        return Err(OpenError::NotAJournal { path, problem, marker });
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(database, flags).map_err(Fault::from);
    let connection = connection.map_err(failed)?;
    connection.busy_timeout(LOCK_PATIENCE).map_err(|error| failed(error.into()))?;
    recognize(&connection, database, marker)?;
    let found = schema::version(&connection).map_err(failed)?;
    let known = schema::version_after(&STEPS);
    if found < known {
        let source = format!("it is of version {found}; a start brings it to {known}").into();
        return Err(OpenError::Io { path: database.to_owned(), source });
    }
    // All that is read from here on is of one moment.
    connection.execute_batch("BEGIN").map_err(|error| failed(error.into()))?;
    Ok(connection)
}

/// Makes sure that a file is a journal, and of a version that is known.
fn recognize(connection: &Connection, database: &Path, marker: &Path) -> Result<(), OpenError> {
    let failed = |fault: Fault| fault.at_opening(database);
    let application: i64 = connection
        .query_row("PRAGMA application_id", [], |row| row.get(0))
        .map_err(|error| failed(error.into()))?;
    if application != APPLICATION_ID {
        return Err(OpenError::NotAJournal {
            path: database.to_owned(),
            problem: "is the database of another program".to_owned(),
            marker: marker.to_owned(),
        });
    }
    let (found, known) =
        (schema::version(connection).map_err(failed)?, schema::version_after(&STEPS));
    if found > known {
        return Err(OpenError::Newer { path: database.to_owned(), found, known });
    }
    Ok(())
}

/// Which journal a file is.
fn name_of(connection: &Connection) -> Result<String, Fault> {
    let id = connection.query_row("SELECT value FROM meta WHERE name = 'id'", [], |row| row.get(0));
    id.optional()?.ok_or_else(|| Fault::Damage("table meta does not name the journal".to_owned()))
}

/// Connects to a file that exists. Nothing is created: a file that is missing is an error.
pub(super) fn connect(path: &Path) -> Result<Connection, Fault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(LOCK_PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

/// Reads every page. A journal with a part that cannot be read is not opened: the part could be
/// the order that is not asked about.
fn check(connection: &Connection) -> Result<(), Fault> {
    let found: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if found == "ok" { Ok(()) } else { Err(Fault::Damage(found)) }
}

/// How a connection that writes is set up.
fn configure(connection: &Connection) -> Result<(), Fault> {
    let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if mode != "wal" {
        return Err(Fault::Damage(format!("it cannot be put into WAL mode, only into {mode}")));
    }
    connection.execute_batch(synchronous(SyncMode::Normal))?;
    // Checkpoints are the checkpointer's; the cache holds the ends of the tables, where all
    // writing happens, many times over.
    connection.execute_batch(
        "PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY;",
    )?;
    Ok(())
}

/// What sets how far a commit goes.
pub(super) const fn synchronous(sync: SyncMode) -> &'static str {
    match sync {
        SyncMode::Normal => "PRAGMA synchronous = NORMAL",
        SyncMode::Full => "PRAGMA synchronous = FULL",
    }
}

//! The folder of a journal: who may write in it, and whether there was a journal before.
//!
//! ```text
//! journal.db      the database, with journal.db-wal and journal.db-shm while it is open
//! journal.id      says that there is a journal here, and which one
//! journal.lock    held by the process that writes, whose number it contains
//! ```
//!
//! The database is made under another name and gets its own when it is complete, and only then is
//! `journal.id` written. So a file that is there was whole once, and what is missing was there
//! once: neither is ever taken for a first start.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::open_error::OpenError;

const DATABASE: &str = "journal.db";
const UNFINISHED: &str = "journal.db.new";
const MARKER: &str = "journal.id";
const LOCK: &str = "journal.lock";
/// How often more it is tried to take a folder that somebody holds, and after how long each time:
/// longer than it takes a child to start, and not long enough to keep an operator waiting.
const TRIES: u32 = 20;
const BETWEEN_TRIES: Duration = Duration::from_millis(10);
/// What the first line of the marker begins with.
const TITLE: &str = "tradewind journal ";

/// A folder that this process alone writes in, for as long as this lives.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    /// Locked by the system, which lets go of it when the process ends, however it ends.
    _lock: File,
}

impl Folder {
    /// Takes a folder, and makes it if it is missing.
    ///
    /// A lock that is about to be let go of is waited for: one whose holder is ending, and one that
    /// a child of this process has a copy of until it has become another program.
    pub(crate) fn take(path: &Path) -> Result<Self, OpenError> {
        make(path).map_err(|source| OpenError::from_io(path, source))?;
        let file = path.join(LOCK);
        let mut tries = 0;
        loop {
            match lock(&file).map_err(|source| OpenError::from_io(&file, source))? {
                Ok(lock) => return Ok(Self { path: path.to_owned(), _lock: lock }),
                Err(pid) if tries == TRIES => {
                    return Err(OpenError::Held { folder: path.to_owned(), pid });
                }
                Err(_) => tries += 1,
            }
            std::thread::sleep(BETWEEN_TRIES);
        }
    }

    pub(crate) fn database(&self) -> PathBuf {
        database(&self.path)
    }

    pub(crate) fn marker(&self) -> PathBuf {
        marker(&self.path)
    }

    /// The journal that was made here; none when none was.
    pub(crate) fn made_here(&self) -> Result<Option<String>, OpenError> {
        let marker = self.marker();
        let text = match fs::read_to_string(&marker) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(OpenError::from_io(&marker, error)),
        };
        let id = text.lines().next().and_then(|line| line.strip_prefix(TITLE));
        // Whatever it says, there was a journal.
        Ok(Some(id.unwrap_or("one whose name cannot be read").to_owned()))
    }

    /// An empty file to make a database in; what an earlier life left unfinished goes.
    pub(crate) fn unfinished(&self) -> Result<PathBuf, OpenError> {
        let path = self.path.join(UNFINISHED);
        let begin = || {
            for end in ["", "-journal", "-wal", "-shm"] {
                match fs::remove_file(self.path.join(format!("{UNFINISHED}{end}"))) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    Ok(()) | Err(_) => {}
                }
            }
            private(OpenOptions::new().write(true).create_new(true)).open(&path)
        };
        begin().map_err(|source| OpenError::from_io(&path, source))?;
        Ok(path)
    }

    /// Gives a database that is complete its name.
    pub(crate) fn finish(&self, unfinished: &Path) -> Result<(), OpenError> {
        let finish = || {
            File::open(unfinished)?.sync_all()?;
            fs::rename(unfinished, self.database())?;
            File::open(&self.path)?.sync_all()
        };
        finish().map_err(|source| OpenError::from_io(&self.database(), source))
    }

    /// Notes that there is a journal here.
    pub(crate) fn mark(&self, id: &str) -> Result<(), OpenError> {
        let (marker, new) = (self.marker(), self.path.join(format!("{MARKER}.new")));
        let mark = || {
            let mut file =
                private(OpenOptions::new().write(true).create(true).truncate(true)).open(&new)?;
            writeln!(file, "{TITLE}{id}")?;
            writeln!(
                file,
                "Its records are in {DATABASE}. While this file is here, a missing {DATABASE} is \
                 an error and never a first start."
            )?;
            file.sync_all()?;
            fs::rename(&new, &marker)?;
            File::open(&self.path)?.sync_all()
        };
        mark().map_err(|source| OpenError::from_io(&marker, source))
    }
}

/// The database of a folder.
pub(crate) fn database(folder: &Path) -> PathBuf {
    folder.join(DATABASE)
}

/// What says that there is a journal in a folder.
pub(crate) fn marker(folder: &Path) -> PathBuf {
    folder.join(MARKER)
}

/// Makes the folder, for this user alone.
fn make(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Opens a file for this user alone.
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// The lock; or, when another process has it, that process.
fn lock(path: &Path) -> io::Result<Result<File, Option<u32>>> {
    let mut file = private(OpenOptions::new().read(true).write(true).create(true).truncate(false))
        .open(path)?;
    match file.try_lock() {
        Ok(()) => {
            let holder = format!("{}\n", std::process::id());
            file.write_all(holder.as_bytes())?;
            // An earlier holder's number may have been longer.
            file.set_len(holder.len() as u64)?;
            Ok(Ok(file))
        }
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            // Whoever holds it may be about to write its number.
            file.read_to_string(&mut text).ok();
            Ok(Err(text.trim().parse().ok()))
        }
        Err(TryLockError::Error(error)) => Err(error),
    }
}

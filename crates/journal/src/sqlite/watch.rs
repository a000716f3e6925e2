//! Whether the files that are written to are still the ones with these names.
//!
//! A file that is deleted or replaced while it is open takes every write without complaint, and
//! all of them are lost. So the names are looked at after each group.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tradewind_engine::journal::{FaultKind, StorageFault};

use crate::open_error::OpenError;

/// The database and its log, and which files they were when they were opened.
#[derive(Debug)]
pub(super) struct Watch {
    files: [(PathBuf, Identity); 2],
}

/// What stays the same of a file for as long as it exists: its device and its number there.
type Identity = (u64, u64);

impl Watch {
    /// Watches an open database.
    pub(super) fn of(database: &Path) -> Result<Self, OpenError> {
        let known = |path: PathBuf| match identity(&path) {
            Ok(identity) => Ok((path, identity)),
            Err(error) => Err(OpenError::from_io(&path, error)),
        };
        Ok(Self { files: [known(database.to_owned())?, known(log_of(database))?] })
    }

    /// Looks at the names.
    pub(super) fn check(&self) -> Result<(), StorageFault> {
        for (path, known) in &self.files {
            let found = identity(path);
            if found.as_ref().ok() != Some(known) {
                return Err(gone(path, found.err()));
            }
        }
        Ok(())
    }
}

fn gone(path: &Path, error: Option<io::Error>) -> StorageFault {
    let how = match error {
        None => "was replaced while it was open".to_owned(),
        Some(error) if error.kind() == io::ErrorKind::NotFound => {
            "was deleted or moved while it was open".to_owned()
        }
        Some(error) => format!("cannot be found any more ({error})"),
    };
    let message = format!(
        "{} {how}, and what is written since may be lost; put it back, then try the journal again",
        path.display()
    );
    StorageFault { kind: FaultKind::Missing, message }
}

/// Where SQLite appends what is not in the database yet.
pub(super) fn log_of(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

#[cfg(unix)]
fn identity(path: &Path) -> io::Result<Identity> {
    use std::os::unix::fs::MetadataExt;
    let about = fs::metadata(path)?;
    Ok((about.dev(), about.ino()))
}

/// Elsewhere an open file can be neither deleted nor replaced.
#[cfg(not(unix))]
fn identity(path: &Path) -> io::Result<Identity> {
    fs::metadata(path).map(|_| (0, 0))
}

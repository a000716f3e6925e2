//! Looking into a journal without a right to it: while a bot writes to it, or after one was killed.

use std::fs;
use std::path::Path;

use tradewind_engine::journal::Recovered;

use crate::folder::{database, marker};
use crate::open_error::OpenError;
use crate::sqlite;

/// What the records of the journal in `folder` come to at this moment; none when there never was
/// one. No record is changed and no lock is taken, so that a bot may write meanwhile.
///
/// # Errors
/// When there was one and not all of it can be read.
pub fn inspect(folder: &Path) -> Result<Option<Recovered>, OpenError> {
    let (database, marker) = (database(folder), marker(folder));
    let exists = |path: &Path| fs::exists(path).map_err(|error| OpenError::from_io(path, error));
    if exists(&database)? {
        return sqlite::inspect(&database, &marker).map(Some);
    }
    if exists(&marker)? { Err(OpenError::Missing { database, marker }) } else { Ok(None) }
}

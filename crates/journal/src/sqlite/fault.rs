//! What SQLite's errors mean to an operator.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;
use tradewind_engine::journal::{FaultKind, StorageFault};

use crate::open_error::OpenError;

/// Why something could not be done with the database.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    /// SQLite's own.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// What the file holds cannot be right.
    #[error("{0}")]
    Damage(String),
    /// A value that cannot be what we have written.
    #[error("table {table}, column {column}: {problem}")]
    Unreadable { table: &'static str, column: String, problem: String },
    /// A record that has no text.
    #[error("a record cannot be written down: {0}")]
    Unwritable(#[from] serde_json::Error),
}

impl Fault {
    fn kind(&self) -> FaultKind {
        match self {
            Self::Damage(_) | Self::Unreadable { .. } => FaultKind::Damaged,
            Self::Unwritable(_) => FaultKind::Io,
            Self::Sqlite(error) => kind(error),
        }
    }

    /// The fault of a database that was in use.
    pub(super) fn of(self, database: &Path) -> StorageFault {
        self.at_opening(database).into()
    }

    /// The same, of one that was about to be used.
    pub(super) fn at_opening(self, database: &Path) -> OpenError {
        let path = database.to_owned();
        match self.kind() {
            FaultKind::NoSpace => OpenError::NoSpace { path },
            FaultKind::ReadOnly => OpenError::NotWritable { path, source: self.into() },
            FaultKind::Locked => OpenError::Locked { path },
            FaultKind::Damaged => OpenError::Damaged { path, problem: self.to_string() },
            FaultKind::Missing | FaultKind::Io | FaultKind::Busy | FaultKind::Gap => {
                OpenError::Io { path, source: self.into() }
            }
        }
    }
}

fn kind(error: &rusqlite::Error) -> FaultKind {
    if let rusqlite::Error::FromSqlConversionFailure(..)
    | rusqlite::Error::InvalidColumnType(..)
    | rusqlite::Error::InvalidColumnName(..)
    | rusqlite::Error::SqlInputError { .. }
    | rusqlite::Error::IntegralValueOutOfRange(..)
    | rusqlite::Error::Utf8Error(..)
    | rusqlite::Error::QueryReturnedNoRows = error
    {
        return FaultKind::Damaged;
    }
    let Some(code) = error.sqlite_error_code() else { return FaultKind::Io };
    if code == ErrorCode::DiskFull {
        FaultKind::NoSpace
    } else if matches!(code, ErrorCode::ReadOnly | ErrorCode::PermissionDenied) {
        FaultKind::ReadOnly
    } else if matches!(code, ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) {
        FaultKind::Locked
    } else if is_damage(error) {
        FaultKind::Damaged
    } else {
        FaultKind::Io
    }
}

/// Whether the file itself is at fault: its pages, or tables that are not as we made them.
fn is_damage(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code().is_some_and(|code| {
        matches!(
            code,
            ErrorCode::DatabaseCorrupt
                | ErrorCode::NotADatabase
                | ErrorCode::ConstraintViolation
                | ErrorCode::TypeMismatch
                | ErrorCode::SchemaChanged
                | ErrorCode::Unknown
        )
    })
}

/// It was not opened again since it failed.
pub(super) fn closed(database: &Path) -> StorageFault {
    let path: PathBuf = database.to_owned();
    let source = "it failed before and was not opened again".into();
    OpenError::Io { path, source }.into()
}

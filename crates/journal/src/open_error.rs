//! Why a journal cannot be opened.

use std::error::Error;
use std::path::PathBuf;

use tradewind_engine::journal::{FaultKind, StorageFault};

/// Why a journal cannot be opened. None of these is an empty journal: a bot that begins from
/// nothing although there was something would trade twice, so whoever gets one starts without new
/// risk, or not at all.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process writes to it.
    #[error(
        "the journal in {} is held by {}; stop that process, or give this one a folder of its own",
        folder.display(), holder(*pid)
    )]
    Held {
        /// The journal's folder.
        folder: PathBuf,
        /// The process; none when it is not known.
        pid: Option<u32>,
    },
    /// It may not be written to.
    #[error("{} cannot be written to ({source}); grant that, or choose another folder", path.display())]
    NotWritable {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The disk, or a quota, is full.
    #[error("no space is left for {}; make room, then start again", path.display())]
    NoSpace {
        /// The file or folder.
        path: PathBuf,
    },
    /// There was a journal, and it is gone.
    #[error(
        "{} is missing, though {} says that there was a journal; put it back, or remove {} to begin anew and lose what it knew",
        database.display(), marker.display(), marker.display()
    )]
    Missing {
        /// The file that is missing.
        database: PathBuf,
        /// The file that says so.
        marker: PathBuf,
    },
    /// The file is something else.
    #[error(
        "{} {problem}; put the journal back from a copy, or move every file of that name aside, {} too, to begin anew and lose what it knew",
        path.display(), marker.display()
    )]
    NotAJournal {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        problem: String,
        /// The file that says that there was a journal.
        marker: PathBuf,
    },
    /// It is another journal than the one that was made here.
    #[error(
        "{} is journal {found}, and {} says that {expected} was here; put that back, or remove {} to go on with this one",
        database.display(), marker.display(), marker.display()
    )]
    Stranger {
        /// The journal's file.
        database: PathBuf,
        /// The file that says what was here.
        marker: PathBuf,
        /// The journal that was here.
        expected: String,
        /// The one that is.
        found: String,
    },
    /// A newer version of the program has written it.
    #[error(
        "{} is of version {found}, and this program knows versions up to {known}; use the program that wrote it, or a newer one",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest version that is known.
        known: i64,
    },
    /// What it holds cannot be right.
    #[error(
        "{} is damaged ({problem}); copy the folder, then rescue the file with `sqlite3 FILE .recover`, or put it back from a copy",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A program that is not Tradewind holds its lock.
    #[error("{} is locked by another program; close the program that has it open for writing", path.display())]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// Reading or writing fails.
    #[error("{} cannot be used ({source}); see to the disk and to the system's log", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: Box<dyn Error + Send + Sync>,
    },
}

fn holder(pid: Option<u32>) -> String {
    pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"))
}

impl OpenError {
    /// What kind of thing is wrong, by what an operator does about it.
    #[must_use]
    pub const fn kind(&self) -> FaultKind {
        match self {
            Self::Held { .. } | Self::Locked { .. } => FaultKind::Locked,
            Self::NotWritable { .. } => FaultKind::ReadOnly,
            Self::NoSpace { .. } => FaultKind::NoSpace,
            Self::Missing { .. } | Self::Stranger { .. } => FaultKind::Missing,
            Self::NotAJournal { .. } | Self::Newer { .. } | Self::Damaged { .. } => {
                FaultKind::Damaged
            }
            Self::Io { .. } => FaultKind::Io,
        }
    }

    /// What `source` means when it comes from using `path`.
    pub(crate) fn from_io(path: &std::path::Path, source: std::io::Error) -> Self {
        use std::io::ErrorKind;
        let path = path.to_owned();
        let kind = source.kind();
        if matches!(kind, ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem) {
            Self::NotWritable { path, source: source.into() }
        } else if matches!(
            kind,
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge
        ) {
            Self::NoSpace { path }
        } else {
            Self::Io { path, source: source.into() }
        }
    }
}

impl From<OpenError> for StorageFault {
    fn from(error: OpenError) -> Self {
        Self { kind: error.kind(), message: error.to_string() }
    }
}

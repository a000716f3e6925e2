//! Files that are whole or not there, in a folder that is this user's alone.
//!
//! A file is written beside its place, flushed to the disk, and put into its place in one step, so
//! that neither a crash nor a power cut nor a reader ever meets half of it. Whoever changes a file
//! that others change too holds the folder's lock meanwhile. That is an advisory lock of the
//! kernel's: it is given back when its process dies, however it dies.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The longest wait for whoever holds the lock: they write a few kilobytes.
const LOCK_PATIENCE: u32 = 200;
/// Between two tries.
const LOCK_EVERY: Duration = Duration::from_millis(10);
/// What a file that is not in its place yet is called at its end.
const UNFINISHED: &str = ".unfinished";
/// The lock of the whole folder.
const LOCK: &str = "lock";

/// A folder of files.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    path: PathBuf,
}

/// A lock, held until it is dropped.
#[derive(Debug)]
pub(super) struct Held {
    /// None where the file system has no locks.
    _file: Option<File>,
}

impl Folder {
    /// The folder `name` in `dir`, made when it is not there, for this user alone.
    pub(super) fn open(dir: &Path, name: &str) -> io::Result<Self> {
        let path = dir.join(name);
        private_folder().create(&path)?;
        make_private(&path)?;
        let folder = Self { path };
        // What a process that died in the middle of writing has left.
        let _held = folder.lock()?;
        for entry in fs::read_dir(&folder.path)? {
            let path = entry?.path();
            if path.to_string_lossy().ends_with(UNFINISHED) {
                fs::remove_file(path)?;
            }
        }
        Ok(folder)
    }

    /// The folder as it is; none when it was never made.
    pub(super) fn find(dir: &Path, name: &str) -> Option<Self> {
        let path = dir.join(name);
        path.is_dir().then_some(Self { path })
    }

    /// A folder that was opened before.
    pub(super) fn at(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The whole of a file; none when there is none.
    ///
    /// # Errors
    /// Also when it is longer than `bytes_max`.
    pub(super) fn read(&self, file: &str, bytes_max: u64) -> io::Result<Option<Vec<u8>>> {
        let open = match File::open(self.path.join(file)) {
            Ok(open) => open,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut text = Vec::new();
        open.take(bytes_max.saturating_add(1)).read_to_end(&mut text)?;
        // One byte too many is left in it: what is too long is then no document either.
        Ok(Some(text))
    }

    /// Puts a file into its place.
    pub(super) fn write(&self, file: &str, text: &[u8]) -> io::Result<()> {
        if !self.path.is_dir() {
            // Somebody has tidied up.
            private_folder().create(&self.path)?;
        }
        let unfinished = self.path.join(format!("{file}.{}{UNFINISHED}", std::process::id()));
        let written = write_whole(&unfinished, text)
            .and_then(|()| fs::rename(&unfinished, self.path.join(file)))
            .and_then(|()| flush_folder(&self.path));
        if written.is_err() {
            // It is in nobody's way, but it takes room where there may be none.
            fs::remove_file(&unfinished).ok();
        }
        written
    }

    /// Moves a file out of its place; gives its new one.
    pub(super) fn set_aside(&self, file: &str, mark: &str) -> io::Result<PathBuf> {
        let aside = self.path.join(format!("{file}.damaged-{mark}"));
        fs::rename(self.path.join(file), &aside)?;
        flush_folder(&self.path)?;
        Ok(aside)
    }

    /// The names of what is in it, in order.
    pub(super) fn names(&self) -> io::Result<Vec<String>> {
        let entries = fs::read_dir(&self.path)?;
        let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
        let mut names = names.collect::<io::Result<Vec<_>>>()?;
        names.sort_unstable();
        Ok(names)
    }

    /// Waits for the lock of the folder. Whoever has not given it back after two seconds has been
    /// stopped in the middle, and what has to be written now is more important than what they do.
    pub(super) fn lock(&self) -> io::Result<Held> {
        for _ in 0..LOCK_PATIENCE {
            if let Some(held) = self.try_lock(LOCK)? {
                return Ok(held);
            }
            std::thread::sleep(LOCK_EVERY);
        }
        Ok(Held { _file: None })
    }

    /// A lock of its own name, unless somebody holds it.
    pub(super) fn try_lock(&self, file: &str) -> io::Result<Option<Held>> {
        let mut options = OpenOptions::new();
        let file = private(&mut options).create(true).append(true).open(self.path.join(file))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Held { _file: Some(file) })),
            Err(TryLockError::WouldBlock) => Ok(None),
            // A file system without locks: better none than no state.
            Err(TryLockError::Error(_)) => Ok(Some(Held { _file: None })),
        }
    }
}

fn write_whole(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = private(&mut options).write(true).create(true).truncate(true).open(path)?;
    file.write_all(text)?;
    file.sync_all()
}

/// A name in a folder is lasting once the folder is.
#[cfg(unix)]
fn flush_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(not(unix))]
fn flush_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}

fn private_folder() -> DirBuilder {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true);
    builder
}

fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// What was made by other means may be open to others.
#[cfg(unix)]
fn make_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;

    let mut permissions = fs::metadata(path)?.permissions();
    if permissions.mode() & 0o077 != 0 {
        permissions.set_mode(0o700);
        fs::set_permissions(path, permissions)?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn make_private(_path: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests;

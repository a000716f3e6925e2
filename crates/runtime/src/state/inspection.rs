//! What is kept of a venue, for a person to read.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use tradewind_model::Timestamp;

use super::folder::Folder;
use super::shut_book::ShutBook;
use super::{CATALOG, CATALOG_BYTES_MAX, CatalogShelf, Damage, SHUT, SHUT_BYTES_MAX};

/// What is kept of a venue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    path: PathBuf,
    at: Timestamp,
    /// None when nothing was ever kept.
    kept: Option<Kept>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Kept {
    shut: Result<ShutBook, Damage>,
    catalog: Result<CatalogShelf, Damage>,
    /// Files that were moved aside.
    aside: Vec<String>,
}

impl Inspection {
    /// Looks at what is kept of a venue in `dir`. Nothing is changed.
    ///
    /// # Errors
    /// When the files cannot be read.
    pub fn of(dir: &Path, venue: &str, now: Timestamp) -> io::Result<Self> {
        let kept = Folder::find(dir, venue).map(|folder| Kept::of(&folder, now)).transpose()?;
        Ok(Self { path: dir.join(venue), at: now, kept })
    }
}

impl Kept {
    fn of(folder: &Folder, now: Timestamp) -> io::Result<Self> {
        let shut = folder.read(SHUT, SHUT_BYTES_MAX)?;
        let catalog = folder.read(CATALOG, CATALOG_BYTES_MAX)?;
        let mut aside = folder.names()?;
        aside.retain(|name| name.contains(".damaged-"));
        Ok(Self {
            shut: shut.map_or_else(|| Ok(ShutBook::default()), |text| ShutBook::parse(now, &text)),
            catalog: catalog.map_or_else(
                || Ok(CatalogShelf::default()),
                |text| CatalogShelf::parse(now, &text),
            ),
            aside,
        })
    }
}

impl fmt::Display for Inspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}, at {}", self.path.display(), self.at)?;
        let Some(Kept { shut, catalog, aside }) = &self.kept else {
            return writeln!(f, "  nothing was ever kept there");
        };
        match shut {
            Ok(book) => {
                let lines = book.lines(self.at);
                if lines.is_empty() {
                    writeln!(f, "  nothing is shut")?;
                }
                lines.iter().try_for_each(|line| writeln!(f, "  {line}"))?;
            }
            Err(damage) => writeln!(f, "  {SHUT} cannot be used: {damage}")?,
        }
        match catalog.as_ref().map(CatalogShelf::extent) {
            Ok((_, None)) => writeln!(f, "  no catalog")?,
            Ok((instruments, Some(read_at))) => {
                let age = self.at.since(read_at).as_secs() / 60;
                writeln!(f, "  catalog of {instruments} instruments, limits read {age} min ago")?;
            }
            Err(damage) => writeln!(f, "  {CATALOG} cannot be used: {damage}")?,
        }
        aside.iter().try_for_each(|name| writeln!(f, "  {name} was moved aside; it may be deleted"))
    }
}

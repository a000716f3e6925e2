//! What outlives a process, and what processes on one machine tell each other.
//!
//! A folder a venue holds what the venue has shut ([`ShutBook`]), the instruments and limits that
//! it has told ([`CatalogShelf`]), and the recent starts of each instance ([`Starts`]). It is read
//! before the first call, so that a restart ten seconds into a ban is silent for the rest of it,
//! and written by a thread of its own whenever something is shut or opens.
//!
//! The hard part is a file that cannot be trusted. Half of one, one of another version, one that
//! says what cannot be: each is moved aside and named, and the process begins as if an unknown
//! part of the venue had just been shut: with one probe. A folder that cannot be written stops the
//! start, because it would be missed at the worst of times; later it stops nothing.

mod announcement;
mod catalog_shelf;
mod document;
mod folder;
mod halt;
mod inspection;
mod keeper;
mod place;
mod shut_book;
mod starts;

pub use announcement::Announcement;
pub use catalog_shelf::CatalogShelf;
pub use document::{Damage, SCHEMA};
pub use halt::HALT;
pub use inspection::Inspection;
pub use place::{folder_name, state_dir};
pub use shut_book::{Login, STAY_MAX, ShutBook};
pub use starts::{Starts, Turn};

pub(crate) use keeper::Keeper;

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tradewind_engine::journal::Trading;
use tradewind_engine::{Beginning, Catalog};
use tradewind_model::Timestamp;
use tradewind_model::id::Symbol;
use tradewind_scheduler::{ScopeKey, ShutRecord};

use crate::clock::Clock;
use folder::{Folder, Held};
use keeper::Frame;

const SHUT: &str = "shut.json";
const CATALOG: &str = "catalog.json";
const CATALOG_LEASE: &str = "catalog.lock";
/// What is longer was not written by us: a few hundred scopes.
const SHUT_BYTES_MAX: u64 = 1 << 20;
/// Every instrument of the largest venue, ten times.
const CATALOG_BYTES_MAX: u64 = 64 << 20;

/// How often a slot is tried again that somebody has, and after how long each time: longer than it
/// takes to write a command down, and not long enough to keep an operator waiting.
const SLOT_TRIES: u32 = 40;
const BETWEEN_SLOT_TRIES: Duration = Duration::from_millis(25);

/// Why there is no state.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// Nobody has said where.
    #[error(
        "there is no place for what the venue has shut: neither XDG_STATE_HOME nor HOME is set; \
         name a folder as state.dir"
    )]
    NoPlace,
    /// The embedded venue keeps nothing unless it is asked to.
    #[error(
        "nothing is kept for the embedded venue, which takes its bans with it; name a folder as \
         state.dir if something should be"
    )]
    NotKept,
    /// The folder cannot be made, read or written.
    #[error(
        "state.dir is {path}, where what the venue has shut cannot be kept ({error}); make it a \
         folder that this user can write to, or name another"
    )]
    Unusable {
        /// The folder.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Two processes would give their orders the same names.
    #[error(
        "another process trades on this account with engine.slot {slot}; give each a slot of its \
         own, or end the other first"
    )]
    SlotTaken {
        /// The slot.
        slot: u16,
    },
}

/// Whose state it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    /// What the venue's folder is called: [`folder_name`].
    pub venue: String,
    /// The account.
    pub login: Login,
    /// Which of the processes on the account it is.
    pub slot: u16,
    /// Whether a start that follows short lives holds back: everywhere but at a simulated venue,
    /// which nobody else calls.
    pub holds_back: bool,
}

/// A slot that no run has meanwhile.
#[derive(Debug)]
pub struct Claim {
    path: PathBuf,
    _slot: Held,
}

impl Claim {
    /// The folder of the venue.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file that forbids to resume, if there is one.
    #[must_use]
    pub fn halt_file(&self) -> Option<PathBuf> {
        halt_file(&self.path)
    }
}

/// The file that halts whatever runs with the state in this folder; none when it is not there. One
/// that cannot be looked for counts as there.
#[must_use]
pub fn halt_file(folder: &Path) -> Option<PathBuf> {
    halt::files(folder).find(|file| file.try_exists().unwrap_or(true))
}

/// The state of one process, from its start to its end.
#[derive(Debug)]
pub struct State {
    folder: Folder,
    login: Login,
    inherited: Vec<ShutRecord>,
    is_shut_known: bool,
    cleared_at: Option<Timestamp>,
    turn: Turn,
    /// Nobody else has this slot meanwhile.
    _slot: Held,
}

impl State {
    /// Opens the state of a venue in `dir`, and notes a start.
    ///
    /// # Errors
    /// When the folder cannot be used, or another process has this slot.
    pub fn open(dir: &Path, tenant: Tenant, clock: &Clock) -> Result<Self, StateError> {
        let Tenant { venue, login, slot, holds_back } = tenant;
        let unusable = |error| StateError::Unusable { path: dir.to_owned(), error };
        let folder = Folder::open(dir, &venue).map_err(unusable)?;
        let name = format!("{}-{slot}", login.hash);
        let lock = take_slot(&folder, &format!("slot-{name}.lock")).map_err(unusable)?;
        let slot = lock.ok_or(StateError::SlotTaken { slot })?;
        let frame = Frame::of(clock);
        let mut state = Self {
            folder,
            login,
            inherited: Vec::new(),
            is_shut_known: true,
            cleared_at: None,
            turn: Turn::default(),
            _slot: slot,
        };
        if holds_back {
            let file = format!("starts-{name}.json");
            state.turn = state.note_start(frame, &file).map_err(unusable)?;
        }
        state.inherit(frame).map_err(unusable)?;
        Ok(state)
    }

    /// Takes a slot while no run has it, for whoever changes what its next run will find. Gives
    /// the folder of the venue, and the slot for as long as it is kept.
    ///
    /// # Errors
    /// When a run has it, or the folder cannot be used.
    pub fn claim(dir: &Path, tenant: &Tenant) -> Result<Claim, StateError> {
        let unusable = |error| StateError::Unusable { path: dir.to_owned(), error };
        let folder = Folder::open(dir, &tenant.venue).map_err(unusable)?;
        let name = format!("slot-{}-{}.lock", tenant.login.hash, tenant.slot);
        let lock = folder.try_lock(&name).map_err(unusable)?;
        let slot = lock.ok_or(StateError::SlotTaken { slot: tenant.slot })?;
        Ok(Claim { path: folder.path().to_owned(), _slot: slot })
    }

    /// What a file of an operator's forbids, found at the start.
    #[must_use]
    pub fn halted(&self) -> Option<Trading> {
        halt::found(self.path())
    }

    /// The files that forbid to resume while they are there.
    pub fn halt_files(&self) -> impl Iterator<Item = PathBuf> {
        halt::files(self.path())
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// How the engine is to begin.
    #[must_use]
    pub fn beginning(&self) -> Beginning {
        Beginning {
            shut: self.inherited.clone(),
            is_shut_known: self.is_shut_known,
            delay: self.turn.delay,
            shares_catalog: true,
            ..Beginning::default()
        }
    }

    /// What somebody has to leave alone who only looks: no start is noted, no slot is taken, and
    /// nothing is changed.
    ///
    /// # Errors
    /// When what is noted cannot be read.
    pub fn glance(
        dir: &Path,
        venue: &str,
        login: Login,
        clock: &Clock,
    ) -> Result<Beginning, StateError> {
        let Some(folder) = Folder::find(dir, venue) else {
            return Ok(Beginning::default());
        };
        let frame = Frame::of(clock);
        let text = folder.read(SHUT, SHUT_BYTES_MAX);
        let text = text.map_err(|error| StateError::Unusable { path: dir.to_owned(), error })?;
        let book = text.map(|text| ShutBook::parse(frame.wall, &text)).transpose();
        let is_shut_known = book.is_ok();
        let records = book.ok().flatten().map(|book| book.records(login)).unwrap_or_default();
        let shut = records.iter().map(|record| frame.record_to_local(record)).collect();
        Ok(Beginning { shut, is_shut_known, ..Beginning::default() })
    }

    /// Since when the venue refuses the account's key, and nobody has seen to it.
    #[must_use]
    pub fn refused_since(&self) -> Option<Timestamp> {
        let account = ScopeKey::Account(self.login.account);
        let is_latched = |record: &&ShutRecord| record.scope == account && record.until.is_none();
        self.inherited.iter().find(is_latched).map(|record| record.since)
    }

    /// Notes that a person has seen to the key of `login`, in the venue's folder in `dir`, for
    /// every process that runs and every one that begins. Tells whether it was noted as refused.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn clear_key(
        dir: &Path,
        venue: &str,
        login: Login,
        clock: &Clock,
    ) -> Result<bool, StateError> {
        let unusable = |error| StateError::Unusable { path: dir.to_owned(), error };
        let folder = Folder::open(dir, venue).map_err(unusable)?;
        let wall = Frame::of(clock).wall;
        let mut was_refused = false;
        change_shut(&folder, wall, |book| was_refused = book.clear(wall, login.hash))
            .map_err(unusable)?;
        Ok(was_refused)
    }

    fn note_start(&self, frame: Frame, file: &str) -> io::Result<Turn> {
        let _held = self.folder.lock()?;
        let text = self.folder.read(file, SHUT_BYTES_MAX)?;
        let path = self.folder.path().join(file);
        let mut starts = match text.as_deref().map(Starts::parse) {
            None => Starts::default(),
            Some(Ok(starts)) => starts,
            Some(Err(damage)) => {
                tracing::warn!("{} is begun anew: {damage}", path.display());
                Starts::default()
            }
        };
        let turn = starts.note(frame.wall);
        self.folder.write(file, &starts.render(frame.wall))?;
        if !turn.delay.is_zero() {
            tracing::warn!(
                "start number {} in a row after a life of less than a minute: holding back for {} \
                 s, so that a crash loop does not become a ban",
                turn.in_a_row,
                turn.delay.as_secs()
            );
        }
        Ok(turn)
    }

    fn inherit(&mut self, frame: Frame) -> io::Result<()> {
        if self.read_shut()?.is_none() {
            let path = self.folder.path().display();
            tracing::info!("nothing is kept in {path} yet: this is the first start there");
        }
        // There is nothing to enter, but what is over goes.
        let tidy = |book: &mut ShutBook| book.enter(frame.wall, self.login, &[], &[]);
        let (book, is_whole) = change_shut(&self.folder, frame.wall, tidy)?;
        let records = book.records(self.login).into_iter();
        self.inherited = records.map(|record| frame.record_to_local(&record)).collect();
        self.is_shut_known = is_whole;
        self.cleared_at = book.cleared_at(self.login.hash);
        Ok(())
    }

    /// The file of what is shut, as it is.
    fn read_shut(&self) -> io::Result<Option<Vec<u8>>> {
        self.folder.read(SHUT, SHUT_BYTES_MAX)
    }

    /// Enters what this process knows; all times by the wall's clock.
    fn enter(
        &self,
        frame: Frame,
        before: &[ShutRecord],
        known: &[ShutRecord],
    ) -> io::Result<ShutBook> {
        let enter = |book: &mut ShutBook| book.enter(frame.wall, self.login, before, known);
        change_shut(&self.folder, frame.wall, enter).map(|(book, _)| book)
    }

    /// What others have read of these instruments.
    fn find_catalog(
        &self,
        frame: Frame,
        symbols: &[Symbol],
        not_before: Timestamp,
    ) -> Option<Catalog> {
        let text = self.folder.read(CATALOG, CATALOG_BYTES_MAX).ok()??;
        match CatalogShelf::parse(frame.wall, &text) {
            Ok(shelf) => {
                let found = shelf.find(symbols, not_before)?;
                Some(Catalog { read_at: frame.local_of(found.read_at), ..found })
            }
            // It is only a copy of what can be asked.
            Err(damage) => {
                let path = self.folder.path().join(CATALOG);
                tracing::warn!("{} is passed over and read anew: {damage}", path.display());
                None
            }
        }
    }

    /// The right to ask the venue for the catalog, unless another process has it.
    fn lease_catalog(&self) -> io::Result<Option<Held>> {
        self.folder.try_lock(CATALOG_LEASE)
    }

    fn put_catalog(&self, frame: Frame, catalog: &Catalog) -> io::Result<()> {
        let _held = self.folder.lock()?;
        let text = self.folder.read(CATALOG, CATALOG_BYTES_MAX)?;
        let kept = text.and_then(|text| CatalogShelf::parse(frame.wall, &text).ok());
        let mut shelf = kept.unwrap_or_default();
        let read_at = frame.wall_of(catalog.read_at);
        shelf.put(frame.wall, Catalog { read_at, ..catalog.clone() });
        self.folder.write(CATALOG, &shelf.render(frame.wall))
    }
}

/// Takes a slot; none when a run has it. A command that is written down for the next run has it for
/// a moment, which is waited for.
fn take_slot(folder: &Folder, name: &str) -> io::Result<Option<Held>> {
    for _ in 0..SLOT_TRIES {
        if let Some(held) = folder.try_lock(name)? {
            return Ok(Some(held));
        }
        std::thread::sleep(BETWEEN_SLOT_TRIES);
    }
    folder.try_lock(name)
}

/// Changes what is noted as shut; gives what is noted then, and whether what was noted before could
/// be read. The file is written when that is news.
fn change_shut(
    folder: &Folder,
    wall: Timestamp,
    change: impl FnOnce(&mut ShutBook),
) -> io::Result<(ShutBook, bool)> {
    let _held = folder.lock()?;
    let text = folder.read(SHUT, SHUT_BYTES_MAX)?;
    let parsed = text.as_deref().map(|text| ShutBook::parse(wall, text)).transpose();
    let (noted, is_whole) = match parsed {
        Ok(noted) => (noted, true),
        Err(damage) => {
            set_aside(folder, wall, &damage)?;
            (None, false)
        }
    };
    let mut book = noted.clone().unwrap_or_default();
    change(&mut book);
    if noted.as_ref() != Some(&book) {
        folder.write(SHUT, &book.render(wall))?;
    }
    Ok((book, is_whole))
}

/// Moves a file aside that cannot be used, and says so.
fn set_aside(folder: &Folder, wall: Timestamp, damage: &Damage) -> io::Result<()> {
    let mark: String = wall.to_string().chars().filter(char::is_ascii_alphanumeric).collect();
    let aside = folder.set_aside(SHUT, &mark)?;
    tracing::warn!(
        "{} cannot be used: {damage}; it was moved to {} and may be deleted. What the venue has \
         shut is not known now: a process that begins asks with one probe first",
        folder.path().join(SHUT).display(),
        aside.display()
    );
    Ok(())
}

#[cfg(test)]
mod tests;

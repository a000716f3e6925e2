//! The thread that reads and writes the files, so that nobody who trades waits for a disk.
//!
//! What it is told replaces what it was told before: the latest is all that matters, so nothing
//! queues. Four times a second it looks whether another process has written; that is a read of a
//! few hundred bytes, which the kernel has at hand. Should the disk fail, somebody is told once,
//! and trading goes on with what this process knows.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::mpsc;
use tradewind_engine::{Catalog, Event};
use tradewind_model::Timestamp;
use tradewind_model::id::Symbol;
use tradewind_scheduler::ShutRecord;

use super::folder::Held;
use super::shut_book::ShutBook;
use super::{State, halt};
use crate::clock::Clock;

/// How often the files are looked at.
const EVERY: Duration = Duration::from_millis(250);
/// What failed is tried again after so many looks.
const RETRY_AFTER: u32 = 20;
/// How long another process is waited for that reads the catalog, in looks: longer than a good
/// answer takes, shorter than a start may.
const SEEKING_MAX: u32 = 48;
/// How long the right to read the catalog is kept, in looks.
const LEASE_MAX: u32 = 120;
/// How long the last words are waited for at the end.
const GOODBYE_MAX: Duration = Duration::from_secs(2);

/// The way to the thread. Dropping it ends the thread, once it has written what it was told.
#[derive(Debug)]
pub(crate) struct Keeper {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    told: Mutex<Told>,
    changed: Condvar,
}

/// What the thread was told and has not heard.
#[derive(Debug, Default)]
struct Told {
    shut: Option<Vec<ShutRecord>>,
    catalog: Option<Box<Catalog>>,
    seek: Option<Seek>,
    is_over: bool,
    has_ended: bool,
}

#[derive(Debug)]
struct Seek {
    symbols: Vec<Symbol>,
    not_before: Timestamp,
}

impl Shared {
    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, tell: impl FnOnce(&mut Told)) {
        tell(&mut self.told());
        self.changed.notify_all();
    }

    /// What was told meanwhile, after a look's time at the latest.
    fn next(&self) -> Told {
        let is_quiet = |told: &mut Told| {
            !told.is_over && told.shut.is_none() && told.catalog.is_none() && told.seek.is_none()
        };
        let waited = self.changed.wait_timeout_while(self.told(), EVERY, is_quiet);
        let (mut told, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let is_over = told.is_over;
        Told { is_over, ..std::mem::replace(&mut told, Told { is_over, ..Told::default() }) }
    }
}

impl Keeper {
    /// Starts the thread; what others write comes as events.
    pub(crate) fn start(
        state: State,
        clock: Clock,
        events: mpsc::Sender<Event>,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let own = Arc::clone(&shared);
        let desk = FileDesk::new(state, clock, events);
        let thread = std::thread::Builder::new()
            .name("tradewind-keeper".to_owned())
            .spawn(move || desk.run(&own))?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// All that is shut now.
    pub(crate) fn keep_shut(&self, records: Vec<ShutRecord>) {
        self.shared.tell(|told| told.shut = Some(records));
    }

    /// What the venue has told.
    pub(crate) fn keep_catalog(&self, catalog: Box<Catalog>) {
        self.shared.tell(|told| told.catalog = Some(catalog));
    }

    /// Finds a catalog, or the turn to ask for it.
    pub(crate) fn seek_catalog(&self, symbols: Vec<Symbol>, not_before: Timestamp) {
        self.shared.tell(|told| told.seek = Some(Seek { symbols, not_before }));
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.shared.tell(|told| told.is_over = true);
        // A disk that hangs is not waited for.
        let waited =
            self.shared
                .changed
                .wait_timeout_while(self.shared.told(), GOODBYE_MAX, |told| !told.has_ended);
        let has_ended = waited.unwrap_or_else(PoisonError::into_inner).0.has_ended;
        if has_ended && let Some(thread) = self.thread.take() {
            // It has said its last word, so this is at once.
            thread.join().ok();
        }
    }
}

/// The thread's own.
struct FileDesk {
    state: State,
    clock: Clock,
    events: mpsc::Sender<Event>,
    /// What is shut, as the engine said last.
    known: Vec<ShutRecord>,
    /// The same, when it was last entered.
    entered: Vec<ShutRecord>,
    /// The file as it was last seen.
    seen: Option<Vec<u8>>,
    /// When the engine was last told that a person has seen to the key.
    cleared_at: Option<Timestamp>,
    seeking: Option<(Seek, u32)>,
    /// The right to read the catalog, and for how long.
    lease: Option<(Held, u32)>,
    /// What could not be kept yet.
    unkept: Option<Box<Catalog>>,
    /// Looks until what failed is tried again; none while nothing has.
    failing: Option<u32>,
    /// Looks until a file that halts is told of again.
    halting: u32,
}

impl FileDesk {
    fn new(state: State, clock: Clock, events: mpsc::Sender<Event>) -> Self {
        Self {
            cleared_at: state.cleared_at,
            known: state.inherited.clone(),
            entered: state.inherited.clone(),
            state,
            clock,
            events,
            seen: None,
            seeking: None,
            lease: None,
            unkept: None,
            failing: None,
            halting: 0,
        }
    }

    fn run(mut self, shared: &Shared) {
        loop {
            let told = shared.next();
            let is_over = told.is_over;
            let has_news = told.shut.is_some() || told.catalog.is_some() || is_over;
            if let Some(known) = told.shut {
                self.known = known;
            }
            if told.catalog.is_some() {
                self.unkept = told.catalog;
            }
            if let Some(seek) = told.seek {
                self.seeking = Some((seek, SEEKING_MAX));
            }
            // What has just failed is left alone for a while, unless there is something new.
            self.failing = self.failing.map(|looks| looks.saturating_sub(1));
            if has_news || self.failing.is_none_or(|looks| looks == 0) {
                let kept = self.keep();
                self.note(kept);
            }
            self.seek();
            self.look_for_halt();
            if is_over {
                drop(self);
                shared.tell(|told| told.has_ended = true);
                return;
            }
        }
    }

    fn keep(&mut self) -> io::Result<()> {
        self.keep_shut()?;
        if let Some(catalog) = &self.unkept {
            let kept = self.state.put_catalog(self.frame(), catalog);
            if kept.is_ok() {
                self.unkept = None;
                self.lease = None;
            }
            kept?;
        }
        Ok(())
    }

    /// Enters what has changed here, and passes on what others have entered.
    fn keep_shut(&mut self) -> io::Result<()> {
        let found = self.state.read_shut()?;
        if found == self.seen && found.is_some() && self.known == self.entered {
            return Ok(());
        }
        let frame = self.frame();
        let (before, known) = (frame.to_wall(&self.entered), frame.to_wall(&self.known));
        let book = self.state.enter(frame, &before, &known)?;
        self.entered.clone_from(&self.known);
        self.seen = self.state.read_shut()?;
        self.pass_on(frame, &book, &known);
        Ok(())
    }

    fn pass_on(&mut self, frame: Frame, book: &ShutBook, known: &[ShutRecord]) {
        let login = self.state.login;
        let cleared_at = book.cleared_at(login.hash);
        if cleared_at > self.cleared_at {
            self.cleared_at = cleared_at;
            self.tell(Event::ClearAccount);
        }
        let news = frame.to_local(&book.news(frame.wall, login, known));
        if !news.is_empty() {
            self.tell(Event::ShutElsewhere(news));
        }
    }

    /// Tells of a file that halts, now and then for as long as it is there.
    fn look_for_halt(&mut self) {
        self.halting = self.halting.saturating_sub(1);
        match halt::found(self.state.folder.path()) {
            None => self.halting = 0,
            Some(trading) if self.halting == 0 => {
                self.halting = RETRY_AFTER;
                self.tell(Event::Trading { command: None, trading });
            }
            Some(_) => {}
        }
    }

    /// Finds the catalog that somebody else has read, or gets the right to read it.
    fn seek(&mut self) {
        self.lease = self.lease.take().filter(|(_, looks)| *looks > 0);
        if let Some((_, looks)) = &mut self.lease {
            *looks -= 1;
        }
        let Some((seek, looks)) = &mut self.seeking else { return };
        let frame = Frame::of(&self.clock);
        let not_before = frame.wall_of(seek.not_before);
        let find = |state: &State| state.find_catalog(frame, &seek.symbols, not_before);
        let mut found = find(&self.state);
        if found.is_none() && *looks > 0 {
            *looks -= 1;
            let Ok(Some(held)) = self.state.lease_catalog() else { return };
            // Whoever had it until now has put down what they read.
            found = find(&self.state);
            if found.is_none() {
                self.lease = Some((held, LEASE_MAX));
            }
        }
        self.seeking = None;
        self.tell(Event::CatalogSought(found.map(Box::new)));
    }

    fn tell(&self, event: Event) {
        // Nobody listens any more when the driver has ended.
        self.events.blocking_send(event).ok();
    }

    fn frame(&self) -> Frame {
        Frame::of(&self.clock)
    }

    /// Says that the disk fails, once, and when it no longer does.
    fn note(&mut self, kept: io::Result<()>) {
        let path = self.state.folder.path().display();
        match (kept, self.failing) {
            (Ok(()), None) => {}
            (Ok(()), Some(_)) => {
                self.failing = None;
                tracing::info!("{path} can be written again; what is shut is kept there");
            }
            (Err(error), failing) => {
                self.failing = Some(RETRY_AFTER);
                if failing.is_none() {
                    // The journal beside it wakes somebody, if it fails as well.
                    tracing::warn!(
                        "{path} cannot be used ({error}); trading goes on, but until that is \
                         mended a restart forgets what the venue has shut, and other processes do \
                         not hear of it (state.dir)"
                    );
                }
            }
        }
    }
}

/// How this process tells the time, and how everybody does.
///
/// Its own clock does not follow a wall clock that is set anew, and differs from it by as much as
/// that was set. Less than a second is not worth a difference: then the two are one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    /// Now, by the wall's clock.
    pub(super) wall: Timestamp,
    ahead_nanos: i64,
}

impl Frame {
    const SECOND: i64 = 1_000_000_000;

    pub(super) fn of(clock: &Clock) -> Self {
        Self::at(clock.now(), clock.wall())
    }

    fn at(now: Timestamp, wall: Timestamp) -> Self {
        let apart = i64::try_from(wall.as_nanos().abs_diff(now.as_nanos())).unwrap_or(i64::MAX);
        let whole = (apart.saturating_add(Self::SECOND / 2)) / Self::SECOND * Self::SECOND;
        let ahead_nanos = match apart < Self::SECOND {
            true => 0,
            false if wall >= now => whole,
            false => -whole,
        };
        Self { wall: now.offset_by(ahead_nanos), ahead_nanos }
    }

    pub(super) fn wall_of(self, local: Timestamp) -> Timestamp {
        local.offset_by(self.ahead_nanos)
    }

    pub(super) fn local_of(self, wall: Timestamp) -> Timestamp {
        wall.offset_by(-self.ahead_nanos)
    }

    fn to_wall(self, records: &[ShutRecord]) -> Vec<ShutRecord> {
        records.iter().map(|record| moved(record, |at| self.wall_of(at))).collect()
    }

    pub(super) fn record_to_local(self, record: &ShutRecord) -> ShutRecord {
        moved(record, |at| self.local_of(at))
    }

    fn to_local(self, records: &[ShutRecord]) -> Vec<ShutRecord> {
        records.iter().map(|record| self.record_to_local(record)).collect()
    }
}

fn moved(record: &ShutRecord, to: impl Fn(Timestamp) -> Timestamp) -> ShutRecord {
    ShutRecord { since: to(record.since), until: record.until.map(&to), ..*record }
}

#[cfg(test)]
mod tests;

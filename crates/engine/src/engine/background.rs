//! What is read again now and then, at times of this process's own.
//!
//! Processes that were started together would otherwise read together for the rest of their lives:
//! a hundred calls in one second of each minute. So each waits a part of its interval that is its
//! own, and does so anew each time.

use std::collections::BTreeSet;
use std::time::Duration;

use tradewind_model::call::Call;
use tradewind_model::id::Symbol;
use tradewind_model::outcome::Reply;
use tradewind_model::time::Timestamp;
use tradewind_scheduler::{Jitter, Priority, ScopeKey};

use super::calls::Owner;
use super::{Engine, Timer};
use crate::action::Action;
use crate::beginning::Catalog;

/// What is older is read anew before it is used.
const CATALOG_MAX_AGE: Duration = Duration::from_secs(3_600);
/// What is older than this, but for chance, is read anew while it is in use: before it is too old
/// for a process that begins.
const CATALOG_EVERY: Duration = Duration::from_secs(3_000);
/// When nobody has said whether somebody else has read the catalog, the venue is asked.
const SEEKING_MAX: Duration = Duration::from_secs(30);

/// What is read again.
#[derive(Debug, Default)]
pub(super) struct Background {
    is_catalog_sought: bool,
}

impl Engine {
    /// How long the first call is held back.
    pub(super) fn hold_back(&mut self) -> Duration {
        let (delay, jitter) = (self.config.beginning.delay, self.config.beginning.jitter);
        delay + self.jitter.up_to(jitter)
    }

    /// Makes the first call, once nothing forbids it.
    pub(super) fn begin(&mut self, now: Timestamp) {
        let egress = ScopeKey::Egress(self.config.route.egress);
        match self.scheduler.shut_until(now, &egress) {
            Some(until) if until > now => self.timers.set(Timer::Begin, until),
            // A probe is owed, and it reads the clock itself.
            Some(_) => self.read_clock_later(now),
            None => self.read_clock(now),
        }
        self.release_held(now);
    }

    /// An interval of about this length.
    pub(super) fn staggered(&mut self, every: Duration) -> Duration {
        every - every / 4 + self.jitter.up_to(every / 4)
    }

    /// An interval of about this length, by a chance of its own: what is read for the books' sake
    /// does not move anything else.
    pub(super) fn apart(&self, now: Timestamp, every: Duration) -> Duration {
        let mut jitter = Jitter::new(self.config.seed ^ now.as_nanos());
        every - every / 4 + jitter.up_to(every / 4)
    }

    /// Reads the catalog: what another process was told lately, or the venue.
    pub(super) fn seek_catalog(&mut self, now: Timestamp) {
        if self.background.is_catalog_sought || self.calls.is_waited_for(&Owner::Catalog) {
            return;
        }
        if !self.config.beginning.shares_catalog {
            self.ask_catalog(now);
            return;
        }
        self.background.is_catalog_sought = true;
        self.timers.set(Timer::CatalogSought, now + SEEKING_MAX);
        // What is in use already was read when it was due: it has to be newer.
        let age = if self.startup.has_catalog() { CATALOG_EVERY / 2 } else { CATALOG_MAX_AGE };
        let symbols = self.configured_symbols();
        self.actions.push_back(Action::SeekCatalog { symbols, not_before: now - age });
    }

    /// Somebody has read the catalog, or it is for us to ask.
    pub(super) fn catalog_sought(&mut self, now: Timestamp, catalog: Option<Box<Catalog>>) {
        if !std::mem::take(&mut self.background.is_catalog_sought) {
            return;
        }
        self.timers.clear(Timer::CatalogSought);
        match catalog {
            Some(catalog) => {
                self.remember_catalog(&catalog);
                self.catalog_read(now, *catalog);
            }
            None => self.ask_catalog(now),
        }
    }

    fn ask_catalog(&mut self, now: Timestamp) {
        if self.calls.is_waited_for(&Owner::Catalog) {
            return;
        }
        let has_one = self.startup.has_catalog();
        let priority = if has_one { Priority::Background } else { Priority::Query };
        // Whatever becomes of it, there will be another.
        self.refresh_catalog_after(now, now);
        let symbols = self.configured_symbols();
        self.request(now, Call::Catalog { symbols }, Owner::Catalog, priority);
    }

    /// What another process has read answers whoever asks for it here.
    fn remember_catalog(&mut self, catalog: &Catalog) {
        let Catalog { read_at, instruments, limits } = catalog.clone();
        let call = Call::Catalog { symbols: self.configured_symbols() };
        self.overhear(read_at, &call, &Reply::Catalog { instruments, limits });
    }

    /// The venue has told the catalog.
    pub(super) fn catalog_told(&mut self, now: Timestamp, catalog: Catalog) {
        if self.config.beginning.shares_catalog {
            self.actions.push_back(Action::KeepCatalog(Box::new(catalog.clone())));
        }
        self.catalog_read(now, catalog);
    }

    /// Reads the catalog again once what was read then is old.
    pub(super) fn refresh_catalog_after(&mut self, now: Timestamp, read_at: Timestamp) {
        let due = read_at + self.staggered(CATALOG_EVERY);
        // What was old already when it was found is read anew soon, but not by all at once.
        let soonest = now + self.jitter.up_to(CATALOG_EVERY / 10);
        self.timers.set(Timer::Catalog, due.max(soonest));
    }

    /// Every symbol once.
    fn configured_symbols(&self) -> Vec<Symbol> {
        let setups = self.config.strategies.iter();
        let all = setups.flat_map(|setup| setup.instruments.iter().map(|(_, symbol)| symbol));
        all.cloned().collect::<BTreeSet<_>>().into_iter().collect()
    }
}

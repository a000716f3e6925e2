//! A disk: what outlives the instances of one machine, and what they tell each other by it.
//!
//! The files are those that a real process keeps, byte for byte; only the folder is missing. What
//! one instance enters the others see when they next look, as real ones do.

use std::collections::BTreeMap;
use std::time::Duration;

use tradewind_engine::{Beginning, Catalog, Event};
use tradewind_model::attempt::AccountHash;
use tradewind_model::id::Symbol;
use tradewind_model::time::Timestamp;
use tradewind_runtime::state::{CatalogShelf, Login, ShutBook, Starts};
use tradewind_scheduler::ShutRecord;

use crate::instance::InstanceId;

/// How often instances look for what others have written.
pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How long another instance is waited for that asks for the catalog.
const SEEKING_MAX: Duration = Duration::from_secs(12);
/// How long the right to ask for it is kept.
const LEASE_MAX: Duration = Duration::from_secs(30);

/// What outlives the instances of one machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Disk {
    /// The file of what the venue has shut; none before the first start.
    pub shut: Option<Vec<u8>>,
    /// The file of what the venue lists.
    pub catalog: Option<Vec<u8>>,
    starts: BTreeMap<(AccountHash, u16), Vec<u8>>,
    /// Who may ask the venue for the catalog, and until when.
    lease: Option<(InstanceId, u32, Timestamp)>,
}

/// What a life has to do with its disk.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    /// What is shut, as its engine said last.
    known: Vec<ShutRecord>,
    cleared_at: Option<Timestamp>,
    seeking: Option<Seeking>,
}

#[derive(Debug)]
struct Seeking {
    symbols: Vec<Symbol>,
    not_before: Timestamp,
    until: Timestamp,
}

impl Disk {
    /// A person has seen to the key of an account, at a time by the instances' clocks.
    pub fn clear_key(&mut self, now: Timestamp, account: AccountHash) {
        self.change(now, |book| {
            book.clear(now, account);
        });
    }

    /// What is noted as shut; none when it cannot be read.
    fn book(&self, now: Timestamp) -> Option<ShutBook> {
        match &self.shut {
            Some(text) => ShutBook::parse(now, text).ok(),
            None => Some(ShutBook::default()),
        }
    }

    fn change(&mut self, now: Timestamp, change: impl FnOnce(&mut ShutBook)) {
        let mut book = self.book(now).unwrap_or_default();
        change(&mut book);
        self.shut = Some(book.render(now));
    }

    /// Notes a start, and says how it is to begin.
    pub(crate) fn begin(&mut self, now: Timestamp, login: Login, slot: u16) -> (Beginning, Desk) {
        let starts = self.starts.get(&(login.hash, slot));
        let starts = starts.and_then(|text| Starts::parse(text).ok());
        let mut starts = starts.unwrap_or_default();
        let delay = starts.note(now).delay;
        self.starts.insert((login.hash, slot), starts.render(now));
        let noted = self.book(now);
        let is_shut_known = noted.is_some();
        let book = noted.unwrap_or_default();
        self.change(now, |_| {});
        let shut = book.records(login);
        let (known, cleared_at) = (shut.clone(), book.cleared_at(login.hash));
        let beginning =
            Beginning { shut, is_shut_known, delay, shares_catalog: true, ..Beginning::default() };
        (beginning, Desk { known, cleared_at, seeking: None })
    }

    pub(crate) fn enter(
        &mut self,
        now: Timestamp,
        login: Login,
        desk: &mut Desk,
        known: Vec<ShutRecord>,
    ) {
        let before = std::mem::replace(&mut desk.known, known);
        self.change(now, |book| book.enter(now, login, &before, &desk.known));
    }

    pub(crate) fn put_catalog(&mut self, now: Timestamp, by: InstanceId, catalog: Catalog) {
        let mut shelf = self.shelf(now);
        shelf.put(now, catalog);
        self.catalog = Some(shelf.render(now));
        self.lease = self.lease.filter(|(holder, ..)| *holder != by);
    }

    fn shelf(&self, now: Timestamp) -> CatalogShelf {
        let text = self.catalog.as_deref();
        text.and_then(|text| CatalogShelf::parse(now, text).ok()).unwrap_or_default()
    }

    /// What others have written, as far as it is news to this life.
    pub(crate) fn look(
        &mut self,
        now: Timestamp,
        login: Login,
        (id, life): (InstanceId, u32),
        desk: &mut Desk,
    ) -> Vec<Event> {
        let mut events = Vec::new();
        let book = self.book(now).unwrap_or_default();
        let cleared_at = book.cleared_at(login.hash);
        if cleared_at > desk.cleared_at {
            desk.cleared_at = cleared_at;
            events.push(Event::ClearAccount);
        }
        let news = book.news(now, login, &desk.known);
        if !news.is_empty() {
            events.push(Event::ShutElsewhere(news));
        }
        if let Some(seeking) = &desk.seeking {
            let found = self.shelf(now).find(&seeking.symbols, seeking.not_before);
            let is_mine =
                |(holder, of, _): &(InstanceId, u32, Timestamp)| (*holder, *of) == (id, life);
            // A life that is over has given its right back.
            let is_free = self.lease.is_none_or(|lease| lease.2 <= now || is_mine(&lease));
            if found.is_none() && is_free {
                self.lease = Some((id, life, now + LEASE_MAX));
            }
            if found.is_some() || is_free || now >= seeking.until {
                desk.seeking = None;
                events.push(Event::CatalogSought(found.map(Box::new)));
            }
        }
        events
    }

    /// Whoever held the right to ask for the catalog is dead.
    pub(crate) fn died(&mut self, id: InstanceId) {
        self.lease = self.lease.filter(|(holder, ..)| *holder != id);
    }
}

impl Desk {
    pub(crate) fn seek(&mut self, now: Timestamp, symbols: Vec<Symbol>, not_before: Timestamp) {
        let until = now + SEEKING_MAX;
        self.seeking = Some(Seeking { symbols, not_before, until });
    }

    pub(crate) const fn is_seeking(&self) -> bool {
        self.seeking.is_some()
    }
}

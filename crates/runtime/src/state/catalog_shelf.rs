//! The instruments and limits that a venue has told any process of this user, with their age.
//!
//! Asking costs weight that all processes behind one address pay together, and what is told
//! changes on no day. So each reads what another was told within the hour, and one of them asks
//! when nobody was. Every instrument stands on its own: processes trade different ones.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tradewind_engine::Catalog;
use tradewind_model::Timestamp;
use tradewind_model::id::Symbol;
use tradewind_model::instrument::Instrument;
use tradewind_model::tariff::Limit;

use super::document::{self, Damage, exact};

/// What nobody has read anew for so long is dropped.
const KEPT_FOR: Duration = Duration::from_secs(86_400);
/// How far ahead of ours another process' clock may be.
const SLACK: Duration = Duration::from_secs(5);

/// What a venue has told, and when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CatalogShelf {
    limits: Option<Dated<Vec<Limit>>>,
    instruments: BTreeMap<Symbol, Dated<Instrument>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Dated<T> {
    #[serde(with = "exact")]
    read_at: Timestamp,
    told: T,
}

#[derive(Serialize, Deserialize)]
struct Body {
    limits: Option<Dated<Vec<Limit>>>,
    instruments: Vec<Dated<Instrument>>,
}

impl CatalogShelf {
    /// Reads it from its file.
    ///
    /// # Errors
    /// What is wrong with it: also when it was read in the future, since its age is then not
    /// known, and when it holds a limit that cannot be.
    pub fn parse(now: Timestamp, text: &[u8]) -> Result<Self, Damage> {
        let (_, Body { limits, instruments }) = document::read(text)?;
        let dates = instruments.iter().map(|one| one.read_at);
        let dates = dates.chain(limits.iter().map(|limits| limits.read_at));
        if dates.max().is_some_and(|latest| latest > now + SLACK) {
            return Err(Damage::Absurd("it was read in the future".to_owned()));
        }
        let is_sound = |limit: &Limit| !limit.interval.is_zero() && limit.capacity > 0;
        if !limits.iter().flat_map(|limits| &limits.told).all(is_sound) {
            return Err(Damage::Absurd("it holds a limit that nothing fits".to_owned()));
        }
        let by_symbol = instruments.into_iter().map(|one| (one.told.symbol.clone(), one));
        Ok(Self { limits, instruments: by_symbol.collect() })
    }

    /// The text of its file.
    #[must_use]
    pub fn render(&self, now: Timestamp) -> Vec<u8> {
        let Self { limits, instruments } = self.clone();
        document::write(now, Body { limits, instruments: instruments.into_values().collect() })
    }

    /// All of `symbols` and the limits, if none of it was read before `not_before`. It is as old
    /// as the oldest of it.
    #[must_use]
    pub fn find(&self, symbols: &[Symbol], not_before: Timestamp) -> Option<Catalog> {
        let limits = self.limits.as_ref()?;
        let mut read_at = limits.read_at;
        let mut instruments = Vec::with_capacity(symbols.len());
        for symbol in symbols {
            let one = self.instruments.get(symbol)?;
            read_at = read_at.min(one.read_at);
            instruments.push(one.told.clone());
        }
        let limits = limits.told.clone();
        (read_at >= not_before).then_some(Catalog { read_at, instruments, limits })
    }

    /// Adds what a process was told.
    pub fn put(&mut self, now: Timestamp, catalog: Catalog) {
        let Catalog { read_at, instruments, limits } = catalog;
        let is_newer = |known: Option<Timestamp>| known.is_none_or(|known| known <= read_at);
        // A venue may name none at all. Where it has named some, an answer without them says nothing.
        let has_some = self.limits.as_ref().is_some_and(|limits| !limits.told.is_empty());
        let says_something = !limits.is_empty() || !has_some;
        if says_something && is_newer(self.limits.as_ref().map(|limits| limits.read_at)) {
            self.limits = Some(Dated { read_at, told: limits });
        }
        for told in instruments {
            if is_newer(self.instruments.get(&told.symbol).map(|one| one.read_at)) {
                self.instruments.insert(told.symbol.clone(), Dated { read_at, told });
            }
        }
        self.instruments.retain(|_, one| one.read_at + KEPT_FOR > now);
    }

    /// Of how many instruments something is known, and since when the limits are.
    #[must_use]
    pub fn extent(&self) -> (usize, Option<Timestamp>) {
        (self.instruments.len(), self.limits.as_ref().map(|limits| limits.read_at))
    }
}

#[cfg(test)]
pub(super) mod tests;

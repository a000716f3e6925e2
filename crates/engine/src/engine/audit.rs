//! The books against the venue's.
//!
//! What our own trades have come to must be what the account's balances have changed by. What is
//! there besides (money that was there before, deposits, trades by hand) does not change with our
//! trades, so that it is enough to look whether it stays the same. A trade that the venue's answer
//! has in it and our books do not yet, or the other way around, is no difference: only one that is
//! found again and again is told of, once, and is taken for what is there besides from then on.

use std::collections::BTreeMap;
use std::time::Duration;

use tradewind_model::Decimal;
use tradewind_model::balance::Balance;
use tradewind_model::call::Call;
use tradewind_model::id::Asset;
use tradewind_model::order::OrderState;
use tradewind_model::time::Timestamp;
use tradewind_scheduler::Priority;

use super::calls::Owner;
use super::{Engine, Timer};
use crate::incident::Incident;

/// How often the account is read for this while it changes: it weighs 20 (rest-api.md, account
/// information, read 2026-11).
const LOOK_EVERY: Duration = Duration::from_secs(600);
/// How soon it is read again when there is a difference.
const LOOK_AGAIN: Duration = Duration::from_secs(60);
/// How often in a row a difference is found before it is believed.
const FOUND_MIN: u32 = 3;
/// The same of what is there at the beginning, when nothing of ours is on its way.
const FOUND_FIRST: u32 = 2;

/// What is on the account besides our trades.
#[derive(Debug, Default)]
pub(super) struct Audit {
    /// As it was last believed.
    believed: Option<BTreeMap<Asset, Decimal>>,
    /// As it was found the last times, and how often.
    found: BTreeMap<Asset, Decimal>,
    times: u32,
    /// Whether something has changed since the last look.
    has_changed: bool,
}

impl Audit {
    /// Takes in what was found; gives what has changed by how much, once that is believed.
    fn find(&mut self, besides: BTreeMap<Asset, Decimal>) -> Vec<(Asset, Decimal)> {
        if self.believed.as_ref() == Some(&besides) {
            self.times = 0;
            return Vec::new();
        }
        self.times = if self.found == besides { self.times + 1 } else { 1 };
        self.found = besides;
        if self.times < if self.believed.is_some() { FOUND_MIN } else { FOUND_FIRST } {
            return Vec::new();
        }
        self.times = 0;
        let Some(before) = self.believed.replace(self.found.clone()) else { return Vec::new() };
        let was = |asset| before.get(asset).copied().unwrap_or_default();
        // An asset that has come in only now, as that of a fee, changes nothing by that alone.
        let known = self.found.iter().filter(|(asset, _)| before.contains_key(*asset));
        let changes = known.map(|(asset, now)| (asset.clone(), *now - was(asset)));
        changes.filter(|(_, by)| !by.is_zero()).collect()
    }

    /// Whether there is no hurry to look again.
    fn is_sure(&self) -> bool {
        self.times == 0 || self.believed.is_none() && self.times < FOUND_FIRST
    }
}

impl Engine {
    /// The account holds something else than before, by our trades or otherwise.
    pub(super) fn note_holdings(&mut self) {
        self.audit.has_changed = true;
    }

    /// Holds the books against what the venue has just told of the whole account.
    pub(super) fn audit(&mut self, now: Timestamp, balances: &[Balance]) {
        if !self.is_settled() {
            self.timers.set(Timer::Audit, now + LOOK_AGAIN);
            return;
        }
        self.audit.has_changed = false;
        let ours = self.added_by_trades();
        let held = |asset: &Asset| {
            let balance = balances.iter().find(|one| one.asset == *asset);
            balance.map(|one| one.free + one.locked).unwrap_or_default()
        };
        let besides = ours.iter().map(|(asset, ours)| (asset.clone(), held(asset) - *ours));
        let besides = besides.collect();
        for (asset, by) in self.audit.find(besides) {
            self.counters.books_differed += 1;
            self.tell(Incident::BooksDiffer { asset, by });
        }
        let next = if self.audit.is_sure() { self.apart(now, LOOK_EVERY) } else { LOOK_AGAIN };
        self.timers.set(Timer::Audit, now + next);
    }

    /// The account is to be read for the books' sake.
    pub(super) fn audit_due(&mut self, now: Timestamp) {
        if !self.audit.has_changed && self.audit.is_sure() {
            let next = self.apart(now, LOOK_EVERY);
            self.timers.set(Timer::Audit, now + next);
        } else if self.calls.is_waited_for(&Owner::Account) || !self.account_stream.is_live() {
            self.timers.set(Timer::Audit, now + LOOK_AGAIN);
        } else {
            self.request(now, Call::Account, Owner::Account, Priority::Background);
        }
    }

    /// Whether nothing is on its way that one side may know and the other not.
    fn is_settled(&self) -> bool {
        let is_settled = |state| match state {
            OrderState::InFlight | OrderState::InDoubt => false,
            OrderState::Pending
            | OrderState::Open
            | OrderState::PartiallyFilled
            | OrderState::Filled
            | OrderState::Canceled
            | OrderState::Denied
            | OrderState::Rejected
            | OrderState::Expired => true,
        };
        let mut open = self.ledger.open();
        self.scans.is_empty()
            && self.account_stream.is_live()
            && open.all(|order| is_settled(order.state) && !order.has_unbooked_fills())
    }

    /// What our trades have added to each asset that they are about, fees deducted.
    fn added_by_trades(&self) -> BTreeMap<Asset, Decimal> {
        let mut sums = BTreeMap::<Asset, Decimal>::new();
        for one in self.instruments.values() {
            sums.entry(one.base.clone()).or_default();
            sums.entry(one.quote.clone()).or_default();
        }
        for ((_, id), position) in self.ledger.positions() {
            let Some(one) = self.instruments.get(id) else { continue };
            *sums.entry(one.base.clone()).or_default() += position.base;
            *sums.entry(one.quote.clone()).or_default() += position.quote;
            let elsewhere =
                position.fees.iter().filter(|(asset, _)| ![&one.base, &one.quote].contains(asset));
            for (asset, fee) in elsewhere {
                *sums.entry(asset.clone()).or_default() -= *fee;
            }
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn besides(usdt: i64) -> BTreeMap<Asset, Decimal> {
        BTreeMap::from([(Asset::new("USDT"), Decimal::from(usdt))])
    }

    fn settled(usdt: i64) -> Audit {
        let mut audit = Audit::default();
        for _ in 0..FOUND_FIRST {
            assert_eq!(audit.find(besides(usdt)), []);
        }
        audit
    }

    #[test]
    fn a_difference_that_lasts_is_told_once() {
        let mut audit = settled(100);
        assert_eq!(audit.find(besides(130)), []);
        assert_eq!(audit.find(besides(130)), []);
        assert_eq!(audit.find(besides(130)), [(Asset::new("USDT"), Decimal::from(30))]);
        assert_eq!(audit.find(besides(130)), []);
    }

    #[test]
    fn a_difference_that_goes_away_or_moves_is_none() {
        let mut audit = settled(100);
        for usdt in [130, 130, 100, 130, 130, 90, 130, 130, 100] {
            assert_eq!(audit.find(besides(usdt)), []);
        }
        assert!(audit.is_sure());
    }
}

//! What the balance covers, between what has been told and what is on its way.
//!
//! A balance that was told is older than the orders asked for since, and news of an order and of
//! the balance that goes with it come in either order. So two numbers are kept apart. What is free
//! shrinks when an order rests, free and locked together only when one trades; the grid knows all
//! of its own orders, and takes whichever of the two leaves less.

use std::time::Duration;

use tradewind_model::Decimal;
use tradewind_model::balance::Balance;
use tradewind_model::time::Timestamp;

/// After this the balance is taken to have been told along with the trade, or before it.
const SETTLED_AFTER: Duration = Duration::from_secs(2);

/// One asset, as the grid spends it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Purse {
    /// How often its balance has been told.
    pub(crate) told: u64,
    /// What orders have spent by trading since then.
    spent: Decimal,
    spent_at: Timestamp,
}

/// What the grid's own orders hold of an asset.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Held {
    /// All that may rest.
    pub(crate) live: Decimal,
    /// Those of them without word from the venue.
    pub(crate) asked: Decimal,
}

impl Purse {
    pub(crate) fn tell(&mut self) {
        self.told += 1;
        self.spent = Decimal::ZERO;
    }

    pub(crate) fn spend(&mut self, now: Timestamp, value: Decimal) {
        if !value.is_zero() {
            self.spent = self.spent.saturating_add(value);
            self.spent_at = now;
        }
    }

    /// When to look again, if what was spent still counts.
    pub(crate) fn settles_at(&self, now: Timestamp) -> Option<Timestamp> {
        let at = self.spent_at + SETTLED_AFTER;
        (!self.spent.is_zero() && now < at).then_some(at)
    }

    /// What a new order can use.
    pub(crate) fn free(&self, now: Timestamp, balance: &Balance, held: Held) -> Decimal {
        let spent = self.settles_at(now).map_or(Decimal::ZERO, |_| self.spent);
        let by_free = balance.free.saturating_sub(held.asked);
        let by_total = balance
            .free
            .saturating_add(balance.locked)
            .saturating_sub(held.live)
            .saturating_sub(spent);
        by_free.min(by_total)
    }
}

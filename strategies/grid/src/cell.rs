//! The space between two neighboring rungs, and the two orders that go round in it.
//!
//! A cell is worth one `qty`: as money that waits to buy on its lower rung, or as base asset that
//! waits to be sold on its upper rung, or, after an order that ended half-way, as a part of each.
//! That one number, what is held, says for every history of fills what is to be ordered next; no
//! follow-up has to be remembered beside it.

use std::time::Duration;

use tradewind_model::Decimal;
use tradewind_model::id::{Asset, ClientOrderId};
use tradewind_model::money::Quantity;
use tradewind_model::order::{Denied, OrderState, OrderUpdate, Side};
use tradewind_model::time::Timestamp;

use crate::ladder::Ladder;

/// How long a slot waits after the first refusal; no slot asks twice within it. Doubles with each
/// further one.
pub(crate) const BACKOFF_FIRST: Duration = Duration::from_secs(1);
/// The longest a slot waits between two refusals.
pub(crate) const BACKOFF_MAX: Duration = Duration::from_secs(60);

/// How far an order has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Asked for, without word from the venue.
    Asked,
    /// Known to the venue.
    Resting,
    /// Nothing more can happen to it, but for a fill told late.
    Over,
}

/// The latest order of a slot.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    pub(crate) id: ClientOrderId,
    pub(crate) qty: Quantity,
    pub(crate) cum: Quantity,
    pub(crate) phase: Phase,
}

impl Placed {
    /// What can still trade.
    pub(crate) fn leaves(&self) -> Quantity {
        self.qty.saturating_sub(self.cum)
    }
}

/// The place of one side's order in a cell: one at a time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Slot {
    order: Option<Placed>,
    failures: u32,
    not_before: Timestamp,
    /// The count of quotes that has to be passed before the next attempt.
    after_quote: u64,
    /// The count of balances that has to be passed before the next attempt.
    after_balance: u64,
}

/// What the world has told so far, as counts that only rise.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told {
    pub(crate) quotes: u64,
    pub(crate) balances: u64,
}

/// Whether a slot may ask now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ready {
    Now,
    At(Timestamp),
    /// Once more has been told.
    WhenTold,
}

impl Slot {
    /// The order that may still trade.
    pub(crate) fn live(&self) -> Option<&Placed> {
        self.order.as_ref().filter(|order| order.phase != Phase::Over)
    }

    pub(crate) fn is_of(&self, id: ClientOrderId) -> bool {
        self.order.as_ref().is_some_and(|order| order.id == id)
    }

    pub(crate) fn put(&mut self, order: Placed) {
        self.order = Some(order);
    }

    /// How many attempts in a row came to nothing.
    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    pub(crate) fn ready(&self, now: Timestamp, told: Told) -> Ready {
        if told.quotes < self.after_quote || told.balances < self.after_balance {
            Ready::WhenTold
        } else if now < self.not_before {
            Ready::At(self.not_before)
        } else {
            Ready::Now
        }
    }

    /// Waits after an attempt that came to nothing.
    pub(crate) fn back_off(&mut self, now: Timestamp, told: Told, denied: Option<&Denied>) {
        let doublings = self.failures.min(6);
        self.failures = self.failures.saturating_add(1);
        let mut wait = BACKOFF_MAX.min(BACKOFF_FIRST * 2_u32.pow(doublings));
        match denied {
            // The same order breaks the same rule a second later.
            Some(
                Denied::Filter(_)
                | Denied::UnknownInstrument(_)
                | Denied::Unsupported(_)
                | Denied::NotLower { .. },
            ) => {
                wait = BACKOFF_MAX;
            }
            Some(Denied::RefusedAlike { until, .. }) => wait = wait.max(until.since(now)),
            Some(Denied::InsufficientBalance { .. }) => self.after_balance = told.balances + 1,
            Some(
                Denied::NotOpen(_)
                | Denied::DuplicateId(_)
                | Denied::Full(_)
                | Denied::Deadline { .. }
                | Denied::NotTaken(_)
                | Denied::NeverFits(_)
                | Denied::NotPlaced
                | Denied::Recalled
                | Denied::Unresolved(_)
                | Denied::Unrecorded(_)
                | Denied::Forbidden { .. }
                | Denied::ReduceOnly { .. }
                | Denied::Limit { .. }
                | Denied::CutOff(_)
                | Denied::Closed(_),
            ) => {}
            // The venue's no. It may have been that the order would have traded at once, so the
            // quote that it was judged by is not to be trusted again.
            None => self.after_quote = told.quotes + 1,
        }
        self.not_before = now + wait;
    }
}

/// The space between rung `n` and rung `n + 1`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cell {
    /// On the lower rung.
    pub(crate) buy: Slot,
    /// On the upper rung.
    pub(crate) sell: Slot,
    /// Base asset bought and not yet sold, fees not taken off.
    pub(crate) held: Quantity,
    /// What fees have taken of it.
    pub(crate) fees: Decimal,
    /// Whether it has traded. Until then the price decides on which side it begins.
    pub(crate) is_staked: bool,
}

impl Cell {
    pub(crate) fn slot(&self, side: Side) -> &Slot {
        match side {
            Side::Buy => &self.buy,
            Side::Sell => &self.sell,
        }
    }

    pub(crate) fn slot_mut(&mut self, side: Side) -> &mut Slot {
        match side {
            Side::Buy => &mut self.buy,
            Side::Sell => &mut self.sell,
        }
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.buy.live().is_none() && self.sell.live().is_none()
    }

    /// Takes over an order of an earlier life.
    pub(crate) fn adopt(&mut self, update: &OrderUpdate, qty: Quantity) {
        let order = Placed {
            id: update.client_order_id,
            qty,
            cum: update.cum_qty,
            phase: phase(update.state),
        };
        self.held = self.held
            + match update.side {
                Side::Buy => order.cum,
                Side::Sell => order.leaves(),
            };
        // A sell was most likely bought for, and is to be sold where it was meant to be.
        self.is_staked |= update.side == Side::Sell || !order.cum.is_zero();
        self.slot_mut(update.side).put(order);
    }

    /// Books news of its own order. Gives back what has traded since the news before.
    pub(crate) fn apply(
        &mut self,
        update: &OrderUpdate,
        base: &Asset,
        now: Timestamp,
        told: Told,
    ) -> Quantity {
        let slot = self.slot_mut(update.side);
        let Some(order) = slot.order.as_mut() else {
            return Quantity::ZERO;
        };
        let was_over = order.phase == Phase::Over;
        let traded = update.cum_qty.saturating_sub(order.cum);
        order.cum = order.cum + traded;
        if !was_over {
            order.phase = match (order.phase, phase(update.state)) {
                (Phase::Resting, Phase::Asked) => Phase::Resting,
                (_, next) => next,
            };
            match update.state {
                OrderState::Pending | OrderState::InFlight | OrderState::InDoubt => {}
                OrderState::Open | OrderState::PartiallyFilled | OrderState::Filled => {
                    slot.failures = 0;
                }
                OrderState::Canceled
                | OrderState::Rejected
                | OrderState::Expired
                | OrderState::Denied => slot.back_off(now, told, update.denied.as_ref()),
            }
        }
        self.book(update, base, traded);
        traded
    }

    fn book(&mut self, update: &OrderUpdate, base: &Asset, traded: Quantity) {
        self.is_staked |= !traded.is_zero();
        match update.side {
            Side::Buy => self.held = self.held + traded,
            Side::Sell => self.held = self.held.saturating_sub(traded),
        }
        if let Some(fill) = &update.fill
            && fill.commission_asset.as_ref() == Some(base)
        {
            self.fees = self.fees.saturating_add(fill.commission);
        }
        if update.side == Side::Sell && update.state == OrderState::Filled {
            // What fees had taken was never there to be sold; what is left now is a remainder.
            let held = self.held.get().saturating_sub(self.fees);
            self.held = Quantity::new(held.max(Decimal::ZERO)).unwrap_or_default();
            self.fees = Decimal::ZERO;
        }
        if !self.is_staked && self.is_idle() {
            self.held = Quantity::ZERO;
        }
    }

    /// What a staked cell has to sell and to buy now: for each side that has no order, as much as
    /// no order of the other side is still working on, if the rules take that much.
    pub(crate) fn owed(&self, index: usize, ladder: &Ladder) -> [Option<(Side, Quantity)>; 2] {
        let bought_so_far = self.buy.live().map_or(Quantity::ZERO, |order| order.cum);
        let sold_so_far = self.sell.live().map_or(Quantity::ZERO, |order| order.cum);
        let sell = ladder.quantize(self.held.saturating_sub(bought_so_far));
        let buy =
            ladder.qty().saturating_sub(ladder.quantize(self.held)).saturating_sub(sold_so_far);
        let sell = (self.sell.live().is_none() && ladder.takes(index + 1, Side::Sell, sell))
            .then_some((Side::Sell, sell));
        let mut buy = (self.buy.live().is_none() && ladder.takes(index, Side::Buy, buy))
            .then_some((Side::Buy, buy));
        let is_split = !self.held.is_zero() && self.held < ladder.qty();
        if is_split && self.is_idle() && sell.is_none() && buy.is_none() {
            // Both parts are too small for the venue: buy enough for the whole to be sold.
            let qty = ladder.qty();
            buy = ladder.takes(index, Side::Buy, qty).then_some((Side::Buy, qty));
        }
        [sell, buy]
    }
}

fn phase(state: OrderState) -> Phase {
    match state {
        OrderState::Pending | OrderState::InFlight | OrderState::InDoubt => Phase::Asked,
        OrderState::Open | OrderState::PartiallyFilled => Phase::Resting,
        OrderState::Filled
        | OrderState::Canceled
        | OrderState::Rejected
        | OrderState::Expired
        | OrderState::Denied => Phase::Over,
    }
}

//! Orders that may only bring a position nearer to zero.
//!
//! A position is what a strategy has by its own fills. Whatever else of it is open counts at its
//! worst: an order in doubt may have traded whole, so it takes room; and it may not be there at
//! all, so it makes none.

use std::collections::BTreeMap;

use tradewind_model::Decimal;
use tradewind_model::id::ClientOrderId;
use tradewind_model::money::Quantity;
use tradewind_model::order::{Denied, OrderState, Side};
use tradewind_model::trading::{CLOSING_TAG, TradingState};

use crate::engine::Engine;
use crate::journal::Trading;
use crate::ledger::{Holding, Waiting};
use crate::order::Order;

impl Engine {
    /// Whether a strategy's orders may only reduce now.
    fn reduces_only(&self, order: &Order) -> Option<&Trading> {
        let held = self.strictest(order.strategy)?;
        Some(&held.trading).filter(|trading| trading.state == TradingState::ReduceOnly)
    }

    pub(super) fn check_reduces(
        &self,
        order: &Order,
        trading: &Trading,
        waiting: Waiting,
    ) -> Result<(), Denied> {
        let room = self.room_for(order, waiting);
        // One whose quantity the venue will say might pass zero.
        if order.qty.is_zero() || order.leaves_qty() > room {
            let (scope, reason) = (trading.scope, trading.reason.clone());
            return Err(Denied::ReduceOnly { scope, reason, room });
        }
        Ok(())
    }

    pub(super) fn room_for(&self, order: &Order, waiting: Waiting) -> Quantity {
        let holding = (order.strategy, order.instrument.clone());
        self.ledger.room_to_reduce(&holding, order.side, Some(order.id), waiting)
    }

    /// Makes an order that may only reduce no larger than what is to be reduced.
    pub(in crate::engine) fn clamp(&mut self, id: ClientOrderId) {
        let Some(order) = self.ledger.order(id).filter(|order| order.tag != CLOSING_TAG) else {
            return;
        };
        // Both halves of a pair are of one quantity.
        let is_half = order.link.half().is_some();
        if is_half || self.reduces_only(order).is_none() || order.qty.is_zero() {
            return;
        }
        let room = self.room_for(order, Waiting::Counts);
        let Some(instrument) = self.instruments.get(&order.instrument) else { return };
        let clamped = instrument.quantize_qty(room);
        if clamped.is_zero() || clamped >= order.qty {
            return;
        }
        if let Some(order) = self.ledger.order_mut(id) {
            order.reason = Some(format!("reduced from {} to {clamped}", order.qty));
            order.qty = clamped;
            order.kind = order.kind.with_qty(clamped);
        }
    }

    /// Orders that rest and might take a position away from zero, or past it. Those that were
    /// placed first stay.
    pub(super) fn beyond_reducing(&self) -> Vec<ClientOrderId> {
        // Positions are not known before.
        if !self.startup.has_begun_strategies {
            return Vec::new();
        }
        let mut room = BTreeMap::<(Holding, Side), Decimal>::new();
        let mut beyond = Vec::new();
        let resting = self.ledger.open().filter(|order| order.state != OrderState::Pending);
        let mut resting: Vec<_> =
            resting.filter(|order| self.reduces_only(order).is_some()).collect();
        resting.sort_by_key(|order| (!order.is_cancel_wanted, order.created_at, order.id));
        for order in resting {
            let holding = (order.strategy, order.instrument.clone());
            let left = room.entry((holding.clone(), order.side)).or_insert_with(|| {
                let held = self.ledger.base_held(&holding);
                let unbooked = self.unbooked(&holding, order.side);
                match order.side {
                    Side::Buy => -held - unbooked,
                    Side::Sell => held - unbooked,
                }
            });
            // One that is on its way out, and one that the engine has placed, can still trade.
            let stays = order.is_cancel_wanted || order.tag == CLOSING_TAG;
            let leaves = order.leaves_qty().get();
            let fits = !order.qty.is_zero() && leaves <= *left;
            if stays || fits {
                *left -= leaves;
            } else {
                beyond.push(order.id);
            }
        }
        beyond
    }

    /// Trades of a side that were told of and are not booked.
    fn unbooked(&self, holding: &Holding, side: Side) -> Decimal {
        let same = |order: &&Order| {
            order.side == side && (order.strategy, &order.instrument) == (holding.0, &holding.1)
        };
        let unfiled = self.ledger.unfiled().filter(same);
        unfiled.fold(Decimal::ZERO, |sum, order| {
            sum + order.cum_qty.saturating_sub(order.booked_qty()).get()
        })
    }
}

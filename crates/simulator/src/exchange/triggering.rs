//! What sets waiting orders off, and what becomes of them then.
//!
//! The trigger is the last price of every trade, not only of the last one: one taker that sweeps
//! through a stop price and back sets it off. An order that is set off is judged anew, because the
//! market and the balance have moved on since it was accepted: it may expire as rejected
//! (user-data-stream.md, order expiry reason, read 2026-11). Then it meets the book like any
//! other, and may set off the next one.

use rust_decimal::Decimal;
use tradewind_model::Timestamp;

use super::book::{Order, Owner};
use super::clearing::{Cause, Clearing};
use super::event::ExecType;
use super::filters::Candidate;
use super::listing::Listing;
use super::matching::Met;
use super::order::{ExpiryReason, OrderStatus, OrderView, Side};

impl Listing {
    /// Lets an accepted order meet the book, and what its trades set off after it.
    pub(super) fn meet(
        &mut self,
        clearing: &mut Clearing,
        taker: Order,
        ran_out: bool,
        now: Timestamp,
    ) -> (Order, Met) {
        let met = self.encounter(clearing, taker, ran_out, now);
        self.fire(clearing, now);
        met
    }

    /// Sets off every order that the trades since the last call have reached. Each turn takes at
    /// least one order out of those that wait, and nothing here adds one, so there is an end.
    fn fire(&mut self, clearing: &mut Clearing, now: Timestamp) {
        while let Some((low, high)) = self.traded.take() {
            for id in self.triggers.met(low, high) {
                // One before it may have ended it: they are a pair.
                if let Some(order) = self.triggers.remove(id) {
                    self.set_off(clearing, order, now);
                }
            }
        }
    }

    fn set_off(&mut self, clearing: &mut Clearing, mut order: Order, now: Timestamp) {
        self.touch(clearing, &mut order, now);
        if !self.admits_set_off(clearing, &mut order) {
            order.view.status = OrderStatus::Expired;
            order.view.expiry_reason = Some(ExpiryReason::Rejected);
            self.end(clearing, &mut order, ExecType::Expired, now);
            return;
        }
        order.view.working_time = Some(now);
        order.view.update_time = now;
        // In its level it stands behind those that came to the book before it.
        order.arrival = self.take_order_id();
        let execution_id = self.take_execution_id();
        clearing.report(&order, execution_id, true, Cause::Lifecycle(ExecType::New));
        self.encounter(clearing, order, false, now);
    }

    /// Whether an order that was set off still passes the filters that look at the market, and
    /// whether there is money for it; then it holds what it may need.
    fn admits_set_off(&self, clearing: &mut Clearing, order: &mut Order) -> bool {
        let Owner::Account(account) = order.owner else {
            return true;
        };
        let view = &order.view;
        let candidate = Candidate {
            side: view.side,
            kind: view.kind.with_qty(view.orig_qty),
            iceberg_qty: Some(view.iceberg_qty).filter(|qty| !qty.is_zero()),
        };
        let reference = |mins| self.average_price(mins);
        if self.config.filters.check_terms(candidate, reference).is_err() {
            return false;
        }
        let held =
            clearing.account(account).map_or(Decimal::ZERO, |funds| funds.total(&self.terms.base));
        let others = self.open_orders(account).filter(|other| other.order_id != view.order_id);
        let to_buy: Decimal =
            others.filter(|other| other.side == Side::Buy).map(OrderView::remaining).sum();
        if self.config.filters.check_position(candidate, held + to_buy).is_err() {
            return false;
        }
        if !(view.kind.is_market() && view.side == Side::Buy) {
            return true;
        }
        // Only now is it known what it costs.
        let reach = self.reach(order.owner, view.side, None, view.remaining(), view.stp);
        clearing.relock(&self.terms, order, reach.quote)
    }
}

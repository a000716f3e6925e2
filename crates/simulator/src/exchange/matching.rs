//! The meeting of a new order and the book: trades, prevented trades, and what is left over.
//!
//! A trade happens at the resting order's price, best price first and oldest first within a price.
//! The order that comes is the taker until nothing crosses its limit; only then may it rest.

use std::sync::Arc;

use rust_decimal::Decimal;
use tradewind_model::Timestamp;

use super::book::{Meeting, Order, Owner, is_self_trade};
use super::clearing::{Cause, Clearing, Deal};
use super::config::CrossingMaker;
use super::event::ExecType;
use super::listing::Listing;
use super::order::{
    ExpiryReason, FillView, OrderKind, OrderStatus, PreventedMatch, Side, StpMode, TimeInForce,
};

/// What became of an order that came.
#[derive(Debug)]
pub(super) struct Met {
    pub(super) fills: Vec<FillView>,
    pub(super) prevented: Vec<PreventedMatch>,
}

/// How much of an order the book could fill at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Reach {
    /// Base it would trade.
    pub(super) traded: Decimal,
    /// Quote it would trade.
    pub(super) quote: Decimal,
    /// Whether it would be used up by trades alone.
    pub(super) is_whole: bool,
}

impl Listing {
    /// What an order of this quantity would trade at once, touching nothing.
    pub(super) fn reach(
        &self,
        owner: Owner,
        side: Side,
        limit: Option<Decimal>,
        qty: Decimal,
        stp: StpMode,
    ) -> Reach {
        let mut left = qty;
        let mut reach = Reach { traded: Decimal::ZERO, quote: Decimal::ZERO, is_whole: true };
        for meeting in self.book.meetings(side, limit, owner, stp) {
            if left.is_zero() {
                break;
            }
            match meeting {
                Meeting::Trade { price, qty } => {
                    let qty = qty.min(left);
                    reach.traded += qty;
                    reach.quote += price * qty;
                    left -= qty;
                }
                Meeting::Prevented { qty, .. } => {
                    left -= qty.min(left);
                    reach.is_whole = false;
                }
            }
        }
        reach.is_whole &= left.is_zero();
        reach
    }

    /// The base quantity whose notional comes closest under `quote`, not yet rounded to lots, and
    /// whether the book ran out before.
    pub(super) fn qty_for_quote(
        &self,
        owner: Owner,
        side: Side,
        quote: Decimal,
        stp: StpMode,
    ) -> (Decimal, bool) {
        let mut left = quote;
        let mut total = Decimal::ZERO;
        for meeting in self.book.meetings(side, None, owner, stp) {
            let (Meeting::Trade { price, qty } | Meeting::Prevented { price, qty }) = meeting;
            if price * qty >= left {
                return (total + left / price, false);
            }
            total += qty;
            left -= price * qty;
        }
        (total, true)
    }

    /// Lets an accepted order meet the book and then rest or end. `ran_out` says that a market
    /// order by quote quantity wanted more than the book has. What its trades set off is for the
    /// caller to see to.
    pub(super) fn encounter(
        &mut self,
        clearing: &mut Clearing,
        mut taker: Order,
        ran_out: bool,
        now: Timestamp,
    ) -> (Order, Met) {
        let mut met = Met { fills: Vec::new(), prevented: Vec::new() };
        let view = &taker.view;
        let limit = view.kind.price();
        let is_killed = view.kind.time_in_force() == TimeInForce::Fok
            && !self.reach(taker.owner, view.side, limit, view.remaining(), view.stp).is_whole;
        // Where such an order is refused it never gets here.
        let would_take = self.config.crossing_maker == CrossingMaker::Ended
            && matches!(view.kind, OrderKind::LimitMaker { .. })
            && self.book.first_match(view.side, limit).is_some();
        if !is_killed && !would_take {
            self.take(clearing, &mut taker, limit, now, &mut met);
        }
        let reason = if would_take {
            Some(ExpiryReason::WouldMatch)
        } else if taker.view.kind.is_market() {
            Some(ExpiryReason::InsufficientLiquidity)
        } else {
            match taker.view.kind.time_in_force() {
                TimeInForce::Ioc => Some(ExpiryReason::UnfilledIoc),
                TimeInForce::Fok => Some(ExpiryReason::UnfilledFok),
                TimeInForce::Gtc => None,
            }
        };
        let is_over = !taker.view.status.is_open() && !ran_out;
        match reason {
            _ if is_over || taker.view.status == OrderStatus::ExpiredInMatch => {
                self.file(clearing, taker.clone());
            }
            Some(reason) => {
                taker.view.status = OrderStatus::Expired;
                taker.view.expiry_reason = Some(reason);
                self.end(clearing, &mut taker, ExecType::Expired, now);
            }
            None => self.rest(clearing, taker.clone()),
        }
        (taker, met)
    }

    /// Ends an order that is not in the book under the status it has by now: money back, a report,
    /// into the history.
    pub(super) fn end(
        &mut self,
        clearing: &mut Clearing,
        order: &mut Order,
        exec_type: ExecType,
        now: Timestamp,
    ) {
        order.view.update_time = now;
        clearing.retarget(&self.terms, order);
        let execution_id = self.take_execution_id();
        clearing.report(order, execution_id, false, Cause::Lifecycle(exec_type));
        self.file(clearing, order.clone());
    }

    fn take(
        &mut self,
        clearing: &mut Clearing,
        taker: &mut Order,
        limit: Option<Decimal>,
        now: Timestamp,
        met: &mut Met,
    ) {
        while taker.view.status.is_open() {
            let Some(maker) = self.book.first_match(taker.view.side, limit) else {
                break;
            };
            let (maker_id, owner) = (maker.view.order_id, maker.owner);
            if is_self_trade(taker.owner, owner, taker.view.stp) {
                met.prevented.push(self.prevent(clearing, taker, maker_id, now));
            } else {
                met.fills.extend(self.trade(clearing, taker, maker_id, now));
            }
        }
    }

    /// One trade with the order at the front of the book.
    fn trade(
        &mut self,
        clearing: &mut Clearing,
        taker: &mut Order,
        maker_id: u64,
        now: Timestamp,
    ) -> Option<FillView> {
        self.touch_resting(clearing, maker_id, now);
        let maker = &self.book.get(maker_id).expect("the maker is in the book").view;
        let price = maker.price;
        let qty = maker.remaining().min(taker.view.remaining());
        let is_buyer_maker = maker.side == Side::Buy;
        let deal = Deal { trade_id: self.take_trade_id(), price, qty, time: now };

        let taker_fill = clearing.fill(&self.terms, taker, &deal, false);
        let mut maker_fill = None;
        let change = self.book.reduce(maker_id, |maker| {
            maker_fill = clearing.fill(&self.terms, maker, &deal, true);
        });
        self.print(clearing, &deal, is_buyer_maker);
        if let Some(change) = change {
            self.tell_level(clearing, change, now);
        }

        let is_left = !taker.view.remaining().is_zero();
        let execution_id = self.take_execution_id();
        if let (Some(fill), Owner::Account(account)) = (&taker_fill, taker.owner) {
            let is_on_book = is_left && may_rest(taker.view.kind);
            clearing.report(taker, execution_id, is_on_book, Cause::Fill(fill.clone()));
            self.history_mut(account).fill(fill.clone());
        }
        let execution_id = self.take_execution_id();
        let maker = self.book.get(maker_id).expect("it leaves the book below");
        let is_filled = maker.view.remaining().is_zero();
        if let (Some(fill), Owner::Account(account)) = (maker_fill, maker.owner) {
            clearing.report(maker, execution_id, !is_filled, Cause::Fill(fill.clone()));
            self.history_mut(account).fill(fill);
        }
        if is_filled && let Some(maker) = self.pull(clearing, maker_id, now) {
            self.file(clearing, maker);
        }
        taker_fill
    }

    /// One match of two orders of one account, by the taker's mode.
    fn prevent(
        &mut self,
        clearing: &mut Clearing,
        taker: &mut Order,
        maker_id: u64,
        now: Timestamp,
    ) -> PreventedMatch {
        let maker = &self.book.get(maker_id).expect("the maker is in the book").view;
        let (price, of_maker) = (maker.price, maker.remaining());
        let of_taker = taker.view.remaining();
        let both = of_taker.min(of_maker);
        let (taker_loses, maker_loses) = match taker.view.stp {
            StpMode::None => unreachable!("the mode that trades is never here"),
            StpMode::ExpireMaker => (None, Some(of_maker)),
            StpMode::ExpireTaker => (Some(of_taker), None),
            StpMode::ExpireBoth => (Some(of_taker), Some(of_maker)),
            StpMode::Decrement | StpMode::Transfer => (Some(both), Some(both)),
        };
        let prevented = PreventedMatch {
            id: self.take_prevented_id(),
            symbol: Arc::clone(&self.terms.symbol),
            taker_order_id: taker.view.order_id,
            maker_order_id: maker_id,
            price,
            taker_prevented_qty: taker_loses,
            maker_prevented_qty: maker_loses,
            stp: taker.view.stp,
            time: now,
        };
        if let Owner::Account(account) = taker.owner {
            self.history_mut(account).prevent(prevented.clone());
        }
        if let Some(qty) = maker_loses {
            self.prevent_maker(clearing, &prevented, qty, now);
        }
        if let Some(qty) = taker_loses {
            lose(taker, qty, &prevented, now);
            clearing.retarget(&self.terms, taker);
            let execution_id = self.take_execution_id();
            let is_on_book = taker.view.status.is_open() && may_rest(taker.view.kind);
            clearing.report(taker, execution_id, is_on_book, Cause::Prevention(prevented.clone()));
        }
        prevented
    }

    /// The resting order's side of a prevented match.
    fn prevent_maker(
        &mut self,
        clearing: &mut Clearing,
        prevented: &PreventedMatch,
        qty: Decimal,
        now: Timestamp,
    ) {
        let maker_id = prevented.maker_order_id;
        self.touch_resting(clearing, maker_id, now);
        let change = self.book.reduce(maker_id, |maker| {
            lose(maker, qty, prevented, now);
            clearing.retarget(&self.terms, maker);
        });
        if let Some(change) = change {
            self.tell_level(clearing, change, now);
        }
        let execution_id = self.take_execution_id();
        let maker = self.book.get(maker_id).expect("it leaves the book below");
        let is_open = maker.view.status.is_open();
        clearing.report(maker, execution_id, is_open, Cause::Prevention(prevented.clone()));
        if !is_open && let Some(maker) = self.pull(clearing, maker_id, now) {
            self.file(clearing, maker);
        }
    }
}

/// Whether what is left of an order of this kind waits in the book.
fn may_rest(kind: OrderKind) -> bool {
    kind.price().is_some() && kind.time_in_force() == TimeInForce::Gtc
}

/// Takes quantity off an order; one that has none left has expired in the match.
fn lose(order: &mut Order, qty: Decimal, prevented: &PreventedMatch, now: Timestamp) {
    let view = &mut order.view;
    view.prevented_qty += qty;
    view.prevented_match_id = Some(prevented.id);
    view.update_time = now;
    if view.remaining().is_zero() {
        view.status = OrderStatus::ExpiredInMatch;
    }
}

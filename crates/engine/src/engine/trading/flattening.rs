//! Closing positions: the engine's own orders, once nothing of a strategy's rests.
//!
//! A position is closed at the market, in as many orders as the venue's rules ask for, one after
//! the other, each no larger than what is left whatever becomes of orders in doubt. What is too
//! small for the venue to trade is left, and said. It goes on until nothing can be closed any more
//! or somebody commands otherwise, over restarts too.

use std::time::Duration;

use tradewind_model::Decimal;
use tradewind_model::id::{ClientOrderId, ClientOrderIds, StrategyId};
use tradewind_model::instrument::{Filter, FilterContext, Instrument};
use tradewind_model::market::Quote;
use tradewind_model::money::Quantity;
use tradewind_model::notice::VenueStatus;
use tradewind_model::order::{
    Denied, MarketQuantity, OrderKind, OrderRequest, OrderState, Side, TimeInForce,
};
use tradewind_model::time::Timestamp;
use tradewind_model::trading::{CLOSING_TAG, TradingState};

use super::forbidden;
use crate::engine::{Engine, Timer};
use crate::incident::Incident;
use crate::ledger::{Holding, Waiting};
use crate::operator::Remainder;
use crate::order::Order;

/// After how long another order is tried for what the last has left.
const AGAIN_FIRST: Duration = Duration::from_millis(500);
/// And at the most.
const AGAIN_MAX: Duration = Duration::from_secs(30);
/// How far from the best price a limit may be that stands for an order at the market, as a part of
/// it: one in a hundred.
const SLIPPAGE: Decimal = Decimal::from_parts(1, 0, 0, false, 2);

impl Engine {
    /// Whether a strategy's positions are to be closed, and nothing forbids it.
    fn is_flattening(&self, strategy: StrategyId) -> bool {
        let mut is_asked = false;
        for held in self.covering(strategy) {
            match held.trading.state {
                TradingState::Halted => return false,
                // What is not durable is not acted upon.
                TradingState::Flatten => is_asked |= held.is_durable,
                TradingState::Running | TradingState::ReduceOnly => {}
            }
        }
        is_asked
    }

    /// Whether an order that closes a position may leave.
    pub(super) fn check_closing(&self, order: &Order, waiting: Waiting) -> Result<(), Denied> {
        if !self.is_flattening(order.strategy) {
            let held = self.strictest(order.strategy).map(|held| forbidden(&held.trading));
            let denied = || Denied::Closed("its position is not to be closed any more".to_owned());
            return Err(held.unwrap_or_else(denied));
        }
        match self.covering(order.strategy).next() {
            Some(held) => self.check_reduces(order, &held.trading, waiting),
            None => Ok(()),
        }
    }

    /// Closes what is to be closed, one order a position at a time.
    pub(super) fn close_positions(&mut self, now: Timestamp) {
        let is_ready = self.told == VenueStatus::Live && !self.is_stopping;
        if !is_ready || self.timers.is_set(Timer::Close) {
            return;
        }
        let positions = self.ledger.positions().iter();
        let open = positions.filter(|(_, position)| !position.base.is_zero());
        let open = open.filter(|((strategy, _), _)| self.is_flattening(*strategy));
        let open: Vec<Holding> = open.map(|(holding, _)| holding.clone()).collect();
        if !self.members.keys().any(|strategy| self.is_flattening(*strategy)) && open.is_empty() {
            return;
        }
        let (mut left, mut is_waiting) = (Vec::new(), self.has_live_orders_to_flatten());
        for holding in open {
            match self.closing_order(&holding) {
                Ok(Some(request)) => {
                    is_waiting = true;
                    self.close_position(now, holding.0, request);
                }
                Ok(None) => is_waiting = true,
                Err(remainder) => left.push(remainder),
            }
        }
        if !is_waiting && !std::mem::replace(&mut self.trading.has_told_flat, true) {
            self.tell(Incident::Flattened { left });
        }
    }

    fn has_live_orders_to_flatten(&self) -> bool {
        let mut open = self.ledger.open();
        open.any(|order| self.is_flattening(order.strategy))
    }

    /// The order that closes a position, or as much of it as one may; none while other orders of
    /// its are not over.
    fn closing_order(&self, holding: &Holding) -> Result<Option<OrderRequest>, Remainder> {
        let (strategy, id) = holding;
        let base = self.ledger.base_held(holding);
        let remainder = |reason: String| Remainder {
            strategy: *strategy,
            instrument: id.clone(),
            base,
            reason,
        };
        // One in doubt may stay in doubt for long; it is counted instead.
        let mut own = self.ledger.open().filter(|order| {
            (order.strategy, &order.instrument) == (*strategy, id)
                && order.state != OrderState::InDoubt
        });
        if own.next().is_some() {
            return Ok(None);
        }
        let is_ours = self.members.contains_key(strategy);
        let instrument = self
            .instruments
            .get(id)
            .filter(|_| is_ours)
            .ok_or_else(|| remainder("it is not in the configuration".to_owned()))?;
        let side = if base.is_sign_negative() { Side::Buy } else { Side::Sell };
        let mut room = self.ledger.room_to_reduce(holding, side, None, Waiting::Counts);
        if room.is_zero() {
            // What is in doubt may have closed it.
            return Ok(None);
        }
        if side == Side::Sell {
            let free = Quantity::new(self.ledger.free(&instrument.base)).unwrap_or_default();
            room = room.min(free);
            if room.is_zero() {
                return Err(remainder(format!("no {} is free", instrument.base)));
            }
        }
        let qty = tradable(instrument, room);
        let quote = self.quotes.get(&instrument.symbol);
        let kind = at_market(instrument, side, qty, quote)
            .ok_or_else(|| remainder("there is no price to close it at".to_owned()))?;
        let context =
            FilterContext { reference_price: quote.map(Quote::mid), ..FilterContext::default() };
        instrument.check(side, &kind, &context).map_err(|breach| remainder(breach.to_string()))?;
        Ok(Some(OrderRequest { instrument: id.clone(), side, kind, tag: CLOSING_TAG }))
    }

    fn close_position(&mut self, now: Timestamp, strategy: StrategyId, request: OrderRequest) {
        let Some(id) = self.name_for(now, strategy) else { return };
        let tries = self.trading.closing_tries;
        self.trading.closing_tries = tries.saturating_add(1);
        let again = AGAIN_FIRST.saturating_mul(1 << tries.min(6)).min(AGAIN_MAX);
        self.timers.set(Timer::Close, now + again);
        self.submit(now, strategy, id, request);
    }

    /// A name for an order that the engine places for a strategy: of the strategy's slot, so that
    /// it is known as ours by any later life, and of a source that began when no other did.
    fn name_for(&mut self, now: Timestamp, strategy: StrategyId) -> Option<ClientOrderId> {
        let slot = self.config.strategies.iter().find(|setup| setup.id == strategy)?.slot;
        let started = now.max(self.trading.names_after + Duration::from_millis(1));
        let names = self.trading.names.entry(strategy);
        Some(names.or_insert_with(|| ClientOrderIds::new(slot, started)).next())
    }
}

/// A quantity that the venue's rules for orders at the market let through, as much as there is.
fn tradable(instrument: &Instrument, qty: Quantity) -> Quantity {
    let mut qty = instrument.quantize_qty(qty);
    for filter in &instrument.filters {
        if let Filter::LotSize(range) | Filter::MarketLotSize(range) = filter {
            let most = Quantity::new(range.max).ok().filter(|most| !most.is_zero());
            qty = most.map_or(qty, |most| qty.min(most)).floor_to(range.step);
        }
    }
    qty
}

/// An order that trades at once; none when there is no price to say at which.
fn at_market(
    instrument: &Instrument,
    side: Side,
    qty: Quantity,
    quote: Option<&Quote>,
) -> Option<OrderKind> {
    if instrument.takes_market_by_base(side) {
        return Some(OrderKind::Market(MarketQuantity::Base(qty)));
    }
    let quote = quote?;
    let (best, factor) = match side {
        Side::Buy => (quote.ask, Decimal::ONE + SLIPPAGE),
        Side::Sell => (quote.bid, Decimal::ONE - SLIPPAGE),
    };
    let price = tradewind_model::money::Price::new(best.get().saturating_mul(factor)).ok()?;
    // Away from the market for an order that is to rest is towards it for one that is to trade.
    let price = instrument.quantize_price(side.opposite(), price);
    let time_in_force = TimeInForce::ImmediateOrCancel;
    Some(OrderKind::Limit { price, qty, time_in_force })
}

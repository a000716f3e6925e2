//! What an operator has set: how large an order, how many, how much of a position, of losses and of
//! doubts.
//!
//! What a single order exceeds denies that order. Losses change the state: orders may only reduce
//! until somebody has looked. Doubts close the account to new risk for as long as they last, since
//! exposure that nobody knows of is not to grow.

use std::collections::BTreeMap;

use tradewind_model::Decimal;
use tradewind_model::id::{Asset, ClientOrderId, StrategyId};
use tradewind_model::market::Quote;
use tradewind_model::money::Price;
use tradewind_model::order::{Denied, MarketQuantity, OrderKind, OrderState, Side};
use tradewind_model::time::Timestamp;
use tradewind_model::trading::{TradingLimits, TradingScope, TradingState};

use crate::engine::Engine;
use crate::incident::Incident;
use crate::journal::Trading;
use crate::order::Order;

/// A limit that is exceeded: its name, the most, and what it is.
type Excess = (&'static str, Decimal, Decimal);

impl Engine {
    /// The limits that hold for a strategy, and whose they are.
    fn limits_of(
        &self,
        strategy: StrategyId,
    ) -> impl Iterator<Item = (TradingScope, TradingLimits)> {
        let own = self.config.strategies.iter().find(|setup| setup.id == strategy);
        let own = own.map(|setup| (TradingScope::Strategy(strategy), setup.limits));
        own.into_iter().chain([(TradingScope::Everything, self.config.limits)])
    }

    /// Whether an order is within the limits.
    pub(in crate::engine) fn check_limits(&self, id: ClientOrderId) -> Result<(), Denied> {
        let Some(order) = self.ledger.order(id) else { return Err(Denied::NotOpen(id)) };
        self.check_unresolved(order.strategy)?;
        for (scope, limits) in self.limits_of(order.strategy) {
            let excess = match self.price_of(order) {
                None if limits.values_orders() => {
                    let reason = "there is no price yet to hold it to the limits by".to_owned();
                    return Err(Denied::Closed(reason));
                }
                price => self.excess(order, scope, &limits, price.unwrap_or_default()),
            };
            if let Some(excess) = excess {
                return Err(limit(scope, excess));
            }
        }
        Ok(())
    }

    /// What an order is worth by the piece: what it asks for, or the market's price.
    fn price_of(&self, order: &Order) -> Option<Price> {
        let market = || self.quotes.get(&order.symbol).map(Quote::mid);
        order.kind.price().or_else(market)
    }

    fn excess(
        &self,
        order: &Order,
        scope: TradingScope,
        limits: &TradingLimits,
        price: Price,
    ) -> Option<Excess> {
        let is_its = |other: &Order| covers(scope, other.strategy);
        let value = value(order, price);
        if let Some(most) = limits.max_order_notional.map(|most| most.get())
            && value > most
        {
            return Some(("max_order_notional", most, value));
        }
        if let Some(most) = limits.max_open_orders {
            let open = self.ledger.open().filter(|other| is_its(other)).count();
            if open > usize::try_from(most).unwrap_or(usize::MAX) {
                return Some(("max_open_orders", most.into(), Decimal::from(open)));
            }
        }
        let most = limits.max_position_notional?.get();
        let on_it = |other: &Order| is_its(other) && other.instrument == order.instrument;
        let positions = self.ledger.positions().iter();
        let its = positions.filter(|((of, on), _)| covers(scope, *of) && *on == order.instrument);
        let held = its.fold(Decimal::ZERO, |sum, (_, position)| sum + position.base);
        let before = self.ledger.furthest(on_it, held, order.side, order.id);
        let signed = |value: Decimal| if order.side == Side::Buy { value } else { -value };
        // On its own side of zero: what only brings it nearer is no more of a position.
        let after = signed(before).saturating_mul(price.get()) + value;
        (after > most).then_some(("max_position_notional", most, after))
    }

    /// Whether so much is in doubt that no new risk is taken.
    pub(in crate::engine) fn check_unresolved(&self, strategy: StrategyId) -> Result<(), Denied> {
        if let Some(doubted) = self.overdue.first() {
            return Err(Denied::Unresolved(*doubted));
        }
        for (scope, limits) in self.limits_of(strategy) {
            if let Some(excess) = self.unresolved_excess(scope, &limits) {
                return Err(limit(scope, excess));
            }
        }
        Ok(())
    }

    fn unresolved_excess(&self, scope: TradingScope, limits: &TradingLimits) -> Option<Excess> {
        if limits.max_unresolved.is_none() && limits.max_unresolved_notional.is_none() {
            return None;
        }
        let doubted = self
            .ledger
            .open()
            .filter(|order| order.state == OrderState::InDoubt && covers(scope, order.strategy));
        let mut count = 0_u32;
        let mut values = BTreeMap::<Asset, Decimal>::new();
        for order in doubted {
            count = count.saturating_add(1);
            let Some(instrument) = self.instruments.get(&order.instrument) else { continue };
            let price = self.price_of(order).unwrap_or_default();
            *values.entry(instrument.quote.clone()).or_default() += value(order, price);
        }
        if let Some(most) = limits.max_unresolved
            && count > most
        {
            return Some(("max_unresolved", most.into(), count.into()));
        }
        let most = limits.max_unresolved_notional?.get();
        let value = values.into_values().max().unwrap_or_default();
        (value > most).then_some(("max_unresolved_notional", most, value))
    }

    /// Tells once when too much is in doubt, and once again when that is over.
    pub(super) fn watch_unresolved(&mut self) {
        let all = self.config.strategies.iter();
        let own = all.map(|setup| (TradingScope::Strategy(setup.id), setup.limits));
        let mut scopes = own.chain([(TradingScope::Everything, self.config.limits)]);
        let excess = scopes.find_map(|(scope, limits)| {
            self.unresolved_excess(scope, &limits).map(|excess| (scope, excess))
        });
        let was_told = std::mem::replace(&mut self.trading.too_unresolved, excess.is_some());
        if let Some((scope, (limit, most, value))) = excess.filter(|_| !was_told) {
            let limit = limit.to_owned();
            self.tell(Incident::Unresolved { scope, limit, most, value });
        }
    }

    /// Lets orders only reduce once more was lost than may be.
    pub(super) fn check_losses(&mut self, now: Timestamp) {
        let all = self.config.strategies.iter();
        let own = all.map(|setup| (TradingScope::Strategy(setup.id), setup.limits));
        let scopes = own.chain([(TradingScope::Everything, self.config.limits)]);
        let limited: Vec<_> = scopes.filter(|(_, limits)| limits.max_loss.is_some()).collect();
        for (scope, limits) in limited {
            if self.trading.held.contains_key(&scope) {
                continue;
            }
            let worst = self.profits(scope).into_values().min();
            let Some(lost) = worst.and_then(|profit| limits.excess_loss(profit)) else { continue };
            let most = limits.max_loss.unwrap_or_default().get();
            self.tell(Incident::LossLimit { scope, most, lost });
            let reason = format!("limits.max_loss is {most}, and {lost} is lost");
            let trading = Trading { scope, state: TradingState::ReduceOnly, reason };
            self.set_trading(now, None, trading);
        }
    }

    /// What a scope has made, by quote asset: what its fills have brought in, and the market's
    /// price for what it holds. Where there is no price yet, nothing is said of that asset; fees
    /// in third assets are not in it.
    fn profits(&self, scope: TradingScope) -> BTreeMap<Asset, Decimal> {
        let mut profits = BTreeMap::<Asset, Option<Decimal>>::new();
        let all = self.ledger.positions().iter();
        for ((_, id), position) in all.filter(|((of, _), _)| covers(scope, *of)) {
            let Some(instrument) = self.instruments.get(id) else { continue };
            let price = self.quotes.get(&instrument.symbol).map(|quote| quote.mid().get());
            let held = match price {
                _ if position.base.is_zero() => Some(Decimal::ZERO),
                Some(price) => Some(position.base.saturating_mul(price)),
                None => None,
            };
            let sum = profits.entry(instrument.quote.clone()).or_insert(Some(Decimal::ZERO));
            *sum = sum.zip(held).map(|(sum, held)| sum + held + position.quote);
        }
        profits.into_iter().filter_map(|(asset, profit)| Some((asset, profit?))).collect()
    }
}

/// What an order is worth at a price, in quote asset.
fn value(order: &Order, price: Price) -> Decimal {
    if let OrderKind::Market(MarketQuantity::Quote(value)) = order.kind {
        return value.get();
    }
    order.leaves_qty().get().saturating_mul(price.get())
}

fn covers(scope: TradingScope, strategy: StrategyId) -> bool {
    match scope {
        TradingScope::Everything | TradingScope::Account(..) => true,
        TradingScope::Strategy(one) => one == strategy,
    }
}

fn limit(scope: TradingScope, (name, most, value): Excess) -> Denied {
    let limit = format!("limits.{name}");
    Denied::Limit { limit, scope, most: most.normalize(), value: value.normalize() }
}

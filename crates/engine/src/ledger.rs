//! Every order of ours, what it has traded, and what the account holds.
//!
//! Positions come from fills alone, each booked once. Balances are the venue's word, less what
//! orders on their way will lock and the venue has not said yet.

mod exposure;

pub(crate) use exposure::{Holding, Waiting};

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use tradewind_model::Decimal;
use tradewind_model::balance::{Balance, Fees};
use tradewind_model::id::{
    Asset, ClientOrderId, InstrumentId, StrategyId, Symbol, TradeId, VenueOrderId,
};
use tradewind_model::instrument::Instrument;
use tradewind_model::money::{Price, Quantity};
use tradewind_model::order::{MarketQuantity, OrderKind, Side};
use tradewind_model::position::Position;
use tradewind_model::report::Fill;

use crate::order::Order;

/// Orders that are over and still remembered, so that late news of them finds them.
const CLOSED_MAX: usize = 10_000;

/// What an order will lock, until the venue's balances say so.
#[derive(Clone, Debug)]
struct Hold {
    asset: Asset,
    needed: Decimal,
    /// Whether the venue has the order: then the next balance of the asset includes it.
    is_acknowledged: bool,
}

/// The books.
#[derive(Debug, Default)]
pub struct Ledger {
    orders: BTreeMap<ClientOrderId, Order>,
    /// Those that were not filed: few, however many are remembered.
    unfiled: BTreeSet<ClientOrderId>,
    by_venue_id: BTreeMap<(Symbol, VenueOrderId), ClientOrderId>,
    closed: VecDeque<ClientOrderId>,
    holds: BTreeMap<ClientOrderId, Hold>,
    balances: BTreeMap<Asset, Balance>,
    positions: BTreeMap<(StrategyId, InstrumentId), Position>,
    /// What of them was there before this process began.
    inherited: BTreeMap<(StrategyId, InstrumentId), Position>,
    /// The newest trade of ours on each symbol.
    last_trades: BTreeMap<Symbol, TradeId>,
    /// What trades cost.
    pub fees: Fees,
}

impl Ledger {
    /// Takes in a new order.
    pub fn insert(&mut self, order: Order) {
        let (id, venue_order_id) = (order.id, order.venue_order_id);
        self.unfiled.insert(id);
        self.orders.insert(id, order);
        if let Some(venue) = venue_order_id {
            self.name(id, venue);
        }
    }

    /// An order by our name of it.
    #[must_use]
    pub fn order(&self, id: ClientOrderId) -> Option<&Order> {
        self.orders.get(&id)
    }

    /// An order by our name of it, to be changed.
    pub fn order_mut(&mut self, id: ClientOrderId) -> Option<&mut Order> {
        self.orders.get_mut(&id)
    }

    /// Our name of an order, by either name that a venue gave.
    #[must_use]
    pub fn find(
        &self,
        symbol: &Symbol,
        client: Option<ClientOrderId>,
        venue: VenueOrderId,
    ) -> Option<ClientOrderId> {
        client
            .filter(|id| self.orders.contains_key(id))
            .or_else(|| self.by_venue_id.get(&(symbol.clone(), venue)).copied())
    }

    /// Remembers the venue's name of an order.
    pub fn name(&mut self, id: ClientOrderId, venue: VenueOrderId) {
        if let Some(order) = self.orders.get(&id) {
            self.by_venue_id.entry((order.symbol.clone(), venue)).or_insert(id);
        }
    }

    /// Every order that is remembered, by name.
    pub fn orders(&self) -> impl Iterator<Item = &Order> {
        self.orders.values()
    }

    /// Orders that are not over.
    pub fn open(&self) -> impl Iterator<Item = &Order> {
        let unfiled = self.unfiled.iter().filter_map(|id| self.orders.get(id));
        unfiled.filter(|order| !order.state.is_terminal())
    }

    /// How many orders may be resting, on a symbol and on all: those on their way included.
    #[must_use]
    pub fn count_open(&self, symbol: &Symbol) -> (u32, u32) {
        self.open()
            .fold((0, 0), |(here, all), order| (here + u32::from(order.symbol == *symbol), all + 1))
    }

    /// Of those orders the ones with a trigger.
    #[must_use]
    pub fn count_triggered(&self, symbol: &Symbol) -> (u32, u32) {
        let triggered = self.open().filter(|order| order.kind.trigger().is_some());
        triggered
            .fold((0, 0), |(here, all), order| (here + u32::from(order.symbol == *symbol), all + 1))
    }

    /// Files an order that is over; the oldest filed one is forgotten when there are too many.
    pub fn close(&mut self, id: ClientOrderId) {
        self.holds.remove(&id);
        self.unfiled.remove(&id);
        self.closed.push_back(id);
        if self.closed.len() > CLOSED_MAX
            && let Some(oldest) = self.closed.pop_front()
            && let Some(order) = self.orders.remove(&oldest)
            && let Some(venue) = order.venue_order_id
        {
            self.by_venue_id.remove(&(order.symbol, venue));
        }
    }

    /// Takes an order out of the file that was over and has turned up again. False when it was not
    /// filed.
    pub fn unfile(&mut self, id: ClientOrderId) -> bool {
        let was_filed = self.orders.contains_key(&id) && self.unfiled.insert(id);
        if was_filed {
            self.closed.retain(|closed| *closed != id);
        }
        was_filed
    }

    /// Books a trade into the position of whoever placed the order. `was_missed` when it was made
    /// before this process began.
    pub fn book(
        &mut self,
        id: ClientOrderId,
        fill: &Fill,
        instrument: &Instrument,
        was_missed: bool,
    ) {
        let Some(order) = self.orders.get(&id) else {
            return;
        };
        let last = self.last_trades.entry(order.symbol.clone()).or_insert(fill.trade_id);
        *last = fill.trade_id.max(*last);
        let key = (order.strategy, order.instrument.clone());
        let (base, quote) = (&instrument.base, &instrument.quote);
        if was_missed {
            let inherited = self.inherited.entry(key.clone()).or_default();
            inherited.book(order.side, fill, base, quote);
        }
        self.positions.entry(key).or_default().book(order.side, fill, base, quote);
    }

    /// The newest trade of ours on each symbol, of those that were booked.
    #[must_use]
    pub fn last_trades(&self) -> &BTreeMap<Symbol, TradeId> {
        &self.last_trades
    }

    /// Sets the position that earlier lives have left.
    pub fn inherit(&mut self, key: (StrategyId, InstrumentId), position: Position) {
        self.inherited.insert(key.clone(), position.clone());
        self.positions.insert(key, position);
    }

    /// What of a position was there before this process began.
    #[must_use]
    pub fn inherited(&self, key: &(StrategyId, InstrumentId)) -> Position {
        self.inherited.get(key).cloned().unwrap_or_default()
    }

    /// Positions by strategy and instrument.
    #[must_use]
    pub fn positions(&self) -> &BTreeMap<(StrategyId, InstrumentId), Position> {
        &self.positions
    }

    /// The account's balances, as the venue last told them, ordered by asset.
    pub fn balances(&self) -> impl Iterator<Item = &Balance> {
        self.balances.values()
    }

    /// Takes in balances: all of them, or those that may have changed. What acknowledged orders
    /// lock is in them.
    /// True when any of them was not known.
    pub fn set_balances(&mut self, told: &[Balance], is_all: bool) -> bool {
        let is_new = told.iter().any(|one| self.balances.get(&one.asset) != Some(one));
        if is_all {
            self.balances.clear();
        }
        for balance in told {
            self.holds.retain(|_, hold| !hold.is_acknowledged || hold.asset != balance.asset);
            self.balances.insert(balance.asset.clone(), balance.clone());
        }
        is_new
    }

    /// Holds back what an order will lock, beyond what another one frees by giving way to it.
    ///
    /// # Errors
    /// When it is not there: the asset, what the order needs and what is free.
    pub fn hold(
        &mut self,
        id: ClientOrderId,
        side: Side,
        kind: &OrderKind,
        instrument: &Instrument,
        market_price: Option<Price>,
        freed: Option<&(Asset, Decimal)>,
    ) -> Result<(), (Asset, Decimal, Decimal)> {
        let Some((asset, needed)) = locked_by(side, kind, instrument, market_price) else {
            return Ok(());
        };
        let freed = freed.filter(|(of, _)| *of == asset).map_or(Decimal::ZERO, |(_, much)| *much);
        let needed = (needed - freed).max(Decimal::ZERO);
        let free = self.free(&asset);
        if needed > free {
            return Err((asset, needed, free));
        }
        self.holds.insert(id, Hold { asset, needed, is_acknowledged: false });
        Ok(())
    }

    /// What is left of an order locks this, or did until it was over a moment ago.
    #[must_use]
    pub fn locked_by_rest(
        &self,
        id: ClientOrderId,
        instrument: &Instrument,
    ) -> Option<(Asset, Decimal)> {
        let order = self.orders.get(&id)?;
        let left = order.qty.saturating_sub(order.cum_qty);
        locked_by(order.side, &order.kind.with_qty(left), instrument, None)
    }

    /// Holds nothing back for an order any more.
    pub fn release(&mut self, id: ClientOrderId) {
        self.holds.remove(&id);
    }

    /// The venue has the order: the next balance it tells includes what the order locks.
    pub fn acknowledge(&mut self, id: ClientOrderId) {
        if let Some(hold) = self.holds.get_mut(&id) {
            hold.is_acknowledged = true;
        }
    }

    /// What new orders can use of an asset.
    #[must_use]
    pub fn free(&self, asset: &Asset) -> Decimal {
        let told = self.balances.get(asset).map(|balance| balance.free).unwrap_or_default();
        let held = self.holds.values().filter(|hold| hold.asset == *asset);
        held.fold(told, |free, hold| free - hold.needed)
    }

    /// Base asset held in any form, and what open buys would add: what a limit on positions is
    /// about.
    #[must_use]
    pub fn largest_position(&self, instrument: &Instrument) -> Option<Quantity> {
        let balance = self.balances.get(&instrument.base)?;
        let buys = self
            .open()
            .filter(|order| order.side == Side::Buy && order.symbol == instrument.symbol);
        let held = Quantity::new(balance.free + balance.locked).ok()?;
        Some(buys.fold(held, |sum, order| sum + order.leaves_qty()))
    }
}

/// What an order locks while it rests: quote asset for a buy, base asset for a sell. None where
/// that cannot be known before it trades.
fn locked_by(
    side: Side,
    kind: &OrderKind,
    instrument: &Instrument,
    market_price: Option<Price>,
) -> Option<(Asset, Decimal)> {
    match (side, kind) {
        (Side::Buy, OrderKind::Limit { price, qty, .. } | OrderKind::PostOnly { price, qty }) => {
            Some((instrument.quote.clone(), (*price * *qty).get()))
        }
        (Side::Buy, OrderKind::Triggered { trigger, qty, limit }) => {
            let price = limit.map_or(trigger.price(), |limit| limit.price);
            Some((instrument.quote.clone(), (price * *qty).get()))
        }
        (Side::Buy, OrderKind::Market(MarketQuantity::Quote(value))) => {
            Some((instrument.quote.clone(), value.get()))
        }
        (Side::Buy, OrderKind::Market(MarketQuantity::Base(qty))) => {
            market_price.map(|price| (instrument.quote.clone(), (price * *qty).get()))
        }
        (Side::Sell, OrderKind::Market(MarketQuantity::Quote(_))) => None,
        (Side::Sell, _) => kind.qty().map(|qty| (instrument.base.clone(), qty.get())),
    }
}

#[cfg(test)]
mod tests;

//! One symbol's resting orders: price first, then time.
//!
//! Within a level an order stands where its arrival puts it: order ids grow with time, and one that
//! waited outside the book arrives with a number taken when it came. The book holds the orders
//! themselves; every change of a level's quantity takes the next update id, which is
//! what makes a local copy of the book checkable.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use super::order::{AccountId, OrderView, Side, StpMode};

/// Whose an order is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Owner {
    /// The other participants: unlimited funds, no reports.
    House,
    Account(AccountId),
}

/// An order on its way through the exchange.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) owner: Owner,
    pub(super) view: OrderView,
    /// What it holds of its account: quote for a buy, base for a sell. Zero for the house, and for
    /// the orders of a pair that neither of them has touched: the pair holds it then.
    pub(super) locked: Decimal,
    /// Its place in its level: lower was there before.
    pub(super) arrival: u64,
}

/// A level after a change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct LevelChange {
    pub(super) update_id: u64,
    pub(super) side: Side,
    pub(super) price: Decimal,
    pub(super) qty: Decimal,
}

#[derive(Clone, Debug, Default)]
struct Level {
    qty: Decimal,
    /// By arrival, then by id.
    queue: BTreeSet<(u64, u64)>,
}

/// What a taker of one account would meet next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Meeting {
    /// It would trade this much at this price.
    Trade { price: Decimal, qty: Decimal },
    /// Both would lose this much to self-trade prevention.
    Prevented { price: Decimal, qty: Decimal },
}

#[derive(Clone, Debug, Default)]
pub(super) struct Book {
    bids: BTreeMap<Decimal, Level>,
    asks: BTreeMap<Decimal, Level>,
    orders: BTreeMap<u64, Order>,
    update_id: u64,
}

impl Book {
    /// An empty book whose next change has the id after `update_id`.
    pub(super) fn new(update_id: u64) -> Self {
        Self { update_id, ..Self::default() }
    }

    pub(super) const fn update_id(&self) -> u64 {
        self.update_id
    }

    pub(super) fn get(&self, order_id: u64) -> Option<&Order> {
        self.orders.get(&order_id)
    }

    /// An order, to change anything but its quantities, its price and its side.
    pub(super) fn get_mut(&mut self, order_id: u64) -> Option<&mut Order> {
        self.orders.get_mut(&order_id)
    }

    /// Price and quantity of the best level of a side.
    pub(super) fn best(&self, side: Side) -> Option<(Decimal, Decimal)> {
        let best = match side {
            Side::Buy => self.bids.last_key_value(),
            Side::Sell => self.asks.first_key_value(),
        };
        best.map(|(&price, level)| (price, level.qty))
    }

    /// The levels of a side, best first.
    pub(super) fn levels(&self, side: Side) -> impl Iterator<Item = (Decimal, Decimal)> {
        let (bids, asks) = match side {
            Side::Buy => (Some(self.bids.iter().rev()), None),
            Side::Sell => (None, Some(self.asks.iter())),
        };
        bids.into_iter()
            .flatten()
            .chain(asks.into_iter().flatten())
            .map(|(&price, level)| (price, level.qty))
    }

    /// The resting orders of a side, in the order a taker meets them, while their price is within
    /// `limit`.
    fn queue(&self, side: Side, limit: Option<Decimal>) -> impl Iterator<Item = &Order> {
        let (bids, asks) = match side {
            Side::Buy => (Some(self.bids.iter().rev()), None),
            Side::Sell => (None, Some(self.asks.iter())),
        };
        bids.into_iter()
            .flatten()
            .chain(asks.into_iter().flatten())
            .take_while(move |&(&price, _)| crosses(side.opposite(), limit, price))
            .flat_map(|(_, level)| &level.queue)
            .map(|(_, id)| self.orders.get(id).expect("a queued id is an order of the book"))
    }

    /// The first order a taker on `side` with this limit would meet.
    pub(super) fn first_match(&self, side: Side, limit: Option<Decimal>) -> Option<&Order> {
        self.queue(side.opposite(), limit).next()
    }

    /// All that a taker on `side` would meet, in order, until its limit or the order of its own
    /// account that would stop it.
    pub(super) fn meetings(
        &self,
        side: Side,
        limit: Option<Decimal>,
        owner: Owner,
        stp: StpMode,
    ) -> impl Iterator<Item = Meeting> {
        self.queue(side.opposite(), limit)
            .map(move |maker| {
                let (price, qty) = (maker.view.price, maker.view.remaining());
                if !is_self_trade(owner, maker.owner, stp) {
                    return Some(Some(Meeting::Trade { price, qty }));
                }
                match stp {
                    StpMode::None | StpMode::ExpireMaker => Some(None),
                    StpMode::ExpireTaker | StpMode::ExpireBoth => None,
                    StpMode::Decrement | StpMode::Transfer => {
                        Some(Some(Meeting::Prevented { price, qty }))
                    }
                }
            })
            .map_while(|meeting| meeting)
            .flatten()
    }

    /// Puts an order in its place at the end of its level.
    pub(super) fn insert(&mut self, order: Order) -> LevelChange {
        let (side, price, qty) = (order.view.side, order.view.price, order.view.remaining());
        let (id, arrival) = (order.view.order_id, order.arrival);
        let level = self.side_mut(side).entry(price).or_default();
        level.qty += qty;
        level.queue.insert((arrival, id));
        let qty = level.qty;
        self.orders.insert(id, order);
        self.change(side, price, qty)
    }

    /// Lets `change` lower what remains of an order. An order that has none left stays until
    /// [`Book::remove`], which must follow at once.
    pub(super) fn reduce(
        &mut self,
        order_id: u64,
        change: impl FnOnce(&mut Order),
    ) -> Option<LevelChange> {
        let order = self.orders.get_mut(&order_id)?;
        let before = order.view.remaining();
        change(order);
        let lowered = before - order.view.remaining();
        let (side, price) = (order.view.side, order.view.price);
        let level = self.side_mut(side).get_mut(&price).expect("an order has its level");
        level.qty -= lowered;
        let qty = level.qty;
        Some(self.change(side, price, qty))
    }

    /// Takes an order out. There is a change of its level only if something of it remained.
    pub(super) fn remove(&mut self, order_id: u64) -> Option<(Order, Option<LevelChange>)> {
        let order = self.orders.remove(&order_id)?;
        let (side, price, left) = (order.view.side, order.view.price, order.view.remaining());
        let arrival = order.arrival;
        let levels = self.side_mut(side);
        let level = levels.get_mut(&price).expect("an order has its level");
        level.queue.remove(&(arrival, order_id));
        level.qty -= left;
        let qty = level.qty;
        if level.queue.is_empty() {
            debug_assert!(qty.is_zero(), "an empty level holds nothing");
            levels.remove(&price);
        }
        let change = (!left.is_zero()).then(|| self.change(side, price, qty));
        Some((order, change))
    }

    const fn side_mut(&mut self, side: Side) -> &mut BTreeMap<Decimal, Level> {
        match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        }
    }

    const fn change(&mut self, side: Side, price: Decimal, qty: Decimal) -> LevelChange {
        self.update_id += 1;
        LevelChange { update_id: self.update_id, side, price, qty }
    }
}

/// Whether a taker on `side` with this limit accepts `price`.
fn crosses(side: Side, limit: Option<Decimal>, price: Decimal) -> bool {
    limit.is_none_or(|limit| match side {
        Side::Buy => price <= limit,
        Side::Sell => price >= limit,
    })
}

/// Whether prevention applies: two orders of one account, and a taker whose mode is not to trade.
pub(super) fn is_self_trade(taker: Owner, maker: Owner, stp: StpMode) -> bool {
    matches!(taker, Owner::Account(_)) && taker == maker && stp != StpMode::None
}

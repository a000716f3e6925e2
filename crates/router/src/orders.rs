//! The orders that are not over, by route, and what they may come to.
//!
//! An order is known here from the moment it is handed to a route's engine until its end has been
//! told. It counts all that time: on a shut route as anywhere else, and in doubt both ways, since
//! it may trade in full and may not be there at all.

use std::collections::{BTreeMap, VecDeque};

use tradewind_engine::Route;
use tradewind_model::Decimal;
use tradewind_model::id::ClientOrderId;
use tradewind_model::money::{Price, Quantity};
use tradewind_model::order::{MarketQuantity, OrderKind, OrderRequest, OrderState, Side};

use crate::decision::Holding;

/// How many orders that are over are remembered, so that a repeat of their end adds nothing.
const ENDED_MAX: usize = 4_096;

/// How far an order has come, as far as anybody knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The engine has it; nothing says that it has left.
    Handed,
    /// It may have left.
    Sent,
    /// The answer to it was lost.
    InDoubt,
    /// The venue has it.
    Resting,
}

impl Stage {
    /// The stage of an order in this state; none when it is over.
    #[must_use]
    pub const fn of(state: OrderState) -> Option<Self> {
        match state {
            OrderState::Pending => Some(Self::Handed),
            OrderState::InFlight => Some(Self::Sent),
            OrderState::InDoubt => Some(Self::InDoubt),
            OrderState::Open | OrderState::PartiallyFilled => Some(Self::Resting),
            OrderState::Filled
            | OrderState::Canceled
            | OrderState::Rejected
            | OrderState::Expired
            | OrderState::Denied => None,
        }
    }
}

/// An order at a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Whose it is, and of what.
    pub holding: Holding,
    /// The order as it was handed over.
    pub request: OrderRequest,
    /// How far it has come.
    pub stage: Stage,
    /// Whether it was ever in doubt: then it never moves, whatever is heard of it later.
    pub was_doubted: bool,
    /// What has traded.
    pub cum_qty: Quantity,
    /// What can still trade; none for an order by value of which nobody can say.
    pub leaves: Option<Quantity>,
    /// Whether it was asked back.
    pub is_recalled: bool,
}

/// Where an order is, and its name.
pub type Key = (Route, ClientOrderId);

/// What may be held once all orders are over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exposure {
    /// What is held now, over all routes; below zero when more was sold.
    pub held: Decimal,
    /// At the least.
    pub least: Decimal,
    /// At the most.
    pub most: Decimal,
    /// Whether there is an order by value of which nobody can say how much it is.
    pub is_open_ended: bool,
}

impl Exposure {
    /// How far from zero it may come, on either side.
    #[must_use]
    pub fn furthest(&self) -> Decimal {
        self.most.max(-self.least)
    }

    /// With one more order.
    #[must_use]
    pub fn with(mut self, side: Side, qty: Option<Quantity>) -> Self {
        let Some(qty) = qty else { return Self { is_open_ended: true, ..self } };
        match side {
            Side::Buy => self.most = self.most.saturating_add(qty.get()),
            Side::Sell => self.least = self.least.saturating_sub(qty.get()),
        }
        self
    }
}

/// All of them, and what is held by what they have traded.
#[derive(Clone, Debug, Default)]
pub struct Orders {
    placed: BTreeMap<Key, Placed>,
    held: BTreeMap<(Holding, Route), Decimal>,
    ended: BTreeMap<Key, Quantity>,
    ended_in_order: VecDeque<Key>,
}

impl Orders {
    /// One of them.
    #[must_use]
    pub fn get(&self, key: &Key) -> Option<&Placed> {
        self.placed.get(key)
    }

    pub(crate) fn get_mut(&mut self, key: &Key) -> Option<&mut Placed> {
        self.placed.get_mut(key)
    }

    /// All of them, by route and name.
    pub fn iter(&self) -> impl Iterator<Item = (&Key, &Placed)> {
        self.placed.iter()
    }

    /// Those at a route.
    pub fn at(&self, route: Route) -> impl Iterator<Item = (&Key, &Placed)> {
        self.placed.iter().filter(move |((at, _), _)| *at == route)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.placed.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.placed.is_empty()
    }

    pub(crate) fn insert(&mut self, key: Key, placed: Placed) {
        self.placed.insert(key, placed);
    }

    /// What had traded of an order that is over, if it is remembered.
    pub(crate) fn ended(&self, key: &Key) -> Option<Quantity> {
        self.ended.get(key).copied()
    }

    /// Takes an order out; its end stays known for a while.
    pub(crate) fn end(&mut self, key: &Key) -> Option<Placed> {
        let placed = self.placed.remove(key)?;
        self.note_end(*key, placed.cum_qty);
        Some(placed)
    }

    pub(crate) fn note_end(&mut self, key: Key, cum_qty: Quantity) {
        if self.ended.insert(key, cum_qty).is_none() {
            self.ended_in_order.push_back(key);
        }
        while self.ended_in_order.len() > ENDED_MAX {
            if let Some(oldest) = self.ended_in_order.pop_front() {
                self.ended.remove(&oldest);
            }
        }
    }

    /// Sets what is held at a route, as its engine knows it from the journal.
    pub(crate) fn set_held(&mut self, holding: Holding, route: Route, base: Decimal) {
        self.held.insert((holding, route), base);
    }

    /// Books what has traded.
    pub(crate) fn book(&mut self, holding: &Holding, route: Route, change: Decimal) {
        let held = self.held.entry((holding.clone(), route)).or_default();
        *held = held.saturating_add(change);
    }

    /// What is held at one route.
    #[must_use]
    pub fn held_at(&self, holding: &Holding, route: Route) -> Decimal {
        self.held.get(&(holding.clone(), route)).copied().unwrap_or_default()
    }

    /// What may be held over all routes once everything is over.
    #[must_use]
    pub fn exposure(&self, holding: &Holding) -> Exposure {
        self.exposure_without(holding, None)
    }

    /// The same, as if one of the orders were over.
    pub(crate) fn exposure_without(&self, holding: &Holding, gone: Option<Key>) -> Exposure {
        let held = self.held.iter().filter(|((of, _), _)| of == holding);
        let held = held.fold(Decimal::ZERO, |sum, (_, base)| sum.saturating_add(*base));
        let begin = Exposure { held, least: held, most: held, is_open_ended: false };
        let left = self.placed.iter().filter(|(key, _)| Some(**key) != gone);
        let its = left.map(|(_, placed)| placed).filter(|placed| placed.holding == *holding);
        its.fold(begin, |exposure, placed| exposure.with(placed.request.side, placed.leaves))
    }

    /// Everything that anything is held or open of.
    pub fn holdings(&self) -> impl Iterator<Item = &Holding> {
        let open = self.placed.values().map(|placed| &placed.holding);
        self.held.keys().map(|(holding, _)| holding).chain(open)
    }

    /// Whether nothing is held at any route, nothing open and nothing in doubt. Each route for
    /// itself: what is held here and owed there is not nothing.
    #[must_use]
    pub fn is_flat(&self, holding: &Holding) -> bool {
        let is_open = self.placed.values().any(|placed| placed.holding == *holding);
        let is_held = self.held.iter().any(|((of, _), base)| of == holding && !base.is_zero());
        !is_open && !is_held
    }
}

/// How much base asset an order is for; by value, at the price given.
#[must_use]
pub fn size(kind: &OrderKind, price: Option<Price>) -> Option<Quantity> {
    match kind {
        OrderKind::Market(MarketQuantity::Quote(value)) => {
            let base = value.get().checked_div(price?.get())?;
            Quantity::new(base).ok()
        }
        OrderKind::Market(MarketQuantity::Base(_))
        | OrderKind::Limit { .. }
        | OrderKind::PostOnly { .. }
        | OrderKind::Triggered { .. } => kind.qty(),
    }
}

//! The orders that wait outside the book for the last price.
//!
//! They are ordered by the price they wait for, so that a trade that sets none of them off costs
//! two looks. Of several that one move sets off, the one that was accepted first goes first; the
//! venue does not say.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use super::book::Order;
use super::order::OrderKind;

/// The waiting orders of a symbol.
#[derive(Clone, Debug, Default)]
pub(super) struct Triggers {
    /// Those that wait for the price to rise, by stop price and id.
    above: BTreeSet<(Decimal, u64)>,
    /// Those that wait for it to fall.
    below: BTreeSet<(Decimal, u64)>,
    orders: BTreeMap<u64, Order>,
}

impl Triggers {
    pub(super) fn get(&self, order_id: u64) -> Option<&Order> {
        self.orders.get(&order_id)
    }

    pub(super) fn get_mut(&mut self, order_id: u64) -> Option<&mut Order> {
        self.orders.get_mut(&order_id)
    }

    /// Lets an order wait. One that waits for nothing would wait for ever, so it is not taken.
    pub(super) fn insert(&mut self, order: Order) {
        let id = order.view.order_id;
        if let Some((side, stop_price)) = self.place_of(&order) {
            side.insert((stop_price, id));
            self.orders.insert(id, order);
        }
    }

    pub(super) fn remove(&mut self, order_id: u64) -> Option<Order> {
        let order = self.orders.remove(&order_id)?;
        if let Some((side, stop_price)) = self.place_of(&order) {
            side.remove(&(stop_price, order_id));
        }
        Some(order)
    }

    /// The orders that last prices between `low` and `high` set off, oldest first.
    pub(super) fn met(&self, low: Decimal, high: Decimal) -> Vec<u64> {
        let risen = self.above.range(..=(high, u64::MAX));
        let fallen = self.below.range((low, u64::MIN)..);
        let mut met: Vec<u64> = risen.chain(fallen).map(|&(_, id)| id).collect();
        met.sort_unstable();
        met
    }

    fn place_of(&mut self, order: &Order) -> Option<(&mut BTreeSet<(Decimal, u64)>, Decimal)> {
        let OrderKind::Contingent(terms) = order.view.kind else {
            return None;
        };
        let is_above = terms.is_above(order.view.side);
        Some((if is_above { &mut self.above } else { &mut self.below }, terms.stop_price))
    }
}

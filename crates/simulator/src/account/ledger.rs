//! The truth for checkers: everything the exchange ever accepted from an account, and every fill.
//!
//! Queries forget and lag as the venue's do; this does not. Tests read from it whether a client
//! sent an order twice, lost one, or believes in a position it does not have.

use std::collections::BTreeMap;
use std::sync::Arc;

use rust_decimal::Decimal;
use tradewind_model::Timestamp;

use crate::exchange::{FillView, OrderKind, Side};

/// An order the exchange accepted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AcceptedOrder {
    /// When.
    pub time: Timestamp,
    /// The venue's spelling of the instrument.
    pub symbol: Arc<str>,
    /// The venue's id.
    pub order_id: u64,
    /// The id it was placed under, given or generated.
    pub client_order_id: String,
    /// Which side.
    pub side: Side,
    /// Which kind, as asked.
    pub kind: OrderKind,
}

/// An order the exchange took out of the book because it was asked to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CanceledOrder {
    /// When.
    pub time: Timestamp,
    /// The id it was placed under.
    pub client_order_id: String,
}

/// Everything one account did, in order.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Ledger {
    orders: Vec<AcceptedOrder>,
    cancels: Vec<CanceledOrder>,
    fills: Vec<FillView>,
    /// Base bought less base sold less commissions taken in it, and so on, by asset.
    net: BTreeMap<Arc<str>, Decimal>,
}

impl Ledger {
    pub(crate) fn accept(&mut self, order: AcceptedOrder) {
        self.orders.push(order);
    }

    pub(crate) fn cancel(&mut self, cancel: CanceledOrder) {
        self.cancels.push(cancel);
    }

    pub(crate) fn fill(&mut self, fill: FillView) {
        self.fills.push(fill);
    }

    pub(crate) fn add(&mut self, asset: &Arc<str>, qty: Decimal) {
        *self.net.entry(Arc::clone(asset)).or_default() += qty;
    }

    /// Every accepted order, oldest first.
    #[must_use]
    pub fn orders(&self) -> &[AcceptedOrder] {
        &self.orders
    }

    /// Every order that was canceled, oldest first.
    #[must_use]
    pub fn cancels(&self) -> &[CanceledOrder] {
        &self.cancels
    }

    /// Every fill, oldest first.
    #[must_use]
    pub fn fills(&self) -> &[FillView] {
        &self.fills
    }

    /// What trading added to an asset since the start: bought less sold less commissions.
    #[must_use]
    pub fn net(&self, asset: &str) -> Decimal {
        self.net.get(asset).copied().unwrap_or_default()
    }

    /// Client order ids that more than one accepted order of a symbol was placed under, by name:
    /// (symbol, id, how many). The venue allows it once the first is done; a careful client never
    /// does it.
    #[must_use]
    pub fn reused_client_ids(&self) -> Vec<(Arc<str>, String, usize)> {
        let mut counts: BTreeMap<(&Arc<str>, &str), usize> = BTreeMap::new();
        for order in &self.orders {
            *counts.entry((&order.symbol, &order.client_order_id)).or_default() += 1;
        }
        counts
            .into_iter()
            .filter(|&(_, count)| count > 1)
            .map(|((symbol, id), count)| (Arc::clone(symbol), id.to_owned(), count))
            .collect()
    }
}

//! What a strategy was told of its orders, held against what may be told of one.

use std::collections::{BTreeMap, BTreeSet};

use tradewind_model::id::{ClientOrderId, TradeId};
use tradewind_model::money::Quantity;
use tradewind_model::order::{OrderState, OrderUpdate};

/// The orders of one life of the process, as its strategies know them.
#[derive(Debug, Default)]
pub(super) struct Lives {
    orders: BTreeMap<ClientOrderId, Life>,
}

#[derive(Debug, Default)]
struct Life {
    ended: Option<OrderState>,
    cum_qty: Quantity,
    trades: BTreeSet<TradeId>,
}

impl Lives {
    /// An order that a strategy finds at its beginning.
    pub(super) fn found(&mut self, update: &OrderUpdate, claims: &mut Vec<String>) {
        let id = update.client_order_id;
        if update.state.is_terminal() {
            claims.push(format!("{id} was found as an order though it was over"));
        }
        let life = Life { cum_qty: update.cum_qty, ..Life::default() };
        if self.orders.insert(id, life).is_some() {
            claims.push(format!("{id} was found twice at a beginning"));
        }
    }

    /// News of an order: none after its end, each trade once, and never less traded than before.
    pub(super) fn told(&mut self, update: &OrderUpdate, claims: &mut Vec<String>) {
        let (id, state) = (update.client_order_id, update.state);
        let life = self.orders.entry(id).or_default();
        if let Some(ended) = life.ended {
            claims.push(format!("{id} was told to be {state:?} after it was {ended:?}"));
        }
        if update.cum_qty < life.cum_qty {
            let before = life.cum_qty;
            claims.push(format!("{id} was told {} traded after {before}", update.cum_qty));
        }
        if let Some(fill) = &update.fill {
            if !life.trades.insert(fill.trade_id) {
                claims.push(format!("trade {:?} of {id} was told twice", fill.trade_id));
            }
            let sum = life.cum_qty + fill.qty;
            if sum != update.cum_qty {
                claims.push(format!("{id}: {sum} by its trades and {} told", update.cum_qty));
            }
        } else if update.cum_qty > life.cum_qty {
            claims.push(format!("{id}: {} traded without a word of the trade", update.cum_qty));
        }
        life.cum_qty = update.cum_qty;
        life.ended = Some(state).filter(|state| state.is_terminal());
    }
}

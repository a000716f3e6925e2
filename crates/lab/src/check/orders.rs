//! Orders: one for each wish, and never more of it than was wished.

use std::collections::BTreeMap;

use tradewind_model::Decimal;
use tradewind_model::order::OrderState;
use tradewind_simulator::exchange::{Contingent, MarketQty, OrderKind};

use crate::instance::InstanceId;
use crate::world::World;

/// No name was placed twice, and no order traded more than its quantity.
pub(super) fn once(world: &World, claims: &mut Vec<String>) {
    let exchange = world.venue().exchange();
    for account in world.ledger().accounts {
        for (symbol, name, count) in &account.duplicate_client_ids {
            claims.push(format!("{name} was placed {count} times on {symbol}"));
        }
        let mut traded: BTreeMap<&str, Decimal> = BTreeMap::new();
        for fill in &account.fills {
            *traded.entry(&fill.client_order_id).or_default() += fill.qty;
        }
        let placed = exchange.ledger(account.account);
        for order in placed.iter().flat_map(|books| books.orders()) {
            let traded = traded.get(order.client_order_id.as_str()).copied().unwrap_or_default();
            if let Some(wished) = quantity(&order.kind).filter(|wished| traded > *wished) {
                claims.push(format!("{} traded {traded} of {wished}", order.client_order_id));
            }
        }
    }
}

/// The base quantity that an order names, if it names one.
const fn quantity(kind: &OrderKind) -> Option<Decimal> {
    match kind {
        OrderKind::Limit { qty, .. }
        | OrderKind::LimitMaker { qty, .. }
        | OrderKind::Market(MarketQty::Base(qty))
        | OrderKind::Contingent(Contingent { qty, .. }) => Some(*qty),
        OrderKind::Market(MarketQty::Quote(_)) => None,
    }
}

/// An instance that was stopped has no order left: each is over, or in doubt and asked about. Of
/// one that the venue refused, the lost answer was the only word there will ever be.
pub(super) fn ended(world: &World, id: InstanceId, claims: &mut Vec<String>) {
    let instance = world.instance(id);
    let account = world.venue().account_of(instance.api_key());
    let Some(unresolved) = instance.drained() else {
        claims.push("not drained".to_owned());
        return;
    };
    let ledger = world.ledger();
    let Some(books) = ledger.accounts.iter().find(|books| Some(books.account) == account) else {
        claims.push("the venue has no such account".to_owned());
        return;
    };
    for order in &books.open_orders {
        claims.push(format!("{} is left open", order.client_order_id));
    }
    let open = instance.snapshot(world.now()).map(|snapshot| snapshot.open_orders);
    for name in unresolved {
        let open = open.iter().flatten().find(|order| order.client_order_id == *name);
        if open.map(|order| order.state) != Some(OrderState::InDoubt) {
            claims.push(format!("{name} is unresolved and not in doubt"));
        }
        let placed = world.venue().exchange().ledger(books.account);
        let mut orders = placed.iter().flat_map(|ledger| ledger.orders());
        if orders.any(|order| order.client_order_id == name.as_str()) {
            claims.push(format!("{name} was placed and not found"));
        }
    }
}

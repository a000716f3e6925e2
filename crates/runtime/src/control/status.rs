//! How a run stands, for whoever commands it.

use serde_json::{Value, json};
use tradewind_engine::Snapshot;
use tradewind_model::notice::VenueStatus;

/// The state of a run as JSON. Money is text, as everywhere.
pub(super) fn of(snapshot: &Snapshot) -> Value {
    let (status, reason) = match &snapshot.status {
        VenueStatus::Live => ("live", None),
        VenueStatus::Stale { reason } => ("stale", Some(reason)),
        VenueStatus::Shut { reason, .. } => ("shut", Some(reason)),
        VenueStatus::Moved { reason, .. } => ("moved", Some(reason)),
    };
    let trading: Vec<_> = snapshot
        .trading
        .iter()
        .map(|view| {
            json!({
                "scope": view.trading.scope.spelled(),
                "state": view.trading.state.name(),
                "reason": view.trading.reason,
                "since": view.since.to_string(),
                "durable": view.is_durable,
            })
        })
        .collect();
    let positions: Vec<_> = snapshot
        .positions
        .iter()
        .map(|view| {
            json!({
                "strategy": view.strategy.as_str(),
                "instrument": view.instrument.as_str(),
                "base": view.base.normalize().to_string(),
                "profit": view.profit.map(|profit| profit.normalize().to_string()),
            })
        })
        .collect();
    let orders: Vec<_> = snapshot
        .open_orders
        .iter()
        .map(|order| {
            json!({
                "id": order.client_order_id.as_str(),
                "instrument": order.instrument.as_str(),
                "side": order.side.to_string(),
                "state": order.state.name(),
                "leaves": order.leaves_qty.to_string(),
            })
        })
        .collect();
    json!({
        "at": snapshot.at.to_string(),
        "status": status,
        "reason": reason,
        "trading": trading,
        "cut_off": snapshot.cut_off.iter().map(|one| one.as_str()).collect::<Vec<_>>(),
        "open_orders": orders,
        "in_doubt": snapshot.in_doubt.iter().map(|one| one.as_str()).collect::<Vec<_>>(),
        "positions": positions,
        "orders_sent": snapshot.counters.orders_sent,
        "fills": snapshot.counters.fills,
    })
}

//! How a run stands, for whoever commands it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tradewind_engine::{Route, Snapshot, TradingView};
use tradewind_model::notice::VenueStatus;
use tradewind_model::trading::TradingScope;

use crate::desk::{Desk, End};
use crate::routed::RoutedDesk;
use crate::subject::Subject;

/// Decisions about routes that are shown, the latest.
const DECISIONS_MAX: usize = 20;

/// The state of a run as JSON. Money is text, as everywhere.
pub(super) fn of(subject: &Subject) -> Value {
    match subject {
        Subject::One(desk) => of_engine(&desk.snapshot()),
        Subject::Several(desk) => of_routes(desk),
    }
}

/// Each route's, and what they come to: live when one of them is, and as little allowed as by the
/// strictest of them.
fn of_routes(desk: &RoutedDesk) -> Value {
    let routes: Vec<_> = desk.lanes.iter().map(|(route, lane)| of_route(route, lane)).collect();
    let at = routes.iter().filter_map(|one| one["at"].as_str()).max().map(str::to_owned);
    let is_live = |one: &&Value| one["status"] == "live";
    let shown = routes.iter().find(is_live).or_else(|| routes.first());
    let (status, reason) = shown
        .map_or((Value::Null, Value::Null), |one| (one["status"].clone(), one["reason"].clone()));
    let mut strictest: BTreeMap<TradingScope, TradingView> = BTreeMap::new();
    for view in desk.lanes.iter().flat_map(|(_, lane)| lane.snapshot().trading.clone()) {
        let known = strictest.entry(view.trading.scope).or_insert_with(|| view.clone());
        if known.trading.state.allows_more_than(view.trading.state) {
            *known = view;
        }
    }
    let timeline = desk.timeline();
    let latest = timeline.decisions.len().saturating_sub(DECISIONS_MAX);
    let decisions = timeline.decisions.iter().skip(latest);
    json!({
        "at": at,
        "status": status,
        "reason": reason,
        "trading": strictest.values().map(trading).collect::<Vec<_>>(),
        "decisions": decisions
            .map(|one| json!({ "at": one.at.to_string(), "what": one.to_string() }))
            .collect::<Vec<_>>(),
        "routes": routes,
    })
}

fn of_route(route: &Route, desk: &Desk) -> Value {
    let mut state = of_engine(&desk.snapshot());
    if let Some(fields) = state.as_object_mut() {
        fields.insert("venue".to_owned(), route.venue.as_str().into());
        fields.insert("account".to_owned(), route.account.as_str().into());
        fields.insert("egress".to_owned(), route.egress.as_str().into());
        let ended = match desk.end_so_far() {
            Some(End::Failed(failure)) => {
                fields.insert("status".to_owned(), "ended".into());
                Some(failure.to_string())
            }
            Some(End::Drained { .. }) => Some("as was asked".to_owned()),
            None => None,
        };
        fields.insert("ended".to_owned(), ended.into());
    }
    state
}

fn trading(view: &TradingView) -> Value {
    json!({
        "scope": view.trading.scope.spelled(),
        "state": view.trading.state.name(),
        "reason": view.trading.reason,
        "since": view.since.to_string(),
        "durable": view.is_durable,
    })
}

fn of_engine(snapshot: &Snapshot) -> Value {
    let (status, reason) = match &snapshot.status {
        VenueStatus::Live => ("live", None),
        VenueStatus::Stale { reason } => ("stale", Some(reason)),
        VenueStatus::Shut { reason, .. } => ("shut", Some(reason)),
        VenueStatus::Moved { reason, .. } => ("moved", Some(reason)),
    };
    let trading: Vec<_> = snapshot.trading.iter().map(trading).collect();
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

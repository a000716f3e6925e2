//! The body of a request: one JSON object of texts, in the order in which they were given.

use std::fmt::Display;

use serde::ser::{SerializeMap, Serializer};
use tradewind_model::call::NewOrder;
use tradewind_model::id::Symbol;
use tradewind_model::order::{MarketQuantity, OrderKind, Side, TimeInForce};

/// Parameters in the order in which they are sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Body(Vec<(&'static str, String)>);

impl Body {
    /// A body about one symbol.
    pub(super) fn of(symbol: &Symbol) -> Self {
        Self::default().with("symbol", symbol)
    }

    /// This body and one parameter more.
    pub(super) fn with(mut self, name: &'static str, value: impl Display) -> Self {
        self.0.push((name, value.to_string()));
        self
    }

    /// What is signed and sent; nothing for no parameters.
    pub(super) fn text(&self) -> String {
        if self.0.is_empty() {
            return String::new();
        }
        let mut bytes = Vec::new();
        let mut serializer = serde_json::Serializer::new(&mut bytes);
        let mut write = || {
            let mut map = serializer.serialize_map(Some(self.0.len()))?;
            for (name, value) in &self.0 {
                map.serialize_entry(name, value)?;
            }
            map.end()
        };
        write().expect("texts are JSON, and memory takes them");
        String::from_utf8(bytes).expect("JSON is UTF-8")
    }
}

/// A new order; none for one that the venue does not take: with a trigger, or a market order that
/// does not say what it gives.
pub(super) fn placement(order: &NewOrder) -> Option<Body> {
    let side = match order.side {
        Side::Buy => "buy",
        Side::Sell => "sell",
    };
    let body = Body::of(&order.symbol).with("side", side);
    let limit = |force: &str, price, qty| {
        body.clone()
            .with("orderType", "limit")
            .with("force", force)
            .with("price", price)
            .with("size", qty)
    };
    let market = || body.clone().with("orderType", "market");
    let body = match (order.kind, order.side) {
        (OrderKind::Limit { price, qty, time_in_force }, _) => {
            limit(force(time_in_force), price, qty)
        }
        (OrderKind::PostOnly { price, qty }, _) => limit("post_only", price, qty),
        (OrderKind::Market(MarketQuantity::Quote(value)), Side::Buy) => {
            market().with("size", value)
        }
        (OrderKind::Market(MarketQuantity::Base(qty)), Side::Sell) => market().with("size", qty),
        (OrderKind::Market(_) | OrderKind::Triggered { .. }, _) => return None,
    };
    Some(body.with("clientOid", order.client_order_id))
}

const fn force(time_in_force: TimeInForce) -> &'static str {
    match time_in_force {
        TimeInForce::GoodTillCanceled => "gtc",
        TimeInForce::ImmediateOrCancel => "ioc",
        TimeInForce::FillOrKill => "fok",
    }
}

//! Placing orders: one, or many in one request.
//!
//! An answer says that an order was taken and what it is called, and nothing about what became of
//! it: one that may only make and would have taken is accepted like any other (trade pages, read
//! 2026-11).

use serde_json::{Value, json};

use super::{Caller, Desk, Reply};
use crate::bitget::body;
use crate::bitget::params::Params;
use crate::bitget::refusal::Refusal;
use crate::exchange::{
    AccountId, MarketQty, NewOrder, OrderKind, OrderRef, OrderView, Side, StpMode, SymbolConfig,
    TimeInForce,
};

/// Letters of a client's id (`40304` names the length; the FAQ the letters).
const CLIENT_ID_MAX: usize = 50;

/// What makes an order one that waits, or one that brings others with it; there is none here.
const NOT_OFFERED: [&str; 6] = [
    "triggerPrice",
    "presetTakeProfitPrice",
    "executeTakeProfitPrice",
    "presetStopLossPrice",
    "executeStopLossPrice",
    "tpslType",
];

impl Desk {
    pub(super) fn place(&mut self, caller: Caller, params: &Params) -> Reply {
        params.check_window(caller.now)?;
        let symbol = params.need("symbol")?.to_owned();
        self.place_one(caller, &symbol, params)
    }

    pub(super) fn place_batch(&mut self, caller: Caller, params: &Params) -> Reply {
        let shared = match params.get("batchMode").unwrap_or("single") {
            "single" => Some(self.symbol(params)?.0.to_owned()),
            "multiple" => None,
            other => return Err(Refusal::unknown(other)),
        };
        let placed: Vec<_> = params
            .list()?
            .iter()
            .map(|order| {
                let symbol = match &shared {
                    Some(symbol) => Ok(symbol.clone()),
                    None => order.need("symbol").map(str::to_owned),
                };
                (order, symbol.and_then(|symbol| self.place_one(caller, &symbol, order)))
            })
            .collect();
        self.failed_in_batch +=
            placed.iter().map(|(_, reply)| u64::from(reply.is_err())).sum::<u64>();
        Ok(batch(placed.into_iter()))
    }

    fn place_one(&mut self, caller: Caller, symbol: &str, params: &Params) -> Reply {
        let order = self.read_order(symbol, params)?;
        self.place_order(caller, order).map(|order| self.names(&order))
    }

    /// Hands an order to the exchange.
    pub(super) fn place_order(
        &mut self,
        caller: Caller,
        order: NewOrder,
    ) -> Result<OrderView, Refusal> {
        if let Some(id) = &order.client_order_id
            && self.is_pending(caller.account, id)
        {
            return Err(Refusal::duplicate());
        }
        let side = order.side;
        let least = self.exchange.symbol(&order.symbol).map(least_value).unwrap_or_default();
        let placed = self.exchange.place(caller.now, caller.account, order);
        let placed = placed.map_err(|reject| Refusal::order(side, &least, reject))?;
        Ok(placed.order)
    }

    /// The two names of an order.
    pub(super) fn names(&self, order: &OrderView) -> Value {
        json!({
            "orderId": self.register.order_id(order).to_string(),
            "clientOid": order.client_order_id,
        })
    }

    /// Whether an open order of the account has this id, on whatever symbol.
    fn is_pending(&self, account: AccountId, client_id: &str) -> bool {
        self.exchange.symbols().iter().any(|symbol| {
            let known = self.exchange.order(account, &symbol.symbol, &OrderRef::client(client_id));
            known.is_ok_and(|order| order.status.is_open())
        })
    }

    fn read_order(&self, symbol: &str, params: &Params) -> Result<NewOrder, Refusal> {
        let config = self.exchange.symbol(symbol).ok_or_else(|| Refusal::unknown(symbol))?;
        let side = match params.need("side")? {
            "buy" => Side::Buy,
            "sell" => Side::Sell,
            other => return Err(Refusal::unknown(other)),
        };
        let waits = |name: &&&str| params.get(name).is_some_and(|value| value != "normal");
        if let Some(name) = NOT_OFFERED.iter().find(waits) {
            return Err(Refusal::wrong(name));
        }
        let kind = match params.need("orderType")? {
            "limit" => read_limit(config, params)?,
            "market" => OrderKind::Market(match side {
                Side::Buy => MarketQty::Quote(params.decimal("size", config.quote_precision)?),
                Side::Sell => MarketQty::Base(params.decimal("size", body::size_scale(config))?),
            }),
            other => return Err(Refusal::unknown(other)),
        };
        let order = NewOrder::of(symbol, side, kind);
        let order = match params.get("clientOid") {
            None => order,
            Some(id) => order.with_id(check_client_id(id)?),
        };
        Ok(match params.get("stpMode") {
            None => order,
            Some("none") => order.with_stp(StpMode::None),
            Some("cancel_taker") => order.with_stp(StpMode::ExpireTaker),
            Some("cancel_maker") => order.with_stp(StpMode::ExpireMaker),
            Some("cancel_both") => order.with_stp(StpMode::ExpireBoth),
            Some(other) => return Err(Refusal::unknown(other)),
        })
    }
}

fn read_limit(config: &SymbolConfig, params: &Params) -> Result<OrderKind, Refusal> {
    let force = params.need("force")?;
    let price = params.decimal("price", body::price_scale(config))?;
    let qty = params.decimal("size", body::size_scale(config))?;
    let limit = |tif| OrderKind::Limit { price, qty, tif };
    match force {
        "gtc" => Ok(limit(TimeInForce::Gtc)),
        "ioc" => Ok(limit(TimeInForce::Ioc)),
        "fok" => Ok(limit(TimeInForce::Fok)),
        "post_only" => Ok(OrderKind::LimitMaker { price, qty }),
        other => Err(Refusal::unknown(other)),
    }
}

/// An id that a client may give.
pub(super) fn check_client_id(id: &str) -> Result<&str, Refusal> {
    if id.len() > CLIENT_ID_MAX {
        let text = format!("clientOid length is not greater than {CLIENT_ID_MAX}");
        return Err(Refusal::bad("40304", text));
    }
    let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || b"_:#-+ ".contains(&byte);
    if id.bytes().all(is_legal) { Ok(id) } else { Err(Refusal::wrong("clientOid")) }
}

/// The least that an order of a symbol may be worth, as its refusal says it.
fn least_value(symbol: &SymbolConfig) -> String {
    symbol.filters.notional.map(|rule| body::number(rule.min_notional)).unwrap_or_default()
}

/// What became of each order of a batch. The whole is a success however many failed.
pub(super) fn batch<'a>(done: impl Iterator<Item = (&'a Params, Reply)>) -> Value {
    let (mut taken, mut failed) = (Vec::new(), Vec::new());
    for (order, reply) in done {
        match reply {
            Ok(names) => taken.push(names),
            Err(refusal) => failed.push(json!({
                "orderId": order.get("orderId").unwrap_or_default(),
                "clientOid": order.get("clientOid").unwrap_or_default(),
                "errorMsg": refusal.msg,
                "errorCode": refusal.code,
            })),
        }
    }
    json!({"successList": taken, "failureList": failed})
}

//! The parameters of order entry, read into what the exchange takes.
//!
//! Which parameters there must be, may be and must not be depends on the type of the order
//! (rest-api.md, new order, read 2026-11).

use rust_decimal::Decimal;

use super::Desk;
use crate::binance::params::Params;
use crate::binance::refusal::Refusal;
use crate::exchange::{
    CancelRestriction, Contingent, MarketQty, NewOrder, OrderKind, OrderRef, Side, StpMode,
    SymbolConfig, TimeInForce, Trigger,
};

/// How much of a placed order the answer tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ResponseType {
    Ack,
    Result,
    Full,
}

impl Desk {
    /// A new order, and how much of it the answer is to tell.
    pub(super) fn read_order(
        &self,
        params: &mut Params,
    ) -> Result<(NewOrder, ResponseType), Refusal> {
        let symbol = params.symbol()?;
        let side = side(params)?;
        let kind = params.need("type")?;
        let config = self.exchange.symbol(&symbol).ok_or_else(Refusal::invalid_symbol)?;
        if params.has("pegPriceType") {
            return Err(not_supported("Pegged orders"));
        }
        for name in ["stopPrice", "trailingDelta"] {
            if matches!(kind.as_str(), "LIMIT" | "LIMIT_MAKER" | "MARKET") {
                params.forbid(name)?;
            }
        }
        let kind = match kind.as_str() {
            "LIMIT" => {
                let tif = time_in_force(&params.need("timeInForce")?)?;
                let (price, qty) = limit_terms(config, params)?;
                OrderKind::Limit { price, qty, tif }
            }
            "LIMIT_MAKER" => {
                if params.has("timeInForce") {
                    let text = "TimeInForce parameter sent when not required.";
                    return Err(Refusal::bad(-1114, text));
                }
                let (price, qty) = limit_terms(config, params)?;
                OrderKind::LimitMaker { price, qty }
            }
            "MARKET" => OrderKind::Market(market_qty(config, params)?),
            word => {
                let waits = waiting(word).ok_or_else(Refusal::invalid_order_type)?;
                params.forbid("quoteOrderQty")?;
                let qty = amount(params, "quantity", config.base_precision)?;
                let qty = qty.ok_or_else(|| Refusal::missing("quantity"))?;
                OrderKind::Contingent(waits.terms(config, params, &Names::PLAIN, qty)?)
            }
        };
        let response = response_type(params, &kind)?;
        let client_order_id = params.client_id("newClientOrderId")?;
        let iceberg_qty = amount(params, "icebergQty", config.base_precision)?;
        let stp = stp_mode(params)?;
        check_strategy(params)?;
        let order = NewOrder { symbol, side, kind, client_order_id, stp, iceberg_qty };
        Ok((order, response))
    }
}

/// Price and quantity of a limit order.
fn limit_terms(config: &SymbolConfig, params: &mut Params) -> Result<(Decimal, Decimal), Refusal> {
    let mandatory = |name: &'static str| move || Refusal::missing(name);
    params.forbid("quoteOrderQty")?;
    let qty =
        amount(params, "quantity", config.base_precision)?.ok_or_else(mandatory("quantity"))?;
    let price = amount(params, "price", config.quote_precision)?.ok_or_else(mandatory("price"))?;
    Ok((price, qty))
}

/// Base or quote quantity of a market order: one of them.
fn market_qty(config: &SymbolConfig, params: &mut Params) -> Result<MarketQty, Refusal> {
    params.forbid("timeInForce")?;
    params.forbid("price")?;
    let base = amount(params, "quantity", config.base_precision)?;
    let quote = amount(params, "quoteOrderQty", config.quote_precision)?;
    match (base, quote) {
        (Some(base), None) => Ok(MarketQty::Base(base)),
        (None, Some(quote)) => Ok(MarketQty::Quote(quote)),
        (None, None) => Err(Refusal::missing_either("quantity", "quoteOrderQty")),
        (Some(_), Some(_)) => Err(Refusal::bad_combination()),
    }
}

/// A positive amount of at most `precision` decimals, trailing zeros included.
pub(super) fn amount(
    params: &mut Params,
    name: &str,
    precision: u32,
) -> Result<Option<Decimal>, Refusal> {
    let Some(amount) = params.decimal(name)? else {
        return Ok(None);
    };
    if amount.scale() > precision {
        return Err(Refusal::too_precise(name));
    }
    if amount.is_zero() {
        let what = match name {
            "price" | "abovePrice" | "belowPrice" => "price",
            "stopPrice" | "aboveStopPrice" | "belowStopPrice" => "stop price",
            "quoteOrderQty" => "quote order qty",
            "icebergQty" => "iceberg qty",
            _ => "quantity",
        };
        return Err(Refusal::bad(-1013, format!("Invalid {what}.")));
    }
    Ok(Some(amount))
}

/// Which side.
pub(super) fn side(params: &mut Params) -> Result<Side, Refusal> {
    match params.need("side")?.as_str() {
        "BUY" => Ok(Side::Buy),
        "SELL" => Ok(Side::Sell),
        _ => Err(Refusal::bad(-1117, "Invalid side.")),
    }
}

/// What the parameters of a waiting order are called: plainly, or by the leg of a pair.
pub(super) struct Names {
    pub(super) price: &'static str,
    pub(super) stop_price: &'static str,
    pub(super) trailing_delta: &'static str,
    pub(super) time_in_force: &'static str,
}

impl Names {
    pub(super) const PLAIN: Self = Self {
        price: "price",
        stop_price: "stopPrice",
        trailing_delta: "trailingDelta",
        time_in_force: "timeInForce",
    };
}

/// The kind of an order that waits for the last price.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    trigger: Trigger,
    has_limit: bool,
}

/// The kind that a word names, if it is one that waits.
pub(super) fn waiting(word: &str) -> Option<Waiting> {
    let (trigger, has_limit) = match word {
        "STOP_LOSS" => (Trigger::StopLoss, false),
        "STOP_LOSS_LIMIT" => (Trigger::StopLoss, true),
        "TAKE_PROFIT" => (Trigger::TakeProfit, false),
        "TAKE_PROFIT_LIMIT" => (Trigger::TakeProfit, true),
        _ => return None,
    };
    Some(Waiting { trigger, has_limit })
}

impl Waiting {
    /// Its terms. A trailing stop is refused: there are none here.
    pub(super) fn terms(
        self,
        config: &SymbolConfig,
        params: &mut Params,
        names: &Names,
        qty: Decimal,
    ) -> Result<Contingent, Refusal> {
        if params.has(names.trailing_delta) {
            return Err(not_supported("Trailing stop orders"));
        }
        let limit = if self.has_limit {
            let tif = time_in_force(&params.need(names.time_in_force)?)?;
            let price = amount(params, names.price, config.quote_precision)?;
            Some((price.ok_or_else(|| Refusal::missing(names.price))?, tif))
        } else {
            params.forbid(names.time_in_force)?;
            params.forbid(names.price)?;
            None
        };
        let stop_price = amount(params, names.stop_price, config.quote_precision)?;
        let stop_price = stop_price
            .ok_or_else(|| Refusal::missing_either(names.stop_price, names.trailing_delta))?;
        Ok(Contingent { trigger: self.trigger, stop_price, qty, limit })
    }
}

fn time_in_force(text: &str) -> Result<TimeInForce, Refusal> {
    match text {
        "GTC" => Ok(TimeInForce::Gtc),
        "IOC" => Ok(TimeInForce::Ioc),
        "FOK" => Ok(TimeInForce::Fok),
        _ => Err(Refusal::bad(-1115, "Invalid timeInForce.")),
    }
}

/// `MARKET` and `LIMIT` are answered in full unless asked otherwise, the others with a receipt.
fn response_type(params: &mut Params, kind: &OrderKind) -> Result<ResponseType, Refusal> {
    Ok(asked_response_type(params)?.unwrap_or(match kind {
        OrderKind::Limit { .. } | OrderKind::Market(_) => ResponseType::Full,
        OrderKind::LimitMaker { .. } | OrderKind::Contingent(_) => ResponseType::Ack,
    }))
}

/// How much the answer is to tell, if that was said.
pub(super) fn asked_response_type(params: &mut Params) -> Result<Option<ResponseType>, Refusal> {
    match params.take("newOrderRespType")?.as_deref() {
        None => Ok(None),
        Some("ACK") => Ok(Some(ResponseType::Ack)),
        Some("RESULT") => Ok(Some(ResponseType::Result)),
        Some("FULL") => Ok(Some(ResponseType::Full)),
        Some(_) => Err(Refusal::invalid_data("newOrderRespType")),
    }
}

pub(super) fn stp_mode(params: &mut Params) -> Result<Option<StpMode>, Refusal> {
    let Some(text) = params.take("selfTradePreventionMode")? else {
        return Ok(None);
    };
    let modes = [
        StpMode::None,
        StpMode::ExpireMaker,
        StpMode::ExpireTaker,
        StpMode::ExpireBoth,
        StpMode::Decrement,
        StpMode::Transfer,
    ];
    let mode = modes.into_iter().find(|mode| mode.as_str() == text);
    mode.map(Some).ok_or_else(|| Refusal::invalid_data("selfTradePreventionMode"))
}

/// Strategy labels are checked, and then nobody needs them here.
fn check_strategy(params: &mut Params) -> Result<(), Refusal> {
    params.integer("strategyId")?;
    if params.integer("strategyType")?.is_some_and(|kind| kind < 1_000_000) {
        return Err(Refusal::bad(-1134, "strategyType was less than 1000000."));
    }
    Ok(())
}

/// Which order is meant.
pub(super) fn order_ref(params: &mut Params) -> Result<OrderRef, Refusal> {
    let order_id = params.integer("orderId")?;
    let client_order_id = params.client_id("origClientOrderId")?;
    if order_id.is_none() && client_order_id.is_none() {
        return Err(Refusal::missing_either("origClientOrderId", "orderId"));
    }
    Ok(OrderRef { order_id, client_order_id })
}

/// Which states a cancel insists on.
pub(super) fn cancel_restriction(params: &mut Params) -> Result<CancelRestriction, Refusal> {
    match params.take("cancelRestrictions")?.as_deref() {
        None => Ok(CancelRestriction::Any),
        Some("ONLY_NEW") => Ok(CancelRestriction::OnlyNew),
        Some("ONLY_PARTIALLY_FILLED") => Ok(CancelRestriction::OnlyPartiallyFilled),
        Some(_) => {
            let text = "cancelRestrictions has to be either ONLY_NEW or ONLY_PARTIALLY_FILLED.";
            Err(Refusal::bad(-1145, text))
        }
    }
}

pub(super) fn not_supported(what: &str) -> Refusal {
    Refusal::bad(-2010, format!("{what} are not supported for this symbol."))
}

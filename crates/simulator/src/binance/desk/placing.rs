//! Placing and canceling: the calls that change something.

use rust_decimal::Decimal;
use serde_json::json;

use super::{Caller, Desk, Reply};
use crate::binance::body::{self, Canceled, OrderAck, OrderResult};
use crate::binance::params::Params;
use crate::binance::refusal::Refusal;
use crate::exchange::{
    AccountId, CancelReject, CancelRestriction, MarketQty, NewOrder, OrderKind, OrderRef, Reject,
    Side, StpMode, SymbolConfig, TimeInForce,
};

/// How much of a placed order the answer tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ResponseType {
    Ack,
    Result,
    Full,
}

impl Desk {
    pub(super) fn place(
        &mut self,
        caller: Caller,
        account: AccountId,
        params: &mut Params,
    ) -> Reply {
        let (order, response) = self.read_order(params)?;
        params.finish()?;
        self.limits
            .order_headroom(caller.now, caller.ip, u64::from(account.0))
            .map_err(Refusal::limited)?;
        let placement = self.exchange.place(caller.now, account, order).map_err(rejected)?;
        self.limits.order_placed(caller.now, u64::from(account.0));
        Ok(match response {
            ResponseType::Ack => body::text(&OrderAck::of(caller.unit, &placement.order)),
            ResponseType::Result => body::text(&OrderResult::of(caller.unit, &placement.order)),
            ResponseType::Full => body::text(&OrderResult::full(caller.unit, &placement)),
        })
    }

    pub(super) fn test(&mut self, account: AccountId, params: &mut Params) -> Reply {
        let with_commission = params.flag("computeCommissionRates")?.unwrap_or(false);
        let (order, _) = self.read_order(params)?;
        params.finish()?;
        self.exchange.check(account, &order).map_err(rejected)?;
        let rates = if with_commission { self.commission_rates(account, true) } else { json!({}) };
        Ok(body::text(&rates))
    }

    pub(super) fn cancel(
        &mut self,
        caller: Caller,
        account: AccountId,
        params: &mut Params,
    ) -> Reply {
        let symbol = self.known_symbol(params)?;
        let order = order_ref(params)?;
        let new_id = params.client_id("newClientOrderId")?;
        let restriction = match params.take("cancelRestrictions")?.as_deref() {
            None => CancelRestriction::Any,
            Some("ONLY_NEW") => CancelRestriction::OnlyNew,
            Some("ONLY_PARTIALLY_FILLED") => CancelRestriction::OnlyPartiallyFilled,
            Some(_) => {
                let text = "cancelRestrictions has to be either ONLY_NEW or ONLY_PARTIALLY_FILLED.";
                return Err(Refusal::bad(-1145, text));
            }
        };
        params.finish()?;
        let canceled =
            self.exchange.cancel(caller.now, account, &symbol, &order, new_id, restriction);
        Ok(body::text(&Canceled::of(caller.unit, &canceled.map_err(not_canceled)?)))
    }

    pub(super) fn cancel_all(
        &mut self,
        caller: Caller,
        account: AccountId,
        params: &mut Params,
    ) -> Reply {
        let symbol = self.known_symbol(params)?;
        params.finish()?;
        let canceled = self.exchange.cancel_all(caller.now, account, &symbol);
        let canceled = canceled.map_err(not_canceled)?;
        Ok(body::list(canceled.iter().map(|cancel| Canceled::of(caller.unit, cancel))))
    }

    fn read_order(&self, params: &mut Params) -> Result<(NewOrder, ResponseType), Refusal> {
        let symbol = params.symbol()?;
        let side = match params.need("side")?.as_str() {
            "BUY" => Side::Buy,
            "SELL" => Side::Sell,
            _ => return Err(Refusal::bad(-1117, "Invalid side.")),
        };
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
            "STOP_LOSS" => return Err(not_supported("Stop loss orders")),
            "STOP_LOSS_LIMIT" => return Err(not_supported("Stop loss limit orders")),
            "TAKE_PROFIT" => return Err(not_supported("Take profit orders")),
            "TAKE_PROFIT_LIMIT" => return Err(not_supported("Take profit limit orders")),
            _ => return Err(Refusal::bad(-1116, "Invalid orderType.")),
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
fn amount(params: &mut Params, name: &str, precision: u32) -> Result<Option<Decimal>, Refusal> {
    let Some(amount) = params.decimal(name)? else {
        return Ok(None);
    };
    if amount.scale() > precision {
        return Err(Refusal::too_precise(name));
    }
    if amount.is_zero() {
        let what = match name {
            "price" => "price",
            "quoteOrderQty" => "quote order qty",
            "icebergQty" => "iceberg qty",
            _ => "quantity",
        };
        return Err(Refusal::bad(-1013, format!("Invalid {what}.")));
    }
    Ok(Some(amount))
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
    match params.take("newOrderRespType")?.as_deref() {
        None => Ok(match kind {
            OrderKind::Limit { .. } | OrderKind::Market(_) => ResponseType::Full,
            OrderKind::LimitMaker { .. } => ResponseType::Ack,
        }),
        Some("ACK") => Ok(ResponseType::Ack),
        Some("RESULT") => Ok(ResponseType::Result),
        Some("FULL") => Ok(ResponseType::Full),
        Some(_) => Err(Refusal::invalid_data("newOrderRespType")),
    }
}

fn stp_mode(params: &mut Params) -> Result<Option<StpMode>, Refusal> {
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

fn not_supported(what: &str) -> Refusal {
    Refusal::bad(-2010, format!("{what} are not supported for this symbol."))
}

fn rejected(reject: Reject) -> Refusal {
    let (code, text) = match reject {
        Reject::UnknownSymbol => return Refusal::invalid_symbol(),
        Reject::UnknownAccount => return Refusal::unknown_key(),
        Reject::TooLarge => return Refusal::overflow("quantity"),
        Reject::MarketClosed => (-2010, "Market is closed."),
        Reject::QtyZero => (-2010, "Price * QTY is zero or less."),
        Reject::Filter(name) => {
            return Refusal::bad(-1013, format!("Filter failure: {}", name.as_str()));
        }
        Reject::StpNotAllowed => {
            (-1013, "This symbol does not allow the specified self-trade prevention mode.")
        }
        Reject::IcebergExceedsQty => (-2010, "IcebergQty exceeds QTY."),
        Reject::UnsupportedCombination => (-2010, "Unsupported order combination"),
        Reject::DuplicateOrder => (-2010, "Duplicate order sent."),
        Reject::InsufficientBalance => {
            (-2010, "Account has insufficient balance for requested action.")
        }
        Reject::WouldMatch => (-2010, "Order would immediately match and take."),
        Reject::NoLiquidity => {
            (-2010, "Order book liquidity is less than LOT_SIZE filter minimum quantity.")
        }
    };
    Refusal::bad(code, text)
}

fn not_canceled(reject: CancelReject) -> Refusal {
    match reject {
        CancelReject::UnknownSymbol => Refusal::invalid_symbol(),
        CancelReject::UnknownOrder => Refusal::unknown_order(),
        CancelReject::IdMismatch => {
            Refusal::bad(-2011, "Cancel order is invalid. Check origClOrdId and orderId.")
        }
        CancelReject::Restricted => {
            Refusal::bad(-2011, "Order was not canceled due to cancel restrictions.")
        }
    }
}

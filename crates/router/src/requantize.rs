//! An order that was meant for one venue, made to fit another.
//!
//! Never worse than it was asked for: a buy's price goes down to the tick and a sell's up, and a
//! quantity goes down to the step. What waits for a trigger waits a little longer rather than
//! shorter. What then breaks a rule of the other venue, or its balance, is refused by the rule's
//! name, and not made to fit any further.

use std::collections::BTreeMap;

use tradewind_model::Decimal;
use tradewind_model::id::Asset;
use tradewind_model::instrument::{Filter, FilterContext, Instrument, InstrumentStatus};
use tradewind_model::money::{Price, Quantity};
use tradewind_model::order::{Denied, LimitTerms, MarketQuantity, OrderKind, OrderRequest};
use tradewind_model::order::{Side, Trigger};

/// The order, as another venue's instrument can take it.
///
/// `free` is what new orders can use there, by asset; an asset that is not in it has nothing.
///
/// # Errors
/// Why it cannot be placed there.
pub fn requantize(
    request: &OrderRequest,
    to: &Instrument,
    context: &FilterContext,
    free: &BTreeMap<Asset, Decimal>,
) -> Result<OrderRequest, Denied> {
    if to.id != request.instrument {
        return Err(Denied::UnknownInstrument(request.instrument.clone()));
    }
    if to.status != InstrumentStatus::Trading {
        return Err(Denied::Closed(format!("{} is not trading", to.symbol)));
    }
    let side = request.side;
    let kind = fit(side, &request.kind, to);
    if !to.takes(&kind) {
        return Err(Denied::Unsupported(format!("{} takes no such orders: {kind:?}", to.symbol)));
    }
    check_something_left(&request.kind, &kind, to)?;
    to.check(side, &kind, context)?;
    check_balance(side, &kind, to, context.reference_price, free)?;
    Ok(OrderRequest { kind, ..request.clone() })
}

/// What an order locks while it rests: quote asset for a buy, base asset for a sell. None where
/// that cannot be known before it trades.
#[must_use]
pub fn locked_by(
    side: Side,
    kind: &OrderKind,
    instrument: &Instrument,
    market_price: Option<Price>,
) -> Option<(Asset, Decimal)> {
    match side {
        Side::Sell => kind.qty().map(|qty| (instrument.base.clone(), qty.get())),
        Side::Buy => {
            let value = match kind {
                OrderKind::Market(MarketQuantity::Quote(value)) => Some(*value),
                OrderKind::Market(MarketQuantity::Base(qty)) => {
                    market_price.map(|price| price * *qty)
                }
                OrderKind::Limit { .. }
                | OrderKind::PostOnly { .. }
                | OrderKind::Triggered { .. } => {
                    let price = kind.price().or_else(|| kind.trigger().map(Trigger::price));
                    price.zip(kind.qty()).map(|(price, qty)| price * qty)
                }
            };
            value.map(|value| (instrument.quote.clone(), value.get()))
        }
    }
}

/// Refuses an order that what is free does not cover.
///
/// # Errors
/// What it needs, and what there is.
pub fn check_balance(
    side: Side,
    kind: &OrderKind,
    instrument: &Instrument,
    market_price: Option<Price>,
    free: &BTreeMap<Asset, Decimal>,
) -> Result<(), Denied> {
    let Some((asset, needed)) = locked_by(side, kind, instrument, market_price) else {
        return Ok(());
    };
    let free = free.get(&asset).copied().unwrap_or_default();
    if needed > free {
        return Err(Denied::InsufficientBalance { asset, needed, free });
    }
    Ok(())
}

fn fit(side: Side, kind: &OrderKind, to: &Instrument) -> OrderKind {
    match *kind {
        OrderKind::Limit { price, qty, time_in_force } => OrderKind::Limit {
            price: to.quantize_price(side, price),
            qty: to.quantize_qty(qty),
            time_in_force,
        },
        OrderKind::PostOnly { price, qty } => {
            OrderKind::PostOnly { price: to.quantize_price(side, price), qty: to.quantize_qty(qty) }
        }
        OrderKind::Market(MarketQuantity::Base(qty)) => {
            OrderKind::Market(MarketQuantity::Base(market_qty(qty, to)))
        }
        OrderKind::Market(MarketQuantity::Quote(value)) => {
            let unit = Decimal::new(1, to.quote_precision.min(Decimal::MAX_SCALE));
            OrderKind::Market(MarketQuantity::Quote(value.floor_to(unit)))
        }
        OrderKind::Triggered { trigger, qty, limit } => OrderKind::Triggered {
            trigger: fit_trigger(side, trigger, to),
            qty: if limit.is_some() { to.quantize_qty(qty) } else { market_qty(qty, to) },
            limit: limit.map(|limit| LimitTerms {
                price: to.quantize_price(side, limit.price),
                time_in_force: limit.time_in_force,
            }),
        },
    }
}

/// A market order's quantity obeys a step of its own on top of the common one.
fn market_qty(qty: Quantity, to: &Instrument) -> Quantity {
    let step = to.filters.iter().find_map(|filter| {
        if let Filter::MarketLotSize(range) = filter { Some(range.step) } else { None }
    });
    to.quantize_qty(qty.floor_to(step.unwrap_or_default()))
}

/// Away from the market, so that it is set off later rather than sooner.
fn fit_trigger(side: Side, trigger: Trigger, to: &Instrument) -> Trigger {
    let tick = to.tick();
    let at = if trigger.is_above(side) {
        trigger.price().ceil_to(tick)
    } else {
        trigger.price().floor_to(tick)
    };
    match trigger {
        Trigger::StopLoss(_) => Trigger::StopLoss(at),
        Trigger::TakeProfit(_) => Trigger::TakeProfit(at),
    }
}

/// A venue without a least quantity would otherwise be sent an order for nothing.
fn check_something_left(
    asked: &OrderKind,
    fitted: &OrderKind,
    to: &Instrument,
) -> Result<(), Denied> {
    let breach = |rule: String, value: Decimal, nearest: Decimal, filter: &str| {
        let filter = filter.to_owned();
        Err(tradewind_model::instrument::FilterBreach {
            filter,
            rule,
            value,
            nearest: Some(nearest),
        }
        .into())
    };
    if fitted.qty().is_some_and(Quantity::is_zero) {
        let (asked, step) = (asked.qty().unwrap_or_default().get(), to.step());
        let rule = format!("quantity is a multiple of {}", step.normalize());
        return breach(rule, asked, step, "LOT_SIZE");
    }
    if let OrderKind::Market(MarketQuantity::Quote(value)) = fitted
        && value.is_zero()
    {
        let unit = Decimal::new(1, to.quote_precision.min(Decimal::MAX_SCALE));
        return breach(format!("value is a multiple of {unit}"), Decimal::ZERO, unit, "PRECISION");
    }
    if fitted.price().is_some_and(Price::is_zero) {
        let (asked, tick) = (asked.price().unwrap_or_default().get(), to.tick());
        let rule = format!("price is a multiple of {}", tick.normalize());
        return breach(rule, asked, tick, "PRICE_FILTER");
    }
    Ok(())
}

#[cfg(test)]
mod tests;

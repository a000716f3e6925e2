//! `exchangeInfo` as instruments.
//!
//! The list has thousands of rows, and none may spoil the others: a row that cannot be read costs
//! its own symbol alone, and a rule that cannot be read is left to the venue to enforce. The two
//! rules that prices and quantities are rounded by are the exception: without them every order
//! would be a guess, so their symbol goes.

mod filters;

use serde::Deserialize;
use serde_json::value::RawValue;
use tradewind_model::id::{Asset, InstrumentId, Symbol};
use tradewind_model::instrument::{Filter, Instrument, InstrumentStatus, Offer};
use tradewind_model::outcome::Reply;

use crate::limits::{self, LimitRow};
use crate::number::Malformed;

/// How the venue spells the market of one asset in another.
pub(crate) fn spelled(base: &Asset, quote: &Asset) -> Symbol {
    Symbol::from(format!("{base}{quote}"))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExchangeInfo<'a> {
    #[serde(default)]
    rate_limits: Vec<LimitRow>,
    #[serde(default, borrow)]
    exchange_filters: Vec<&'a RawValue>,
    #[serde(borrow)]
    symbols: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SymbolRow<'a> {
    symbol: Symbol,
    status: String,
    base_asset: Asset,
    base_asset_precision: u32,
    quote_asset: Asset,
    quote_asset_precision: u32,
    order_types: Vec<String>,
    #[serde(default)]
    oco_allowed: bool,
    #[serde(default)]
    quote_order_qty_market_allowed: bool,
    #[serde(default)]
    cancel_replace_allowed: bool,
    #[serde(default)]
    amend_allowed: bool,
    #[serde(default = "yes")]
    is_spot_trading_allowed: bool,
    #[serde(borrow)]
    filters: Vec<&'a RawValue>,
}

const fn yes() -> bool {
    true
}

/// Instruments with their rules, ordered by id, and the limits in force.
pub(crate) fn decode(body: &[u8]) -> Result<Reply, Malformed> {
    let info: ExchangeInfo = serde_json::from_slice(body)?;
    let shared: Vec<Filter> =
        info.exchange_filters.iter().filter_map(|raw| filters::decode(raw, "").ok()).collect();
    let rows: Vec<Result<Instrument, Malformed>> =
        info.symbols.iter().map(|raw| instrument(raw, &shared)).collect();
    let (mut instruments, mut problem) = (Vec::with_capacity(rows.len()), None);
    for row in rows {
        match row {
            Ok(instrument) => instruments.push(instrument),
            Err(error) => problem = Some(error),
        }
    }
    match problem {
        // Not one bad row but another format.
        Some(problem) if instruments.is_empty() => return Err(problem),
        _ => instruments.sort_unstable_by(|a, b| (&a.id, &a.symbol).cmp(&(&b.id, &b.symbol))),
    }
    Ok(Reply::Catalog { instruments, limits: limits::told(&info.rate_limits) })
}

fn instrument(raw: &RawValue, shared: &[Filter]) -> Result<Instrument, Malformed> {
    let row: SymbolRow = serde_json::from_str(raw.get())?;
    let mut filters = Vec::with_capacity(row.filters.len() + shared.len());
    for raw in &row.filters {
        filters.push(filters::decode(raw, row.base_asset.as_str())?);
    }
    filters.extend_from_slice(shared);
    let takes = |kind: &str| row.order_types.iter().any(|known| known == kind);
    Ok(Instrument {
        id: InstrumentId::spot(&row.base_asset, &row.quote_asset),
        status: status(&row.status, row.is_spot_trading_allowed),
        base_precision: row.base_asset_precision,
        quote_precision: row.quote_asset_precision,
        takes_market_orders: takes("MARKET"),
        takes_quote_quantity: row.quote_order_qty_market_allowed,
        takes_post_only: takes("LIMIT_MAKER"),
        offers: [
            (Offer::StopLoss, takes("STOP_LOSS")),
            (Offer::StopLossLimit, takes("STOP_LOSS_LIMIT")),
            (Offer::TakeProfit, takes("TAKE_PROFIT")),
            (Offer::TakeProfitLimit, takes("TAKE_PROFIT_LIMIT")),
            (Offer::Oco, row.oco_allowed),
            (Offer::Replace, row.cancel_replace_allowed),
            (Offer::Amend, row.amend_allowed),
        ]
        .into_iter()
        .filter_map(|(offer, is_offered)| is_offered.then_some(offer))
        .collect(),
        symbol: row.symbol,
        base: row.base_asset,
        quote: row.quote_asset,
        filters,
    })
}

/// `HALT`, `BREAK`, `END_OF_DAY` and words of tomorrow take no orders (enums.md, symbol status,
/// read 2026-11).
fn status(word: &str, is_spot_trading_allowed: bool) -> InstrumentStatus {
    match word {
        "TRADING" if is_spot_trading_allowed => InstrumentStatus::Trading,
        "CANCEL_ONLY" => InstrumentStatus::CancelOnly,
        _ => InstrumentStatus::Halted,
    }
}

#[cfg(test)]
mod tests;

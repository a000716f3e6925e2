//! `symbols` as instruments.
//!
//! The list has thousands of rows, and none may spoil the others: a row that cannot be read costs
//! its own symbol alone. Spot has no ticks and steps of its own but numbers of decimals, and no
//! names for its rules; they are expressed with those that the model has.

use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::value::RawValue;
use tradewind_model::id::{Asset, InstrumentId, Symbol};
use tradewind_model::instrument::{Filter, Instrument, InstrumentStatus, PercentPrice, Range};
use tradewind_model::money::Notional;
use tradewind_model::outcome::Reply;

use crate::number::{Malformed, Number, Word};

/// How the venue spells the market of one asset in another.
pub(crate) fn spelled(base: &Asset, quote: &Asset) -> Symbol {
    Symbol::from(format!("{base}{quote}"))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SymbolRow {
    symbol: Symbol,
    base_coin: Asset,
    quote_coin: Asset,
    price_precision: Number,
    quantity_precision: Number,
    #[serde(default)]
    quote_precision: Number,
    #[serde(default)]
    status: Word,
    #[serde(default, rename = "minTradeUSDT")]
    min_trade_usdt: Number,
    #[serde(default)]
    buy_limit_price_ratio: Number,
    #[serde(default)]
    sell_limit_price_ratio: Number,
    /// The most orders that may be open, its name notwithstanding.
    #[serde(default)]
    order_quantity: Number,
}

/// Instruments with their rules, ordered by id. The venue names no limits.
pub(crate) fn decode(data: &RawValue, wanted: &[Symbol]) -> Result<Reply, Malformed> {
    let rows: Vec<&RawValue> = serde_json::from_str(data.get())?;
    let (mut instruments, mut problem) = (Vec::with_capacity(rows.len()), None);
    for row in rows {
        match instrument(row) {
            Ok(instrument) => instruments.push(instrument),
            Err(error) => problem = Some(error),
        }
    }
    if let Some(problem) = problem.filter(|_| instruments.is_empty()) {
        // Not one bad row but another format.
        return Err(problem);
    }
    // Of several symbols the venue is asked for all.
    instruments.retain(|it| wanted.is_empty() || wanted.contains(&it.symbol));
    instruments.sort_unstable_by(|a, b| (&a.id, &a.symbol).cmp(&(&b.id, &b.symbol)));
    Ok(Reply::Catalog { instruments, limits: Vec::new() })
}

fn instrument(raw: &RawValue) -> Result<Instrument, Malformed> {
    let row: SymbolRow = serde_json::from_str(raw.get())?;
    let price_decimals = decimals(&row.price_precision, "pricePrecision")?;
    let base_precision = decimals(&row.quantity_precision, "quantityPrecision")?;
    let value_decimals = if row.quote_precision.is_missing() {
        price_decimals
    } else {
        decimals(&row.quote_precision, "quotePrecision")?
    };
    Ok(Instrument {
        id: InstrumentId::spot(&row.base_coin, &row.quote_coin),
        status: status(row.status.as_str()),
        base_precision,
        // Of prices and of values alike; the tick below is the stricter of both for prices.
        quote_precision: price_decimals.max(value_decimals),
        takes_market_orders: true,
        takes_quote_quantity: true,
        takes_post_only: true,
        // Orders with a trigger are of another service and known by other ids. A replacement in one
        // request places its whole quantity, whatever the first order has traded meanwhile, and
        // nothing is amended in place.
        offers: Vec::new(),
        filters: filters(&row, price_decimals, base_precision, value_decimals),
        symbol: row.symbol,
        base: row.base_coin,
        quote: row.quote_coin,
    })
}

/// A number of decimals. More than a decimal of ours has make every order a guess.
fn decimals(number: &Number, field: &str) -> Result<u32, Malformed> {
    let count = number.whole(field)?;
    u32::try_from(count)
        .ok()
        .filter(|count| *count <= Decimal::MAX_SCALE)
        .ok_or_else(|| Malformed::field(field, "is more decimals than there are"))
}

/// The rules that can be checked before an order is sent. One that cannot be read is left to the
/// venue to enforce.
fn filters(row: &SymbolRow, price: u32, quantity: u32, value: u32) -> Vec<Filter> {
    let step = |decimals| Range { step: Decimal::new(1, decimals), ..Range::default() };
    let mut filters = vec![
        Filter::Price(step(price)),
        Filter::LotSize(step(quantity)),
        Filter::MarketByGiven { value_step: Decimal::new(1, value) },
    ];
    filters.push(least_value(row));
    filters.extend(band(row));
    let open = row.order_quantity.whole("orderQuantity").ok();
    let open = open.and_then(|most| u32::try_from(most).ok()).filter(|most| *most > 0);
    filters.extend(open.map(Filter::MaxNumOrders));
    filters
}

/// Coins that are worth a dollar each, as far as a least value in dollars goes.
const DOLLARS: [&str; 3] = ["USDT", "USDC", "USD"];

/// The least value is given in dollars, whatever the symbol is paid in.
fn least_value(row: &SymbolRow) -> Filter {
    let least = row.min_trade_usdt.decimal("minTradeUSDT").ok();
    match least.and_then(|least| Notional::new(least).ok()) {
        Some(min) if DOLLARS.contains(&row.quote_coin.as_str()) => {
            Filter::MinNotional { min, applies_to_market: true }
        }
        _ => Filter::Unknown("minTradeUSDT".to_owned()),
    }
}

/// A factor that no sell is ever asked for: above the market there is no bound for them.
const ANY: Decimal = Decimal::from_parts(1_000_000, 0, 0, false, 0);

/// How far above the market a buy may be, and how far below it a sell. Which price that is measured
/// from is not documented.
fn band(row: &SymbolRow) -> Option<Filter> {
    let up = row.buy_limit_price_ratio.decimal("buyLimitPriceRatio").ok()?;
    let down = row.sell_limit_price_ratio.decimal("sellLimitPriceRatio").ok()?;
    let is_share = |ratio: &Decimal| *ratio > Decimal::ZERO && *ratio < Decimal::ONE;
    if !is_share(&up) || !is_share(&down) {
        return None;
    }
    Some(Filter::PercentPriceBySide {
        bid: PercentPrice { up: Decimal::ONE + up, down: Decimal::ZERO },
        ask: PercentPrice { up: ANY, down: Decimal::ONE - down },
    })
}

/// `gray` takes orders of a few users only, `halt` and `offline` of none (get symbol info, status,
/// read 2026-11).
fn status(word: &str) -> InstrumentStatus {
    match word {
        "online" => InstrumentStatus::Trading,
        _ => InstrumentStatus::Halted,
    }
}

#[cfg(test)]
mod tests;

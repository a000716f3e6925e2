//! The JSON of everything the venue answers with.
//!
//! Every answer is an envelope around its data, in which everything but flags is a string. Names of
//! one thing differ from row to row, and the same name means different things: the average of an
//! order is `priceAvg`, but where open orders are listed that is its own price and the average is
//! `basePrice`; what was paid is an object of its own in three forms (order and fill pages, read
//! 2026-11).

mod order;

use rust_decimal::Decimal;
use serde_json::{Value, json};
use tradewind_model::Timestamp;

pub(super) use self::order::{
    Kind, average, fill, kind as order_kind, order, side, size, status, tif,
};
use super::refusal::Refusal;
use crate::exchange::{AccountId, SymbolConfig};

/// A point in time as the venue writes it within its data: milliseconds, as a string.
pub(super) fn millis(time: Timestamp) -> String {
    time.as_millis().to_string()
}

/// A number as the venue writes it: no noughts at its end.
pub(super) fn number(number: Decimal) -> String {
    number.normalize().to_string()
}

/// A price or a quantity with as many decimals as its symbol has.
pub(super) fn scaled(number: Decimal, scale: u32) -> String {
    let scale = usize::try_from(scale).unwrap_or(0);
    format!("{number:.scale$}")
}

/// Who an account is to the venue.
pub(super) fn user_id(account: AccountId) -> String {
    (900_001 + u64::from(account.0)).to_string()
}

/// Decimals of a symbol's prices.
pub(super) fn price_scale(symbol: &SymbolConfig) -> u32 {
    symbol.filters.price.map_or(symbol.quote_precision, |rule| rule.tick_size.normalize().scale())
}

/// Decimals of a symbol's base quantities.
pub(super) fn size_scale(symbol: &SymbolConfig) -> u32 {
    let lot = symbol.filters.lot_size;
    lot.map_or(symbol.base_precision, |rule| rule.step_size.normalize().scale())
}

/// The envelope of a success.
pub(super) fn success(now: Timestamp, data: &Value) -> Value {
    json!({"code": "00000", "msg": "success", "requestTime": now.as_millis(), "data": data})
}

/// The envelope of a refusal.
pub(super) fn refused(now: Timestamp, refusal: &Refusal) -> Value {
    json!({
        "code": refusal.code,
        "msg": refusal.msg,
        "requestTime": now.as_millis(),
        "data": null,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_plainly_or_with_the_decimals_of_their_symbol() {
        assert_eq!(number(Decimal::new(1_500, 3)), "1.5");
        assert_eq!(number(Decimal::new(100, 0)), "100");
        assert_eq!(number(Decimal::ZERO), "0");
        assert_eq!(scaled(Decimal::new(15, 1), 4), "1.5000");
        assert_eq!(scaled(Decimal::from(7), 0), "7");
    }
}

//! The JSON of everything the venue answers with, field by field.
//!
//! Fields come in the order the documentation prints them and conditional ones only when they
//! apply: a client that counts on a field must find it missing here exactly when it is missing
//! there (rest-api.md and user-data-stream.md, read 2026-11).

mod lists;
mod order;
mod row;

use rust_decimal::Decimal;
use serde::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};
use tradewind_model::Timestamp;

pub(crate) use self::lists::{amended, canceled, oco_placed, order_list};
pub(crate) use self::order::{Canceled, OrderAck, OrderResult, OrderRow};
pub(crate) use self::row::{Balance, MyTrade, PublicTrade, kline};
use crate::exchange::Depth;

/// In which unit times are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) enum TimeUnit {
    #[default]
    Millis,
    Micros,
}

impl TimeUnit {
    /// The unit a client names, in any case; `None` when there is no such unit.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_uppercase().as_str() {
            "MILLISECOND" => Some(Self::Millis),
            "MICROSECOND" => Some(Self::Micros),
            _ => None,
        }
    }

    pub(crate) const fn stamp(self, time: Timestamp) -> u64 {
        match self {
            Self::Millis => time.as_millis(),
            Self::Micros => time.as_micros(),
        }
    }
}

/// JSON text: what a handler answers with.
///
/// Most bodies are written field by field straight into it: a venue that is asked half a million
/// times for a day of virtual time has none to lose on trees of values that nobody looks into.
pub(crate) type Body = Box<RawValue>;

/// The text of `body`.
pub(crate) fn text(body: &(impl Serialize + ?Sized)) -> Body {
    to_raw_value(body).expect("its keys are strings")
}

/// The text of a list, row by row.
pub(crate) fn list<T: Serialize>(rows: impl Iterator<Item = T>) -> Body {
    text(&rows.collect::<Vec<T>>())
}

/// A number as the venue prints amounts and prices: eight decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fixed(Decimal);

/// `number` as the venue prints it.
pub(crate) const fn fixed(number: Decimal) -> Fixed {
    Fixed(number)
}

/// Decimals of every amount and price.
const DECIMALS: u32 = 8;
/// Room for the digits of a `u64`, a point and a sign.
const LONGEST: usize = 22;

impl Serialize for Fixed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let number = self.0;
        let number = if number.scale() > DECIMALS { number.round_dp(DECIMALS) } else { number };
        let missing = 10_u64.pow(DECIMALS - number.scale());
        let units = u64::try_from(number.mantissa().unsigned_abs())
            .ok()
            .and_then(|units| units.checked_mul(missing));
        // Most of what a venue writes is numbers, so those that fit are written digit by digit.
        let Some(mut units) = units else {
            return serializer.collect_str(&format_args!("{number:.8}"));
        };
        let mut text = [b'0'; LONGEST];
        let mut start = LONGEST;
        let least = LONGEST - DECIMALS as usize - 2;
        while units > 0 || start > least {
            start -= 1;
            if start == LONGEST - DECIMALS as usize - 1 {
                text[start] = b'.';
                continue;
            }
            text[start] = b'0' + u8::try_from(units % 10).unwrap_or(0);
            units /= 10;
        }
        if number.is_sign_negative() && !number.is_zero() {
            start -= 1;
            text[start] = b'-';
        }
        serializer.serialize_str(std::str::from_utf8(&text[start..]).unwrap_or_default())
    }
}

/// A number of something that may not be, as the venue writes it: −1 for none.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum OrNone {
    Some(u64),
    None(i64),
}

impl From<Option<u64>> for OrNone {
    fn from(number: Option<u64>) -> Self {
        number.map_or(Self::None(-1), Self::Some)
    }
}

/// Price and quantity of one level of a book.
#[derive(Debug, Serialize)]
pub(crate) struct Level(Fixed, Fixed);

/// Price and quantity of a book's levels.
pub(crate) fn levels<'a>(
    levels: impl IntoIterator<Item = (&'a Decimal, &'a Decimal)>,
) -> Vec<Level> {
    levels.into_iter().map(|(price, qty)| Level(fixed(*price), fixed(*qty))).collect()
}

/// The best levels of a book, as `depth` and the partial streams show them.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Levels {
    last_update_id: u64,
    bids: Vec<Level>,
    asks: Vec<Level>,
}

impl Levels {
    pub(crate) fn of(depth: &Depth) -> Self {
        let side = |side: &[(Decimal, Decimal)]| levels(side.iter().map(|(p, q)| (p, q)));
        Self {
            last_update_id: depth.last_update_id,
            bids: side(&depth.bids),
            asks: side(&depth.asks),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_amount_has_eight_decimals_whatever_its_size() {
        let rows = [
            ("0", "0.00000000"),
            ("-0.0", "0.00000000"),
            ("1", "1.00000000"),
            ("-1.5", "-1.50000000"),
            ("0.00000001", "0.00000001"),
            ("-0.00000001", "-0.00000001"),
            ("0.1", "0.10000000"),
            ("60123.45", "60123.45000000"),
            ("0.123456785", "0.12345678"),
            ("0.123456775", "0.12345678"),
            ("-0.000000001", "0.00000000"),
            ("184467440737.09551615", "184467440737.09551615"),
            ("-184467440737.09551615", "-184467440737.09551615"),
            ("184467440737.09551616", "184467440737.09551616"),
            ("92233720368547758070", "92233720368547758070.00000000"),
            ("-79228162514264337593543", "-79228162514264337593543.00000000"),
        ];
        for (number, printed) in rows {
            let text = text(&fixed(number.parse().unwrap()));
            assert_eq!(text.get(), format!("\"{printed}\""), "{number}");
        }
    }
}

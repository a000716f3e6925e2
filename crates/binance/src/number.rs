//! Decimals as Binance writes them, and what to say of a field that is not as documented.
//!
//! Prices and quantities are JSON strings. One that is no decimal is kept until the field it
//! stands in can be named, because "invalid value" without a name helps nobody at three in the
//! morning.

use std::fmt;

use rust_decimal::Decimal;
use serde::de::{Deserialize, Deserializer, IgnoredAny, SeqAccess, Visitor};
use tradewind_model::market::Level;
use tradewind_model::money::{Notional, Price, Quantity};
use tradewind_model::time::Timestamp;

use crate::excerpt::excerpt;

/// Why an answer or a message is not what the documentation promises.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Malformed(String);

impl Malformed {
    /// A field with a value that it cannot have.
    pub(crate) fn field(name: &str, problem: impl fmt::Display) -> Self {
        Self(excerpt(&format!("{name}: {problem}")))
    }

    /// Something wrong with the whole.
    pub(crate) fn whole(problem: &str) -> Self {
        Self(excerpt(problem))
    }
}

impl From<serde_json::Error> for Malformed {
    fn from(error: serde_json::Error) -> Self {
        // The parser quotes values, which may be ours.
        Self(excerpt(&error.to_string()))
    }
}

/// A decimal, written as a string.
#[derive(Debug)]
pub(crate) struct Number(Result<Decimal, String>);

impl Number {
    /// The value, which may be negative.
    pub(crate) fn decimal(&self, field: &str) -> Result<Decimal, Malformed> {
        match &self.0 {
            Ok(value) => Ok(*value),
            Err(text) => Err(Malformed::field(field, format_args!("{text:?} is no decimal"))),
        }
    }

    /// The value as a price.
    pub(crate) fn price(&self, field: &str) -> Result<Price, Malformed> {
        Price::new(self.decimal(field)?).map_err(|error| Malformed::field(field, error))
    }

    /// The value as a price; zero stands for "none", as for a market order.
    pub(crate) fn price_if_any(&self, field: &str) -> Result<Option<Price>, Malformed> {
        let price = self.price(field)?;
        Ok(Some(price).filter(|price| !price.is_zero()))
    }

    /// The value as a quantity.
    pub(crate) fn quantity(&self, field: &str) -> Result<Quantity, Malformed> {
        Quantity::new(self.decimal(field)?).map_err(|error| Malformed::field(field, error))
    }

    /// The value as a notional.
    pub(crate) fn notional(&self, field: &str) -> Result<Notional, Malformed> {
        Notional::new(self.decimal(field)?).map_err(|error| Malformed::field(field, error))
    }

    /// The value as a notional; a negative one stands for "not known" (rest-api.md, query order,
    /// read 2026-11).
    pub(crate) fn notional_if_known(&self, field: &str) -> Result<Option<Notional>, Malformed> {
        Ok(Notional::new(self.decimal(field)?).ok())
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = Number;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a decimal as a string")
            }

            fn visit_str<E>(self, text: &str) -> Result<Number, E> {
                Ok(Number(Decimal::from_str_exact(text).map_err(|_| text.to_owned())))
            }
        }

        deserializer.deserialize_str(Text)
    }
}

/// A level of a book: price and quantity, then whatever a venue may add.
#[derive(Debug)]
pub(crate) struct LevelRow {
    price: Number,
    qty: Number,
}

impl<'de> Deserialize<'de> for LevelRow {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Row;

        impl<'de> Visitor<'de> for Row {
            type Value = LevelRow;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a price and a quantity")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<LevelRow, A::Error> {
                let row = LevelRow { price: next(&mut seq, 0)?, qty: next(&mut seq, 1)? };
                drain(&mut seq)?;
                Ok(row)
            }
        }

        deserializer.deserialize_seq(Row)
    }
}

/// The next element of an array that is read by position.
pub(crate) fn next<'de, T, A>(seq: &mut A, index: usize) -> Result<T, A::Error>
where
    T: Deserialize<'de>,
    A: SeqAccess<'de>,
{
    seq.next_element()?.ok_or_else(|| serde::de::Error::invalid_length(index, &"a longer array"))
}

/// The rest of an array that is read by position: a venue may append to it.
pub(crate) fn drain<'de, A: SeqAccess<'de>>(seq: &mut A) -> Result<(), A::Error> {
    while seq.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

/// The levels of one side of a book.
pub(crate) fn levels(field: &str, rows: &[LevelRow]) -> Result<Vec<Level>, Malformed> {
    rows.iter().map(|row| Ok((row.price.price(field)?, row.qty.quantity(field)?))).collect()
}

/// A time in milliseconds; the negative ones that stand for "never" are the epoch.
pub(crate) fn time(millis: i64) -> Timestamp {
    Timestamp::from_millis(u64::try_from(millis).unwrap_or(0))
}

/// Whether a field is there at all, `null` included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Present(pub(crate) bool);

impl<'de> Deserialize<'de> for Present {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self(true))
    }
}

//! Values as Bitget writes them, and what to say of a field that is not as documented.
//!
//! Nearly every number is a string, some are numbers after all, and what is missing may be left out,
//! `null` or an empty string. One that is no decimal is kept until the field it stands in can be
//! named.

use std::borrow::Cow;
use std::fmt;

use rust_decimal::Decimal;
use serde::de::{Deserialize, Deserializer};
use serde_json::value::RawValue;
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

/// A text; a number counts as its digits, and `null` as an empty text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Word(String);

impl Word {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, unless there is none.
    pub(crate) fn given(&self) -> Option<&str> {
        Some(self.as_str()).filter(|text| !text.is_empty())
    }
}

/// A value as the text that stands for it, without quotes.
fn plain(raw: &RawValue) -> Result<Cow<'_, str>, serde_json::Error> {
    match raw.get() {
        "null" => Ok(Cow::Borrowed("")),
        quoted if quoted.starts_with('"') => serde_json::from_str(quoted).map(Cow::Owned),
        bare => Ok(Cow::Borrowed(bare)),
    }
}

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw: &'de RawValue = Deserialize::deserialize(deserializer)?;
        if raw.get().starts_with(['{', '[']) {
            return Err(serde::de::Error::custom("a text was expected, not a list or an object"));
        }
        plain(raw).map(|text| Self(text.into_owned())).map_err(serde::de::Error::custom)
    }
}

/// A decimal, as a string or bare; it may be missing.
#[derive(Clone, Debug, Default)]
pub(crate) enum Number {
    /// Left out, `null` or empty.
    #[default]
    Missing,
    /// As it stands, trailing zeros and all.
    Value(Decimal),
    /// No decimal.
    Other(String),
}

impl Number {
    fn of(text: &str) -> Self {
        if text.is_empty() {
            return Self::Missing;
        }
        // Fees of a few billionths come with an exponent.
        let read = Decimal::from_str_exact(text).or_else(|_| Decimal::from_scientific(text));
        read.map_or_else(|_| Self::Other(text.to_owned()), Self::Value)
    }

    pub(crate) const fn is_missing(&self) -> bool {
        matches!(self, Self::Missing)
    }

    /// The value, which may be negative.
    pub(crate) fn decimal(&self, field: &str) -> Result<Decimal, Malformed> {
        match self {
            Self::Value(value) => Ok(*value),
            Self::Missing => Err(Malformed::field(field, "is missing")),
            Self::Other(text) => {
                Err(Malformed::field(field, format_args!("{text:?} is no decimal")))
            }
        }
    }

    /// The value, or zero where there is none.
    pub(crate) fn decimal_or_zero(&self, field: &str) -> Result<Decimal, Malformed> {
        if self.is_missing() { Ok(Decimal::ZERO) } else { self.decimal(field) }
    }

    /// The value as a price.
    pub(crate) fn price(&self, field: &str) -> Result<Price, Malformed> {
        Price::new(self.decimal(field)?).map_err(|error| Malformed::field(field, error))
    }

    /// The value as a price; zero stands for "none", as for a market order.
    pub(crate) fn price_if_any(&self, field: &str) -> Result<Option<Price>, Malformed> {
        if self.is_missing() {
            return Ok(None);
        }
        Ok(Some(self.price(field)?).filter(|price| !price.is_zero()))
    }

    /// The value as a quantity.
    pub(crate) fn quantity(&self, field: &str) -> Result<Quantity, Malformed> {
        Quantity::new(self.decimal(field)?).map_err(|error| Malformed::field(field, error))
    }

    /// The value as a quantity; none is nothing.
    pub(crate) fn quantity_or_zero(&self, field: &str) -> Result<Quantity, Malformed> {
        if self.is_missing() { Ok(Quantity::ZERO) } else { self.quantity(field) }
    }

    /// The value as a notional.
    pub(crate) fn notional(&self, field: &str) -> Result<Notional, Malformed> {
        Notional::new(self.decimal(field)?).map_err(|error| Malformed::field(field, error))
    }

    /// The value as a notional, where there is one.
    pub(crate) fn notional_if_any(&self, field: &str) -> Result<Option<Notional>, Malformed> {
        if self.is_missing() { Ok(None) } else { self.notional(field).map(Some) }
    }

    /// The value as a whole number that is not negative.
    pub(crate) fn whole(&self, field: &str) -> Result<u64, Malformed> {
        let value = self.decimal(field)?;
        let whole = Some(value).filter(|value| value.fract().is_zero());
        whole
            .and_then(|value| u64::try_from(value).ok())
            .ok_or_else(|| Malformed::field(field, "is no whole number"))
    }

    /// The value as a time in milliseconds.
    pub(crate) fn time(&self, field: &str) -> Result<Timestamp, Malformed> {
        self.whole(field).map(Timestamp::from_millis)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw: &'de RawValue = Deserialize::deserialize(deserializer)?;
        plain(raw).map(|text| Self::of(&text)).map_err(serde::de::Error::custom)
    }
}

/// A level of a book: price and quantity, and whatever the venue may add.
pub(crate) type LevelRow = Vec<Number>;

/// The levels of one side of a book, with the digits that the venue sent.
pub(crate) fn levels(field: &str, rows: &[LevelRow]) -> Result<Vec<Level>, Malformed> {
    let level = |row: &LevelRow| match row.as_slice() {
        [price, qty, ..] => Ok((price.price(field)?, qty.quantity(field)?)),
        _ => Err(Malformed::field(field, "a level without price and quantity")),
    };
    rows.iter().map(level).collect()
}

//! What a trade cost, in the forms in which it is told.
//!
//! A fill has an object, a push a list, a query an object written into a string. A fee that was paid
//! is negative in all of them; ours is positive then, and negative for a rebate.

use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::value::RawValue;
use tradewind_model::id::Asset;

use crate::number::{Malformed, Number, Word};

/// A fee in one coin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fee {
    /// What was paid; negative for a rebate.
    pub(crate) paid: Decimal,
    /// In what; none when nothing was paid.
    pub(crate) asset: Option<Asset>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FeeRow {
    #[serde(default)]
    fee_coin: Word,
    #[serde(default)]
    total_fee: Number,
    #[serde(default)]
    fee: Number,
}

impl Fee {
    /// A fee as the venue signs it: below zero when it was paid.
    pub(crate) fn of(signed: &Number, coin: &Word, field: &str) -> Result<Self, Malformed> {
        let signed = signed.decimal_or_zero(field)?;
        let asset = coin.given().filter(|_| !signed.is_zero()).map(Asset::from);
        Ok(Self { paid: if signed.is_zero() { Decimal::ZERO } else { -signed }, asset })
    }

    /// The same for a channel that is documented to tell what was paid as a positive number, and
    /// seen to tell it as a negative one.
    pub(crate) fn paid_either_way(self) -> Self {
        Self { paid: self.paid.abs(), ..self }
    }

    /// Reads any of the forms. Of a fee in several coins the first that is not zero is taken: one
    /// trade is charged in one, and the others are listed with nothing.
    pub(crate) fn read(raw: Option<&RawValue>, field: &str) -> Result<Self, Malformed> {
        let Some(raw) = raw else { return Ok(Self::default()) };
        let text = raw.get();
        if text.starts_with('"') {
            let inner: String = serde_json::from_str(text)?;
            if inner.is_empty() {
                return Ok(Self::default());
            }
            let inner: &RawValue = serde_json::from_str(&inner)?;
            // Never a string in a string: what is inside was opened once.
            return if inner.get().starts_with('"') {
                Err(Malformed::field(field, "is a text in a text"))
            } else {
                Self::read(Some(inner), field)
            };
        }
        if text == "null" {
            return Ok(Self::default());
        }
        let rows: Vec<FeeRow> = if text.starts_with('[') {
            serde_json::from_str(text)?
        } else {
            vec![serde_json::from_str(text)?]
        };
        let fees = rows.iter().map(|row| {
            let signed = if row.total_fee.is_missing() { &row.fee } else { &row.total_fee };
            Self::of(signed, &row.fee_coin, field)
        });
        let fees = fees.collect::<Result<Vec<_>, _>>()?;
        let charged = fees.iter().find(|fee| !fee.paid.is_zero());
        Ok(charged.or_else(|| fees.first()).cloned().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> (String, Option<Asset>) {
        let raw: &RawValue = serde_json::from_str(json).unwrap();
        let fee = Fee::read(Some(raw), "feeDetail").unwrap();
        (fee.paid.to_string(), fee.asset)
    }

    #[test]
    fn a_fee_is_the_same_in_each_of_its_forms() {
        let paid = ("0.0015".to_owned(), Some(Asset::from("FOO")));
        for json in [
            r#"{"deduction":"no","feeCoin":"FOO","totalDeductionFee":"","totalFee":"-0.0015"}"#,
            r#"[{"feeCoin":"FOO","fee":"-0.0015"}]"#,
            r#"[{"feeCoin":"BGB","fee":"0"},{"feeCoin":"FOO","fee":-0.0015}]"#,
            r#""{\"feeCoin\":\"FOO\",\"totalFee\":-0.0015}""#,
            r#""{\"feeCoin\":\"FOO\",\"totalFee\":-1.5e-3}""#,
        ] {
            assert_eq!(read(json), paid, "{json}");
        }
        for json in ["null", "[]", "\"\"", r#"{"feeCoin":"FOO","totalFee":"0"}"#] {
            assert_eq!(read(json), ("0".to_owned(), None), "{json}");
        }
    }

    #[test]
    fn a_rebate_is_negative_and_nonsense_is_named() {
        assert_eq!(read(r#"{"feeCoin":"FOO","totalFee":"0.2"}"#).0, "-0.2");
        for json in [r#"[{"feeCoin":"FOO","fee":"much"}]"#, r#""\"a\"""#, r#""[1""#, "7"] {
            let raw: &RawValue = serde_json::from_str(json).unwrap();
            assert!(Fee::read(Some(raw), "feeDetail").is_err(), "{json}");
        }
    }
}

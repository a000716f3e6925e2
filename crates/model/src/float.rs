//! The edge where a strategy's floating-point maths meets money.
//!
//! Strategies may compute in `f64`; everything else holds decimals. This is the one file of the
//! pure crates that knows floating point, so that a conversion is always seen and always checked.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::money::{InvalidMoney, Notional, Price, Quantity};

macro_rules! float_edge {
    ($name:ident, $kind:literal) => {
        impl TryFrom<f64> for $name {
            type Error = InvalidMoney;

            /// Takes the shortest decimal that reads back as the same float.
            ///
            /// # Errors
            /// When the float is negative, not finite, or beyond a decimal's range.
            fn try_from(value: f64) -> Result<Self, InvalidMoney> {
                Decimal::from_f64_retain(value)
                    .and_then(|_| Decimal::try_from(value).ok())
                    .ok_or_else(|| InvalidMoney::Malformed { kind: $kind, text: value.to_string() })
                    .and_then(Self::new)
            }
        }

        impl From<$name> for f64 {
            fn from(value: $name) -> Self {
                value.get().to_f64().unwrap_or(f64::MAX)
            }
        }
    };
}

float_edge!(Price, "price");
float_edge!(Quantity, "quantity");
float_edge!(Notional, "notional");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_convert_checked() {
        assert_eq!(Price::try_from(0.1).unwrap(), "0.1".parse().unwrap());
        assert_eq!(f64::from(Price::try_from(61234.5).unwrap()), 61234.5);
        for bad in [f64::NAN, f64::INFINITY, -1.0, 1e40] {
            assert!(Quantity::try_from(bad).is_err(), "{bad}");
        }
    }
}

//! Prices and quantities: decimals that cannot be mistaken for one another.
//!
//! All three types are never negative, by construction; what can be (a position, a profit) is a
//! plain `Decimal`. Arithmetic saturates instead of panicking: a venue's nonsense, such as a price
//! of 28 digits, must not stop a bot that has orders open.

use std::fmt;
use std::ops::{Add, Mul, Sub};
use std::str::FromStr;

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

/// Why something is not a price, quantity or notional.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMoney {
    /// It is below zero.
    #[error("{kind} {value} is negative")]
    Negative {
        /// Which of the types was asked for.
        kind: &'static str,
        /// The value given.
        value: Decimal,
    },
    /// It is not a plain decimal number.
    #[error("{kind} {text:?} is not a decimal number such as 0.015")]
    Malformed {
        /// Which of the types was asked for.
        kind: &'static str,
        /// The text given.
        text: String,
    },
}

macro_rules! money {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
        )]
        #[serde(try_from = "Decimal", into = "Decimal")]
        pub struct $name(Decimal);

        impl $name {
            /// Nothing.
            pub const ZERO: Self = Self(Decimal::ZERO);
            /// More than any venue will ever say: 2⁹⁶ − 1.
            pub const MAX: Self = Self(Decimal::MAX);

            /// Takes a decimal.
            ///
            /// # Errors
            /// When it is negative.
            pub fn new(value: Decimal) -> Result<Self, InvalidMoney> {
                if value.is_sign_negative() && !value.is_zero() {
                    return Err(InvalidMoney::Negative { kind: $kind, value });
                }
                Ok(Self(value))
            }

            /// The value as a plain decimal.
            #[must_use]
            pub const fn get(self) -> Decimal {
                self.0
            }

            /// Whether this is zero.
            #[must_use]
            pub const fn is_zero(self) -> bool {
                self.0.is_zero()
            }

            /// The largest multiple of `step` that is not above this; this itself when `step` is
            /// zero, which venues use to say "no step".
            #[must_use]
            pub fn floor_to(self, step: Decimal) -> Self {
                self.to_multiple(step, RoundingStrategy::ToZero)
            }

            /// The smallest multiple of `step` that is not below this; this itself when `step` is
            /// zero.
            #[must_use]
            pub fn ceil_to(self, step: Decimal) -> Self {
                self.to_multiple(step, RoundingStrategy::AwayFromZero)
            }

            fn to_multiple(self, step: Decimal, rounding: RoundingStrategy) -> Self {
                match self.0.checked_div(step) {
                    Some(steps) => {
                        let steps = steps.round_dp_with_strategy(0, rounding);
                        Self(steps.saturating_mul(step).normalize())
                    }
                    None => self,
                }
            }

            /// This less `other`, zero at least.
            #[must_use]
            pub fn saturating_sub(self, other: Self) -> Self {
                Self(self.0.saturating_sub(other.0).max(Decimal::ZERO))
            }
        }

        impl TryFrom<Decimal> for $name {
            type Error = InvalidMoney;

            fn try_from(value: Decimal) -> Result<Self, InvalidMoney> {
                Self::new(value)
            }
        }

        impl From<$name> for Decimal {
            fn from(value: $name) -> Self {
                value.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidMoney;

            fn from_str(text: &str) -> Result<Self, InvalidMoney> {
                let malformed =
                    || InvalidMoney::Malformed { kind: $kind, text: text.to_owned() };
                Decimal::from_str_exact(text).map_err(|_| malformed()).and_then(Self::new)
            }
        }

        impl Add for $name {
            type Output = Self;

            fn add(self, other: Self) -> Self {
                Self(self.0.saturating_add(other.0))
            }
        }

        impl fmt::Display for $name {
            /// Plain digits without trailing zeros, never an exponent: what a venue accepts.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match f.precision() {
                    Some(_) => fmt::Display::fmt(&self.0, f),
                    None => fmt::Display::fmt(&self.0.normalize(), f),
                }
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}

money! {
    /// A price: quote asset for one unit of base asset.
    Price, "price"
}

money! {
    /// A quantity of base asset.
    Quantity, "quantity"
}

money! {
    /// A value in quote asset: price times quantity.
    Notional, "notional"
}

impl Mul<Quantity> for Price {
    type Output = Notional;

    fn mul(self, quantity: Quantity) -> Notional {
        Notional(self.0.saturating_mul(quantity.0))
    }
}

impl Notional {
    /// The average price of a quantity that cost this; none for no quantity.
    #[must_use]
    pub fn per(self, quantity: Quantity) -> Option<Price> {
        self.0.checked_div(quantity.0).map(Price)
    }
}

impl Price {
    /// How far apart two prices are.
    #[must_use]
    pub fn distance(self, other: Self) -> Decimal {
        (self.0.saturating_sub(other.0)).abs()
    }
}

impl Sub for Quantity {
    type Output = Decimal;

    /// The difference, which may be negative: a change of position.
    fn sub(self, other: Self) -> Decimal {
        self.0.saturating_sub(other.0)
    }
}

#[cfg(test)]
mod tests;

//! Names of things: venues, accounts, orders, calls.
//!
//! Every name is a type of its own, parsed once and never checked again. The short ones are
//! `Copy`: they stand in map keys all over the core, and a key that allocates would be paid for on
//! every order.

mod mint;

pub use mint::{ClientOrderIds, Minted};

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use arrayvec::ArrayString;
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Why a text is not a name of the kind asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} {text:?} {problem}")]
pub struct InvalidId {
    kind: &'static str,
    text: String,
    problem: String,
}

/// A name is written as its text and read from one, without a copy in between: names are what most
/// of a venue's message and of a record is made of.
macro_rules! as_text {
    ($name:ident) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Text;

                impl Visitor<'_> for Text {
                    type Value = $name;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("a name")
                    }

                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$name, E> {
                        $name::try_from(text).map_err(E::custom)
                    }
                }

                deserializer.deserialize_str(Text)
            }
        }
    };
}

/// A short name: a `Copy` string of a bounded length over a fixed alphabet.
macro_rules! short_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $max:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(ArrayString<$max>);

        as_text!($name);

        impl $name {
            /// The longest name, in bytes.
            pub const MAX_LEN: usize = $max;

            /// Parses a name: 1 to [`Self::MAX_LEN`] of `A-Z a-z 0-9 . _ : -`.
            ///
            /// # Errors
            /// When the text is empty, too long, or holds another character.
            pub fn new(text: &str) -> Result<Self, InvalidId> {
                short_name($kind, text).map(Self)
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::new(text)
            }
        }

        impl TryFrom<&str> for $name {
            type Error = InvalidId;

            fn try_from(text: &str) -> Result<Self, InvalidId> {
                Self::new(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

fn short_name<const MAX: usize>(
    kind: &'static str,
    text: &str,
) -> Result<ArrayString<MAX>, InvalidId> {
    let invalid = |problem: String| InvalidId { kind, text: text.to_owned(), problem };
    if text.is_empty() {
        return Err(invalid("is empty".to_owned()));
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | ':' | '-');
    if let Some(c) = text.chars().find(|&c| !allowed(c)) {
        return Err(invalid(format!("holds {c:?}; use letters, digits and . _ : -")));
    }
    ArrayString::from(text).map_err(|_| invalid(format!("is longer than {MAX} characters")))
}

short_id! {
    /// An exchange and product, as configuration names it: `binance`, `binance-futures`.
    VenueId, "venue", 24
}

short_id! {
    /// One login at a venue; its order counters and balances are its own.
    AccountId, "account", 24
}

short_id! {
    /// The address we leave by. Venues count weight, and ban, by it.
    EgressId, "egress", 24
}

short_id! {
    /// One running strategy, as configuration names it.
    StrategyId, "strategy", 24
}

short_id! {
    /// Our name of an order (FIX 11): unique for ever, and the only thing that tells our orders
    /// from anyone else's after a crash. Binance takes 36 characters, Bitget fewer; those we mint
    /// have at most 32 (`ClientOrderIds`).
    ClientOrderId, "client order id", 36
}

short_id! {
    /// The venue's name of an order (FIX 37). Binance's are integers, Bitget's are strings.
    VenueOrderId, "venue order id", 32
}

short_id! {
    /// The venue's name of a list of orders that belong together.
    OrderListId, "order list id", 32
}

/// The venue's number of a trade; unique per symbol and rising.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TradeId(pub u64);

impl fmt::Display for TradeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// The number of one call, unique in a process and rising: what a permit, a charge, an attempt
/// and a reply have in common.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct CallId(pub u64);

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "call-{}", self.0)
    }
}

/// A longer name of free form, shared rather than copied.
macro_rules! shared_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        as_text!($name);

        impl $name {
            /// The name `text`, as it stands.
            #[must_use]
            pub fn new(text: &str) -> Self {
                Self(Arc::from(text))
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(Arc::from(text))
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.as_ref().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

shared_id! {
    /// What is traded, in our spelling, the same at every venue: `BTC-USDT`, `BTC-USDT-PERP`.
    InstrumentId
}

shared_id! {
    /// A venue's spelling of an instrument: `BTCUSDT`. It may hold characters beyond ASCII
    /// (Binance lists such symbols since 2025-12; CHANGELOG.md, read 2026-11).
    Symbol
}

shared_id! {
    /// A coin or currency, as the venue spells it: `BTC`.
    Asset
}

impl InstrumentId {
    /// The spot instrument of two assets.
    #[must_use]
    pub fn spot(base: &Asset, quote: &Asset) -> Self {
        Self::from(format!("{base}-{quote}"))
    }
}

#[cfg(test)]
mod tests;

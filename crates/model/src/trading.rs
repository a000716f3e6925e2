//! How much trading an operator allows, and of what.

mod limits;

pub use limits::TradingLimits;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::id::{AccountId, StrategyId, VenueId};

/// The mark of orders that the engine places itself to close a position. No strategy's order that
/// bears it is taken.
pub const CLOSING_TAG: u32 = u32::MAX;

/// How much trading is allowed. It outlives the process: only a command resumes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TradingState {
    /// All of it.
    #[default]
    Running,
    /// Orders that bring a position nearer to zero, never past it; what else rests is canceled.
    ReduceOnly,
    /// No new orders; those that rest are canceled, positions stay. Questions pass.
    Halted,
    /// No new orders of strategies, own orders canceled, positions closed.
    Flatten,
}

/// A text that names no trading state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no trading state; use running, reduce-only, halted or flatten")]
pub struct InvalidTradingState {
    text: String,
}

impl FromStr for TradingState {
    type Err = InvalidTradingState;

    fn from_str(text: &str) -> Result<Self, InvalidTradingState> {
        let named = Self::ALL.into_iter().find(|state| state.name() == text);
        named.ok_or_else(|| InvalidTradingState { text: text.chars().take(64).collect() })
    }
}

impl TradingState {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Running, Self::ReduceOnly, Self::Flatten, Self::Halted];

    /// Whether a change from `before` to this forbids nothing that was allowed and allows
    /// something that was not, so that it may be acted upon only once it cannot be lost any more.
    #[must_use]
    pub const fn allows_more_than(self, before: Self) -> bool {
        self.strictness() < before.strictness()
    }

    /// The higher, the less may happen: closing positions is more than nothing.
    #[must_use]
    pub const fn strictness(self) -> u8 {
        match self {
            Self::Running => 0,
            Self::ReduceOnly => 1,
            Self::Flatten => 2,
            Self::Halted => 3,
        }
    }

    /// The name in logs and tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::ReduceOnly => "reduce-only",
            Self::Halted => "halted",
            Self::Flatten => "flatten",
        }
    }
}

impl fmt::Display for TradingState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What a trading state is about. Where several cover an order, each must allow it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TradingScope {
    /// All that this process trades.
    Everything,
    /// One login.
    Account(VenueId, AccountId),
    /// One strategy, wherever it trades.
    Strategy(StrategyId),
}

impl fmt::Display for TradingScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everything => f.write_str("everything"),
            Self::Account(venue, account) => write!(f, "account {account} at {venue}"),
            Self::Strategy(strategy) => write!(f, "strategy {strategy}"),
        }
    }
}

/// A text that names no scope of trading.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no scope of trading; use everything, account:VENUE:NAME or strategy:NAME")]
pub struct InvalidTradingScope {
    text: String,
}

impl TradingScope {
    /// The scope as it is written in a command: `everything`, `account:binance:main`,
    /// `strategy:grid`.
    #[must_use]
    pub fn spelled(&self) -> String {
        match self {
            Self::Everything => "everything".to_owned(),
            Self::Account(venue, account) => format!("account:{venue}:{account}"),
            Self::Strategy(strategy) => format!("strategy:{strategy}"),
        }
    }
}

impl FromStr for TradingScope {
    type Err = InvalidTradingScope;

    fn from_str(text: &str) -> Result<Self, InvalidTradingScope> {
        let invalid = || InvalidTradingScope { text: text.chars().take(64).collect() };
        if text == "everything" {
            return Ok(Self::Everything);
        }
        if let Some(name) = text.strip_prefix("strategy:") {
            return StrategyId::new(name).map(Self::Strategy).map_err(|_| invalid());
        }
        let account = text.strip_prefix("account:").and_then(|rest| rest.split_once(':'));
        let (venue, account) = account.ok_or_else(invalid)?;
        let venue = VenueId::new(venue).map_err(|_| invalid())?;
        AccountId::new(account).map(|account| Self::Account(venue, account)).map_err(|_| invalid())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_and_a_scope_are_read_as_they_are_written() {
        for state in TradingState::ALL {
            assert_eq!(state.name().parse(), Ok(state));
        }
        let account = ("binance".parse().unwrap(), "main".parse().unwrap());
        for scope in [
            TradingScope::Everything,
            TradingScope::Account(account.0, account.1),
            TradingScope::Strategy("grid-1".parse().unwrap()),
        ] {
            assert_eq!(scope.spelled().parse(), Ok(scope));
        }
        for wrong in ["", "all", "strategy:", "strategy:a b", "account:x", "account::y"] {
            assert!(wrong.parse::<TradingScope>().is_err(), "{wrong}");
        }
        assert!("Halted".parse::<TradingState>().is_err());
    }

    #[test]
    fn each_state_allows_more_than_the_stricter_ones() {
        for (place, state) in TradingState::ALL.into_iter().enumerate() {
            for (other, stricter) in TradingState::ALL.into_iter().enumerate() {
                assert_eq!(state.allows_more_than(stricter), place < other);
            }
        }
    }
}

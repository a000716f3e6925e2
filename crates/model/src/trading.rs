//! How much trading an operator allows, and of what.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::{AccountId, StrategyId, VenueId};

/// How much trading is allowed. It outlives the process: only a command resumes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TradingState {
    /// All of it.
    #[default]
    Running,
    /// Orders that bring a position nearer to zero, never past it.
    ReduceOnly,
    /// No new orders; cancels pass.
    Halted,
    /// No new orders of strategies, own orders canceled, positions closed.
    Flatten,
}

impl TradingState {
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

//! What an operator commands, and what is said of strategies that fail.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tradewind_model::Decimal;
use tradewind_model::id::{InstrumentId, StrategyId};
use tradewind_model::trading::TradingScope;

use crate::journal::StorageFault;

/// What becomes of a strategy's orders when it fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnFailure {
    /// They rest where they are, until somebody has looked.
    Leave,
    /// They are canceled.
    #[default]
    Cancel,
}

/// How a strategy has failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StrategyFailure {
    /// It panicked, with these words.
    #[error("it panicked: {0}")]
    Panicked(String),
    /// A callback has not come back for so long.
    #[error("a callback has not come back for {} ms", .0.as_millis())]
    Hung(Duration),
    /// It does not keep up: so many messages wait for it.
    #[error("{0} messages wait for it, and it does not keep up")]
    Flooded(usize),
}

/// Why a command about trading was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TradingRefused {
    /// Nothing of it is traded here.
    #[error("{0} is not traded by this process; see the names in its configuration")]
    UnknownScope(TradingScope),
    /// It cannot be written down. What it forbids is forbidden until this process ends; what it
    /// allows is not allowed.
    #[error("it cannot be written down and would be forgotten: {0}")]
    Unrecorded(StorageFault),
}

/// What is left of a position that was to be closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remainder {
    /// Whose it is.
    pub strategy: StrategyId,
    /// Of what.
    pub instrument: InstrumentId,
    /// Base asset; below zero when more was sold than bought.
    pub base: Decimal,
    /// Why it is left.
    pub reason: String,
}

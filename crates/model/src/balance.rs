//! What an account holds, and what it pays.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::id::Asset;
use crate::time::Timestamp;

/// How much of an asset an account holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    /// Of which asset.
    pub asset: Asset,
    /// What new orders can use.
    pub free: Decimal,
    /// What open orders hold.
    pub locked: Decimal,
}

/// The fees of an account, as shares of what a trade receives: 0.001 is a tenth of a percent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fees {
    /// For an order that rested.
    pub maker: Decimal,
    /// For an order that took.
    pub taker: Decimal,
}

/// All of an account, as the venue told it at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountSnapshot {
    /// Every asset with a balance, ordered by asset.
    pub balances: Vec<Balance>,
    /// What trades cost.
    pub fees: Fees,
    /// Whether the venue lets it trade.
    pub can_trade: bool,
    /// When, by the venue's clock.
    pub at: Timestamp,
}

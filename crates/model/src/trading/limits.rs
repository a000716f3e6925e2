//! What an operator sets for a strategy, or for all of them together.
//!
//! Values are in the quote asset of what is traded; what is quoted in different assets is never
//! added up, and each is held to the limit by itself.

use std::time::Duration;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::money::Notional;

/// Limits on orders, positions, losses and doubts; what is none is not limited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TradingLimits {
    /// What one order may be worth, in quote asset.
    pub max_order_notional: Option<Notional>,
    /// Orders that may be open, those on their way included.
    pub max_open_orders: Option<u32>,
    /// What a position in one instrument may be worth, in quote asset, with all that open orders
    /// may add to it. An order that brings it nearer to zero passes.
    pub max_position_notional: Option<Notional>,
    /// What may be lost, in quote asset, by all fills that are written down and the market's price
    /// for what is held. More than that, and orders may only reduce until somebody resumes.
    pub max_loss: Option<Notional>,
    /// Orders whose fate may be unknown at a time. While there are more, no new risk is taken.
    pub max_unresolved: Option<u32>,
    /// What orders whose fate is unknown may be worth together, in quote asset. While it is more,
    /// no new risk is taken.
    pub max_unresolved_notional: Option<Notional>,
    /// How long an order's fate may be unknown, in milliseconds; 120 000 when none is given. While
    /// one has been unknown for longer, no new risk is taken on the account.
    pub max_unresolved_age_ms: Option<u64>,
}

impl TradingLimits {
    /// Whether it takes a price to hold an order to them.
    #[must_use]
    pub const fn values_orders(&self) -> bool {
        self.max_order_notional.is_some() || self.max_position_notional.is_some()
    }

    /// What is left of them to one route of several: how many orders may be open, and what a
    /// position may be worth, is held over all of them together.
    #[must_use]
    pub fn of_one_route(self) -> Self {
        Self { max_open_orders: None, max_position_notional: None, ..self }
    }

    /// How long an order's fate may be unknown, where that is given.
    #[must_use]
    pub fn max_unresolved_age(&self) -> Option<Duration> {
        self.max_unresolved_age_ms.map(Duration::from_millis)
    }

    /// The loss, when a profit (realized and not, below zero for a loss) is more of one than is
    /// allowed.
    #[must_use]
    pub fn excess_loss(&self, profit: Decimal) -> Option<Decimal> {
        let most = self.max_loss?.get();
        (-profit > most).then_some(-profit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_trips_once_it_is_more_than_allowed_and_a_profit_never() {
        let max_loss = Some(Notional::new(Decimal::from(100)).unwrap());
        let limits = TradingLimits { max_loss, ..TradingLimits::default() };
        for (profit, excess) in
            [(-1_000, Some(1_000)), (-101, Some(101)), (-100, None), (0, None), (500, None)]
        {
            let excess = excess.map(Decimal::from);
            assert_eq!(limits.excess_loss(Decimal::from(profit)), excess, "{profit}");
        }
        assert_eq!(TradingLimits::default().excess_loss(Decimal::MIN), None);
    }
}

//! Pairs of orders of which at most one trades: one cancels the other.

use serde::{Deserialize, Serialize};

use super::{LimitTerms, OrderKind, Trigger};
use crate::money::{Price, Quantity};

/// One order to take a profit and one to stop a loss, of the same side and quantity. The venue
/// ends one as soon as the other has begun to trade or was set off, so both together never trade
/// more than the quantity, and they lock it once.
///
/// Which of them is above the market follows from the side: of a sell the profit, of a buy the
/// stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Oco {
    /// How much, of either.
    pub qty: Quantity,
    /// The order on the side of the market where there is a profit.
    pub take: OcoTake,
    /// The order on the side of the market where there is a loss.
    pub stop: OcoStop,
}

/// The half of a pair that takes the profit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OcoTake {
    /// It rests in the book from the beginning.
    PostOnly {
        /// The price.
        price: Price,
    },
    /// It waits for the market to reach a price.
    Triggered {
        /// That price.
        at: Price,
        /// What holds from then on; whatever price there is when there is no limit.
        limit: Option<LimitTerms>,
    },
}

/// The half of a pair that stops the loss. It waits for the market to reach a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OcoStop {
    /// That price.
    pub at: Price,
    /// What holds from then on; whatever price there is when there is no limit.
    pub limit: Option<LimitTerms>,
}

impl Oco {
    /// The order that takes the profit, as it would be placed alone.
    #[must_use]
    pub const fn take_kind(&self) -> OrderKind {
        match self.take {
            OcoTake::PostOnly { price } => OrderKind::PostOnly { price, qty: self.qty },
            OcoTake::Triggered { at, limit } => {
                OrderKind::Triggered { trigger: Trigger::TakeProfit(at), qty: self.qty, limit }
            }
        }
    }

    /// The order that stops the loss, as it would be placed alone.
    #[must_use]
    pub const fn stop_kind(&self) -> OrderKind {
        let trigger = Trigger::StopLoss(self.stop.at);
        OrderKind::Triggered { trigger, qty: self.qty, limit: self.stop.limit }
    }
}

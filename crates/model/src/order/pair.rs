//! Pairs of orders of which at most one trades: one cancels the other.

use serde::{Deserialize, Serialize};

use super::{LimitTerms, OrderKind, OrderRequest, Side, Trigger};
use crate::id::InstrumentId;
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

/// What a strategy asks for when it wants a pair.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OcoRequest {
    /// What to trade.
    pub instrument: InstrumentId,
    /// Which way, both of them.
    pub side: Side,
    /// Both orders.
    pub pair: Oco,
    /// The strategy's own mark, given back with every update of either.
    pub tag: u32,
}

impl OcoRequest {
    /// The order that takes the profit, as it would be asked for alone.
    #[must_use]
    pub fn take(&self) -> OrderRequest {
        self.half(self.pair.take_kind())
    }

    /// The order that stops the loss, as it would be asked for alone.
    #[must_use]
    pub fn stop(&self) -> OrderRequest {
        self.half(self.pair.stop_kind())
    }

    fn half(&self, kind: OrderKind) -> OrderRequest {
        let (instrument, side, tag) = (self.instrument.clone(), self.side, self.tag);
        OrderRequest { instrument, side, kind, tag }
    }
}

impl Oco {
    /// The pair that two orders are halves of: the one that takes the profit, and the one that
    /// stops the loss. None when they are of no such kinds, or of different quantities.
    #[must_use]
    pub fn of(take: &OrderKind, stop: &OrderKind) -> Option<Self> {
        let (take, qty) = match *take {
            OrderKind::PostOnly { price, qty } => (OcoTake::PostOnly { price }, qty),
            OrderKind::Triggered { trigger: Trigger::TakeProfit(at), qty, limit } => {
                (OcoTake::Triggered { at, limit }, qty)
            }
            OrderKind::Limit { .. }
            | OrderKind::Market(_)
            | OrderKind::Triggered { trigger: Trigger::StopLoss(_), .. } => return None,
        };
        match *stop {
            OrderKind::Triggered { trigger: Trigger::StopLoss(at), qty: same, limit }
                if same == qty =>
            {
                Some(Self { qty, take, stop: OcoStop { at, limit } })
            }
            OrderKind::Limit { .. }
            | OrderKind::PostOnly { .. }
            | OrderKind::Market(_)
            | OrderKind::Triggered { .. } => None,
        }
    }

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

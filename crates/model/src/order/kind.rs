//! The kinds of orders, each with what it needs and nothing that it cannot have.

use serde::{Deserialize, Serialize};

use super::{Side, TimeInForce};
use crate::money::{Notional, Price, Quantity};

/// The kind of an order, with what that kind needs and nothing that it cannot have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderKind {
    /// At this price or better.
    Limit {
        /// The worst price.
        price: Price,
        /// How much.
        qty: Quantity,
        /// For how long.
        time_in_force: TimeInForce,
    },
    /// At this price, and only if it rests: the venue refuses it when it would trade at once.
    PostOnly {
        /// The price.
        price: Price,
        /// How much.
        qty: Quantity,
    },
    /// At whatever price there is.
    Market(MarketQuantity),
    /// Waits beside the book, at the venue, until the market has traded at a price; then it goes
    /// to the book. [`OrderKind::stop_loss`] and its three relatives are the short way to one.
    Triggered {
        /// What sets it off.
        trigger: Trigger,
        /// How much.
        qty: Quantity,
        /// What holds from then on; at whatever price there is when there is no limit.
        limit: Option<LimitTerms>,
    },
}

/// How much a market order trades.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarketQuantity {
    /// So much of the base asset.
    Base(Quantity),
    /// For so much of the quote asset.
    Quote(Notional),
}

/// The limit of an order that was set off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LimitTerms {
    /// The worst price.
    pub price: Price,
    /// For how long it stays once it is in the book.
    pub time_in_force: TimeInForce,
}

impl LimitTerms {
    /// At this price or better, until it is filled or canceled.
    #[must_use]
    pub const fn resting(price: Price) -> Self {
        Self { price, time_in_force: TimeInForce::GoodTillCanceled }
    }
}

/// What sets an order off: the market's last trade at this price or beyond it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// The market has moved against the order's owner: a sell waits for it to fall to the price, a
    /// buy for it to rise.
    StopLoss(Price),
    /// The market has moved in favor of the order's owner: a sell waits for it to rise to the
    /// price, a buy for it to fall.
    TakeProfit(Price),
}

impl Trigger {
    /// The price that is waited for.
    #[must_use]
    pub const fn price(self) -> Price {
        match self {
            Self::StopLoss(price) | Self::TakeProfit(price) => price,
        }
    }

    /// Whether the market has to rise to the price, rather than to fall to it (rest-api.md, new
    /// order, read 2026-11).
    #[must_use]
    pub const fn is_above(self, side: Side) -> bool {
        match (self, side) {
            (Self::StopLoss(_), Side::Buy) | (Self::TakeProfit(_), Side::Sell) => true,
            (Self::StopLoss(_), Side::Sell) | (Self::TakeProfit(_), Side::Buy) => false,
        }
    }

    /// Whether a last trade at this price sets the order off. A venue refuses an order that would
    /// be set off by the trade before it came.
    #[must_use]
    pub fn is_met(self, side: Side, last: Price) -> bool {
        if self.is_above(side) { last >= self.price() } else { last <= self.price() }
    }
}

impl OrderKind {
    /// Takes whatever price there is once the market has moved against the owner to `at`.
    #[must_use]
    pub const fn stop_loss(at: Price, qty: Quantity) -> Self {
        Self::Triggered { trigger: Trigger::StopLoss(at), qty, limit: None }
    }

    /// Rests at `price` or takes better once the market has moved against the owner to `at`.
    #[must_use]
    pub const fn stop_loss_limit(at: Price, price: Price, qty: Quantity) -> Self {
        let limit = Some(LimitTerms::resting(price));
        Self::Triggered { trigger: Trigger::StopLoss(at), qty, limit }
    }

    /// Takes whatever price there is once the market has moved in favor of the owner to `at`.
    #[must_use]
    pub const fn take_profit(at: Price, qty: Quantity) -> Self {
        Self::Triggered { trigger: Trigger::TakeProfit(at), qty, limit: None }
    }

    /// Rests at `price` or takes better once the market has moved in favor of the owner to `at`.
    #[must_use]
    pub const fn take_profit_limit(at: Price, price: Price, qty: Quantity) -> Self {
        let limit = Some(LimitTerms::resting(price));
        Self::Triggered { trigger: Trigger::TakeProfit(at), qty, limit }
    }

    /// The price, for kinds that have one. Of an order that waits for its trigger, the limit that
    /// holds afterwards.
    #[must_use]
    pub const fn price(&self) -> Option<Price> {
        match self {
            Self::Limit { price, .. }
            | Self::PostOnly { price, .. }
            | Self::Triggered { limit: Some(LimitTerms { price, .. }), .. } => Some(*price),
            Self::Market(_) | Self::Triggered { limit: None, .. } => None,
        }
    }

    /// What sets the order off, for the kind that waits.
    #[must_use]
    pub const fn trigger(&self) -> Option<Trigger> {
        match self {
            Self::Triggered { trigger, .. } => Some(*trigger),
            Self::Limit { .. } | Self::PostOnly { .. } | Self::Market(_) => None,
        }
    }

    /// The quantity of base asset, for kinds that name one.
    #[must_use]
    pub const fn qty(&self) -> Option<Quantity> {
        match self {
            Self::Limit { qty, .. }
            | Self::PostOnly { qty, .. }
            | Self::Market(MarketQuantity::Base(qty))
            | Self::Triggered { qty, .. } => Some(*qty),
            Self::Market(MarketQuantity::Quote(_)) => None,
        }
    }

    /// The same kind with another quantity of base asset; one that is given in quote asset becomes
    /// one of base asset.
    #[must_use]
    pub const fn with_qty(&self, qty: Quantity) -> Self {
        match *self {
            Self::Limit { price, time_in_force, .. } => Self::Limit { price, qty, time_in_force },
            Self::PostOnly { price, .. } => Self::PostOnly { price, qty },
            Self::Market(_) => Self::Market(MarketQuantity::Base(qty)),
            Self::Triggered { trigger, limit, .. } => Self::Triggered { trigger, qty, limit },
        }
    }

    /// Whether it is there to stop a loss.
    #[must_use]
    pub const fn is_protection(&self) -> bool {
        matches!(self, Self::Triggered { trigger: Trigger::StopLoss(_), .. })
    }

    /// Whether it trades at whatever price there is, at once or when it is set off.
    #[must_use]
    pub const fn is_market(&self) -> bool {
        match self {
            Self::Market(_) | Self::Triggered { limit: None, .. } => true,
            Self::Limit { .. } | Self::PostOnly { .. } | Self::Triggered { limit: Some(_), .. } => {
                false
            }
        }
    }
}

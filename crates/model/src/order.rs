//! What a strategy asks for, and what is true of an order.

mod kind;
mod link;
mod pair;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use kind::{LimitTerms, MarketQuantity, OrderKind, Trigger};
pub use link::Link;
pub use pair::{Oco, OcoRequest, OcoStop, OcoTake};

use crate::id::{ClientOrderId, InstrumentId, StrategyId, VenueOrderId};
use crate::money::{Notional, Quantity};
use crate::outcome::RefusalKind;
use crate::report::Fill;
use crate::time::Timestamp;
use crate::trading::{TradingScope, TradingState};

/// Buy or sell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Side {
    Buy,
    Sell,
}

impl Side {
    /// The other side.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Buy => "buy",
            Self::Sell => "sell",
        })
    }
}

/// How long a limit order lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeInForce {
    /// Until it is filled or canceled (GTC).
    GoodTillCanceled,
    /// What does not trade at once expires (IOC).
    ImmediateOrCancel,
    /// All of it at once, or none (FOK).
    FillOrKill,
}

/// What a strategy asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRequest {
    /// What to trade.
    pub instrument: InstrumentId,
    /// Which way.
    pub side: Side,
    /// How.
    pub kind: OrderKind,
    /// The strategy's own mark, given back with every update: a grid's rung, for example.
    pub tag: u32,
}

/// What is true of an order, as far as we know.
///
/// An order whose bytes may have left ends only by the venue's word. `InDoubt` is not an end: the
/// order is asked about, never sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// Waits for leave to be sent.
    Pending,
    /// Sent; no word yet.
    InFlight,
    /// Sent, and the answer was lost: it may or may not have been placed.
    InDoubt,
    /// Rests at the venue.
    Open,
    /// Rests at the venue, part of it traded.
    PartiallyFilled,
    /// All of it traded.
    Filled,
    /// Canceled; what had traded before stays traded.
    Canceled,
    /// The venue refused it.
    Rejected,
    /// The venue ended it: an IOC's remainder, self-trade prevention.
    Expired,
    /// It never left: a filter, a limit, a deadline.
    Denied,
}

impl OrderState {
    /// Whether nothing can happen to the order any more.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        match self {
            Self::Filled | Self::Canceled | Self::Rejected | Self::Expired | Self::Denied => true,
            Self::Pending | Self::InFlight | Self::InDoubt | Self::Open | Self::PartiallyFilled => {
                false
            }
        }
    }

    /// Whether the order may be resting at the venue now.
    #[must_use]
    pub const fn may_be_live(self) -> bool {
        match self {
            Self::InFlight | Self::InDoubt | Self::Open | Self::PartiallyFilled => true,
            Self::Pending
            | Self::Filled
            | Self::Canceled
            | Self::Rejected
            | Self::Expired
            | Self::Denied => false,
        }
    }

    /// Whether the venue may get or have the order and has not said so: its balances may lack what
    /// the order needs.
    #[must_use]
    pub const fn is_unacknowledged(self) -> bool {
        match self {
            Self::Pending | Self::InFlight | Self::InDoubt => true,
            Self::Open
            | Self::PartiallyFilled
            | Self::Filled
            | Self::Canceled
            | Self::Rejected
            | Self::Expired
            | Self::Denied => false,
        }
    }

    /// The name in logs and tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::InFlight => "in-flight",
            Self::InDoubt => "in-doubt",
            Self::Open => "open",
            Self::PartiallyFilled => "partially-filled",
            Self::Filled => "filled",
            Self::Canceled => "canceled",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::Denied => "denied",
        }
    }
}

impl fmt::Display for OrderState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Why an order never left.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum Denied {
    /// The venue lists no such instrument, or it is not in the configuration.
    #[error("instrument {0} is unknown here; name it under the strategy's `instruments`")]
    UnknownInstrument(InstrumentId),
    /// The venue would refuse it.
    #[error(transparent)]
    Filter(#[from] crate::instrument::FilterBreach),
    /// The balance does not cover it.
    #[error("{asset}: needs {needed}, {free} is free; lower the order or free some by canceling")]
    InsufficientBalance {
        /// Of which asset.
        asset: crate::id::Asset,
        /// What the order would lock.
        needed: rust_decimal::Decimal,
        /// What is free, less what orders on their way will lock.
        free: rust_decimal::Decimal,
    },
    /// No order of this name, or it is over.
    #[error("order {0} is not open")]
    NotOpen(ClientOrderId),
    /// The name was used before.
    #[error("client order id {0} was used before; a name stands for one order for ever")]
    DuplicateId(ClientOrderId),
    /// The inbox of the engine, or its queue, is full.
    #[error("{0} is full; wait for earlier orders to end")]
    Full(String),
    /// Its deadline passed before there was budget for it.
    #[error("no leave to send before its deadline, {waited_ms} ms after it was asked for")]
    Deadline {
        /// How long it had waited, in milliseconds.
        waited_ms: u64,
    },
    /// The venue provably did not take it, and it is not tried again: its tries or its time are
    /// used up, or so much fails that another try would add to the storm.
    #[error("not taken by the venue, and not tried again: {0}")]
    NotTaken(String),
    /// It costs more than a limit ever holds.
    #[error("{0}")]
    NeverFits(String),
    /// The venue has refused the same order time and again.
    #[error(
        "refused {times} times alike ({words}, code {code}); change the order, or wait until {until}"
    )]
    RefusedAlike {
        /// The venue's code, each time.
        code: i64,
        /// The venue's words, the last time.
        words: String,
        /// How often.
        times: u32,
        /// When one such order may go again, to see whether the venue has changed its mind.
        until: Timestamp,
    },
    /// Its answer was lost, and nothing that the venue has is of it.
    #[error("it was never placed: its answer was lost, and the venue has no trace of it")]
    NotPlaced,
    /// It had not left when it was taken back, so that it may go by another route.
    #[error("taken back before it was sent")]
    Recalled,
    /// Another order of the account has been in doubt for long.
    #[error("new orders wait until it is known what became of order {0}")]
    Unresolved(ClientOrderId),
    /// It cannot be written down before it is sent, and what is not written down may be traded
    /// twice.
    #[error("the order cannot be written down before it is sent: {0}")]
    Unrecorded(String),
    /// The state of the account forbids new risk.
    #[error("new orders are not accepted: {0}")]
    Closed(String),
    /// A quantity is only ever lowered where an order stands.
    #[error(
        "{wanted} is not between the {traded} that has traded and the {qty} that it has; to raise \
         an order cancel it and place another"
    )]
    NotLower {
        /// What it was to be.
        wanted: Quantity,
        /// What it is.
        qty: Quantity,
        /// What has traded.
        traded: Quantity,
    },
    /// The venue does not offer this.
    #[error("{0}")]
    Unsupported(String),
    /// An operator, or a limit on losses, allows no such orders now.
    #[error(
        "trading is {state} for {scope} ({reason}); only a command resumes: `tradewind resume`"
    )]
    Forbidden {
        /// How much is allowed.
        state: TradingState,
        /// Of what.
        scope: TradingScope,
        /// Who said so, and why.
        reason: String,
    },
    /// Orders may only bring the position nearer to zero, and this one would do more.
    #[error("orders may only reduce for {scope} ({reason}), and no more than {room} of this side")]
    ReduceOnly {
        /// Of what.
        scope: TradingScope,
        /// Who said so, and why.
        reason: String,
        /// What can be traded on this side without passing zero, whatever becomes of the orders
        /// that are open.
        room: Quantity,
    },
    /// More than an operator has set.
    #[error(
        "{limit} is {most} for {scope}, and this makes {value}; trade less, or raise the limit"
    )]
    Limit {
        /// The limit's name in the configuration.
        limit: String,
        /// Whose limit it is.
        scope: TradingScope,
        /// The most.
        most: rust_decimal::Decimal,
        /// What it would be with this order.
        value: rust_decimal::Decimal,
    },
    /// The strategy has failed, and what it asks for is not done any more.
    #[error("strategy {0} has failed and is cut off; start anew")]
    CutOff(StrategyId),
}

/// What a strategy is told of one of its orders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderUpdate {
    /// Our name of it.
    pub client_order_id: ClientOrderId,
    /// The venue's name of it, once known.
    pub venue_order_id: Option<VenueOrderId>,
    /// What is traded.
    pub instrument: InstrumentId,
    /// Which way.
    pub side: Side,
    /// The order as it was asked for.
    pub kind: OrderKind,
    /// The strategy's own mark.
    pub tag: u32,
    /// Which other order it belongs with.
    #[serde(default)]
    pub link: Link,
    /// What is true of it now.
    pub state: OrderState,
    /// What has traded so far.
    pub cum_qty: Quantity,
    /// What that cost or brought.
    pub cum_quote: Notional,
    /// What can still trade; zero once the order is over.
    pub leaves_qty: Quantity,
    /// The trade that this update is about, each exactly once.
    pub fill: Option<Fill>,
    /// Why, for a denial, a rejection or an expiry, in the venue's words where it has any.
    pub reason: Option<String>,
    /// Why, as a value, for an order that never left.
    pub denied: Option<Denied>,
    /// What kind of no it was, for an order that the venue has refused.
    #[serde(default)]
    pub refusal: Option<RefusalKind>,
    /// When it happened, by the venue where it said so.
    pub at: Timestamp,
}

#[cfg(test)]
mod tests;

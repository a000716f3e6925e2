//! The kinds of orders, with the parameters only that kind has.

use rust_decimal::Decimal;

use super::Side;

/// How long a limit order stays.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TimeInForce {
    /// Good till canceled: the rest of it waits in the book.
    Gtc,
    /// Immediate or cancel: what does not fill at once expires.
    Ioc,
    /// Fill or kill: fills at once and whole, or expires untouched.
    Fok,
}

impl TimeInForce {
    /// The word of the wire: `GTC`, `IOC` or `FOK`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gtc => "GTC",
            Self::Ioc => "IOC",
            Self::Fok => "FOK",
        }
    }
}

/// How much a market order trades.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MarketQty {
    /// That much of the base asset.
    Base(Decimal),
    /// As much base as brings the notional closest under this much of the quote asset
    /// (`quoteOrderQty`).
    Quote(Decimal),
}

/// What a contingent order waits for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Trigger {
    /// The last price moves against the order's owner: a sell waits below it, a buy above.
    StopLoss,
    /// The last price moves in the owner's favor: a sell waits above it, a buy below.
    TakeProfit,
}

/// An order that waits outside the book until the last price has reached its stop price (an "algo"
/// order, in the words of the filters).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Contingent {
    /// In which direction the last price must come.
    pub trigger: Trigger,
    /// How far it must come, in quote per base.
    pub stop_price: Decimal,
    /// Base quantity.
    pub qty: Decimal,
    /// What it then is: a limit order of this price and duration, or a market order.
    pub limit: Option<(Decimal, TimeInForce)>,
}

impl Contingent {
    /// Whether the last price must rise to the stop price, rather than fall to it (rest-api.md,
    /// new order, trigger rules, read 2026-11).
    #[must_use]
    pub const fn is_above(&self, side: Side) -> bool {
        matches!(
            (self.trigger, side),
            (Trigger::StopLoss, Side::Buy) | (Trigger::TakeProfit, Side::Sell)
        )
    }

    /// Whether this last price sets it off.
    #[must_use]
    pub fn is_met(&self, side: Side, last_price: Decimal) -> bool {
        if self.is_above(side) {
            last_price >= self.stop_price
        } else {
            last_price <= self.stop_price
        }
    }
}

/// What kind of order, with the parameters only that kind has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OrderKind {
    /// Fills up to its price.
    Limit {
        /// The worst price it accepts, in quote per base.
        price: Decimal,
        /// Base quantity.
        qty: Decimal,
        /// How long it stays.
        tif: TimeInForce,
    },
    /// Rests, or is refused because it would take.
    LimitMaker {
        /// The price it rests at.
        price: Decimal,
        /// Base quantity.
        qty: Decimal,
    },
    /// Takes whatever price the book has; never rests.
    Market(MarketQty),
    /// Waits for the last price; then a limit or a market order.
    Contingent(Contingent),
}

impl OrderKind {
    /// The word of the wire, such as `LIMIT` or `STOP_LOSS_LIMIT`.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Limit { .. } => "LIMIT",
            Self::LimitMaker { .. } => "LIMIT_MAKER",
            Self::Market(_) => "MARKET",
            Self::Contingent(order) => match (order.trigger, order.limit) {
                (Trigger::StopLoss, None) => "STOP_LOSS",
                (Trigger::StopLoss, Some(_)) => "STOP_LOSS_LIMIT",
                (Trigger::TakeProfit, None) => "TAKE_PROFIT",
                (Trigger::TakeProfit, Some(_)) => "TAKE_PROFIT_LIMIT",
            },
        }
    }

    /// The limit price, if it has one.
    #[must_use]
    pub const fn price(&self) -> Option<Decimal> {
        match *self {
            Self::Limit { price, .. }
            | Self::LimitMaker { price, .. }
            | Self::Contingent(Contingent { limit: Some((price, _)), .. }) => Some(price),
            Self::Market(_) | Self::Contingent(Contingent { limit: None, .. }) => None,
        }
    }

    /// The price that sets it off, if it waits for one.
    #[must_use]
    pub const fn stop_price(&self) -> Option<Decimal> {
        match *self {
            Self::Contingent(Contingent { stop_price, .. }) => Some(stop_price),
            Self::Limit { .. } | Self::LimitMaker { .. } | Self::Market(_) => None,
        }
    }

    /// Base quantity, if it names one.
    #[must_use]
    pub const fn qty(&self) -> Option<Decimal> {
        match *self {
            Self::Limit { qty, .. }
            | Self::LimitMaker { qty, .. }
            | Self::Market(MarketQty::Base(qty))
            | Self::Contingent(Contingent { qty, .. }) => Some(qty),
            Self::Market(MarketQty::Quote(_)) => None,
        }
    }

    /// The same kind of this base quantity.
    #[must_use]
    pub const fn with_qty(self, qty: Decimal) -> Self {
        match self {
            Self::Limit { price, tif, .. } => Self::Limit { price, qty, tif },
            Self::LimitMaker { price, .. } => Self::LimitMaker { price, qty },
            Self::Market(_) => Self::Market(MarketQty::Base(qty)),
            Self::Contingent(order) => Self::Contingent(Contingent { qty, ..order }),
        }
    }

    /// Whether it takes whatever price the book has, at once or when it is set off.
    #[must_use]
    pub const fn is_market(&self) -> bool {
        matches!(self, Self::Market(_) | Self::Contingent(Contingent { limit: None, .. }))
    }

    /// Whether it waits for the last price.
    #[must_use]
    pub const fn is_contingent(&self) -> bool {
        matches!(self, Self::Contingent(_))
    }

    /// How long it stays. Orders without a choice answer `GTC`, as the venue's replies do.
    #[must_use]
    pub const fn time_in_force(&self) -> TimeInForce {
        match *self {
            Self::Limit { tif, .. }
            | Self::Contingent(Contingent { limit: Some((_, tif)), .. }) => tif,
            Self::LimitMaker { .. }
            | Self::Market(_)
            | Self::Contingent(Contingent { limit: None, .. }) => TimeInForce::Gtc,
        }
    }
}

//! One request to a venue, as a value.
//!
//! [`Call`] is a closed enum on purpose: each adapter matches it exhaustively, so a new call
//! breaks every adapter's build until it has been answered (and `Unsupported` is an answer).

mod entry;
mod kind;

use serde::{Deserialize, Serialize};

pub use entry::{
    Amendment, NewOco, NewOrder, OrderListRef, OrderRef, Replacement, WhenNotCanceled,
    WhenOverLimit, WhenTraded,
};
pub use kind::{CallKind, Effect, EndpointGroup};

use crate::id::{Asset, Symbol, TradeId, VenueOrderId};
use crate::market::Interval;
use crate::stream::{Feed, StreamKind};
use crate::time::Timestamp;

/// A request to a venue. Calls are ordered so that the same ones can be found to be the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Call {
    /// Is anybody there?
    Ping,
    /// The venue's clock.
    ServerTime,
    /// Instruments with their filters, and the limits in force.
    Catalog {
        /// Only these; all when empty.
        symbols: Vec<Symbol>,
    },
    /// A snapshot of the order book.
    Depth {
        /// Of this symbol.
        symbol: Symbol,
        /// Levels a side.
        levels: u32,
    },
    /// Historical bars, oldest first.
    Bars {
        /// Of this symbol.
        symbol: Symbol,
        /// Of this length.
        interval: Interval,
        /// Not before this.
        from: Option<Timestamp>,
        /// Not after this.
        until: Option<Timestamp>,
        /// So many at most.
        limit: u32,
    },
    /// Best bid and ask.
    Ticker {
        /// Of this symbol.
        symbol: Symbol,
    },
    /// Best bid and ask of one asset in another, whatever the venue calls that market.
    Rate {
        /// What is priced.
        base: Asset,
        /// In what.
        quote: Asset,
    },
    /// A new order.
    PlaceOrder(NewOrder),
    /// Cancel one order and place another in its stead, in one request. Two legs.
    ReplaceOrder(Box<Replacement>),
    /// Lower the quantity of an order where it stands.
    AmendOrder(Amendment),
    /// A new pair of orders of which at most one trades. Two legs.
    PlaceOco(Box<NewOco>),
    /// Cancel one order; one that belongs to a list takes the list with it.
    CancelOrder {
        /// On this symbol.
        symbol: Symbol,
        /// Which order.
        order: OrderRef,
    },
    /// Cancel every order on a symbol, whoever placed it, those in lists too.
    CancelOpenOrders {
        /// On this symbol.
        symbol: Symbol,
    },
    /// Cancel all orders of one list.
    CancelOrderList {
        /// On this symbol.
        symbol: Symbol,
        /// Which list.
        list: OrderListRef,
    },
    /// The state of one order.
    QueryOrder {
        /// On this symbol.
        symbol: Symbol,
        /// Which order.
        order: OrderRef,
    },
    /// The orders that rest now.
    OpenOrders {
        /// On this symbol; on all of them, much dearer, when none is named.
        symbol: Option<Symbol>,
    },
    /// The state of one list of orders.
    QueryOrderList {
        /// Which list.
        list: OrderListRef,
    },
    /// The lists of orders that are not over, on all symbols.
    OpenOrderLists,
    /// Orders of any state, oldest first.
    OrderHistory {
        /// On this symbol.
        symbol: Symbol,
        /// Where to begin; the newest `limit` when none is named.
        since: Option<HistoryStart<VenueOrderId>>,
        /// So many at most.
        limit: u32,
    },
    /// Our trades, oldest first.
    FillHistory {
        /// On this symbol.
        symbol: Symbol,
        /// Of this order alone.
        order: Option<VenueOrderId>,
        /// Where to begin; the newest `limit` when none is named.
        since: Option<HistoryStart<TradeId>>,
        /// So many at most.
        limit: u32,
    },
    /// Balances and commission rates.
    Account,
    /// The venue's count of our orders in each window.
    OrderCounts,
    /// The handshake of a WebSocket.
    OpenStream {
        /// Which kind of socket.
        kind: StreamKind,
        /// What a market stream is to carry from the start.
        feeds: Vec<StreamFeed>,
    },
    /// More feeds on an open market stream.
    Subscribe {
        /// What to add.
        feeds: Vec<StreamFeed>,
    },
    /// Fewer feeds on an open market stream.
    Unsubscribe {
        /// What to drop.
        feeds: Vec<StreamFeed>,
    },
    /// The account's own events on an open account stream.
    SubscribeAccount,
    /// Whose an open account stream is, for a venue that wants to know before anything is asked
    /// on it.
    Authenticate,
    /// A sign of life on an open stream of this kind, for a venue that hangs up on who gives none.
    PingStream {
        /// On this kind of socket.
        kind: StreamKind,
    },
    /// What comes before a row, in a list that a venue tells from the newest on and in pages.
    Older {
        /// The list, as it was first asked for.
        of: Box<Call>,
        /// The oldest row that is known: what is older is wanted.
        than: PageEnd,
    },
}

/// Where a page of a list has ended that is told from the newest on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum PageEnd {
    /// With this order.
    Order(VenueOrderId),
    /// With this trade.
    Trade(TradeId),
}

/// Where a history begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum HistoryStart<Id> {
    /// At this id, inclusive.
    Id(Id),
    /// At this time, inclusive.
    Time(Timestamp),
}

/// A feed of one symbol, as a market stream carries it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StreamFeed {
    /// The symbol.
    pub symbol: Symbol,
    /// What of it.
    pub feed: Feed,
}

impl Call {
    /// The call's kind.
    #[must_use]
    pub fn kind(&self) -> CallKind {
        match self {
            Self::Ping => CallKind::Ping,
            Self::ServerTime => CallKind::ServerTime,
            Self::Catalog { .. } => CallKind::Catalog,
            Self::Depth { .. } => CallKind::Depth,
            Self::Bars { .. } => CallKind::Bars,
            Self::Ticker { .. } | Self::Rate { .. } => CallKind::Ticker,
            Self::PlaceOrder(_) => CallKind::PlaceOrder,
            Self::ReplaceOrder(_) => CallKind::ReplaceOrder,
            Self::AmendOrder(_) => CallKind::AmendOrder,
            Self::PlaceOco(_) => CallKind::PlaceOco,
            Self::CancelOrder { .. } => CallKind::CancelOrder,
            Self::CancelOpenOrders { .. } => CallKind::CancelOpenOrders,
            Self::CancelOrderList { .. } => CallKind::CancelOrderList,
            Self::QueryOrder { .. } => CallKind::QueryOrder,
            Self::OpenOrders { .. } => CallKind::OpenOrders,
            Self::QueryOrderList { .. } => CallKind::QueryOrderList,
            Self::OpenOrderLists => CallKind::OpenOrderLists,
            Self::OrderHistory { .. } => CallKind::OrderHistory,
            Self::FillHistory { .. } => CallKind::FillHistory,
            Self::Account => CallKind::Account,
            Self::OrderCounts => CallKind::OrderCounts,
            Self::OpenStream { .. } => CallKind::OpenStream,
            Self::Subscribe { .. } => CallKind::Subscribe,
            Self::Unsubscribe { .. } => CallKind::Unsubscribe,
            Self::SubscribeAccount => CallKind::SubscribeAccount,
            Self::Authenticate => CallKind::Authenticate,
            Self::PingStream { .. } => CallKind::PingStream,
            Self::Older { of, .. } => of.kind(),
        }
    }

    /// The symbol the call is about, if it is about one.
    #[must_use]
    pub fn symbol(&self) -> Option<&Symbol> {
        match self {
            Self::Catalog { symbols } => match symbols.as_slice() {
                [symbol] => Some(symbol),
                _ => None,
            },
            Self::Depth { symbol, .. }
            | Self::Bars { symbol, .. }
            | Self::Ticker { symbol }
            | Self::CancelOrder { symbol, .. }
            | Self::CancelOpenOrders { symbol }
            | Self::CancelOrderList { symbol, .. }
            | Self::QueryOrder { symbol, .. }
            | Self::OrderHistory { symbol, .. }
            | Self::FillHistory { symbol, .. } => Some(symbol),
            Self::PlaceOrder(order) => Some(&order.symbol),
            Self::ReplaceOrder(replacement) => Some(&replacement.order.symbol),
            Self::AmendOrder(amendment) => Some(&amendment.symbol),
            Self::PlaceOco(pair) => Some(&pair.symbol),
            Self::OpenOrders { symbol } => symbol.as_ref(),
            Self::Ping
            | Self::ServerTime
            | Self::Rate { .. }
            | Self::QueryOrderList { .. }
            | Self::OpenOrderLists
            | Self::Account
            | Self::OrderCounts
            | Self::OpenStream { .. }
            | Self::Subscribe { .. }
            | Self::Unsubscribe { .. }
            | Self::SubscribeAccount
            | Self::Authenticate
            | Self::PingStream { .. } => None,
            Self::Older { of, .. } => of.symbol(),
        }
    }

    /// How many rows or levels the call asks for, where it asks for a number.
    #[must_use]
    pub fn rows(&self) -> Option<u32> {
        match self {
            Self::Depth { levels, .. } => Some(*levels),
            Self::Bars { limit, .. }
            | Self::OrderHistory { limit, .. }
            | Self::FillHistory { limit, .. } => Some(*limit),
            Self::Ping
            | Self::ServerTime
            | Self::Catalog { .. }
            | Self::Ticker { .. }
            | Self::Rate { .. }
            | Self::PlaceOrder(_)
            | Self::ReplaceOrder(_)
            | Self::AmendOrder(_)
            | Self::PlaceOco(_)
            | Self::CancelOrder { .. }
            | Self::CancelOpenOrders { .. }
            | Self::CancelOrderList { .. }
            | Self::QueryOrder { .. }
            | Self::OpenOrders { .. }
            | Self::QueryOrderList { .. }
            | Self::OpenOrderLists
            | Self::Account
            | Self::OrderCounts
            | Self::OpenStream { .. }
            | Self::Subscribe { .. }
            | Self::Unsubscribe { .. }
            | Self::SubscribeAccount
            | Self::Authenticate
            | Self::PingStream { .. } => None,
            Self::Older { of, .. } => of.rows(),
        }
    }

    /// Whether the call is about one order, which makes a history cheaper.
    #[must_use]
    pub fn names_an_order(&self) -> bool {
        if let Self::Older { of, .. } = self {
            return of.names_an_order();
        }
        matches!(
            self,
            Self::CancelOrder { .. }
                | Self::QueryOrder { .. }
                | Self::AmendOrder(_)
                | Self::FillHistory { order: Some(_), .. }
        )
    }
}

#[cfg(test)]
mod tests;

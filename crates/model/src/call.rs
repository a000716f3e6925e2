//! One request to a venue, as a value.
//!
//! [`Call`] is a closed enum on purpose: each adapter matches it exhaustively, so a new call
//! breaks every adapter's build until it has been answered (and `Unsupported` is an answer).

use serde::{Deserialize, Serialize};

use crate::id::{Asset, ClientOrderId, Symbol, TradeId, VenueOrderId};
use crate::market::Interval;
use crate::order::{OrderKind, Side};
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
    /// Cancel one order.
    CancelOrder {
        /// On this symbol.
        symbol: Symbol,
        /// Which order.
        order: OrderRef,
    },
    /// Cancel every order on a symbol, whoever placed it.
    CancelOpenOrders {
        /// On this symbol.
        symbol: Symbol,
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
}

/// An order as a venue is asked for it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NewOrder {
    /// Our name of it.
    pub client_order_id: ClientOrderId,
    /// On this symbol.
    pub symbol: Symbol,
    /// Buy or sell.
    pub side: Side,
    /// What kind, with its price and quantity.
    pub kind: OrderKind,
}

/// How an order is named to the venue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum OrderRef {
    /// By our name.
    Client(ClientOrderId),
    /// By the venue's name.
    Venue(VenueOrderId),
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

/// The kind of a call, without its parameters: what a price list and a metric are keyed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is the call of the same name")]
pub enum CallKind {
    Ping,
    ServerTime,
    Catalog,
    Depth,
    Bars,
    Ticker,
    PlaceOrder,
    CancelOrder,
    CancelOpenOrders,
    QueryOrder,
    OpenOrders,
    OrderHistory,
    FillHistory,
    Account,
    OrderCounts,
    OpenStream,
    Subscribe,
    Unsubscribe,
    SubscribeAccount,
}

/// What sending a call twice does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Effect {
    /// It changes nothing.
    Read,
    /// The second time changes nothing more: cancel one order by its id, open a socket.
    Idempotent,
    /// The second time is a second effect: a new order, or "cancel all", which would also kill
    /// what was placed since.
    Once,
}

/// Which calls share a cap on how many may be on the wire at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndpointGroup {
    /// Order entry and cancels: slots and connections of their own, which reads never take.
    Orders,
    /// Signed reads.
    Private,
    /// Unsigned reads.
    Public,
    /// Handshakes and control messages of WebSockets.
    Streams,
}

impl Call {
    /// The call's kind.
    #[must_use]
    pub const fn kind(&self) -> CallKind {
        match self {
            Self::Ping => CallKind::Ping,
            Self::ServerTime => CallKind::ServerTime,
            Self::Catalog { .. } => CallKind::Catalog,
            Self::Depth { .. } => CallKind::Depth,
            Self::Bars { .. } => CallKind::Bars,
            Self::Ticker { .. } | Self::Rate { .. } => CallKind::Ticker,
            Self::PlaceOrder(_) => CallKind::PlaceOrder,
            Self::CancelOrder { .. } => CallKind::CancelOrder,
            Self::CancelOpenOrders { .. } => CallKind::CancelOpenOrders,
            Self::QueryOrder { .. } => CallKind::QueryOrder,
            Self::OpenOrders { .. } => CallKind::OpenOrders,
            Self::OrderHistory { .. } => CallKind::OrderHistory,
            Self::FillHistory { .. } => CallKind::FillHistory,
            Self::Account => CallKind::Account,
            Self::OrderCounts => CallKind::OrderCounts,
            Self::OpenStream { .. } => CallKind::OpenStream,
            Self::Subscribe { .. } => CallKind::Subscribe,
            Self::Unsubscribe { .. } => CallKind::Unsubscribe,
            Self::SubscribeAccount => CallKind::SubscribeAccount,
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
            | Self::QueryOrder { symbol, .. }
            | Self::OrderHistory { symbol, .. }
            | Self::FillHistory { symbol, .. } => Some(symbol),
            Self::PlaceOrder(order) => Some(&order.symbol),
            Self::OpenOrders { symbol } => symbol.as_ref(),
            Self::Ping
            | Self::ServerTime
            | Self::Rate { .. }
            | Self::Account
            | Self::OrderCounts
            | Self::OpenStream { .. }
            | Self::Subscribe { .. }
            | Self::Unsubscribe { .. }
            | Self::SubscribeAccount => None,
        }
    }

    /// How many rows or levels the call asks for, where it asks for a number.
    #[must_use]
    pub const fn rows(&self) -> Option<u32> {
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
            | Self::CancelOrder { .. }
            | Self::CancelOpenOrders { .. }
            | Self::QueryOrder { .. }
            | Self::OpenOrders { .. }
            | Self::Account
            | Self::OrderCounts
            | Self::OpenStream { .. }
            | Self::Subscribe { .. }
            | Self::Unsubscribe { .. }
            | Self::SubscribeAccount => None,
        }
    }

    /// Whether the call is about one order, which makes a history cheaper.
    #[must_use]
    pub fn names_an_order(&self) -> bool {
        matches!(
            self,
            Self::CancelOrder { .. }
                | Self::QueryOrder { .. }
                | Self::FillHistory { order: Some(_), .. }
        )
    }
}

impl CallKind {
    /// The name in logs: `place_order`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ping => "ping",
            Self::ServerTime => "server_time",
            Self::Catalog => "catalog",
            Self::Depth => "depth",
            Self::Bars => "bars",
            Self::Ticker => "ticker",
            Self::PlaceOrder => "place_order",
            Self::CancelOrder => "cancel_order",
            Self::CancelOpenOrders => "cancel_open_orders",
            Self::QueryOrder => "query_order",
            Self::OpenOrders => "open_orders",
            Self::OrderHistory => "order_history",
            Self::FillHistory => "fill_history",
            Self::Account => "account",
            Self::OrderCounts => "order_counts",
            Self::OpenStream => "open_stream",
            Self::Subscribe => "subscribe",
            Self::Unsubscribe => "unsubscribe",
            Self::SubscribeAccount => "subscribe_account",
        }
    }

    /// How it is made, in the words of HTTP; `WS` for what goes over a socket.
    #[must_use]
    pub const fn method(self) -> &'static str {
        match self {
            Self::PlaceOrder => "POST",
            Self::CancelOrder | Self::CancelOpenOrders => "DELETE",
            Self::OpenStream | Self::Subscribe | Self::Unsubscribe | Self::SubscribeAccount => "WS",
            Self::Ping
            | Self::ServerTime
            | Self::Catalog
            | Self::Depth
            | Self::Bars
            | Self::Ticker
            | Self::QueryOrder
            | Self::OpenOrders
            | Self::OrderHistory
            | Self::FillHistory
            | Self::Account
            | Self::OrderCounts => "GET",
        }
    }

    /// What sending it twice does.
    #[must_use]
    pub const fn effect(self) -> Effect {
        match self {
            Self::Ping
            | Self::ServerTime
            | Self::Catalog
            | Self::Depth
            | Self::Bars
            | Self::Ticker
            | Self::QueryOrder
            | Self::OpenOrders
            | Self::OrderHistory
            | Self::FillHistory
            | Self::Account
            | Self::OrderCounts => Effect::Read,
            Self::CancelOrder
            | Self::OpenStream
            | Self::Subscribe
            | Self::Unsubscribe
            | Self::SubscribeAccount => Effect::Idempotent,
            Self::PlaceOrder | Self::CancelOpenOrders => Effect::Once,
        }
    }

    /// Whose concurrency it takes part in.
    #[must_use]
    pub const fn group(self) -> EndpointGroup {
        match self {
            Self::PlaceOrder | Self::CancelOrder | Self::CancelOpenOrders => EndpointGroup::Orders,
            Self::QueryOrder
            | Self::OpenOrders
            | Self::OrderHistory
            | Self::FillHistory
            | Self::Account
            | Self::OrderCounts => EndpointGroup::Private,
            Self::Ping
            | Self::ServerTime
            | Self::Catalog
            | Self::Depth
            | Self::Bars
            | Self::Ticker => EndpointGroup::Public,
            Self::OpenStream | Self::Subscribe | Self::Unsubscribe | Self::SubscribeAccount => {
                EndpointGroup::Streams
            }
        }
    }

    /// Whether the call carries a signature.
    #[must_use]
    pub const fn is_signed(self) -> bool {
        matches!(
            self,
            Self::PlaceOrder
                | Self::CancelOrder
                | Self::CancelOpenOrders
                | Self::QueryOrder
                | Self::OpenOrders
                | Self::OrderHistory
                | Self::FillHistory
                | Self::Account
                | Self::OrderCounts
                | Self::SubscribeAccount
        )
    }
}

#[cfg(test)]
mod tests;

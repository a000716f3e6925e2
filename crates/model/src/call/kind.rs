//! The kinds of calls, and what can be said of a call by its kind alone.

use serde::{Deserialize, Serialize};

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
    ReplaceOrder,
    AmendOrder,
    PlaceOco,
    CancelOrder,
    CancelOpenOrders,
    CancelOrderList,
    QueryOrder,
    OpenOrders,
    QueryOrderList,
    OpenOrderLists,
    OrderHistory,
    FillHistory,
    Account,
    OrderCounts,
    OpenStream,
    Subscribe,
    Unsubscribe,
    SubscribeAccount,
    Authenticate,
    PingStream,
}

/// What sending a call twice does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Effect {
    /// It changes nothing.
    Read,
    /// The second time changes nothing more: cancel one order by its id, lower a quantity to so
    /// much, open a socket.
    Idempotent,
    /// The second time is a second effect: a new order, alone, in a pair or in another's stead;
    /// or "cancel all", which would also kill what was placed since.
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

impl CallKind {
    /// All of them.
    pub const ALL: [Self; 27] = [
        Self::Ping,
        Self::ServerTime,
        Self::Catalog,
        Self::Depth,
        Self::Bars,
        Self::Ticker,
        Self::PlaceOrder,
        Self::ReplaceOrder,
        Self::AmendOrder,
        Self::PlaceOco,
        Self::CancelOrder,
        Self::CancelOpenOrders,
        Self::CancelOrderList,
        Self::QueryOrder,
        Self::OpenOrders,
        Self::QueryOrderList,
        Self::OpenOrderLists,
        Self::OrderHistory,
        Self::FillHistory,
        Self::Account,
        Self::OrderCounts,
        Self::OpenStream,
        Self::Subscribe,
        Self::Unsubscribe,
        Self::SubscribeAccount,
        Self::Authenticate,
        Self::PingStream,
    ];

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
            Self::ReplaceOrder => "replace_order",
            Self::AmendOrder => "amend_order",
            Self::PlaceOco => "place_oco",
            Self::CancelOrder => "cancel_order",
            Self::CancelOpenOrders => "cancel_open_orders",
            Self::CancelOrderList => "cancel_order_list",
            Self::QueryOrder => "query_order",
            Self::OpenOrders => "open_orders",
            Self::QueryOrderList => "query_order_list",
            Self::OpenOrderLists => "open_order_lists",
            Self::OrderHistory => "order_history",
            Self::FillHistory => "fill_history",
            Self::Account => "account",
            Self::OrderCounts => "order_counts",
            Self::OpenStream => "open_stream",
            Self::Subscribe => "subscribe",
            Self::Unsubscribe => "unsubscribe",
            Self::SubscribeAccount => "subscribe_account",
            Self::Authenticate => "authenticate",
            Self::PingStream => "ping_stream",
        }
    }

    /// How it is made, in the words of HTTP; `WS` for what goes over a socket.
    #[must_use]
    pub const fn method(self) -> &'static str {
        match self {
            Self::PlaceOrder | Self::ReplaceOrder | Self::PlaceOco => "POST",
            Self::AmendOrder => "PUT",
            Self::CancelOrder | Self::CancelOpenOrders | Self::CancelOrderList => "DELETE",
            Self::OpenStream
            | Self::Subscribe
            | Self::Unsubscribe
            | Self::SubscribeAccount
            | Self::Authenticate
            | Self::PingStream => "WS",
            Self::Ping
            | Self::ServerTime
            | Self::Catalog
            | Self::Depth
            | Self::Bars
            | Self::Ticker
            | Self::QueryOrder
            | Self::OpenOrders
            | Self::QueryOrderList
            | Self::OpenOrderLists
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
            | Self::QueryOrderList
            | Self::OpenOrderLists
            | Self::OrderHistory
            | Self::FillHistory
            | Self::Account
            | Self::OrderCounts => Effect::Read,
            Self::CancelOrder
            | Self::CancelOrderList
            | Self::AmendOrder
            | Self::OpenStream
            | Self::Subscribe
            | Self::Unsubscribe
            | Self::SubscribeAccount
            | Self::Authenticate
            | Self::PingStream => Effect::Idempotent,
            Self::PlaceOrder | Self::ReplaceOrder | Self::PlaceOco | Self::CancelOpenOrders => {
                Effect::Once
            }
        }
    }

    /// How many parts it has that can end each in its own way.
    #[must_use]
    pub const fn legs(self) -> u8 {
        match self {
            Self::ReplaceOrder | Self::PlaceOco => 2,
            Self::Ping
            | Self::ServerTime
            | Self::Catalog
            | Self::Depth
            | Self::Bars
            | Self::Ticker
            | Self::PlaceOrder
            | Self::AmendOrder
            | Self::CancelOrder
            | Self::CancelOpenOrders
            | Self::CancelOrderList
            | Self::QueryOrder
            | Self::OpenOrders
            | Self::QueryOrderList
            | Self::OpenOrderLists
            | Self::OrderHistory
            | Self::FillHistory
            | Self::Account
            | Self::OrderCounts
            | Self::OpenStream
            | Self::Subscribe
            | Self::Unsubscribe
            | Self::SubscribeAccount
            | Self::Authenticate
            | Self::PingStream => 1,
        }
    }

    /// Whose concurrency it takes part in.
    #[must_use]
    pub const fn group(self) -> EndpointGroup {
        match self {
            Self::PlaceOrder
            | Self::ReplaceOrder
            | Self::AmendOrder
            | Self::PlaceOco
            | Self::CancelOrder
            | Self::CancelOpenOrders
            | Self::CancelOrderList => EndpointGroup::Orders,
            Self::QueryOrder
            | Self::OpenOrders
            | Self::QueryOrderList
            | Self::OpenOrderLists
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
            Self::OpenStream
            | Self::Subscribe
            | Self::Unsubscribe
            | Self::SubscribeAccount
            | Self::Authenticate
            | Self::PingStream => EndpointGroup::Streams,
        }
    }

    /// Whether it places new orders, which a venue counts.
    #[must_use]
    pub const fn places_orders(self) -> bool {
        matches!(self, Self::PlaceOrder | Self::ReplaceOrder | Self::PlaceOco)
    }

    /// Whether the call carries a signature.
    #[must_use]
    pub const fn is_signed(self) -> bool {
        matches!(
            self,
            Self::PlaceOrder
                | Self::ReplaceOrder
                | Self::AmendOrder
                | Self::PlaceOco
                | Self::CancelOrder
                | Self::CancelOpenOrders
                | Self::CancelOrderList
                | Self::QueryOrder
                | Self::OpenOrders
                | Self::QueryOrderList
                | Self::OpenOrderLists
                | Self::OrderHistory
                | Self::FillHistory
                | Self::Account
                | Self::OrderCounts
                | Self::SubscribeAccount
                | Self::Authenticate
        )
    }
}

//! The table of methods: one row for each thing the venue can be asked, whichever way it is asked.
//!
//! REST routes and WebSocket API names lead to the same rows, so weights, security and handlers
//! are written once (rest-api.md and web-socket-api.md, read 2026-11).

use serde_json::Value;

use super::body::Body;
use super::desk::Reply;
use super::params::Params;

/// What can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Method {
    Ping,
    Time,
    ExchangeInfo,
    Depth,
    Trades,
    Klines,
    AveragePrice,
    TickerDay,
    TickerPrice,
    TickerBook,
    OrderPlace,
    OrderTest,
    OrderStatus,
    OrderCancel,
    OpenOrders,
    OpenOrdersCancel,
    OrderReplace,
    OrderAmend,
    OcoPlace,
    OrderListCancel,
    OrderListStatus,
    OpenOrderLists,
    AllOrders,
    MyTrades,
    Account,
    RateLimitOrders,
    Commission,
}

/// What only a WebSocket API session can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SessionMethod {
    Logon,
    Status,
    Logout,
    Subscriptions,
    Subscribe,
    SubscribeSigned,
    Unsubscribe,
}

/// Who answers: the desk behind both doors, or the session itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    Desk(Method),
    Session(SessionMethod),
}

/// Who may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Security {
    /// Anybody.
    Public,
    /// A key, by a signed request.
    UserData,
    /// A key that may trade, by a signed request.
    Trade,
}

/// One row of the table.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) ask: Ask,
    /// HTTP verb and path; empty for what only the WebSocket API has.
    pub(crate) route: &'static str,
    /// Name in the WebSocket API.
    pub(crate) ws: &'static str,
    pub(crate) security: Security,
}

const fn row(method: Method, route: &'static str, ws: &'static str, security: Security) -> Row {
    Row { ask: Ask::Desk(method), route, ws, security }
}

const fn session(method: SessionMethod, ws: &'static str, security: Security) -> Row {
    Row { ask: Ask::Session(method), route: "", ws, security }
}

use Security::{Public, Trade, UserData};

/// Every method.
pub(crate) const TABLE: &[Row] = &[
    row(Method::Ping, "GET /api/v3/ping", "ping", Public),
    row(Method::Time, "GET /api/v3/time", "time", Public),
    row(Method::ExchangeInfo, "GET /api/v3/exchangeInfo", "exchangeInfo", Public),
    row(Method::Depth, "GET /api/v3/depth", "depth", Public),
    row(Method::Trades, "GET /api/v3/trades", "trades.recent", Public),
    row(Method::Klines, "GET /api/v3/klines", "klines", Public),
    row(Method::AveragePrice, "GET /api/v3/avgPrice", "avgPrice", Public),
    row(Method::TickerDay, "GET /api/v3/ticker/24hr", "ticker.24hr", Public),
    row(Method::TickerPrice, "GET /api/v3/ticker/price", "ticker.price", Public),
    row(Method::TickerBook, "GET /api/v3/ticker/bookTicker", "ticker.book", Public),
    row(Method::OrderPlace, "POST /api/v3/order", "order.place", Trade),
    row(Method::OrderTest, "POST /api/v3/order/test", "order.test", Trade),
    row(Method::OrderStatus, "GET /api/v3/order", "order.status", UserData),
    row(Method::OrderCancel, "DELETE /api/v3/order", "order.cancel", Trade),
    row(Method::OpenOrders, "GET /api/v3/openOrders", "openOrders.status", UserData),
    row(Method::OpenOrdersCancel, "DELETE /api/v3/openOrders", "openOrders.cancelAll", Trade),
    row(Method::OrderReplace, "POST /api/v3/order/cancelReplace", "order.cancelReplace", Trade),
    row(
        Method::OrderAmend,
        "PUT /api/v3/order/amend/keepPriority",
        "order.amend.keepPriority",
        Trade,
    ),
    row(Method::OcoPlace, "POST /api/v3/orderList/oco", "orderList.place.oco", Trade),
    row(Method::OrderListCancel, "DELETE /api/v3/orderList", "orderList.cancel", Trade),
    row(Method::OrderListStatus, "GET /api/v3/orderList", "orderList.status", UserData),
    row(Method::OpenOrderLists, "GET /api/v3/openOrderList", "openOrderLists.status", UserData),
    row(Method::AllOrders, "GET /api/v3/allOrders", "allOrders", UserData),
    row(Method::MyTrades, "GET /api/v3/myTrades", "myTrades", UserData),
    row(Method::Account, "GET /api/v3/account", "account.status", UserData),
    row(
        Method::RateLimitOrders,
        "GET /api/v3/rateLimit/order",
        "account.rateLimits.orders",
        UserData,
    ),
    row(Method::Commission, "GET /api/v3/account/commission", "account.commission", UserData),
    session(SessionMethod::Logon, "session.logon", UserData),
    session(SessionMethod::Status, "session.status", Public),
    session(SessionMethod::Logout, "session.logout", Public),
    session(SessionMethod::Subscriptions, "session.subscriptions", Public),
    session(SessionMethod::Subscribe, "userDataStream.subscribe", Public),
    session(SessionMethod::SubscribeSigned, "userDataStream.subscribe.signature", UserData),
    session(SessionMethod::Unsubscribe, "userDataStream.unsubscribe", Public),
];

/// The row of a REST request, if there is one.
pub(crate) fn by_route(verb: &str, path: &str) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.route.split_once(' ') == Some((verb, path)))
}

/// Whether a path exists under some verb.
pub(crate) fn has_path(path: &str) -> bool {
    TABLE.iter().any(|row| row.route.split_once(' ').is_some_and(|(_, known)| known == path))
}

/// The row of a WebSocket API request; names may carry the version in front (`v3/ping`).
pub(crate) fn by_name(name: &str) -> Option<&'static Row> {
    let name = name.strip_prefix("v3/").unwrap_or(name);
    TABLE.iter().find(|row| row.ws == name)
}

impl Row {
    /// What the request costs the IP. For order entry this is the price of failing.
    pub(crate) fn weight(&self, params: &Params) -> u32 {
        match self.ask {
            Ask::Desk(method) => method.weight(params),
            Ask::Session(_) => 2,
        }
    }

    /// Whether what it costs is known by its answer alone (changelog 2026-04-02).
    pub(crate) const fn is_order_entry(&self) -> bool {
        matches!(
            self.ask,
            Ask::Desk(
                Method::OrderPlace
                    | Method::OrderCancel
                    | Method::OpenOrdersCancel
                    | Method::OrderReplace
                    | Method::OrderAmend
                    | Method::OcoPlace
                    | Method::OrderListCancel
            )
        )
    }

    /// Whether an order entry that was answered so costs nothing: a success, of amendments only
    /// one that ended the order (changelog 2026-04-02, update).
    pub(crate) fn is_free(&self, reply: &Reply) -> bool {
        let has_ended = |body: &Body| {
            serde_json::from_str::<Value>(body.get())
                .is_ok_and(|body| body["amendedOrder"]["status"] == "EXPIRED")
        };
        let is_amend = self.ask == Ask::Desk(Method::OrderAmend);
        reply.as_ref().is_ok_and(|body| !is_amend || has_ended(body))
    }

    /// Whether it places orders.
    pub(crate) const fn places(&self) -> bool {
        matches!(self.ask, Ask::Desk(Method::OrderPlace | Method::OrderReplace | Method::OcoPlace))
    }
}

impl Method {
    fn weight(self, params: &Params) -> u32 {
        let symbols = || params.peek("symbols").map(|text| text.matches(',').count() + 1);
        let one_or_all = |one, all| if params.has("symbol") { one } else { all };
        match self {
            Self::Ping
            | Self::Time
            | Self::OrderPlace
            | Self::OrderCancel
            | Self::OpenOrdersCancel
            | Self::OrderReplace
            | Self::OcoPlace
            | Self::OrderListCancel => 1,
            Self::ExchangeInfo | Self::AllOrders | Self::Account | Self::Commission => 20,
            Self::Depth => match params.peek("limit").map_or(Ok(100), str::parse::<u64>) {
                Ok(0..=100) | Err(_) => 5,
                Ok(101..=500) => 25,
                Ok(501..=1_000) => 50,
                Ok(_) => 250,
            },
            Self::Trades => 25,
            Self::Klines | Self::AveragePrice => 2,
            Self::TickerDay => match symbols() {
                _ if params.has("symbol") => 2,
                Some(0..=20) => 2,
                Some(21..=100) => 40,
                Some(_) | None => 80,
            },
            Self::TickerPrice | Self::TickerBook => one_or_all(2, 4),
            Self::OrderTest => match params.peek("computeCommissionRates") {
                Some("true") => 20,
                Some(_) | None => 1,
            },
            Self::OrderStatus | Self::OrderAmend | Self::OrderListStatus => 4,
            Self::OpenOrderLists => 6,
            Self::OpenOrders => one_or_all(6, 80),
            Self::MyTrades => {
                if params.has("orderId") {
                    5
                } else {
                    20
                }
            }
            Self::RateLimitOrders => 40,
        }
    }
}

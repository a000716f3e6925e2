//! The table of endpoints: one row for each thing the venue can be asked, with the number of times
//! a second that it may be (the page of each endpoint, read 2026-11).
//!
//! Every path has a counter of its own: public ones count an address, private ones an account.

/// What can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ask {
    Time,
    TradeRate,
    Symbols,
    Tickers,
    OrderBook,
    Candles,
    HistoryCandles,
    Trades,
    Place,
    PlaceBatch,
    Cancel,
    CancelBatch,
    CancelSymbol,
    Replace,
    ReplaceBatch,
    OrderInfo,
    OpenOrders,
    OrderHistory,
    Fills,
    AccountInfo,
    Assets,
}

/// Who may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Security {
    /// Anybody.
    Public,
    /// A key, by a signed request.
    Read,
    /// A key that may trade, by a signed request.
    Trade,
}

/// One row of the table.
#[derive(Debug)]
pub(super) struct Endpoint {
    pub(super) ask: Ask,
    /// HTTP verb and path.
    pub(super) route: &'static str,
    /// So often in a second.
    pub(super) per_second: u32,
    pub(super) security: Security,
}

const fn row(ask: Ask, route: &'static str, per_second: u32, security: Security) -> Endpoint {
    Endpoint { ask, route, per_second, security }
}

use Security::{Public, Read, Trade};

/// Every endpoint.
const TABLE: &[Endpoint] = &[
    row(Ask::Time, "GET /api/v2/public/time", 20, Public),
    row(Ask::TradeRate, "GET /api/v2/common/trade-rate", 10, Read),
    row(Ask::Symbols, "GET /api/v2/spot/public/symbols", 20, Public),
    row(Ask::Tickers, "GET /api/v2/spot/market/tickers", 20, Public),
    row(Ask::OrderBook, "GET /api/v2/spot/market/orderbook", 20, Public),
    row(Ask::Candles, "GET /api/v2/spot/market/candles", 20, Public),
    row(Ask::HistoryCandles, "GET /api/v2/spot/market/history-candles", 20, Public),
    row(Ask::Trades, "GET /api/v2/spot/market/fills", 10, Public),
    row(Ask::Place, "POST /api/v2/spot/trade/place-order", 10, Trade),
    row(Ask::PlaceBatch, "POST /api/v2/spot/trade/batch-orders", 5, Trade),
    row(Ask::Cancel, "POST /api/v2/spot/trade/cancel-order", 10, Trade),
    row(Ask::CancelBatch, "POST /api/v2/spot/trade/batch-cancel-order", 10, Trade),
    row(Ask::CancelSymbol, "POST /api/v2/spot/trade/cancel-symbol-order", 5, Trade),
    row(Ask::Replace, "POST /api/v2/spot/trade/cancel-replace-order", 5, Trade),
    row(Ask::ReplaceBatch, "POST /api/v2/spot/trade/batch-cancel-replace-order", 5, Trade),
    row(Ask::OrderInfo, "GET /api/v2/spot/trade/orderInfo", 20, Read),
    row(Ask::OpenOrders, "GET /api/v2/spot/trade/unfilled-orders", 20, Read),
    row(Ask::OrderHistory, "GET /api/v2/spot/trade/history-orders", 20, Read),
    row(Ask::Fills, "GET /api/v2/spot/trade/fills", 10, Read),
    row(Ask::AccountInfo, "GET /api/v2/spot/account/info", 1, Read),
    row(Ask::Assets, "GET /api/v2/spot/account/assets", 10, Read),
];

/// The row of a request, if there is one.
pub(super) fn by_route(verb: &str, path: &str) -> Option<&'static Endpoint> {
    TABLE.iter().find(|row| row.route.split_once(' ') == Some((verb, path)))
}

impl Endpoint {
    /// Whether what it is refused is an order that was not placed.
    pub(super) const fn places(&self) -> bool {
        matches!(self.ask, Ask::Place | Ask::Replace)
    }
}

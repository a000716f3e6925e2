//! The venue's statements about orders and trades.

use serde::{Deserialize, Serialize};

use crate::id::{Asset, ClientOrderId, OrderListId, Symbol, TradeId, VenueOrderId};
use crate::money::{Notional, Price, Quantity};
use crate::order::Side;
use crate::time::Timestamp;
use rust_decimal::Decimal;

/// One trade of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fill {
    /// The venue's number of it, unique per symbol: what makes fills a set.
    pub trade_id: TradeId,
    /// At this price.
    pub price: Price,
    /// So much.
    pub qty: Quantity,
    /// Which fee; negative for a rebate.
    pub commission: Decimal,
    /// In which asset; none when there was no fee.
    pub commission_asset: Option<Asset>,
    /// Whether we rested and the other side came.
    pub is_maker: bool,
    /// When.
    pub at: Timestamp,
}

/// What a venue calls the state of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReportedStatus {
    /// Accepted, not yet working: the pending leg of a list.
    PendingNew,
    /// Rests.
    Open,
    /// Rests, part of it traded.
    PartiallyFilled,
    /// All of it traded.
    Filled,
    /// Canceled.
    Canceled,
    /// Refused.
    Rejected,
    /// Ended by the venue.
    Expired,
    /// A word we do not know; a venue may add one tomorrow.
    Unknown(String),
}

/// A venue's statement about one order, from a reply, a stream or a query alike.
///
/// Statements commute: the engine takes the one that is further along, whichever comes first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecutionReport {
    /// On which symbol.
    pub symbol: Symbol,
    /// Our name of the order; none where the venue does not give it.
    pub client_order_id: Option<ClientOrderId>,
    /// The venue's name of it.
    pub venue_order_id: VenueOrderId,
    /// Which way.
    pub side: Side,
    /// What the venue calls its state.
    pub status: ReportedStatus,
    /// Whether it lives and is not in the book: it waits for its trigger, or for another order.
    #[serde(default)]
    pub is_waiting: bool,
    /// The list it belongs to, if it belongs to one.
    #[serde(default)]
    pub list: Option<OrderListId>,
    /// The price, where the kind has one.
    pub price: Option<Price>,
    /// The price that sets it off, where the kind has one; also after it was set off.
    #[serde(default)]
    pub trigger_price: Option<Price>,
    /// How much was asked for; zero where the venue counts in quote asset.
    pub qty: Quantity,
    /// What has traded so far.
    pub cum_qty: Quantity,
    /// What that cost or brought; none where the venue does not say (Binance answers a negative
    /// number for old orders).
    pub cum_quote: Option<Notional>,
    /// The trades this statement tells of: at most one on a stream, all of them in the full reply
    /// to a new order, none in a query.
    pub fills: Vec<Fill>,
    /// Why, for a rejection or expiry.
    pub reason: Option<String>,
    /// When it happened, by the venue's clock.
    pub at: Timestamp,
}

/// How far a list of orders has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReportedListStatus {
    /// At least one of its orders lives.
    Executing,
    /// None of them does.
    Done,
    /// The venue did not take it, or did not do what was asked of it.
    Rejected,
    /// A word we do not know; a venue may add one tomorrow.
    Unknown(String),
}

/// A venue's statement about a list of orders. What became of each order is told by a report of
/// its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderListReport {
    /// On which symbol.
    pub symbol: Symbol,
    /// The venue's name of the list.
    pub list: OrderListId,
    /// Our name of it; none for a name that cannot be ours.
    pub client_list_id: Option<ClientOrderId>,
    /// How far it has come.
    pub status: ReportedListStatus,
    /// Its orders by both names, in the venue's order.
    pub orders: Vec<(VenueOrderId, Option<ClientOrderId>)>,
    /// Why, for a rejection.
    pub reason: Option<String>,
    /// When, by the venue's clock.
    pub at: Timestamp,
}

/// A trade of ours from a history: it names its order by the venue's id alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoricFill {
    /// On which symbol.
    pub symbol: Symbol,
    /// Of which order.
    pub venue_order_id: VenueOrderId,
    /// Which way.
    pub side: Side,
    /// The trade.
    pub fill: Fill,
}

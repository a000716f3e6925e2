//! What happened, in the order it happened.
//!
//! Account events and market events share one queue, so that a front can keep their order. Of one
//! call, an account first gets all its reports and then one change of balance, all with the same
//! time (market orders FAQ, read 2026-11).

use std::sync::Arc;

use rust_decimal::Decimal;
use tradewind_model::Timestamp;

use super::kline::{Interval, Kline};
use super::lists::OrderListView;
use super::order::{AccountId, FillView, OrderView, PreventedMatch, Side};
use super::reject::Reject;

/// One thing that happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ExchangeEvent {
    /// An order of an account changed.
    Execution(Box<ExecutionReport>),
    /// Balances of an account changed.
    Balance(BalanceChange),
    /// A list of orders of an account changed.
    List(Box<ListChange>),
    /// A trade, for everybody.
    Trade(TradeView),
    /// One level of a book has a new quantity.
    Depth(DepthChange),
    /// The best prices or their quantities changed.
    BookTicker(BookTicker),
    /// A bar closed. The one in progress is asked for:
    /// [`Exchange::current_kline`](super::Exchange::current_kline).
    Kline {
        /// The venue's spelling of the instrument.
        symbol: Arc<str>,
        /// The length of the bar.
        interval: Interval,
        /// The bar.
        kline: Kline,
    },
}

/// What an execution report tells.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ExecType {
    /// Accepted.
    New,
    /// Traded.
    Trade,
    /// Canceled by its owner.
    Canceled,
    /// Ended by the rules of its kind.
    Expired,
    /// Lost quantity to self-trade prevention.
    TradePrevention,
    /// Its owner lowered its quantity.
    Replaced,
    /// Not accepted, after the order in whose stead it was to come was canceled.
    Rejected,
}

impl ExecType {
    /// The word of the wire, such as `TRADE_PREVENTION`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "NEW",
            Self::Trade => "TRADE",
            Self::Canceled => "CANCELED",
            Self::Expired => "EXPIRED",
            Self::TradePrevention => "TRADE_PREVENTION",
            Self::Replaced => "REPLACED",
            Self::Rejected => "REJECTED",
        }
    }
}

/// One change of one order of an account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExecutionReport {
    /// Whose order.
    pub account: AccountId,
    /// What happened to it.
    pub exec_type: ExecType,
    /// Unique and increasing per symbol (field `I`).
    pub execution_id: u64,
    /// The order after the change.
    pub order: OrderView,
    /// The trade, when `exec_type` is [`ExecType::Trade`].
    pub fill: Option<FillView>,
    /// The prevented match, when `exec_type` is [`ExecType::TradePrevention`].
    pub prevented: Option<PreventedMatch>,
    /// The id it had before, when `exec_type` is [`ExecType::Replaced`].
    pub previous_client_id: Option<String>,
    /// Why not, when `exec_type` is [`ExecType::Rejected`].
    pub reject: Option<Reject>,
    /// Whether the order is in the book after it (field `w`).
    pub is_on_book: bool,
    /// Transaction time (field `T`).
    pub time: Timestamp,
}

impl ExecutionReport {
    /// Field `c`: the cancel's id when canceled, else the order's own.
    #[must_use]
    pub fn client_order_id(&self) -> &str {
        match (self.exec_type, &self.order.cancel_client_order_id) {
            (ExecType::Canceled, Some(id)) => id,
            _ => &self.order.client_order_id,
        }
    }

    /// Field `C`: the order's own id when canceled, the one before when amended, else empty.
    #[must_use]
    pub fn orig_client_order_id(&self) -> &str {
        match (self.exec_type, &self.previous_client_id) {
            (ExecType::Canceled, _) => &self.order.client_order_id,
            (ExecType::Replaced, Some(id)) => id,
            _ => "",
        }
    }

    /// The quantity self-trade prevention took off this order in this report (field `B`).
    #[must_use]
    pub fn last_prevented_qty(&self) -> Option<Decimal> {
        let prevented = self.prevented.as_ref()?;
        if prevented.maker_order_id == self.order.order_id {
            prevented.maker_prevented_qty
        } else {
            prevented.taker_prevented_qty
        }
    }
}

/// What is new about a list of orders.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ListNews {
    /// It was accepted.
    Started,
    /// One of its orders has another client order id.
    Updated,
    /// None of its orders lives.
    Done,
}

impl ListNews {
    /// The word of the wire for the kind of news (`listStatusType`).
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Started => "EXEC_STARTED",
            Self::Updated => "UPDATED",
            Self::Done => "ALL_DONE",
        }
    }
}

/// One change of one list of orders of an account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListChange {
    /// Whose list.
    pub account: AccountId,
    /// What is new.
    pub news: ListNews,
    /// The list after the change.
    pub list: OrderListView,
    /// Transaction time (field `T`).
    pub time: Timestamp,
}

/// One asset of an account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BalanceView {
    /// Which asset.
    pub asset: Arc<str>,
    /// What it may use, never negative.
    pub free: Decimal,
    /// What its open orders hold, never negative.
    pub locked: Decimal,
}

/// Balances after a change: absolute, and only of the assets that may have changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BalanceChange {
    /// Whose.
    pub account: AccountId,
    /// When.
    pub time: Timestamp,
    /// By asset name.
    pub balances: Vec<BalanceView>,
}

/// A trade as everybody sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TradeView {
    /// The venue's spelling of the instrument.
    pub symbol: Arc<str>,
    /// Unique and increasing per symbol, without gaps.
    pub id: u64,
    /// Quote per base.
    pub price: Decimal,
    /// Base quantity.
    pub qty: Decimal,
    /// Quote quantity: price × qty.
    pub quote_qty: Decimal,
    /// When.
    pub time: Timestamp,
    /// Whether the buyer's order was the resting one.
    pub is_buyer_maker: bool,
}

/// One level of a book after a change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DepthChange {
    /// The venue's spelling of the instrument.
    pub symbol: Arc<str>,
    /// One more than that of the change before, per symbol.
    pub update_id: u64,
    /// `Buy` for a bid, `Sell` for an ask.
    pub side: Side,
    /// Which level.
    pub price: Decimal,
    /// Its whole quantity now; zero when the level is gone.
    pub qty: Decimal,
    /// When.
    pub time: Timestamp,
}

/// The best bid and ask. A side without orders has price and quantity zero.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BookTicker {
    /// The venue's spelling of the instrument.
    pub symbol: Arc<str>,
    /// The update id of the book it shows.
    pub update_id: u64,
    /// Best bid.
    pub bid_price: Decimal,
    /// Quantity at the best bid.
    pub bid_qty: Decimal,
    /// Best ask.
    pub ask_price: Decimal,
    /// Quantity at the best ask.
    pub ask_qty: Decimal,
}

/// The best levels of a book.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Depth {
    /// The update id of the last change it holds.
    pub last_update_id: u64,
    /// (price, quantity), best (highest) first.
    pub bids: Vec<(Decimal, Decimal)>,
    /// (price, quantity), best (lowest) first.
    pub asks: Vec<(Decimal, Decimal)>,
}

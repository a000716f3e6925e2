//! Questions about orders: which one, which of them, and what a cancel answers.

use tradewind_model::Timestamp;

use super::lists::OrderListView;
use super::order::OrderView;

/// Which order: by the venue's id, by the client's, or by both, which must then agree.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct OrderRef {
    /// The venue's id.
    pub order_id: Option<u64>,
    /// The id it was placed under. Of a reused id, the latest order.
    pub client_order_id: Option<String>,
}

impl OrderRef {
    /// By the venue's id.
    #[must_use]
    pub const fn id(order_id: u64) -> Self {
        Self { order_id: Some(order_id), client_order_id: None }
    }

    /// By the client's id.
    #[must_use]
    pub fn client(client_order_id: &str) -> Self {
        Self { order_id: None, client_order_id: Some(client_order_id.to_owned()) }
    }
}

/// Which list of orders: by the venue's id, by the client's, or by both, which must then agree.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct OrderListRef {
    /// The venue's id.
    pub list_id: Option<u64>,
    /// The id it was placed under. Of a reused id, the latest list.
    pub client_list_id: Option<String>,
}

/// Which states a cancel insists on (`cancelRestrictions`).
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum CancelRestriction {
    /// Any open order.
    #[default]
    Any,
    /// Only an order that has not traded.
    OnlyNew,
    /// Only an order that has.
    OnlyPartiallyFilled,
}

/// A cancel that happened: of one order, or of the list it belongs to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Canceled {
    /// Of an order by itself, or of what was left of a list.
    Order(Box<Cancellation>),
    /// Of a list none of whose orders had begun to work.
    List {
        /// The list after it.
        list: OrderListView,
        /// Its orders, in the order of their ids.
        orders: Vec<Cancellation>,
    },
}

impl Canceled {
    /// Every order it ended.
    #[must_use]
    pub fn orders(&self) -> &[Cancellation] {
        match self {
            Self::Order(order) => std::slice::from_ref(order),
            Self::List { orders, .. } => orders,
        }
    }
}

/// The end of an order by a cancel.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cancellation {
    /// The order after it; its `client_order_id` is the one it was placed under
    /// (`origClientOrderId` of the reply).
    pub order: OrderView,
    /// The cancel's own id, given or generated (`clientOrderId` of the reply).
    pub client_order_id: String,
    /// When.
    pub time: Timestamp,
}

/// Which orders of a history, always answered oldest first.
///
/// With `from_id`, the oldest with that id or above. With `start`, the oldest from there. Else the
/// newest, up to `end` if given (rest-api.md, account endpoints, read 2026-11).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OrderFilter {
    /// The lowest order id.
    pub from_id: Option<u64>,
    /// The earliest time of acceptance.
    pub start: Option<Timestamp>,
    /// The latest time of acceptance.
    pub end: Option<Timestamp>,
    /// How many at most.
    pub limit: usize,
}

/// Which fills of a history, always answered oldest first, by the rules of [`OrderFilter`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FillFilter {
    /// Only of this order.
    pub order_id: Option<u64>,
    /// The lowest trade id.
    pub from_id: Option<u64>,
    /// The earliest time.
    pub start: Option<Timestamp>,
    /// The latest time.
    pub end: Option<Timestamp>,
    /// How many at most.
    pub limit: usize,
}

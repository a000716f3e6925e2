//! What order entry asks for: orders, pairs, replacements, amendments.

use serde::{Deserialize, Serialize};

use crate::id::{ClientOrderId, OrderListId, Symbol, VenueOrderId};
use crate::money::Quantity;
use crate::order::{Oco, OrderKind, Side};
use crate::outcome::LegId;

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

/// How a list of orders is named to the venue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum OrderListRef {
    /// By our name.
    Client(ClientOrderId),
    /// By the venue's name.
    Venue(OrderListId),
}

/// An order to cancel and another to place in its stead, on the same symbol.
///
/// The venue does one after the other, and either may fail: there is a fate for each. Its rules
/// for the new order it checks before it cancels, so an order that breaks one costs nothing; what
/// the matching engine minds it finds out afterwards.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Replacement {
    /// The order to cancel; one that belongs to a list takes the list with it.
    pub cancel: OrderRef,
    /// The order to place. What the first one fills until it is canceled is not taken off.
    pub order: NewOrder,
    /// What to do when a part of the first one has traded.
    pub when_traded: WhenTraded,
    /// What to do when there is nothing to cancel.
    pub when_not_canceled: WhenNotCanceled,
    /// What to do when the account may place no order now.
    pub when_over_limit: WhenOverLimit,
}

impl Replacement {
    /// The leg that cancels.
    pub const CANCEL: LegId = LegId(0);
    /// The leg that places.
    pub const PLACE: LegId = LegId(1);
}

/// Whether an order is canceled of which a part has traded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhenTraded {
    /// It is.
    Cancel,
    /// It stays, and counts as not canceled: so the one in its stead never comes on top of what
    /// has traded.
    Leave,
}

/// Whether an order is placed though the one before it was not canceled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhenNotCanceled {
    /// It is not: the first one has filled, or is still there.
    Stop,
    /// It is: then both may come to trade.
    PlaceAnyway,
}

/// Whether an order is canceled though the limit of new orders leaves no room for the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhenOverLimit {
    /// It stays.
    DoNothing,
    /// It goes.
    CancelOnly,
}

/// A lower quantity for an order that lives, which keeps its place in the queue.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Amendment {
    /// On this symbol.
    pub symbol: Symbol,
    /// Which order.
    pub order: OrderRef,
    /// Our name of it, which it is to keep: a venue may give a new one to what it amends.
    pub client_order_id: ClientOrderId,
    /// The whole quantity from now on, what has traded included: above zero and below what it is.
    /// The venue takes no increase.
    pub qty: Quantity,
}

/// A pair of orders as a venue is asked for it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NewOco {
    /// Our name of the pair.
    pub client_list_id: ClientOrderId,
    /// Our name of the order that takes the profit.
    pub take_id: ClientOrderId,
    /// Our name of the order that stops the loss.
    pub stop_id: ClientOrderId,
    /// On this symbol.
    pub symbol: Symbol,
    /// Buy or sell, both of them.
    pub side: Side,
    /// Both orders.
    pub pair: Oco,
}

impl NewOco {
    /// The leg that takes the profit.
    pub const TAKE: LegId = LegId(0);
    /// The leg that stops the loss.
    pub const STOP: LegId = LegId(1);
}

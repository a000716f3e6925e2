//! What a strategy is told, and what it tells the engine.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::balance::{Balance, Fees};
use crate::call::WhenNotCanceled;
use crate::id::{AccountId, ClientOrderId, InstrumentId, VenueId};
use crate::instrument::Instrument;
use crate::market::{Bar, Book, Interval, Quote, Trade};
use crate::money::Quantity;
use crate::order::{OcoRequest, OrderRequest, OrderUpdate};
use crate::position::Position;
use crate::setback::Setback;
use crate::stream::Feed;
use crate::time::Timestamp;

/// What a strategy tells the engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// It has seen its beginning: whatever it wants before the venue is live has been asked for.
    Started,
    /// Place an order under a name that has never been used.
    Submit {
        /// Its name.
        client_order_id: ClientOrderId,
        /// The order.
        request: OrderRequest,
    },
    /// Send an order once more by itself, under its name, should it be certain that the venue never
    /// had it. It is done for what can only rest, while the order's time has not passed, and at
    /// most once; said right behind the order.
    AllowResend {
        /// Its name.
        client_order_id: ClientOrderId,
    },
    /// Cancel an order.
    Cancel {
        /// Its name.
        client_order_id: ClientOrderId,
    },
    /// Place two orders of which at most one trades, under names that have never been used.
    SubmitPair {
        /// The name of both together.
        pair_id: ClientOrderId,
        /// The name of the one that takes the profit.
        take_id: ClientOrderId,
        /// The name of the one that stops the loss.
        stop_id: ClientOrderId,
        /// Both orders.
        request: OcoRequest,
    },
    /// Cancel an order and place another in its stead: in one request where the venue has one,
    /// else the second once the first is known to be gone.
    Replace {
        /// The order to cancel.
        client_order_id: ClientOrderId,
        /// The name of the new one.
        replacement_id: ClientOrderId,
        /// The new one. Its quantity is the total wanted of both, so that what the first has
        /// traded is taken off; its own, if it is to be placed anyway.
        request: OrderRequest,
        /// Whether it is wanted though the first could not be canceled.
        when_not_canceled: WhenNotCanceled,
    },
    /// Lower the quantity of an order that lives; it keeps its place in the queue.
    Amend {
        /// Its name.
        client_order_id: ClientOrderId,
        /// The whole quantity from now on, what has traded included.
        qty: Quantity,
    },
    /// Cancel orders on an instrument.
    CancelAll {
        /// On this one.
        instrument: InstrumentId,
        /// Whose.
        whose: Whose,
    },
    /// Follow a feed.
    Subscribe {
        /// Of this instrument.
        instrument: InstrumentId,
        /// This one.
        feed: Feed,
    },
    /// Fetch closed bars, to be told before the strategy is live.
    History {
        /// Of this instrument.
        instrument: InstrumentId,
        /// Of this length.
        interval: Interval,
        /// So many, the newest.
        bars: u32,
    },
    /// Keep a value under a key; none forgets it.
    Remember {
        /// The key.
        key: String,
        /// The value.
        value: Option<String>,
    },
}

/// Whose orders are to be canceled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Whose {
    /// The strategy's own, each by its name.
    Own,
    /// Everybody's on the account: of other strategies, of other processes and of people too.
    Everybodys,
}

/// What a strategy is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Notice {
    /// The beginning, before everything else.
    Started(Box<Recovered>),
    /// A new best bid or ask.
    Quote(InstrumentId, Quote),
    /// A trade of anybody's.
    Trade(InstrumentId, Trade),
    /// The best levels of a book.
    Book(InstrumentId, Book),
    /// A bar: closed, still open, or from history.
    Bar(InstrumentId, Bar),
    /// News of one of its orders.
    Order(Box<OrderUpdate>),
    /// Something it asked for about an order did not come about.
    Setback(Box<Setback>),
    /// Balances that may have changed, absolute.
    Balances(Vec<Balance>),
    /// News of the venue.
    Venue(VenueStatus),
    /// The end: nothing it asks for is done any more.
    Stopping,
}

/// What a strategy finds when it starts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recovered {
    /// Its instruments, with their rules.
    pub instruments: Vec<Instrument>,
    /// Its orders that are not over.
    pub orders: Vec<OrderUpdate>,
    /// What its own trades in each instrument have come to.
    pub positions: BTreeMap<InstrumentId, Position>,
    /// The account's balances.
    pub balances: Vec<Balance>,
    /// What trades cost.
    pub fees: Fees,
    /// What it had asked to be kept.
    pub store: BTreeMap<String, String>,
}

/// How far a strategy can trust what it sees of its venue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum VenueStatus {
    /// Streams are up and everything that happened has been told; orders are accepted.
    Live,
    /// Something may have happened that is not known yet; new orders are denied, cancels pass.
    Stale {
        /// Why.
        reason: String,
    },
    /// The venue has shut its door; nothing leaves before then.
    Shut {
        /// Until when, by our clock.
        until: Timestamp,
        /// Why.
        reason: String,
    },
    /// New orders on an instrument go elsewhere from here on, and so its quotes come from there.
    /// It is news and no state: what was told before holds, until something else is told.
    Moved {
        /// Of what.
        instrument: InstrumentId,
        /// To which exchange.
        venue: VenueId,
        /// With which login.
        account: AccountId,
        /// Why.
        reason: String,
    },
}

//! What a router is told.

use tradewind_engine::Route;
use tradewind_model::Decimal;
use tradewind_model::balance::Balance;
use tradewind_model::id::{ClientOrderId, InstrumentId, StrategyId, VenueId};
use tradewind_model::instrument::Instrument;
use tradewind_model::market::Quote;
use tradewind_model::order::{OrderRequest, OrderUpdate};

use crate::decision::Holding;
use crate::health::News;
use crate::routes::Load;

/// Something that a router is told. What concerns a route that is not configured changes nothing.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// News of a route.
    Health {
        /// Which.
        route: Route,
        /// What.
        news: News,
    },
    /// What rests on a route is known, every order of it told; the answer to
    /// [`crate::Action::Reconcile`].
    Reconciled {
        /// Which.
        route: Route,
    },
    /// How much of a route is in use.
    Load {
        /// Which.
        route: Route,
        /// So much.
        load: Load,
    },
    /// What is traded at an exchange, with its rules: those named replace what was known of them.
    Catalog {
        /// Which exchange.
        venue: VenueId,
        /// The instruments.
        instruments: Vec<Instrument>,
    },
    /// Balances of a route's account, absolute.
    Balances {
        /// Which route.
        route: Route,
        /// Those that may have changed.
        balances: Vec<Balance>,
    },
    /// A best bid and ask at a route.
    Quote {
        /// Which route.
        route: Route,
        /// Of what.
        instrument: InstrumentId,
        /// Bid and ask.
        quote: Quote,
    },
    /// What a strategy holds at a route, as found at the start, before any order is told.
    Held {
        /// Which route.
        route: Route,
        /// Whose, and of what.
        holding: Holding,
        /// So much base asset; below zero when more was sold.
        base: Decimal,
    },
    /// A strategy is going to trade an instrument: it gets a home now, rather than with its first
    /// order.
    Enlist {
        /// Whose, and of what.
        holding: Holding,
    },
    /// A strategy wants an order, under a name that has never been used.
    Submit {
        /// Which strategy.
        strategy: StrategyId,
        /// The name.
        id: ClientOrderId,
        /// The order.
        request: OrderRequest,
    },
    /// A strategy does not want an order any more.
    Cancel {
        /// Its name.
        id: ClientOrderId,
    },
    /// News of an order, from the route's engine.
    Order {
        /// Which route.
        route: Route,
        /// Whose order.
        strategy: StrategyId,
        /// The news.
        update: Box<OrderUpdate>,
    },
    /// An order that was to be called back has provably never left, and is over at the route.
    /// One that has left is not answered for: its news go on.
    Recalled {
        /// Which route.
        route: Route,
        /// Its name.
        id: ClientOrderId,
    },
}

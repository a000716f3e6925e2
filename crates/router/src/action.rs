//! What a router wants done.

use tradewind_engine::Route;
use tradewind_model::id::{ClientOrderId, StrategyId};
use tradewind_model::order::{Denied, OrderRequest, OrderUpdate};

use crate::decision::{Decision, Holding};
use crate::routes::Endpoint;

/// Something to be done, in the order given. What follows a decision waits until that is written
/// down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Write this down, and tell the strategies that it concerns.
    Decided(Box<Decision>),
    /// Hand an order to a route's engine.
    Place {
        /// Which route.
        route: Route,
        /// Whose order.
        strategy: StrategyId,
        /// Its name.
        id: ClientOrderId,
        /// The order, as that route can take it.
        request: OrderRequest,
    },
    /// Cancel an order.
    Cancel {
        /// At which route.
        route: Route,
        /// Its name.
        id: ClientOrderId,
    },
    /// Take an order back if it has not left; see [`crate::Event::Recalled`].
    Recall {
        /// From which route.
        route: Route,
        /// Its name.
        id: ClientOrderId,
    },
    /// Find out what rests on a route, and say so; see [`crate::Event::Reconciled`].
    Reconcile {
        /// Which.
        route: Route,
    },
    /// Calls of a route go to this base URL from here on.
    UseEndpoint {
        /// Which route.
        route: Route,
        /// The base URL.
        endpoint: Endpoint,
    },
    /// A strategy's feeds of an instrument come from this route from here on.
    Follow {
        /// Whose, and of what.
        holding: Holding,
        /// Which route.
        route: Route,
    },
    /// Tell a strategy of one of its orders.
    Tell {
        /// Which strategy.
        strategy: StrategyId,
        /// The news.
        update: Box<OrderUpdate>,
    },
    /// Tell a strategy that an order goes nowhere.
    Deny {
        /// Which strategy.
        strategy: StrategyId,
        /// The order's name.
        id: ClientOrderId,
        /// The order, as it was asked for.
        request: OrderRequest,
        /// Why.
        denied: Box<Denied>,
    },
}

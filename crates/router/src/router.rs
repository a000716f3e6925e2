//! One value above the engines: events in, actions out.
//!
//! Each route has an engine of its own, which knows what is true of its orders. What is decided
//! here is only which of them a wish is handed to, and what may be taken from one to another. Four
//! rules hold whatever comes:
//!
//! - A wish has one order that may live. It goes elsewhere only when the first one is known not to
//!   be there: refused by the venue, or never sent. One that was ever in doubt stays for good.
//! - Nothing new is handed to a route that is shut, or that shares what is shut.
//! - New intents of a strategy on an instrument are moved at most once a window.
//! - What is decided is said before it is done.

mod limiting;
mod mirroring;
mod moving;
mod placing;
mod recovery;
mod reports;
mod settling;

use std::collections::{BTreeMap, VecDeque};

use tradewind_engine::Route;
use tradewind_model::id::{
    AccountId, Asset, ClientOrderId, ClientOrderIds, InstrumentId, StrategyId, VenueId,
};
use tradewind_model::instrument::Instrument;
use tradewind_model::market::Quote;
use tradewind_model::order::OrderRequest;
use tradewind_model::trading::TradingLimits;
use tradewind_model::{Decimal, Timestamp};

use crate::action::Action;
use crate::assignment::Standing;
use crate::decision::{Decision, DecisionKind, Holding, Reason};
use crate::endpoints::Endpoints;
use crate::event::Event;
use crate::failover::Outlook;
use crate::health::{Health, News};
use crate::mirrors::Mirrors;
use crate::orders::{Exposure, Orders};
use crate::policy::Policy;
use crate::routes::{Load, Routes};

/// What a router is made of.
#[derive(Clone, Debug)]
pub struct RouterConfig {
    /// The routes, the most preferred first.
    pub routes: Routes,
    /// How to go about it.
    pub policy: Policy,
    /// What may be traded over all routes together.
    pub limits: Limits,
    /// Names for orders of its own, which are mirrors; from a slot that no strategy has.
    pub ids: ClientOrderIds,
}

/// What an operator has set. Of each, the open orders and the worth of a position are held over all
/// routes together; the rest is for each engine to hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Of all strategies together.
    pub all: TradingLimits,
    /// Of each; one that is not in it has none of its own.
    pub strategies: BTreeMap<StrategyId, TradingLimits>,
}

/// Which route a wish goes by, for all strategies of a process.
#[derive(Clone, Debug)]
pub struct Router {
    routes: Routes,
    policy: Policy,
    limits: Limits,
    ids: ClientOrderIds,
    health: Health,
    endpoints: Endpoints,
    standings: BTreeMap<Holding, Standing>,
    wishes: BTreeMap<ClientOrderId, Wish>,
    orders: Orders,
    mirrors: Mirrors,
    /// Where wishes of an earlier life had been tried.
    tried_before: BTreeMap<ClientOrderId, Vec<Route>>,
    catalog: BTreeMap<(VenueId, InstrumentId), Instrument>,
    balances: BTreeMap<(VenueId, AccountId), BTreeMap<Asset, Decimal>>,
    quotes: BTreeMap<(Route, InstrumentId), Quote>,
    loads: BTreeMap<Route, Load>,
    actions: VecDeque<Action>,
}

/// What a strategy wants, as it asked for it.
#[derive(Clone, Debug)]
struct Wish {
    strategy: StrategyId,
    request: OrderRequest,
    /// Where its order is.
    at: Route,
    /// Where it has been, `at` among them; it never goes back.
    tried: Vec<Route>,
    /// Whether anybody still wants it.
    is_wanted: bool,
}

impl Router {
    /// The most wishes that are not over at a time.
    pub const WISHES_MAX: usize = 16_384;

    /// A router that knows nothing yet: no route can be used before it is told to be live.
    #[must_use]
    pub fn new(config: RouterConfig) -> Self {
        let RouterConfig { routes, policy, limits, ids } = config;
        Self {
            health: Health::new(&routes, policy.patience),
            endpoints: Endpoints::new(&routes, policy.window),
            routes,
            policy,
            limits,
            ids,
            standings: BTreeMap::new(),
            wishes: BTreeMap::new(),
            orders: Orders::default(),
            mirrors: Mirrors::default(),
            tried_before: BTreeMap::new(),
            catalog: BTreeMap::new(),
            balances: BTreeMap::new(),
            quotes: BTreeMap::new(),
            loads: BTreeMap::new(),
            actions: VecDeque::new(),
        }
    }

    /// Takes an event. Drain [`Self::poll`] afterwards.
    pub fn handle(&mut self, now: Timestamp, event: Event) {
        match event {
            Event::Health { route, news } => self.tell(now, route, news),
            Event::Reconciled { route } => self.reconciled(now, route),
            Event::Load { route, load } => {
                if self.routes.get(&route).is_some() {
                    self.loads.insert(route, load);
                }
            }
            Event::Catalog { venue, instruments } => {
                for instrument in instruments {
                    self.catalog.insert((venue, instrument.id.clone()), instrument);
                }
            }
            Event::Balances { route, balances } => {
                if self.routes.get(&route).is_some() {
                    let of = self.balances.entry((route.venue, route.account)).or_default();
                    of.extend(balances.into_iter().map(|balance| (balance.asset, balance.free)));
                }
            }
            Event::Quote { route, instrument, quote } => {
                if self.routes.get(&route).is_some() {
                    self.quotes.insert((route, instrument), quote);
                }
            }
            Event::Held { route, holding, base } => {
                if self.routes.get(&route).is_some() {
                    self.orders.set_held(holding, route, base);
                }
            }
            Event::Submit { strategy, id, request } => self.submit(now, strategy, id, request),
            Event::Cancel { id } => self.cancel(&id),
            Event::Enlist { holding } => self.enlist(now, &holding),
            Event::Order { route, strategy, update } => {
                if self.routes.get(&route).is_some() {
                    self.report(now, route, strategy, *update);
                }
            }
            Event::Recalled { route, id } => self.recalled(now, route, id),
        }
        self.settle(now);
    }

    /// Does what has become due. To be called at [`Self::wakeup`].
    pub fn wake(&mut self, now: Timestamp) {
        self.settle(now);
    }

    /// The next thing to be done; none when there is nothing.
    pub fn poll(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// The next moment at which something may become due; none when only an event can bring it.
    #[must_use]
    pub fn wakeup(&self, now: Timestamp) -> Option<Timestamp> {
        let outlook = self.outlook();
        let standings = self.standings.values();
        let standings = standings.filter_map(|standing| outlook.wakeup(now, standing));
        let endpoints = self.routes.names().filter_map(|route| self.endpoints.due(&route));
        let due = standings.chain(endpoints).chain(self.health.wakeup(now));
        due.filter(|at| *at > now).min()
    }

    /// Where a strategy's intents on an instrument go; none before the first of them.
    #[must_use]
    pub fn standing(&self, holding: &Holding) -> Option<Standing> {
        self.standings.get(holding).copied()
    }

    /// What is known of the routes.
    #[must_use]
    pub const fn health(&self) -> &Health {
        &self.health
    }

    /// The orders that are not over, at all routes.
    #[must_use]
    pub const fn orders(&self) -> &Orders {
        &self.orders
    }

    /// The orders that were placed for others.
    #[must_use]
    pub const fn mirrors(&self) -> &Mirrors {
        &self.mirrors
    }

    /// The base URL in use at a route; none when that is not configured.
    #[must_use]
    pub fn endpoint(&self, route: &Route) -> Option<&crate::routes::Endpoint> {
        self.endpoints.of(route)
    }

    /// What a strategy may come to hold of an instrument, over all routes.
    #[must_use]
    pub fn exposure(&self, holding: &Holding) -> Exposure {
        self.orders.exposure(holding)
    }

    fn outlook(&self) -> Outlook<'_> {
        Outlook { routes: &self.routes, health: &self.health, window: self.policy.window }
    }

    fn lists(&self, route: &Route, instrument: &InstrumentId) -> bool {
        self.catalog.contains_key(&(route.venue, instrument.clone()))
    }

    fn tell(&mut self, now: Timestamp, route: Route, news: News) {
        let is_fault = news == News::TransportFault;
        for opened in self.health.tell(now, route, news) {
            let reason = Reason::Policy;
            self.decide(now, DecisionKind::Reopening, None, Some(opened), reason);
            self.actions.push_back(Action::Reconcile { route: opened });
        }
        if is_fault {
            let cause = self.health.trouble(now, &route);
            if let Some((way, faults)) = self.endpoints.fault(now, route, cause.as_ref()) {
                self.use_endpoint(now, way, Reason::Faults(faults));
            }
        }
    }

    fn use_endpoint(&mut self, now: Timestamp, way: crate::way::ToEndpoint, reason: Reason) {
        let (route, endpoint) = (way.route(), way.to().clone());
        self.decide(now, DecisionKind::Endpoint(way), Some(route), Some(route), reason);
        self.actions.push_back(Action::UseEndpoint { route, endpoint });
    }

    fn decide(
        &mut self,
        at: Timestamp,
        kind: DecisionKind,
        from: Option<Route>,
        to: Option<Route>,
        reason: Reason,
    ) {
        let decision = Decision { at, kind, from, to, reason };
        self.actions.push_back(Action::Decided(Box::new(decision)));
    }
}

#[cfg(test)]
mod tests;

//! A router with engines and venues beneath it, whose truth the tests know and it does not.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tradewind_engine::Route;
use tradewind_model::balance::Balance;
use tradewind_model::id::{Asset, ClientOrderId, ClientOrderIds, VenueId};
use tradewind_model::money::Quantity;
use tradewind_model::order::{Denied, Link, OrderRequest, OrderState, OrderUpdate, Side};
use tradewind_model::outcome::RefusalKind;
use tradewind_model::{Decimal, Timestamp};
use tradewind_scheduler::{ScopeKey, ShutReason};

use super::super::{Limits, Router, RouterConfig};
use crate::cases::{at, decimal, holding, instrument, routes_of};
use crate::decision::{Decision, DecisionKind, Holding};
use crate::event::Event;
use crate::health::News;
use crate::policy::Policy;
use crate::{Action, Standing};

/// What is true of an order, which an engine may not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Truth {
    /// In the engine's queue.
    Waiting,
    /// On the wire or at the venue, with no answer yet.
    Sent,
    /// The answer was lost; whether the venue has it is not known to anybody.
    Doubt {
        /// But it is known here.
        is_there: bool,
    },
    /// It rests, with so much traded.
    Live,
    /// It is over.
    Over,
}

pub(super) struct Order {
    pub(super) request: OrderRequest,
    pub(super) truth: Truth,
    pub(super) traded: Quantity,
    pub(super) was_doubted: bool,
    pub(super) is_unwanted: bool,
}

pub(super) struct Desk {
    pub(super) router: Router,
    pub(super) now: Timestamp,
    pub(super) routes: Vec<Route>,
    pub(super) orders: BTreeMap<(Route, ClientOrderId), Order>,
    pub(super) shut: BTreeSet<(VenueId, ScopeKey)>,
    pub(super) decisions: Vec<Decision>,
    pub(super) denied: Vec<(ClientOrderId, Denied)>,
    pub(super) told: Vec<(ClientOrderId, OrderState)>,
    pub(super) placed: Vec<(Timestamp, Route, ClientOrderId)>,
    pub(super) to_reconcile: BTreeSet<Route>,
    pub(super) recalls: Vec<(Route, ClientOrderId)>,
    pub(super) window: Duration,
    next: u32,
}

impl Desk {
    /// All routes live, with balances, and the instrument with the same rules everywhere.
    pub(super) fn new(routes: &[Route], policy: Policy) -> Self {
        Self::limited(routes, policy, Limits::default())
    }

    /// The same, where an operator has set limits.
    pub(super) fn limited(routes: &[Route], policy: Policy, limits: Limits) -> Self {
        let ids = ClientOrderIds::new(99, at(0));
        let config = RouterConfig { routes: routes_of(routes), policy, limits, ids };
        let mut desk = Self {
            router: Router::new(config),
            now: at(0),
            routes: routes.to_vec(),
            orders: BTreeMap::new(),
            shut: BTreeSet::new(),
            decisions: Vec::new(),
            denied: Vec::new(),
            told: Vec::new(),
            placed: Vec::new(),
            to_reconcile: BTreeSet::new(),
            recalls: Vec::new(),
            window: policy.window,
            next: 0,
        };
        for route in routes {
            let instruments = vec![instrument("0.01", "0.001", "5")];
            desk.handle(Event::Catalog { venue: route.venue, instruments });
            let rich = |asset: &str| Balance {
                asset: Asset::new(asset),
                free: decimal("1000000000"),
                locked: Decimal::ZERO,
            };
            let balances = vec![rich("BTC"), rich("USDT")];
            desk.handle(Event::Balances { route: *route, balances });
            desk.handle(Event::Health { route: *route, news: News::Live });
        }
        desk
    }

    pub(super) fn handle(&mut self, event: Event) {
        self.router.handle(self.now, event);
        self.drain();
    }

    pub(super) fn news(&mut self, route: Route, news: News) {
        self.handle(Event::Health { route, news });
    }

    pub(super) fn shut(&mut self, route: Route, scope: ScopeKey) {
        self.shut.insert((route.venue, scope));
        let news = News::Shut { scope, until: None, reason: ShutReason::Banned };
        self.news(route, news);
    }

    pub(super) fn open(&mut self, route: Route, scope: ScopeKey) {
        self.shut.remove(&(route.venue, scope));
        self.news(route, News::Opened { scope });
    }

    pub(super) fn reconcile(&mut self) {
        for route in std::mem::take(&mut self.to_reconcile) {
            self.handle(Event::Reconciled { route });
        }
    }

    /// Lets time pass, with every moment that the router asked for.
    pub(super) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        for _ in 0..1_000 {
            let Some(wakeup) = self.router.wakeup(self.now).filter(|wakeup| *wakeup <= end) else {
                break;
            };
            assert!(wakeup > self.now, "it asks for a moment that is past");
            self.now = wakeup;
            self.router.wake(self.now);
            self.drain();
        }
        self.now = end;
        self.router.wake(self.now);
        self.drain();
    }

    pub(super) fn submit(&mut self, strategy: &str, request: OrderRequest) -> ClientOrderId {
        self.next += 1;
        let id = crate::cases::id(self.next);
        self.handle(Event::Submit { strategy: holding(strategy).strategy, id, request });
        id
    }

    pub(super) fn standing(&self, strategy: &str) -> Standing {
        self.router.standing(&holding(strategy)).expect("it has submitted")
    }

    /// Where an order that is not over is.
    pub(super) fn place_of(&self, id: ClientOrderId) -> Vec<Route> {
        let live =
            self.orders.iter().filter(|((_, of), order)| *of == id && order.truth != Truth::Over);
        live.map(|((route, _), _)| *route).collect()
    }

    pub(super) fn kinds(&self) -> Vec<DecisionKind> {
        self.decisions.iter().map(|decision| decision.kind.clone()).collect()
    }

    /// The engine says what has become of an order.
    pub(super) fn become_(&mut self, route: Route, id: ClientOrderId, state: OrderState) {
        self.become_with(route, id, state, None, None, Quantity::ZERO);
    }

    pub(super) fn become_with(
        &mut self,
        route: Route,
        id: ClientOrderId,
        state: OrderState,
        denied: Option<Denied>,
        refusal: Option<RefusalKind>,
        traded: Quantity,
    ) {
        let order = self.orders.get_mut(&(route, id)).expect("it was placed there");
        order.traded = order.traded + traded;
        order.was_doubted |= state == OrderState::InDoubt;
        order.truth = match state {
            OrderState::Pending => Truth::Waiting,
            OrderState::InFlight => Truth::Sent,
            OrderState::InDoubt => Truth::Doubt { is_there: true },
            OrderState::Open | OrderState::PartiallyFilled => Truth::Live,
            OrderState::Filled
            | OrderState::Canceled
            | OrderState::Rejected
            | OrderState::Expired
            | OrderState::Denied => Truth::Over,
        };
        let qty = order.request.kind.qty().unwrap_or_default();
        let leaves =
            if state.is_terminal() { Quantity::ZERO } else { qty.saturating_sub(order.traded) };
        let update = OrderUpdate {
            client_order_id: id,
            venue_order_id: None,
            instrument: order.request.instrument.clone(),
            side: order.request.side,
            kind: order.request.kind,
            tag: order.request.tag,
            link: Link::Alone,
            state,
            cum_qty: order.traded,
            cum_quote: tradewind_model::money::Notional::ZERO,
            leaves_qty: leaves,
            fill: None,
            reason: None,
            denied,
            refusal,
            at: self.now,
        };
        let strategy = self.router.orders().get(&(route, id)).map(|of| of.holding.strategy);
        let strategy = strategy.unwrap_or_else(|| holding("grid").strategy);
        self.handle(Event::Order { route, strategy, update: Box::new(update) });
    }

    /// What is really held, and really open at the worst, of all strategies.
    pub(super) fn really_held(&self) -> Decimal {
        self.orders.values().fold(Decimal::ZERO, |sum, order| match order.request.side {
            Side::Buy => sum + order.traded.get(),
            Side::Sell => sum - order.traded.get(),
        })
    }

    /// Whether an order by this route would knock at a shut door, or round one.
    pub(super) fn is_forbidden(&self, route: &Route) -> bool {
        let mine = self
            .routes
            .iter()
            .filter(|other| (other.venue, other.account) == (route.venue, route.account));
        mine.into_iter().any(|one| {
            self.shut.contains(&(one.venue, ScopeKey::Egress(one.egress)))
                || self.shut.contains(&(one.venue, ScopeKey::Account(one.account)))
                || self.shut.contains(&(one.venue, ScopeKey::NewOrders(one.account)))
        })
    }

    fn drain(&mut self) {
        while let Some(action) = self.router.poll() {
            match action {
                Action::Decided(decision) => self.decisions.push(*decision),
                Action::Place { route, id, request, .. } => self.take(route, id, request),
                Action::Cancel { route, id } => {
                    if let Some(order) = self.orders.get_mut(&(route, id)) {
                        order.is_unwanted = true;
                    }
                }
                Action::Recall { route, id } => {
                    self.recalls.push((route, id));
                    let order = self.orders.get_mut(&(route, id)).expect("it was placed there");
                    if order.truth == Truth::Waiting {
                        order.truth = Truth::Over;
                        self.router.handle(self.now, Event::Recalled { route, id });
                    }
                }
                Action::Reconcile { route } => {
                    self.to_reconcile.insert(route);
                }
                Action::Tell { update, .. } => {
                    self.told.push((update.client_order_id, update.state));
                }
                Action::Deny { id, denied, .. } => self.denied.push((id, *denied)),
                Action::UseEndpoint { .. } | Action::Follow { .. } => {}
            }
        }
    }

    /// What must never be wrong is looked at where it would go wrong.
    fn take(&mut self, route: Route, id: ClientOrderId, request: OrderRequest) {
        assert!(!self.is_forbidden(&route), "{id} goes to {route:?}, which is shut or shares it");
        for ((at, of), order) in &self.orders {
            if *of == id {
                assert_ne!(*at, route, "{id} goes back to where it was");
                assert_eq!(
                    order.truth,
                    Truth::Over,
                    "{id} may live at {at:?} and goes to {route:?}"
                );
                assert!(!order.was_doubted, "{id} was in doubt at {at:?} and goes to {route:?}");
                assert!(order.traded.is_zero(), "{id} has traded at {at:?} and goes to {route:?}");
            }
        }
        self.placed.push((self.now, route, id));
        let order = Order {
            request,
            truth: Truth::Waiting,
            traded: Quantity::ZERO,
            was_doubted: false,
            is_unwanted: false,
        };
        self.orders.insert((route, id), order);
    }

    /// The moves of each strategy's new intents.
    pub(super) fn moves(&self) -> BTreeMap<Holding, Vec<Timestamp>> {
        let mut moves: BTreeMap<Holding, Vec<Timestamp>> = BTreeMap::new();
        for decision in &self.decisions {
            if let DecisionKind::FailedOver(holding)
            | DecisionKind::FailedBack(holding)
            | DecisionKind::Reassigned(holding) = &decision.kind
            {
                moves.entry(holding.clone()).or_default().push(decision.at);
            }
        }
        moves
    }
}

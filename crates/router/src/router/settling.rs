//! What follows from the state of the routes, after each event and whenever time has passed.

use tradewind_engine::Route;
use tradewind_model::Timestamp;
use tradewind_model::id::ClientOrderId;

use super::Router;
use crate::action::Action;
use crate::assignment::Standing;
use crate::decision::{DecisionKind, Holding, Reason};
use crate::failover::Step;
use crate::orders::{Key, Stage};
use crate::policy::OnOpen;

impl Router {
    /// Brings everything to where it should be. Doing so twice changes nothing the second time.
    pub(super) fn settle(&mut self, now: Timestamp) {
        let holdings: Vec<Holding> = self.standings.keys().cloned().collect();
        for holding in holdings {
            self.step(now, &holding);
        }
        self.recall_unsent(now);
        self.mirror_resting(now);
        self.return_to_endpoints(now);
    }

    /// A route is known again: what rested there is canceled first, if that is the policy, and of
    /// each order and its mirror one goes.
    pub(super) fn reconciled(&mut self, now: Timestamp, route: Route) {
        let was_asked = self.health.reconciled(now, route);
        // Shut once more, it will be reconciled once more.
        if !was_asked || self.health.shut_for(&route).is_some() {
            return;
        }
        self.decide(now, DecisionKind::Reopened, None, Some(route), Reason::Policy);
        let pairs: Vec<_> = self.mirrors.iter().filter(|pair| pair.original.0 == route).collect();
        for pair in pairs {
            self.undo(now, &pair);
        }
        if self.policy.on_open == OnOpen::CancelFirst {
            self.cancel_first(now, route);
        }
    }

    fn cancel_first(&mut self, now: Timestamp, route: Route) {
        let rest: Vec<ClientOrderId> = self
            .orders
            .at(route)
            .filter(|(_, placed)| {
                placed.stage == Stage::Resting && placed.request.kind.trigger().is_none()
            })
            .map(|((_, id), _)| *id)
            .collect();
        for id in rest {
            let kind = DecisionKind::CanceledFirst(id);
            self.decide(now, kind, Some(route), None, Reason::Policy);
            self.actions.push_back(Action::Cancel { route, id });
        }
    }

    fn step(&mut self, now: Timestamp, holding: &Holding) {
        let Some(standing) = self.standings.get(holding).copied() else { return };
        let lists = |route: &Route| self.lists(route, &holding.instrument);
        let Some(step) = self.outlook().step(now, &standing, lists) else {
            if standing.is_stranded {
                let there = Standing { is_stranded: false, ..standing };
                self.standings.insert(holding.clone(), there);
            }
            return;
        };
        let (kind, to, reason) = match step {
            Step::Away { to, reason } => (DecisionKind::FailedOver(holding.clone()), to, reason),
            Step::Home { reason } => {
                (DecisionKind::FailedBack(holding.clone()), standing.home, reason)
            }
            Step::Nowhere { reason } => {
                if !standing.is_stranded {
                    let stranded = Standing { is_stranded: true, ..standing };
                    self.standings.insert(holding.clone(), stranded);
                    let kind = DecisionKind::Stranded(holding.clone());
                    self.decide(now, kind, Some(standing.active), None, reason);
                }
                return;
            }
        };
        let moved =
            Standing { active: to, moved_at: Some(now), is_stranded: false, home: standing.home };
        self.standings.insert(holding.clone(), moved);
        self.decide(now, kind, Some(standing.active), Some(to), reason);
        self.actions.push_back(Action::Follow { holding: holding.clone(), route: to });
    }

    /// Asks back what waits at a route that cannot be used, where it could go by another.
    fn recall_unsent(&mut self, now: Timestamp) {
        let waiting: Vec<Key> = self
            .orders
            .iter()
            .filter(|((route, _), placed)| {
                let active = self.standings.get(&placed.holding).map(|standing| standing.active);
                placed.stage == Stage::Handed
                    && !placed.is_recalled
                    && !placed.was_doubted
                    && !self.health.is_usable(now, route)
                    && active.is_some_and(|active| {
                        active != *route && self.health.is_usable(now, &active)
                    })
            })
            .map(|(key, _)| *key)
            .collect();
        for key in waiting {
            if let Some(placed) = self.orders.get_mut(&key) {
                placed.is_recalled = true;
            }
            self.actions.push_back(Action::Recall { route: key.0, id: key.1 });
        }
    }

    fn return_to_endpoints(&mut self, now: Timestamp) {
        let routes: Vec<Route> = self.routes.names().collect();
        for route in routes {
            let cause = self.health.trouble(now, &route);
            if let Some(way) = self.endpoints.back(now, route, cause.as_ref()) {
                self.use_endpoint(now, way, Reason::Healthy(now));
            }
        }
    }
}

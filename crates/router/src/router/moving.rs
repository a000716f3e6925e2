//! What may be taken from one route to another: a wish of which it is certain that it was not
//! placed.

use tradewind_engine::Route;
use tradewind_model::Timestamp;
use tradewind_model::id::ClientOrderId;
use tradewind_model::order::{Denied, OrderKind, OrderRequest};
use tradewind_model::outcome::RefusalKind;

use super::Router;
use crate::decision::{DecisionKind, Holding, Reason};
use crate::health::Cause;
use crate::orders::Stage;
use crate::way::Way;

/// Whether another route may answer differently to a wish that was denied here.
#[must_use]
pub(super) const fn may_move(denied: &Denied) -> bool {
    match denied {
        // About this route: its rules, its balance, its state.
        Denied::UnknownInstrument(_)
        | Denied::Filter(_)
        | Denied::InsufficientBalance { .. }
        | Denied::Full(_)
        | Denied::NotTaken(_)
        | Denied::NeverFits(_)
        | Denied::RefusedAlike { .. }
        | Denied::Unresolved(_)
        | Denied::Closed(_)
        | Denied::Unsupported(_) => true,
        // About the wish, or forbidden by somebody who means all routes; one that was ruled out
        // after a doubt is not sent again by anybody but its strategy; one whose time has passed
        // has passed everywhere.
        Denied::NotOpen(_)
        | Denied::DuplicateId(_)
        | Denied::Deadline { .. }
        | Denied::NotPlaced
        | Denied::Recalled
        | Denied::Unrecorded(_)
        | Denied::NotLower { .. }
        | Denied::Forbidden { .. }
        | Denied::ReduceOnly { .. }
        | Denied::Limit { .. }
        | Denied::CutOff(_) => false,
    }
}

/// Whether another route may answer differently to an order that this venue has refused.
#[must_use]
pub(super) const fn may_move_refused(refusal: RefusalKind, request: &OrderRequest) -> bool {
    match refusal {
        RefusalKind::Validation | RefusalKind::Auth | RefusalKind::Clock => true,
        // One that would have traded, or been set off, at once is news of the market, and for its
        // strategy.
        RefusalKind::Business => match request.kind {
            OrderKind::Limit { .. } | OrderKind::Market(_) => true,
            OrderKind::PostOnly { .. } | OrderKind::Triggered { .. } => false,
        },
        // Our order is there, or something is where nothing should be.
        RefusalKind::DuplicateOrder | RefusalKind::UnknownOrder => false,
    }
}

impl Router {
    /// Takes a wish, whose order at `from` is certain not to be, to the next route that can have
    /// it. Says whether there was one.
    pub(super) fn move_on(
        &mut self,
        now: Timestamp,
        from: Route,
        id: ClientOrderId,
        reason: Reason,
    ) -> bool {
        let Some(wish) = self.wishes.get(&id).filter(|wish| wish.is_wanted) else { return false };
        let (request, tried) = (wish.request.clone(), wish.tried.clone());
        let holding = Holding { strategy: wish.strategy, instrument: request.instrument.clone() };
        let cause = self.health.trouble(now, &from);
        for to in self.next_routes(now, from, cause.as_ref(), &holding, &tried) {
            let fitted = self
                .check_beside(&holding, to, &request, None)
                .and_then(|()| self.fit(to, &holding, &request));
            if let Ok(fitted) = fitted {
                self.decide(now, DecisionKind::Moved(id), Some(from), Some(to), reason);
                self.place(to, &holding, id, fitted);
                return true;
            }
        }
        false
    }

    /// Where a wish may go on: the active route first, then by preference; where it has been not
    /// again.
    fn next_routes(
        &self,
        now: Timestamp,
        from: Route,
        cause: Option<&Cause>,
        holding: &Holding,
        tried: &[Route],
    ) -> Vec<Route> {
        let active = self.standings.get(holding).map(|standing| standing.active);
        let others = self.routes.names().filter(|route| Some(*route) != active);
        let all = active.into_iter().chain(others);
        all.filter(|to| {
            !tried.contains(to)
                && self.lists(to, &holding.instrument)
                && self.health.is_usable(now, to)
                && Way::between(from, *to).is_some_and(|way| way.is_safe(cause))
        })
        .collect()
    }

    pub(super) fn recalled(&mut self, now: Timestamp, route: Route, id: ClientOrderId) {
        let key = (route, id);
        // An engine that says so of an order that has left is wrong, and not believed.
        let is_true = self.orders.get(&key).is_some_and(|placed| {
            placed.stage == Stage::Handed && !placed.was_doubted && placed.cum_qty.is_zero()
        });
        if !is_true {
            return;
        }
        let Some(placed) = self.orders.end(&key) else { return };
        self.settle(now);
        if self.mirrors.of(&id).is_some_and(|pair| pair.mirror == key) {
            self.mirror_over(now, &key);
            return;
        }
        if self.move_on(now, route, id, Reason::Recalled) {
            return;
        }
        let wish = self.wishes.remove(&id);
        let why = self.health.trouble(now, &route).map(|cause| cause.reason().to_string());
        let why = why.unwrap_or_else(|| Reason::Recalled.to_string());
        let request = wish.map_or(placed.request, |wish| wish.request);
        self.deny(placed.holding.strategy, id, request, Denied::Closed(why));
    }
}

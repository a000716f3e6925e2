//! Beginning where an earlier life ended, from the decisions that it has left.

use tradewind_model::money::Quantity;

use super::Router;
use crate::assignment::Standing;
use crate::decision::{Decision, DecisionKind, Holding};

impl Router {
    /// Takes a decision of an earlier life. All of them, in their order, and before any event, make
    /// a router whose intents go where they went: neither a window nor a route that was tried
    /// begins anew with the process.
    ///
    /// One that names a route that is not configured any more changes nothing.
    pub fn remember(&mut self, decision: &Decision) {
        let Decision { at, kind, from, to, .. } = decision;
        let to = to.filter(|route| self.routes.get(route).is_some());
        let from = from.filter(|route| self.routes.get(route).is_some());
        match (kind, from, to) {
            (DecisionKind::Assigned(holding), _, Some(home)) => {
                self.standings.insert(holding.clone(), Standing::at(home));
            }
            (DecisionKind::Reassigned(holding), _, Some(home)) => {
                let moved = Standing { moved_at: Some(*at), ..Standing::at(home) };
                self.standings.insert(holding.clone(), moved);
            }
            (
                DecisionKind::FailedOver(holding) | DecisionKind::FailedBack(holding),
                _,
                Some(active),
            ) => self
                .remember_move(holding, Standing { moved_at: Some(*at), ..Standing::at(active) }),
            (DecisionKind::Moved(id), Some(from), Some(_)) => {
                // Most of them are long over; of too many the oldest are.
                while self.tried_before.len() >= Self::WISHES_MAX {
                    self.tried_before.pop_first();
                }
                let tried = self.tried_before.entry(*id).or_default();
                if !tried.contains(&from) {
                    tried.push(from);
                }
            }
            (DecisionKind::Mirrored { original, mirror }, Some(from), Some(to)) => {
                // What had traded before is not known, and its news will count as a trade: then the
                // mirror goes, which trades less rather than more.
                self.mirrors.insert((from, *original), (to, *mirror), Quantity::ZERO);
                self.mirrors.consider(*at, self.policy.window, *original);
            }
            (DecisionKind::MirrorEnded { original, .. }, ..) => {
                if let Some(pair) = self.mirrors.of(original) {
                    self.mirrors.remove(&pair);
                }
            }
            (DecisionKind::Endpoint(way), ..) => self.endpoints.remember(*at, way),
            (
                DecisionKind::Assigned(_)
                | DecisionKind::Reassigned(_)
                | DecisionKind::FailedOver(_)
                | DecisionKind::FailedBack(_)
                | DecisionKind::Stranded(_)
                | DecisionKind::Moved(_)
                | DecisionKind::Mirrored { .. }
                | DecisionKind::NotMirrored(_)
                | DecisionKind::Reopening
                | DecisionKind::Reopened
                | DecisionKind::CanceledFirst(_)
                | DecisionKind::TurnedUp(_),
                ..,
            ) => {}
        }
    }

    fn remember_move(&mut self, holding: &Holding, moved: Standing) {
        let standing = self.standings.entry(holding.clone()).or_insert(moved);
        (standing.active, standing.moved_at) = (moved.active, moved.moved_at);
    }
}

//! Writing decisions down before anything follows from them.

use tradewind_engine::journal::Routed;
use tradewind_engine::{Event as EngineEvent, Route, Routing};

use super::{Output, Switchboard};
use crate::decision::{Decision, DecisionKind};

impl Decision {
    /// What it is about: a later decision about the same takes its place in the journal.
    #[must_use]
    pub fn subject(&self) -> String {
        match &self.kind {
            DecisionKind::Assigned(holding) | DecisionKind::Reassigned(holding) => {
                format!("home of {holding}")
            }
            DecisionKind::FailedOver(holding)
            | DecisionKind::FailedBack(holding)
            | DecisionKind::Stranded(holding) => format!("route of {holding}"),
            DecisionKind::Moved(id) => format!("order {id}"),
            DecisionKind::Mirrored { original, .. }
            | DecisionKind::NotMirrored(original)
            | DecisionKind::MirrorEnded { original, .. } => format!("mirror of {original}"),
            DecisionKind::CanceledFirst(id) | DecisionKind::TurnedUp(id) => {
                format!("rest of {id}")
            }
            DecisionKind::Reopening | DecisionKind::Reopened => {
                let route = self.to.or(self.from);
                route.map_or_else(String::new, |route| format!("door of {}", text(&route)))
            }
            DecisionKind::Endpoint(way) => format!("endpoint of {}", text(&way.route())),
        }
    }

    /// As the journal keeps it.
    #[must_use]
    pub fn routed(&self) -> Routed {
        // A decision holds nothing that JSON cannot say.
        let record = serde_json::to_string(self).unwrap_or_default();
        Routed { subject: self.subject(), what: self.to_string(), record }
    }

    /// What the journal has kept; none when it is of another version.
    #[must_use]
    pub fn read(routed: &Routed) -> Option<Self> {
        serde_json::from_str(&routed.record).ok()
    }
}

fn text(route: &Route) -> String {
    format!("{}/{}/{}", route.venue, route.account, route.egress)
}

impl Switchboard {
    /// Hands a decision to whoever writes down, and holds what follows from it.
    pub(super) fn note(&mut self, decision: Decision) -> Output {
        let Some(route) = self.writer() else { return Output::Decided(Box::new(decision)) };
        self.last_note += 1;
        self.noting = Some((self.last_note, route));
        let entry = Routing::Made(Box::new(decision.routed()));
        let event = EngineEvent::Route { number: self.last_note, entry };
        self.outputs.push_front(super::Step::Do(Output::Decided(Box::new(decision))));
        Output::Engine { route, event: Box::new(event) }
    }

    /// Whose journal holds the decisions: the most preferred route's, while there is one.
    fn writer(&self) -> Option<Route> {
        let is_there = |route: &&Route| self.lanes.get(route).is_some_and(|lane| !lane.is_gone);
        self.routes.iter().find(is_there).copied()
    }

    pub(super) fn noted(&mut self, number: u64) {
        if self.noting.is_some_and(|(noting, _)| noting == number) {
            self.noting = None;
        }
    }

    /// An engine that is gone answers for no decision any more.
    pub(super) fn unnoted(&mut self, gone: Route) {
        self.noting = self.noting.filter(|(_, by)| *by != gone);
    }
}

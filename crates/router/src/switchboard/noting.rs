//! Writing decisions down before anything follows from them.

use tradewind_engine::journal::Routed;
use tradewind_engine::{Event as EngineEvent, Route, Routing};
use tradewind_model::id::ClientOrderId;

use super::{Output, Step, Switchboard};
use crate::decision::{Decision, DecisionKind};

/// The number of what is written down and not waited for; decisions are counted from one.
const NOBODY_WAITS: u64 = 0;

impl Decision {
    /// What it is about: a later decision about the same takes its place in the journal. What a
    /// later life has to know is in nobody else's place, and what it need not know takes no more
    /// places than there are routes and strategies; the journal's log has each of them for itself.
    #[must_use]
    pub fn subject(&self) -> String {
        match &self.kind {
            DecisionKind::Assigned(holding) | DecisionKind::Reassigned(holding) => {
                format!("home of {holding}")
            }
            DecisionKind::FailedOver(holding) | DecisionKind::FailedBack(holding) => {
                format!("route of {holding}")
            }
            DecisionKind::Stranded(holding) => format!("no route of {holding}"),
            DecisionKind::Moved(id) => of_order(id),
            DecisionKind::Mirrored { original, .. }
            | DecisionKind::MirrorEnded { original, .. } => format!("mirror of {original}"),
            DecisionKind::NotMirrored(_) => format!("no mirror from {}", self.place()),
            DecisionKind::CanceledFirst(_) | DecisionKind::TurnedUp(_) => {
                format!("rest at {}", self.place())
            }
            DecisionKind::Reopening | DecisionKind::Reopened => {
                format!("door of {}", self.place())
            }
            DecisionKind::Endpoint(way) => format!("endpoint of {}", text(&way.route())),
        }
    }

    /// The route that it is about, where it came from before where it goes.
    fn place(&self) -> String {
        self.from.or(self.to).as_ref().map_or_else(String::new, text)
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

fn of_order(id: &ClientOrderId) -> String {
    format!("order {id}")
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
        self.remember_subject(&decision);
        if matches!(decision.kind, DecisionKind::MirrorEnded { .. }) {
            for over in self.over(&decision.subject()) {
                self.outputs.push_front(Step::Do(over));
            }
        }
        self.outputs.push_front(Step::Do(Output::Decided(Box::new(decision))));
        Output::Engine { route, event: Box::new(event) }
    }

    /// Decisions about single orders are kept for as long as the orders may be.
    pub(super) fn remember_subject(&mut self, decision: &Decision) {
        match decision.kind {
            DecisionKind::Moved(id) => drop(self.kept.insert(decision.subject(), vec![id])),
            DecisionKind::Mirrored { original, mirror } => {
                self.kept.insert(decision.subject(), vec![original, mirror]);
            }
            DecisionKind::MirrorEnded { .. } => drop(self.kept.remove(&decision.subject())),
            DecisionKind::Assigned(_)
            | DecisionKind::Reassigned(_)
            | DecisionKind::FailedOver(_)
            | DecisionKind::FailedBack(_)
            | DecisionKind::Stranded(_)
            | DecisionKind::NotMirrored(_)
            | DecisionKind::CanceledFirst(_)
            | DecisionKind::TurnedUp(_)
            | DecisionKind::Reopening
            | DecisionKind::Reopened
            | DecisionKind::Endpoint(_) => {}
        }
    }

    /// An order has come to its end: what was decided about it alone, no later life has to know.
    pub(super) fn write_off(&mut self, id: ClientOrderId) {
        let subject = of_order(&id);
        if self.kept.contains_key(&subject) && self.router.route_of(&id).is_none() {
            self.kept.remove(&subject);
            let over = self.over(&subject);
            over.into_iter().for_each(|output| self.push(output));
        }
    }

    /// All engines have told what they found: what was decided about orders that nobody has is over.
    pub(super) fn write_off_lost(&mut self) {
        let router = &self.router;
        let is_lost = |ids: &Vec<ClientOrderId>| ids.iter().all(|id| router.route_of(id).is_none());
        let lost: Vec<String> =
            self.kept.extract_if(.., |_, ids| is_lost(ids)).map(|(subject, _)| subject).collect();
        for output in lost.iter().flat_map(|subject| self.over(subject)).collect::<Vec<_>>() {
            self.push(output);
        }
    }

    /// Says in all journals that a subject is over. It may be in any, and nobody waits for it.
    fn over(&self, subject: &str) -> Vec<Output> {
        let there = self.lanes.iter().filter(|(_, lane)| !lane.is_gone);
        let over = |route: &Route| {
            let entry = Routing::Over { subject: subject.to_owned() };
            let event = Box::new(EngineEvent::Route { number: NOBODY_WAITS, entry });
            Output::Engine { route: *route, event }
        };
        there.map(|(route, _)| over(route)).collect()
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

//! What a strategy asks for, on its way to the engines.

use tradewind_engine::{Event as EngineEvent, Route};
use tradewind_model::Timestamp;
use tradewind_model::id::{ClientOrderId, InstrumentId, StrategyId};
use tradewind_model::notice::Command;

use super::Switchboard;
use crate::decision::Holding;
use crate::event::Event;

impl Switchboard {
    pub(super) fn command(&mut self, now: Timestamp, strategy: StrategyId, command: Command) {
        match command {
            Command::Submit { client_order_id, request } => {
                self.decide(now, Event::Submit { strategy, id: client_order_id, request });
            }
            Command::Cancel { client_order_id } => {
                self.decide(now, Event::Cancel { id: client_order_id });
            }
            Command::Started => {
                if let Some(desk) = self.desks.get_mut(&strategy) {
                    desk.has_started = true;
                }
                self.tell_present(strategy, &Command::Started);
            }
            Command::Subscribe { instrument, feed } => {
                if let Some(desk) = self.desks.get_mut(&strategy) {
                    desk.feeds.push((instrument.clone(), feed));
                }
                self.tell_present(strategy, &Command::Subscribe { instrument, feed });
            }
            // Each journal keeps it, so that any of them is enough to begin from.
            Command::Remember { .. } | Command::CancelAll { .. } => {
                self.tell_present(strategy, &command);
            }
            Command::History { ref instrument, .. } => {
                let route = self.followed(strategy, instrument);
                self.pass(route, strategy, command);
            }
            // What changes an order goes where that is.
            Command::AllowResend { client_order_id }
            | Command::Replace { client_order_id, .. }
            | Command::Amend { client_order_id, .. } => {
                let route = self.route_of(strategy, client_order_id);
                self.pass(route, strategy, command);
            }
            Command::SubmitPair { ref request, .. } => {
                let route = self.followed(strategy, &request.instrument);
                self.pass(route, strategy, command);
            }
        }
    }

    /// The route that a strategy's new orders of an instrument go by, and its quotes come from.
    pub(super) fn followed(
        &self,
        strategy: StrategyId,
        instrument: &InstrumentId,
    ) -> Option<Route> {
        let holding = Holding { strategy, instrument: instrument.clone() };
        let standing = self.router.standing(&holding);
        standing.map(|standing| standing.active).or_else(|| self.routes.first().copied())
    }

    fn route_of(&self, strategy: StrategyId, id: ClientOrderId) -> Option<Route> {
        let known = self.router.route_of(&id);
        // One that nobody knows is denied by the engine that would have had it.
        let first = self.desks.get(&strategy).and_then(|desk| desk.instruments.first());
        known.or_else(|| self.followed(strategy, first?))
    }

    fn pass(&mut self, route: Option<Route>, strategy: StrategyId, command: Command) {
        if let Some(route) = route {
            self.tell_engine(route, EngineEvent::Command { strategy, command });
        }
    }

    /// To every engine that serves the strategy by now.
    fn tell_present(&mut self, strategy: StrategyId, command: &Command) {
        let Some(desk) = self.desks.get(&strategy) else { return };
        let present: Vec<Route> = desk.present.iter().copied().collect();
        for route in present {
            self.pass(Some(route), strategy, command.clone());
        }
    }
}

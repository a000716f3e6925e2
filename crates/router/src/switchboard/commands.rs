//! What a strategy asks for, on its way to the engines.

use tradewind_engine::{Event as EngineEvent, Route};
use tradewind_model::Timestamp;
use tradewind_model::call::WhenNotCanceled;
use tradewind_model::id::{ClientOrderId, InstrumentId, StrategyId};
use tradewind_model::notice::{Command, Notice};
use tradewind_model::order::OrderRequest;

use super::Switchboard;
use super::notices::denied_update;
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
            Command::AllowResend { client_order_id } | Command::Amend { client_order_id, .. } => {
                let route = self.route_of(strategy, client_order_id);
                self.pass(route, strategy, command);
            }
            Command::Replace {
                client_order_id,
                replacement_id,
                ref request,
                when_not_canceled,
            } => {
                let route = self.route_of(strategy, client_order_id);
                let replaced = match when_not_canceled {
                    WhenNotCanceled::Stop => Some(client_order_id),
                    WhenNotCanceled::PlaceAnyway => None,
                };
                let asked = [(replacement_id, request.clone())];
                self.pass_within(now, route, strategy, &asked, replaced, command);
            }
            Command::SubmitPair { take_id, stop_id, ref request, .. } => {
                let route = self.followed(strategy, &request.instrument);
                let asked = [(take_id, request.take()), (stop_id, request.stop())];
                self.pass_within(now, route, strategy, &asked, None, command);
            }
        }
    }

    /// Hands on what places orders, unless one of them would exceed a limit over all routes: then
    /// all of them are denied, and what was to be replaced stays.
    fn pass_within(
        &mut self,
        now: Timestamp,
        route: Option<Route>,
        strategy: StrategyId,
        asked: &[(ClientOrderId, OrderRequest)],
        replaced: Option<ClientOrderId>,
        command: Command,
    ) {
        let Some(to) = route else { return };
        let denied = asked.iter().find_map(|(_, request)| {
            let holding = Holding { strategy, instrument: request.instrument.clone() };
            self.router.check_beside(&holding, to, request, replaced).err()
        });
        let Some(denied) = denied else { return self.pass(route, strategy, command) };
        for (id, request) in asked {
            let update = denied_update(now, *id, request.clone(), denied.clone());
            self.notify(strategy, Notice::Order(Box::new(update)));
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

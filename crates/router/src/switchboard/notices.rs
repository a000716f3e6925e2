//! What the engines tell strategies, made into one story.

use tradewind_engine::Route;
use tradewind_model::Timestamp;
use tradewind_model::balance::Balance;
use tradewind_model::id::{ClientOrderId, InstrumentId, StrategyId};
use tradewind_model::money::{Notional, Quantity};
use tradewind_model::notice::{Notice, VenueStatus};
use tradewind_model::order::{Denied, Link, OrderRequest, OrderState, OrderUpdate};

use super::{Output, Step, Switchboard};
use crate::action::Action;
use crate::decision::{Decision, DecisionKind, Holding};
use crate::event::Event;

impl Switchboard {
    pub(super) fn notice(
        &mut self,
        now: Timestamp,
        route: Route,
        strategy: StrategyId,
        notice: Notice,
    ) {
        match notice {
            Notice::Started(found) => self.found(now, route, strategy, *found),
            Notice::Order(update) => self.order_news(now, route, strategy, update),
            Notice::Balances(balances) => self.balances(now, route, strategy, balances),
            Notice::Venue(status) => {
                if let Some(desk) = self.desks.get_mut(&strategy) {
                    desk.statuses.insert(route, status);
                }
            }
            Notice::Quote(instrument, quote) => {
                if let Some(lane) = self.lanes.get_mut(&route) {
                    lane.quotes.insert(instrument.clone(), quote.clone());
                }
                let (of, told) = (instrument.clone(), quote.clone());
                self.decide(now, Event::Quote { route, instrument: of, quote: told });
                self.feed(route, strategy, &instrument.clone(), Notice::Quote(instrument, quote));
            }
            Notice::Trade(ref instrument, _)
            | Notice::Book(ref instrument, _)
            | Notice::Bar(ref instrument, _) => {
                let instrument = instrument.clone();
                self.feed(route, strategy, &instrument, notice);
            }
            Notice::Setback(_) => self.notify(strategy, notice),
            Notice::Stopping => {
                if let Some(desk) = self.desks.get_mut(&strategy)
                    && !std::mem::replace(&mut desk.is_stopping, true)
                {
                    self.notify(strategy, Notice::Stopping);
                }
            }
        }
    }

    fn order_news(
        &mut self,
        now: Timestamp,
        route: Route,
        strategy: StrategyId,
        update: Box<OrderUpdate>,
    ) {
        let (id, is_over) = (update.client_order_id, update.state.is_terminal());
        let event = if update.denied == Some(Denied::Recalled) {
            Event::Recalled { route, id }
        } else {
            Event::Order { route, strategy, update }
        };
        self.decide(now, event);
        if is_over {
            self.write_off(id);
        }
    }

    fn balances(
        &mut self,
        now: Timestamp,
        route: Route,
        strategy: StrategyId,
        balances: Vec<Balance>,
    ) {
        if let Some(lane) = self.lanes.get_mut(&route) {
            let known = lane.balances.entry(strategy).or_default();
            known.extend(balances.iter().map(|one| (one.asset.clone(), one.clone())));
        }
        self.decide(now, Event::Balances { route, balances: balances.clone() });
        let desk = self.desks.get(&strategy);
        let instruments = desk.map(|desk| desk.instruments.clone()).unwrap_or_default();
        let is_seen =
            instruments.iter().any(|instrument| self.followed(strategy, instrument) == Some(route));
        if is_seen {
            self.notify(strategy, Notice::Balances(balances));
        }
    }

    /// A strategy sees the market of where its orders go, and no other.
    fn feed(
        &mut self,
        route: Route,
        strategy: StrategyId,
        instrument: &InstrumentId,
        notice: Notice,
    ) {
        let has_begun = self.desks.get(&strategy).is_some_and(|desk| desk.has_begun);
        if has_begun && self.followed(strategy, instrument) == Some(route) {
            self.notify(strategy, notice);
        }
    }

    /// Lets the router take an event, and carries out what it decides.
    pub(super) fn decide(&mut self, now: Timestamp, event: Event) {
        self.router.handle(now, event);
        self.carry_out(now);
    }

    pub(super) fn carry_out(&mut self, now: Timestamp) {
        while let Some(action) = self.router.poll() {
            self.act(now, action);
        }
    }

    fn act(&mut self, now: Timestamp, action: Action) {
        use tradewind_engine::Event as EngineEvent;
        use tradewind_model::notice::Command;
        match action {
            Action::Decided(decision) => self.decided(decision),
            Action::Place { route, strategy, id, request } => {
                let command = Command::Submit { client_order_id: id, request };
                self.tell_engine(route, EngineEvent::Command { strategy, command });
            }
            Action::Cancel { route, id } => {
                let placed = self.router.orders().get(&(route, id));
                if let Some(strategy) = placed.map(|placed| placed.holding.strategy) {
                    let command = Command::Cancel { client_order_id: id };
                    self.tell_engine(route, EngineEvent::Command { strategy, command });
                }
            }
            Action::Recall { route, id } => {
                self.tell_engine(route, EngineEvent::Recall { client_order_id: id });
            }
            Action::Reconcile { route } => self.reconcile(route),
            Action::UseEndpoint { route, endpoint } => {
                self.push(Output::UseEndpoint { route, endpoint });
            }
            Action::Follow { holding, route } => self.follow(&holding, route),
            Action::Tell { strategy, update } => self.notify(strategy, Notice::Order(update)),
            Action::Deny { strategy, id, request, denied } => {
                let update = denied_update(now, id, request, *denied);
                self.notify(strategy, Notice::Order(Box::new(update)));
            }
        }
    }

    fn decided(&mut self, decision: Box<Decision>) {
        let moved = moved(&decision);
        self.outputs.push_back(Step::Note(decision));
        if let Some((strategy, news)) = moved
            && self.desks.get(&strategy).is_some_and(|desk| desk.has_begun)
        {
            self.notify(strategy, Notice::Venue(news));
        }
    }

    /// A strategy's view of an instrument changes to another venue: it gets what is known there.
    fn follow(&mut self, holding: &Holding, route: Route) {
        let Holding { strategy, instrument } = holding;
        let has_begun = self.desks.get(strategy).is_some_and(|desk| desk.has_begun);
        let Some(lane) = self.lanes.get(&route).filter(|_| has_begun) else { return };
        let balances: Vec<Balance> =
            lane.balances.get(strategy).into_iter().flat_map(|all| all.values().cloned()).collect();
        let quote = lane.quotes.get(instrument).cloned();
        if !balances.is_empty() {
            self.notify(*strategy, Notice::Balances(balances));
        }
        if let Some(quote) = quote {
            self.notify(*strategy, Notice::Quote(instrument.clone(), quote));
        }
    }

    /// Tells each strategy how far what it sees can be trusted, whenever that has changed.
    pub(super) fn tell_statuses(&mut self, now: Timestamp) {
        let strategies: Vec<StrategyId> = self.desks.keys().copied().collect();
        for strategy in strategies {
            let Some(status) = self.status(now, strategy) else { continue };
            let Some(desk) = self.desks.get_mut(&strategy) else { continue };
            if desk.told.as_ref() != Some(&status) {
                desk.told = Some(status.clone());
                self.notify(strategy, Notice::Venue(status));
            }
        }
    }

    /// The worst of where its orders go; none before it has begun.
    fn status(&self, now: Timestamp, strategy: StrategyId) -> Option<VenueStatus> {
        let desk = self.desks.get(&strategy).filter(|desk| desk.has_begun)?;
        let followed = desk.instruments.iter().filter_map(|one| self.followed(strategy, one));
        let starting = || VenueStatus::Stale { reason: "starting".to_owned() };
        let mut worst = VenueStatus::Live;
        for route in followed {
            let said = desk.statuses.get(&route).cloned().unwrap_or_else(starting);
            match (said, self.router.health().trouble(now, &route)) {
                (VenueStatus::Live, None) | (VenueStatus::Moved { .. }, _) => {}
                (VenueStatus::Live, Some(cause)) => {
                    worst = VenueStatus::Stale { reason: cause.reason().to_string() };
                }
                (shut @ VenueStatus::Shut { .. }, _) => return Some(shut),
                (stale @ VenueStatus::Stale { .. }, _) => worst = stale,
            }
        }
        Some(worst)
    }
}

/// What a decision is to the strategy that it concerns.
fn moved(decision: &Decision) -> Option<(StrategyId, VenueStatus)> {
    let holding = match &decision.kind {
        DecisionKind::Assigned(holding)
        | DecisionKind::Reassigned(holding)
        | DecisionKind::FailedOver(holding)
        | DecisionKind::FailedBack(holding) => holding,
        // How a strategy stands then is a state, and told as one; of orders it hears one by one.
        DecisionKind::Stranded(_)
        | DecisionKind::Moved(_)
        | DecisionKind::Mirrored { .. }
        | DecisionKind::NotMirrored(_)
        | DecisionKind::MirrorEnded { .. }
        | DecisionKind::Reopening
        | DecisionKind::Reopened
        | DecisionKind::CanceledFirst(_)
        | DecisionKind::TurnedUp(_)
        | DecisionKind::Endpoint(_) => return None,
    };
    let to = decision.to?;
    let news = VenueStatus::Moved {
        instrument: holding.instrument.clone(),
        venue: to.venue,
        account: to.account,
        reason: decision.reason.to_string(),
    };
    Some((holding.strategy, news))
}

/// The end of an order that went nowhere.
pub(super) fn denied_update(
    now: Timestamp,
    id: ClientOrderId,
    request: OrderRequest,
    denied: Denied,
) -> OrderUpdate {
    OrderUpdate {
        client_order_id: id,
        venue_order_id: None,
        instrument: request.instrument,
        side: request.side,
        kind: request.kind,
        tag: request.tag,
        link: Link::Alone,
        state: OrderState::Denied,
        cum_qty: Quantity::ZERO,
        cum_quote: Notional::ZERO,
        leaves_qty: Quantity::ZERO,
        fill: None,
        reason: Some(denied.to_string()),
        denied: Some(denied),
        refusal: None,
        at: now,
    }
}

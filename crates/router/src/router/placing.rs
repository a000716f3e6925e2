//! A strategy's wish, on its way to an engine.

use std::collections::BTreeMap;

use tradewind_engine::Route;
use tradewind_model::id::{Asset, ClientOrderId, StrategyId};
use tradewind_model::instrument::{FilterContext, Instrument};
use tradewind_model::money::{Price, Quantity};
use tradewind_model::order::{Denied, OrderRequest};
use tradewind_model::trading::TradingScope;
use tradewind_model::{Decimal, Timestamp};

use super::{Router, Wish};
use crate::action::Action;
use crate::assignment::{Candidates, Standing};
use crate::decision::{DecisionKind, Holding, Reason};
use crate::orders::{Key, Placed, Stage, size};
use crate::requantize::{check_balance, locked_by, requantize};

impl Router {
    pub(super) fn submit(
        &mut self,
        now: Timestamp,
        strategy: StrategyId,
        id: ClientOrderId,
        request: OrderRequest,
    ) {
        let holding = Holding { strategy, instrument: request.instrument.clone() };
        let placed =
            self.check_name(id).and_then(|()| self.route_for(now, &holding)).and_then(|route| {
                self.check_beside(&holding, route, &request, None)?;
                Ok((route, self.fit(route, &holding, &request)?))
            });
        match placed {
            Ok((route, fitted)) => {
                let tried = self.tried_before.remove(&id).unwrap_or_default();
                let wish = Wish { strategy, request, at: route, tried, is_wanted: true };
                self.wishes.insert(id, wish);
                self.place(route, &holding, id, fitted);
            }
            Err(denied) => self.deny(strategy, id, request, denied),
        }
    }

    /// Hands an order over. Whoever calls has seen that the route can be used.
    pub(super) fn place(
        &mut self,
        route: Route,
        holding: &Holding,
        id: ClientOrderId,
        request: OrderRequest,
    ) {
        let leaves = size(&request.kind, self.price_at(route, holding));
        let placed = Placed {
            holding: holding.clone(),
            request: request.clone(),
            stage: Stage::Handed,
            was_doubted: false,
            cum_qty: Quantity::ZERO,
            leaves,
            is_recalled: false,
        };
        self.orders.insert((route, id), placed);
        if let Some(wish) = self.wishes.get_mut(&id) {
            wish.at = route;
            wish.tried.push(route);
        }
        let strategy = holding.strategy;
        self.actions.push_back(Action::Place { route, strategy, id, request });
    }

    pub(super) fn deny(
        &mut self,
        strategy: StrategyId,
        id: ClientOrderId,
        request: OrderRequest,
        denied: Denied,
    ) {
        self.actions.push_back(Action::Deny { strategy, id, request, denied: Box::new(denied) });
    }

    /// An order as a route can take it. At home it is what the strategy made it, and left to the
    /// engine to check.
    pub(super) fn fit(
        &self,
        route: Route,
        holding: &Holding,
        request: &OrderRequest,
    ) -> Result<OrderRequest, Denied> {
        let Some(standing) = self.standings.get(holding) else {
            return Err(Denied::UnknownInstrument(holding.instrument.clone()));
        };
        if standing.home == route {
            return Ok(request.clone());
        }
        let instrument = self.instrument(route, holding)?;
        let free = self.free(route);
        let reference_price = self.price_at(route, holding);
        if standing.home.venue == route.venue {
            let kind = &request.kind;
            check_balance(request.side, kind, instrument, reference_price, &free)?;
            return Ok(request.clone());
        }
        let context = FilterContext { reference_price, ..self.context(route, instrument) };
        requantize(request, instrument, &context, &free)
    }

    /// Refuses what may bring the exposure past a limit, unless it brings it nearer to zero; as if
    /// `gone` were over.
    pub(super) fn check_exposure(
        &self,
        holding: &Holding,
        route: Route,
        request: &OrderRequest,
        most: Option<Quantity>,
        gone: Option<Key>,
    ) -> Result<(), Denied> {
        let Some(most) = most else { return Ok(()) };
        let qty = size(&request.kind, self.price_at(route, holding));
        let before = self.orders.exposure_without(holding, gone);
        let after = before.with(request.side, qty);
        if after.is_open_ended {
            let of = &holding.instrument;
            return Err(Denied::Closed(format!(
                "nobody can say how much {of} an order by value is before {of} has a price there"
            )));
        }
        let (furthest, was) = (after.furthest(), before.furthest());
        if furthest > most.get() && furthest > was {
            return Err(Denied::Limit {
                limit: "most".to_owned(),
                scope: TradingScope::Strategy(holding.strategy),
                most: most.get(),
                value: furthest,
            });
        }
        Ok(())
    }

    pub(super) fn price_at(&self, route: Route, holding: &Holding) -> Option<Price> {
        let quote = self.quotes.get(&(route, holding.instrument.clone()))?;
        Some(quote.mid())
    }

    pub(super) fn instrument(
        &self,
        route: Route,
        holding: &Holding,
    ) -> Result<&Instrument, Denied> {
        let instrument = self.catalog.get(&(route.venue, holding.instrument.clone()));
        instrument.ok_or_else(|| Denied::UnknownInstrument(holding.instrument.clone()))
    }

    /// The active route, if it can be used.
    fn route_for(&mut self, now: Timestamp, holding: &Holding) -> Result<Route, Denied> {
        if !self.standings.contains_key(holding) {
            self.assign(now, holding)?;
        }
        self.reconsider(now, holding);
        self.settle(now);
        let Some(standing) = self.standings.get(holding) else {
            return Err(Denied::UnknownInstrument(holding.instrument.clone()));
        };
        match self.health.trouble(now, &standing.active) {
            None => Ok(standing.active),
            Some(cause) => {
                let rested = standing.moved_at.map(|at| at + self.policy.window);
                let wait = match rested.filter(|rested| *rested > now) {
                    Some(rested) => format!("; no other route is taken before {rested}"),
                    None => "; no other route can be used".to_owned(),
                };
                Err(Denied::Closed(format!("{}{wait}", cause.reason())))
            }
        }
    }

    pub(super) fn enlist(&mut self, now: Timestamp, holding: &Holding) {
        if !self.standings.contains_key(holding) {
            // What no route lists is said when an order of it comes.
            self.assign(now, holding).ok();
        }
    }

    fn assign(&mut self, now: Timestamp, holding: &Holding) -> Result<(), Denied> {
        let unknown = || Denied::UnknownInstrument(holding.instrument.clone());
        let listed = self.routes.names().find(|route| self.lists(route, &holding.instrument));
        let venue = listed.ok_or_else(unknown)?.venue;
        let at = self.routes.of_venue(venue).map(|setup| setup.route);
        let quote = self.catalog.get(&(venue, holding.instrument.clone())).map(|of| &of.quote);
        let candidates = self.candidates(quote.ok_or_else(unknown)?);
        let best = candidates.best(at, |route| self.health.is_usable(now, route));
        let home = best.ok_or_else(unknown)?;
        self.standings.insert(holding.clone(), Standing::at(home));
        let kind = DecisionKind::Assigned(holding.clone());
        self.decide(now, kind, None, Some(home), Reason::Capital);
        self.actions.push_back(Action::Follow { holding: holding.clone(), route: home });
        Ok(())
    }

    /// Gives a strategy another home, if it is there, has nothing to leave behind, and there is one
    /// that is much better.
    fn reconsider(&mut self, now: Timestamp, holding: &Holding) {
        let Some(standing) = self.standings.get(holding).copied() else { return };
        let is_settled = standing.active == standing.home
            && self.outlook().may_move(now, &standing)
            && self.orders.is_flat(holding);
        let Ok(instrument) = self.instrument(standing.home, holding) else { return };
        if !is_settled {
            return;
        }
        let candidates = self.candidates(&instrument.quote);
        let is_usable = |route: &Route| self.health.is_usable(now, route);
        let Some(home) = candidates.better(holding, standing.home, is_usable) else { return };
        let moved = Standing { moved_at: Some(now), ..Standing::at(home) };
        self.standings.insert(holding.clone(), moved);
        let kind = DecisionKind::Reassigned(holding.clone());
        self.decide(now, kind, Some(standing.home), Some(home), Reason::Capital);
        self.actions.push_back(Action::Follow { holding: holding.clone(), route: home });
    }

    fn candidates<'a>(&'a self, quote: &'a Asset) -> Candidates<'a> {
        Candidates {
            routes: &self.routes,
            loads: &self.loads,
            balances: &self.balances,
            standings: &self.standings,
            quote,
        }
    }

    fn check_name(&self, id: ClientOrderId) -> Result<(), Denied> {
        let was_used = self.wishes.contains_key(&id)
            || self.mirrors.of(&id).is_some()
            || self.routes.names().any(|route| {
                self.orders.get(&(route, id)).is_some() || self.orders.ended(&(route, id)).is_some()
            });
        if was_used {
            return Err(Denied::DuplicateId(id));
        }
        if self.wishes.len() >= Self::WISHES_MAX {
            return Err(Denied::Full("the router".to_owned()));
        }
        Ok(())
    }

    /// What new orders can use at a route's account: what is free, less what orders lock that the
    /// venue may not have counted yet.
    fn free(&self, route: Route) -> BTreeMap<Asset, Decimal> {
        let told = self.balances.get(&(route.venue, route.account));
        let mut free = told.cloned().unwrap_or_default();
        let here = self.orders.iter().filter(|((at, _), placed)| {
            (at.venue, at.account) == (route.venue, route.account) && placed.stage != Stage::Resting
        });
        for ((at, _), placed) in here {
            let Ok(instrument) = self.instrument(*at, &placed.holding) else { continue };
            let (side, kind) = (placed.request.side, &placed.request.kind);
            let price = self.price_at(*at, &placed.holding);
            if let Some((asset, locked)) = locked_by(side, kind, instrument, price) {
                let left = free.entry(asset).or_default();
                *left = left.saturating_sub(locked);
            }
        }
        free
    }

    fn context(&self, route: Route, instrument: &Instrument) -> FilterContext {
        let count = |is_its: &dyn Fn(&Placed) -> bool| {
            let here = self.orders.iter().filter(|((at, _), placed)| {
                (at.venue, at.account) == (route.venue, route.account) && is_its(placed)
            });
            u32::try_from(here.count()).unwrap_or(u32::MAX)
        };
        let is_here = |placed: &Placed| placed.holding.instrument == instrument.id;
        let waits = |placed: &Placed| placed.request.kind.trigger().is_some();
        FilterContext {
            open_orders: count(&is_here),
            open_orders_all_symbols: count(&|_| true),
            open_triggered: count(&|placed| is_here(placed) && waits(placed)),
            open_triggered_all_symbols: count(&waits),
            ..FilterContext::default()
        }
    }
}

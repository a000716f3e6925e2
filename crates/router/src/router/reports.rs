//! What the engines say of orders, made into what a strategy hears.

use tradewind_engine::Route;
use tradewind_model::Timestamp;
use tradewind_model::id::{ClientOrderId, StrategyId};
use tradewind_model::money::Quantity;
use tradewind_model::order::Side;
use tradewind_model::order::{MarketQuantity, OrderKind, OrderRequest, OrderState, OrderUpdate};

use super::moving::{may_move, may_move_refused};
use super::{Router, Wish};
use crate::action::Action;
use crate::decision::{DecisionKind, Holding, Reason};
use crate::orders::{Key, Placed, Stage};

impl Router {
    /// At which route an order is, for whatever else is asked of it there.
    #[must_use]
    pub fn route_of(&self, id: &ClientOrderId) -> Option<Route> {
        let placed = self.routes.names().find(|route| self.orders.get(&(*route, *id)).is_some());
        self.wishes.get(id).map(|wish| wish.at).or(placed)
    }

    pub(super) fn cancel(&mut self, id: &ClientOrderId) {
        if let Some(wish) = self.wishes.get_mut(id) {
            wish.is_wanted = false;
        }
        let pair = self.mirrors.of(id).filter(|pair| pair.original.1 == *id);
        let own = self.routes.names().map(|route| (route, *id));
        let all: Vec<Key> = own.chain(pair.map(|pair| pair.mirror)).collect();
        for (route, id) in all {
            if self.orders.get(&(route, id)).is_some() {
                self.actions.push_back(Action::Cancel { route, id });
            }
        }
    }

    pub(super) fn report(
        &mut self,
        now: Timestamp,
        route: Route,
        strategy: StrategyId,
        update: OrderUpdate,
    ) {
        let key = (route, update.client_order_id);
        if !self.is_news(now, &key, strategy, &update) {
            return;
        }
        let holding = Holding { strategy, instrument: update.instrument.clone() };
        self.book(&key, &holding, &update);
        if let Some(stage) = Stage::of(update.state) {
            if let Some(placed) = self.orders.get_mut(&key) {
                placed.stage = stage;
                placed.was_doubted |= stage == Stage::InDoubt;
                if !is_by_value(&placed.request.kind) {
                    placed.leaves = Some(update.leaves_qty);
                }
            }
            self.note_mirrored(now, &key);
            self.actions.push_back(Action::Tell { strategy, update: Box::new(update) });
            return;
        }
        self.over(now, &key, strategy, update);
    }

    /// Whether an update adds to what is known. What was not known at all is taken in: an order of
    /// an earlier life, or one that is where it was ruled out.
    fn is_news(
        &mut self,
        now: Timestamp,
        key: &Key,
        strategy: StrategyId,
        update: &OrderUpdate,
    ) -> bool {
        if self.orders.get(key).is_some() {
            return true;
        }
        let (route, id) = *key;
        let ended = self.orders.ended(key);
        if update.state.is_terminal() && ended.is_some_and(|before| update.cum_qty <= before) {
            return false;
        }
        let request = OrderRequest {
            instrument: update.instrument.clone(),
            side: update.side,
            kind: update.kind,
            tag: update.tag,
        };
        let is_elsewhere = self.wishes.get(&id).is_some_and(|wish| wish.at != route);
        let placed = Placed {
            holding: Holding { strategy, instrument: update.instrument.clone() },
            request: request.clone(),
            stage: Stage::Sent,
            // Nobody here saw its beginning, so it stays where it is.
            was_doubted: true,
            cum_qty: ended.unwrap_or_default(),
            leaves: update.kind.qty().is_some().then_some(update.leaves_qty),
            is_recalled: false,
        };
        self.orders.insert(*key, placed);
        if is_elsewhere || ended.is_some() {
            let kind = DecisionKind::TurnedUp(id);
            self.decide(now, kind, None, Some(route), Reason::Reported);
            if !update.state.is_terminal() {
                self.actions.push_back(Action::Cancel { route, id });
            }
        } else if !self.mirrors.is_mirror(&id) {
            let mut tried = self.tried_before.remove(&id).unwrap_or_default();
            tried.push(route);
            let wish = Wish { strategy, request, at: route, tried, is_wanted: true };
            self.wishes.insert(id, wish);
        }
        true
    }

    /// Books what has traded since the last time, at its route; a repeat adds nothing.
    fn book(&mut self, key: &Key, holding: &Holding, update: &OrderUpdate) {
        let Some(placed) = self.orders.get_mut(key) else { return };
        let traded = update.cum_qty.saturating_sub(placed.cum_qty);
        if traded.is_zero() {
            return;
        }
        placed.cum_qty = update.cum_qty;
        let base = self.catalog.get(&(key.0.venue, update.instrument.clone()));
        let fee = update.fill.as_ref().filter(|fill| {
            let paid = fill.commission_asset.as_ref();
            paid.is_some() && paid == base.map(|instrument| &instrument.base)
        });
        let fee = fee.map(|fill| fill.commission).unwrap_or_default();
        let bought = match update.side {
            Side::Buy => traded.get(),
            Side::Sell => -traded.get(),
        };
        self.orders.book(holding, key.0, bought.saturating_sub(fee));
        if let Some(pair) = self.mirrors.of(&key.1).filter(|pair| pair.mirror == *key) {
            self.mirrors.note_trade(&pair);
        }
    }

    /// An order is over at a route; the wish may go on to another.
    fn over(&mut self, now: Timestamp, key: &Key, strategy: StrategyId, update: OrderUpdate) {
        let Some(placed) = self.orders.end(key) else { return };
        let (route, id) = *key;
        let is_its_order = self.wishes.get(&id).is_some_and(|wish| wish.at == route);
        if is_its_order {
            self.settle(now);
            if let Some(reason) = reason_to_move(&placed, &update)
                && self.move_on(now, route, id, reason)
            {
                return;
            }
            self.wishes.remove(&id);
        }
        self.mirrors.forget(&id);
        self.actions.push_back(Action::Tell { strategy, update: Box::new(update) });
        if let Some(pair) = self.mirrors.of(&id) {
            if pair.mirror == *key {
                self.mirror_over(now, key);
            } else if pair.original == *key {
                self.original_over(now, &pair, placed.cum_qty);
            }
        }
    }
}

/// Why a wish may go on whose order has ended like this; none when it may not. Nothing that was
/// ever in doubt goes on, whatever the venue says of it in the end: one of two answers would be
/// believed about money.
fn reason_to_move(placed: &Placed, update: &OrderUpdate) -> Option<Reason> {
    let may_be_somewhere = placed.was_doubted
        || placed.stage == Stage::Resting
        || placed.cum_qty != Quantity::ZERO
        || update.cum_qty != Quantity::ZERO;
    if may_be_somewhere {
        return None;
    }
    match update.state {
        OrderState::Denied => {
            let denied = update.denied.as_ref().filter(|denied| may_move(denied))?;
            Some(Reason::NeverSent(denied.clone()))
        }
        OrderState::Rejected => {
            let kind = update.refusal.filter(|kind| may_move_refused(*kind, &placed.request))?;
            Some(Reason::Refused(kind))
        }
        OrderState::Pending
        | OrderState::InFlight
        | OrderState::InDoubt
        | OrderState::Open
        | OrderState::PartiallyFilled
        | OrderState::Filled
        | OrderState::Canceled
        | OrderState::Expired => None,
    }
}

const fn is_by_value(kind: &OrderKind) -> bool {
    matches!(kind, OrderKind::Market(MarketQuantity::Quote(_)))
}

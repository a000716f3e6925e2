//! Pairs: two orders that one request places, of which at most one trades.
//!
//! The venue takes both or neither. So they are checked, written down, sent, refused and ruled out
//! together; what the venue says of one shows that it has the other. What happens to each once they
//! rest is told of each by itself.

use std::time::Duration;

use tradewind_model::call::{Call, NewOco};
use tradewind_model::id::{ClientOrderId, StrategyId};
use tradewind_model::instrument::{FilterContext, Offer};
use tradewind_model::order::{Denied, Link, Oco, OcoRequest, OrderKind, OrderState};
use tradewind_model::outcome::{Fate, Reply};
use tradewind_model::time::Timestamp;
use tradewind_model::trading::CLOSING_TAG;

use super::placing::kept_tag;
use crate::engine::calls::PendingCall;
use crate::engine::{Engine, Timer};
use crate::order::Order;

/// How long the stream may take to tell of the other half.
pub(super) const HALF_GRACE: Duration = Duration::from_secs(1);

impl Engine {
    /// Places a pair.
    pub(in crate::engine) fn submit_pair(
        &mut self,
        now: Timestamp,
        strategy: StrategyId,
        (pair, take, stop): (ClientOrderId, ClientOrderId, ClientOrderId),
        request: &OcoRequest,
    ) {
        let of = |other| Link::Half { pair, other };
        let is_kept = request.tag == CLOSING_TAG;
        let request = &OcoRequest { tag: if is_kept { 0 } else { request.tag }, ..request.clone() };
        if !self.enter(now, strategy, take, &request.take(), of(stop)) {
            return;
        }
        if self.enter(now, strategy, stop, &request.stop(), of(take)) {
            if is_kept {
                self.deny_entry(now, take, &kept_tag());
            } else {
                self.place(now, take);
            }
        } else if let Some(order) = self.ledger.order_mut(take) {
            order.link = Link::Alone;
            self.deny(now, take, Denied::DuplicateId(stop));
        }
    }

    /// Everything that can be known to be wrong with a pair before it is sent, beyond what is
    /// looked at for any order.
    pub(super) fn check_pair(&self, order: &Order, context: &FilterContext) -> Result<(), Denied> {
        let instrument = self
            .instruments
            .get(&order.instrument)
            .ok_or_else(|| Denied::UnknownInstrument(order.instrument.clone()))?;
        let pair = self.pair_of(order);
        let Some((_, pair)) = pair.filter(|_| instrument.offers(Offer::Oco)) else {
            return Err(Denied::Unsupported(format!("{} takes no pairs", instrument.symbol)));
        };
        for kind in [pair.take_kind(), pair.stop_kind()] {
            if !instrument.takes(&kind) {
                let kind = format!("{} takes no such orders: {kind:?}", instrument.symbol);
                return Err(Denied::Unsupported(kind));
            }
        }
        let lists = self.ledger.open().filter(|one| {
            // Each pair is counted by the half that takes the profit.
            one.link.half().is_some() && !one.kind.is_protection() && one.id != order.id
        });
        let (mut open_lists, mut open_lists_all_symbols) = (0_u32, 0_u32);
        for one in lists {
            open_lists_all_symbols = open_lists_all_symbols.saturating_add(1);
            open_lists = open_lists.saturating_add(u32::from(one.symbol == order.symbol));
        }
        let own = [pair.take_kind(), pair.stop_kind()];
        let own = own.iter().filter(|kind| kind.trigger().is_some()).count();
        let own = u32::try_from(own).unwrap_or(u32::MAX);
        let (triggered, all_triggered) = self.ledger.count_triggered(&order.symbol);
        let context = FilterContext {
            open_lists,
            open_lists_all_symbols,
            open_triggered: triggered.saturating_sub(own),
            open_triggered_all_symbols: all_triggered.saturating_sub(own),
            // The other half is counted as open too.
            open_orders: context.open_orders.saturating_sub(1),
            open_orders_all_symbols: context.open_orders_all_symbols.saturating_sub(1),
            ..*context
        };
        Ok(instrument.check_pair(order.side, &pair, &context)?)
    }

    /// The two orders of the pair that an order is of, the one that takes the profit first.
    fn pair_of(&self, order: &Order) -> Option<((ClientOrderId, ClientOrderId), Oco)> {
        let (_, other) = order.link.half()?;
        let other = self.ledger.order(other)?;
        let (take, stop) = if order.kind.is_protection() { (other, order) } else { (order, other) };
        Some(((take.id, stop.id), Oco::of(&take.kind, &stop.kind)?))
    }

    /// What the pair of an order locks: as much as the dearer half, once.
    pub(super) fn lock_of_pair(&self, order: &Order) -> Option<OrderKind> {
        let (_, pair) = self.pair_of(order)?;
        // Sells lock the same quantity; of buys the stop is above.
        Some(pair.stop_kind())
    }

    /// The request that places an order together with the other half of its pair.
    pub(super) fn pair_call(&self, order: &Order) -> Option<Call> {
        let (client_list_id, _) = order.link.half()?;
        let ((take_id, stop_id), pair) = self.pair_of(order)?;
        let (symbol, side) = (order.symbol.clone(), order.side);
        Some(Call::PlaceOco(Box::new(NewOco {
            client_list_id,
            take_id,
            stop_id,
            symbol,
            side,
            pair,
        })))
    }

    /// The request has come back, with a fate for each half.
    pub(in crate::engine) fn pair_answered(
        &mut self,
        now: Timestamp,
        pending: &PendingCall,
        (take, stop): (Fate, Fate),
    ) {
        let Call::PlaceOco(pair) = &pending.call else {
            return;
        };
        if matches!((&take, &stop), (Fate::Done(_), Fate::Done(_))) {
            self.retries.succeeded(pending.priority, pending.tries.paid);
        }
        for (id, fate) in [(pair.take_id, take), (pair.stop_id, stop)] {
            match fate {
                Fate::Done(Reply::Order(report)) => self.placed(now, id, &report),
                fate
                @ (Fate::Done(_) | Fate::Refused(_) | Fate::NotTaken(_) | Fate::Unknown(_)) => {
                    self.leg_ended(now, id, fate);
                }
            }
        }
    }

    /// One half of a pair is over: soon the other is.
    pub(in crate::engine) fn half_ended(
        &mut self,
        now: Timestamp,
        id: ClientOrderId,
        other: ClientOrderId,
    ) {
        let is_left = self.ledger.order(other).is_some_and(Order::is_resting);
        if is_left && !self.timers.is_set(Timer::Ask(other)) {
            self.timers.set(Timer::Ask(other), now + HALF_GRACE);
        }
        self.half_over(id, other);
    }

    /// Whether the cancel of the other half of a pair is on its way, which takes this one along.
    pub(super) fn is_canceled_along(&self, order: &Order) -> bool {
        let other = order.link.half().map(|(_, other)| other);
        let watch = other.and_then(|other| self.watches.get(&other));
        watch.is_some_and(|watch| watch.cancel.is_some())
    }

    /// What the venue has said of one half shows that it has the other.
    pub(super) fn other_half_exists(&mut self, id: ClientOrderId) {
        let half = self.ledger.order(id).and_then(|order| order.link.half());
        let Some((_, other)) = half else { return };
        if self.ledger.order(other).is_some_and(|order| order.state == OrderState::InDoubt) {
            self.doubted_exists(other);
        }
    }
}

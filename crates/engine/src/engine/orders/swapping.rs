//! Replacing in one request, and all that may come of it.
//!
//! The request cancels one order and places another; each part has a fate. By the rule that the
//! venue is given, the first is canceled only while nothing of it has traded, and the second
//! placed only when that was done. So the two never trade more than the one that was wanted:
//!
//! | first | second | then |
//! |---|---|---|
//! | canceled | placed | done |
//! | canceled | refused | the strategy is told what it has lost |
//! | canceled | turned away by a limit | the second follows by itself |
//! | not canceled | not attempted | it is canceled in the usual way, and the second follows with what is left |
//! | not canceled | placed, when it was wanted anyway | both live, as was asked |
//! | not canceled | refused | the first is as it was |
//! | not known | not known | both are asked about; neither is sent again |
//!
//! The first order is not taken for gone before the venue has said so, nor the second for there.

use std::time::Duration;

use tradewind_model::call::{Call, NewOrder, OrderRef, Replacement, WhenNotCanceled};
use tradewind_model::call::{WhenOverLimit, WhenTraded};
use tradewind_model::id::ClientOrderId;
use tradewind_model::instrument::Offer;
use tradewind_model::order::{OrderRequest, OrderState};
use tradewind_model::outcome::{Fate, RefusalKind, Reply};
use tradewind_model::time::Timestamp;

use super::Watch;
use crate::engine::calls::PendingCall;
use crate::engine::{Engine, Timer};
use crate::journal::Entry;
use crate::order::Order;

/// How long the stream may take to tell of the order that was canceled.
const FIRST_GRACE: Duration = Duration::from_secs(1);

impl Engine {
    /// Whether an order can be replaced by one request, without the risk that both trade.
    pub(super) fn can_swap(
        &self,
        id: ClientOrderId,
        request: &OrderRequest,
        when_not_canceled: WhenNotCanceled,
    ) -> bool {
        let Some(order) = self.ledger.order(id) else {
            return false;
        };
        let instrument = self.instruments.get(&request.instrument);
        let is_offered = request.instrument == order.instrument
            && instrument.is_some_and(|instrument| instrument.offers(Offer::Replace));
        is_offered && self.is_swappable(order, when_not_canceled)
    }

    /// Whether an order is as it has to be for that now.
    fn is_swappable(&self, order: &Order, when_not_canceled: WhenNotCanceled) -> bool {
        let is_fit = match when_not_canceled {
            WhenNotCanceled::Stop => order.is_untouched(),
            WhenNotCanceled::PlaceAnyway => order.is_resting(),
        };
        let is_let_alone = self.watches.get(&order.id).is_some_and(Watch::is_let_alone);
        is_fit && is_let_alone && !order.is_cancel_wanted
    }

    /// The request that replaces an order by this one; none when it is placed by itself.
    pub(super) fn swap_call(&self, order: &Order) -> Option<Call> {
        let first = self.swapped_for(order.id)?;
        let when_not_canceled = self.watches.get(&first)?.successor.as_ref()?.when_not_canceled;
        let cancel = self.ledger.order(first)?.venue_order_id;
        Some(Call::ReplaceOrder(Box::new(Replacement {
            cancel: cancel.map_or(OrderRef::Client(first), OrderRef::Venue),
            order: NewOrder {
                client_order_id: order.id,
                symbol: order.symbol.clone(),
                side: order.side,
                kind: order.kind,
            },
            when_traded: match when_not_canceled {
                WhenNotCanceled::Stop => WhenTraded::Leave,
                WhenNotCanceled::PlaceAnyway => WhenTraded::Cancel,
            },
            when_not_canceled,
            when_over_limit: WhenOverLimit::DoNothing,
        })))
    }

    /// The order that this one replaces by one request.
    pub(in crate::engine) fn swapped_for(&self, id: ClientOrderId) -> Option<ClientOrderId> {
        let first = self.ledger.order(id)?.link.instead_of()?;
        self.watches.get(&id)?.stead.as_ref()?.is_swap.then_some(first)
    }

    /// Whether the one request would not do any more what it was meant to.
    pub(in crate::engine) fn is_swap_moot(&self, id: ClientOrderId) -> bool {
        let Some(first) = self.swapped_for(id) else {
            return false;
        };
        let successor = self.watches.get(&first).and_then(|watch| watch.successor.as_ref());
        let (Some(order), Some(successor)) = (self.ledger.order(first), successor) else {
            return true;
        };
        !self.is_swappable(order, successor.when_not_canceled)
    }

    /// Goes the usual way: the first order is canceled, and then the second placed.
    pub(in crate::engine) fn swap_by_steps(&mut self, now: Timestamp, id: ClientOrderId) {
        let Some(first) = self.ledger.order(id).and_then(|order| order.link.instead_of()) else {
            return;
        };
        let Some(watch) = self.watches.get_mut(&id) else {
            return;
        };
        watch.leave_swap();
        let Some(stead) = watch.stead.clone() else {
            return;
        };
        let Some(watch) = self.watches.get_mut(&first) else {
            self.place_successor(now, first, &stead);
            return;
        };
        if let Some(successor) = watch.successor.as_mut() {
            successor.is_swap = false;
        }
        self.cancel_own(now, first);
        if stead.when_not_canceled == WhenNotCanceled::PlaceAnyway {
            if let Some(watch) = self.watches.get_mut(&first) {
                watch.successor = None;
            }
            self.place_alone(now, id, None);
        }
    }

    /// The request has come back, with a fate for each part.
    pub(in crate::engine) fn swapped(
        &mut self,
        now: Timestamp,
        pending: &PendingCall,
        id: ClientOrderId,
        (cancel, place): (Fate, Fate),
    ) {
        let Some(first) = self.ledger.order(id).and_then(|order| order.link.instead_of()) else {
            return;
        };
        // The second first, so that the end of the first finds it where it is.
        match place {
            Fate::Done(Reply::Order(report)) => {
                self.retries.succeeded(pending.priority, pending.tries.paid);
                self.placed(now, id, &report);
            }
            Fate::NotTaken(_) => {
                self.not_on_its_way(now, id);
            }
            place @ (Fate::Done(_) | Fate::Refused(_) | Fate::Unknown(_)) => {
                self.leg_ended(now, id, place);
            }
        }
        let is_unknown_there = matches!(
            &cancel,
            Fate::Refused(refusal) if refusal.kind == RefusalKind::UnknownOrder
        );
        match cancel {
            Fate::Done(Reply::Order(report)) => self.canceled(now, first, &report),
            Fate::Done(_) | Fate::Unknown(_) => self.ask(now, first),
            Fate::Refused(_) if is_unknown_there => self.ask(now, first),
            Fate::Refused(_) | Fate::NotTaken(_) => {}
        }
        if !self.ledger.order(id).is_some_and(|order| order.state == OrderState::Pending) {
            self.let_go(first, id);
        } else if is_unknown_there {
            // Most likely it has just filled: what the venue says of it decides.
            self.want_gone(now, first, id);
        } else if self.watches.contains_key(&first) {
            self.swap_by_steps(now, id);
        }
    }

    /// An order is there that was to come by the request that cancels another: the stream tells of
    /// that one, or it is asked about.
    pub(super) fn first_is_gone(&mut self, now: Timestamp, id: ClientOrderId) {
        let first = self.swapped_for(id).and_then(|first| self.ledger.order(first));
        if let Some(first) = first.filter(|first| first.is_resting()).map(|first| first.id)
            && !self.timers.is_set(Timer::Ask(first))
        {
            self.timers.set(Timer::Ask(first), now + FIRST_GRACE);
        }
    }

    /// Both orders live: the first may be replaced again.
    fn let_go(&mut self, first: ClientOrderId, id: ClientOrderId) {
        let both_live = |engine: &Self| {
            let lives = |id| engine.ledger.order(id).is_some_and(Order::is_resting);
            lives(first) && lives(id)
        };
        if both_live(self)
            && let Some(watch) = self.watches.get_mut(&first)
        {
            watch.successor = None;
        }
    }

    /// The first order is to be gone, and probably is: it is asked about before it is canceled.
    fn want_gone(&mut self, now: Timestamp, first: ClientOrderId, id: ClientOrderId) {
        if let Some(watch) = self.watches.get_mut(&id) {
            watch.leave_swap();
        }
        let Some(order) = self.ledger.order_mut(first) else {
            return;
        };
        let was_wanted = std::mem::replace(&mut order.is_cancel_wanted, true);
        if !was_wanted {
            self.record(now, Entry::CancelAsked { client_order_id: first });
        }
        if let Some(watch) = self.watches.get_mut(&first)
            && let Some(successor) = watch.successor.as_mut()
        {
            successor.is_swap = false;
        }
        self.timers.clear(Timer::Cancel(first));
    }
}

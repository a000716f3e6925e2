//! Orders, from a strategy's wish to their end.
//!
//! The rule that everything here serves: an order whose bytes may have left ends only by the
//! venue's word. A lost answer makes it `InDoubt`, and it is asked about until the venue answers.

mod amending;
mod canceling;
mod doubt;
mod listing;
mod pairing;
mod placing;
mod replacing;
mod reports;
mod resending;
mod setbacks;
mod swapping;
mod verdict;

use tradewind_model::id::{CallId, ClientOrderId};
use tradewind_model::order::{Link, OrderState};
use tradewind_model::time::Timestamp;

use super::calls::{Owner, PendingCall, Tries};
use super::{Engine, Timer};
use amending::Amending;
use doubt::Doubt;
use replacing::Successor;
use setbacks::Lost;

/// What goes on about an order that is not over.
#[derive(Clone, Debug, Default)]
pub(super) struct Watch {
    place: Option<CallId>,
    pub(super) cancel: Option<CallId>,
    pub(super) cancel_tries: Tries,
    /// No cancel leaves before this: the venue minds two of one order in short order.
    pub(super) cancel_from: Timestamp,
    pub(super) ask: Option<CallId>,
    pub(super) ask_tries: Tries,
    pub(super) fetch_tries: Tries,
    /// What is to come in its stead.
    successor: Option<Successor>,
    /// How this one is to come in another's stead.
    stead: Option<Successor>,
    /// What was to come in its stead and will not.
    lost: Option<Lost>,
    /// The quantity that it is to be lowered to.
    amending: Option<Amending>,
    /// Whether its intent is written down, or about to be.
    pub(super) is_recorded: bool,
    /// Until when it may be sent once more by itself, should the venue never have had it.
    resend_until: Option<Timestamp>,
    /// Where its fate is not known, what is known beside that.
    pub(super) doubt: Option<Doubt>,
}

impl Watch {
    /// Over an order that an earlier life has placed.
    pub(super) fn inherited(is_recorded: bool) -> Self {
        Self { is_recorded, ..Self::default() }
    }

    /// Whether nothing is under way that changes the order.
    const fn is_let_alone(&self) -> bool {
        self.cancel.is_none() && self.amending.is_none() && self.doubt.is_none()
    }

    /// It does not come together with another's cancel any more.
    fn leave_swap(&mut self) {
        self.place = None;
        if let Some(stead) = &mut self.stead {
            stead.is_swap = false;
        }
    }
}

impl Engine {
    /// Files an order that is over, places what was to come in its stead, and tells of what was
    /// lost by that.
    pub(in crate::engine) fn end(&mut self, now: Timestamp, id: ClientOrderId) {
        self.end_doubt(id);
        self.suspect_over(id);
        self.timers.clear(Timer::Fetch(id));
        self.timers.clear(Timer::Cancel(id));
        self.timers.clear(Timer::Unwritten(id));
        let Some(watch) = self.watches.remove(&id) else {
            return;
        };
        for call in [watch.place, watch.ask, watch.cancel].into_iter().flatten() {
            self.withdraw(call);
        }
        if watch.is_recorded {
            self.record_end(now, id);
        }
        let Some(order) = self.ledger.order(id) else {
            return;
        };
        let link = order.link;
        match order.state {
            OrderState::Filled => self.counters.orders_filled += 1,
            // One that was canceled before its bytes left is nobody's cancel.
            OrderState::Canceled if order.sent_at.is_none() => self.counters.orders_denied += 1,
            OrderState::Canceled => self.counters.orders_canceled += 1,
            OrderState::Rejected => self.counters.orders_rejected += 1,
            OrderState::Expired => self.counters.orders_expired += 1,
            OrderState::Denied
            | OrderState::Pending
            | OrderState::InFlight
            | OrderState::InDoubt
            | OrderState::Open
            | OrderState::PartiallyFilled => {}
        }
        self.ledger.close(id);
        match link {
            Link::Instead { of } => self.successor_ended(now, id, of),
            Link::Half { other, .. } => self.half_ended(now, id, other),
            Link::Alone => {}
        }
        match watch.successor {
            Some(successor) => self.predecessor_ended(now, id, successor),
            None => self.consider_protection(id, watch.lost),
        }
    }

    /// The orders that one request places: this one, and the other half of its pair.
    pub(super) fn placed_together(
        &self,
        id: ClientOrderId,
    ) -> impl Iterator<Item = ClientOrderId> + use<> {
        let half = self.ledger.order(id).and_then(|order| order.link.half());
        [Some(id), half.map(|(_, other)| other)].into_iter().flatten()
    }

    /// The call that places an order and waits to leave; none while the one that it replaces is
    /// not gone, or once it has left.
    pub(super) fn placing(&self, id: ClientOrderId) -> Option<&PendingCall> {
        self.watches.get(&id)?.place.and_then(|call| self.calls.get(call))
    }

    /// Notes which call now stands for an order's wish, or for a question.
    pub(super) fn track(&mut self, call: CallId) {
        let Some(owner) = self.calls.get(call).map(|pending| pending.owner.clone()) else {
            return;
        };
        if owner == Owner::Read {
            self.track_read(call);
        } else if let Owner::Place(id) | Owner::Cancel(id) | Owner::Ask(id) = owner
            && let Some(watch) = self.watches.get_mut(&id)
        {
            if owner == Owner::Place(id) {
                watch.place = Some(call);
                let other = self.placed_together(id).nth(1);
                if let Some(watch) = other.and_then(|other| self.watches.get_mut(&other)) {
                    watch.place = Some(call);
                }
            } else if owner == Owner::Cancel(id) {
                watch.cancel = Some(call);
            } else {
                watch.ask = Some(call);
            }
        }
    }
}

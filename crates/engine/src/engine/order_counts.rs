//! The venue's count of our orders, asked for when only it can tell us that there is room.
//!
//! Binance counts orders that have not traded: the first trade of one gives credit back (unfilled
//! order count, read 2026-11). How much is the venue's to say, and it says so in the answers to
//! orders. While the count is full no order leaves, so no answer comes: it is asked for, when
//! orders wait and none is on the wire, and something has traded since the count was told; once in
//! ten seconds at the most.

use std::time::Duration;

use tradewind_model::call::Call;
use tradewind_model::outcome::Meter;
use tradewind_model::tariff::LimitKind;
use tradewind_model::time::Timestamp;
use tradewind_scheduler::Priority;

use super::calls::Owner;
use super::{Engine, Timer};

/// How often the count is asked for at the most: it weighs 40 (rest-api.md, query unfilled order
/// count, read 2026-11).
const ASK_EVERY: Duration = Duration::from_secs(10);
/// How long a trade may take to be given credit for: "slightly delayed" is all that is said of it
/// (unfilled order count, read 2026-11).
const CREDIT_DELAY: Duration = Duration::from_secs(1);
/// How often it is looked whether there is a reason to.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What is known of the count.
#[derive(Debug, Default)]
pub(super) struct OrderCount {
    /// The first and the last trade for which the count that was told last may not have given
    /// credit.
    traded: Option<(Timestamp, Timestamp)>,
    asked_at: Option<Timestamp>,
    looked_at: Timestamp,
}

impl Engine {
    /// Something has traded: the count may have fallen.
    pub(super) fn note_traded(&mut self, now: Timestamp) {
        let first = self.order_count.traded.map_or(now, |(first, _)| first);
        self.order_count.traded = Some((first, now));
    }

    /// An answer to a call that was sent then has told the count, or has not.
    pub(super) fn note_order_count(&mut self, sent_at: Timestamp, meter: &Meter) {
        let has_told = meter.readings.iter().any(|reading| reading.kind == LimitKind::Orders);
        if let Some((first, last)) = self.order_count.traded.filter(|_| has_told) {
            let credited = sent_at - CREDIT_DELAY;
            self.order_count.traded = (last > credited).then(|| (first.max(credited), last));
        }
    }

    /// Asks for the count when that may let orders leave that wait for it.
    pub(super) fn consider_order_count(&mut self, now: Timestamp) {
        let Some((first, _)) = self.order_count.traded else {
            return;
        };
        let (unsent, on_wire) = self.calls.orders();
        if unsent == 0 || on_wire > 0 {
            return;
        }
        if now < first + CREDIT_DELAY {
            self.look_again(first + CREDIT_DELAY);
            return;
        }
        if now.since(self.order_count.looked_at) < LOOK_EVERY {
            self.look_again(self.order_count.looked_at + LOOK_EVERY);
            return;
        }
        self.order_count.looked_at = now;
        if let Some(asked_at) = self.order_count.asked_at
            && now.since(asked_at) < ASK_EVERY
        {
            self.look_again(asked_at + ASK_EVERY);
            return;
        }
        if self.is_order_count_full(now) && !self.calls.is_waited_for(&Owner::OrderCounts) {
            self.order_count.asked_at = Some(now);
            self.request(now, Call::OrderCounts, Owner::OrderCounts, Priority::Query);
        }
    }

    fn look_again(&mut self, at: Timestamp) {
        if !self.timers.is_set(Timer::OrderCount) {
            self.timers.set(Timer::OrderCount, at);
        }
    }

    fn is_order_count_full(&self, now: Timestamp) -> bool {
        let buckets = self.scheduler.snapshot(now).buckets;
        let mut counts = buckets.iter().filter(|view| view.limit.kind == LimitKind::Orders);
        counts.any(|view| view.used.saturating_add(view.reserved) >= view.capacity)
    }
}

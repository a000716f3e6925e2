//! The scheduler's books, held against the venue's.

use std::collections::BTreeMap;
use std::time::Duration;

use tradewind_model::Timestamp;
use tradewind_model::id::CallId;
use tradewind_model::outcome::{Meter, Reading};
use tradewind_model::tariff::{Alignment, Limit, LimitKind, Weight};

use super::super::weather::{LIMITS, millis};
use super::venue::Counter;
use super::{Call, Terms, World};

impl World {
    /// A call has left: what it draws on is not above what a window holds, and no read took what
    /// is kept for orders and cancels.
    pub(super) fn leaves_room(&mut self, call: CallId) {
        let Call { class, cost, .. } = &self.calls[&call];
        let snapshot = self.scheduler.snapshot(self.now);
        for view in &snapshot.buckets {
            let weight = cost.weight(view.limit.kind);
            if weight == 0 {
                continue;
            }
            assert!(view.used <= view.limit.capacity, "{call} took {view:?} above its capacity");
            let eps = millis(2 * self.weather.eps_ms);
            let elapsed = self.venue_time().since(view.window_start) + eps;
            let is_read = view.limit.kind == LimitKind::RequestWeight && weight > 1;
            if is_read && elapsed < millis(58_500) {
                // Of 5 % for orders, what is left of the window, and 4 for cancels.
                let left = u64::try_from((millis(60_000) - elapsed).as_millis()).unwrap();
                let twentieth = u64::from(view.limit.capacity / 20);
                let floor = 3 + Weight::try_from(twentieth * left / 60_000).unwrap();
                let most = view.limit.capacity - floor;
                assert!(view.used <= most, "a read took the reserve: {view:?}");
            }
        }
        let mut terms = BTreeMap::new();
        for (limit, forecast) in self.scheduler.forecasts(self.now, *class) {
            let limit = at_first(&limit);
            let place = LIMITS.iter().position(|first| *first == limit).unwrap();
            let capacity = self.limits[place].capacity;
            let window = self.venue_time().window_index(limit.interval);
            let heard_at = self.newest_reading.get(&limit).copied();
            terms.insert(limit, Terms { capacity, window, forecast, heard_at });
        }
        self.calls.get_mut(&call).unwrap().terms = terms;
        self.look_for_falls(None, false);
    }

    /// What is taken for used falls by an answer alone, and by no more than that can tell.
    pub(super) fn look_for_falls(&mut self, answered: Option<CallId>, is_other_clock: bool) {
        for view in self.scheduler.snapshot(self.now).buckets {
            let limit = at_first(&view.limit);
            if limit.alignment == Alignment::Rolling {
                continue;
            }
            let taken = (view.window_start, view.used);
            let Some((start, before)) = self.taken.insert(limit, taken) else { continue };
            if start != view.window_start || view.used >= before || is_other_clock {
                continue;
            }
            let call = answered.map(|id| &self.calls[&id]);
            let Some(call) = call else { panic!("{before} fell by itself: {view:?}") };
            let readings = call.meter.iter().flat_map(|meter| &meter.readings);
            let reading = readings.into_iter().find(|reading| is_of(reading, &limit));
            if reading.is_some() && limit.kind == LimitKind::Orders {
                // Orders were filled, and the venue says so.
                continue;
            }
            let unread = self.unread.get(&limit).into_iter().flatten();
            let seen = unread.filter(|(at, _)| reading.is_some() && *at <= call.admitted_at);
            let may_fall =
                call.cost.weight(limit.kind) + seen.map(|(_, weight)| weight).sum::<u32>();
            assert!(before - view.used <= may_fall, "{before} fell by too much: {view:?}");
        }
    }

    /// A call came back, or certainly has by then, and its answer did not certainly tell of every
    /// counter.
    pub(super) fn note_unread(&mut self, id: CallId, at: Timestamp, meter: &Meter) {
        for limit in LIMITS {
            let weight = self.calls[&id].cost.weight(limit.kind);
            let is_told = meter.readings.iter().any(|reading| is_of(reading, &limit));
            let unread = self.unread.entry(limit).or_default();
            unread.retain(|(read_at, _)| *read_at + limit.interval + millis(10_000) > at);
            if weight > 0 && !(is_told && self.tells_of_one_window(id, limit.interval)) {
                self.unread.entry(limit).or_default().push((at, weight));
            }
        }
    }

    /// Whether a call that is answered now certainly landed in one window, by any clock within the
    /// error.
    fn tells_of_one_window(&self, id: CallId, interval: Duration) -> bool {
        let error = millis(2 * self.weather.eps_ms);
        let earliest = self.at_venue(self.calls[&id].admitted_at) - error;
        let latest = self.venue_time() + error;
        earliest.window_index(interval) == latest.window_index(interval)
    }

    /// What the scheduler takes for used is never less than what the venue counts, but for what
    /// others did since the venue was last heard.
    pub(super) fn is_bounded(&self, at: Timestamp) {
        for view in self.scheduler.snapshot(self.now).buckets {
            let limit = at_first(&view.limit);
            let Some(Counter { window, used, .. }) = self.counted.get(&limit) else {
                continue;
            };
            let is_current = at.window_index(limit.interval) == *window
                && view.window_start == at.window_start(view.limit.interval);
            let newest = self.newest_reading.get(&limit).copied();
            let foreign: Weight = self
                .foreign
                .get(&limit)
                .into_iter()
                .flatten()
                .filter(|(landed, _)| Some(*landed) >= newest)
                .map(|(_, weight)| weight)
                .sum();
            if is_current {
                assert!(
                    view.used + foreign >= *used,
                    "{used} counted, of which {foreign} unknown, but {view:?}"
                );
            }
        }
    }

    /// Remembers the newest reading of each counter that certainly tells of one window.
    pub(super) fn note_readings(&mut self, id: CallId, meter: &Meter) {
        let landed_at = self.calls[&id].landed_at;
        for reading in &meter.readings {
            let limit = LIMITS.iter().find(|limit| is_of(reading, limit));
            if let Some(limit) = limit.filter(|_| self.tells_of_one_window(id, reading.interval)) {
                let newest = self.newest_reading.entry(*limit).or_default();
                *newest = landed_at.max(*newest);
            }
        }
    }
}

fn is_of(reading: &Reading, limit: &Limit) -> bool {
    reading.kind == limit.kind && reading.interval == limit.interval
}

/// What a limit was at first.
fn at_first(limit: &Limit) -> Limit {
    let is_it = |first: &&Limit| (first.kind, first.interval) == (limit.kind, limit.interval);
    *LIMITS.iter().find(is_it).expect("limits change in their capacities alone")
}

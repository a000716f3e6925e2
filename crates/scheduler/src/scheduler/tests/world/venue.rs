//! The venue: what it counts when a call lands, and what else moves its counters.

use arrayvec::ArrayVec;
use tradewind_model::Timestamp;
use tradewind_model::id::CallId;
use tradewind_model::outcome::{Meter, Reading};
use tradewind_model::tariff::{Alignment, Cost, Limit, LimitKind, Weight};

use super::super::weather::{LIMITS, millis};
use super::{Happening, Terms, World};

/// What the venue counts in one window.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counter {
    pub(super) window: u64,
    pub(super) used: Weight,
    /// When the newest was sent of those that are counted, and on what terms: what was sent before,
    /// and is not counted yet, had to be reckoned with by that one.
    newest: Option<(Timestamp, Terms)>,
}

impl World {
    pub(super) fn land(&mut self, id: CallId) {
        let at = self.venue_time();
        let call = self.calls[&id].clone();
        let mut readings = ArrayVec::new();
        let is_order = call.cost.weight(LimitKind::Orders) > 0;
        for limit in LIMITS {
            let weight = call.cost.charges.iter().find(|charge| charge.kind == limit.kind).map_or(
                0,
                |charge| {
                    if call.succeeds { charge.weight_on_success } else { charge.weight }
                },
            );
            if limit.alignment == Alignment::Rolling {
                if weight > 0 {
                    let most = call.terms[&limit].capacity;
                    self.landings.push_back((at, call.admitted_at, most));
                    self.landings.retain(|(landed, ..)| *landed + limit.interval > at);
                    let newest = self.landings.iter().max_by_key(|(_, sent_at, _)| *sent_at);
                    let (count, most) = (self.landings.len(), newest.unwrap().2);
                    assert!(count <= most as usize, "{count} messages within a second");
                }
                continue;
            }
            let counter = self.count(limit, at, weight);
            if weight > 0 && counter.newest.is_none_or(|(sent_at, _)| sent_at <= call.admitted_at) {
                counter.newest = Some((call.admitted_at, call.terms[&limit]));
            }
            let Counter { used, newest, .. } = *counter;
            let is_within = newest.is_none_or(|(_, terms)| {
                used <= terms.capacity || self.is_excused(limit, at, terms)
            });
            assert!(is_within, "{used} of {limit:?} at {at}, though {newest:?}");
            let fullest = self.fullest.entry(limit).or_default();
            *fullest = used.max(*fullest);
            // As Binance does: weight on every answer, order counts on those to orders.
            let is_told = match limit.kind {
                LimitKind::RequestWeight => true,
                LimitKind::Orders => is_order,
                LimitKind::RawRequests
                | LimitKind::Connections
                | LimitKind::Messages
                | LimitKind::Calls(_) => false,
            };
            if is_told {
                readings.push(Reading { kind: limit.kind, interval: limit.interval, used });
            }
        }
        self.is_bounded(at);
        if call_is_message(&self.calls[&id].cost) || self.dice.one_in(self.weather.mute_one_in) {
            readings.clear();
        }
        let call = self.calls.get_mut(&id).unwrap();
        call.landed_at = at;
        call.meter = Some(Meter { readings, ..Meter::default() });
    }

    /// Whether a stranger did more than was forecast when a call left on these terms.
    fn is_excused(&self, limit: Limit, at: Timestamp, terms: Terms) -> bool {
        let foreign = self.foreign.get(&limit).into_iter().flatten();
        let unknown = foreign.filter(|(landed, _)| Some(*landed) >= terms.heard_at);
        let unknown = unknown.map(|(_, weight)| u64::from(*weight)).sum::<u64>();
        // A call that left in another window was held against that one's forecast.
        let is_of_another = terms.window != at.window_index(limit.interval);
        self.weather.has_stranger && (is_of_another || unknown > terms.forecast)
    }

    fn count(&mut self, limit: Limit, at: Timestamp, weight: Weight) -> &mut Counter {
        let window = at.window_index(limit.interval);
        let empty = Counter { window, used: 0, newest: None };
        let counter = self.counted.entry(limit).or_insert(empty);
        if counter.window != window {
            *counter = empty;
            self.foreign.remove(&limit);
        }
        counter.used += weight;
        counter
    }

    pub(super) fn stranger(&mut self) {
        let at = self.venue_time();
        for (limit, weight) in [(LIMITS[0], 7), (LIMITS[2], 1), (LIMITS[3], 1)] {
            self.count(limit, at, weight);
            self.foreign.entry(limit).or_default().push((at, weight));
        }
        if self.submitted < self.weather.calls {
            let after = millis(200 + self.dice.roll(4_000));
            self.plan(after, Happening::Stranger);
        }
    }
}

fn call_is_message(cost: &Cost) -> bool {
    cost.weight(LimitKind::Messages) > 0
}

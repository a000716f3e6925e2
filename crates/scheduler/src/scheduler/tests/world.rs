//! A model of a venue behind a bad network, and a client that does what it is let.
//!
//! The venue counts as venues do: by its own clock, when a call lands. The network takes its time,
//! sometimes seconds, and loses answers. The client's clock is off by anything within its error.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::time::Duration;

use arrayvec::ArrayVec;
use tradewind_model::Timestamp;
use tradewind_model::call::EndpointGroup;
use tradewind_model::id::CallId;
use tradewind_model::outcome::{Meter, Reading};
use tradewind_model::tariff::{Alignment, Charge, Cost, Limit, LimitKind, Weight};

use super::weather::{Dice, LIMITS, Weather, millis, origin};
use crate::config::SchedulerConfig;
use crate::scheduler::{Next, Scheduler, Settlement};
use crate::ticket::{Priority, Ticket};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Happening {
    Submit,
    Land(CallId),
    Answer(CallId),
    Close(CallId),
    Fill,
    Resync,
    Stranger,
}

#[derive(Clone, Debug)]
struct Call {
    cost: Cost,
    succeeds: bool,
    admitted_at: Timestamp,
    /// When it landed, by the venue's clock, and what its answer says.
    landed_at: Timestamp,
    meter: Option<Meter>,
    is_over: bool,
}

/// Our own bot's account at the venue, and everything between.
pub(super) struct World {
    pub(super) scheduler: Scheduler,
    pub(super) now: Timestamp,
    weather: Weather,
    dice: Dice,
    agenda: BinaryHeap<Reverse<(Timestamp, u64, Happening)>>,
    happenings: u64,
    calls: BTreeMap<CallId, Call>,
    /// The venue's counters: by limit, the window and what it holds.
    counted: BTreeMap<Limit, (u64, Weight)>,
    landings: VecDeque<Timestamp>,
    /// What the stranger did, and the newest reading that we had, both by the venue's clock.
    foreign: BTreeMap<Limit, Vec<(Timestamp, Weight)>>,
    newest_reading: BTreeMap<Limit, Timestamp>,
    pub(super) submitted: u64,
    pub(super) admitted: BTreeMap<CallId, u32>,
    pub(super) expired: BTreeMap<CallId, u32>,
    pub(super) refused: u64,
    pub(super) fullest: BTreeMap<Limit, Weight>,
}

impl World {
    pub(super) fn new(config: SchedulerConfig, weather: Weather) -> Self {
        let mut scheduler = Scheduler::new(config);
        let mut dice = Dice::new(weather.seed);
        let now = Timestamp::from_secs(1_800_000_000) + millis(dice.roll(600_000));
        scheduler.set_limits(now, &LIMITS);
        let mut world = Self {
            scheduler,
            now,
            weather,
            dice,
            agenda: BinaryHeap::new(),
            happenings: 0,
            calls: BTreeMap::new(),
            counted: BTreeMap::new(),
            landings: VecDeque::new(),
            foreign: BTreeMap::new(),
            newest_reading: BTreeMap::new(),
            submitted: 0,
            admitted: BTreeMap::new(),
            expired: BTreeMap::new(),
            refused: 0,
            fullest: BTreeMap::new(),
        };
        world.resync();
        world.plan(Duration::ZERO, Happening::Submit);
        world.plan(millis(500), Happening::Fill);
        if weather.has_stranger {
            world.plan(millis(700), Happening::Stranger);
        }
        world
    }

    /// Runs until all calls were submitted and are over.
    pub(super) fn run(&mut self) {
        let mut idle_turns = 0;
        while self.submitted < self.weather.calls || !self.is_quiet() {
            let before = self.progress();
            self.drain();
            self.advance();
            let has_moved = before != self.progress();
            idle_turns = if has_moved { 0 } else { idle_turns + 1 };
            assert!(idle_turns < 3, "nothing happens any more at {}", self.now);
        }
    }

    fn progress(&self) -> (Timestamp, u64, usize) {
        (self.now, self.happenings, self.agenda.len())
    }

    fn is_quiet(&self) -> bool {
        let queued: usize = self.scheduler.queue.waiting().iter().map(|(_, n)| n).sum();
        queued == 0 && self.calls.values().all(|call| call.is_over)
    }

    fn drain(&mut self) {
        while let Some(next) = self.scheduler.poll(self.now) {
            match next {
                Next::Admit(permit) => {
                    *self.admitted.entry(permit.call()).or_default() += 1;
                    assert!(permit.deadline() > self.now, "a stale call left");
                    self.send(permit.call());
                }
                Next::Expire(ticket) => *self.expired.entry(ticket.call).or_default() += 1,
                Next::Probe(probe) => panic!("{probe:?} out of nothing"),
            }
        }
        if let Some(wakeup) = self.scheduler.wakeup() {
            assert!(wakeup > self.now, "told to ask again at once, at {wakeup}");
        }
    }

    fn advance(&mut self) {
        let planned = self.agenda.peek().map(|Reverse((at, ..))| *at);
        let wakeup = self.scheduler.wakeup();
        match (planned, wakeup) {
            (Some(at), wakeup) if wakeup.is_none_or(|wakeup| at <= wakeup) => {
                let Some(Reverse((at, _, happening))) = self.agenda.pop() else {
                    return;
                };
                self.now = self.now.max(at);
                self.happen(happening);
            }
            (_, Some(wakeup)) => self.now = wakeup,
            _ => {}
        }
    }

    fn plan(&mut self, after: Duration, happening: Happening) {
        self.happenings += 1;
        let entry = (self.now + after, self.happenings, happening);
        self.agenda.push(Reverse(entry));
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Submit => self.submit(),
            Happening::Land(call) => self.land(call),
            Happening::Answer(call) => self.answer(call),
            Happening::Close(call) => {
                self.scheduler.abandon(self.now, call);
                self.over(call);
            }
            Happening::Fill => {
                // An order was filled, and the venue gives credit for it.
                for limit in LIMITS.iter().filter(|limit| limit.kind == LimitKind::Orders) {
                    if let Some((_, used)) = self.counted.get_mut(limit) {
                        *used = used.saturating_sub(1);
                    }
                }
                if self.submitted < self.weather.calls {
                    let after = millis(300 + self.dice.roll(2_000));
                    self.plan(after, Happening::Fill);
                }
            }
            Happening::Resync => self.resync(),
            Happening::Stranger => self.stranger(),
        }
    }

    /// The client measures the venue's clock anew, with another error.
    fn resync(&mut self) {
        let eps = self.weather.eps_ms;
        let error =
            i64::try_from(self.dice.roll(2 * eps + 1)).unwrap() - i64::try_from(eps).unwrap();
        let offset_ms = self.weather.true_offset_ms + error;
        self.scheduler.set_clock(offset_ms * 1_000_000, millis(eps));
        if self.submitted < self.weather.calls {
            let after = millis(self.dice.roll(20_000));
            self.plan(after, Happening::Resync);
        }
    }

    fn submit(&mut self) {
        self.submitted += 1;
        let call = CallId(self.submitted);
        let weight = LimitKind::RequestWeight;
        let (priority, group, cost) = match self.dice.roll(10) {
            0 => (Priority::Critical, EndpointGroup::Orders, Charge::fixed(weight, 1).into()),
            1..=3 => {
                let order = Charge { kind: weight, weight: 1, weight_on_success: 0 };
                let cost = Cost::from(order).and(Charge::fixed(LimitKind::Orders, 1));
                (Priority::Trade, EndpointGroup::Orders, cost)
            }
            4 | 5 => (Priority::Query, EndpointGroup::Private, Charge::fixed(weight, 4).into()),
            6 => (Priority::Query, EndpointGroup::Private, Charge::fixed(weight, 80).into()),
            7 | 8 => (Priority::Background, EndpointGroup::Public, Charge::fixed(weight, 2).into()),
            _ => {
                let cost = Charge::fixed(LimitKind::Messages, 1).into();
                (Priority::Query, EndpointGroup::Streams, cost)
            }
        };
        let cost: Cost = match group {
            EndpointGroup::Streams => cost,
            EndpointGroup::Orders | EndpointGroup::Private | EndpointGroup::Public => {
                cost.and(Charge::fixed(LimitKind::RawRequests, 1))
            }
        };
        self.calls.insert(
            call,
            Call {
                cost: cost.clone(),
                succeeds: !self.dice.one_in(5),
                admitted_at: self.now,
                landed_at: Timestamp::EPOCH,
                meter: None,
                is_over: true,
            },
        );
        let ticket = Ticket {
            call,
            cost,
            priority,
            group,
            origin: origin("eth0"),
            deadline: self.now + Duration::from_secs(1 + self.dice.roll(self.weather.patience_s)),
            submitted_at: self.now,
            owner: 0,
            probe: None,
        };
        self.refused += u64::from(self.scheduler.submit(self.now, ticket).is_err());
        if self.submitted < self.weather.calls {
            let gap = 2_000 / self.weather.calls_per_s;
            let after = millis(self.dice.roll(gap));
            self.plan(after, Happening::Submit);
        }
    }

    fn send(&mut self, id: CallId) {
        self.leaves_the_reserve(id);
        let to_venue = match self.dice.roll(100) {
            0 => 1_000 + self.dice.roll(2_000),
            _ => self.dice.roll(60),
        };
        let back = match self.dice.roll(100) {
            0 => 1_000 + self.dice.roll(2_000),
            _ => self.dice.roll(60),
        };
        let is_lost = self.dice.one_in(self.weather.lost_one_in);
        let call = self.calls.get_mut(&id).unwrap();
        call.admitted_at = self.now;
        call.is_over = false;
        if !is_lost {
            self.plan(millis(to_venue), Happening::Land(id));
            self.plan(millis(to_venue + back), Happening::Answer(id));
            return;
        }
        // Closed without an answer; it lands before, up to 5 s after, or never.
        let close = 100 + self.dice.roll(2_000);
        self.plan(millis(close), Happening::Close(id));
        if !self.dice.one_in(4) {
            let landing = self.dice.roll(close + 5_000);
            self.plan(millis(landing), Happening::Land(id));
        }
    }

    /// No read takes what is kept for orders and cancels and what others may draw.
    fn leaves_the_reserve(&self, call: CallId) {
        let cost = &self.calls[&call].cost;
        if cost.weight(LimitKind::RequestWeight) == 0 || cost.weight(LimitKind::Orders) > 0 {
            return;
        }
        let snapshot = self.scheduler.snapshot(self.now);
        for view in &snapshot.buckets {
            let is_weight = view.limit.kind == LimitKind::RequestWeight;
            let eps = millis(2 * self.weather.eps_ms);
            let at = self.now.offset_by(self.weather.true_offset_ms * 1_000_000);
            let elapsed = at.since(view.window_start) + eps;
            let is_read = cost.weight(LimitKind::RequestWeight) > 1;
            if is_weight && is_read && elapsed < millis(58_500) {
                // Of 5 % for orders, what is left of the window, and 4 for cancels.
                let left = u64::try_from((millis(60_000) - elapsed).as_millis()).unwrap();
                let floor = 3 + Weight::try_from(15 * left / 60_000).unwrap();
                assert!(view.used + floor <= 300, "a read took the reserve: {view:?}");
            }
        }
    }

    fn venue_time(&self) -> Timestamp {
        self.now.offset_by(self.weather.true_offset_ms * 1_000_000)
    }

    fn land(&mut self, id: CallId) {
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
                    self.landings.push_back(at);
                    self.landings.retain(|landed| *landed + limit.interval > at);
                    assert!(
                        self.landings.len() <= limit.capacity as usize,
                        "{} messages within a second",
                        self.landings.len()
                    );
                }
                continue;
            }
            let used = self.count(limit, at, weight);
            assert!(
                used <= limit.capacity || self.weather.has_stranger,
                "{used} of {limit:?} at {at}, {id} sent at {}",
                call.admitted_at
            );
            let fullest = self.fullest.entry(limit).or_default();
            *fullest = used.max(*fullest);
            // As Binance does: weight on every answer, order counts on those to orders.
            let is_told = match limit.kind {
                LimitKind::RequestWeight => true,
                LimitKind::Orders => is_order,
                LimitKind::RawRequests | LimitKind::Connections | LimitKind::Messages => false,
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

    fn count(&mut self, limit: Limit, at: Timestamp, weight: Weight) -> Weight {
        let window = at.window_index(limit.interval);
        let counter = self.counted.entry(limit).or_insert((window, 0));
        if counter.0 != window {
            *counter = (window, 0);
            self.foreign.remove(&limit);
        }
        counter.1 += weight;
        counter.1
    }

    fn stranger(&mut self) {
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

    /// What the scheduler takes for used is never less than what the venue counts, but for what
    /// others did since the venue was last heard.
    fn is_bounded(&self, at: Timestamp) {
        for view in self.scheduler.snapshot(self.now).buckets {
            let Some((window, used)) = self.counted.get(&view.limit) else {
                continue;
            };
            let is_current = at.window_index(view.limit.interval) == *window
                && view.window_start == at.window_start(view.limit.interval);
            let newest = self.newest_reading.get(&view.limit).copied();
            let foreign: Weight = self
                .foreign
                .get(&view.limit)
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

    fn answer(&mut self, id: CallId) {
        let call = &self.calls[&id];
        let meter = call.meter.clone().unwrap_or_default();
        let succeeded = call.succeeds;
        let settlement = Settlement { succeeded, meter: &meter };
        self.scheduler.settle(self.now, id, settlement);
        self.note_readings(id, &meter);
        // A second settlement must change nothing.
        let before = self.scheduler.snapshot(self.now);
        self.scheduler.settle(self.now, id, settlement);
        self.scheduler.abandon(self.now, id);
        assert_eq!(before, self.scheduler.snapshot(self.now));
        self.over(id);
    }

    /// Remembers the newest reading of each counter that certainly tells of one window.
    fn note_readings(&mut self, id: CallId, meter: &Meter) {
        let call = &self.calls[&id];
        let offset_ns = self.weather.true_offset_ms * 1_000_000;
        let error = millis(2 * self.weather.eps_ms);
        let earliest = call.admitted_at.offset_by(offset_ns) - error;
        let latest = self.now.offset_by(offset_ns) + error;
        for reading in &meter.readings {
            let is_certain =
                earliest.window_index(reading.interval) == latest.window_index(reading.interval);
            let is_of =
                |limit: &&Limit| limit.kind == reading.kind && limit.interval == reading.interval;
            if is_certain && let Some(limit) = LIMITS.iter().find(is_of) {
                let newest = self.newest_reading.entry(*limit).or_default();
                *newest = call.landed_at.max(*newest);
            }
        }
    }

    fn over(&mut self, id: CallId) {
        if let Some(call) = self.calls.get_mut(&id) {
            call.is_over = true;
        }
    }
}

fn call_is_message(cost: &Cost) -> bool {
    cost.weight(LimitKind::Messages) > 0
}

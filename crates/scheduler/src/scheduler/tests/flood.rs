//! A bot that wants more than it may have, for hours: what it gets, and how long orders wait.
//!
//! The figures are the venue's: it counts what lands, in its own windows, and turns away what does
//! not fit. The client only knows what it is told.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use arrayvec::ArrayVec;
use tradewind_model::Timestamp;
use tradewind_model::call::EndpointGroup;
use tradewind_model::id::CallId;
use tradewind_model::outcome::{Meter, Reading};
use tradewind_model::tariff::{Charge, Cost, Limit, LimitKind, Weight};

use super::weather::{Dice, limit, millis, origin};
use crate::config::SchedulerConfig;
use crate::scheduler::{Next, Scheduler, Settlement};
use crate::ticket::{Priority, Ticket};

/// Binance's limits of spot.
const LIMITS: [Limit; 4] = [
    limit(LimitKind::RequestWeight, 60, 6_000),
    limit(LimitKind::RawRequests, 300, 61_000),
    limit(LimitKind::Orders, 10, 100),
    limit(LimitKind::Orders, 86_400, 200_000),
];

/// What the day brings.
#[derive(Clone, Copy, Debug)]
struct Day {
    seed: u64,
    minutes: u64,
    /// Others use a tenth of the weight, and now and then a hundredth at once.
    has_stranger: bool,
    /// One call in so many takes up to 3 s.
    slow_one_in: u64,
    /// How far off the clock's error bound lets it be.
    eps_ms: u64,
}

const FAIR: Day = Day { seed: 1, minutes: 60, has_stranger: false, slow_one_in: 100, eps_ms: 200 };

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Tick,
    Land(CallId),
    Answer(CallId),
    Resync,
}

struct Call {
    class: Priority,
    cost: Cost,
    submitted_at: Timestamp,
    succeeds: bool,
    meter: Meter,
    back: u64,
}

/// What the venue's books say at the end.
#[derive(Debug, Default)]
struct Report {
    refused: u64,
    /// Of each whole minute: the weight counted, and how much of that was the stranger's.
    minutes: Vec<(Weight, Weight)>,
    waits_us: BTreeMap<Priority, Vec<u64>>,
}

impl Report {
    /// Thousandths of what the stranger left that we used, in the median minute.
    fn used_permille(&self) -> u64 {
        let mut used: Vec<u64> = self
            .minutes
            .iter()
            .map(|(all, foreign)| {
                u64::from(all - foreign) * 1_000 / u64::from(LIMITS[0].capacity - foreign)
            })
            .collect();
        used.sort_unstable();
        used[used.len() / 2]
    }

    fn wait_ms(&mut self, class: Priority, permille: usize) -> u64 {
        let waits = self.waits_us.get_mut(&class).unwrap();
        waits.sort_unstable();
        waits[(waits.len() - 1) * permille / 1_000] / 1_000
    }
}

struct Flood {
    day: Day,
    dice: Dice,
    scheduler: Scheduler,
    now: Timestamp,
    ends_at: Timestamp,
    agenda: BinaryHeap<Reverse<(Timestamp, u64, Event)>>,
    planned: u64,
    calls: BTreeMap<CallId, Call>,
    minted: u64,
    counters: [(u64, Weight); LIMITS.len()],
    foreign: Weight,
    /// Until when the orders of a burst come faster.
    burst_until: Timestamp,
    offset_ms: i64,
    report: Report,
}

impl Flood {
    fn new(day: Day) -> Self {
        let now = Timestamp::from_millis(1_800_057_607_300);
        let mut scheduler = Scheduler::new(SchedulerConfig::default());
        scheduler.set_limits(now, &LIMITS);
        let mut flood = Self {
            day,
            dice: Dice::new(day.seed),
            scheduler,
            now,
            ends_at: now + millis(60_000 * day.minutes),
            agenda: BinaryHeap::new(),
            planned: 0,
            calls: BTreeMap::new(),
            minted: 0,
            counters: Default::default(),
            foreign: 0,
            burst_until: now,
            offset_ms: -1_234,
            report: Report::default(),
        };
        flood.resync();
        flood.plan(0, Event::Tick);
        flood
    }

    fn run(mut self) -> Report {
        while self.now < self.ends_at {
            while let Some(next) = self.scheduler.poll(self.now) {
                match next {
                    Next::Admit(permit) => self.send(permit.call()),
                    Next::Probe(probe) => panic!("{probe:?} out of nothing"),
                    Next::Expire(ticket) => {
                        self.calls.remove(&ticket.call);
                    }
                }
            }
            let Some(Reverse((at, ..))) = self.agenda.peek() else { break };
            match self.scheduler.wakeup() {
                Some(wakeup) if wakeup < *at => self.now = self.now.max(wakeup),
                _ => {
                    let Some(Reverse((at, _, event))) = self.agenda.pop() else { break };
                    self.now = self.now.max(at);
                    self.happen(event);
                }
            }
        }
        // The first minute began before us.
        self.report.minutes.remove(0);
        self.report
    }

    fn plan(&mut self, after_ms: u64, event: Event) {
        self.planned += 1;
        self.agenda.push(Reverse((self.now + millis(after_ms), self.planned, event)));
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Tick => self.tick(),
            Event::Land(call) => self.land(call),
            Event::Answer(id) => {
                let call = self.calls.remove(&id).unwrap();
                let settlement = Settlement { succeeded: call.succeeds, meter: &call.meter };
                self.scheduler.settle(self.now, id, settlement);
            }
            Event::Resync => self.resync(),
        }
    }

    /// Ten milliseconds of demand.
    fn tick(&mut self) {
        self.plan(10, Event::Tick);
        // Reads of a mean weight of 20, 10.5 a second: 2.1 times the limit.
        if self.dice.roll(10_000) < 1_050 {
            let (class, group) = match self.dice.roll(3) {
                0 => (Priority::Query, EndpointGroup::Private),
                _ => (Priority::Background, EndpointGroup::Public),
            };
            let weight = [4, 10, 20, 20, 20, 46][usize::try_from(self.dice.roll(6)).unwrap()];
            let cost = Charge::fixed(LimitKind::RequestWeight, weight).into();
            self.submit(class, group, cost, 30_000);
        }
        // Orders: 2 a second, of which a part comes in bursts of 8 a second for 2 s.
        if self.now >= self.burst_until && self.dice.one_in(2_000) {
            self.burst_until = self.now + millis(2_000);
        }
        let per_10_s = if self.now < self.burst_until { 800 } else { 140 };
        if self.dice.roll(10_000) < per_10_s {
            let weight = Charge { kind: LimitKind::RequestWeight, weight: 1, weight_on_success: 0 };
            let cost = Cost::from(weight).and(Charge::fixed(LimitKind::Orders, 1));
            self.submit(Priority::Trade, EndpointGroup::Orders, cost, 10_000);
        }
        if self.dice.one_in(100) {
            let cost = Charge::fixed(LimitKind::RequestWeight, 1).into();
            self.submit(Priority::Critical, EndpointGroup::Orders, cost, 10_000);
        }
        if self.day.has_stranger {
            // 9 a second in calls of 3, and every 40 s up to 60 at once.
            if self.dice.roll(10_000) < 300 {
                self.stranger(3);
            }
            if self.dice.one_in(4_000) {
                let weight = Weight::try_from(20 + self.dice.roll(41)).unwrap();
                self.stranger(weight);
            }
        }
    }

    fn submit(&mut self, priority: Priority, group: EndpointGroup, cost: Cost, patience: u64) {
        self.minted += 1;
        let call = CallId(self.minted);
        let cost = cost.and(Charge::fixed(LimitKind::RawRequests, 1));
        let ticket = Ticket {
            call,
            cost: cost.clone(),
            priority,
            group,
            origin: origin("eth0"),
            deadline: self.now + millis(patience),
            submitted_at: self.now,
            owner: 0,
            probe: None,
        };
        if self.scheduler.submit(self.now, ticket).is_ok() {
            let submitted_at = self.now;
            let (succeeds, meter) = (!self.dice.one_in(20), Meter::default());
            let call_of = Call { class: priority, cost, submitted_at, succeeds, meter, back: 0 };
            self.calls.insert(call, call_of);
        }
    }

    fn delay(&mut self) -> u64 {
        match self.dice.one_in(self.day.slow_one_in) {
            true => self.dice.roll(3_000),
            false => 5 + self.dice.roll(20),
        }
    }

    fn send(&mut self, id: CallId) {
        let (there, back) = (self.delay(), self.delay());
        let call = self.calls.get_mut(&id).unwrap();
        call.back = back;
        let wait = self.now.since(call.submitted_at);
        let wait_us = u64::try_from(wait.as_micros()).unwrap();
        self.report.waits_us.entry(call.class).or_default().push(wait_us);
        self.plan(there, Event::Land(id));
    }

    /// The venue's clock moves all its windows on.
    fn count(&mut self, weights: [Weight; LIMITS.len()]) -> bool {
        let at = self.now.offset_by(self.offset_ms * 1_000_000);
        for (limit, counter) in LIMITS.iter().zip(&mut self.counters) {
            let window = at.window_index(limit.interval);
            if window != counter.0 {
                if limit.kind == LimitKind::RequestWeight {
                    self.report.minutes.push((counter.1, self.foreign));
                    self.foreign = 0;
                }
                *counter = (window, 0);
            }
        }
        let fits = |(i, limit): (usize, &Limit)| self.counters[i].1 + weights[i] <= limit.capacity;
        if !LIMITS.iter().enumerate().all(fits) {
            return false;
        }
        for (counter, weight) in self.counters.iter_mut().zip(weights) {
            counter.1 += weight;
        }
        true
    }

    fn stranger(&mut self, weight: Weight) {
        if self.count([weight, 1, 0, 0]) {
            self.foreign += weight;
        }
    }

    fn land(&mut self, id: CallId) {
        let call = &self.calls[&id];
        let (succeeds, back) = (call.succeeds, call.back);
        let weigh = |limit: &Limit| {
            let charges = &call.cost.charges;
            charges
                .iter()
                .find(|charge| charge.kind == limit.kind)
                .map_or(0, |charge| if succeeds { charge.weight_on_success } else { charge.weight })
        };
        let weights: ArrayVec<Weight, { LIMITS.len() }> = LIMITS.iter().map(weigh).collect();
        if !self.count(weights.into_inner().unwrap()) {
            self.report.refused += 1;
        }
        let is_order = self.calls[&id].cost.weight(LimitKind::Orders) > 0;
        let readings = LIMITS.iter().zip(&self.counters).filter_map(|(limit, (_, used))| {
            let is_told = match limit.kind {
                LimitKind::RequestWeight => true,
                LimitKind::Orders => is_order,
                LimitKind::RawRequests
                | LimitKind::Connections
                | LimitKind::Messages
                | LimitKind::Calls(_) => false,
            };
            let reading = Reading { kind: limit.kind, interval: limit.interval, used: *used };
            is_told.then_some(reading)
        });
        let readings = readings.collect();
        self.calls.get_mut(&id).unwrap().meter = Meter { readings, ..Meter::default() };
        self.plan(back, Event::Answer(id));
    }

    fn resync(&mut self) {
        let eps = self.day.eps_ms;
        let error =
            i64::try_from(self.dice.roll(2 * eps + 1)).unwrap() - i64::try_from(eps).unwrap();
        self.scheduler.set_clock((self.offset_ms + error) * 1_000_000, millis(eps));
        let after = 10_000 + self.dice.roll(50_000);
        self.plan(after, Event::Resync);
    }
}

fn check(day: Day, used_permille: u64) {
    let mut report = Flood::new(day).run();
    let used = report.used_permille();
    let waits = [Priority::Critical, Priority::Trade]
        .map(|class| [500, 990, 1_000].map(|permille| report.wait_ms(class, permille)));
    assert_eq!(report.refused, 0, "turned away on {day:?}");
    assert!(used >= used_permille, "only {used} permille used on {day:?}");
    assert!(waits[0][1] <= 50, "cancels waited {:?} ms", waits[0]);
    assert!(waits[1][1] <= 50, "orders waited {:?} ms", waits[1]);
}

#[test]
fn a_flood_of_reads_uses_the_limit_and_delays_no_order() {
    check(FAIR, 980);
    check(Day { seed: 2, eps_ms: 5, ..FAIR }, 980);
    check(Day { seed: 3, slow_one_in: 10, minutes: 30, ..FAIR }, 980);
}

#[test]
fn a_stranger_on_the_address_gets_nobody_refused() {
    for seed in 1..=4 {
        check(Day { seed, has_stranger: true, ..FAIR }, 970);
    }
    check(Day { seed: 5, has_stranger: true, eps_ms: 5, ..FAIR }, 970);
}

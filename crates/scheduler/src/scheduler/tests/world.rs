//! A model of a venue behind a bad network, and a client that does what it is let.
//!
//! The venue counts as venues do: by its own clock, when a call lands. The network takes its time,
//! sometimes seconds, and loses answers. The client's clock is off by anything within its error.

mod books;
mod venue;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::time::Duration;

use tradewind_model::Timestamp;
use tradewind_model::call::EndpointGroup;
use tradewind_model::id::CallId;
use tradewind_model::outcome::Meter;
use tradewind_model::tariff::{Charge, Cost, Limit, LimitKind, Weight};

use self::venue::Counter;
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
    /// It is found that nothing was ever written.
    Unsent(CallId),
    Fill,
    /// A limit is another from now on.
    NewLimit,
    Resync,
    Stranger,
}

/// How much later than it might somebody leaves who was told a time.
const EDGE: Duration = Duration::from_micros(100);

/// What a limit was when a call left, and what was known of others then.
#[derive(Clone, Copy, Debug)]
struct Terms {
    capacity: Weight,
    window: u64,
    forecast: u64,
    /// When the newest reading was taken that had come by then.
    heard_at: Option<Timestamp>,
}

#[derive(Clone, Debug)]
struct Call {
    class: Priority,
    cost: Cost,
    succeeds: bool,
    admitted_at: Timestamp,
    /// On what terms, by what the limits were at first.
    terms: BTreeMap<Limit, Terms>,
    /// When it landed, by the venue's clock, and what its answer says.
    landed_at: Timestamp,
    meter: Option<Meter>,
    is_over: bool,
}

/// Our own bot's account at the venue, and everything between.
///
/// It asserts while it runs that
/// - what lands never fills a window of the venue's by more than it held when the newest of it was
///   sent, unless a stranger did
///   more than was forecast since the venue was last heard;
/// - what the scheduler takes for used is never less than what the venue counts, but for what a
///   stranger did since then, and falls inside a window only by an answer: by no more than its call
///   was charged, and what had come back before it without a reading;
/// - no call leaves that takes it above what a window holds, and no read that takes what is kept
///   for orders and cancels;
/// - a call is settled once, whatever is said of it afterwards;
/// - nothing is polled for ever, no call leaves after its deadline, and none is given up before;
/// - whoever waits without being asked could not have left.
pub(super) struct World {
    pub(super) scheduler: Scheduler,
    pub(super) now: Timestamp,
    weather: Weather,
    dice: Dice,
    /// When all are asked: nothing else may follow from that.
    whim: Dice,
    agenda: BinaryHeap<Reverse<(Timestamp, u64, Happening)>>,
    happenings: u64,
    calls: BTreeMap<CallId, Call>,
    limits: [Limit; LIMITS.len()],
    /// The venue's counters, by what the limits were at first.
    counted: BTreeMap<Limit, Counter>,
    /// When messages landed, when they were sent, and how many were allowed then.
    landings: VecDeque<(Timestamp, Timestamp, Weight)>,
    /// What the stranger did, and the newest reading that we had, both by the venue's clock.
    foreign: BTreeMap<Limit, Vec<(Timestamp, Weight)>>,
    newest_reading: BTreeMap<Limit, Timestamp>,
    /// What was taken for used when that was last looked at, and in which window.
    taken: BTreeMap<Limit, (Timestamp, Weight)>,
    /// What came back without a reading, by when it did.
    unread: BTreeMap<Limit, Vec<(Timestamp, Weight)>>,
    pub(super) submitted: u64,
    /// Who left, and when, in order.
    pub(super) departures: Vec<(CallId, Timestamp)>,
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
            whim: Dice::new(weather.seed ^ 1),
            agenda: BinaryHeap::new(),
            happenings: 0,
            calls: BTreeMap::new(),
            limits: LIMITS,
            counted: BTreeMap::new(),
            landings: VecDeque::new(),
            foreign: BTreeMap::new(),
            newest_reading: BTreeMap::new(),
            taken: BTreeMap::new(),
            unread: BTreeMap::new(),
            submitted: 0,
            departures: Vec::new(),
            expired: BTreeMap::new(),
            refused: 0,
            fullest: BTreeMap::new(),
        };
        world.resync();
        world.plan(Duration::ZERO, Happening::Submit);
        world.plan(millis(500), Happening::Fill);
        if weather.limits_change {
            world.plan(millis(900), Happening::NewLimit);
        }
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
        loop {
            while let Some(next) = self.scheduler.poll(self.now) {
                self.perform(next);
            }
            let wakeup = self.scheduler.wakeup();
            assert!(
                wakeup.is_none_or(|at| at > self.now),
                "told to ask again at once, at {wakeup:?}"
            );
            match self.ask_all() {
                Some(next) => self.perform(next),
                None => return,
            }
        }
    }

    /// Who is put behind an obstacle and not asked until that has moved could not have left
    /// meanwhile: now and then, all are asked.
    fn ask_all(&mut self) -> Option<Next> {
        if !self.whim.one_in(self.weather.asked_one_in) {
            return None;
        }
        let wakeup = self.scheduler.wakeup();
        self.scheduler.ask_all();
        let next = self.scheduler.poll(self.now)?;
        // Whoever is told a time is told it a little late, lest clocks race to the edge of a window.
        let is_edge = wakeup.is_some_and(|at| at.since(self.now) <= EDGE);
        assert!(is_edge, "{next:?} could have been before {wakeup:?}");
        Some(next)
    }

    fn perform(&mut self, next: Next) {
        match next {
            Next::Admit(permit) => {
                assert!(permit.deadline() > self.now, "a stale call left");
                self.departures.push((permit.call(), self.now));
                self.send(permit.call());
            }
            Next::Expire(ticket) => {
                assert!(ticket.deadline <= self.now, "{} was given up early", ticket.call);
                *self.expired.entry(ticket.call).or_default() += 1;
            }
            Next::Probe(probe) => panic!("{probe:?} out of nothing"),
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
        self.occur(happening);
        let answered = match happening {
            Happening::Answer(call) | Happening::Unsent(call) => Some(call),
            Happening::Submit
            | Happening::Land(_)
            | Happening::Close(_)
            | Happening::Fill
            | Happening::NewLimit
            | Happening::Resync
            | Happening::Stranger => None,
        };
        self.look_for_falls(answered, happening == Happening::Resync);
    }

    fn occur(&mut self, happening: Happening) {
        match happening {
            Happening::Submit => self.submit(),
            Happening::Land(call) => self.land(call),
            Happening::Answer(call) => self.answer(call),
            Happening::Close(call) => {
                self.scheduler.abandon(self.now, call);
                self.note_unread(call, self.now + Duration::from_secs(5), &Meter::default());
                self.over(call);
            }
            Happening::Unsent(call) => {
                self.scheduler.forget_unsent(call);
                self.over(call);
            }
            Happening::NewLimit => self.change_limit(),
            Happening::Fill => {
                // An order was filled, and the venue gives credit for it.
                for limit in LIMITS.iter().filter(|limit| limit.kind == LimitKind::Orders) {
                    if let Some(counter) = self.counted.get_mut(limit) {
                        counter.used = counter.used.saturating_sub(1);
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

    /// One of the limits is set anew, to something between half and twice what it was at first.
    fn change_limit(&mut self) {
        let which = usize::try_from(self.dice.roll(LIMITS.len() as u64)).unwrap();
        let percent = 50 + Weight::try_from(self.dice.roll(151)).unwrap();
        self.limits[which].capacity = (LIMITS[which].capacity * percent / 100).max(1);
        self.scheduler.set_limits(self.now, &self.limits);
        if self.submitted < self.weather.calls {
            let after = millis(self.dice.roll(10_000));
            self.plan(after, Happening::NewLimit);
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
                class: priority,
                cost: cost.clone(),
                succeeds: !self.dice.one_in(5),
                admitted_at: self.now,
                terms: BTreeMap::new(),
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
            owner: u32::try_from(self.dice.roll(3)).unwrap(),
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
        self.leaves_room(id);
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
        if self.dice.one_in(self.weather.unsent_one_in) {
            self.plan(millis(to_venue), Happening::Unsent(id));
            return;
        }
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

    fn venue_time(&self) -> Timestamp {
        self.at_venue(self.now)
    }

    fn at_venue(&self, at: Timestamp) -> Timestamp {
        at.offset_by(self.weather.true_offset_ms * 1_000_000)
    }

    fn answer(&mut self, id: CallId) {
        let call = &self.calls[&id];
        let meter = call.meter.clone().unwrap_or_default();
        let succeeded = call.succeeds;
        let settlement = Settlement { succeeded, meter: &meter };
        self.scheduler.settle(self.now, id, settlement);
        self.note_unread(id, self.now, &meter);
        self.note_readings(id, &meter);
        // A second settlement must change nothing.
        let before = self.scheduler.snapshot(self.now);
        self.scheduler.settle(self.now, id, settlement);
        self.scheduler.abandon(self.now, id);
        assert_eq!(before, self.scheduler.snapshot(self.now));
        self.over(id);
    }

    fn over(&mut self, id: CallId) {
        if let Some(call) = self.calls.get_mut(&id) {
            call.is_over = true;
        }
    }
}

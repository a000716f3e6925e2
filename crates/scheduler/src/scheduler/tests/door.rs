//! What is let into the queue, what is given up there, and what both are told.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use tradewind_model::Timestamp;
use tradewind_model::call::EndpointGroup;
use tradewind_model::id::CallId;
use tradewind_model::tariff::{LimitKind, Weight};

use super::desk::{MIDNIGHT, plain, weighing};
use super::weather::{limit, millis, origin};
use crate::cases::cases;
use crate::config::{QueueCapacity, SchedulerConfig};
use crate::never::{Never, Shed};
use crate::scheduler::{Next, Scheduler, Settlement};
use crate::ticket::{Priority, Ticket};

const CAPACITY: Weight = 10;

#[derive(Clone, Copy, Debug)]
enum Step {
    Submit { call: u64, class: Priority, weight: Weight, patience_ms: u64 },
    Remove { call: u64 },
    Answer { which: usize },
    Pass { millis: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    let class = prop::sample::select(Priority::ALL.to_vec());
    let weight = prop_oneof![8 => 1_u32..=5, 1 => 6_u32..=14];
    prop_oneof![
        8 => (0_u64..24, class, weight, 0_u64..90_000).prop_map(
            |(call, class, weight, patience_ms)| Step::Submit { call, class, weight, patience_ms }
        ),
        2 => (0_u64..24).prop_map(|call| Step::Remove { call }),
        3 => any::<usize>().prop_map(|which| Step::Answer { which }),
        2 => (0_u64..40_000).prop_map(|millis| Step::Pass { millis }),
    ]
}

/// Everybody who was let in and has not gone.
struct Book {
    scheduler: Scheduler,
    room: QueueCapacity,
    now: Timestamp,
    waiting: BTreeMap<CallId, Ticket>,
    on_wire: Vec<CallId>,
}

impl Book {
    fn new(room: QueueCapacity) -> Self {
        let mut scheduler = Scheduler::new(SchedulerConfig { queue: room, ..plain() });
        let now = MIDNIGHT + millis(5_000);
        scheduler.set_limits(now, &[limit(LimitKind::RequestWeight, 60, CAPACITY)]);
        scheduler.set_clock(0, millis(2));
        Self { scheduler, room, now, waiting: BTreeMap::new(), on_wire: Vec::new() }
    }

    fn of(&self, class: Priority) -> usize {
        self.waiting.values().filter(|ticket| ticket.priority == class).count()
    }

    fn play(&mut self, step: Step) {
        match step {
            Step::Submit { call, class, weight, patience_ms } => {
                let ticket = Ticket {
                    call: CallId(call),
                    cost: weighing(weight),
                    priority: class,
                    group: EndpointGroup::Public,
                    origin: origin("eth0"),
                    deadline: self.now + millis(patience_ms),
                    submitted_at: self.now,
                    owner: 0,
                    probe: None,
                };
                self.submit(ticket, weight);
            }
            Step::Remove { call } => {
                let removed = self.scheduler.remove(CallId(call));
                assert_eq!(removed, self.waiting.remove(&CallId(call)));
            }
            Step::Answer { which } => {
                if !self.on_wire.is_empty() {
                    let call = self.on_wire.swap_remove(which % self.on_wire.len());
                    let settlement = Settlement { succeeded: true, meter: &Default::default() };
                    self.scheduler.settle(self.now, call, settlement);
                }
            }
            Step::Pass { millis: ms } => self.now = self.now + millis(ms),
        }
    }

    /// Lets somebody in, or learns why not.
    fn submit(&mut self, ticket: Ticket, weight: Weight) {
        let (call, class) = (ticket.call, ticket.priority);
        let capacity = self.room.of(class);
        let is_known = self.waiting.contains_key(&call) || self.on_wire.contains(&call);
        match self.scheduler.submit(self.now, ticket.clone()) {
            Ok(()) => {
                assert!(!is_known && weight <= CAPACITY && self.of(class) < capacity);
                self.waiting.insert(call, ticket);
            }
            Err(Never::Duplicate { call: twice }) => assert!(is_known && twice == call),
            Err(Never::Exceeds { weight: too_much, .. }) => {
                assert!(too_much == weight && weight > CAPACITY);
            }
            Err(Never::QueueFull { class: full, capacity: most }) => {
                assert!(full == class && most == capacity && self.of(class) == capacity);
            }
        }
    }

    fn drain(&mut self) {
        while let Some(next) = self.scheduler.poll(self.now) {
            match next {
                Next::Admit(permit) => {
                    let ticket = self.waiting.remove(&permit.call()).expect("nobody let it in");
                    assert!(self.now < ticket.deadline, "it left too late");
                    self.on_wire.push(ticket.call);
                }
                Next::Expire(ticket) => {
                    let waited = self.now.since(ticket.submitted_at);
                    assert!(ticket.deadline <= self.now, "it was given up too early");
                    let told = Shed::expired(self.now, &ticket);
                    assert_eq!(told, Shed::TooLate { class: ticket.priority, waited });
                    assert_eq!(self.waiting.remove(&ticket.call), Some(ticket), "given up once");
                }
                Next::Probe(probe) => panic!("{probe:?}"),
            }
        }
        assert!(
            self.waiting.values().all(|ticket| self.now < ticket.deadline),
            "it waits for ever"
        );
        for (class, waiting) in self.scheduler.snapshot(self.now).queued {
            assert_eq!(waiting, self.of(class));
            assert!(waiting <= self.room.of(class));
        }
    }
}

proptest! {
    #![proptest_config(cases())]

    /// No class holds more than it may; who is refused is told the reason, and it is true; who is
    /// taken back is gone; and who is let in leaves before its deadline or is given up at it, once.
    #[test]
    fn who_is_let_in_leaves_in_time_or_is_given_up_and_who_is_not_is_told_why(
        room in prop::array::uniform4(0_usize..6),
        steps in prop::collection::vec(step(), 1..100),
    ) {
        let [critical, trade, query, background] = room;
        let mut book = Book::new(QueueCapacity { critical, trade, query, background });
        for step in steps {
            book.play(step);
            book.drain();
        }
        book.now = book.now + Duration::from_secs(100);
        book.drain();
        prop_assert!(book.waiting.is_empty());
    }
}

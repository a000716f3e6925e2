//! Who goes first, whatever waits: held against the rules themselves, by one who sees everything.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use tradewind_model::Timestamp;
use tradewind_model::call::EndpointGroup;
use tradewind_model::id::{CallId, EgressId};
use tradewind_model::tariff::{LimitKind, Weight};

use super::desk::{Desk, MIDNIGHT, plain, weighing};
use super::weather::{limit, millis};
use crate::cases::cases;
use crate::scheduler::Next;
use crate::shut::ScopeKey;
use crate::ticket::Priority;

/// What an address may draw in a minute.
const CAPACITY: Weight = 60;
const MINUTE: Duration = Duration::from_secs(60);

/// What happens to a queue.
#[derive(Clone, Copy, Debug)]
enum Step {
    Submit {
        class: Priority,
        owner: u32,
        weight: Weight,
        egress: usize,
        due_s: u64,
    },
    Remove {
        which: usize,
    },
    /// Some seconds pass, of ten that keep away from the ends of minutes.
    Pass {
        seconds: u64,
    },
    /// The minute ends.
    NextMinute,
    Shut {
        egress: usize,
        minutes: u64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let class = prop::sample::select(Priority::ALL.to_vec());
    let weight = prop_oneof![4 => 1_u32..8, 1 => 20_u32..=60];
    prop_oneof![
        12 => (class, 0_u32..3, weight, 0_usize..2, 0_u64..1_000).prop_map(
            |(class, owner, weight, egress, due_s)| Step::Submit {
                class, owner, weight, egress, due_s
            }
        ),
        2 => any::<usize>().prop_map(|which| Step::Remove { which }),
        2 => (1_u64..6).prop_map(|seconds| Step::Pass { seconds }),
        3 => Just(Step::NextMinute),
        1 => (0_usize..2, 1_u64..4).prop_map(|(egress, minutes)| Step::Shut { egress, minutes }),
    ]
}

/// Calls of one kind leave in order, so they wait for room together.
type Kind = (Priority, u32, Weight, usize);

/// Since when a kind of call waits for room. It may have been asked, or not, while it was held back
/// by another anyway.
#[derive(Clone, Copy, Debug)]
struct Short {
    perhaps_since: Timestamp,
    surely_since: Option<Timestamp>,
}

/// A call that waits.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    class: Priority,
    owner: u32,
    weight: Weight,
    egress: usize,
    deadline: Timestamp,
}

impl Waiting {
    const fn kind(&self) -> Kind {
        (self.class, self.owner, self.weight, self.egress)
    }

    const fn is_shared(&self) -> bool {
        matches!(self.class, Priority::Trade | Priority::Background)
    }
}

/// A queue, and somebody who sees all of it.
struct Watch {
    desk: Desk,
    egresses: [EgressId; 2],
    waiting: BTreeMap<CallId, Waiting>,
    used: [Weight; 2],
    shut_until: [Timestamp; 2],
    /// Since when a kind of call waits for room.
    short: BTreeMap<Kind, Short>,
    minute: u64,
}

impl Watch {
    fn new() -> Self {
        let mut desk = Desk::new(plain(), &[limit(LimitKind::RequestWeight, 60, CAPACITY)]);
        desk.now = MIDNIGHT + millis(10_000);
        Self {
            desk,
            egresses: [EgressId::new("eth0").unwrap(), EgressId::new("eth1").unwrap()],
            waiting: BTreeMap::new(),
            used: [0; 2],
            shut_until: [Timestamp::EPOCH; 2],
            short: BTreeMap::new(),
            minute: 0,
        }
    }

    fn play(&mut self, step: Step) {
        match step {
            Step::Submit { class, owner, weight, egress, due_s } => {
                let deadline = MIDNIGHT + Duration::from_secs(1_000_000 + due_s);
                self.desk.origin.egress = self.egresses[egress];
                (self.desk.owner, self.desk.deadline) = (owner, deadline);
                let call = self.desk.submit(class, EndpointGroup::Public, weighing(weight));
                let waiting = Waiting { class, owner, weight, egress, deadline };
                self.waiting.insert(call, waiting);
            }
            Step::Remove { which } => {
                if self.waiting.is_empty() {
                    return;
                }
                let which = which % self.waiting.len();
                let (call, of) = self.waiting.iter().nth(which).map(|(id, of)| (*id, *of)).unwrap();
                self.waiting.remove(&call);
                assert!(self.desk.scheduler.remove(call).is_some());
                self.forget_if_gone(of.kind());
            }
            Step::Pass { seconds } => {
                let latest = MIDNIGHT + MINUTE * u32::try_from(self.minute).unwrap() + MINUTE;
                let then = self.desk.now + Duration::from_secs(seconds);
                self.desk.now = then.min(latest - Duration::from_secs(1));
            }
            Step::NextMinute => self.next_minute(),
            Step::Shut { egress, minutes } => {
                let until = self.desk.now + MINUTE * u32::try_from(minutes).unwrap();
                let scope = ScopeKey::Egress(self.egresses[egress]);
                self.desk.scheduler.shut(self.desk.now, scope, until);
                self.shut_until[egress] = self.shut_until[egress].max(until);
                self.short.retain(|(.., of), _| *of != egress);
            }
        }
    }

    fn next_minute(&mut self) {
        self.minute += 1;
        self.desk.now = MIDNIGHT + MINUTE * u32::try_from(self.minute).unwrap() + millis(1_000);
        self.used = [0; 2];
    }

    /// A kind of which nothing waits any more is not short of anything.
    fn forget_if_gone(&mut self, kind: (Priority, u32, Weight, usize)) {
        if self.waiting.values().all(|waiting| waiting.kind() != kind) {
            self.short.remove(&kind);
        }
    }

    fn fits(&self, waiting: &Waiting) -> bool {
        self.shut_until[waiting.egress] <= self.desk.now
            && self.used[waiting.egress] + waiting.weight <= CAPACITY
    }

    /// Since when a call certainly keeps room from those after it: it has waited for a window.
    fn surely_reserved(&self, waiting: &Waiting) -> Option<Timestamp> {
        let since = self.short.get(&waiting.kind())?.surely_since?;
        (since + MINUTE <= self.desk.now).then_some(since)
    }

    /// As [`surely_reserved`](Self::surely_reserved), where it may be so.
    fn perhaps_reserved(&self, waiting: &Waiting) -> Option<Timestamp> {
        let since = self.short.get(&waiting.kind())?.perhaps_since;
        (since + MINUTE <= self.desk.now).then_some(since)
    }

    /// Lets leave what may, and sees whether it was right for each.
    fn drain(&mut self) {
        while let Some(next) = self.desk.scheduler.poll(self.desk.now) {
            let Next::Admit(permit) = next else { panic!("{next:?}") };
            let call = permit.call();
            let left = *self.waiting.get(&call).expect("a call that was taken back left");
            assert!(self.fits(&left), "{left:?} has no room");
            self.nobody_was_passed(call, &left);
            self.waiting.remove(&call);
            self.used[left.egress] += left.weight;
            self.short.remove(&left.kind());
            self.desk.answer(call, &[]);
        }
        // Whoever could leave has, but for those who left their room to others.
        for waiting in self.waiting.values().filter(|waiting| self.fits(waiting)) {
            assert!(self.may_be_held_back(waiting), "{waiting:?} was forgotten");
        }
        self.note_short();
        let used = self.desk.scheduler.snapshot(self.desk.now);
        for view in used.buckets {
            let egress = usize::from(view.owner.to_string() == "eth1");
            assert_eq!(view.used, self.used[egress], "what waits costs nothing");
        }
    }

    fn note_short(&mut self) {
        for waiting in self.waiting.values() {
            let is_open = self.shut_until[waiting.egress] <= self.desk.now;
            if !is_open || self.fits(waiting) {
                continue;
            }
            // Who is held back by another need not be asked whether there is room.
            let surely_since = (!self.may_be_held_back(waiting)).then_some(self.desk.now);
            let short = Short { perhaps_since: self.desk.now, surely_since };
            let known = self.short.entry(waiting.kind()).or_insert(short);
            known.surely_since = known.surely_since.or(surely_since);
        }
    }

    /// No call that could have left as well had to go before the one that left.
    fn nobody_was_passed(&self, call: CallId, left: &Waiting) {
        for (id, other) in self.waiting.iter().filter(|(id, _)| **id != call) {
            self.nobody_took_what_is_kept_for(other, left);
            if !self.fits(other) || self.may_be_held_back(other) {
                continue;
            }
            if other.class < left.class {
                let is_trickle =
                    (other.class, left.class) == (Priority::Query, Priority::Background);
                assert!(is_trickle, "{left:?} went before {other:?}");
            }
            let is_alike = other.class == left.class
                && (!left.is_shared() || other.owner == left.owner)
                && (left.class != Priority::Background || other.weight <= left.weight);
            if is_alike {
                let (mine, theirs) = ((left.deadline, call), (other.deadline, *id));
                assert!(mine < theirs, "{left:?} went before {other:?}, which is due earlier");
            }
        }
    }

    /// Whoever has waited for a window is passed by nobody of its class or a lower one who has not
    /// waited as long.
    fn nobody_took_what_is_kept_for(&self, other: &Waiting, left: &Waiting) {
        let may_keep = other.egress == left.egress && other.class <= left.class;
        if !may_keep || other.kind() == left.kind() {
            return;
        }
        if let Some(theirs) = self.surely_reserved(other) {
            let mine = self.perhaps_reserved(left);
            let is_first = mine.is_some_and(|mine| (left.class, mine) <= (other.class, theirs));
            assert!(is_first, "{left:?} took what was kept for {other:?}");
        }
    }

    /// Whether a call may have to leave its room to one that has waited for a window.
    fn may_be_held_back(&self, waiting: &Waiting) -> bool {
        self.waiting.values().any(|other| {
            other.egress == waiting.egress
                && other.class <= waiting.class
                && other.kind() != waiting.kind()
                && self.perhaps_reserved(other).is_some()
        })
    }
}

proptest! {
    #![proptest_config(cases())]

    /// Classes are strict, and deadlines inside a class (of an owner, where it is shared); the head
    /// of one class never blocks another; a heavy call is passed for one window and then by
    /// nobody; a call that was taken back never leaves, and what waits costs nothing. In the end,
    /// everything has left.
    #[test]
    fn nobody_is_passed_who_could_leave(steps in prop::collection::vec(step(), 1..50)) {
        let mut watch = Watch::new();
        for step in steps {
            watch.play(step);
            watch.drain();
        }
        let weight: Weight = watch.waiting.values().map(|waiting| waiting.weight).sum();
        // Of each minute, the lightest that does not fit wastes less than the heaviest weighs.
        let minutes = 4 + watch.waiting.len() + weight as usize / 10;
        for _ in 0..minutes {
            watch.next_minute();
            watch.drain();
        }
        prop_assert!(watch.waiting.is_empty(), "{:?} starved", watch.waiting);
    }
}

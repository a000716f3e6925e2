//! Whatever fails, and however often: what a breaker lets pass, and when it opens and closes.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use tradewind_model::Timestamp;
use tradewind_model::call::EndpointGroup;
use tradewind_model::id::CallId;
use tradewind_model::outcome::{Fate, NotTaken, Refusal, RefusalKind, Reply, Throttle, Unknown};

use super::desk::{Desk, plain, weighing};
use super::weather::millis;
use crate::breaker::{BreakerKey, BreakerState, Outage};
use crate::cases::cases;
use crate::scheduler::Next;
use crate::ticket::{Priority, Probe};

/// Calls and their groups.
const KINDS: [(Priority, EndpointGroup); 5] = [
    (Priority::Trade, EndpointGroup::Orders),
    (Priority::Critical, EndpointGroup::Orders),
    (Priority::Query, EndpointGroup::Private),
    (Priority::Background, EndpointGroup::Public),
    (Priority::Query, EndpointGroup::Streams),
];
/// A probe that was asked for and did not come is asked for again after this.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Clone, Debug)]
enum Step {
    Submit { kind: usize },
    End { which: usize, fate: Option<Box<Fate>> },
    Pass { millis: u64 },
}

/// How calls end where so many of a hundred fail; without a fate, nobody says how.
fn fate(failing: u32) -> impl Strategy<Value = Option<Fate>> {
    let throttle = Throttle {
        kind: None,
        is_ban: false,
        retry_after: None,
        retry_at: None,
        message: String::new(),
    };
    let refusal = Refusal { kind: RefusalKind::Business, code: -2010, message: String::new() };
    let good = [
        Some(Fate::Done(Reply::Ack)),
        Some(Fate::Refused(refusal)),
        Some(Fate::NotTaken(NotTaken::Throttled(throttle))),
        None,
    ];
    let bad = [
        Some(Fate::Unknown(Unknown::Timeout)),
        Some(Fate::Unknown(Unknown::Broken(String::new()))),
        Some(Fate::Unknown(Unknown::Unreadable(String::new()))),
        Some(Fate::NotTaken(NotTaken::Overloaded(String::new()))),
        Some(Fate::NotTaken(NotTaken::NotSent(String::new()))),
    ];
    prop_oneof![
        100 - failing => prop::sample::select(good.to_vec()),
        failing => prop::sample::select(bad[..2].to_vec()),
        failing => prop::sample::select(bad.to_vec()),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    (1_u32..90, 10_u64..9_000).prop_flat_map(|(failing, most_ms)| {
        let step = prop_oneof![
            6 => (0..KINDS.len()).prop_map(|kind| Step::Submit { kind }),
            6 => (any::<usize>(), fate(failing))
                .prop_map(|(which, fate)| Step::End { which, fate: fate.map(Box::new) }),
            2 => (0..most_ms).prop_map(|millis| Step::Pass { millis }),
        ];
        prop::collection::vec(step, 1..150)
    })
}

/// What is known from outside of one breaker.
#[derive(Debug, Default)]
struct Known {
    /// Since it was last closed, and, at first, since anything failed.
    ends: Vec<(u64, Option<Outage>)>,
    has_failed: bool,
    /// Good probes, and then good orders, one after the other.
    successes: u32,
    probe: Option<CallId>,
    trial: Option<CallId>,
    asked_at: Option<Timestamp>,
}

impl Known {
    /// Whether so many calls failed by now in one way that it opens.
    fn has_to_open(&self, now: Timestamp) -> bool {
        let Some((_, Some(outage))) = self.ends.last() else { return false };
        let in_a_row = self.ends.iter().rev().take_while(|(_, end)| end.is_some());
        let alike = in_a_row.filter(|(_, end)| *end == Some(*outage)).count();
        let recent = self.ends.iter().filter(|(at, _)| at + 10 > now.as_secs());
        let calls = recent.clone().count();
        let failures = recent.filter(|(_, end)| *end == Some(*outage)).count();
        alike >= 5 || (calls >= 10 && failures * 2 >= calls)
    }
}

struct Watch {
    desk: Desk,
    known: BTreeMap<BreakerKey, Known>,
    /// Calls that wait or are on the wire.
    calls: BTreeMap<CallId, (BreakerKey, Priority, bool)>,
    on_wire: Vec<CallId>,
    /// When what lowers risk last passed a breaker that was not closed.
    urgent_at: Option<Timestamp>,
}

impl Watch {
    fn new() -> Self {
        Self {
            desk: Desk::new(plain(), &[]),
            known: BTreeMap::new(),
            calls: BTreeMap::new(),
            on_wire: Vec::new(),
            urgent_at: None,
        }
    }

    fn key(&self, group: EndpointGroup) -> BreakerKey {
        BreakerKey { account: self.desk.origin.account, group }
    }

    fn known(&mut self, key: BreakerKey) -> &mut Known {
        self.known.entry(key).or_default()
    }

    fn state(&self, key: BreakerKey) -> BreakerState {
        let states = self.desk.scheduler.admission.breakers.states();
        let found = states.into_iter().find(|(other, _)| *other == key);
        found.map_or(BreakerState::Closed, |(_, state)| state)
    }

    fn submit(&mut self, kind: usize, probes: Option<BreakerKey>) {
        let (class, group) = KINDS[kind];
        self.desk.probe = probes.map(Probe::Breaker);
        let call = self.desk.submit(class, group, weighing(1));
        self.desk.probe = None;
        let key = probes.unwrap_or_else(|| self.key(group));
        self.calls.insert(call, (key, class, probes.is_some()));
    }

    /// Lets leave what may; of probes that are asked for, one in so many does not come.
    fn drain(&mut self, is_prompt: bool) {
        loop {
            let before: BTreeMap<_, _> =
                self.desk.scheduler.admission.breakers.states().into_iter().collect();
            let Some(next) = self.desk.scheduler.poll(self.desk.now) else { break };
            match next {
                Next::Admit(permit) => self.left(permit.call(), &before),
                Next::Probe(Probe::Breaker(key)) => self.asked(key, &before, is_prompt),
                Next::Probe(Probe::Scope(scope)) => panic!("{scope} is open"),
                Next::Expire(ticket) => panic!("{ticket:?}"),
            }
        }
        let wakeup = self.desk.scheduler.wakeup();
        assert!(wakeup.is_none_or(|at| at > self.desk.now), "asked at once again");
    }

    fn asked(
        &mut self,
        key: BreakerKey,
        before: &BTreeMap<BreakerKey, BreakerState>,
        is_prompt: bool,
    ) {
        let now = self.desk.now;
        match before[&key] {
            BreakerState::Open { until, .. } => assert!(until <= now, "a probe too early"),
            BreakerState::Probing { .. } => {}
            state @ (BreakerState::Closed | BreakerState::Trial { .. }) => panic!("{state:?}"),
        }
        let known = self.known(key);
        assert_eq!(known.probe, None, "two probes");
        let is_patient = known.asked_at.is_none_or(|at| at + PATIENCE <= now);
        assert!(is_patient, "asked for a probe twice");
        known.asked_at = Some(now);
        if is_prompt {
            // A read, never an order.
            self.submit(2, Some(key));
        }
    }

    /// A call has left, given how all breakers stood.
    fn left(&mut self, call: CallId, before: &BTreeMap<BreakerKey, BreakerState>) {
        let (key, class, is_probe) = self.calls[&call];
        self.on_wire.push(call);
        match before.get(&key) {
            None | Some(BreakerState::Closed) => return,
            Some(BreakerState::Probing { .. }) if is_probe => {
                let known = self.known(key);
                assert_eq!(known.probe, None, "two probes of {key}");
                (known.probe, known.asked_at) = (Some(call), None);
                return;
            }
            Some(BreakerState::Trial { .. }) if self.known(key).trial.is_none() => {
                self.known(key).trial = Some(call);
                return;
            }
            Some(
                BreakerState::Open { .. }
                | BreakerState::Probing { .. }
                | BreakerState::Trial { .. },
            ) => {}
        }
        assert_eq!(class, Priority::Critical, "{call} passed the open breaker of {key}");
        let passed_at = self.urgent_at.replace(self.desk.now);
        let is_first = passed_at.is_none_or(|at| at + Duration::from_secs(1) <= self.desk.now);
        assert!(is_first, "twice within a second");
    }

    fn end(&mut self, call: CallId, fate: Option<&Fate>) {
        self.on_wire.retain(|id| *id != call);
        let (key, ..) = self.calls.remove(&call).unwrap();
        if let Some(fate) = fate {
            let before = self.state(key);
            self.desk.scheduler.note_fate(self.desk.now, call, fate);
            self.noted(key, call, before, Outage::of(fate));
        }
        let known = self.known(key);
        known.probe = known.probe.filter(|probe| *probe != call);
        known.trial = known.trial.filter(|trial| *trial != call);
        match fate {
            Some(Fate::Unknown(Unknown::Timeout)) => {
                self.desk.scheduler.abandon(self.desk.now, call);
            }
            Some(Fate::NotTaken(NotTaken::NotSent(_))) => {
                self.desk.scheduler.forget_unsent(call);
            }
            Some(_) | None => self.desk.answer(call, &[]),
        }
    }

    /// Whether a breaker moved as it has to when a call of its ended.
    fn noted(
        &mut self,
        key: BreakerKey,
        call: CallId,
        before: BreakerState,
        outage: Option<Outage>,
    ) {
        let (now, after) = (self.desk.now, self.state(key));
        let known = self.known(key);
        if key.group == EndpointGroup::Streams {
            assert_eq!(after, BreakerState::Closed, "sockets have their own backoff");
            return;
        }
        if before == BreakerState::Closed {
            known.has_failed |= outage.is_some();
            if known.has_failed {
                known.ends.push((now.as_secs(), outage));
            }
            let is_open = matches!(after, BreakerState::Open { .. });
            assert_eq!(is_open, known.has_to_open(now), "{:?}", known.ends);
            known.successes = 0;
            return;
        }
        if known.probe != Some(call) && known.trial != Some(call) {
            assert_eq!(after, before, "what left before tells nothing new");
            return;
        }
        if outage.is_some() {
            assert!(matches!(after, BreakerState::Open { .. }), "{after:?}");
            (known.successes, known.trial, known.asked_at) = (0, None, None);
            return;
        }
        known.successes += 1;
        let (is_probing, is_trial) = match after {
            BreakerState::Probing { .. } => (true, false),
            BreakerState::Trial { .. } => (false, true),
            BreakerState::Closed | BreakerState::Open { .. } => (false, false),
        };
        let to_trial = key.group == EndpointGroup::Orders;
        assert_eq!(is_probing, known.successes < 3);
        assert_eq!(is_trial, to_trial && (3..6).contains(&known.successes));
        if after == BreakerState::Closed {
            known.ends.clear();
        }
    }

    /// Whether everything closes again once all goes well, and everybody leaves.
    fn recovers(&mut self) -> bool {
        for _ in 0..200 {
            self.drain(true);
            for call in std::mem::take(&mut self.on_wire) {
                self.end(call, Some(&Fate::Done(Reply::Ack)));
            }
            let states = self.desk.scheduler.admission.breakers.states();
            if states.is_empty() && self.calls.is_empty() {
                return true;
            }
            if states.iter().any(|(_, state)| matches!(state, BreakerState::Trial { .. })) {
                self.submit(0, None);
            }
            self.drain(true);
            let wakeup = self.desk.scheduler.wakeup().filter(|_| self.on_wire.is_empty());
            self.desk.now = wakeup.unwrap_or(self.desk.now + millis(10));
        }
        false
    }
}

proptest! {
    #![proptest_config(cases())]

    /// A breaker opens when five calls in a row failed alike, or half of ten within ten seconds,
    /// and for nothing else. Then cancels pass once a second; one probe is on its way at a time,
    /// and after three good ones one order, until three have gone well. All closes in the end.
    #[test]
    fn an_open_breaker_lets_one_probe_pass_at_a_time(steps in steps(), prompt in any::<u8>()) {
        let mut watch = Watch::new();
        for (index, step) in steps.into_iter().enumerate() {
            match step {
                Step::Submit { kind } => watch.submit(kind, None),
                Step::End { which, fate } => {
                    let of = watch.on_wire.len().max(1);
                    if let Some(call) = watch.on_wire.get(which % of).copied() {
                        watch.end(call, fate.as_deref());
                    }
                }
                Step::Pass { millis: ms } => watch.desk.now = watch.desk.now + millis(ms),
            }
            watch.drain(prompt >> (index % 8) & 1 == 1);
        }
        prop_assert!(watch.recovers(), "{:?} wait for ever", watch.calls);
    }
}

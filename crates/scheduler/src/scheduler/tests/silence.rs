//! Whatever shuts, and in whatever order: nothing leaves a shut scope.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;
use tradewind_model::Timestamp;
use tradewind_model::call::EndpointGroup;
use tradewind_model::id::CallId;
use tradewind_model::tariff::{Charge, LimitKind};

use super::desk::{Desk, plain, weighing};
use super::weather::limit;
use crate::cases::cases;
use crate::config::SchedulerConfig;
use crate::scheduler::Next;
use crate::shut::{ScopeKey, ShutReason, ShutRecord};
use crate::ticket::{Priority, Probe};

/// What the world does to a scheduler.
#[derive(Clone, Debug)]
enum Step {
    Shut { scope: usize, reason: ShutReason, for_ms: Option<u64> },
    Submit { kind: usize },
    Pass { millis: u64 },
    Answer { good: bool },
    Clear { scope: usize },
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let reason = prop_oneof![
        8 => Just(ShutReason::Throttled),
        2 => Just(ShutReason::Forgotten),
        2 => Just(ShutReason::Edge),
        4 => Just(ShutReason::Banned),
        1 => Just(ShutReason::Auth),
    ];
    prop_oneof![
        3 => (0_usize..4, reason, prop::option::of(0_u64..200_000))
            .prop_map(|(scope, reason, for_ms)| Step::Shut { scope, reason, for_ms }),
        8 => (0_usize..5).prop_map(|kind| Step::Submit { kind }),
        6 => (0_u64..90_000).prop_map(|millis| Step::Pass { millis }),
        6 => any::<bool>().prop_map(|good| Step::Answer { good }),
        3 => (0_usize..4).prop_map(|scope| Step::Clear { scope }),
        1 => Just(Step::Restart),
    ]
}

/// What is known of a scope from outside: until when it was said to be shut, and whether it owes
/// a probe.
#[derive(Clone, Copy, Debug)]
struct Known {
    until: Timestamp,
    owes_probe: bool,
}

struct Bench {
    desk: Desk,
    scopes: [ScopeKey; 4],
    known: BTreeMap<ScopeKey, Known>,
    /// Calls that wait or are on the wire, with what they lie in and what they probe.
    calls: BTreeMap<CallId, (Vec<ScopeKey>, Option<ScopeKey>)>,
    on_wire: Vec<CallId>,
    /// The last probe of each scope that left while one was owed.
    probes: BTreeMap<ScopeKey, CallId>,
    /// Probes that were on the wire when their scope was shut again.
    void: BTreeSet<CallId>,
}

fn config() -> SchedulerConfig {
    SchedulerConfig { ramp: Duration::from_secs(5), ..plain() }
}

impl Bench {
    fn new() -> Self {
        let desk = Desk::new(config(), &[limit(LimitKind::RequestWeight, 60, 1_000_000)]);
        let (egress, account) = (desk.origin.egress, desk.origin.account.unwrap());
        let scopes = [
            ScopeKey::Egress(egress),
            ScopeKey::Account(account),
            ScopeKey::NewOrders(account),
            ScopeKey::Group(egress, EndpointGroup::Public),
        ];
        let (known, calls) = (BTreeMap::new(), BTreeMap::new());
        let (on_wire, probes, void) = (Vec::new(), BTreeMap::new(), BTreeSet::new());
        Self { desk, scopes, known, calls, on_wire, probes, void }
    }

    fn submit(&mut self, kind: usize, probe: Option<ScopeKey>) {
        let [egress, account, orders, public] = self.scopes;
        let cost = weighing(1);
        let (class, group, cost, scopes) = match kind {
            0 => {
                let cost = cost.and(Charge::fixed(LimitKind::Orders, 1));
                (Priority::Trade, EndpointGroup::Orders, cost, vec![egress, account, orders])
            }
            1 => (Priority::Critical, EndpointGroup::Orders, cost, vec![egress, account]),
            2 => (Priority::Query, EndpointGroup::Private, cost, vec![egress, account]),
            3 => (Priority::Query, EndpointGroup::Streams, cost, vec![egress, account]),
            _ => (Priority::Background, EndpointGroup::Public, cost, vec![egress, account, public]),
        };
        self.desk.probe = probe.map(Probe::Scope);
        let call = self.desk.submit(class, group, cost);
        self.desk.probe = None;
        self.calls.insert(call, (scopes, probe));
    }

    fn drain(&mut self) {
        while let Some(next) = self.desk.scheduler.poll(self.desk.now) {
            match next {
                Next::Admit(permit) => self.left(permit.call()),
                Next::Expire(ticket) => drop(self.calls.remove(&ticket.call)),
                Next::Probe(Probe::Scope(scope)) => {
                    let known = self.known[&scope];
                    assert!(known.owes_probe && known.until <= self.desk.now, "{scope} too early");
                    // Signed, so that it lies in every kind of scope but new orders.
                    self.submit(if scope == self.scopes[2] { 0 } else { 4 }, Some(scope));
                }
                Next::Probe(probe) => panic!("{probe:?}"),
            }
        }
        let wakeup = self.desk.scheduler.wakeup();
        assert!(wakeup.is_none_or(|at| at > self.desk.now), "asked at once again");
    }

    fn left(&mut self, call: CallId) {
        let (scopes, probe) = &self.calls[&call];
        for scope in scopes {
            let Some(known) = self.known.get(scope) else { continue };
            assert!(
                known.until <= self.desk.now,
                "{call} left {scope}, shut until {}",
                known.until
            );
            if !known.owes_probe {
                // One that comes when nothing is owed any more is a call like any other.
                continue;
            }
            assert_eq!(*probe, Some(*scope), "{call} left {scope} before its probe");
            let first = self.probes.insert(*scope, call);
            assert!(first.is_none_or(|id| !self.on_wire.contains(&id)), "two probes of {scope}");
        }
        self.on_wire.push(call);
    }

    fn play(&mut self, step: &Step) {
        let now = self.desk.now;
        match step {
            Step::Shut { scope, reason, for_ms } => {
                let scope = self.scopes[*scope];
                let told = for_ms.map(|millis| now + Duration::from_millis(millis));
                self.desk.scheduler.shut_because(now, scope, *reason, told);
                // Calls of an earlier time tell nothing about this one.
                let probes = self.on_wire.iter().filter(|id| self.calls[id].1 == Some(scope));
                self.void.extend(probes);
                // Where the venue named no time, at least what is usual.
                let usual = |secs| told.unwrap_or_else(|| now + Duration::from_secs(secs));
                let until = match reason {
                    ShutReason::Auth => Timestamp::MAX,
                    ShutReason::Throttled | ShutReason::Forgotten => usual(60),
                    ShutReason::Edge => usual(300),
                    ShutReason::Banned => usual(120),
                };
                let owes_probe = *reason != ShutReason::Throttled;
                let known = self.known.entry(scope).or_insert(Known { until, owes_probe });
                known.until = known.until.max(until);
                known.owes_probe |= owes_probe;
            }
            Step::Submit { kind } => self.submit(*kind, None),
            Step::Pass { millis } => self.desk.now = now + Duration::from_millis(*millis),
            Step::Answer { good } => {
                if self.on_wire.is_empty() {
                    return;
                }
                let call = self.on_wire.remove(0);
                self.desk.settle(call, *good, &[]);
                let (_, probe) = self.calls.remove(&call).unwrap();
                if let Some(known) = probe.and_then(|scope| self.known.get_mut(&scope))
                    && *good
                    && !self.void.contains(&call)
                    && known.until <= now
                {
                    known.owes_probe = false;
                }
            }
            Step::Clear { scope } => {
                let scope = self.scopes[*scope];
                let is_latched =
                    self.known.get(&scope).is_some_and(|known| known.until == Timestamp::MAX);
                assert_eq!(self.desk.scheduler.clear(now, &scope), is_latched);
                if is_latched && let Some(known) = self.known.get_mut(&scope) {
                    known.until = now;
                }
            }
            Step::Restart => {
                let records = self.desk.scheduler.shut_records(now);
                let mut later = Bench::new();
                later.desk.now = now;
                let stored = serde_json::to_string(&records).unwrap();
                let restored: Vec<ShutRecord> = serde_json::from_str(&stored).unwrap();
                later.desk.scheduler.restore_shut(now, &restored);
                assert_eq!(later.desk.scheduler.shut_records(now), records, "nothing is lost");
                later.known.clone_from(&self.known);
                *self = later;
            }
        }
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn nothing_leaves_a_shut_scope_but_one_probe(steps in prop::collection::vec(step(), 1..150)) {
        let mut bench = Bench::new();
        for step in &steps {
            bench.play(step);
            bench.drain();
        }
    }
}

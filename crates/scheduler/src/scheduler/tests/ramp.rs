//! The way back from being shut out: one probe, then what lowers risk, then the rest, slowly.

use std::time::Duration;

use proptest::prelude::*;
use tradewind_model::Timestamp;
use tradewind_model::call::EndpointGroup;
use tradewind_model::id::CallId;
use tradewind_model::tariff::LimitKind;

use super::desk::{Desk, MIDNIGHT, plain, weighing};
use super::weather::{limit, millis};
use crate::cases::cases;
use crate::config::SchedulerConfig;
use crate::scheduler::Next;
use crate::shut::{ScopeKey, ScopeState, ShutReason};
use crate::ticket::{Priority, Probe};

/// The widest mean gap between two calls, at the start of a ramp.
const WIDEST: Duration = Duration::from_millis(500);
/// A failed probe is followed by another not before this.
const PROBE_GAP: Duration = Duration::from_millis(2_500);

/// An address that was shut, and what waits for it.
#[derive(Clone, Debug)]
struct Crowd {
    classes: Vec<Priority>,
    reason: ShutReason,
    shut_for: Duration,
    failed_probes: u32,
    ramp: Duration,
    share: u32,
    seed: u64,
}

fn crowd() -> impl Strategy<Value = Crowd> {
    let class = prop::sample::select(Priority::ALL.to_vec());
    let reasons =
        [ShutReason::Throttled, ShutReason::Forgotten, ShutReason::Edge, ShutReason::Banned];
    (
        prop::collection::vec(class, 0..60),
        prop::sample::select(reasons.to_vec()),
        0_u64..400_000,
        0_u32..4,
        1_u64..30_000,
        1_u32..5,
        any::<u64>(),
    )
        .prop_map(|(classes, reason, shut_ms, failed_probes, ramp_ms, share, seed)| Crowd {
            classes,
            reason,
            shut_for: millis(shut_ms),
            failed_probes,
            ramp: millis(ramp_ms),
            share,
            seed,
        })
}

/// A desk whose address was just shut, with all that waits for it.
fn shut(crowd: &Crowd) -> (Desk, ScopeKey, Vec<(CallId, Priority)>) {
    let Crowd { ramp, share, seed, .. } = *crowd;
    let config = SchedulerConfig { ramp, share, seed, ..plain() };
    let mut desk = Desk::new(config, &[limit(LimitKind::RequestWeight, 60, 1_000_000)]);
    let scope = ScopeKey::Egress(desk.origin.egress);
    let until = desk.now + crowd.shut_for;
    desk.deadline = MIDNIGHT + Duration::from_secs(1_000_000);
    desk.scheduler.shut_because(desk.now, scope, crowd.reason, Some(until));
    let submit =
        |class: &Priority| (desk.submit(*class, EndpointGroup::Public, weighing(1)), *class);
    let calls = crowd.classes.iter().map(submit).collect();
    (desk, scope, calls)
}

/// Sends probes until one goes well, each on time and alone. Gives back when the scope opened.
fn probe(desk: &mut Desk, scope: ScopeKey, crowd: &Crowd) -> Timestamp {
    let mut not_before = desk.now + crowd.shut_for;
    for is_last in (0..=crowd.failed_probes).map(|probe| probe == crowd.failed_probes) {
        // It may be due at once.
        if desk.leaving_or_probe().is_none() {
            desk.now = desk.scheduler.wakeup().expect("a probe will be due");
            assert_eq!(desk.leaving_or_probe(), Some(Next::Probe(Probe::Scope(scope))));
        }
        assert!(desk.now >= not_before, "too early");
        desk.probe = Some(Probe::Scope(scope));
        let probe = desk.submit(Priority::Background, EndpointGroup::Public, weighing(1));
        desk.probe = None;
        assert_eq!(desk.leaving(), [probe], "one probe, and nothing else");
        desk.now = desk.now + millis(100);
        assert_eq!(desk.leaving(), [], "nothing before its answer");
        desk.settle(probe, is_last, &[]);
        not_before = desk.now + PROBE_GAP;
    }
    desk.now
}

proptest! {
    #![proptest_config(cases())]

    /// Nothing but a probe leaves before it has gone well, and failed ones do not follow closely.
    /// Then all that lowers risk leaves at once; after it the rest, never closer than half of what
    /// is usual at that point of the ramp; and when the ramp is over, nobody waits any more.
    #[test]
    fn after_one_probe_cancels_go_first_and_the_rest_comes_slowly(crowd in crowd()) {
        let (mut desk, scope, calls) = shut(&crowd);
        let shut_at = desk.now;
        let opened_at = if crowd.reason == ShutReason::Throttled {
            desk.now = desk.now + crowd.shut_for;
            desk.now
        } else {
            probe(&mut desk, scope, &crowd)
        };
        prop_assert!(opened_at >= shut_at + crowd.shut_for);
        let ends_at = opened_at + crowd.ramp;
        let mut left = Vec::new();
        while left.len() < calls.len() {
            left.extend(desk.leaving().into_iter().map(|call| (call, desk.now)));
            let Some(wakeup) = desk.scheduler.wakeup() else { break };
            if left.len() < calls.len() {
                prop_assert!(wakeup <= ends_at, "nobody is left to wait for {}", wakeup);
                desk.now = wakeup;
            }
        }
        prop_assert_eq!(left.len(), calls.len());
        let class_of = |call| calls.iter().find(|(id, _)| *id == call).unwrap().1;
        let urgent = calls.iter().filter(|(_, class)| *class == Priority::Critical).count();
        for (place, (call, at)) in left.iter().enumerate() {
            prop_assert_eq!(class_of(*call) == Priority::Critical, place < urgent);
            prop_assert!(place > urgent || *at == opened_at, "the first of each goes at once");
        }
        for pair in left[urgent.min(left.len())..].windows(2) {
            let ((_, before), (_, after)) = (pair[0], pair[1]);
            let to_go = WIDEST.as_nanos() * ends_at.since(before).as_nanos();
            let least = to_go * u128::from(crowd.share) / crowd.ramp.as_nanos() / 2;
            let least = Duration::from_nanos(u64::try_from(least).unwrap());
            let gap = after.since(before) + Duration::from_nanos(10);
            prop_assert!(after >= ends_at || gap >= least, "{gap:?}, not {least:?}");
        }
        desk.now = ends_at;
        desk.leaving();
        prop_assert_eq!(desk.scheduler.scope_state(desk.now, &scope), ScopeState::Open);
    }
}

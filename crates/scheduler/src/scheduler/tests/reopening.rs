//! How shut scopes open again.

use std::collections::BTreeSet;

use tradewind_model::call::EndpointGroup;
use tradewind_model::id::CallId;
use tradewind_model::tariff::LimitKind;

use super::desk::{Desk, MIDNIGHT, plain, weighing};
use super::weather::{limit, millis};
use crate::config::SchedulerConfig;
use crate::scheduler::Next;
use crate::shut::{ScopeKey, ScopeState, ShutReason, ShutRecord};
use crate::ticket::{Priority, Probe};

const WEIGHT: LimitKind = LimitKind::RequestWeight;

fn desk() -> (Desk, ScopeKey) {
    let config = SchedulerConfig { ramp: millis(10_000), seed: 3, ..plain() };
    let desk = Desk::new(config, &[limit(WEIGHT, 60, 100_000)]);
    let scope = ScopeKey::Egress(desk.origin.egress);
    (desk, scope)
}

/// Asks for the probe that is due and submits it.
fn probe(desk: &mut Desk, scope: ScopeKey) -> CallId {
    assert_eq!(desk.scheduler.poll(desk.now), Some(Next::Probe(Probe::Scope(scope))));
    assert_eq!(desk.leaving(), [], "nothing leaves before the probe was submitted");
    desk.probe = Some(Probe::Scope(scope));
    let call = desk.submit(Priority::Critical, EndpointGroup::Public, weighing(1));
    desk.probe = None;
    call
}

#[test]
fn a_ban_ends_with_one_probe_and_nothing_else() {
    let (mut desk, scope) = desk();
    desk.scheduler.shut_because(desk.now, scope, ShutReason::Banned, None);
    let waiting = [desk.cancel(), desk.order(), desk.read(1)];
    desk.at(130_049);
    assert_eq!(desk.leaving(), [], "two minutes are not over");
    desk.at(130_050);
    let first = probe(&mut desk, scope);
    desk.probe = Some(Probe::Scope(scope));
    let second = desk.submit(Priority::Critical, EndpointGroup::Public, weighing(1));
    desk.probe = None;
    assert_eq!(desk.leaving(), [first]);
    desk.scheduler.remove(second);
    assert!(matches!(
        desk.scheduler.scope_state(desk.now, &scope),
        ScopeState::Probing { reason: ShutReason::Banned, .. }
    ));
    // It fails: silence, then another.
    desk.at(131_000).settle(first, false, &[]);
    assert_eq!(desk.leaving(), []);
    desk.now = desk.scheduler.wakeup().unwrap();
    assert!(desk.now >= MIDNIGHT + millis(133_500));
    let third = probe(&mut desk, scope);
    assert_eq!(desk.leaving(), [third]);
    desk.answer(third, &[]);
    let left = desk.leaving();
    assert_eq!(left, waiting[..2], "what lowers risk, and one more");
    assert!(matches!(desk.scheduler.scope_state(desk.now, &scope), ScopeState::Ramp { .. }));
}

#[test]
fn what_was_held_up_comes_back_slowly_and_unevenly() {
    let (mut desk, scope) = desk();
    desk.scheduler.shut(desk.now, scope, MIDNIGHT + millis(20_000));
    for _ in 0..500 {
        desk.read(1);
    }
    let mut gaps = BTreeSet::new();
    let mut left = Vec::new();
    while left.len() < 500 {
        let before = desk.now;
        desk.now = desk.scheduler.wakeup().unwrap().max(desk.now);
        left.extend(desk.leaving().into_iter().map(|call| (desk.now, call)));
        gaps.insert(desk.now.since(before));
    }
    let by = |millis_after| {
        let at = MIDNIGHT + millis(millis_after);
        left.iter().filter(|(left_at, _)| *left_at < at).count()
    };
    assert_eq!(by(20_000), 0);
    assert!((1..=6).contains(&by(21_000)), "{}", by(21_000));
    assert!(by(29_000) < 200, "{}", by(29_000));
    assert_eq!(by(30_001), 500);
    assert!(gaps.len() > 20, "{gaps:?}");
    let cancel = desk.cancel();
    assert_eq!(desk.leaving(), [cancel]);
}

#[test]
fn many_that_come_back_together_are_no_faster_than_one() {
    let left_within_five_secs = |share| {
        let config = SchedulerConfig { ramp: millis(10_000), seed: 3, share, ..plain() };
        let mut desk = Desk::new(config, &[limit(WEIGHT, 60, 100_000)]);
        let scope = ScopeKey::Egress(desk.origin.egress);
        desk.scheduler.shut(desk.now, scope, MIDNIGHT + millis(20_000));
        for _ in 0..500 {
            desk.read(1);
        }
        let mut left = 0;
        while desk.now < MIDNIGHT + millis(25_000) {
            left += desk.leaving().len();
            desk.now = desk.scheduler.wakeup().unwrap().max(desk.now);
        }
        left
    };
    let alone = left_within_five_secs(1);
    assert!((10..40).contains(&alone), "{alone}");
    let part = left_within_five_secs(10);
    assert!((1..=alone / 4).contains(&part), "{part} of each of ten, {alone} of one");
}

#[test]
fn a_refused_key_stops_all_that_is_signed_until_a_person_clears_it() {
    let (mut desk, _) = desk();
    let scope = ScopeKey::Account(desk.origin.account.unwrap());
    desk.scheduler.shut_because(desk.now, scope, ShutReason::Auth, Some(desk.now));
    let cancel = desk.cancel();
    let account = desk.origin.account.take();
    let public = desk.read(1);
    desk.origin.account = account;
    assert_eq!(desk.leaving(), [public]);
    assert_eq!(desk.scheduler.shut_until(desk.now, &scope), Some(tradewind_model::Timestamp::MAX));
    desk.at(86_000_000);
    assert_eq!(desk.leaving(), []);
    assert!(desk.scheduler.clear(desk.now, &scope));
    let signed_read = probe(&mut desk, scope);
    assert_eq!(desk.leaving(), [signed_read]);
    desk.answer(signed_read, &[]);
    assert_eq!(desk.leaving(), [cancel]);
    assert!(!desk.scheduler.clear(desk.now, &scope));
}

#[test]
fn nobody_clears_a_ban() {
    let (mut desk, scope) = desk();
    desk.scheduler.shut_because(desk.now, scope, ShutReason::Banned, None);
    assert!(!desk.scheduler.clear(desk.now, &scope));
    assert!(desk.scheduler.shut_until(desk.now, &scope).is_some());
}

#[test]
fn a_restart_into_a_ban_stays_silent() {
    let (mut desk, scope) = desk();
    desk.scheduler.shut_because(
        desk.now,
        scope,
        ShutReason::Banned,
        Some(desk.now + millis(90_000)),
    );
    let account = ScopeKey::Account(desk.origin.account.unwrap());
    desk.scheduler.shut_because(desk.now, account, ShutReason::Auth, None);
    let stored = serde_json::to_string(&desk.scheduler.shut_records(desk.now)).unwrap();
    let since = desk.now;

    let (mut later, _) = self::desk();
    later.now = since + millis(10_000);
    let records: Vec<ShutRecord> = serde_json::from_str(&stored).unwrap();
    later.scheduler.restore_shut(later.now, &records);
    later.origin.account = None;
    let read = later.read(1);
    assert_eq!(later.leaving(), []);
    later.now = since + millis(90_000);
    let call = probe(&mut later, scope);
    assert_eq!(later.leaving(), [call]);
    later.answer(call, &[]);
    assert_eq!(later.leaving(), [read]);
    assert!(!later.scheduler.shut_records(later.now).is_empty(), "the key is still refused");

    // A life that begins after the ban still owes the probe.
    let (mut last, _) = self::desk();
    last.now = since + millis(1_000_000);
    last.scheduler.restore_shut(last.now, &records);
    last.read(1);
    probe(&mut last, scope);
}

#[test]
fn the_edge_is_left_alone_twice_as_long_each_time() {
    let (mut desk, scope) = desk();
    for minutes in [5, 10, 20] {
        desk.scheduler.shut_because(desk.now, scope, ShutReason::Edge, None);
        let until = desk.scheduler.shut_until(desk.now, &scope).unwrap();
        assert_eq!(until, desk.now + millis(minutes * 60_000));
        desk.now = until;
        let call = probe(&mut desk, scope);
        assert_eq!(desk.leaving(), [call]);
        desk.settle(call, false, &[]);
    }
}

#[test]
fn one_group_of_endpoints_is_shut_alone() {
    let (mut desk, _) = desk();
    let scope = ScopeKey::Group(desk.origin.egress, EndpointGroup::Public);
    desk.scheduler.shut(desk.now, scope, MIDNIGHT + millis(20_000));
    desk.read(1);
    let cancel = desk.cancel();
    assert_eq!(desk.leaving(), [cancel]);
}

#[test]
fn a_probe_that_never_came_is_asked_for_again() {
    let (mut desk, scope) = desk();
    desk.scheduler.shut_because(
        desk.now,
        scope,
        ShutReason::Banned,
        Some(MIDNIGHT + millis(20_000)),
    );
    desk.read(1);
    desk.at(20_000);
    assert_eq!(desk.scheduler.poll(desk.now), Some(Next::Probe(Probe::Scope(scope))));
    assert_eq!(desk.leaving(), []);
    desk.at(79_999);
    assert_eq!(desk.leaving(), []);
    desk.at(80_000);
    probe(&mut desk, scope);
}

#[test]
fn whoever_stores_what_is_shut_is_told_when_to() {
    let (mut desk, scope) = desk();
    let mut version = desk.scheduler.shut_version();
    let mut has_moved = |desk: &Desk| {
        let before = std::mem::replace(&mut version, desk.scheduler.shut_version());
        before != version
    };
    let read = desk.read(1);
    assert_eq!(desk.leaving(), [read]);
    desk.answer(read, &[]);
    assert!(!has_moved(&desk), "a call moves nothing");
    desk.scheduler.shut_because(desk.now, scope, ShutReason::Banned, None);
    assert!(has_moved(&desk), "it is shut");
    desk.at(130_050);
    let call = probe(&mut desk, scope);
    assert_eq!(desk.leaving(), [call]);
    has_moved(&desk);
    desk.settle(call, false, &[]);
    assert!(has_moved(&desk), "it stays shut for longer");
    assert_eq!(desk.leaving(), []);
    desk.now = desk.scheduler.wakeup().unwrap();
    let call = probe(&mut desk, scope);
    desk.leaving();
    desk.answer(call, &[]);
    assert!(has_moved(&desk), "it opens");
    assert_eq!(desk.scheduler.shut_records(desk.now), []);
}

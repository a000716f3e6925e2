//! What is tried again, how often, and what never is.

use proptest::prelude::*;
use tradewind_model::outcome::{NotTaken, Refusal, RefusalKind, Reply, Throttle, Unknown};

use super::*;
use crate::cases::cases;

const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

fn refused(kind: RefusalKind) -> Fate {
    Fate::Refused(Refusal { kind, code: -1, message: "no".to_owned() })
}

fn throttled() -> Fate {
    let throttle = Throttle {
        kind: None,
        is_ban: false,
        retry_after: None,
        retry_at: None,
        message: "slow down".to_owned(),
    };
    Fate::NotTaken(NotTaken::Throttled(throttle))
}

fn timeout() -> Fate {
    Fate::Unknown(Unknown::Timeout)
}

fn failed(fate: &Fate) -> FailedTry<'_> {
    FailedTry {
        effect: Effect::Read,
        fate,
        failures: 0,
        priority: Priority::Query,
        deadline: NOW + Duration::from_secs(60),
        try_takes: Duration::from_secs(10),
        not_before: None,
        backoff: Backoff::READ,
    }
}

fn next(failed: &FailedTry<'_>) -> NextTry {
    Retries::default().next(NOW, failed, &mut Jitter::new(1))
}

#[test]
fn an_order_in_doubt_is_never_sent_again() {
    for unknown in [
        Unknown::Timeout,
        Unknown::Broken("reset".to_owned()),
        Unknown::Venue { status: 503, code: None, message: String::new() },
        Unknown::Unreadable(String::new()),
    ] {
        let fate = Fate::Unknown(unknown);
        let order = FailedTry { effect: Effect::Once, ..failed(&fate) };
        assert_eq!(next(&order), NextTry::Reconcile);
        assert!(matches!(next(&failed(&fate)), NextTry::At(_)));
    }
}

#[test]
fn each_class_of_failure_has_its_tries() {
    let overloaded = Fate::NotTaken(NotTaken::Overloaded(String::new()));
    for (fate, tries) in [
        (refused(RefusalKind::Auth), 0),
        (refused(RefusalKind::Validation), 0),
        (refused(RefusalKind::Business), 0),
        (refused(RefusalKind::Clock), 1),
        (throttled(), 2),
        (timeout(), 2),
        (overloaded, 2),
    ] {
        for failures in 0..4 {
            let is_retried =
                matches!(next(&FailedTry { failures, ..failed(&fate) }), NextTry::At(_));
            assert_eq!(is_retried, failures < tries, "{fate:?} after {failures}");
        }
    }
    let done = Fate::Done(Reply::Ack);
    assert_eq!(next(&failed(&done)), NextTry::Over(OverReason::Final));
}

#[test]
fn what_the_venue_asked_for_wins_and_no_try_begins_that_cannot_end() {
    let fate = throttled();
    let not_before = Some(NOW + Duration::from_secs(50));
    let fits = FailedTry { not_before, ..failed(&fate) };
    assert_eq!(next(&fits), NextTry::At(NOW + Duration::from_secs(50)));
    let short = FailedTry { try_takes: Duration::from_millis(10_001), ..fits };
    assert_eq!(next(&short), NextTry::Over(OverReason::Deadline));
}

#[test]
fn retries_dry_up_when_nothing_succeeds_and_only_for_their_class() {
    let mut retries = Retries::default();
    let mut jitter = Jitter::new(1);
    let fate = timeout();
    let mut allowed = 0;
    while matches!(retries.next(NOW, &failed(&fate), &mut jitter), NextTry::At(_)) {
        allowed += 1;
    }
    assert_eq!(allowed, 500 / 14);
    let over = retries.next(NOW, &failed(&fate), &mut jitter);
    assert_eq!(over, NextTry::Over(OverReason::Budget));
    let cancel = FailedTry { priority: Priority::Critical, ..failed(&fate) };
    assert!(matches!(retries.next(NOW, &cancel, &mut jitter), NextTry::At(_)));
    retries.succeeded(Priority::Query, Some(FailureClass::Transient));
    assert!(matches!(retries.next(NOW, &failed(&fate), &mut jitter), NextTry::At(_)));
    for _ in 0..1_000 {
        retries.succeeded(Priority::Query, None);
    }
    assert_eq!(retries.bucket().left(Priority::Query), 500);
}

#[test]
fn a_policy_can_be_tightened_and_not_loosened() {
    let policy: RetryPolicy = serde_json::from_str(r#"{"transient": 1}"#).unwrap();
    assert_eq!(policy.tries(FailureClass::Transient), 1);
    assert_eq!(policy.tries(FailureClass::RateLimit), 2);
    for (class, field) in [(FailureClass::Auth, "auth"), (FailureClass::RateLimit, "rate_limit")] {
        let error = serde_json::from_str::<RetryPolicy>(&format!(r#"{{"{field}": 3}}"#));
        let error = error.unwrap_err().to_string();
        assert!(error.starts_with(&format!("retry.{field} is 3 and no more than")), "{error}");
        assert!(RetryPolicy::default().with(class, 3).is_err());
    }
    assert!(serde_json::from_str::<RetryPolicy>(r#"{"in_doubt": 1}"#).is_err());
    assert!(RetryPolicy::default().with(FailureClass::InDoubt, 1).is_err());
    let stored = serde_json::to_string(&policy).unwrap();
    assert_eq!(serde_json::from_str::<RetryPolicy>(&stored).unwrap(), policy);
}

fn any_fate() -> impl Strategy<Value = Fate> {
    let kinds = [
        RefusalKind::Auth,
        RefusalKind::Clock,
        RefusalKind::Validation,
        RefusalKind::Business,
        RefusalKind::DuplicateOrder,
        RefusalKind::UnknownOrder,
    ];
    let fates = [
        Fate::Done(Reply::Ack),
        throttled(),
        Fate::NotTaken(NotTaken::NotSent(String::new())),
        Fate::NotTaken(NotTaken::Overloaded(String::new())),
        timeout(),
        Fate::Unknown(Unknown::Broken(String::new())),
        Fate::Unknown(Unknown::Unreadable(String::new())),
        Fate::Unknown(Unknown::Venue { status: 503, code: None, message: String::new() }),
    ];
    prop_oneof![
        1 => prop::sample::select(kinds.to_vec()).prop_map(refused),
        2 => prop::sample::select(fates.to_vec()),
    ]
}

/// A call that went well after this failure, or one that failed.
#[derive(Clone, Debug)]
enum Step {
    Succeed {
        after: Option<FailureClass>,
    },
    Fail {
        effect: Effect,
        fate: Box<Fate>,
        failures: u32,
        left_ms: u64,
        takes_ms: u64,
        not_before_ms: Option<u64>,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let after = prop::option::of(prop::sample::select(FailureClass::ALL.to_vec()));
    let effect = prop::sample::select(vec![Effect::Read, Effect::Idempotent, Effect::Once]);
    let not_before = prop_oneof![2 => Just(None), 1 => (0_u64..60_000).prop_map(Some)];
    let times = (0_u64..60_000, 0_u64..10_000, not_before);
    // Most fail at their first try, so that the bucket runs dry.
    let failures = prop_oneof![6 => Just(0), 1 => 1_u32..4];
    prop_oneof![
        1 => after.prop_map(|after| Step::Succeed { after }),
        12 => (effect, any_fate().prop_map(Box::new), failures, times).prop_map(
            |(effect, fate, failures, (left_ms, takes_ms, not_before_ms))| Step::Fail {
                effect, fate, failures, left_ms, takes_ms, not_before_ms
            }
        ),
    ]
}

fn priority() -> impl Strategy<Value = Priority> {
    prop_oneof![
        8 => Just(Priority::Query),
        1 => prop::sample::select(Priority::ALL.to_vec()),
    ]
}

/// What a retry costs and how many there are, after what may be tried again at all.
fn price(effect: Effect, fate: &Fate) -> Option<(u32, u32)> {
    match fate {
        Fate::Done(_) => None,
        Fate::Refused(refusal) => (refusal.kind == RefusalKind::Clock).then_some((5, 1)),
        Fate::NotTaken(NotTaken::Throttled(_)) => Some((5, 2)),
        Fate::NotTaken(_) => Some((14, 2)),
        Fate::Unknown(_) => (effect != Effect::Once).then_some((14, 2)),
    }
}

proptest! {
    #![proptest_config(cases())]

    /// Whatever fails, in whatever order: an order in doubt is asked about, what the venue refused
    /// is over, auth above all; each retry is paid for, its turn has come, and it can still end.
    #[test]
    fn no_retry_is_on_credit_and_none_is_of_what_must_not_be_sent_twice(
        steps in prop::collection::vec((priority(), step()), 1..400),
        seed in any::<u64>(),
    ) {
        let (mut retries, mut jitter) = (Retries::default(), Jitter::new(seed));
        let mut tokens = [500_u32; 4];
        for (priority, step) in steps {
            let tokens = &mut tokens[priority.index()];
            match step {
                Step::Succeed { after } => {
                    retries.succeeded(priority, after);
                    let throttles = [Some(FailureClass::RateLimit), Some(FailureClass::Clock)];
                    let back = if throttles.contains(&after) { 5 } else { after.map_or(1, |_| 14) };
                    *tokens = (*tokens + back).min(500);
                }
                Step::Fail { effect, fate, failures, left_ms, takes_ms, not_before_ms } => {
                    let after = |ms| NOW + Duration::from_millis(ms);
                    let failed = FailedTry {
                        effect,
                        fate: &fate,
                        failures,
                        priority,
                        deadline: after(left_ms),
                        try_takes: Duration::from_millis(takes_ms),
                        not_before: not_before_ms.map(after),
                        backoff: Backoff::READ,
                    };
                    let not_before = failed.not_before.unwrap_or(NOW);
                    let next = retries.next(NOW, &failed, &mut jitter);
                    let is_in_doubt =
                        effect == Effect::Once && matches!(*fate, Fate::Unknown(_));
                    prop_assert_eq!(next == NextTry::Reconcile, is_in_doubt);
                    let price = price(effect, &fate);
                    match next {
                        NextTry::Reconcile => {}
                        NextTry::At(at) => {
                            let Some((cost, tries)) = price else { panic!("{fate:?} again") };
                            prop_assert!(failures < tries);
                            prop_assert!(at >= not_before && at + failed.try_takes <= failed.deadline);
                            prop_assert!(*tokens >= cost, "on credit");
                            *tokens -= cost;
                        }
                        NextTry::Over(OverReason::Final) => prop_assert_eq!(&*fate, &Fate::Done(Reply::Ack)),
                        NextTry::Over(OverReason::Tries(_)) => {
                            prop_assert!(price.is_none_or(|(_, tries)| failures >= tries));
                        }
                        NextTry::Over(OverReason::Budget) => {
                            prop_assert!(price.is_some_and(|(cost, _)| *tokens < cost));
                        }
                        NextTry::Over(OverReason::Deadline) => {
                            let latest = (NOW + Backoff::READ.bound(failures)).max(not_before);
                            prop_assert!(latest + failed.try_takes > failed.deadline);
                        }
                    }
                }
            }
            prop_assert_eq!(retries.bucket().left(priority), *tokens);
        }
    }
}

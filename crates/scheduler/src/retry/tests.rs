//! What is tried again, how often, and what never is.

use tradewind_model::outcome::{NotTaken, Refusal, RefusalKind, Reply, Throttle, Unknown};

use super::*;

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

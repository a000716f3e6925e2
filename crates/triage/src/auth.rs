//! Failures of authentication, and whether they repeat.
//!
//! None may be answered by trying again: each repeat is a bad signature more in the venue's books.
//! So two of them on one account are a finding, and so is a single one that nothing good followed,
//! since then the account has stopped and somebody asks why. A single one among good answers to
//! the same question is not.
//!
//! A timestamp outside the venue's window is different: every bot meets one when a clock steps,
//! syncs and goes on. It is a finding when it outlives a sync, or returns faster than clocks drift.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use tradewind_model::Timestamp;
use tradewind_model::attempt::RetryReason;

use crate::attempt::{Answer, Attempt, Log, MINUTE_MS};
use crate::names::NameId;

/// Calls on the wire together may all meet a step of the clock. The fourth failure without
/// anything good between them is not of that kind.
const CLOCK_RUN_MIN: usize = 4;
/// Nor is one that comes so long after the first: no call is on the wire for longer.
const CLOCK_RUN_MS: u64 = 10_000;
/// How many times a synced clock may fail again, in one run.
const CLOCK_RESYNCED_MIN: usize = 2;
/// So many within [`CLOCK_RATE_MS`], good answers between or not, are a drift that sync does not
/// hold: a clock that loses a second in two minutes is broken.
const CLOCK_RATE_MIN: usize = 6;
/// See [`CLOCK_RATE_MIN`].
const CLOCK_RATE_MS: u64 = 10 * MINUTE_MS;

/// Why the venue did not believe us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthCause {
    /// The key, its rights, its addresses or the signature.
    Credentials,
    /// The request's time lay outside the venue's window, again and again.
    Clock,
}

/// The failures of one account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthFailures {
    /// Which kind.
    pub cause: AuthCause,
    /// The exchange and the address.
    pub door: String,
    /// The account's hash; none for calls that carried none.
    pub account: Option<String>,
    /// Who met them, by name.
    pub instances: Vec<String>,
    /// How many there were.
    pub failures: u64,
    /// The first of them.
    pub first: Timestamp,
    /// The last of them.
    pub last: Timestamp,
    /// How many of each status and code, the most first.
    pub codes: Vec<(u16, i64, u64)>,
    /// On which endpoints, the most first.
    pub endpoints: Vec<(String, u64)>,
    /// How many signed attempts of the account left after the first failure.
    pub attempts_after: u64,
    /// How many of those got good answers.
    pub good_after: u64,
    /// Whether they repeat, or ended the account's traffic: whether this is a finding.
    pub is_trouble: bool,
}

/// The failures in the log, in the order of time.
pub(crate) fn find(log: &Log) -> Vec<AuthFailures> {
    let mut by_account: BTreeMap<(NameId, Option<NameId>), Vec<&Attempt>> = BTreeMap::new();
    for attempt in &log.attempts {
        let is_failure = matches!(attempt.answer, Answer::Auth | Answer::Clock);
        if attempt.account.is_some() || is_failure {
            by_account.entry((attempt.door, attempt.account)).or_default().push(attempt);
        }
    }
    let mut found: Vec<AuthFailures> = by_account
        .values()
        .flat_map(|attempts| {
            [Answer::Auth, Answer::Clock].into_iter().filter_map(|kind| {
                let failures: Vec<&Attempt> =
                    attempts.iter().copied().filter(|attempt| attempt.answer == kind).collect();
                let is_trouble = match kind {
                    Answer::Clock => is_clock_broken(attempts),
                    Answer::Good
                    | Answer::Limited
                    | Answer::Banned
                    | Answer::Edge
                    | Answer::Auth
                    | Answer::Refused
                    | Answer::Failed
                    | Answer::Silent
                    | Answer::Unsent => failures.len() >= 2 || is_final(attempts, &failures),
                };
                describe(log, attempts, &failures, is_trouble)
            })
        })
        .collect();
    found.sort_by_key(|failures| failures.first);
    found
}

/// Whether nothing good came of the same question after the last failure.
fn is_final(attempts: &[&Attempt], failures: &[&Attempt]) -> bool {
    failures.last().is_some_and(|last| {
        !attempts.iter().any(|attempt| {
            attempt.answer == Answer::Good
                && attempt.endpoint == last.endpoint
                && attempt.at_ms > last.at_ms
        })
    })
}

/// Whether the clock failed in a way that one sync does not explain; a clock is a process's own.
fn is_clock_broken(attempts: &[&Attempt]) -> bool {
    let mut by_life: BTreeMap<NameId, Vec<&Attempt>> = BTreeMap::new();
    for attempt in attempts {
        if matches!(attempt.answer, Answer::Clock | Answer::Good) {
            by_life.entry(attempt.life).or_default().push(attempt);
        }
    }
    by_life.values().any(|attempts| {
        let failures: Vec<&Attempt> =
            attempts.iter().copied().filter(|attempt| attempt.answer == Answer::Clock).collect();
        let is_frequent = failures.windows(CLOCK_RATE_MIN).any(|window| {
            let span = window[CLOCK_RATE_MIN - 1].at_ms - window[0].at_ms;
            (MINUTE_MS..CLOCK_RATE_MS).contains(&span)
        });
        is_frequent || attempts.split(|attempt| attempt.answer == Answer::Good).any(is_lasting)
    })
}

/// Whether a run of failures outlived a sync.
fn is_lasting(run: &[&Attempt]) -> bool {
    let (Some(first), Some(last)) = (run.first(), run.last()) else {
        return false;
    };
    let is_long = run.len() >= 2 && last.at_ms - first.at_ms >= CLOCK_RUN_MS;
    let resynced = run.iter().filter(|attempt| attempt.reason == RetryReason::Clock).count();
    resynced >= CLOCK_RESYNCED_MIN || (is_long && run.len() >= CLOCK_RUN_MIN)
}

fn describe(
    log: &Log,
    attempts: &[&Attempt],
    failures: &[&Attempt],
    is_trouble: bool,
) -> Option<AuthFailures> {
    let (first, last) = (failures.first()?, failures.last()?);
    let mut codes: BTreeMap<(u16, i64), u64> = BTreeMap::new();
    let mut endpoints: BTreeMap<&str, u64> = BTreeMap::new();
    let mut instances: BTreeSet<&str> = BTreeSet::new();
    for failure in failures {
        *codes.entry((failure.status, failure.code)).or_default() += 1;
        *endpoints.entry(log.endpoints.name(failure.endpoint)).or_default() += 1;
        instances.insert(log.instances.name(log.life_of(failure).instance));
    }
    let mut codes: Vec<(u16, i64, u64)> =
        codes.into_iter().map(|((status, code), count)| (status, code, count)).collect();
    codes.sort_by_key(|(_, _, count)| std::cmp::Reverse(*count));
    let mut endpoints: Vec<(String, u64)> =
        endpoints.into_iter().map(|(name, count)| (name.to_owned(), count)).collect();
    endpoints.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let after = attempts.iter().filter(|attempt| attempt.at_ms > first.at_ms);
    Some(AuthFailures {
        cause: if first.answer == Answer::Clock {
            AuthCause::Clock
        } else {
            AuthCause::Credentials
        },
        door: log.doors.name(first.door).to_owned(),
        account: first.account.map(|account| log.accounts.name(account).to_owned()),
        instances: instances.into_iter().map(str::to_owned).collect(),
        failures: failures.len() as u64,
        first: Timestamp::from_millis(first.at_ms),
        last: Timestamp::from_millis(last.at_ms),
        codes,
        endpoints,
        attempts_after: after.clone().count() as u64,
        good_after: after.filter(|attempt| attempt.answer == Answer::Good).count() as u64,
        is_trouble,
    })
}

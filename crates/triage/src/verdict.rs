//! From answers to a verdict: what is wrong, the worst first, and what to do before anything else.
//!
//! The order is that of the harm done by doing nothing: a block or a failing key gets worse with
//! every attempt, a spike or a storm becomes a block, a hot endpoint only costs room. Where one
//! finding explains another (a burst before a block, 429s in a storm) the second is its evidence
//! and not a finding beside it: two alarms for one cause send two people to two places.

use serde::{Deserialize, Serialize};
use tradewind_model::Timestamp;

use crate::attempt::{HOUR_MS, Log, MINUTE_MS};
use crate::auth::AuthCause;
use crate::block::CAUSE_MS;
use crate::change::{Change, ChangeKind};
use crate::report::Report;

pub(crate) mod evidence;

/// How many unexplained 429s within an hour are a finding. Below, the backoff did its work.
const LIMITED_MIN: usize = 5;

/// What is wrong, from the worst to the mildest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// The venue's edge answers 403 after a time in which all was well.
    EdgeBlock,
    /// Keys, signatures or timestamps are refused again and again.
    AuthFailing,
    /// Calls are turned away since a deploy, a scale-out or a step in traffic.
    ConcurrencyJump,
    /// Sockets reconnect without bound, with a resync behind each.
    ReconnectStorm,
    /// One endpoint fills its bucket, and limits persist.
    HotEndpoint,
    /// The address was banned, and nothing else in the log says why.
    Banned,
    /// Calls are turned away, and nothing else in the log says why.
    Limited,
    /// Retries of different processes come in step.
    RetriesInStep,
    /// The venue fails or is silent.
    VenueDegraded,
}

impl FindingKind {
    /// The first move that cannot make it worse.
    #[must_use]
    pub const fn first_safe_move(self) -> &'static str {
        match self {
            Self::EdgeBlock => {
                "stop all traffic through this door and hold the breaker open; after 5 to 10 quiet \
                 minutes send one light probe, then come back slower"
            }
            Self::AuthFailing => {
                "stop every signed call and every retry on this account; sync the clock, check the \
                 key, its rights and the signing, fix, restart"
            }
            Self::ConcurrencyJump => {
                "cap calls per endpoint and instance so that the total is what it was before, add \
                 jitter, stagger the starts"
            }
            Self::ReconnectStorm => {
                "allow one reconnect at a time for each stream, with jitter, and fetch only what \
                 the gap missed"
            }
            Self::HotEndpoint => "call that endpoint less: cache it, batch it, shed the rest",
            Self::Banned => {
                "send nothing through this door, reconnects included, until the ban is over; then \
                 one light probe"
            }
            Self::Limited => {
                "halve the concurrency on the bucket that is full and honor Retry-After with jitter"
            }
            Self::RetriesInStep => "give every retry full jitter, and every instance its own seed",
            Self::VenueDegraded => "retry once or twice at most, then stop asking and say so",
        }
    }

    /// What it is, for a headline.
    #[must_use]
    pub const fn headline(self) -> &'static str {
        match self {
            Self::EdgeBlock => "blocked by the venue's edge (403)",
            Self::AuthFailing => "authentication fails again and again",
            Self::ConcurrencyJump => "turned away since traffic jumped",
            Self::ReconnectStorm => "reconnect storm",
            Self::HotEndpoint => "one endpoint fills its bucket",
            Self::Banned => "banned (418)",
            Self::Limited => "turned away by limits (429)",
            Self::RetriesInStep => "retries come in step",
            Self::VenueDegraded => "the venue fails or is silent",
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What.
    pub kind: FindingKind,
    /// When it began.
    pub first: Timestamp,
    /// When it was last seen.
    pub last: Timestamp,
    /// Who: a door, an account, an endpoint, instances.
    pub who: String,
    /// The numbers that say so, a clause each.
    pub evidence: Vec<String>,
    /// What to do before anything else.
    pub first_safe_move: String,
}

impl Finding {
    fn new(kind: FindingKind, span: (Timestamp, Timestamp), who: String) -> Self {
        Self {
            kind,
            first: span.0,
            last: span.1,
            who,
            evidence: Vec::new(),
            first_safe_move: kind.first_safe_move().to_owned(),
        }
    }

    fn saying(mut self, evidence: Vec<String>) -> Self {
        self.evidence = evidence;
        self
    }
}

/// The findings that follow from a report's answers, the worst first.
pub(crate) fn judge(log: &Log, report: &Report) -> Vec<Finding> {
    let mut findings = Vec::new();
    for block in &report.blocks {
        let finding =
            Finding::new(FindingKind::EdgeBlock, (block.first, block.last), block.door.clone());
        findings.push(finding.saying(evidence::block(block)));
    }
    for auth in report.auth.iter().filter(|auth| auth.is_trouble) {
        let who = auth.account.as_ref().map_or_else(
            || auth.door.clone(),
            |account| format!("account {account} at {}", auth.door),
        );
        let mut finding = Finding::new(FindingKind::AuthFailing, (auth.first, auth.last), who);
        if auth.cause == AuthCause::Clock {
            "stop retries; sync the clock with the venue's, and let nothing signed leave before \
             its offset is known"
                .clone_into(&mut finding.first_safe_move);
        }
        findings.push(finding.saying(evidence::auth(auth)));
    }
    for change in report.changes.iter().filter(|change| is_jump(change, report)) {
        let span = (change.at, change.until);
        let finding = Finding::new(FindingKind::ConcurrencyJump, span, evidence::changed(change));
        findings.push(finding.saying(evidence::change(change)));
    }
    for storm in &report.handshakes.storms {
        let who = format!("{} at {}", evidence::instances(&storm.instances), storm.door);
        let finding = Finding::new(FindingKind::ReconnectStorm, (storm.first, storm.last), who);
        findings.push(finding.saying(evidence::storm(storm, report.handshakes.limit)));
    }
    for usage in report.buckets.iter().filter(|usage| usage.is_hot) {
        let Some(((first, last), top)) = usage.troubled.zip(usage.endpoints.first()) else {
            continue;
        };
        let who = format!("{} on {} at {}", top.endpoint, usage.bucket, usage.door);
        let mut finding = Finding::new(FindingKind::HotEndpoint, (first, last), who);
        finding.first_safe_move =
            format!("call {} less: cache it, batch it, shed the rest", top.endpoint);
        findings.push(finding.saying(evidence::bucket(usage)));
    }
    if let Some(finding) = limited(log, report, &findings) {
        findings.push(finding);
    }
    if let Some(span) = report.retries.span.filter(|_| report.retries.is_in_step) {
        let who = format!("{} instances", report.retries.instances);
        let finding = Finding::new(FindingKind::RetriesInStep, span, who);
        findings.push(finding.saying(vec![evidence::synchrony(&report.retries)]));
    }
    for degraded in &report.degraded {
        let span = (degraded.first, degraded.last);
        let finding = Finding::new(FindingKind::VenueDegraded, span, degraded.door.clone());
        let share = crate::Permille::of(degraded.failed, degraded.attempts);
        findings.push(finding.saying(vec![format!(
            "{} of {} attempts ({share}) failed or got no answer",
            degraded.failed, degraded.attempts
        )]));
    }
    attach_bans(report, &mut findings);
    findings.sort_by_key(|finding| (finding.kind, finding.first));
    findings
}

/// Whether a change stands for itself. A step that nothing started is only a symptom where a
/// storm, a block, a failing key or a hot endpoint is there to cause it.
fn is_jump(change: &Change, report: &Report) -> bool {
    if !change.is_spike {
        return false;
    }
    let (from, until) = (change.at.as_millis(), change.until.as_millis());
    let meets = |first: Timestamp, last: Timestamp| {
        first.as_millis() < until + CAUSE_MS && last.as_millis() + CAUSE_MS > from
    };
    let is_explained = report.handshakes.storms.iter().any(|s| meets(s.first, s.last))
        || report.blocks.iter().any(|block| meets(block.first, block.last))
        || report.auth.iter().any(|auth| auth.is_trouble && meets(auth.first, auth.last))
        || report.buckets.iter().any(|usage| {
            usage.is_hot && usage.troubled.is_some_and(|(first, last)| meets(first, last))
        });
    change.kind != ChangeKind::Step || !is_explained
}

/// 429s that nothing found so far explains, where there are enough of them within an hour.
fn limited(log: &Log, report: &Report, findings: &[Finding]) -> Option<Finding> {
    let explained: Vec<(u64, u64)> = findings
        .iter()
        .map(|finding| {
            let before_ms = match finding.kind {
                FindingKind::EdgeBlock | FindingKind::AuthFailing => CAUSE_MS,
                FindingKind::ConcurrencyJump
                | FindingKind::ReconnectStorm
                | FindingKind::HotEndpoint
                | FindingKind::Banned
                | FindingKind::Limited
                | FindingKind::RetriesInStep
                | FindingKind::VenueDegraded => 5 * MINUTE_MS,
            };
            let first = finding.first.as_millis().saturating_sub(before_ms);
            (first, finding.last.as_millis() + 15 * MINUTE_MS)
        })
        .collect();
    let unexplained: Vec<_> = log
        .attempts
        .iter()
        .filter(|attempt| attempt.is_limited())
        .filter(|attempt| {
            !explained.iter().any(|(from, until)| (*from..*until).contains(&attempt.at_ms))
        })
        .collect();
    let is_many = unexplained
        .windows(LIMITED_MIN)
        .any(|window| window[LIMITED_MIN - 1].at_ms - window[0].at_ms < HOUR_MS);
    let (first, last) = (unexplained.first()?, unexplained.last()?);
    if !is_many {
        return None;
    }
    let span = (Timestamp::from_millis(first.at_ms), Timestamp::from_millis(last.at_ms));
    let fullest = report.buckets.iter().max_by_key(|usage| usage.limited);
    let who = fullest.map_or_else(
        || log.doors.name(first.door).to_owned(),
        |usage| format!("{} at {}", usage.bucket, usage.door),
    );
    let mut evidence = vec![format!("{} attempts turned away", unexplained.len())];
    evidence.extend(fullest.map(evidence::bucket).unwrap_or_default());
    Some(Finding::new(FindingKind::Limited, span, who).saying(evidence))
}

/// A ban belongs to what led to it; one that nothing led to is a finding of its own.
fn attach_bans(report: &Report, findings: &mut Vec<Finding>) {
    let bans = &report.bans;
    let Some((first, last)) = bans.span else {
        return;
    };
    let said = format!(
        "banned: {} answers of 418 from {} to {}, {} attempts left meanwhile",
        bans.answers,
        evidence::clock(first),
        evidence::clock(last),
        bans.attempts_during
    );
    let cause =
        findings.iter_mut().filter(|finding| finding.kind < FindingKind::Banned).find(|finding| {
            let from = finding.first.as_millis().saturating_sub(CAUSE_MS);
            (from..finding.last.as_millis() + HOUR_MS).contains(&first.as_millis())
        });
    if let Some(cause) = cause {
        cause.evidence.push(said);
        cause.first_safe_move =
            format!("stay silent until the ban is over; then {}", cause.first_safe_move);
        return;
    }
    // The 429s before a ban are the ban's.
    findings.retain(|finding| finding.kind != FindingKind::Limited);
    let who = bans.doors.join(", ");
    findings.push(Finding::new(FindingKind::Banned, (first, last), who).saying(vec![said]));
}

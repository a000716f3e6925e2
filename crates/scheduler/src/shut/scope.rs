//! One scope that is not open.

use std::time::Duration;

use tradewind_model::Timestamp;
use tradewind_model::id::CallId;

use crate::backoff::{Backoff, Jitter};
use crate::shut::record::{ScopeKey, ScopeState, ShutReason, ShutRecord};
use crate::ticket::Priority;

/// How long a probe that was asked for may take to come; then it is asked for again.
const PROBE_PATIENCE: Duration = Duration::from_secs(60);
/// Between probes that failed.
const PROBE_BACKOFF: Backoff = Backoff::new(Duration::from_secs(5), Duration::from_secs(300));
/// The most that a time to stay away is doubled: by 2⁸, five minutes become a day.
const DOUBLINGS_MAX: u32 = 8;

#[derive(Debug)]
pub(super) struct Scope {
    pub(super) reason: ShutReason,
    pub(super) since: Timestamp,
    /// None when a person must clear it.
    pub(super) until: Option<Timestamp>,
    pub(super) needs_probe: bool,
    /// How often it was shut since it was last open.
    strikes: u32,
    failed_probes: u32,
    /// A probe that is still on the wire though the scope was shut again: its answer means
    /// nothing any more, but no other goes before it is over.
    late_probe: Option<CallId>,
    pub(super) phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Shut,
    /// A probe was asked for.
    Asked(Timestamp),
    /// It is on the wire.
    Probing(CallId),
    Ramp {
        since: Timestamp,
        ends_at: Timestamp,
        /// What does not lower risk, not before this.
        next_at: Timestamp,
    },
}

impl Scope {
    pub(super) const fn new(now: Timestamp, reason: ShutReason) -> Self {
        Self {
            reason,
            since: now,
            until: Some(Timestamp::EPOCH),
            needs_probe: false,
            strikes: 0,
            failed_probes: 0,
            late_probe: None,
            phase: Phase::Shut,
        }
    }

    pub(super) fn shut(&mut self, now: Timestamp, reason: ShutReason, told: Option<Timestamp>) {
        if matches!(self.phase, Phase::Ramp { .. }) {
            (self.since, self.reason, self.needs_probe) = (now, reason, false);
        }
        self.reason = self.reason.max(reason);
        self.needs_probe |= reason.needs_probe();
        let usual = reason
            .usual()
            .map(|usual| now + usual.saturating_mul(1 << self.strikes.min(DOUBLINGS_MAX)));
        // A person's scope has no time, whatever is said of one.
        let until = usual.map(|usual| told.unwrap_or(usual));
        self.until = match (self.until, until) {
            (Some(before), Some(until)) => Some(before.max(until)),
            (None, _) | (_, None) => None,
        };
        self.strikes += 1;
        if let Phase::Probing(id) = self.phase {
            self.late_probe = Some(id);
        }
        self.phase = Phase::Shut;
    }

    pub(super) fn restore(&mut self, record: &ShutRecord) {
        self.reason = self.reason.max(record.reason);
        self.since = self.since.min(record.since);
        self.needs_probe |= record.reason.needs_probe();
        self.strikes = self.strikes.max(record.strikes);
        self.until = match (self.until, record.until) {
            (Some(before), Some(until)) => Some(before.max(until)),
            (None, _) | (_, None) => None,
        };
        if let Phase::Probing(id) = self.phase {
            self.late_probe = Some(id);
        }
        self.phase = Phase::Shut;
    }

    pub(super) const fn record(&self, scope: ScopeKey) -> ShutRecord {
        let Self { reason, since, until, strikes, .. } = *self;
        ShutRecord { scope, reason, since, until, strikes }
    }

    /// Whether a call may leave, or when.
    pub(super) fn check(
        &self,
        now: Timestamp,
        class: Priority,
        is_probe: bool,
    ) -> Result<(), Option<Timestamp>> {
        match self.phase {
            Phase::Shut => match self.until {
                Some(until) if now < until => Err(Some(until)),
                Some(_) if !self.needs_probe => Ok(()),
                // Its probe has not been asked for.
                Some(_) | None => Err(None),
            },
            Phase::Asked(_) if is_probe => Ok(()),
            Phase::Asked(_) | Phase::Probing(_) => Err(None),
            Phase::Ramp { ends_at, next_at, .. } => {
                let is_free = class == Priority::Critical || now >= next_at || now >= ends_at;
                if is_free { Ok(()) } else { Err(Some(next_at.min(ends_at))) }
            }
        }
    }

    pub(super) fn leave(
        &mut self,
        now: Timestamp,
        id: CallId,
        class: Priority,
        is_probe: bool,
        widest: Duration,
        jitter: &mut Jitter,
    ) {
        match &mut self.phase {
            Phase::Asked(_) if is_probe => self.phase = Phase::Probing(id),
            Phase::Ramp { since, ends_at, next_at } => {
                if class != Priority::Critical && now < *ends_at {
                    // The gaps shrink to nothing as the ramp passes.
                    let length = ends_at.since(*since).as_nanos().max(1);
                    let left = ends_at.since(now).as_nanos();
                    let gap = widest.as_nanos() * left / length;
                    let gap = Duration::from_nanos(u64::try_from(gap).unwrap_or(0));
                    *next_at = now + gap / 2 + jitter.up_to(gap);
                }
            }
            Phase::Shut | Phase::Asked(_) | Phase::Probing(_) => {}
        }
    }

    pub(super) fn reopen(&mut self, now: Timestamp, ramp: Duration) {
        self.failed_probes = 0;
        self.phase = Phase::Ramp { since: now, ends_at: now + ramp, next_at: now };
    }

    pub(super) fn fail_probe(&mut self, now: Timestamp, jitter: &mut Jitter) {
        let bound = PROBE_BACKOFF.bound(self.failed_probes);
        let until = now + bound / 2 + jitter.up_to(bound / 2);
        self.failed_probes += 1;
        self.until = self.until.map(|before| before.max(until));
        self.phase = Phase::Shut;
    }

    /// A call is over.
    pub(super) fn end(&mut self, id: CallId) {
        self.late_probe = self.late_probe.filter(|probe| *probe != id);
    }

    pub(super) const fn has_probe_on_wire(&self) -> bool {
        matches!(self.phase, Phase::Probing(_)) || self.late_probe.is_some()
    }

    /// When something has to be done about it without a call.
    pub(super) fn due_at(&self) -> Option<Timestamp> {
        match self.phase {
            Phase::Shut if self.late_probe.is_some() => None,
            Phase::Shut => self.until,
            Phase::Asked(at) => Some(at + PROBE_PATIENCE),
            Phase::Probing(_) | Phase::Ramp { .. } => None,
        }
    }

    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        self.due_at().is_some_and(|at| at <= now)
    }

    pub(super) fn state(&self, now: Timestamp, ramp: Duration) -> ScopeState {
        let Self { reason, since, until, .. } = *self;
        match (self.phase, until) {
            (Phase::Shut, Some(until)) if until <= now && !self.needs_probe => {
                ramp_state(now, until + ramp)
            }
            (Phase::Shut, Some(at)) if at <= now => ScopeState::Probing { reason, since },
            (Phase::Shut, _) => ScopeState::Shut { reason, since, until },
            (Phase::Asked(_) | Phase::Probing(_), _) => ScopeState::Probing { reason, since },
            (Phase::Ramp { ends_at, .. }, _) => ramp_state(now, ends_at),
        }
    }
}

fn ramp_state(now: Timestamp, ends_at: Timestamp) -> ScopeState {
    if now < ends_at { ScopeState::Ramp { until: ends_at } } else { ScopeState::Open }
}

//! What the venue has told us to leave alone, until when, and how we come back.
//!
//! Checked before everything else: while a scope is shut, not one byte leaves that it covers,
//! handshakes and control messages included. A scope goes through these states:
//!
//! ```text
//! open ─▶ shut until a time ─▶ (one probe) ─▶ ramp ─▶ open
//!          ▲       ▲              │             │
//!          │       └── it failed ─┘             │
//!          └────────── the venue says no again ─┘
//! ```
//!
//! Of several times to come back, the latest holds. A ban is not known to be over because its time
//! is, so one call of little weight goes first. Then everything that was held up is let through
//! slowly and unevenly, what lowers risk first: a crowd that comes back in one moment is the next
//! ban. What refuses our key has no time at all; a person opens it.

mod record;
mod scope;

pub use record::{ScopeKey, ScopeState, ShutReason, ShutRecord};

use std::collections::BTreeMap;
use std::time::Duration;

use tradewind_model::Timestamp;
use tradewind_model::call::EndpointGroup;
use tradewind_model::id::CallId;
use tradewind_model::tariff::{Cost, LimitKind};

use crate::backoff::Jitter;
use crate::shut::scope::{Phase, Scope};
use crate::ticket::{Origin, Priority, Probe};

/// The widest gap between two calls, at the start of a ramp.
const GAP_MAX: Duration = Duration::from_millis(500);

/// All scopes that are not open.
#[derive(Debug)]
pub(crate) struct ShutScopes {
    scopes: BTreeMap<ScopeKey, Scope>,
    /// When the first of them has something to be done about.
    due: Option<Timestamp>,
    /// Whether a probe may be on the wire.
    is_probing: bool,
    ramp: Duration,
    /// How many processes come back together: each leaves so many times wider gaps.
    share: u32,
    jitter: Jitter,
    /// Changes whenever what is to be remembered may have.
    version: u64,
}

/// What decides whether shut scopes cover a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate<'a> {
    pub(crate) origin: &'a Origin,
    pub(crate) group: EndpointGroup,
    pub(crate) class: Priority,
    pub(crate) is_new_order: bool,
    pub(crate) probe: Option<Probe>,
}

impl Candidate<'_> {
    /// The scopes that the call lies in, the widest first.
    fn scopes(&self) -> impl Iterator<Item = ScopeKey> {
        let Origin { egress, account, .. } = *self.origin;
        let (group, is_new_order) = (self.group, self.is_new_order);
        [
            Some(ScopeKey::Egress(egress)),
            Some(ScopeKey::Group(egress, group)),
            account.map(ScopeKey::Account),
            account.filter(|_| is_new_order).map(ScopeKey::NewOrders),
        ]
        .into_iter()
        .flatten()
    }
}

impl ShutScopes {
    pub(crate) const fn new(ramp: Duration, share: u32, seed: u64) -> Self {
        Self {
            scopes: BTreeMap::new(),
            due: None,
            is_probing: false,
            ramp,
            share,
            jitter: Jitter::new(seed),
            version: 0,
        }
    }

    /// Shuts `scope`, until the latest of `told`, what it was shut until before, and, where
    /// nothing was told, what is usual for `reason`. A scope that only a person opens stays so.
    pub(crate) fn shut(
        &mut self,
        now: Timestamp,
        key: ScopeKey,
        reason: ShutReason,
        told: Option<Timestamp>,
    ) {
        self.drop_open(now);
        let scope = self.scopes.entry(key).or_insert_with(|| Scope::new(now, reason));
        scope.shut(now, reason, told);
        self.refresh();
    }

    /// Opens a scope that waits for a person: its probe goes next. False for any other, because
    /// nobody here can end a ban.
    pub(crate) fn clear(&mut self, now: Timestamp, key: &ScopeKey) -> bool {
        match self.scopes.get_mut(key) {
            Some(scope) if scope.until.is_none() => {
                scope.until = Some(now);
                // Should it be shut again, that is news to whoever has heard of the clearing.
                scope.since = now;
                self.refresh();
                true
            }
            _ => false,
        }
    }

    /// Whether a call lies in any scope that is not known to be open: the same as long as the
    /// [`version`](Self::version) is.
    pub(crate) fn covers(&self, call: &Candidate<'_>) -> bool {
        !self.scopes.is_empty() && call.scopes().any(|key| self.scopes.contains_key(&key))
    }

    /// Whether a call may leave.
    ///
    /// # Errors
    /// With the time from which on it might; with none when only a probe's answer or a person can
    /// let it.
    pub(crate) fn check(
        &self,
        now: Timestamp,
        call: &Candidate<'_>,
    ) -> Result<(), Option<Timestamp>> {
        if self.scopes.is_empty() {
            // A probe without anything to probe is a call like any other.
            return Ok(());
        }
        let mut latest: Result<(), Option<Timestamp>> = Ok(());
        for key in call.scopes() {
            let Some(scope) = self.scopes.get(&key) else { continue };
            let is_probe = call.probe == Some(Probe::Scope(key));
            let Err(until) = scope.check(now, call.class, is_probe) else { continue };
            latest = match (latest, until) {
                (Err(None), _) | (_, None) => Err(None),
                (Ok(()), until) => Err(until),
                (Err(before), until) => Err(before.max(until)),
            };
        }
        latest
    }

    /// A call leaves that [`check`](Self::check) found free to.
    pub(crate) fn leave(&mut self, now: Timestamp, id: CallId, call: &Candidate<'_>) {
        if self.scopes.is_empty() {
            return;
        }
        for key in call.scopes() {
            if let Some(scope) = self.scopes.get_mut(&key) {
                let is_probe = call.probe == Some(Probe::Scope(key));
                let gap = GAP_MAX.saturating_mul(self.share.max(1));
                scope.leave(now, id, call.class, is_probe, gap, &mut self.jitter);
                self.is_probing |= is_probe;
            }
        }
        if call.probe.is_some() {
            self.refresh();
        }
    }

    /// A call is over: `passed` tells whether the venue did what it was asked. Only a probe's end
    /// means anything here; tells whether it was one.
    pub(crate) fn end(&mut self, now: Timestamp, id: CallId, passed: bool) -> bool {
        if !self.is_probing {
            return false;
        }
        let mut has_moved = false;
        for scope in self.scopes.values_mut() {
            scope.end(id);
            if scope.phase == Phase::Probing(id) {
                has_moved = true;
                if passed {
                    scope.reopen(now, self.ramp);
                } else {
                    scope.fail_probe(now, &mut self.jitter);
                }
            }
        }
        self.refresh();
        has_moved
    }

    /// The next scope whose time is over and that wants a probe; each is told once, and again
    /// when no probe came of it.
    pub(crate) fn next_probe(&mut self, now: Timestamp) -> Option<ScopeKey> {
        let ramp = self.ramp;
        let mut found = None;
        for (key, scope) in &mut self.scopes {
            if scope.is_due(now) {
                if scope.needs_probe {
                    scope.phase = Phase::Asked(now);
                    found = Some(*key);
                    break;
                }
                let over_at = scope.until.unwrap_or(now);
                scope.reopen(over_at, ramp);
            }
        }
        self.refresh();
        found
    }

    /// When [`next_probe`](Self::next_probe) may have something.
    pub(crate) const fn next_due(&self) -> Option<Timestamp> {
        self.due
    }

    /// Changes whenever [`records`](Self::records) may have, but for the passing of time.
    pub(crate) const fn version(&self) -> u64 {
        self.version
    }

    /// Something about a scope has changed.
    fn refresh(&mut self) {
        self.version += 1;
        self.due = self.scopes.values().filter_map(Scope::due_at).min();
        self.is_probing = self.scopes.values().any(Scope::has_probe_on_wire);
    }

    /// Until when `scope` is shut: the far end of time when a person must open it, `now` while its
    /// probe is awaited; none when it is open, though it be slowly.
    pub(crate) fn until(&self, now: Timestamp, key: &ScopeKey) -> Option<Timestamp> {
        match self.state(now, key) {
            ScopeState::Open | ScopeState::Ramp { .. } => None,
            ScopeState::Shut { until, .. } => Some(until.unwrap_or(Timestamp::MAX)),
            ScopeState::Probing { .. } => Some(now),
        }
    }

    pub(crate) fn state(&self, now: Timestamp, key: &ScopeKey) -> ScopeState {
        self.scopes.get(key).map_or(ScopeState::Open, |scope| scope.state(now, self.ramp))
    }

    /// All that is not open.
    pub(crate) fn states(&self, now: Timestamp) -> Vec<(ScopeKey, ScopeState)> {
        self.scopes
            .keys()
            .map(|key| (*key, self.state(now, key)))
            .filter(|(_, state)| *state != ScopeState::Open)
            .collect()
    }

    /// What a later life of this process must know.
    pub(crate) fn records(&self, now: Timestamp) -> Vec<ShutRecord> {
        self.scopes
            .iter()
            .filter(|(key, _)| self.until(now, key).is_some())
            .map(|(key, scope)| scope.record(*key))
            .collect()
    }

    /// Takes over what an earlier life knew. Nothing that is known now is forgotten for it.
    pub(crate) fn restore(&mut self, now: Timestamp, records: &[ShutRecord]) {
        for record in records {
            // Over without a probe: nothing to remember. With one, it is still owed.
            let is_over = record.until.is_some_and(|until| until <= now);
            if is_over && !record.reason.needs_probe() {
                continue;
            }
            let scope = self
                .scopes
                .entry(record.scope)
                .or_insert_with(|| Scope::new(record.since, record.reason));
            scope.restore(record);
        }
        self.refresh();
    }

    fn drop_open(&mut self, now: Timestamp) {
        let ramp = self.ramp;
        self.scopes.retain(|_, scope| scope.state(now, ramp) != ScopeState::Open);
    }
}

/// Whether a call places an order: it draws on an order count, or, at a venue without one, it is
/// an order call that does not lower risk.
pub(crate) fn is_new_order(cost: &Cost, group: EndpointGroup, class: Priority) -> bool {
    cost.weight(LimitKind::Orders) > 0
        || (group == EndpointGroup::Orders && class == Priority::Trade)
}

//! What an answer says is to be left alone, and the one call that goes there first afterwards.
//!
//! The scheduler holds the doors; here is decided which of them an answer shuts. A limit shuts the
//! address, or an account's new orders; a ban and the venue's edge shut the address; a refused key
//! shuts all that is signed.

use std::collections::BTreeMap;
use std::time::Duration;

use tradewind_model::call::{Call, CallKind, EndpointGroup};
use tradewind_model::order::{Denied, OrderState};
use tradewind_model::outcome::{Fate, NotTaken, RefusalKind, Throttle, Unknown};
use tradewind_model::tariff::LimitKind;
use tradewind_model::time::Timestamp;
use tradewind_scheduler::{BreakerKey, Priority, Probe, ScopeKey, ShutReason};

use super::calls::{Owner, PendingCall};
use super::dispatch::PATIENCE;
use super::{Engine, Timer};
use crate::action::Route;
use crate::incident::Incident;

/// How long a ban is outwaited beyond what the venue said.
const BAN_MARGIN: Duration = Duration::from_secs(1);

/// One kind of call that is turned away this soon after it was let through again is turned away for
/// another reason than was told.
const AGAIN_WITHIN: Duration = Duration::from_secs(10);
/// The longest that one kind of call is left alone for having been turned away again and again.
const AWAY_MAX: Duration = Duration::from_secs(300);

/// What has been turned away by limits of single kinds of calls.
#[derive(Debug, Default)]
pub(super) struct TurnedAway {
    /// How each kind was last.
    kinds: BTreeMap<CallKind, Away>,
    /// The first since anything was let through, and until when its kind was left alone.
    first: Option<(CallKind, Timestamp)>,
}

/// How one kind of call was last turned away.
#[derive(Clone, Copy, Debug, Default)]
struct Away {
    /// Until when it was left alone.
    until: Timestamp,
    /// For how long.
    lasting: Duration,
}

impl Engine {
    /// Shuts what an answer says is to be left alone.
    pub(super) fn heed(&mut self, now: Timestamp, call: &Call, fate: &Fate) {
        let account = self.config.route.account;
        let egress = ScopeKey::Egress(self.config.route.egress);
        if matches!(fate, Fate::Done(_) | Fate::Refused(_)) {
            self.let_through(now, call.kind());
        }
        match fate {
            Fate::NotTaken(NotTaken::Throttled(throttle)) => self.throttled(now, call, throttle),
            // The venue's edge speaks no JSON: it has taken us for an attacker, whoever we are.
            Fate::Unknown(Unknown::Venue { status: 403, code: None, .. }) => {
                self.shut(now, egress, ShutReason::Edge, None);
            }
            // A key that was refused once is refused again, and repeating it looks like an attack.
            Fate::Refused(refusal) if refusal.kind == RefusalKind::Auth => {
                self.shut(now, ScopeKey::Account(account), ShutReason::Auth, None);
            }
            Fate::Done(_) | Fate::Refused(_) | Fate::NotTaken(_) | Fate::Unknown(_) => {}
        }
    }

    /// The venue turned a call away: silence for everything that shares the limit, until the
    /// latest of what it said.
    fn throttled(&mut self, now: Timestamp, call: &Call, throttle: &Throttle) {
        let counter = match throttle.is_ban {
            true => &mut self.counters.http_418,
            false => &mut self.counters.http_429,
        };
        *counter += 1;
        let told = [
            throttle.retry_after.map(|after| now + after),
            throttle.retry_at.map(|at| self.clock.our_time(at)),
        ];
        let told = told.into_iter().flatten().max();
        let silence = self.silence_of_address(now, throttle.kind);
        let (scope, reason, margin) = if throttle.is_ban || silence.is_some() {
            (ScopeKey::Egress(self.config.route.egress), ShutReason::Banned, BAN_MARGIN)
        } else {
            let scope = self.scope_of(throttle.kind, call);
            (scope, ShutReason::Throttled, Duration::ZERO)
        };
        let margin = margin + self.clock.error_bound(now);
        let until = told.max(silence.map(|silence| now + silence)).map(|until| until + margin);
        let until = until.map(|until| self.again_and_again(now, throttle.kind, until));
        let origin = self.origin(call);
        self.scheduler.note_throttle(now, &origin, throttle.kind);
        self.shut(now, scope, reason, until);
        let until = self.scheduler.shut_until(now, &scope).unwrap_or(now);
        self.tell(Incident::Throttled { throttle: throttle.clone(), until });
    }

    fn let_through(&mut self, now: Timestamp, kind: CallKind) {
        let TurnedAway { kinds, first } = &mut self.turned_away;
        if kinds.get(&kind).is_some_and(|away| away.until <= now) {
            kinds.remove(&kind);
        }
        // What goes by a socket that stands is let in already.
        if kind.group() != EndpointGroup::Streams {
            *first = None;
        }
    }

    /// For how long all is silent at a venue that says of an address it has shut out what it says
    /// of a path that is asked too often. It is the address when a second kind of call is turned
    /// away and nothing was let through in between. Where it is the same kind again, after it was
    /// left alone for as long as it should be, the clock is read: what becomes of that tells.
    /// None for one kind that is turned away, and at venues that say what they have shut.
    fn silence_of_address(&mut self, now: Timestamp, limit: Option<LimitKind>) -> Option<Duration> {
        let silence = self.config.manners.address_away?;
        let Some(LimitKind::Calls(kind)) = limit else { return None };
        let (first, until) = self.turned_away.first?;
        if kind.group() == EndpointGroup::Streams {
            return None;
        }
        if first == kind && until <= now {
            self.read_clock(now);
        }
        (first != kind).then_some(silence)
    }

    /// Until when one kind of call is left alone that is turned away again as soon as it is tried
    /// again: twice as long each time, since then it is something else than what was said.
    fn again_and_again(
        &mut self,
        now: Timestamp,
        limit: Option<LimitKind>,
        told: Timestamp,
    ) -> Timestamp {
        let Some(LimitKind::Calls(kind)) = limit else { return told };
        let TurnedAway { kinds, first } = &mut self.turned_away;
        let before = kinds.get(&kind).copied().unwrap_or_default();
        // Several that were on the wire together are one time.
        let is_same = now < before.until;
        let is_again = now < before.until + before.lasting.max(AGAIN_WITHIN);
        let lasting = match (is_same, is_again) {
            (true, _) => before.lasting,
            (false, true) => (before.lasting * 2).min(AWAY_MAX),
            (false, false) => told.since(now),
        };
        let until = if is_same { before.until.max(told) } else { told.max(now + lasting) };
        kinds.insert(kind, Away { until, lasting });
        if kind.group() != EndpointGroup::Streams {
            first.get_or_insert((kind, until));
        }
        until
    }

    /// What a limit that is used up shuts. One on one kind of call shuts what is like that call and
    /// nothing else: placing is turned away, and cancels pass.
    fn scope_of(&self, kind: Option<LimitKind>, call: &Call) -> ScopeKey {
        let Route { account, egress, .. } = self.config.route;
        match kind {
            Some(LimitKind::Orders) => ScopeKey::NewOrders(account),
            Some(LimitKind::Calls(_)) if call.kind().places_orders() => {
                ScopeKey::NewOrders(account)
            }
            Some(LimitKind::Calls(_)) => ScopeKey::Group(egress, call.kind().group()),
            Some(
                LimitKind::RequestWeight
                | LimitKind::RawRequests
                | LimitKind::Connections
                | LimitKind::Messages,
            )
            | None => ScopeKey::Egress(egress),
        }
    }

    pub(super) fn shut(
        &mut self,
        now: Timestamp,
        scope: ScopeKey,
        reason: ShutReason,
        until: Option<Timestamp>,
    ) {
        let was_shut = self.scheduler.shut_until(now, &scope).is_some();
        self.scheduler.shut_because(now, scope, reason, until);
        if let Some(until) = self.scheduler.shut_until(now, &scope) {
            self.timers.set(Timer::Unshut, until);
        }
        if !was_shut && matches!(reason, ShutReason::Edge | ShutReason::Auth) {
            self.tell(Incident::Shut { scope, reason });
        }
        self.shed_shut(now);
        self.deny_shut(now);
    }

    /// Orders that wait for leave, and would wait beyond their deadline, are told at once.
    fn deny_shut(&mut self, now: Timestamp) {
        let waiting = self.ledger.open().filter(|order| order.state == OrderState::Pending);
        let waiting: Vec<_> = waiting.map(|order| order.id).collect();
        for id in waiting {
            let shut = self
                .placing(id)
                .and_then(|pending| self.shut_beyond(now, &pending.call, pending.deadline));
            if let Some(shut) = shut {
                self.deny(now, id, Denied::Closed(shut.to_string()));
            }
        }
    }

    /// Makes the one call that goes before all others to what was shut or down. One that waits for
    /// the clock is waited for.
    pub(super) fn probe(&mut self, now: Timestamp, probe: Probe) {
        let mut held = self.clockwork.held.iter().filter_map(|call| self.calls.get(*call));
        if held.any(|call| call.probe == Some(probe)) {
            return;
        }
        let call = match probe {
            Probe::Scope(ScopeKey::Egress(_) | ScopeKey::Group(..)) => Call::ServerTime,
            Probe::Scope(ScopeKey::Account(_) | ScopeKey::NewOrders(_)) => Call::Account,
            Probe::Breaker(BreakerKey { account: None, .. }) => Call::ServerTime,
            Probe::Breaker(BreakerKey { account: Some(_), .. }) => Call::Account,
        };
        let deadline = now + PATIENCE;
        let pending = PendingCall::new(now, call, Owner::Probe, Priority::Critical, deadline);
        self.enqueue(now, PendingCall { probe: Some(probe), ..pending });
    }
}

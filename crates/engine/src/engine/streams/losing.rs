//! What is done when a socket is gone.
//!
//! One that was to take another's place is tried again while the other still carries the stream.
//! When that one goes first, the newcomer takes over as far as it has come; only when there is
//! none is another opened, after a while. A stream that stays down wakes somebody, once: a few
//! good moments in between do not make a second outage of it.

use std::time::Duration;

use tradewind_model::attempt::RetryReason;
use tradewind_model::call::{Call, CallKind};
use tradewind_model::outcome::{Fate, Outcome, Unknown};
use tradewind_model::stream::StreamKind;
use tradewind_model::time::Timestamp;
use tradewind_scheduler::Backoff;

use super::answers::is_on;
use super::{Downtime, Phase, Place, Socket};
use crate::action::Action;
use crate::engine::attempts::retry_reason;
use crate::engine::calls::{Owner, Tries};
use crate::engine::{Engine, Timer};
use crate::incident::Incident;

/// A stream has to have stood for so long before its failures are forgotten.
const HEALTHY_AFTER: Duration = Duration::from_secs(60);
/// A stream may be down for so long before somebody is woken.
const ALERT_AFTER: Duration = Duration::from_secs(30);

/// Why there is no socket any more.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Loss {
    /// In words.
    reason: String,
    /// As the reason of the next handshake.
    retry: RetryReason,
}

impl Loss {
    /// A socket that stood is gone.
    pub(in crate::engine) fn broken(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), retry: RetryReason::Network }
    }

    /// A call on the way to a socket that stands has failed; `fate` is none when it never left.
    pub(in crate::engine) fn of(fate: Option<&Fate>, reason: String) -> Self {
        Self { reason, retry: fate.map(retry_reason).unwrap_or_default() }
    }
}

impl Engine {
    /// A socket is gone, or is not wanted any more.
    pub(in crate::engine) fn stream_lost(
        &mut self,
        now: Timestamp,
        kind: StreamKind,
        generation: u32,
        loss: Loss,
    ) {
        let Some(place) = self.stream(kind).place(generation) else {
            return;
        };
        self.actions.push_back(Action::Close { kind, generation });
        match place {
            Place::Successor => self.successor_lost(now, kind, loss),
            Place::Current => self.current_lost(now, kind, loss),
        }
        self.drop_control_messages(now, kind, generation);
    }

    /// None of a stream's sockets can be trusted any more.
    pub(in crate::engine) fn lose_sockets(
        &mut self,
        now: Timestamp,
        kind: StreamKind,
        loss: &Loss,
    ) {
        let stream = self.stream(kind);
        let successor = stream.successor.map(|successor| successor.generation);
        for generation in successor.into_iter().chain([stream.current.generation]) {
            self.stream_lost(now, kind, generation, loss.clone());
        }
    }

    /// The one that was to take another's place has not come to it: it is tried again after a
    /// while.
    fn successor_lost(&mut self, now: Timestamp, kind: StreamKind, loss: Loss) {
        let Loss { reason, retry } = loss;
        let stream = self.stream_mut(kind);
        stream.successor = None;
        let failures = stream.rotation_tries.failures;
        let retry_at = self.again_at(now, kind, failures);
        self.stream_mut(kind).rotation_tries = failed(failures, retry, retry_at.since(now));
        self.timers.set(Timer::Rotate(kind), retry_at);
        self.market.forget_successor();
        self.tell(Incident::RotationFailed { kind, reason, retry_at });
    }

    fn current_lost(&mut self, now: Timestamp, kind: StreamKind, loss: Loss) {
        let Loss { reason, retry } = loss;
        self.counters.streams_lost += 1;
        self.timers.clear(Timer::Liveness(kind));
        self.timers.clear(Timer::Rotate(kind));
        let stream = self.stream_mut(kind);
        let (was, stood) = (stream.current.phase, now.since(stream.current.live_at));
        if was == Phase::Live && stood >= HEALTHY_AFTER {
            (stream.tries, stream.down) = (Tries::default(), None);
        }
        stream.down.get_or_insert(Downtime { since: now, is_alerted: false });
        (stream.whole_since, stream.rotation_tries) = (None, Tries::default());
        if kind == StreamKind::Account {
            self.gap_begins(now);
        }
        if let Some(successor) = self.stream_mut(kind).successor.take() {
            return self.succeed_the_lost(now, kind, successor, reason);
        }
        if kind == StreamKind::Market {
            self.market.begin_anew();
        }
        let stream = self.stream_mut(kind);
        stream.current.phase = Phase::Down;
        let failures = stream.tries.failures;
        let retry_at = self.again_at(now, kind, failures);
        self.stream_mut(kind).tries = failed(failures, retry, retry_at.since(now));
        self.timers.set(Timer::Reopen(kind), retry_at);
        self.startup.last_failure = Some((CallKind::OpenStream, reason.clone()));
        self.alert_of_outage(now, kind, &reason);
        self.tell(Incident::StreamLost { kind, reason, retry_at });
    }

    /// The socket that was to take over later takes over now, as far as it has come. What was on
    /// its way over the lost one may be missing, so it is asked for.
    fn succeed_the_lost(
        &mut self,
        now: Timestamp,
        kind: StreamKind,
        successor: Socket,
        reason: String,
    ) {
        self.stream_mut(kind).current = successor;
        self.tell(Incident::StreamLost { kind, reason, retry_at: now });
        if successor.phase != Phase::Opening {
            self.watch_liveness(now, kind);
        }
        match (kind, successor.phase) {
            // Books say themselves when a change is missing.
            (StreamKind::Market, Phase::Live) => self.take_successors_news(),
            (StreamKind::Market, _) => self.market.begin_anew(),
            (StreamKind::Account, _) => {}
        }
        if successor.phase == Phase::Live {
            self.stream_live(now, kind);
        }
    }

    /// When a stream is to be tried again.
    fn again_at(&mut self, now: Timestamp, kind: StreamKind, failures: u32) -> Timestamp {
        let call = Call::OpenStream { kind, feeds: Vec::new() };
        let opens_at = self.opens_at(now, &call);
        Backoff::STREAM.again_at(now, failures, opens_at, &mut self.jitter)
    }

    /// Wakes somebody for a stream that stays down, once an outage.
    fn alert_of_outage(&mut self, now: Timestamp, kind: StreamKind, reason: &str) {
        let Some(down) = self.stream_mut(kind).down.as_mut() else {
            return;
        };
        let lasting = now.since(down.since);
        let is_news = lasting >= ALERT_AFTER && !std::mem::replace(&mut down.is_alerted, true);
        // When nothing at all is answered, somebody knows.
        if is_news && !self.was_silence_told(now) {
            let reason = reason.to_owned();
            self.tell(Incident::StreamStaysDown { kind, lasting, reason });
        }
    }

    /// What was on its way over a socket that is gone has no answer any more.
    pub(super) fn drop_control_messages(
        &mut self,
        now: Timestamp,
        kind: StreamKind,
        generation: u32,
    ) {
        let on_it = self
            .calls
            .of(|owner| *owner == Owner::Open(kind, generation) || is_on(owner, kind, generation));
        self.timers.clear(Timer::Ping(kind, generation));
        for call in on_it {
            if !self.withdraw(call) {
                let fate = Fate::Unknown(Unknown::Broken("the socket is gone".to_owned()));
                self.replied(now, call, Outcome::single(fate, Default::default()));
            }
        }
    }
}

/// One more try has failed, and the next comes after this delay.
const fn failed(failures: u32, reason: RetryReason, delay: Duration) -> Tries {
    Tries { failures: failures.saturating_add(1), reason, delay, paid: None }
}

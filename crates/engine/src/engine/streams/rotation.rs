//! Rotation: the next socket is up before the last one goes.
//!
//! A venue closes each socket after a day, and some before. What it says between the close and the
//! next handshake is lost, so the next socket is opened while this one still stands, and both are
//! listened to for a while: what was on its way over the old one when the new one began still
//! comes. Then the new one takes its place and the old one is closed.

use std::time::Duration;

use tradewind_model::stream::StreamKind;
use tradewind_model::time::Timestamp;
use tradewind_scheduler::Jitter;

use super::{Loss, Phase, Place, Socket};
use crate::action::Action;
use crate::engine::calls::Tries;
use crate::engine::{Engine, Timer};
use crate::incident::Incident;

/// A socket is replaced so much before it is too old, by chance: sockets that were opened together
/// are not replaced together.
const AGE_JITTER: Duration = Duration::from_secs(3_600);
/// How long both are listened to. What a venue sent before the new one began has come over the old
/// one by then, or that one is dead.
const OVERLAP: Duration = Duration::from_secs(3);
/// A successor that the venue is about to close as well is replaced after this much.
const CLOSING_AGAIN: Duration = Duration::from_secs(5);
/// Events that end sooner than this after they began are not begun again on the same socket.
const TERMINATED_SOON: Duration = Duration::from_secs(60);

impl Engine {
    /// Replaces a stream's socket without a gap, unless one is on its way already.
    ///
    /// A stream that is down, or being opened, is left to what opens it.
    pub(in crate::engine) fn rotate(&mut self, now: Timestamp, kind: StreamKind) {
        let stream = self.stream_mut(kind);
        if stream.current.phase != Phase::Live || stream.successor.is_some() {
            return;
        }
        let (generation, tries) = (stream.number_next(), stream.rotation_tries);
        stream.successor = Some(Socket::opening(generation));
        self.timers.clear(Timer::Rotate(kind));
        self.shake_hands(now, kind, generation, tries);
    }

    /// A socket is old enough, or its successor has been heard beside it for long enough.
    pub(in crate::engine) fn rotation_due(&mut self, now: Timestamp, kind: StreamKind) {
        match self.stream(kind).successor {
            Some(successor) if successor.phase == Phase::Live => self.hand_over(now, kind),
            // What becomes of it sets the timer again.
            Some(_) => {}
            None => self.rotate(now, kind),
        }
    }

    /// A stream flows: its socket is replaced before it is too old.
    pub(super) fn plan_rotation(&mut self, now: Timestamp, kind: StreamKind, is_closing: bool) {
        // Of its own seed: how sockets age changes nothing else that is left to chance.
        let generation = u64::from(self.stream(kind).generation);
        let mut jitter = Jitter::new(self.config.seed ^ (generation << 8) ^ kind as u64);
        let age_max = self.config.manners.socket_age_max;
        let age = if is_closing { CLOSING_AGAIN } else { age_max - jitter.up_to(AGE_JITTER) };
        self.timers.set(Timer::Rotate(kind), now + age);
    }

    /// A successor carries what it should: from now on both are heard for a while.
    pub(super) fn await_overlap(&mut self, now: Timestamp, kind: StreamKind) {
        self.timers.set(Timer::Rotate(kind), now + OVERLAP);
    }

    fn hand_over(&mut self, now: Timestamp, kind: StreamKind) {
        let stream = self.stream_mut(kind);
        let Some(successor) = stream.successor.take() else {
            return;
        };
        let old = std::mem::replace(&mut stream.current, successor);
        (stream.tries, stream.rotation_tries) = (Tries::default(), Tries::default());
        stream.down = None;
        self.counters.streams_rotated += 1;
        self.actions.push_back(Action::Close { kind, generation: old.generation });
        self.drop_control_messages(now, kind, old.generation);
        self.watch_liveness(now, kind);
        self.plan_rotation(now, kind, successor.is_closing);
        match kind {
            StreamKind::Account => self.read_account(now),
            StreamKind::Market => self.take_successors_news(),
        }
        self.tell(Incident::StreamRotated { kind });
    }

    /// The venue is about to close a socket (web-socket-api.md, server shutdown: reconnect as soon
    /// as it is told; read 2026-11).
    pub(super) fn stream_closing(&mut self, now: Timestamp, kind: StreamKind, generation: u32) {
        let stream = self.stream_mut(kind);
        let Some(place) = stream.place(generation) else {
            return;
        };
        if let Some(socket) = stream.socket_mut(generation) {
            socket.is_closing = true;
        }
        if place == Place::Current && stream.is_live() {
            self.rotate(now, kind);
        }
    }

    /// The account's events have ended though the socket stands: they are asked for again on it,
    /// and when that does not last, on another.
    pub(super) fn account_terminated(&mut self, now: Timestamp, generation: u32) {
        let kind = StreamKind::Account;
        let stream = &mut self.account_stream;
        let loss = || Loss::broken("the venue has ended the account's events");
        let is_current = stream.place(generation) == Some(Place::Current);
        let has_lasted = now.since(stream.current.live_at) >= TERMINATED_SOON;
        if !is_current || stream.successor.is_some() || !has_lasted {
            return self.stream_lost(now, kind, generation, loss());
        }
        if !stream.is_live() {
            return;
        }
        stream.current.phase = Phase::Joining;
        stream.whole_since = None;
        self.timers.clear(Timer::Rotate(kind));
        self.gap_begins(now);
        self.join(now, generation);
    }
}

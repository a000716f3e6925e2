//! Sockets: opened one at a time a stream, kept up, and opened again with jitter.
//!
//! Each socket of a stream has a number, its generation. News of an earlier one is dropped, so a
//! socket that dies slowly cannot disturb the one that has taken its place.

use std::time::Duration;

use tradewind_model::attempt::RetryReason;
use tradewind_model::call::{Call, CallKind};
use tradewind_model::outcome::{Fate, Outcome, Unknown};
use tradewind_model::stream::{StreamEvent, StreamKind};
use tradewind_model::time::Timestamp;
use tradewind_scheduler::{Backoff, Priority};

use super::attempts::retry_reason;
use super::calls::{Owner, Tries};
use super::{Engine, Timer};
use crate::action::{Action, Incident};
use crate::event::SocketEvent;

/// A socket that has said nothing for so long is taken for dead. Binance pings every 20 s and
/// hangs up on a client that has not answered for 60 (web-socket-streams.md, read 2026-11).
const SILENCE_MAX: Duration = Duration::from_secs(60);
/// A stream has to have stood for so long before its failures are forgotten.
const HEALTHY_AFTER: Duration = Duration::from_secs(60);

/// One stream: at most one socket that stands or is being opened.
#[derive(Debug, Default)]
pub(super) struct Stream {
    generation: u32,
    phase: Phase,
    /// Sockets that did not last, the handshakes that failed among them.
    tries: Tries,
    heard_at: Timestamp,
}

/// Why there is no socket any more.
#[derive(Clone, Debug)]
pub(super) struct Loss {
    /// In words.
    reason: String,
    /// As the reason of the next handshake.
    retry: RetryReason,
}

impl Loss {
    /// A socket that stood is gone.
    pub(super) fn broken(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), retry: RetryReason::Network }
    }

    /// A call on the way to a socket that stands has failed; `fate` is none when it never left.
    pub(super) fn of(fate: Option<&Fate>, reason: String) -> Self {
        Self { reason, retry: fate.map(retry_reason).unwrap_or_default() }
    }
}

/// How far a socket has come.
#[derive(Debug, Default, PartialEq, Eq)]
enum Phase {
    /// There is none.
    #[default]
    Down,
    /// Its handshake is queued or on the wire.
    Opening,
    /// It stands, and the account's events are being asked for.
    Joining,
    /// It carries what it should.
    Live { since: Timestamp },
}

impl Stream {
    pub(super) fn is_live(&self) -> bool {
        matches!(self.phase, Phase::Live { .. })
    }

    /// Whether nothing that happened after `at` can have been missed.
    pub(super) fn has_stood_since(&self, at: Timestamp) -> bool {
        matches!(self.phase, Phase::Live { since } if since <= at)
    }

    /// Whether news of this generation is news.
    pub(super) fn is_current(&self, generation: u32) -> bool {
        self.generation == generation && self.phase != Phase::Down
    }

    pub(super) fn generation(&self) -> u32 {
        self.generation
    }
}

impl Engine {
    pub(super) fn stream(&self, kind: StreamKind) -> &Stream {
        match kind {
            StreamKind::Account => &self.account_stream,
            StreamKind::Market => &self.market_stream,
        }
    }

    fn stream_mut(&mut self, kind: StreamKind) -> &mut Stream {
        match kind {
            StreamKind::Account => &mut self.account_stream,
            StreamKind::Market => &mut self.market_stream,
        }
    }

    /// Opens a stream, unless it stands or is being opened.
    pub(super) fn open_stream(&mut self, now: Timestamp, kind: StreamKind) {
        let stream = self.stream_mut(kind);
        if stream.phase != Phase::Down {
            return;
        }
        stream.generation += 1;
        stream.phase = Phase::Opening;
        let generation = stream.generation;
        self.timers.clear(Timer::Reopen(kind));
        let feeds = match kind {
            StreamKind::Account => Vec::new(),
            StreamKind::Market => self.market.feeds_for_handshake(),
        };
        let call = Call::OpenStream { kind, feeds };
        let tries = self.stream(kind).tries;
        self.request_again(now, call, Owner::Open(kind, generation), Priority::Query, tries);
    }

    /// A handshake has succeeded.
    pub(super) fn stream_opened(&mut self, now: Timestamp, kind: StreamKind, generation: u32) {
        if !self.stream(kind).is_current(generation) {
            self.actions.push_back(Action::Close { kind, generation });
            return;
        }
        self.stream_mut(kind).heard_at = now;
        self.timers.set(Timer::Liveness(kind), now + SILENCE_MAX);
        match kind {
            StreamKind::Account => {
                self.account_stream.phase = Phase::Joining;
                let owner = Owner::Join(generation);
                self.request(now, Call::SubscribeAccount, owner, Priority::Query);
            }
            StreamKind::Market => {
                self.market_stream.phase = Phase::Live { since: now };
                self.market_opened(now);
            }
        }
    }

    /// The account's events flow.
    pub(super) fn account_joined(&mut self, now: Timestamp, generation: u32) {
        if self.account_stream.is_current(generation) {
            self.account_stream.phase = Phase::Live { since: now };
            self.ask_about_everything(now);
            self.read_account(now);
        }
    }

    pub(super) fn stream_event(
        &mut self,
        now: Timestamp,
        kind: StreamKind,
        generation: u32,
        event: SocketEvent,
    ) {
        if !self.stream(kind).is_current(generation) {
            return;
        }
        self.stream_mut(kind).heard_at = now;
        match event {
            SocketEvent::Message(message) => self.stream_message(now, kind, generation, *message),
            SocketEvent::Heard => {}
            SocketEvent::Unreadable(problem) => {
                self.counters.unreadable_messages += 1;
                self.tell(Incident::Unreadable { kind, problem });
                // It may have been about an order.
                if kind == StreamKind::Account {
                    self.ask_about_everything(now);
                }
            }
            SocketEvent::Lost(reason) => {
                self.stream_lost(now, kind, generation, Loss::broken(reason));
            }
        }
    }

    fn stream_message(
        &mut self,
        now: Timestamp,
        kind: StreamKind,
        generation: u32,
        message: StreamEvent,
    ) {
        match message {
            StreamEvent::Report(report) => self.reported(now, &report),
            // Each order of a list is reported on its own, and none is placed in one yet.
            StreamEvent::ListReport(_) => {}
            StreamEvent::Balances(balances) => {
                self.ledger.set_balances(&balances, false);
                self.tell_balances(&balances);
            }
            StreamEvent::BalanceMoved => self.read_account(now),
            StreamEvent::Replied { call, outcome } => self.replied(now, call, *outcome),
            StreamEvent::Closing => {
                self.stream_lost(now, kind, generation, Loss::broken("the venue is closing it"));
            }
            StreamEvent::Terminated => {
                let loss = Loss::broken("the venue has ended the account's events");
                self.stream_lost(now, kind, generation, loss);
            }
            StreamEvent::Quote(symbol, quote) => self.quoted(&symbol, quote),
            StreamEvent::Trade(symbol, trade) => self.traded(&symbol, &trade),
            StreamEvent::Bar(symbol, bar) => self.barred(&symbol, &bar),
            StreamEvent::Book(symbol, delta) => self.book_changed(now, &symbol, delta),
            StreamEvent::Ignored => {}
        }
    }

    /// A socket is gone, or is not wanted any more: another is opened after a while.
    pub(super) fn stream_lost(
        &mut self,
        now: Timestamp,
        kind: StreamKind,
        generation: u32,
        loss: Loss,
    ) {
        if !self.stream(kind).is_current(generation) {
            return;
        }
        let Loss { reason, retry } = loss;
        let stream = self.stream_mut(kind);
        if let Phase::Live { since } = stream.phase
            && now.since(since) >= HEALTHY_AFTER
        {
            stream.tries = Tries::default();
        }
        stream.phase = Phase::Down;
        let failures = stream.tries.failures;
        self.counters.streams_lost += 1;
        self.timers.clear(Timer::Liveness(kind));
        self.actions.push_back(Action::Close { kind, generation });
        self.drop_control_messages(now, kind, generation);
        match kind {
            StreamKind::Market => self.market.reset_books(),
            StreamKind::Account => self.startup.has_account = false,
        }
        let call = Call::OpenStream { kind, feeds: Vec::new() };
        let opens_at = self.opens_at(now, &call);
        let retry_at = Backoff::STREAM.again_at(now, failures, opens_at, &mut self.jitter);
        self.stream_mut(kind).tries = Tries {
            failures: failures.saturating_add(1),
            reason: retry,
            delay: retry_at.since(now),
            paid: None,
        };
        self.timers.set(Timer::Reopen(kind), retry_at);
        self.startup.last_failure = Some((CallKind::OpenStream, reason.clone()));
        self.tell(Incident::StreamLost { kind, reason, retry_at });
    }

    /// What was on its way over a socket that is gone has no answer any more.
    fn drop_control_messages(&mut self, now: Timestamp, kind: StreamKind, generation: u32) {
        let on_it = self.calls.of(|owner| {
            *owner == Owner::Open(kind, generation)
                || kind == StreamKind::Account && *owner == Owner::Join(generation)
                || kind == StreamKind::Market && *owner == Owner::Follow(generation)
        });
        for call in on_it {
            if !self.withdraw(call) {
                let fate = Fate::Unknown(Unknown::Broken("the socket is gone".to_owned()));
                self.replied(now, call, Outcome::single(fate, Default::default()));
            }
        }
    }

    pub(super) fn check_liveness(&mut self, now: Timestamp, kind: StreamKind) {
        let stream = self.stream(kind);
        let (generation, heard_at) = (stream.generation, stream.heard_at);
        if now.since(heard_at) >= SILENCE_MAX {
            let silence = now.since(heard_at).as_secs();
            let loss = Loss::broken(format!("silent for {silence} s"));
            self.stream_lost(now, kind, generation, loss);
        } else {
            self.timers.set(Timer::Liveness(kind), heard_at + SILENCE_MAX);
        }
    }
}

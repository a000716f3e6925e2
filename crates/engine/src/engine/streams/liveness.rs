//! Whether a socket still says what there is to say.
//!
//! A socket of which nothing at all is heard is dead, whatever it carries: the venue pings. One
//! that only repeats itself says nothing either. A market that was busy and falls silent is
//! looked at another way before anything is concluded: markets do fall silent. How the account's
//! stream is looked at is the matter of `crosscheck`.

use std::time::Duration;

use tradewind_model::call::Call;
use tradewind_model::id::Symbol;
use tradewind_model::market::Quote;
use tradewind_model::stream::{Feed, StreamKind};
use tradewind_model::time::Timestamp;
use tradewind_scheduler::Priority;

use super::Loss;
use crate::engine::calls::Owner;
use crate::engine::{Engine, Timer};

/// A socket that has said nothing for so long is taken for dead. Binance pings every 20 s and
/// hangs up on a client that has not answered for 60 (web-socket-streams.md, read 2026-11).
const SILENCE_MAX: Duration = Duration::from_secs(60);

/// While a silent market is being looked at, it is seen so often whether it still is.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

impl Engine {
    /// A stream's socket has to be heard of from now on.
    pub(super) fn watch_liveness(&mut self, now: Timestamp, kind: StreamKind) {
        if kind == StreamKind::Market {
            self.market.pulse.begin(now);
        }
        self.timers.set(Timer::Liveness(kind), now + SILENCE_MAX);
    }

    pub(in crate::engine) fn check_liveness(&mut self, now: Timestamp, kind: StreamKind) {
        let socket = self.stream(kind).current;
        let silence = now.since(socket.heard_at);
        if silence >= SILENCE_MAX {
            if let Some(at) = self.may_ping_at(now, kind) {
                return self.timers.set(Timer::Liveness(kind), at + SILENCE_MAX);
            }
            let loss = Loss::broken(format!("silent for {} s", silence.as_secs()));
            return self.stream_lost(now, kind, socket.generation, loss);
        }
        let dead_at = socket.heard_at + SILENCE_MAX;
        let doubted_at = match kind {
            StreamKind::Account => None,
            StreamKind::Market => self.market.pulse.doubted_at(),
        };
        if doubted_at.is_some_and(|at| at <= now) && self.stream(kind).is_live() {
            self.doubt_market(now);
        }
        let next = doubted_at.map(|at| if at > now { at } else { now + LOOK_AGAIN });
        let next = next.map_or(dead_at, |next| next.min(dead_at));
        self.timers.set(Timer::Liveness(kind), next);
    }

    /// From when on a sign of life may leave again, where the venue says nothing unless it hears
    /// one and none may leave now: such a silence is ours.
    fn may_ping_at(&self, now: Timestamp, kind: StreamKind) -> Option<Timestamp> {
        self.config.manners.ping_every?;
        self.opens_at(now, &Call::PingStream { kind }).filter(|at| *at > now)
    }

    /// A market that was busy has fallen silent: where its price can be compared with what the
    /// venue says now, it is; else the socket is replaced, which costs no gap.
    fn doubt_market(&mut self, now: Timestamp) {
        match self.market.comparable(&self.quotes) {
            Some(symbol) => {
                let owner = Owner::Pulse(symbol.clone());
                if !self.calls.is_waited_for(&owner) {
                    self.request(now, Call::Ticker { symbol }, owner, Priority::Query);
                }
            }
            None => {
                self.market.pulse.be_patient(now);
                self.rotate(now, StreamKind::Market);
            }
        }
    }

    /// What a market looks like that has fallen silent.
    pub(in crate::engine) fn pulse_read(
        &mut self,
        now: Timestamp,
        sent_at: Timestamp,
        symbol: &Symbol,
        told: &Quote,
    ) {
        if !self.market_stream.is_live() || self.market.pulse.has_beaten_since(sent_at) {
            return;
        }
        let known = self.market.best(symbol, &self.quotes);
        let is_same = known.is_some_and(|(bid, ask)| (bid, ask) == (told.bid, told.ask));
        self.market.pulse.be_patient(now);
        if !is_same {
            let generation = self.market_stream.current.generation;
            let loss = Loss::broken("silent while the market moves");
            self.stream_lost(now, StreamKind::Market, generation, loss);
        }
    }

    /// Whether a feed is one of those that tell the best prices.
    pub(in crate::engine) const fn tells_best(feed: Feed) -> bool {
        match feed {
            Feed::Quote | Feed::Book(_) => true,
            Feed::Trade | Feed::Bar(_) => false,
        }
    }
}

//! Sockets: opened one at a time a stream, kept up, and opened again with jitter.
//!
//! Each socket of a stream has a number, its generation. News of an earlier one is dropped, so a
//! socket that dies slowly cannot disturb the one that has taken its place. While a stream is
//! rotated it has two, and the news of both is taken in; what is told by both is told once.
//!
//! Whatever asks for another socket (its age, the venue that is about to close it, an operator, a
//! loss) asks here, and finds the one that is on its way already.

mod answers;
mod crosscheck;
mod liveness;
mod losing;
mod pinging;
mod rotation;

use tradewind_model::call::Call;
use tradewind_model::manners::{BookSource, FeedsAsked};
use tradewind_model::stream::{StreamEvent, StreamKind};
use tradewind_model::time::Timestamp;
use tradewind_scheduler::Priority;

use super::calls::{Owner, Tries};
use super::{Engine, Timer};
use crate::action::Action;
use crate::event::SocketEvent;
use crate::incident::Incident;
use crate::snapshot::StreamView;
pub(super) use crosscheck::Crosscheck;
pub(super) use losing::Loss;

/// One stream: the socket that carries it, and while that is rotated the one that will.
#[derive(Debug, Default)]
pub(super) struct Stream {
    /// The number of the newest socket.
    generation: u32,
    current: Socket,
    successor: Option<Socket>,
    /// Since when nothing can have been missed; none while something can.
    whole_since: Option<Timestamp>,
    /// Sockets that did not last, the handshakes that failed among them.
    tries: Tries,
    /// Successors that came to nothing since the last that did not.
    rotation_tries: Tries,
    /// Since when it is down, and whether somebody was woken for it.
    down: Option<Downtime>,
}

/// A stretch of time in which a stream was down more than it was up.
#[derive(Clone, Copy, Debug)]
struct Downtime {
    since: Timestamp,
    is_alerted: bool,
}

/// One socket.
#[derive(Clone, Copy, Debug, Default)]
struct Socket {
    generation: u32,
    phase: Phase,
    /// When something was last heard that it had not said before.
    heard_at: Timestamp,
    /// When it began to carry what it should.
    live_at: Timestamp,
    /// The venue has said that it will close it.
    is_closing: bool,
}

/// How far a socket has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    /// There is none.
    #[default]
    Down,
    /// Its handshake is queued or on the wire.
    Opening,
    /// It stands, and what it is to carry is being asked for.
    Joining,
    /// It carries what it should.
    Live,
}

/// Which of a stream's sockets something came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The one that carries the stream.
    Current,
    /// The one that is to take its place.
    Successor,
}

impl Socket {
    const fn opening(generation: u32) -> Self {
        Self {
            generation,
            phase: Phase::Opening,
            heard_at: Timestamp::EPOCH,
            live_at: Timestamp::EPOCH,
            is_closing: false,
        }
    }
}

impl Stream {
    pub(super) fn is_live(&self) -> bool {
        self.current.phase == Phase::Live
    }

    /// Whether nothing that happened after `at` can have been missed.
    pub(super) fn has_stood_since(&self, at: Timestamp) -> bool {
        self.is_live() && self.whole_since.is_some_and(|since| since <= at)
    }

    /// Whether news of this generation is news.
    pub(super) fn is_current(&self, generation: u32) -> bool {
        self.place(generation).is_some()
    }

    /// Which of its sockets has this number; none when neither has.
    fn place(&self, generation: u32) -> Option<Place> {
        if self.current.generation == generation && self.current.phase != Phase::Down {
            Some(Place::Current)
        } else if self.successor.is_some_and(|successor| successor.generation == generation) {
            Some(Place::Successor)
        } else {
            None
        }
    }

    fn socket_mut(&mut self, generation: u32) -> Option<&mut Socket> {
        match self.place(generation)? {
            Place::Current => Some(&mut self.current),
            Place::Successor => self.successor.as_mut(),
        }
    }

    /// The numbers of the sockets that stand.
    pub(super) fn standing(&self) -> impl Iterator<Item = u32> {
        let sockets = [Some(self.current), self.successor].into_iter().flatten();
        let standing = sockets
            .filter(|socket| matches!(socket.phase, Phase::Joining | Phase::Live))
            .map(|socket| socket.generation);
        standing.collect::<Vec<_>>().into_iter()
    }

    /// A socket of it is wanted from now on; its number.
    fn number_next(&mut self) -> u32 {
        self.generation += 1;
        self.generation
    }

    pub(super) fn view(&self, kind: StreamKind) -> StreamView {
        let sockets = [Some(self.current), self.successor].into_iter().flatten();
        let count = |phases: &[Phase]| {
            let of_these = sockets.clone().filter(|socket| phases.contains(&socket.phase));
            of_these.count()
        };
        StreamView {
            kind,
            is_live: self.is_live(),
            whole_since: self.whole_since,
            heard_at: self.current.heard_at,
            standing: count(&[Phase::Joining, Phase::Live]),
            opening: count(&[Phase::Opening]),
        }
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
        if stream.current.phase != Phase::Down {
            return;
        }
        let (generation, tries) = (stream.number_next(), stream.tries);
        stream.current = Socket::opening(generation);
        self.timers.clear(Timer::Reopen(kind));
        self.shake_hands(now, kind, generation, tries);
    }

    fn shake_hands(&mut self, now: Timestamp, kind: StreamKind, generation: u32, tries: Tries) {
        let feeds = match kind {
            StreamKind::Account => Vec::new(),
            StreamKind::Market => match self.config.manners.feeds {
                FeedsAsked::InHandshake => self.market.feeds_for_handshake(),
                FeedsAsked::ByMessage(_) => {
                    self.market.handshake_asks_nothing();
                    Vec::new()
                }
            },
        };
        let call = Call::OpenStream { kind, feeds };
        self.request_again(now, call, Owner::Open(kind, generation), Priority::Query, tries);
    }

    /// A handshake has succeeded.
    pub(super) fn stream_opened(&mut self, now: Timestamp, kind: StreamKind, generation: u32) {
        let stream = self.stream_mut(kind);
        let place = stream.place(generation);
        let Some(socket) = stream.socket_mut(generation) else {
            self.actions.push_back(Action::Close { kind, generation });
            return;
        };
        socket.heard_at = now;
        socket.phase = Phase::Joining;
        if place == Some(Place::Current) {
            self.watch_liveness(now, kind);
        }
        self.plan_ping(now, kind, generation);
        match kind {
            StreamKind::Account if self.config.manners.authenticates => {
                let owner = Owner::Authenticate(generation);
                self.request(now, Call::Authenticate, owner, Priority::Query);
            }
            StreamKind::Account => self.join(now, generation),
            // One that takes another's place has to carry all that the other does before; so has
            // any whose handshake has asked for nothing.
            StreamKind::Market => {
                let is_asked = self.follow_the_rest(now, generation);
                let carries = match self.config.manners.feeds {
                    FeedsAsked::InHandshake => place == Some(Place::Current),
                    FeedsAsked::ByMessage(_) => false,
                };
                if carries || !is_asked {
                    self.stream_joined(now, kind, generation);
                }
            }
        }
    }

    /// Asks for the account's events on a socket that stands, and is known to be the account's.
    pub(super) fn join(&mut self, now: Timestamp, generation: u32) {
        if self.account_stream.is_current(generation) {
            let owner = Owner::Join(generation);
            self.request(now, Call::SubscribeAccount, owner, Priority::Query);
        }
    }

    /// Feeds have been asked for, and were granted. A socket carries what it should when nothing
    /// that it was asked for is left.
    pub(super) fn followed(&mut self, now: Timestamp, generation: u32) {
        if !self.calls.is_waited_for(&Owner::Follow(generation)) {
            self.stream_joined(now, StreamKind::Market, generation);
        }
    }

    /// A socket carries what it should.
    pub(super) fn stream_joined(&mut self, now: Timestamp, kind: StreamKind, generation: u32) {
        let stream = self.stream_mut(kind);
        let Some(place) = stream.place(generation) else {
            return;
        };
        if let Some(socket) = stream.socket_mut(generation) {
            if socket.phase != Phase::Joining {
                return;
            }
            (socket.phase, socket.live_at) = (Phase::Live, now);
        }
        match place {
            Place::Current => self.stream_live(now, kind),
            Place::Successor => self.await_overlap(now, kind),
        }
    }

    /// A stream flows after it did not: what happened meanwhile is missing.
    fn stream_live(&mut self, now: Timestamp, kind: StreamKind) {
        let stream = self.stream_mut(kind);
        stream.whole_since = Some(now);
        let is_closing = stream.current.is_closing;
        self.plan_rotation(now, kind, is_closing);
        match kind {
            StreamKind::Account if self.startup.is_over() => self.resync(now),
            StreamKind::Account => {
                self.resync.leave();
                self.expect_everything(now);
                self.read_account(now);
            }
            StreamKind::Market => {}
        }
    }

    pub(super) fn stream_event(
        &mut self,
        now: Timestamp,
        kind: StreamKind,
        generation: u32,
        event: SocketEvent,
    ) {
        let Some(place) = self.stream(kind).place(generation) else {
            return;
        };
        let is_news = match event {
            SocketEvent::Message(message) => match kind {
                StreamKind::Account => self.account_message(now, generation, *message),
                StreamKind::Market => self.market_message(now, place, generation, *message),
            },
            SocketEvent::Heard => true,
            SocketEvent::Unreadable { problem, order } => {
                self.counters.unreadable_messages += 1;
                self.tell(Incident::Unreadable { kind, problem });
                // It may have been about an order.
                if kind == StreamKind::Account {
                    self.ask_about_unread(now, order.as_deref());
                }
                false
            }
            SocketEvent::Lost(reason) => {
                return self.stream_lost(now, kind, generation, Loss::broken(reason));
            }
        };
        if is_news && let Some(socket) = self.stream_mut(kind).socket_mut(generation) {
            socket.heard_at = now;
        }
    }

    /// A message on the account's stream. True when it said something that was not known.
    fn account_message(&mut self, now: Timestamp, generation: u32, message: StreamEvent) -> bool {
        let kind = StreamKind::Account;
        match message {
            StreamEvent::Report(report) => self.reported(now, &report),
            StreamEvent::Fill(fill) => self.told_of_fill(now, &fill),
            StreamEvent::Several(messages) => {
                let is_news = messages
                    .into_iter()
                    .map(|message| self.account_message(now, generation, message));
                is_news.fold(false, |any, is_news| any | is_news)
            }
            StreamEvent::Acked { kind: of, part, fate } => {
                self.acked(now, kind, generation, of, part, *fate);
                true
            }
            StreamEvent::Balances(balances) => {
                self.note_holdings();
                // Those that a successor tells as well are read once it has taken over: told by
                // two sockets, older ones could come after newer ones.
                let place = self.account_stream.place(generation);
                let is_news =
                    place == Some(Place::Current) && self.ledger.set_balances(&balances, false);
                if is_news {
                    self.tell_balances(&balances);
                }
                is_news
            }
            StreamEvent::BalanceMoved => {
                self.read_account(now);
                true
            }
            StreamEvent::Replied { call, outcome } => {
                self.replied(now, call, *outcome);
                true
            }
            StreamEvent::Closing => {
                self.stream_closing(now, kind, generation);
                true
            }
            StreamEvent::Terminated => {
                self.account_terminated(now, generation);
                true
            }
            // Each order of a list is reported on its own, and none is placed in one yet.
            StreamEvent::ListReport(_)
            | StreamEvent::Quote(..)
            | StreamEvent::Trade(..)
            | StreamEvent::Bar(..)
            | StreamEvent::Book(..)
            | StreamEvent::Ignored => false,
        }
    }

    /// A message on the market's stream. True when it said something that was not known.
    fn market_message(
        &mut self,
        now: Timestamp,
        place: Place,
        generation: u32,
        message: StreamEvent,
    ) -> bool {
        let is_news = match message {
            StreamEvent::Quote(symbol, quote) => self.quoted(place, &symbol, quote),
            StreamEvent::Trade(symbol, trade) => self.traded(&symbol, &trade),
            StreamEvent::Bar(symbol, bar) => self.barred(&symbol, &bar),
            StreamEvent::Book(symbol, delta) => match self.config.manners.books {
                BookSource::Snapshot => self.book_changed(now, place, &symbol, delta),
                BookSource::Stream => self.book_told(now, place, generation, &symbol, &delta),
            },
            StreamEvent::Replied { call, outcome } => {
                self.replied(now, call, *outcome);
                return true;
            }
            StreamEvent::Several(messages) => {
                let is_news = messages
                    .into_iter()
                    .map(|message| self.market_message(now, place, generation, message));
                return is_news.fold(false, |any, is_news| any | is_news);
            }
            StreamEvent::Acked { kind, part, fate } => {
                self.acked(now, StreamKind::Market, generation, kind, part, *fate);
                return true;
            }
            StreamEvent::Closing => {
                self.stream_closing(now, StreamKind::Market, generation);
                return true;
            }
            StreamEvent::Report(_)
            | StreamEvent::Fill(_)
            | StreamEvent::ListReport(_)
            | StreamEvent::Balances(_)
            | StreamEvent::BalanceMoved
            | StreamEvent::Terminated
            | StreamEvent::Ignored => false,
        };
        if is_news {
            self.market.pulse.beat(now);
        }
        is_news
    }
}

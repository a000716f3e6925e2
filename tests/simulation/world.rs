//! Everything at once: one queue of what is on its way, and a clock that jumps to the next of it.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use bytes::Bytes;
use tradewind_binance::BinanceSpot;
use tradewind_engine::{
    Action, Answer, Engine, EngineConfig, Event, Failure, Identity, Incident, Route, SocketEvent,
    StrategySetup, Timing,
};
use tradewind_model::attempt::AttemptEvent;
use tradewind_model::call::Call;
use tradewind_model::id::{
    CallId, ClientOrderId, ClientOrderIds, InstrumentId, StrategyId, VenueId,
};
use tradewind_model::notice::{Command, Notice};
use tradewind_model::outcome::{Fate, Meter, NotTaken, Outcome, Reply, Unknown};
use tradewind_model::stream::StreamKind;
use tradewind_model::time::Timestamp;
use tradewind_scheduler::{RetryPolicy, SchedulerConfig};
use tradewind_simulator::binance::{Binance, BinanceConfig, Frame, SessionId, fake};
use tradewind_simulator::limits::Service;
use tradewind_strategy::{Host, Input, Mailbox, Params, Registry};
use tradewind_venue::{Endpoint, Signer, Stamp, Venue};

use super::network::{Network, Passage, Weather};

pub(crate) const PEER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Something that is on its way.
#[derive(Debug)]
enum Parcel {
    /// A request to the venue; the answer comes back after so long, or never.
    Request { id: CallId, call: Call, request: http::Request<Bytes>, back: Option<Duration> },
    /// A handshake to the venue.
    Handshake { id: CallId, call: Call, kind: StreamKind, generation: u32, target: String },
    /// A frame to the venue.
    ToVenue { session: SessionId, frame: Frame },
    /// A frame from the venue.
    FromVenue { session: SessionId, frame: Frame },
    /// A connection dies.
    Cut { session: SessionId },
    /// Something for the engine.
    Event(Event),
    /// Something for a strategy.
    Notice { strategy: StrategyId, notice: Notice },
}

/// A socket as both ends know it.
#[derive(Debug)]
struct Socket {
    kind: StreamKind,
    generation: u32,
    /// When its newest frame from the venue arrives: frames do not overtake each other.
    arrived: Timestamp,
    sent: Timestamp,
}

/// What a world is made from.
pub(crate) struct Setup<'a> {
    pub(crate) seed: u64,
    pub(crate) weather: Weather,
    pub(crate) venue: BinanceConfig,
    /// The venue's clock less ours, in milliseconds.
    pub(crate) skew_ms: i64,
    /// Whether orders are canceled at the end.
    pub(crate) cancels_on_stop: bool,
    pub(crate) registry: &'a Registry,
    /// Name, kind and parameters of each strategy; all of them trade BTC-USDT.
    pub(crate) strategies: &'a [(&'a str, &'a str, &'a str)],
}

pub(crate) struct World {
    pub(crate) now: Timestamp,
    pub(crate) engine: Engine,
    pub(crate) venue: Binance,
    pub(crate) incidents: Vec<(Timestamp, Incident)>,
    pub(crate) attempts: Vec<AttemptEvent>,
    pub(crate) failure: Option<Failure>,
    pub(crate) drained: Option<Vec<ClientOrderId>>,
    pub(crate) answers: BTreeMap<u64, Answer>,
    /// Everything that happened, in order, folded into one number.
    pub(crate) trace: u64,
    codec: BinanceSpot,
    signer: Signer,
    endpoint: Endpoint,
    network: Network,
    skew_ms: i64,
    hosts: BTreeMap<StrategyId, Host>,
    queue: BTreeMap<(Timestamp, u64), Parcel>,
    parcels: u64,
    sockets: BTreeMap<SessionId, Socket>,
    refuses_handshakes: bool,
    is_account_muted: bool,
}

impl World {
    pub(crate) fn new(setup: Setup<'_>) -> Self {
        // Some minute of some day, not at its start.
        let now = Timestamp::from_millis(1_795_298_412_345);
        let Setup { seed, weather, venue, skew_ms, cancels_on_stop, registry, strategies } = setup;
        let instrument = InstrumentId::from("BTC-USDT");
        let codec = BinanceSpot::new(VenueId::new("simulated").unwrap());
        let mut hosts = BTreeMap::new();
        let mut setups = Vec::new();
        for (slot, (id, kind, params)) in (0..).zip(strategies) {
            let id = StrategyId::new(id).unwrap();
            let params = Params::parse(params).unwrap();
            let ids = ClientOrderIds::new(slot, now);
            let mailbox = Mailbox::new(|_| Ok(()));
            let own = std::slice::from_ref(&instrument);
            hosts.insert(id, Host::new(registry, id, kind, &params, own, ids, mailbox).unwrap());
            let instruments = vec![(instrument.clone(), codec.symbol(&instrument))];
            setups.push(StrategySetup { id, instruments });
        }
        let config = EngineConfig {
            route: Route {
                venue: codec.id(),
                account: "main".parse().unwrap(),
                egress: "here".parse().unwrap(),
            },
            tariff: codec.tariff(),
            scheduler: SchedulerConfig::default(),
            retry: RetryPolicy::default(),
            strategies: setups,
            recv_window: Duration::from_secs(2),
            order_deadline: Duration::from_secs(10),
            call_timeout: Duration::from_secs(10),
            startup_timeout: Duration::from_secs(60),
            cancels_on_stop,
            identity: Identity {
                instance: "simulated".to_owned(),
                version: "0".to_owned(),
                started_at: now,
                account: None,
            },
            seed,
        };
        let venue_now = skewed(now, skew_ms);
        Self {
            now,
            engine: Engine::new(config, now),
            venue: Binance::new(&venue, seed, venue_now),
            incidents: Vec::new(),
            attempts: Vec::new(),
            failure: None,
            drained: None,
            answers: BTreeMap::new(),
            trace: 0,
            codec,
            signer: Signer::hmac_sha256(fake::API_KEY, fake::API_SECRET).unwrap(),
            endpoint: Endpoint {
                rest: "http://venue".to_owned(),
                account_stream: "ws://venue/ws-api/v3".to_owned(),
                market_stream: "ws://venue".to_owned(),
            },
            network: Network::new(weather, seed),
            skew_ms,
            hosts,
            queue: BTreeMap::new(),
            parcels: 0,
            sockets: BTreeMap::new(),
            refuses_handshakes: false,
            is_account_muted: false,
        }
    }

    /// Plays until `until`, or until `is_over` says so.
    pub(crate) fn run_until(&mut self, until: Timestamp, is_over: impl Fn(&Self) -> bool) {
        self.settle();
        while !is_over(self) {
            let next = self.next_moment();
            if next > until {
                self.now = self.now.max(until);
                return;
            }
            self.now = self.now.max(next);
            while let Some(entry) = self.queue.first_entry()
                && entry.key().0 <= self.now
            {
                let parcel = entry.remove();
                self.arrive(parcel);
            }
            self.settle();
        }
    }

    pub(crate) fn run_for(&mut self, duration: Duration) {
        self.run_until(self.now + duration, |_| false);
    }

    /// Ends trading and waits until it has ended.
    pub(crate) fn stop(&mut self, patience: Duration) {
        self.handle(Event::Stop { deadline: self.now + patience });
        self.run_until(self.now + patience * 2, |world| world.drained.is_some());
    }

    pub(crate) fn command(&mut self, strategy: &str, command: Command) {
        let strategy = StrategyId::new(strategy).unwrap();
        self.handle(Event::Command { strategy, command });
    }

    /// Tells the engine something from outside.
    pub(crate) fn tell_engine(&mut self, event: Event) {
        self.handle(event);
    }

    /// Kills every socket of a kind.
    pub(crate) fn cut_streams(&mut self, kind: StreamKind) {
        let of_kind = self.sockets.iter().filter(|(_, socket)| socket.kind == kind);
        let of_kind: Vec<_> = of_kind.map(|(session, _)| *session).collect();
        for session in of_kind {
            self.arrive(Parcel::Cut { session });
        }
        self.settle();
    }

    /// Changes what goes wrong from now on.
    pub(crate) fn set_weather(&mut self, weather: Weather) {
        self.network.set_weather(weather);
    }

    /// Sets the venue's clock forward against ours.
    pub(crate) fn set_venue_clock_forward(&mut self, millis: i64) {
        self.skew_ms += millis;
    }

    /// From now on messages on the account's stream are lost, or again they arrive.
    pub(crate) fn mute_account_stream(&mut self, is_muted: bool) {
        self.is_account_muted = is_muted;
    }

    /// From now on no socket can be made, or again it can.
    pub(crate) fn refuse_handshakes(&mut self, refuses: bool) {
        self.refuses_handshakes = refuses;
    }

    fn next_moment(&self) -> Timestamp {
        let parcels = self.queue.first_key_value().map(|((due, _), _)| *due);
        let venue = self.venue.wakeup().map(|due| skewed(due, -self.skew_ms));
        let hosts = self.hosts.values().filter_map(Host::wakeup).min();
        let next = [parcels, self.engine.wakeup(), venue, hosts].into_iter().flatten().min();
        next.unwrap_or(Timestamp::MAX)
    }

    fn venue_now(&self) -> Timestamp {
        skewed(self.now, self.skew_ms)
    }

    fn post(&mut self, due: Timestamp, parcel: Parcel) {
        self.parcels += 1;
        self.queue.insert((due, self.parcels), parcel);
    }

    fn handle(&mut self, event: Event) {
        self.note(&event);
        self.engine.handle(self.now, event);
        self.perform();
    }

    /// Everybody does what there is to do at this moment.
    fn settle(&mut self) {
        self.perform();
        let venue_now = self.venue_now();
        self.venue.advance(venue_now);
        self.collect_frames();
        let due =
            self.hosts.iter().filter(|(_, host)| host.wakeup().is_some_and(|at| at <= self.now));
        let due: Vec<_> = due.map(|(strategy, _)| *strategy).collect();
        for strategy in due {
            self.call(strategy, &Input::Wake);
        }
    }

    fn perform(&mut self) {
        while let Some(action) = self.engine.poll(self.now) {
            self.act(action);
        }
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Send { call, permit, timing, .. } => {
                let id = permit.call();
                let request = self.encode(&call, timing);
                let timeout = Outcome::single(Fate::Unknown(Unknown::Timeout), Meter::default());
                match self.network.request(self.now) {
                    Passage::Whole { arrives, back } => {
                        let is_late = arrives + back >= timing.give_up_at;
                        let back = Some(back).filter(|_| !is_late);
                        self.post(arrives, Parcel::Request { id, call, request, back });
                        if is_late {
                            let event = Event::Replied { call: id, outcome: timeout };
                            self.post(timing.give_up_at, Parcel::Event(event));
                        }
                    }
                    Passage::AnswerLost { arrives } => {
                        self.post(arrives, Parcel::Request { id, call, request, back: None });
                        let event = Event::Replied { call: id, outcome: timeout };
                        self.post(timing.give_up_at, Parcel::Event(event));
                    }
                    Passage::Refused { at } => self.post(at, Parcel::Event(not_sent(id))),
                }
            }
            Action::Open { kind, generation, call, permit, timing, .. } => {
                let id = permit.call();
                let request = self.encode(&call, timing);
                let target = request.uri().path_and_query().unwrap().as_str().to_owned();
                match self.network.request(self.now) {
                    Passage::Whole { arrives, .. } | Passage::AnswerLost { arrives } => {
                        self.post(
                            arrives,
                            Parcel::Handshake { id, call, kind, generation, target },
                        );
                    }
                    Passage::Refused { at } => self.post(at, Parcel::Event(not_sent(id))),
                }
            }
            Action::Write { kind, generation, call, permit, timing } => {
                let id = permit.call();
                let text =
                    self.codec.encode_frame(id, &call, stamp(timing), Some(&self.signer)).unwrap();
                if let Some(session) = self.session(kind, generation) {
                    self.send_to_venue(session, Frame::Text(text));
                }
                let outcome = Outcome::single(Fate::Unknown(Unknown::Timeout), Meter::default());
                let event = Event::Replied { call: id, outcome };
                self.post(timing.give_up_at, Parcel::Event(event));
            }
            Action::Close { kind, generation } => {
                if let Some(session) = self.session(kind, generation) {
                    self.sockets.remove(&session);
                    self.venue.closed(skewed(self.now, self.skew_ms), session);
                }
            }
            Action::Notify { strategy, notice } => {
                self.post(self.now, Parcel::Notice { strategy, notice });
            }
            Action::Answer { inquiry, answer } => {
                self.answers.insert(inquiry, answer);
            }
            Action::Attempt(event) => self.attempts.push(*event),
            Action::Tell(incident) => self.incidents.push((self.now, incident)),
            Action::Drained { unresolved } => self.drained = Some(unresolved),
            Action::Fail(failure) => self.failure = Some(failure),
        }
    }

    fn encode(&self, call: &Call, timing: Timing) -> http::Request<Bytes> {
        self.codec.encode(call, &self.endpoint, stamp(timing), Some(&self.signer)).unwrap()
    }

    fn session(&self, kind: StreamKind, generation: u32) -> Option<SessionId> {
        let found = self
            .sockets
            .iter()
            .find(|(_, socket)| socket.kind == kind && socket.generation == generation);
        found.map(|(session, _)| *session)
    }

    fn arrive(&mut self, parcel: Parcel) {
        let venue_now = self.venue_now();
        match parcel {
            Parcel::Request { id, call, request, back } => {
                let response = self.venue.rest(venue_now, PEER, &request);
                self.collect_frames();
                if let Some(back) = back {
                    let outcome = self.codec.decode(&call, &response, self.now + back);
                    let event = Event::Replied { call: id, outcome };
                    self.post(self.now + back, Parcel::Event(event));
                }
            }
            Parcel::Handshake { id, call, kind, generation, target } => {
                let service = match kind {
                    StreamKind::Account => Service::WsApi,
                    StreamKind::Market => Service::Streams,
                };
                let back = self.now + self.network.delay();
                let outcome = match self.venue.open(venue_now, PEER, service, &target) {
                    Ok(session) => {
                        let (arrived, sent) = (back, self.now);
                        let socket = Socket { kind, generation, arrived, sent };
                        self.sockets.insert(session, socket);
                        if let Some(at) = self.network.cut(self.now) {
                            self.post(at, Parcel::Cut { session });
                        }
                        Outcome::single(Fate::Done(Reply::Ack), Meter::default())
                    }
                    Err(response) => self.codec.decode(&call, &response, back),
                };
                self.post(back, Parcel::Event(Event::Replied { call: id, outcome }));
                self.collect_frames();
            }
            Parcel::ToVenue { session, frame } => {
                self.venue.receive(venue_now, session, frame);
                self.collect_frames();
            }
            Parcel::FromVenue { session, frame } => self.frame_arrived(session, frame),
            Parcel::Cut { session } => {
                if let Some(socket) = self.sockets.remove(&session) {
                    self.venue.closed(venue_now, session);
                    let event = SocketEvent::Lost("cut".to_owned());
                    self.stream_event(socket.kind, socket.generation, event);
                }
            }
            Parcel::Event(event) => self.handle(event),
            Parcel::Notice { strategy, notice } => self.call(strategy, &Input::Notice(notice)),
        }
    }

    fn collect_frames(&mut self) {
        while let Some((session, frame)) = self.venue.poll_frame() {
            let delay = self.network.delay();
            let Some(socket) = self.sockets.get_mut(&session) else { continue };
            socket.arrived = socket.arrived.max(self.now + delay);
            let due = socket.arrived;
            self.post(due, Parcel::FromVenue { session, frame });
        }
    }

    fn frame_arrived(&mut self, session: SessionId, frame: Frame) {
        let Some(socket) = self.sockets.get(&session) else { return };
        let (kind, generation) = (socket.kind, socket.generation);
        if self.is_account_muted && kind == StreamKind::Account {
            return;
        }
        let event = match frame {
            Frame::Text(text) => match self.codec.decode_frame(kind, &text, self.now) {
                Ok(event) => SocketEvent::Message(Box::new(event)),
                Err(error) => SocketEvent::Unreadable(error.to_string()),
            },
            Frame::Ping(payload) => {
                self.send_to_venue(session, Frame::Pong(payload));
                SocketEvent::Heard
            }
            Frame::Pong(_) => SocketEvent::Heard,
            Frame::Close { reason, .. } => {
                self.sockets.remove(&session);
                SocketEvent::Lost(reason)
            }
        };
        self.stream_event(kind, generation, event);
    }

    fn send_to_venue(&mut self, session: SessionId, frame: Frame) {
        let delay = self.network.delay();
        let now = self.now;
        let Some(socket) = self.sockets.get_mut(&session) else { return };
        socket.sent = socket.sent.max(now + delay);
        let due = socket.sent;
        self.post(due, Parcel::ToVenue { session, frame });
    }

    fn stream_event(&mut self, kind: StreamKind, generation: u32, event: SocketEvent) {
        self.handle(Event::Stream { kind, generation, event });
    }

    fn call(&mut self, strategy: StrategyId, input: &Input) {
        let Some(host) = self.hosts.get_mut(&strategy) else { return };
        for command in host.handle(self.now, input) {
            self.post(self.now, Parcel::Event(Event::Command { strategy, command }));
        }
    }

    /// Folds an event into the trace (FNV-1a over its text).
    fn note(&mut self, event: &Event) {
        let text = format!("{} {event:?}", self.now.as_nanos());
        for byte in text.bytes() {
            self.trace = (self.trace ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

fn skewed(at: Timestamp, millis: i64) -> Timestamp {
    at.offset_by(millis * 1_000_000)
}

fn stamp(timing: Timing) -> Stamp {
    Stamp { venue_now: timing.venue_now, recv_window: timing.recv_window }
}

fn not_sent(call: CallId) -> Event {
    let fate = Fate::NotTaken(NotTaken::NotSent("connection refused".to_owned()));
    Event::Replied { call, outcome: Outcome::single(fate, Meter::default()) }
}

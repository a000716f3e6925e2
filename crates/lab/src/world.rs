//! Everything at once: one queue of what is on its way, and a time that jumps to the next of it.

mod arriving;
mod journaling;
mod keeping;
mod sending;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use tradewind_engine::journal::Trading;
use tradewind_engine::{Answer, Engine, Event, StrategyFailure, Terms, Urgency};
use tradewind_model::attempt::AttemptEvent;
use tradewind_model::call::Call;
use tradewind_model::id::{CallId, StrategyId, VenueId};
use tradewind_model::notice::{Command, Notice};
use tradewind_model::stream::StreamKind;
use tradewind_model::time::Timestamp;
use tradewind_simulator::front::{Frame, SessionId, VenueLedger};
use tradewind_simulator::venue::{AnyVenue, VenueConfig};
use tradewind_strategy::{Host, Input};
use tradewind_venue::Stamp;

use crate::clock::Clock;
use crate::disk::Disk;
use crate::instance::{Instance, InstanceId, InstanceSetup, Relayed, SetupError};
use crate::mail::Mail;
use crate::network::Weather;
use crate::stranger::{Intruder, STRANGER_AGENT, Stranger, StrangerId};
use crate::trip::{Trip, Trips};
use crate::wire::Wire;

/// What a world is made from.
#[derive(Clone, Debug)]
pub struct WorldSetup {
    /// Of the venue's randomness.
    pub seed: u64,
    /// The venue, and with that which wire is spoken with it.
    pub venue: VenueConfig,
    /// What instances call it.
    pub name: VenueId,
    /// The venue's idea of the time.
    pub venue_clock: Clock,
    /// The true time at which it begins.
    pub begins_at: Timestamp,
    /// Whether everything that happens is folded into [`World::trace`]. It costs more than all
    /// the rest together.
    pub traces: bool,
    /// Trips that are remembered; the oldest are dropped.
    pub trips_max: usize,
}

impl Default for WorldSetup {
    /// The defaults of the simulated Binance, at some minute of some day, not at its start.
    ///
    /// # Panics
    /// Never: the name is well formed.
    fn default() -> Self {
        Self {
            seed: 1,
            venue: VenueConfig::default(),
            name: VenueId::new("simulated").expect("letters are a name"),
            venue_clock: Clock::default(),
            begins_at: Timestamp::from_millis(1_795_298_412_345),
            traces: false,
            trips_max: 1 << 20,
        }
    }
}

/// One life of one instance: what is on its way to an earlier one finds nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Receiver {
    id: InstanceId,
    life: u32,
}

/// Something that is on its way.
#[derive(Debug)]
enum Parcel {
    /// A request to the venue.
    Request(Box<Outbound>),
    /// The venue's answer to a request.
    Response(Box<Inbound>),
    /// A handshake to the venue.
    Handshake(Box<Handshake>),
    /// A frame to the venue.
    ToVenue { session: SessionId, frame: Frame },
    /// A frame from the venue.
    FromVenue { session: SessionId, frame: Frame },
    /// A connection dies.
    Cut { session: SessionId },
    /// An instance's end of a connection is gone; the venue hears of it now.
    Gone { session: SessionId },
    /// Something for an engine.
    Event { to: Receiver, event: Box<Event> },
    /// It is time for an instance to look at its disk.
    Look { to: Receiver },
    /// A group of an instance's records is on its disk.
    Written { to: Receiver },
    /// Something for a strategy.
    Notice { to: Receiver, strategy: StrategyId, notice: Box<Notice> },
}

#[derive(Debug)]
struct Outbound {
    from: Receiver,
    id: CallId,
    call: Call,
    request: http::Request<Bytes>,
    /// How long the way back takes; none when the answer is lost on it.
    back: Option<Duration>,
    /// When its sender stops waiting, by true time.
    give_up_at: Timestamp,
    trip: u64,
    /// Whether it has waited in front of the venue.
    was_held: bool,
}

#[derive(Debug)]
struct Inbound {
    to: Receiver,
    id: CallId,
    call: Call,
    response: http::Response<Bytes>,
    trip: u64,
}

#[derive(Debug)]
struct Handshake {
    from: Receiver,
    id: CallId,
    call: Call,
    kind: StreamKind,
    generation: u32,
    target: String,
    give_up_at: Timestamp,
    trip: u64,
    was_held: bool,
}

/// A socket as both ends know it.
#[derive(Debug)]
struct Socket {
    owner: Receiver,
    kind: StreamKind,
    generation: u32,
    /// When its newest frame from the venue arrives: frames do not overtake each other.
    arrived: Timestamp,
    sent: Timestamp,
    /// Nothing comes through either way any more, and neither end knows.
    is_half_open: bool,
}

/// A venue, instances and strangers, and what is on its way between them.
#[derive(Debug)]
pub struct World {
    now: Timestamp,
    venue: AnyVenue,
    venue_clock: Clock,
    venue_wakeup: Timestamp,
    wire: Wire,
    instances: Vec<Instance>,
    strangers: Vec<Intruder>,
    disks: BTreeMap<String, Disk>,
    mail: Mail<Parcel>,
    sockets: BTreeMap<SessionId, Socket>,
    trips: Trips,
    inquiries: u64,
    traces: bool,
    trace: u64,
}

impl World {
    /// A world with a venue and nobody else.
    #[must_use]
    pub fn new(setup: WorldSetup) -> Self {
        let WorldSetup { seed, venue, name, venue_clock, begins_at: now, traces, trips_max } =
            setup;
        let mut world = Self {
            now,
            wire: Wire::with(name, &venue),
            venue: AnyVenue::new(&venue, seed, venue_clock.read(now)),
            venue_clock,
            venue_wakeup: now,
            instances: Vec::new(),
            strangers: Vec::new(),
            disks: BTreeMap::new(),
            mail: Mail::new(),
            sockets: BTreeMap::new(),
            trips: Trips::new(trips_max),
            inquiries: 0,
            traces,
            trace: 0,
        };
        world.venue_touched();
        world
    }

    /// The true time.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// The venue, for checkers.
    #[must_use]
    pub const fn venue(&self) -> &AnyVenue {
        &self.venue
    }

    /// What really happened at the venue.
    #[must_use]
    pub fn ledger(&self) -> VenueLedger {
        self.venue.ledger()
    }

    /// The way of every request, in the order in which they left.
    pub fn trips(&self) -> impl Iterator<Item = &Trip> {
        self.trips.iter()
    }

    /// Everything that happened, in order, folded into one number, where the setup asked for it.
    #[must_use]
    pub const fn trace(&self) -> u64 {
        self.trace
    }

    /// Changes something at the venue, which is told its own time: a ban, a revoked key, a halted
    /// symbol.
    pub fn at_venue<T>(&mut self, change: impl FnOnce(&mut AnyVenue, Timestamp) -> T) -> T {
        let now = self.venue_now();
        let changed = change(&mut self.venue, now);
        self.collect_frames();
        changed
    }

    /// Sets the venue's clock forward by so many milliseconds, or back when negative.
    pub fn step_venue_clock(&mut self, millis: i64) {
        self.venue_clock.step_millis(millis);
        self.venue_touched();
    }

    /// Adds an instance and starts it.
    ///
    /// # Errors
    /// When one of its strategies cannot be made.
    pub fn spawn(&mut self, setup: InstanceSetup) -> Result<InstanceId, SetupError> {
        let signer = setup.signer.clone().unwrap_or_else(|| self.wire.signer());
        self.instances.push(Instance::new(setup, signer));
        let id = InstanceId(self.instances.len() - 1);
        if let Err(error) = self.begin(id) {
            self.instances.pop();
            return Err(error);
        }
        Ok(id)
    }

    /// One instance.
    #[must_use]
    pub fn instance(&self, id: InstanceId) -> &Instance {
        &self.instances[id.0]
    }

    /// All instances, in the order in which they were added.
    pub fn instances(&self) -> impl Iterator<Item = (InstanceId, &Instance)> {
        self.instances.iter().enumerate().map(|(index, instance)| (InstanceId(index), instance))
    }

    /// Kills an instance without a word, as `kill -9` does: what it had sent may still arrive, and
    /// all that it had in memory is gone.
    pub fn kill(&mut self, id: InstanceId) {
        self.take_engine(id);
    }

    /// The same, and hands out the engine as it stood: to be driven by hand from there.
    pub fn take_engine(&mut self, id: InstanceId) -> Option<Engine> {
        let instance = &mut self.instances[id.0];
        let running = instance.running.take();
        instance.open_journal = None;
        instance.is_journal_writing = false;
        instance.writes.clear();
        instance.hanging.clear();
        instance.asleep_until = None;
        instance.overslept = Duration::ZERO;
        instance.wakeup = Timestamp::MAX;
        let sessions = std::mem::take(&mut instance.sockets);
        self.forget_lease(id);
        for session in sessions.into_values() {
            self.abandon(session);
        }
        running.map(|running| running.engine)
    }

    /// Starts an instance again, killing it first if it runs: a new process with nothing but the
    /// setup and what was on disk.
    ///
    /// # Errors
    /// When one of its strategies cannot be made.
    pub fn restart(&mut self, id: InstanceId) -> Result<(), SetupError> {
        self.kill(id);
        self.begin(id)
    }

    /// Starts an instance again as another version of the program: a deploy.
    ///
    /// # Errors
    /// When one of its strategies cannot be made.
    pub fn deploy(&mut self, id: InstanceId, version: &str) -> Result<(), SetupError> {
        version.clone_into(&mut self.instances[id.0].setup.0.version);
        self.restart(id)
    }

    /// Puts an instance's machine to sleep: it does and hears nothing, its clock stands still, and
    /// what arrives waits for it. The wall's clock goes on, and so it notices when it wakes.
    pub fn sleep(&mut self, id: InstanceId, duration: Duration) {
        self.instances[id.0].overslept += duration;
        self.freeze(id, duration);
    }

    /// Stops an instance's machine as a hypervisor does that moves it: as if it slept, but all of
    /// its clocks stand still, and nothing tells it afterwards.
    pub fn freeze(&mut self, id: InstanceId, duration: Duration) {
        let instance = &mut self.instances[id.0];
        instance.asleep_until = Some(self.now + duration);
        instance.clock.stood_still(duration);
        instance.wakeup = instance.find_wakeup();
    }

    /// Sets an instance's clock forward by so many milliseconds at once, or back when negative.
    pub fn step_clock(&mut self, id: InstanceId, millis: i64) {
        let instance = &mut self.instances[id.0];
        instance.clock.step_millis(millis);
        instance.wakeup = instance.find_wakeup();
    }

    /// Changes what goes wrong on an instance's way from now on.
    pub fn set_weather(&mut self, id: InstanceId, weather: Weather) {
        self.instances[id.0].network.weather = weather;
    }

    /// From now on messages on an instance's account stream are lost, or again they arrive.
    pub fn mute_account_stream(&mut self, id: InstanceId, is_muted: bool) {
        self.instances[id.0].is_account_muted = is_muted;
    }

    /// From now on an instance can make no socket, or again it can.
    pub fn refuse_handshakes(&mut self, id: InstanceId, refuses: bool) {
        self.instances[id.0].refuses_handshakes = refuses;
    }

    /// From now on nothing comes through an instance's sockets of a kind that stand, either way,
    /// and neither end is told: a router on the way has forgotten them.
    pub fn half_open_streams(&mut self, id: InstanceId, kind: StreamKind) {
        for socket in self.sockets.values_mut() {
            if socket.owner.id == id && socket.kind == kind {
                socket.is_half_open = true;
            }
        }
    }

    /// Asks for another socket of a stream, as an operator does.
    pub fn reconnect(&mut self, id: InstanceId, kind: StreamKind) {
        self.tell(id, Event::Reconnect { kind });
    }

    /// Kills an instance's sockets of a kind.
    pub fn cut_streams(&mut self, id: InstanceId, kind: StreamKind) {
        let sockets = self.instances[id.0].sockets.iter();
        let of_kind = sockets.filter(|((of, _), _)| *of == kind);
        let sessions: Vec<_> = of_kind.map(|(_, session)| *session).collect();
        for session in sessions {
            self.arrive(Parcel::Cut { session });
        }
        self.settle();
    }

    /// Does what a strategy of an instance would ask for. Nothing while the instance is dead.
    pub fn command(&mut self, id: InstanceId, strategy: &str, command: Command) {
        if let Ok(strategy) = StrategyId::new(strategy) {
            self.tell(id, Event::Command { strategy, command });
        }
    }

    /// An operator commands how much trading an instance allows; [`Instance::commanded`] has what
    /// became of it.
    pub fn set_trading(&mut self, id: InstanceId, trading: Trading) -> u64 {
        self.inquiries += 1;
        let command = Some(self.inquiries);
        self.tell(id, Event::Trading { command, trading });
        self.inquiries
    }

    /// A strategy's callback does not come back from now on: it is told nothing more and asks for
    /// nothing more, and after `bound` whoever runs it gives it up.
    pub fn hang(&mut self, id: InstanceId, strategy: &str, bound: Duration) {
        if let Ok(strategy) = StrategyId::new(strategy) {
            self.instances[id.0].hanging.insert(strategy);
            let event = Event::StrategyLost { strategy, how: StrategyFailure::Hung(bound) };
            let to = self.receiver(id);
            self.mail.post(self.now + bound, Parcel::Event { to, event: Box::new(event) });
        }
    }

    /// Stops an instance as `kill -STOP` does: it does and hears nothing, all of its clocks go on,
    /// and nobody tells it afterwards.
    pub fn pause(&mut self, id: InstanceId, duration: Duration) {
        let instance = &mut self.instances[id.0];
        instance.asleep_until = Some(self.now + duration);
        instance.wakeup = instance.find_wakeup();
    }

    /// Asks something through an instance from outside, as what is waited for and for a minute;
    /// [`Instance::answer`] has the answer.
    pub fn inquire(&mut self, id: InstanceId, call: Call) -> u64 {
        self.ask(id, call, Urgency::Query, Duration::from_secs(60))
    }

    /// Asks something through an instance from outside, and waits for so long.
    pub fn ask(&mut self, id: InstanceId, call: Call, urgency: Urgency, patience: Duration) -> u64 {
        let deadline = self.instances[id.0].clock.read(self.now) + patience;
        self.ask_on(id, call, Terms { urgency, deadline, staleness: None })
    }

    /// Asks something through an instance from outside; the deadline is by its clock.
    pub fn ask_on(&mut self, id: InstanceId, call: Call, terms: Terms) -> u64 {
        self.inquiries += 1;
        self.tell(id, Event::Inquire { inquiry: self.inquiries, call, terms });
        self.inquiries
    }

    /// Tells an engine something from outside. Nothing happens while the instance is dead.
    pub fn tell(&mut self, id: InstanceId, event: Event) {
        self.handle(id, event);
    }

    /// What an instance has logged of its attempts since this was last asked, oldest first.
    pub fn take_attempts(&mut self, id: InstanceId) -> Vec<AttemptEvent> {
        std::mem::take(&mut self.instances[id.0].attempts).into()
    }

    /// What a lane's engine has said to the process around it since this was last asked.
    pub(crate) fn take_relayed(&mut self, id: InstanceId) -> VecDeque<Relayed> {
        std::mem::take(&mut self.instances[id.0].relayed)
    }

    /// The answer to an inquiry, once, and the true time it came at; none while it waits.
    pub fn take_answer(&mut self, id: InstanceId, inquiry: u64) -> Option<(Timestamp, Answer)> {
        self.instances[id.0].answers.remove(&inquiry)
    }

    /// All answers that have come and were not taken yet, by inquiry, with the true times.
    pub fn take_answers(&mut self, id: InstanceId) -> BTreeMap<u64, (Timestamp, Answer)> {
        std::mem::take(&mut self.instances[id.0].answers)
    }

    /// Adds a stranger. Calls that need a key are left out of what it asks.
    pub fn add_stranger(&mut self, stranger: &Stranger) -> StrangerId {
        let stamp = Stamp { venue_now: self.now, recv_window: Duration::from_secs(5) };
        let requests = stranger.calls.iter();
        let requests = requests
            .filter_map(|call| self.wire.encode(call, stamp, None).ok())
            .map(|mut request| {
                let agent = http::HeaderValue::from_static(STRANGER_AGENT);
                request.headers_mut().insert(http::header::USER_AGENT, agent);
                request
            })
            .collect();
        self.strangers.push(Intruder::new(stranger, requests, self.now));
        StrangerId(self.strangers.len() - 1)
    }

    /// A stranger goes away.
    pub fn stop_stranger(&mut self, id: StrangerId) {
        self.strangers[id.0].stop();
    }

    /// Ends an instance's trading and waits until it has ended, or twice the patience is over.
    pub fn stop(&mut self, id: InstanceId, patience: Duration) {
        let deadline = self.instances[id.0].clock.read(self.now) + patience;
        self.handle(id, Event::Stop { deadline });
        let until = self.now + patience * 2;
        self.run_until(until, |world| world.instance(id).drained.is_some());
    }

    /// Plays for a while.
    pub fn run_for(&mut self, duration: Duration) {
        self.run_until(self.now + duration, |_| false);
    }

    /// Plays until `until`, or until `is_over` says so.
    pub fn run_until(&mut self, until: Timestamp, is_over: impl Fn(&Self) -> bool) {
        self.settle();
        while !is_over(self) {
            let next = self.next_moment();
            if next > until {
                self.now = self.now.max(until);
                return;
            }
            self.now = self.now.max(next);
            while let Some(parcel) = self.mail.take_due(self.now) {
                self.arrive(parcel);
            }
            self.settle();
        }
    }

    pub(crate) fn next_moment(&self) -> Timestamp {
        let mut next = self.mail.next_due().unwrap_or(Timestamp::MAX).min(self.venue_wakeup);
        for instance in &self.instances {
            next = next.min(instance.wakeup);
        }
        for stranger in &self.strangers {
            next = next.min(stranger.wakeup());
        }
        next
    }

    /// Everybody does what there is to do at this moment.
    fn settle(&mut self) {
        for index in 0..self.instances.len() {
            if self.instances[index].wakeup <= self.now {
                self.wake(InstanceId(index));
            }
        }
        self.let_strangers_act();
        if self.venue_wakeup <= self.now {
            let venue_now = self.venue_now();
            self.venue.advance(venue_now);
            self.collect_frames();
        }
    }

    /// Lets an engine do what it wants, and calls the strategies whose timers are due.
    fn wake(&mut self, id: InstanceId) {
        let instance = &mut self.instances[id.0];
        if instance.asleep_until.is_some_and(|until| until <= self.now) {
            instance.asleep_until = None;
            let slept = std::mem::take(&mut instance.overslept);
            if !slept.is_zero() {
                // Before anything is sent, as the driver does.
                let nanos = i64::try_from(slept.as_nanos()).unwrap_or(i64::MAX);
                self.handle(id, Event::ClockJumped { nanos });
            }
        }
        let instance = &self.instances[id.0];
        let local = instance.clock.read(self.now);
        let hosts = instance.running.iter().flat_map(|running| &running.hosts);
        let is_due = |host: &Host| host.wakeup().is_some_and(|at| at <= local);
        let due: Vec<_> =
            hosts.filter(|(_, host)| is_due(host)).map(|(strategy, _)| *strategy).collect();
        for strategy in due {
            self.call(id, strategy, &Input::Wake);
        }
        self.perform(id);
    }

    fn let_strangers_act(&mut self) {
        for index in 0..self.strangers.len() {
            let venue_now = self.venue_clock.read(self.now);
            let stranger = &mut self.strangers[index];
            if stranger.wakeup() > self.now {
                continue;
            }
            for _ in 0..stranger.due(self.now) {
                let peer = stranger.peer;
                self.venue.rest(venue_now, peer, stranger.next());
            }
            self.collect_frames();
        }
    }

    fn venue_now(&self) -> Timestamp {
        self.venue_clock.read(self.now)
    }

    /// Notes when the venue next does something by itself.
    fn venue_touched(&mut self) {
        let next = self.venue.wakeup();
        self.venue_wakeup = next.map_or(Timestamp::MAX, |due| self.venue_clock.when(due));
    }

    /// Folds an event into the trace (FNV-1a over its text).
    fn note(&mut self, id: InstanceId, event: &Event) {
        if !self.traces {
            return;
        }
        let text = format!("{} {} {event:?}", self.now.as_nanos(), id.0);
        for byte in text.bytes() {
            self.trace = (self.trace ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}
